"""Every figure against the same figure counted with pandas, over images in every state."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Any

import httpx
import numpy as np
import pandas as pd
import psycopg
import pytest

from api.app import create_app
from blurline.access.tokens import Scope
from blurline.contract.corrections import MarkedBox
from blurline.contract.statistics import Proportion
from blurline.policy.profile import ProfileName
from blurline.settings import Settings
from blurline.version import VERSION
from sql.engine.database import Database
from sql.jobs.publishing import ReviewReason
from sql.statistics.statistics import fold
from tests import image_rows
from tests.api_requests import bearer, problem
from tests.api_server import serving
from tests.clock import age
from tests.waiting import TIMEOUT_S

RANGE = {"since": "2020-01-01T00:00:00Z", "until": "2100-01-01T00:00:00Z"}
FILTERS: list[dict[str, str]] = [
    {},
    {"owner": "ann"},
    {"label": "desk:sport"},
    {"owner": "ann", "label": "desk:city"},
    {"profile": "thorough"},
    {"state": "published", "owner": "bob"},
    {"owner": "nobody"},
    {"model_sha256": "m2" * 4},
    {"made_by_version": "0.1.0"},
    {"made_by_version": VERSION, "model_sha256": "m1" * 4, "owner": "ann"},
]


@pytest.fixture
def rita(without_prefect: Settings, database: Database) -> Iterator[httpx.Client]:
    """A reviewer's client over the filled database."""
    image_rows.fill(database, without_prefect)
    with serving(create_app(without_prefect)) as url, httpx.Client(base_url=url, timeout=TIMEOUT_S) as client:
        client.headers["Authorization"] = bearer(without_prefect, "rita", Scope.REVIEW)
        yield client


def figures(client: httpx.Client, name: str, **wanted: str) -> dict[str, Any]:
    answer: dict[str, Any] = client.get(f"/v1/statistics/{name}", params=RANGE | wanted).raise_for_status().json()
    return answer


def table(settings: Settings, query: str) -> pd.DataFrame:
    with psycopg.connect(settings.database.conninfo) as connection:
        cursor = connection.execute(query.encode())
        return pd.DataFrame(cursor.fetchall(), columns=[column.name for column in cursor.description or ()])


def images(settings: Settings, wanted: dict[str, str]) -> pd.DataFrame:
    """The images that a filter selects, one per row."""
    rows = table(
        settings,
        """SELECT images.*, jobs.owner, jobs.labels, coalesce(images.policy, jobs.policy) ->> 'profile' AS profile,
                  images.model ->> 'sha256' AS model_sha256,
                  CASE WHEN attempts.id IS NOT NULL THEN coalesce(attempts.blurline_version, '0.1.0') END AS release
           FROM images JOIN jobs ON jobs.id = images.job_id LEFT JOIN attempts ON attempts.id = result_attempt_id""",
    )
    return rows[[_matches(row, wanted) for _, row in rows.iterrows()]]


def boxes(settings: Settings, wanted: dict[str, str]) -> pd.DataFrame:
    """The faces in the present results of those images."""
    found = table(settings, "SELECT * FROM detections WHERE class_name = 'face'")
    return images(settings, wanted).merge(found, left_on="result_attempt_id", right_on="attempt_id")


def _matches(row: Any, wanted: dict[str, str]) -> bool:
    name, _, value = wanted.get("label", "").partition(":")
    columns = {field: field for field in ("owner", "profile", "state", "model_sha256")} | {"made_by_version": "release"}
    return all(row[column] == wanted[field] for field, column in columns.items() if field in wanted) and (
        not name or row["labels"].get(name) == value
    )


def counts(values: Any, edges: list[float]) -> list[int]:
    """Half-open bins, in single precision as the boxes are stored."""
    limits = np.array([-np.inf, *np.array(edges, np.float32), np.inf])
    given = np.array(values, np.float32)
    return [int(((given >= low) & (given < high)).sum()) for low, high in pairwise(limits)]


def test_images_and_faces_are_counted_over_time(rita: httpx.Client, settings: Settings) -> None:
    for wanted in FILTERS:
        answer = figures(rita, "timeline", bucket="day", **wanted)
        expected = images(settings, wanted).groupby("state")
        assert {point["state"]: point["images"] for point in answer["points"]} == expected.size().to_dict()
        faces = {state: int(group["faces"].fillna(0).sum()) for state, group in expected}
        assert {point["state"]: point["faces"] for point in answer["points"]} == faces
        settled = figures(rita, "throughput", **wanted)["points"]
        ended = images(settings, wanted).dropna(subset="settled_at")
        assert {point["state"]: point["images"] for point in settled} == ended.groupby("state").size().to_dict()


