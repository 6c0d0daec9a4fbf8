"""The page Exports: files for the chosen images, and audit records that can be checked."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pyarrow.parquet
import pytest
from streamlit.testing.v1 import AppTest

from blurline.client import Chosen, Client
from blurline.contract.audit import AuditedFile, AuditRecord, verify
from blurline.settings import Settings
from sql.engine.database import Database
from sql.jobs.image_search import ImageFilter, list_images
from tests import image_rows
from tests.dashboard.conftest import Open, field, texts


@pytest.fixture
def filled(database: Database, settings: Settings) -> None:
    image_rows.fill(database, settings)


def offered(page: AppTest) -> list[str]:
    """What can be downloaded."""
    buttons: list[Any] = [*page.get("link_button"), *page.get("download_button")]
    return [button.proto.label for button in buttons]


def test_the_page_offers_files_of_the_chosen_images(open_page: Open, filled: None, database: Database) -> None:
    page = open_page("exports.py")
    images = len(list_images(database, ImageFilter(), 1000))
    assert f"{images} images" in texts(page)
    assert offered(page) == ["Parquet", "CSV", "Parquet", "CSV", "COCO", "YOLO"]
    field(page.text_input, "Owner").set_value("nobody").run()
    assert "Choose a longer time" in texts(page)
    assert not offered(page)


def test_an_audit_record_is_found_by_the_image_s_id(open_page: Open, filled: None, database: Database) -> None:
    (image, *_) = list_images(database, ImageFilter(state="published"), 1)
    page = open_page("exports.py")
    page.text_input(key="audit-image").set_value("nonsense").run()
    assert "This is not an image id" in texts(page)
    page.text_input(key="audit-image").set_value(str(image.id)).run()
    assert f"Record of {image.name}" in offered(page)


def test_the_client_fetches_what_the_page_offers(filled: None, database: Database, client: Client) -> None:
    file = io.BytesIO()
    client.exports.table("images", file, Chosen(owner="bob"))
    assert set(pyarrow.parquet.read_table(file).column("owner").to_pylist()) == {"bob"}
    training_set = io.BytesIO()
    client.exports.corrections(training_set, training_format="yolo")
    assert "images.csv" in zipfile.ZipFile(training_set).namelist()
    (image, *_) = list_images(database, ImageFilter(state="published"), 1)
    record = client.exports.audit(image.id)
    checked = verify(record.model_dump_json(indent=1).encode(), client.exports.audit_keys().keys)
    assert isinstance(checked, AuditRecord)
    assert checked.result == AuditedFile(sha256="a", size_bytes=10, media_type="image/jpeg")
    assert checked.image_id == image.id
