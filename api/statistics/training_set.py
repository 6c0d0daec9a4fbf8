"""Training sets for detectors from reviewers' decisions, in COCO and YOLO format, streamed as ZIP."""

from __future__ import annotations

import csv
import io
import json
import stat
from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import StrEnum
from pathlib import PurePosixPath
from tempfile import SpooledTemporaryFile
from typing import IO, Any

import structlog
from stream_zip import ZIP_AUTO, stream_zip

from blurline.detected_class import FACE
from blurline.errors import ObjectMissing, OriginalChanged, SourceRefused
from blurline.file_names import safe_cell
from blurline.storage.store import Store, SubmittedOriginal
from sql.statistics.exports import Reviewed

log = structlog.get_logger()

_MODE = stat.S_IFREG | 0o644
_CHUNK_BYTES = 1 << 17
_IN_MEMORY_BYTES = 4 << 20
_COMPRESSED, _STORED = 9, 0

Member = tuple[str, datetime, int, Any, Iterator[bytes]]
Box = tuple[float, float, float, float]


class TrainingFormat(StrEnum):
    """The layout of a training set."""

    COCO = "coco"
    YOLO = "yolo"


def training_set(
    images: Iterable[Reviewed], training_format: TrainingFormat, originals: Store | None
) -> Iterable[bytes]:
    """The ZIP. It contains the originals if a store is given."""
    members = _coco if training_format is TrainingFormat.COCO else _yolo
    return stream_zip(members(images, originals), chunk_size=_CHUNK_BYTES)


def file_name(image: Reviewed) -> str:
    """The picture's unique name within a training set, with its original extension."""
    extension = PurePosixPath(image.name).suffix.lower()
    return f"images/{image.id}{extension if extension[1:].isalnum() else ''}"


class ClassNumbers:
    """The numbers of classes in a training set: 0 for faces, then in the order in which the classes occur."""

    def __init__(self) -> None:
        self.names = [FACE]

    def of(self, name: str) -> int:
        """The number of a class."""
        if name not in self.names:
            self.names.append(name)
        return self.names.index(name)


def boxes_of(image: Reviewed, frame: int) -> list[tuple[str, Box]]:
    """The boxes of one frame with their classes, clipped to the picture."""
    boxes = [
        (name, (max(x1, 0.0), max(y1, 0.0), min(x2, float(image.width_px)), min(y2, float(image.height_px))))
        for name, of_frame, x1, y1, x2, y2 in image.boxes
        if of_frame == frame
    ]
    return [(name, box) for name, box in boxes if box[0] < box[2] and box[1] < box[3]]


def yolo_line(number: int, box: Box, width_px: int, height_px: int) -> str:
    """A line of a YOLO label file: the class, then the box's centre and size as shares of the picture's size."""
    x1, y1, x2, y2 = box
    shares = (x1 + x2) / 2 / width_px, (y1 + y2) / 2 / height_px, (x2 - x1) / width_px, (y2 - y1) / height_px
    return " ".join([f"{number}", *(f"{share:.6f}" for share in shares)])


def _coco(images: Iterable[Reviewed], originals: Store | None) -> Iterator[Member]:
    """The pictures, then the annotations, which are spooled to disk until then."""
    with _spool() as pictures, _spool() as annotations:
        picture_id = annotation_id = 0
        numbers = ClassNumbers()
        for image in images:
            yield from _original(image, originals)
            for frame in range(image.frames or 1):
                picture_id += 1
                _append(pictures, _coco_image(picture_id, image, frame))
                for name, box in boxes_of(image, frame):
                    annotation_id += 1
                    _append(annotations, _coco_annotation(annotation_id, picture_id, numbers.of(name) + 1, box))
        end = f'],\n"categories":{json.dumps(_coco_categories(numbers))}}}'.encode()
        text = (b'{"images":[\n', pictures, b'],\n"annotations":[\n', annotations, end)
        size_bytes = pictures.tell() + annotations.tell() + len(end) + 1000
        yield _member("annotations.json", size_bytes, (chunk for part in text for chunk in _chunks(part)))