def test_objects_are_counted_by_class(rita: httpx.Client, settings: Settings) -> None:
    for wanted in FILTERS:
        found = table(settings, "SELECT attempt_id, class_name FROM detections WHERE destroyed")
        boxes_of = images(settings, wanted).merge(found, left_on="result_attempt_id", right_on="attempt_id")
        expected = [(name, group["id"].nunique(), len(group)) for name, group in boxes_of.groupby("class_name")] or [
            ("face", 0, 0)
        ]
        answer = figures(rita, "classes", **wanted)["classes"]
        assert [(each["class_name"], each["images"], each["objects"]) for each in answer] == expected


def test_histograms_match_the_rows(rita: httpx.Client, settings: Settings) -> None:
    for wanted in FILTERS:
        rows, found = images(settings, wanted), boxes(settings, wanted)
        longer = np.maximum(
            found["x2"].astype("f4") - found["x1"].astype("f4"), found["y2"].astype("f4") - found["y1"].astype("f4")
        )
        since = {name: (rows[name] - rows["created_at"]).dt.total_seconds() for name in ("started_at", "settled_at")}
        values = {
            "faces_per_image": rows["faces"].dropna(),
            "face_sizes": longer[found["destroyed"].astype(bool)],
            "face_shares": (longer / np.float32(image_rows.SIDE_PX))[found["destroyed"].astype(bool)],
            "face_scores": found["score"][found["destroyed"].astype(bool)],
            "candidate_scores": found["score"][~found["destroyed"].astype(bool)],
            "waits": since["started_at"].dropna(),
            "turnarounds": since["settled_at"].dropna(),
            "processing_times": rows["processing_ms"].dropna(),
        }
        for name, given in values.items():
            answer = figures(rita, f"histograms/{name}", **wanted)
            assert answer["counts"] == counts(given, answer["edges"]), name


def test_failures_models_and_times_match_the_rows(rita: httpx.Client, settings: Settings) -> None:
    for wanted in FILTERS:
        rows = images(settings, wanted)
        failed = rows.dropna(subset="error_code").groupby(["state", "error_code"]).size().to_dict()
        shown = figures(rita, "failures", **wanted)["failures"]
        assert {(each["state"], each["error_code"]): each["images"] for each in shown} == failed
        treated = rows.dropna(subset="model")
        by_model: dict[tuple[str, str], int] = {}
        for _, row in treated.iterrows():
            key = (row["model"]["name"], row["profile"])
            by_model[key] = by_model.get(key, 0) + 1
        models = figures(rita, "models", **wanted)["models"]
        assert {(each["name"], each["profile"]): each["images"] for each in models} == by_model
        releases = figures(rita, "releases", **wanted)["releases"]
        by_release = rows.groupby("release").size().sort_index(ascending=False)
        assert [(each["made_by_version"], each["images"]) for each in releases] == list(by_release.items())
        times = figures(rita, "durations", **wanted)
        assert times["processing"]["images"] == len(treated)
        for name, column in (("wait", "started_at"), ("turnaround", "settled_at")):
            took = (rows[column] - rows["created_at"]).dt.total_seconds().dropna()
            assert times[name]["images"] == len(took)
            assert times[name]["mean_s"] == (pytest.approx(took.mean(), abs=1e-6) if len(took) else None)
        for stage, took_ms in image_rows.STAGES.items():
            expected = (
                {"mean_s": took_ms / 1000, "images": len(treated)} if len(treated) else {"mean_s": None, "images": 0}
            )
            assert times["stages"][stage] == expected


def test_queue_and_review_load_match_the_rows(rita: httpx.Client, settings: Settings) -> None:
    for wanted in FILTERS:
        rows = images(settings, {name: value for name, value in wanted.items() if name != "state"})
        of_results = ("state", "model_sha256", "made_by_version")
        unfinished = images(settings, {name: value for name, value in wanted.items() if name not in of_results})
        waiting = unfinished[unfinished["state"] == "queued"]
        queue = figures(rita, "queue", **wanted)
        assert queue["queued"]["images"] == len(waiting)
        oldest = None if waiting.empty else waiting["created_at"].min()
        assert (queue["queued"]["oldest_at"] and pd.Timestamp(queue["queued"]["oldest_at"])) == oldest
        load = figures(rita, "review", **wanted)
        assert load["held"] == int((rows["state"] == "needs_review").sum())


