"""Exports: tables with exactly the rows of the database, and training sets that other programs can read."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pyarrow
import pyarrow.parquet
import pytest

from api.app import create_app
from blurline.access.tokens import Scope
from blurline.contract.corrections import MarkedBox
from blurline.policy.profile import ProfileName
from blurline.settings import Settings
from blurline.storage.store import Store
from sql.engine.database import Database, Row
from sql.jobs.publishing import ReviewReason
from sql.review.reviews import approve_image, reject_image
from sql.statistics import exports
from sql.statistics.statistics import StatisticsFilter
from tests import image_rows
from tests.api_requests import bearer, problem
from tests.api_server import serving
from tests.waiting import TIMEOUT_S

BOXES = [[100.0, 100.0, 200.0, 180.0, 0.9], [400.0, 100.0, 500.0, 180.0, 0.8], [700.0, 100.0, 720.0, 120.0, 0.2]]
DRAWN = MarkedBox(x1=-20.0, y1=300.0, x2=60.0, y2=380.0)


@pytest.fixture
def rita(without_prefect: Settings, database: Database) -> Iterator[httpx.Client]:
    """A reviewer's client."""
    with serving(create_app(without_prefect)) as url, httpx.Client(base_url=url, timeout=TIMEOUT_S) as client:
        client.headers["Authorization"] = bearer(without_prefect, "rita", Scope.REVIEW)
        yield client


@pytest.fixture
def reviewed(database: Database, settings: Settings) -> list[str]:
    """Ids of two held images: the first corrected (one box dropped, one face drawn), the second approved; a third that
    was rejected is not among them."""
    image_rows.submit(database, "ann", 3, ProfileName.STANDARD)
    ids = []
    for attempt, policy in image_rows.underway(database, settings):
        made = image_rows.made(attempt, policy, BOXES)
        image_rows.settle(database, attempt, made, ReviewReason("doubtful", "Look."))
        ids.append(attempt.image_id)
    image_rows.correct(database, settings, ids[0], drop=1, add=[DRAWN])
    approve_image(database, "rita", ids[1], made.sha256)
    reject_image(database, "rita", ids[2], "No.")
    return [str(image_id) for image_id in ids[:2]]


