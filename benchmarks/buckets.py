"""An import of 100,000 small objects (BUCKET_OBJECTS) whose process is killed three times on the way.

Reported: how fast a source is listed, how fast objects become images, the largest memory of each process, and how many
objects are lost or doubled. A killed process holds its lease for two minutes; here it is ended at once. Runs over
a PostgreSQL and an S3 server of its own, whose processes share the cores. No worker runs.
"""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import psycopg
from minio import Minio
from urllib3 import PoolManager

from blurline.contract.imports import ImportRequest
from blurline.settings import Settings, load_settings
from blurline.settings.named_buckets import NamedBucket
from blurline.storage.store import Store
from sql.engine.database import Database
from sql.imports.imports import start_import
from sql.imports.listing import run_import
from tests.servers import environment_of, running_servers
from tests.waiting import wait_for

_OBJECTS = int(os.environ.get("BUCKET_OBJECTS", "100000"))
_BUCKET, _KILLS, _WRITERS = "bench-source", 3, 16
_REQUEST = ImportRequest(name="bench", source="bench", job_images=max(10, min(1000, _OBJECTS // 100)), dry_run=False)
_CHILD = "import sys; from benchmarks.buckets import child; child(sys.argv[1])"


def run() -> dict[str, Any]:
    """Fill a bucket, import it with three kills, and count."""
    with tempfile.TemporaryDirectory() as folder, running_servers(Path(folder) / "servers") as servers:
        source = _filled(servers, Path(folder))
        settings = servers.replace(sources=(source,), import_open_images=10 * _OBJECTS)
        environment = environment_of(servers) | {
            "BLURLINE_SOURCES": f"[{source.model_dump_json()}]",
            "BLURLINE_IMPORT_OPEN_IMAGES": str(10 * _OBJECTS),
        }
        listing_s = _listing_s(settings)
        database = Database(servers.database.conninfo)
        started = start_import(database, _REQUEST, settings, "bench")
        begun = time.monotonic()
        kills_at = [kill * _OBJECTS // (_KILLS + 1) for kill in range(1, _KILLS + 1)]
        peaks_mb = [_killed(servers, environment, started.id, images) for images in kills_at]
        for _ in range(2):  # the second finds nothing new
            report = subprocess.run(
                [sys.executable, "-c", _CHILD, str(started.id)], env=environment, capture_output=True, check=True
            )
            peaks_mb.append(json.loads(report.stdout.splitlines()[-1])["peak_mb"])
            if len(peaks_mb) == _KILLS + 1:
                import_s = time.monotonic() - begun
                start_import(database, _REQUEST, settings, "bench")
        images, keys = _counted(servers)
        database.close()
    return {
        "objects": _OBJECTS,
        "kills": _KILLS,
        "listed_per_s": round(_OBJECTS / listing_s),
        "imported_per_s": round(_OBJECTS / import_s),
        "peak_mb": peaks_mb,  # of the killed processes, of the one that ended the import, of a pass over known objects
        "lost": _OBJECTS - keys,
        "doubled": images - keys,
        "over_limits": [] if images == keys == _OBJECTS else ["lost or doubled"],
    }


def child(import_id: str) -> None:
    """Run the import as a flow run does, and print the peak of this process's memory."""
    settings = load_settings()
    database = Database(settings.database.conninfo, max_connections=2)
    run_import(database, settings, Store(settings).source("bench"), UUID(import_id), 3600)
    print(json.dumps({"peak_mb": _peak_mb("self")}))


def _filled(servers: Settings, folder: Path) -> NamedBucket:
    keys = servers.store.keys
    files = [folder / "access", folder / "secret"]
    for path, key in zip(files, keys, strict=True):
        path.write_text(key)
    address = urlsplit(servers.store.endpoint).netloc
    connections = PoolManager(maxsize=_WRITERS)
    client = Minio(
        endpoint=address,
        access_key=keys[0],
        secret_key=keys[1],
        secure=False,
        region="us-east-1",
        http_client=connections,
    )
    client.make_bucket(_BUCKET)

    def put(number: int) -> None:
        data = f"object {number}".encode()
        client.put_object(_BUCKET, f"{number // 1000:04}/{number:07}.jpg", io.BytesIO(data), len(data))

    with ThreadPoolExecutor(_WRITERS) as threads:
        list(threads.map(put, range(_OBJECTS)))
    access_key_file, secret_key_file = files
    return NamedBucket(
        name="bench",
        endpoint=servers.store.endpoint,
        bucket=_BUCKET,
        access_key_file=access_key_file,
        secret_key_file=secret_key_file,
    )


def _listing_s(settings: Settings) -> float:
    begun = time.monotonic()
    listed = sum(1 for _ in Store(settings).source("bench").objects())
    assert listed == _OBJECTS
    return time.monotonic() - begun


def _killed(servers: Settings, environment: dict[str, str], import_id: UUID, images: int) -> int:
    """Run the import until it has this many images, and kill its process, whose largest memory is returned."""
    process = subprocess.Popen([sys.executable, "-c", _CHILD, str(import_id)], env=environment)
    wait_for(f"there are {images} images", lambda: _counted(servers)[0] >= images or process.poll() is not None)
    process.send_signal(signal.SIGSTOP)
    peak_mb = _peak_mb(str(process.pid))
    process.kill()
    process.wait()
    with psycopg.connect(servers.database.conninfo) as connection:
        connection.execute("UPDATE imports SET leased_until = now() - interval '1 second'")
    return peak_mb


def _peak_mb(process: str) -> int:
    """The largest memory of a process. Its `ru_maxrss` would begin at that of the process that started it."""
    status = Path(f"/proc/{process}/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return round(int(line.split()[1]) * 1024 / 1e6)


def _counted(servers: Settings) -> tuple[int, int]:
    with psycopg.connect(servers.database.conninfo) as connection:
        row = connection.execute("SELECT count(*), count(DISTINCT source_key) FROM images").fetchone()
    assert row is not None
    return row