def test_decisions_and_their_durations_match_the_rows(rita: httpx.Client, settings: Settings) -> None:
    decided = table(
        settings,
        """SELECT kind, decisions.created_at - attempts.finished_at AS waited
           FROM decisions JOIN attempts ON attempts.id = decisions.attempt_id""",
    )
    decided["minutes"] = decided["waited"].dt.total_seconds() / 60
    shown = {each["kind"]: each for each in figures(rita, "review")["decisions"]}
    assert set(shown) == {"approved", "rejected", "corrected"}
    for kind, group in decided.groupby("kind"):
        assert shown[kind]["decisions"] == len(group)
        assert shown[kind]["mean_wait_minutes"] == pytest.approx(group["minutes"].mean(), rel=1e-4, abs=1e-7)
        assert shown[kind]["median_wait_minutes"] == pytest.approx(group["minutes"].median(), rel=1e-3, abs=1e-7)


def test_the_detectors_quality_uses_the_last_decision_on_each_detection(rita: httpx.Client, settings: Settings) -> None:
    """Corrections dropped the best box (if there was one) and drew one face; every second drew another afterwards."""
    decisions = table(settings, "SELECT * FROM decisions ORDER BY created_at, id")
    found = table(settings, "SELECT * FROM detections WHERE destroyed AND class_name = 'face'")
    expected = {"found": 0, "missed": 0, "mistaken": 0}
    reviewed = 0
    for _, each in decisions.groupby("image_id"):
        if each["kind"].iloc[-1] == "rejected":
            continue
        reviewed += 1
        detected = int((found["attempt_id"] == each["attempt_id"].iloc[0]).sum())
        dropped = sum("class_name" not in box for row in each["dropped"] for box in row)
        expected["found"] += detected - dropped
        expected["mistaken"] += dropped
        expected["missed"] += sum(len(row) for row in each["added"])
    quality = figures(rita, "quality")
    assert {name: quality["overall"][name] for name in expected} == expected
    assert expected["missed"] > 0 and expected["mistaken"] > 0 and expected["found"] > 0
    assert quality["images"] == reviewed == sum(each["images"] for each in quality["by_profile"])
    for parts in (quality["by_size"], quality["by_profile"]):
        assert {name: sum(part[name] for part in parts) for name in expected} == expected
    recall = quality["overall"]["recall"]
    assert recall["of"] == expected["found"] + expected["missed"]
    assert recall["low"] < recall["share"] < recall["high"]
    (drawn,) = [each for each in quality["by_size"] if each["from_px"] <= 50 and (each["to_px"] or np.inf) > 50]
    assert drawn["missed"] == expected["missed"]


def test_the_detectors_quality_is_that_of_the_release_and_model_that_detected(
    rita: httpx.Client, settings: Settings
) -> None:
    decided = table(
        settings,
        """SELECT image_id, position, kind FROM decisions JOIN images ON images.id = image_id
           ORDER BY decisions.created_at, decisions.id""",
    )
    last = decided.groupby("image_id").last()
    reviewed = last[last["kind"] != "rejected"]
    older, newer = (figures(rita, "quality", made_by_version=release) for release in ("0.1.0", VERSION))
    assert older["images"] == int((reviewed["position"] % 2 == 0).sum()) > 0
    assert newer["images"] == int((reviewed["position"] % 2 == 1).sum()) > 0
    kinds = {each["kind"]: each["decisions"] for each in figures(rita, "review", made_by_version="0.1.0")["decisions"]}
    assert kinds == decided[decided["position"] % 2 == 0].groupby("kind").size().to_dict()
    assert figures(rita, "quality", model_sha256="m1" * 4) == figures(rita, "quality")
    assert figures(rita, "quality", model_sha256="m2" * 4)["images"] == 0


