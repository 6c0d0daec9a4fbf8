"""Corrections: a marked box covers a pixel, or nothing is published."""

from __future__ import annotations

import pytest

from blurline.contract.corrections import Correction, MarkedBox
from blurline.errors import MarkMisses
from blurline.ids import new_id
from blurline.picture.decode import open_photo, read_header
from blurline.settings import load_settings
from models import plan_for
from sql.jobs.attempts import Attempt
from tasks.blur import blur
from tasks.work import DownloadedOriginal, Item, Work
from tests.pictures import HOPPER


@pytest.mark.parametrize(
    ("box", "why"),
    [
        (MarkedBox(frame=2, x1=1, y1=1, x2=5, y2=5), "2 frame"),
        (MarkedBox(x1=100, y1=1, x2=105, y2=5), "100 x 50 pixels"),
        (MarkedBox(x1=1, y1=-9, x2=5, y2=0.4), "100 x 50 pixels"),
        (MarkedBox(frame=1, x1=50, y1=1, x2=55, y2=5), "40 x 30 pixels"),
    ],
)
def test_a_box_that_covers_no_pixel_is_reported(box: MarkedBox, why: str) -> None:
    with pytest.raises(MarkMisses, match=f"Box 1.*{why}"):
        Correction(destroy=(box,)).check_marks([(100, 50), (40, 30)])


def test_a_box_partly_outside_is_accepted() -> None:
    box = MarkedBox(x1=-9, y1=-9, x2=1, y2=500)
    Correction(destroy=(box,), leave=(MarkedBox(frame=7, x1=1, y1=1, x2=5, y2=5),)).check_marks([(100, 50)])


def test_the_worker_publishes_nothing_when_a_mark_misses() -> None:
    correction = Correction(destroy=(MarkedBox(frame=1, x1=1, y1=1, x2=50, y2=50),))
    attempt = Attempt(new_id(), new_id(), 2, "a.jpg", "key", "etag", 10, None, correction)
    original = DownloadedOriginal(HOPPER.read_bytes(), "a", read_header(HOPPER.read_bytes()))
    item = Item(attempt, original, photo=open_photo(original.data))
    work = Work(new_id())
    work.plan, work.items = plan_for(work.policy, load_settings()), [item]
    blur.fn(work)
    assert isinstance(item.error, MarkMisses) and item.output is None
