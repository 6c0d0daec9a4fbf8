"""Turns a picture and the faces in its frames into a publishable file: destroy, write, check."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from blurline.box import Box, Face
from blurline.errors import OutputCheckFailed, PictureError
from blurline.limits import Limits
from blurline.picture.colour_conversion import carried
from blurline.picture.comparison import DifferingPlace, PlaceDiffers, check_untouched, check_written
from blurline.picture.decode import open_photo
from blurline.picture.destroy import destroy, touched_area
from blurline.picture.encode import check_writable, encode, flattened, is_lossless
from blurline.picture.formats import jpeg, png, webp
from blurline.picture.gain_map import GainMap
from blurline.picture.gain_map_result import check_map, redacted_map, upright_map, with_map
from blurline.picture.inspection import leftovers
from blurline.picture.losses import Exactness, losses
from blurline.picture.lossless_jpeg import can_splice, splice
from blurline.picture.metadata import Metadata
from blurline.picture.noise import noise_of
from blurline.picture.photo import Format, Frame, Photo, PictureNote, is_same
from blurline.policy import OutputFormat, Policy

_MAX_MEAN_ERROR_LEVELS = 16.0
_NO_LIMITS = Limits(file_bytes=1 << 62, pixels=1 << 62, frames=1 << 30)
_REPACKAGE: dict[Format, Callable[..., bytes | None]] = {
    Format.JPEG: jpeg.repackage,
    Format.PNG: png.repackage,
    Format.WEBP: webp.repackage,
}
_TRUNCATIONS: dict[Format, Callable[[bytes, int], Iterator[bytes]]] = {
    Format.JPEG: jpeg.truncations,
    Format.WEBP: webp.truncations,
}
_SLACK_BYTES = 48

FacesByFrame = Sequence[tuple[Face, ...]]
"""The faces to destroy, one tuple per frame."""


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A written file, its decoded content, whether its compressed data is the source's, and what it lost."""

    data: bytes
    photo: Photo
    is_copied: bool = False
    notes: tuple[PictureNote, ...] = ()


class FileFailedCheck(OutputCheckFailed):
    """A file that can be opened failed its check. ``written``: that file, which must never be published. ``place``:
    where it is not what was meant, if that is one place; its frame is counted in the written file."""

    def __init__(self, why: str, written: WrittenFile, place: DifferingPlace | None = None) -> None:
        super().__init__(why)
        self.written, self.place = written, place


def redact(photo: Photo, faces: FacesByFrame, policy: Policy, noise_key: bytes | None = None) -> bytes:
    """Destroy the faces of each frame and the policy's always-regions, and write the picture.

    With the same ``noise_key`` (32 secret bytes), the same picture, faces and policy give the same bytes; without one,
    the noise is random. Raises OutputCheckFailed and CannotBeWritten as `write` does.
    """
    return write(photo, faces, policy, noise_key).data


def write(photo: Photo, faces: FacesByFrame, policy: Policy, noise_key: bytes | None = None) -> WrittenFile:
    """Like `redact`, but return the decoded content of the written file too.

    A picture without anything to destroy keeps its compressed data if its container allows. The written file is opened
    again and checked before it is returned. Raises OutputCheckFailed if the check fails; nothing may be published then.
    It is a FileFailedCheck if the file can be opened.
    Raises CannotBeWritten if the output format cannot hold the frames.
    """
    source = photo.encoding.format
    wanted = source.written_as
    if policy.output_format is not OutputFormat.SAME:
        wanted = Format(policy.output_format.value.upper())
    check_writable(len(photo.frames), source, wanted)
    # Who names a format may not know orientation tags: such a result is upright in its pixels.
    may_keep_tag = policy.output_format is OutputFormat.SAME or photo.orientation == 1
    if wanted is source and may_keep_tag and not any(faces) and not policy.always_regions:
        copied = _repackaged(photo, photo.metadata.under(policy.metadata))
        if copied is not None:
            return copied
    facts = photo.facts
    photo = carried(photo, wanted)
    metadata = photo.metadata.under(policy.metadata)
    if photo.encoding.is_poster and wanted is not Format.PNG:  # only PNG has a poster frame
        photo, faces = replace(photo, frames=photo.frames[1:]), faces[1:]
    redacted = [_redacted(frame, found, policy, noise_key) for frame, found in zip(photo.frames, faces, strict=True)]
    places = [_places(frame, found, policy) for frame, found in zip(photo.frames, faces, strict=True)]
    for original, frame, touched in zip(photo.frames, redacted, places, strict=True):
        check_untouched(original, frame, touched)
    frames = [flattened(frame, wanted) for frame in redacted]
    data = encode(frames, photo.encoding, wanted, metadata)
    exactness = Exactness()
    if policy.exact:
        data, exactness = _exact(photo, frames[0], data, wanted)
    gain_map = None
    if photo.gain_map is not None and wanted is Format.JPEG:
        upright = upright_map(photo.gain_map, photo.orientation)
        gain_map = redacted_map(photo, upright, faces[0], policy, noise_key)
        data = with_map(data, gain_map, metadata)
    boxes = [[face.box for face in found] + _always(frame, policy) for frame, found in zip(frames, faces, strict=True)]
    try:
        written = check_output(data, wanted, frames, boxes, metadata, gain_map)
        check_written(frames, written, places, is_exact=is_lossless(photo.encoding, wanted))
    except OutputCheckFailed as error:
        raise _with_file(error, data, len(frames)) from error
    return WrittenFile(data, written, notes=losses(facts, written.facts, metadata, written.metadata, exactness))


