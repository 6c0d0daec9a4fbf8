"""The notes for an owner on what a result has lost, from what the original has and what the written file has.

No other place notes a loss. Each row of `_LOSSES` looks at one property of both descriptions, so the notes are the same
whether a picture was copied or re-encoded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from blurline.picture.exif_fields import EXIF, MAIN, POSITION
from blurline.picture.facts import PictureFacts, ProfileState
from blurline.picture.metadata import Metadata
from blurline.picture.photo import PictureNote

_MOST_DRIFT = 0.02


@dataclass(frozen=True, slots=True)
class Exactness:
    """What became of the policy field `exact`: whether it applies, and whether the coefficients were kept."""

    is_wanted: bool = False
    is_kept: bool = False


def losses(
    before: PictureFacts, after: PictureFacts, allowed: Metadata, written: Metadata, exactness: Exactness
) -> tuple[PictureNote, ...]:
    """The notes on what ``before`` has and ``after`` lacks, and on metadata that is ``allowed`` but not ``written``."""
    found = [PictureNote(code, message) for code, loss in _LOSSES.items() if (message := loss(before, after))]
    found += _of_metadata(allowed, written)
    return (*found, *_of_exactness(before, after, exactness))


def _format(before: PictureFacts, after: PictureFacts) -> str | None:
    is_converted = before.format == "HEIF" and after.format == "JPEG"
    return "The HEIC picture was converted to JPEG." if is_converted else None


def _pictures(before: PictureFacts, after: PictureFacts) -> str | None:
    lost = before.pictures - len(before.frames)
    if lost <= after.pictures - len(after.frames):
        return None
    return f"The file contains {before.pictures} pictures; the result has only the main one."


def _poster(before: PictureFacts, after: PictureFacts) -> str | None:
    lost = before.has_poster and not after.has_poster
    return "The picture that is shown where animations are not supported was removed." if lost else None


def _timing(before: PictureFacts, after: PictureFacts) -> str | None:
    if before.loops is None or after.loops is None:
        return None
    if before.loops != after.loops:
        return f"The animation plays {_times(after.loops)} instead of {_times(before.loops)}."
    if abs(after.shown_ms - before.shown_ms) > _MOST_DRIFT * before.shown_ms:
        return f"The animation takes {after.shown_ms:.0f} ms instead of {before.shown_ms:.0f} ms."
    return None


def _times(loops: int) -> str:
    return {0: "forever", 1: "once"}.get(loops, f"{loops} times")


def _cmyk(before: PictureFacts, after: PictureFacts) -> str | None:
    lost = any(frame.is_cmyk for frame in before.frames) and not any(frame.is_cmyk for frame in after.frames)
    return "The CMYK picture was converted to RGB." if lost else None


def _depth(before: PictureFacts, after: PictureFacts) -> str | None:
    pairs = zip(before.frames, after.frames, strict=False)
    lost = any(one.bits > max(other.bits, 8) for one, other in pairs)
    return "The picture was reduced to 8 bits per channel." if lost else None


def _alpha(before: PictureFacts, after: PictureFacts) -> str | None:
    lost = any(frame.is_transparent for frame in before.frames) and not any(frame.has_alpha for frame in after.frames)
    return "The transparent picture was placed on a white background." if lost else None


def _profile(before: PictureFacts, after: PictureFacts) -> str | None:
    coloured = [frame.profile for frame in before.frames if not frame.is_cmyk]
    if ProfileState.DAMAGED in coloured:
        return "The damaged colour profile was removed."
    lost = ProfileState.VALID in coloured and all(frame.profile is ProfileState.NONE for frame in after.frames)
    return "The colour profile could not be kept." if lost else None


def _hdr(before: PictureFacts, after: PictureFacts) -> str | None:
    if before.has_gain_map and not after.has_gain_map:
        return "The gain map was removed, so the picture shows without HDR."
    lost = before.is_hdr and not after.is_hdr
    return "The HDR picture was written without its HDR colours." if lost else None


def _depth_map(before: PictureFacts, after: PictureFacts) -> str | None:
    lost = before.has_depth_map and not after.has_depth_map
    return "The map of distances, by which viewers blur the background, was removed." if lost else None


def _video(before: PictureFacts, after: PictureFacts) -> str | None:
    return "The video inside the picture was removed." if before.has_video and not after.has_video else None


def _density(before: PictureFacts, after: PictureFacts) -> str | None:
    lost = before.has_density and not after.has_density
    return "The format of the result cannot hold the resolution (pixels per inch)." if lost else None


_LOSSES: dict[str, Callable[[PictureFacts, PictureFacts], str | None]] = {
    "further_pictures": _pictures,
    "cmyk_converted": _cmyk,
    "depth_reduced": _depth,
    "profile_dropped": _profile,
    "hdr_reduced": _hdr,
    "depth_map_dropped": _depth_map,
    "video_dropped": _video,
    "poster_dropped": _poster,
    "timing_changed": _timing,
    "resolution_dropped": _density,
    "heic_to_jpeg": _format,
    "alpha_flattened": _alpha,
}


def _of_metadata(allowed: Metadata, written: Metadata) -> Iterator[PictureNote]:
    missing = allowed.refused | dict.fromkeys(
        _names(allowed) - _names(written), "the format of the result cannot hold it"
    )
    if missing:
        why = "; ".join(f"{name} ({reason})" for name, reason in missing.items())
        yield PictureNote("metadata_dropped", f"Fields of the metadata were removed: {why}.")


def _names(metadata: Metadata) -> set[str]:
    directories = ((metadata.main, MAIN), (metadata.exif, EXIF), (metadata.gps, POSITION))
    fields = {fields[tag].name for values, fields in directories for tag in values}
    return fields | metadata.panorama.keys() | metadata.pose.keys()


def _of_exactness(before: PictureFacts, after: PictureFacts, exactness: Exactness) -> Iterator[PictureNote]:
    if not exactness.is_wanted:
        return
    if not exactness.is_kept:
        yield PictureNote(
            "not_exact",
            "The picture was re-encoded outside the faces too: exact results need a JPEG that is stored upright, with "
            "Huffman coding, in luma and chroma.",
        )
    elif (before.is_progressive and not after.is_progressive) or (before.has_restarts and not after.has_restarts):
        yield PictureNote(
            "exact_baseline",
            "The exact result is a baseline JPEG without restart markers, whose source is progressive or has such "
            "markers; its coefficients are the same.",
        )
