"""Corrections: a marked box covers a pixel, or nothing is published."""

from __future__ import annotations

import pytest

from blurline.contract.corrections import Correction, MarkedBox
from blurline.decision.correction import check_regions
from blurline.errors import MarkMisses
from blurline.ids import new_id
from blurline.picture.decode import open_photo, read_header
from blurline.policy import Policy
from blurline.policy.region import Region
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


@pytest.mark.parametrize(
    ("box", "is_kept"),
    [
        (MarkedBox(x1=1, y1=1, x2=40, y2=40), True),
        (MarkedBox(x1=30, y1=1, x2=60, y2=40), True),
        (MarkedBox(x1=45, y1=1, x2=95, y2=40), False),
        (MarkedBox(x1=1, y1=61, x2=40, y2=90), False),
        (MarkedBox(frame=1, x1=1, y1=1, x2=9, y2=9), True),
    ],
)
def test_a_mark_that_a_keep_region_would_leave_visible_is_reported(box: MarkedBox, is_kept: bool) -> None:
    """The left half is kept, but from 60 % down everything is destroyed."""
    kept, always = Region(x1=0, y1=0, x2=0.5, y2=1), Region(x1=0, y1=0.6, x2=1, y2=1)
    policy = Policy(keep_regions=(kept,), always_regions=(always,))
    correction, sizes_px = Correction(destroy=(box,)), [(100, 100), (20, 20)]
    check_regions(correction, sizes_px, Policy())
    if is_kept:
        with pytest.raises(MarkMisses, match="keep-region"):
            check_regions(correction, sizes_px, policy)
    else:
        check_regions(correction, sizes_px, policy)


@pytest.mark.parametrize(
    ("frame", "policy"),
    [(1, Policy()), (0, Policy(keep_regions=(Region(x1=0, y1=0, x2=1, y2=1),)))],
    ids=["no such frame", "in a keep-region"],
)
def test_the_worker_publishes_nothing_when_a_mark_misses(frame: int, policy: Policy) -> None:
    correction = Correction(destroy=(MarkedBox(frame=frame, x1=1, y1=1, x2=50, y2=50),))
    attempt = Attempt(new_id(), new_id(), 2, "a.jpg", "key", "etag", 10, None, correction)
    original = DownloadedOriginal(HOPPER.read_bytes(), "a", read_header(HOPPER.read_bytes()))
    item = Item(attempt, original, photo=open_photo(original.data))
    work = Work(new_id())
    work.policy = policy
    work.plan, work.items = plan_for(work.policy, load_settings()), [item]
    blur.fn(work)
    assert isinstance(item.error, MarkMisses) and item.output is None
