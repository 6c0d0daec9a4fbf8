"""The detector's quality, from counts by profile and face size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from blurline.contract.statistics import DetectorQuality, ProfileQuality, Quality, SizeQuality
from sql.statistics.statistics import QualityRow


def quality_view(since: datetime, until: datetime, edges_px: Sequence[float], rows: Sequence[QualityRow]) -> Quality:
    """The quality overall, by face size and by profile."""
    images = {row.profile: row.images for row in rows}  # the same in every bin
    ends: list[float | None] = [*edges_px, None]
    by_size = [
        SizeQuality(from_px=from_px, to_px=to_px, **_counted(row for row in rows if row.bin == at).model_dump())
        for at, (from_px, to_px) in enumerate(zip([0.0, *edges_px], ends, strict=True))
    ]
    by_profile = [
        ProfileQuality(
            profile=profile, images=count, **_counted(row for row in rows if row.profile == profile).model_dump()
        )
        for profile, count in images.items()
    ]
    return Quality(
        since=since,
        until=until,
        images=sum(images.values()),
        overall=_counted(rows),
        by_size=by_size,
        by_profile=by_profile,
    )


def _counted(rows: Iterable[QualityRow]) -> DetectorQuality:
    counts: Counter[str] = Counter()
    for row in rows:
        counts.update(found=row.found, missed=row.missed, mistaken=row.mistaken)
    return DetectorQuality.counted(counts["found"], counts["missed"], counts["mistaken"])
