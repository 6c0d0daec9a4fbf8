"""The comparison of two ordered streams finds exactly the differences."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blurline.storage.inventory import (
    Expected,
    ImageBucket,
    Listed,
    Missing,
    Orphan,
    Returned,
    compare,
    is_ours,
    stem_of,
)

NOW = datetime(2026, 11, 25, tzinfo=UTC)
IMAGES = [UUID(int=at) for at in range(6)]
ATTEMPTS = [UUID(int=at << 64) for at in range(3)]
RESULTS = [f"{image}/{attempt}{end}" for image in IMAGES for attempt in ATTEMPTS for end in (".jpg", ".thumb.jpg")]
ORIGINALS = [f"0123456789abcdef/{image}{end}" for image in IMAGES for end in ("", ".thumb.jpg", ".view.jpg")]


def listed(keys: set[str]) -> list[Listed]:
    return [Listed(key, 1, NOW) for key in sorted(keys)]


@given(st.sets(st.sampled_from(RESULTS)), st.dictionaries(st.sampled_from(IMAGES), st.sampled_from(ATTEMPTS)))
def test_results_are_compared_with_their_rows(stored: set[str], published: dict[UUID, UUID]) -> None:
    names = {image: f"{image}/{attempt}" for image, attempt in published.items()}
    rows = [Expected(image, str(image), frozenset({name}), f"{name}.jpg") for image, name in sorted(names.items())]
    found = list(compare(ImageBucket.RESULTS, listed(stored), rows))
    assert {each.object.key for each in found if isinstance(each, Orphan)} == {
        key for key in stored if stem_of(key) not in names.values()
    }
    assert {each.expected.image_id for each in found if isinstance(each, Missing)} == {
        image for image, name in names.items() if f"{name}.jpg" not in stored
    }
    assert len(found) == len(set(found))


@given(st.sets(st.sampled_from(ORIGINALS)), st.sets(st.sampled_from(IMAGES)), st.sets(st.sampled_from(IMAGES)))
def test_originals_are_compared_with_their_rows(stored: set[str], images: set[UUID], noted: set[UUID]) -> None:
    keys = {image: f"0123456789abcdef/{image}" for image in images}
    rows = [Expected(image, key, frozenset({key}), key, image in noted) for image, key in sorted(keys.items())]
    found = list(compare(ImageBucket.ORIGINALS, listed(stored), rows))
    assert {each.object.key for each in found if isinstance(each, Orphan)} == {
        key for key in stored if stem_of(key) not in keys.values()
    }
    assert {each.expected.key for each in found if isinstance(each, Missing)} == set(keys.values()) - stored
    assert {each.expected.image_id for each in found if isinstance(each, Returned)} == {
        image for image in images & noted if keys[image] in stored
    }


def test_objects_of_an_open_attempt_are_neither_orphaned_nor_missing() -> None:
    image, attempt = IMAGES[0], ATTEMPTS[1]
    row = Expected(image, str(image), frozenset({f"{image}/{attempt}"}), None)
    assert list(compare(ImageBucket.RESULTS, [], [row])) == []
    assert list(compare(ImageBucket.RESULTS, listed({f"{image}/{attempt}.png"}), [row])) == []


@pytest.mark.parametrize(
    ("bucket", "key", "ours"),
    [
        (ImageBucket.ORIGINALS, ORIGINALS[0], True),
        (ImageBucket.ORIGINALS, ORIGINALS[2], True),
        (ImageBucket.ORIGINALS, f"0123456789abcdef/direct/{IMAGES[1]}", True),
        (ImageBucket.ORIGINALS, "backup/2026.tar", False),
        (ImageBucket.ORIGINALS, f"0123456789abcdef/{IMAGES[0]}/more", False),
        (ImageBucket.RESULTS, RESULTS[0], True),
        (ImageBucket.RESULTS, RESULTS[1], True),
        (ImageBucket.RESULTS, f"{IMAGES[0]}/readme.txt", False),
        (ImageBucket.RESULTS, "index.html", False),
    ],
)
def test_keys_of_other_programs_are_recognised_by_their_form(bucket: ImageBucket, key: str, ours: bool) -> None:
    assert is_ours(bucket, key) is ours