def test_a_slightly_moved_box_is_not_a_miss(rita: httpx.Client, database: Database, settings: Settings) -> None:
    before = figures(rita, "quality")["overall"]
    image_rows.submit(database, "dora", 1, ProfileName.STANDARD)
    (begun,) = [each for each in image_rows.underway(database, settings) if each[0].name.startswith("dora")]
    attempt, policy = begun
    image_rows.settle(
        database, attempt, image_rows.made(attempt, policy, [[100, 100, 200, 200, 0.9]]), ReviewReason("d", "L")
    )
    moved = MarkedBox(x1=110.0, y1=95.0, x2=205.0, y2=200.0)
    image_rows.correct(database, settings, attempt.image_id, drop=1, add=[moved])
    after = figures(rita, "quality")["overall"]
    assert after["found"] == before["found"] + 1
    assert (after["missed"], after["mistaken"]) == (before["missed"], before["mistaken"])


def test_folding_changes_no_figure_and_a_deletion_removes_all(
    rita: httpx.Client, database: Database, settings: Settings
) -> None:
    names = ["timeline", "throughput", "failures", "models", "durations", "quality", "histograms/face_sizes"]
    before = {name: figures(rita, name) for name in names}
    assert fold(database) > 0
    assert {name: figures(rita, name) for name in names} == before
    with database.transaction() as transaction:
        transaction.run("rebuild_statistics")
    assert {name: figures(rita, name) for name in names} == before
    for job_id in table(settings, "SELECT id FROM jobs")["id"]:
        image_rows.delete_job(database, job_id)
    assert figures(rita, "timeline")["points"] == []
    assert set(figures(rita, "histograms/face_sizes")["counts"]) == {0}
    assert figures(rita, "quality")["images"] == 0
    fold(database)
    assert table(settings, "SELECT * FROM tallies").empty
    assert table(settings, "SELECT * FROM cohorts").empty


def test_the_sums_over_any_range_are_exact(rita: httpx.Client, settings: Settings) -> None:
    """Images are spread over two days first; the range begins and ends between whole hours."""
    for position in range(12):
        age(
            settings.database.conninfo,
            "images",
            timedelta(minutes=37 * position),
            "position = %s",
            position,
        )
    rows = images(settings, {})
    until = rows["created_at"].max() - pd.Timedelta(minutes=41)
    for hours in (0.0001, 0.4, 1, 3.3, 40):
        since = until - pd.Timedelta(hours=hours)
        asked = {"since": since.isoformat(), "until": until.isoformat()}
        shown = rita.get("/v1/statistics", params=asked).raise_for_status().json()
        inside = rows[(rows["created_at"] >= since) & (rows["created_at"] < until)]
        expected = inside.assign(error_code=inside["error_code"].fillna("")).groupby(["state", "error_code"])
        assert {
            (each["state"], each["error_code"] or ""): each["images"] for each in shown
        } == expected.size().to_dict()
        for each in shown:
            times = expected.get_group((each["state"], each["error_code"] or ""))["processing_ms"].dropna()
            assert each["mean_processing_ms"] == pytest.approx(times.mean() if len(times) else 0, rel=1e-4)


def test_submitters_see_only_their_own_figures(
    without_prefect: Settings, client: httpx.Client, database: Database
) -> None:
    image_rows.fill(database, without_prefect)
    expected = len(images(without_prefect, {"owner": "ann"}))
    assert sum(point["images"] for point in figures(client, "timeline")["points"]) == expected
    problem(client.get("/v1/statistics/timeline", params={"owner": "bob"}), 403, "missing_scope")


def test_ranges_are_widened_to_whole_hours_and_answers_report_it(client: httpx.Client) -> None:
    asked = {"since": "2026-11-01T10:20:30+05:30", "until": "2026-11-01T12:00:00.5Z"}
    answer = client.get("/v1/statistics/failures", params=asked).raise_for_status().json()
    assert (answer["since"], answer["until"]) == ("2026-11-01T04:00:00Z", "2026-11-01T13:00:00Z")
    problem(client.get("/v1/statistics/timeline", params=RANGE | {"bucket": "hour"}), 422, "invalid_request")
    extreme = {"since": "0001-01-01T00:00:00+05:00"}
    problem(client.get("/v1/statistics/failures", params=extreme), 422, "invalid_request")


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    [(0, 0, 0, 1), (0, 10, 0, 0.2775), (10, 10, 0.7225, 1), (81, 263, 0.2553, 0.3662)],  # Newcombe, 1998
)
def test_confidence_intervals_follow_wilson(hits: int, trials: int, low: float, high: float) -> None:
    found = Proportion.counted(hits, trials)
    assert [found.low, found.high] == pytest.approx([low, high], abs=1e-4)
    assert (found.share is None) == (trials == 0)
