"""The nightly dataset, over the real database and store: whole changed days, without deleted images."""

from __future__ import annotations

import contextlib
import io
from datetime import UTC, date, datetime, timedelta
from urllib.parse import quote

import psycopg
import pyarrow.parquet
import pytest
from minio.error import S3Error

from blurline.errors import StoreUnavailable
from blurline.policy.profile import ProfileName
from blurline.settings import Settings
from blurline.storage.store import Store
from flows.export import export_changed, export_key
from sql.engine.database import Database
from tests import image_rows
from tests.clock import age
from tests.tcp_proxy import Answer, forwarding

TODAY = datetime.now(UTC).date()


def days_ago(settings: Settings, owner: str, days: int) -> None:
    """Age an owner's images."""
    of_owner = "job_id IN (SELECT id FROM jobs WHERE owner = %s)"
    age(settings.database.conninfo, "images", timedelta(days=days), of_owner, owner)


def exported(settings: Settings, store: Store, table: str, day: date) -> pyarrow.Table:
    """The dataset's table for a day. Raises S3Error if there is none."""
    data = store._client.get_object(settings.store.exports_bucket, export_key(table, day)).read()
    return pyarrow.parquet.read_table(io.BytesIO(data))


def settled(database: Database, settings: Settings) -> None:
    for attempt, policy in image_rows.underway(database, settings):
        image_rows.settle(
            database, attempt, image_rows.made(attempt, policy, [[1, 2, 30, 40, 0.9], [50, 60, 70, 80, 0.2]])
        )


def test_each_day_is_written_once_and_again_when_it_has_changed(
    settings: Settings, database: Database, store: Store
) -> None:
    for owner, days in (("ann", 1), ("bob", 2), ("cid", 0)):
        image_rows.submit(database, owner, 3, ProfileName.STANDARD, desk="city")
        days_ago(settings, owner, days)
    settled(database, settings)
    assert export_changed(database, store) == "2 days: 6 images, 12 detections"  # today is not over
    yesterday = exported(settings, store, "images", TODAY - timedelta(days=1)).to_pylist()
    assert [(row["owner"], row["state"], row["faces"], row["labels"]) for row in yesterday] == [
        ("ann", "published", 1, '{"desk": "city"}')
    ] * 3
    boxes = exported(settings, store, "detections", TODAY - timedelta(days=2)).to_pylist()
    assert {row["owner"] for row in boxes} == {"bob"}
    assert [(row["x1"], row["y2"], row["destroyed"]) for row in boxes[:2]] == [(1, 40, True), (50, 80, False)]
    with pytest.raises(S3Error):
        exported(settings, store, "images", TODAY)

    assert export_changed(database, store) == "0 days: 0 images, 0 detections"
    with psycopg.connect(settings.database.conninfo) as connection:
        connection.execute("DELETE FROM images USING jobs WHERE jobs.id = job_id AND owner = 'bob' AND position = 0")
    assert export_changed(database, store) == "1 days: 2 images, 4 detections"
    assert exported(settings, store, "images", TODAY - timedelta(days=2)).num_rows == 2


def test_a_day_that_cannot_be_written_keeps_no_other(settings: Settings, database: Database) -> None:
    for owner, days in (("ann", 3), ("bob", 2)):
        image_rows.submit(database, owner, 1, ProfileName.STANDARD)
        days_ago(settings, owner, days)
    refused = f"PUT /{settings.store.exports_bucket}/{quote(export_key('images', TODAY - timedelta(days=3)))}"
    denied = Answer(403, "<Error><Code>AccessDenied</Code><Message>Denied.</Message></Error>", "application/xml")
    with (
        forwarding(settings.store.endpoint, {refused: denied}) as url,
        contextlib.closing(Store(settings.replace(s3_endpoint=url))) as store,
        pytest.raises(StoreUnavailable, match="Denied"),
    ):
        export_changed(database, store)
    with contextlib.closing(Store(settings)) as store:
        assert exported(settings, store, "images", TODAY - timedelta(days=2)).num_rows == 1
        assert export_changed(database, store) == "1 days: 1 images, 0 detections"


def test_a_day_whose_images_are_all_deleted_leaves_the_dataset(
    settings: Settings, database: Database, store: Store
) -> None:
    job_id = image_rows.submit(database, "ann", 2, ProfileName.FAST)
    settled(database, settings)
    days_ago(settings, "ann", 1)
    export_changed(database, store)
    assert exported(settings, store, "images", TODAY - timedelta(days=1)).num_rows == 2
    image_rows.delete_job(database, job_id)
    assert export_changed(database, store) == "1 days: 0 images, 0 detections"
    for table in ("images", "detections"):
        with pytest.raises(S3Error):
            exported(settings, store, table, TODAY - timedelta(days=1))
