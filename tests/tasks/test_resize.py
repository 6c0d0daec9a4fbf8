"""The task `resize`: which decoded pictures stay in memory."""

from __future__ import annotations

import pytest

from blurline.policy import Policy
from blurline.policy.profile import ProfileName
from blurline.settings import load_settings
from blurline.storage.store import Store
from sql.engine.database import Database
from tasks.download import download
from tasks.resize import resize
from tasks.work import Work
from tests.factories import dispatched
from tests.tasks.one_image import submit


@pytest.mark.parametrize(("limit", "is_resident"), [("100", True), ("0.001", False)])
def test_a_picture_beyond_the_resident_limit_is_decoded_again_by_later_tasks(
    database: Database, store: Store, monkeypatch: pytest.MonkeyPatch, limit: str, is_resident: bool
) -> None:
    monkeypatch.setenv("BLURLINE_RESIDENT_MEGAPIXELS", limit)
    submit(database, store, Policy(profile=ProfileName.FAST))
    (batch_id,) = dispatched(database)
    work = Work(batch_id)
    download.fn(work)
    resize.fn(work)
    (item,) = work.items or []
    assert item.inputs
    assert (item.photo is not None) == is_resident
    assert item.original is not None
    photo = item.opened(load_settings().pictures.limits)
    assert photo.frames[0].width_px == item.original.header.width_px