def check_output(
    data: bytes,
    wanted: Format,
    frames: Sequence[Frame],
    boxes: Sequence[Sequence[Box]],
    metadata: Metadata,
    gain_map: GainMap | None = None,
) -> Photo:
    """Open a written file independently of how it was written. Raises OutputCheckFailed unless it has the wanted
    format and the number and sizes of ``frames``, is upright, shows the frames' pixels in their ``boxes``, and contains
    only its picture, ``gain_map`` and ``metadata``."""
    try:
        # The original was within the limits, but its result may be larger.
        written = open_photo(data, _NO_LIMITS, merges=False)
    except PictureError as error:
        raise OutputCheckFailed(f"The written file cannot be opened: {error}") from error
    written = replace(written, frames=_one_each(written.frames, frames))
    shapes = [frame.pixels.shape for frame in written.frames]
    if written.encoding.format is not wanted or shapes != [frame.pixels.shape for frame in frames]:
        raise OutputCheckFailed("The written file differs from the picture in format, size or number of frames.")
    for number, (shown, meant, places) in enumerate(zip(written.frames, frames, boxes, strict=True)):
        for box in places:
            _check_box(shown, meant, box, number)
    if gain_map is not None or written.gain_map is not None:
        check_map(written.gain_map, gain_map)
    found = leftovers(data, written, metadata)
    if found:
        raise OutputCheckFailed(f"The written file contains unwanted parts: {', '.join(found[:5])}.")
    return written


def _with_file(error: OutputCheckFailed, data: bytes, frames: int) -> OutputCheckFailed:
    """The error with the file, for the reviewers, if it can be opened and has this number of frames."""
    try:
        opened = open_photo(data, _NO_LIMITS, merges=False)
    except PictureError:
        return error
    place = error.place if isinstance(error, PlaceDiffers) else None
    return FileFailedCheck(str(error), WrittenFile(data, opened), place) if len(opened.frames) == frames else error


def _exact(photo: Photo, frame: Frame, data: bytes, wanted: Format) -> tuple[bytes, Exactness]:
    """The written file with the source's coefficients where nothing changed, and whether they were kept."""
    if photo.encoding.format is not Format.JPEG or wanted is not Format.JPEG:
        return data, Exactness()
    spliced = None
    if can_splice(photo, wanted):
        spliced = splice(photo.data, data, (frame.pixels != photo.pixels).any(axis=2))
    if spliced is None:
        return data, Exactness(is_wanted=True)
    return spliced, Exactness(is_wanted=True, is_kept=True)


def _one_each(written: tuple[Frame, ...], frames: Sequence[Frame]) -> tuple[Frame, ...]:
    """For each of ``frames``, the written frame shown at its time: writers merge frames that have become identical."""
    if len(written) >= len(frames):
        return written
    ends = np.cumsum([frame.duration_ms or 0 for frame in written])
    times = np.array([frame.duration_ms or 0 for frame in frames])
    middles = np.cumsum(times) - times / 2
    return tuple(written[min(int(np.searchsorted(ends, middle)), len(written) - 1)] for middle in middles)