def unzipped(response: httpx.Response) -> dict[str, bytes]:
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"owner": "ann"},
        {"label": "desk:city"},
        {"state": "failed"},
        {"model_sha256": "m1" * 4, "made_by_version": "0.1.0"},
    ],
)
def test_tables_hold_every_row_in_every_format(
    rita: httpx.Client,
    settings: Settings,
    database: Database,
    wanted: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(exports, "_PAGE", 7)  # so that there are several pages
    image_rows.fill(database, settings)
    with psycopg.connect(settings.database.conninfo) as connection:
        expected = _expected(connection, wanted)
    for table in ("images", "detections"):
        answer = rita.get(f"/v1/exports/{table}", params=wanted | {"format": "parquet"})
        assert answer.headers["content-type"] == "application/vnd.apache.parquet"
        rows = pyarrow.parquet.read_table(io.BytesIO(answer.content)).to_pylist()
        assert {(row["image_id"], row.get("x1"), row.get("name")) for row in rows} == expected[table]
        assert len(rows) == len(expected[table])
        stream = rita.get(
            f"/v1/exports/{table}", params=wanted, headers={"Accept": "application/vnd.apache.arrow.stream"}
        )
        assert pyarrow.ipc.open_stream(stream.content).read_all().to_pylist() == rows
        text = rita.get(f"/v1/exports/{table}", params=wanted | {"format": "csv"})
        assert text.headers["content-type"].startswith("text/csv")
        assert [row["image_id"] for row in csv.DictReader(io.StringIO(text.text))] == [row["image_id"] for row in rows]


def _expected(connection: psycopg.Connection, wanted: dict[str, str]) -> dict[str, set[Any]]:
    rows = connection.execute(
        "SELECT images.id, images.name, result_attempt_id, owner, labels, state,"
        " images.model ->> 'sha256', attempts.blurline_version"
        " FROM images JOIN jobs ON jobs.id = images.job_id LEFT JOIN attempts ON attempts.id = result_attempt_id"
    ).fetchall()
    chosen = [
        (image_id, name, attempt_id)
        for image_id, name, attempt_id, owner, labels, state, model, version in rows
        if wanted.get("owner", owner) == owner
        and wanted.get("state", state) == state
        and ("label" not in wanted or labels.get("desk") == "city")
        and wanted.get("model_sha256", model) == model
        and ("made_by_version" not in wanted or version is None)  # 0.1.0 has recorded none
    ]
    images = {attempt_id: image_id for image_id, _, attempt_id in chosen if attempt_id}
    boxes = connection.execute("SELECT attempt_id, x1 FROM detections").fetchall()
    return {
        "images": {(str(image_id), None, name) for image_id, name, _ in chosen},
        "detections": {(str(images[attempt]), x1, None) for attempt, x1 in boxes if attempt in images},
    }


def test_no_cell_of_a_csv_is_a_formula(rita: httpx.Client, settings: Settings, reviewed: list[str]) -> None:
    with psycopg.connect(settings.database.conninfo) as connection:
        connection.execute("UPDATE images SET name = '=1+1.jpg', doubt = -0.5")
    (row, *_) = csv.DictReader(io.StringIO(rita.get("/v1/exports/images", params={"format": "csv"}).text))
    assert (row["name"], row["doubt"]) == ("'=1+1.jpg", "-0.5")
    members = unzipped(rita.get("/v1/exports/corrections", params={"format": "yolo"}))
    (row, *_) = csv.DictReader(io.StringIO(members["images.csv"].decode()))
    assert row["original_name"] == "'=1+1.jpg"
    exported = rita.get("/v1/exports/images", params={"format": "parquet"}).content
    assert pyarrow.parquet.read_table(io.BytesIO(exported)).to_pylist()[0]["name"] == "=1+1.jpg"


@pytest.mark.parametrize("pages_of", [exports.pages_of_images, exports.pages_of_detections])
def test_paused_readers_hold_no_connections(
    settings: Settings, database: Database, pages_of: Callable[[Database, StatisticsFilter], Iterator[list[Row]]]
) -> None:
    image_rows.fill(database, settings)
    now = datetime.now(UTC)
    ever = StatisticsFilter(now - timedelta(days=1), now + timedelta(days=1))
    paused = [pages_of(database, ever) for _ in range(6)]  # the pool has four connections
    assert all(next(pages) for pages in paused)
    assert exports.list_changed_days(database) == []


def test_submitters_export_only_their_own_images(client: httpx.Client, settings: Settings, database: Database) -> None:
    image_rows.fill(database, settings)
    rows = pyarrow.parquet.read_table(io.BytesIO(client.get("/v1/exports/images").content)).to_pylist()
    assert {row["owner"] for row in rows} == {"ann"}
    problem(client.get("/v1/exports/corrections"), 403, "missing_scope")


def test_coco_has_the_faces_that_the_reviewer_left(rita: httpx.Client, reviewed: list[str]) -> None:
    members = unzipped(rita.get("/v1/exports/corrections", params={"format": "coco"}))
    assert list(members) == ["annotations.json"]
    coco = json.loads(members["annotations.json"])
    assert coco["categories"] == [{"id": 1, "name": "face", "supercategory": "person"}]
    names = {image["id"]: image["blurline_image_id"] for image in coco["images"]}
    assert sorted(names.values()) == sorted(reviewed)
    assert all((image["width"], image["height"]) == (1000, 500) for image in coco["images"])
    found: dict[str, list[list[float]]] = {image_id: [] for image_id in reviewed}
    for annotation in coco["annotations"]:
        x, y, width, height = annotation["bbox"]
        found[names[annotation["image_id"]]].append([x, y, x + width, y + height])
        assert annotation["area"] == pytest.approx(width * height)
        assert (annotation["category_id"], annotation["iscrowd"]) == (1, 0)
    assert sorted(found[reviewed[0]]) == [[0, 300, 60, 380], [400, 100, 500, 180]]  # drawn over the edge; not dropped
    assert sorted(found[reviewed[1]]) == [box[:4] for box in BOXES[:2]]
    assert len({annotation["id"] for annotation in coco["annotations"]}) == 4


def test_yolo_is_normalised(rita: httpx.Client, reviewed: list[str]) -> None:
    members = unzipped(rita.get("/v1/exports/corrections", params={"format": "yolo"}))
    corrected = members[f"labels/{reviewed[0]}.txt"].decode().splitlines()
    assert sorted(corrected) == ["0 0.030000 0.680000 0.060000 0.160000", "0 0.450000 0.280000 0.100000 0.160000"]
    listed = list(csv.DictReader(io.StringIO(members["images.csv"].decode())))
    assert [row["file_name"] for row in listed] == [f"images/{image_id}.jpg" for image_id in reviewed]
    assert b"0: face" in members["data.yaml"]


def test_only_operators_export_originals_and_each_look_is_recorded(
    rita: httpx.Client, settings: Settings, reviewed: list[str], store: Store
) -> None:
    asked = {"format": "yolo", "with_originals": "true"}
    problem(rita.get("/v1/exports/corrections", params=asked), 403, "missing_scope")
    with psycopg.connect(settings.database.conninfo) as connection:
        keys: dict[str, str] = dict(connection.execute("SELECT id::text, original_key FROM images").fetchall())
        stored = store.put_original(keys[reviewed[0]], io.BytesIO(b"a picture"), 9)  # the other one is gone
        connection.execute(
            "UPDATE images SET original_etag = %s, original_sha256 = %s WHERE id = %s",
            (stored.etag, hashlib.sha256(b"a picture").hexdigest(), reviewed[0]),
        )
    rita.headers["Authorization"] = bearer(settings, "olga", Scope.OPERATE)
    members = unzipped(rita.get("/v1/exports/corrections", params=asked))
    assert members[f"images/{reviewed[0]}.jpg"] == b"a picture"
    assert f"images/{reviewed[1]}.jpg" not in members
    with psycopg.connect(settings.database.conninfo) as connection:
        looks = connection.execute("SELECT image_id::text, reviewer FROM looks ORDER BY looked_at").fetchall()
    assert looks == [(image_id, "olga") for image_id in reviewed]
    with psycopg.connect(settings.database.conninfo) as connection:
        connection.execute("UPDATE images SET original_gone_at = now(), original_gone_why = 'expired'")
    assert f"images/{reviewed[0]}.jpg" not in unzipped(rita.get("/v1/exports/corrections", params=asked))


def test_training_sets_and_tables_name_the_class_of_each_box(
    rita: httpx.Client, settings: Settings, database: Database
) -> None:
    image_rows.submit(database, "ann", 1, ProfileName.STANDARD)
    ((attempt, policy),) = image_rows.underway(database, settings)
    made = image_rows.made(attempt, policy, BOXES[:1], plates=[[400.0, 100.0, 500.0, 180.0, 0.9]])
    image_rows.settle(database, attempt, made, ReviewReason("doubtful", "Look."))
    sign = DRAWN.model_copy(update={"class_name": "sign", "x1": 0.0})
    image_rows.correct(database, settings, attempt.image_id, drop=0, add=[sign])
    coco = json.loads(unzipped(rita.get("/v1/exports/corrections", params={"format": "coco"}))["annotations.json"])
    names = {each["id"]: each["name"] for each in coco["categories"]}
    assert next(iter(names.values())) == "face"
    found = {names[each["category_id"]]: each["bbox"] for each in coco["annotations"]}
    assert found == {"face": [100, 100, 100, 80], "plate": [400, 100, 100, 80], "sign": [0, 300, 60, 80]}
    members = unzipped(rita.get("/v1/exports/corrections", params={"format": "yolo"}))
    numbers = [line.split()[0] for line in members[f"labels/{attempt.image_id}.txt"].decode().splitlines()]
    assert sorted(numbers) == ["0", "1", "2"]
    assert all(f": {name}".encode() in members["data.yaml"] for name in found)
    boxes = pyarrow.parquet.read_table(io.BytesIO(rita.get("/v1/exports/detections").content)).to_pylist()
    assert {box["class_name"] for box in boxes} == {"face", "plate", "sign"}
    (image,) = pyarrow.parquet.read_table(io.BytesIO(rita.get("/v1/exports/images").content)).to_pylist()
    assert (image["faces"], json.loads(image["others_found"])) == (1, {"plate": 1, "sign": 1})
