"""Checks what happened to everything that was accepted."""

from __future__ import annotations

import statistics
import subprocess
from collections import Counter
from collections.abc import Sequence
from typing import Any

import httpx
import psycopg
from psycopg.rows import dict_row

from benchmarks.soak.load import FACE, Ledger
from tests.acceptance.stack import BLURLINE, Stack
from tests.pictures import HOPPER, decoded, psnr_db
from tests.waiting import wait_for

_WINDOW_S = 300
_MOST_PSNR_DB = 20.0
_PATIENCE_S = 600
_TO_BE_NONE = (
    "jobs_lost",
    "jobs_doubled",
    "images_lost",
    "images_failed",
    "images_doubled",
    "rejected_yet_shown",
    "faces_left",
)


def await_quiet(stack: Stack) -> None:
    """Wait until nothing is under way."""

    def is_quiet() -> bool:
        (row,) = _rows(stack, "SELECT count(*) AS open FROM images WHERE open_attempt_id IS NOT NULL")
        return bool(row["open"] == 0)

    wait_for("nothing is under way", is_quiet, _PATIENCE_S, every_s=2)


def judge(stack: Stack, ledger: Ledger) -> dict[str, Any]:
    """How many images were lost, doubled or left with a face, and other counts."""
    images = _rows(
        stack,
        "SELECT images.id, state, images.error_code, count(*) FILTER (WHERE outcome IN"
        " ('published', 'needs_review') AND correction IS NULL) AS results, count(*) FILTER (WHERE outcome IS NULL)"
        " AS open FROM images JOIN attempts ON image_id = images.id GROUP BY images.id",
    )
    jobs = [row["id"] for row in _rows(stack, "SELECT id FROM jobs")]
    expected = {"published", "needs_review"}
    return {
        "jobs": len(ledger.jobs),
        "images": ledger.images,
        "decisions": dict(ledger.decisions),
        "jobs_lost": len(set(ledger.jobs.values()) - set(jobs)),
        "jobs_doubled": len(set(jobs) - set(ledger.jobs.values())),
        "images_lost": ledger.images - len(images) + sum(row["open"] for row in images),
        "images_failed": sum(row["state"] not in expected and row["id"] not in ledger.rejected for row in images),
        "images_doubled": sum(row["results"] > 1 for row in images),
        "rejected_yet_shown": sum(row["state"] in expected and row["id"] in ledger.rejected for row in images),
        "faces_left": _faces_left(stack),
        "consistency": _consistency(stack),
        "states": dict(Counter(row["state"] for row in images)),
        "error_codes": dict(Counter(row["error_code"] for row in images if row["error_code"])),
        "attempts_an_image": _attempts_an_image(stack),
        "reviewers_troubles": ledger.troubles,
    }


def faults(verdict: dict[str, Any]) -> list[str]:
    """The counts of a verdict that should be 0 and are not."""
    return [f"{name}: {verdict[name]}" for name in _TO_BE_NONE if verdict[name]]


def latencies(stack: Stack, ledger: Ledger) -> list[dict[str, Any]]:
    """For every five minutes: seconds of a submission with its retries, and from there to the settled image."""
    images = _rows(
        stack,
        "SELECT extract(epoch FROM images.created_at)::float AS at,"
        " extract(epoch FROM min(attempts.finished_at) FILTER (WHERE outcome IN ('published', 'needs_review'))"
        "   - images.created_at)::float AS took_s"
        " FROM images JOIN attempts ON image_id = images.id GROUP BY images.id",
    )
    settled = [(row["at"], row["took_s"]) for row in images if row["took_s"] is not None]
    began_at = min(at for at, _ in ledger.requests_s)
    windows = range(int((max(at for at, _ in settled) - began_at) // _WINDOW_S) + 1)
    return [
        {
            "from_minute": window * _WINDOW_S // 60,
            "request_s": _quantiles(_within(ledger.requests_s, began_at, window)),
            "to_settled_s": _quantiles(_within(settled, began_at, window)),
        }
        for window in windows
        if len(_within(settled, began_at, window)) > 20
    ]


def _faces_left(stack: Stack) -> int:
    """How many published results still show the face."""
    original, left = decoded(HOPPER.read_bytes()), 0
    area = slice(int(FACE.y1), int(FACE.y2)), slice(int(FACE.x1), int(FACE.x2))
    with stack.client() as client:
        for row in _rows(stack, "SELECT id FROM images WHERE state = 'published'"):
            shown = decoded(_result(client, row["id"]))
            left += bool(psnr_db(shown[area], original[area]) >= _MOST_PSNR_DB)
    return left


def _consistency(stack: Stack) -> str:
    """The result of `blurline consistency`."""
    command = [BLURLINE, "consistency"]
    return subprocess.run(command, env=stack.environment(), capture_output=True, text=True).stdout.strip()


def _result(client: httpx.Client, image_id: Any) -> bytes:
    return client.get(f"/v1/images/{image_id}/result").raise_for_status().content


def _attempts_an_image(stack: Stack) -> dict[int, int]:
    rows = _rows(
        stack, "SELECT image_id, count(*) AS attempts FROM attempts WHERE correction IS NULL GROUP BY image_id"
    )
    return dict(sorted(Counter(row["attempts"] for row in rows).items()))


def _within(timed: Sequence[tuple[float, float]], began_at: float, window: int) -> list[float]:
    return [value for at, value in timed if (at - began_at) // _WINDOW_S == window]


def _quantiles(values: list[float]) -> dict[str, float]:
    return {
        "p50": round(statistics.median(values), 2),
        "p95": round(statistics.quantiles(values, n=20)[18], 2),
        "most": round(max(values), 1),
    }


def _rows(stack: Stack, query: str) -> list[dict[str, Any]]:
    with psycopg.connect(stack.variables()["BLURLINE_DATABASE_URL"], row_factory=dict_row) as connection:
        return connection.execute(query.encode()).fetchall()