def _check_box(shown: Frame, meant: Frame, box: Box, number: int) -> None:
    inside = box.clipped(meant.width_px, meant.height_px)
    area = np.s_[int(inside.y1) : int(inside.y2) + 1, int(inside.x1) : int(inside.x2) + 1]
    pixels = _grey(meant.pixels[area]) if meant.is_grey else meant.pixels[area]
    error_levels = float(np.abs(shown.pixels[area] - pixels.astype(np.int16)).mean()) if pixels.size else 0.0
    if error_levels > _MAX_MEAN_ERROR_LEVELS:
        place = DifferingPlace(number, inside.x1, inside.y1, inside.x2, inside.y2)
        raise PlaceDiffers(
            f"A destroyed face differs in the written file, {place}, by {error_levels:.0f} levels.", place
        )


def _redacted(frame: Frame, faces: tuple[Face, ...], policy: Policy, noise_key: bytes | None) -> Frame:
    if not faces and not policy.always_regions:
        return frame
    noise = None if noise_key is None else noise_of(frame, noise_key)
    alpha = frame.alpha
    if alpha is not None:
        alpha = destroy(alpha[:, :, None], faces, policy, is_transparency=True)[:, :, 0]
    if frame.levels16 is None:
        pixels = destroy(frame.pixels, faces, policy, noise)
        if frame.is_grey:  # the noise has colours, which would not be written
            pixels = np.asarray(Image.fromarray(pixels).convert("L").convert("RGB"))
        return replace(frame, pixels=pixels, alpha=alpha)
    levels16 = destroy(frame.levels16[:, :, None], faces, policy, noise)[:, :, 0]
    grey = (levels16 >> 8).astype(np.uint8)
    return replace(frame, pixels=np.stack([grey] * 3, axis=2), alpha=alpha, levels16=levels16)


def _places(frame: Frame, faces: tuple[Face, ...], policy: Policy) -> list[Box]:
    """The areas of a frame that may change."""
    return [touched_area(face.box, policy.padding) for face in faces] + _always(frame, policy)


def _always(frame: Frame, policy: Policy) -> list[Box]:
    return [region.box(frame.width_px, frame.height_px) for region in policy.always_regions]


def _repackaged(photo: Photo, metadata: Metadata) -> WrittenFile | None:
    """The same compressed data in a new file; None unless it is certain to contain nothing but the picture."""
    format_ = photo.encoding.format
    is_seen_whole = not photo.facts.is_deep or photo.frames[0].levels16 is not None
    if format_ not in _REPACKAGE or len(photo.frames) > 1 or not is_seen_whole:
        return None
    exif = metadata.written_exif(photo.orientation, photo.raster if format_ is Format.JPEG else None)
    further = {"dpi": photo.encoding.dpi if photo.facts.has_density else None} if format_ is Format.JPEG else {}
    data = _REPACKAGE[format_](photo.data, exif, metadata.written_xmp(), photo.encoding.source_profile, **further)
    if data is None or _has_slack(format_, data, photo):
        return None
    if photo.gain_map is not None:
        data = with_map(data, photo.gain_map, metadata)
    try:
        written = open_photo(data, _NO_LIMITS)
        if photo.gain_map is not None:
            check_map(written.gain_map, photo.gain_map)
    except PictureError:
        return None
    same = is_same(photo.frames[0], written.frames[0]) and not leftovers(data, written, metadata)
    if not same:
        return None
    notes = losses(photo.facts, written.facts, metadata, written.metadata, Exactness())
    return WrittenFile(data, written, is_copied=True, notes=notes)


def _has_slack(format_: Format, data: bytes, photo: Photo) -> bool:
    """Whether compressed data can lose its end without any pixel changing; something may then hide there."""
    if format_ not in _TRUNCATIONS:
        return False
    for shorter in _TRUNCATIONS[format_](data, _SLACK_BYTES):
        try:
            if is_same(photo.frames[0], open_photo(shorter, _NO_LIMITS).frames[0]):
                return True
        except PictureError:
            continue
    return False


def _grey(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(h, w, 3) RGB -> (h, w, 1) luma (ITU-R BT.601)."""
    return np.asarray(pixels @ np.array([[0.299], [0.587], [0.114]], np.float32), np.float32)