def _coco_image(picture_id: int, image: Reviewed, frame: int) -> dict[str, Any]:
    return {
        "id": picture_id,
        "file_name": file_name(image),
        "width": image.width_px,
        "height": image.height_px,
        "frame": frame,
        "original_name": image.name,
        "sha256": image.original_sha256,
        "blurline_image_id": str(image.id),
    }


def _coco_categories(numbers: ClassNumbers) -> list[dict[str, Any]]:
    face = {"id": 1, "name": FACE, "supercategory": "person"}
    return [face, *({"id": number + 1, "name": name} for number, name in enumerate(numbers.names) if number)]


def _coco_annotation(annotation_id: int, picture_id: int, category_id: int, box: Box) -> dict[str, Any]:
    x1, y1, x2, y2 = box
    width, height = x2 - x1, y2 - y1
    return {
        "id": annotation_id,
        "image_id": picture_id,
        "category_id": category_id,
        "bbox": [x1, y1, width, height],
        "area": width * height,
        "iscrowd": 0,
    }


def _yolo(images: Iterable[Reviewed], originals: Store | None) -> Iterator[Member]:
    """The labels and pictures, then the list of images."""
    numbers = ClassNumbers()
    with _spool() as listed:
        _append_row(listed, ["file_name", "original_name", "sha256", "width_px", "height_px", "frames"])
        for image in images:
            yield from _original(image, originals)
            name, size = file_name(image), (image.width_px, image.height_px)
            _append_row(listed, [name, image.name, image.original_sha256, *size, image.frames or 1])
            for frame in range(image.frames or 1):
                found = boxes_of(image, frame)
                lines = "".join(f"{yolo_line(numbers.of(name), box, *size)}\n" for name, box in found).encode()
                suffix = f"_frame{frame}" if frame else ""
                yield _member(f"labels/{image.id}{suffix}.txt", len(lines), iter([lines]))
        data = _yolo_data(numbers)
        yield _member("data.yaml", len(data), iter([data]))
        yield _member("images.csv", listed.tell(), _chunks(listed))


def _yolo_data(numbers: ClassNumbers) -> bytes:
    names = "".join(f"  {number}: {name}\n" for number, name in enumerate(numbers.names))
    return f"path: .\ntrain: images\nval: images\nnames:\n{names}".encode()


def _original(image: Reviewed, originals: Store | None) -> Iterator[Member]:
    if originals is not None and image.original_key is not None and image.original_etag is not None:
        submitted = SubmittedOriginal(
            image.original_key, image.original_etag, image.original_sha256, image.source, image.source_key
        )
        try:
            data = originals.read_original(submitted)
        except ObjectMissing:  # deleted since the row was read
            return
        except (OriginalChanged, SourceRefused) as error:
            log.warning("original_not_exported", image_id=str(image.id), error_code=error.code)
            return
        yield _member(file_name(image), len(data), iter([data]), level=_STORED)


def _member(name: str, size_bytes: int, content: Iterator[bytes], level: int = _COMPRESSED) -> Member:
    return name, datetime.now().astimezone(), _MODE, ZIP_AUTO(size_bytes, level=level), content


def _spool() -> IO[bytes]:
    return SpooledTemporaryFile(_IN_MEMORY_BYTES)


def _append(file: IO[bytes], entry: dict[str, Any]) -> None:
    separator = b",\n" if file.tell() else b""
    file.write(separator + json.dumps(entry, ensure_ascii=False).encode())


def _append_row(file: IO[bytes], values: list[Any]) -> None:
    row = io.StringIO()
    csv.writer(row).writerow([safe_cell(each) if isinstance(each, str) else each for each in values])
    file.write(row.getvalue().encode())


def _chunks(part: bytes | IO[bytes]) -> Iterator[bytes]:
    if isinstance(part, bytes):
        yield part
        return
    part.seek(0)
    while chunk := part.read(_CHUNK_BYTES):
        yield chunk
