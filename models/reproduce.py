"""Makes a result again from its audit record and original, to show that both belong together.

The recorded boxes give the bytes: they depend on the noise key and the libraries, hardly on the CPU. The detector runs
again, too, and its boxes are compared with the recorded ones; another kind of CPU computes slightly other scores.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from blurline.access.noise_key import NoiseKey
from blurline.contract import Detection
from blurline.contract.audit import AuditRecord
from blurline.detected_class import FACE
from blurline.errors import PermanentError
from blurline.faces import Faces, to_faces
from blurline.picture.decode import open_photo
from blurline.picture.photo import Photo
from blurline.picture.redact import write
from blurline.policy import Policy
from blurline.settings import Settings
from blurline.version import VERSION
from models.detection_plan import DetectionPlan, FrameDetections, plan_for
from models.made_with import STRONGER, made_with

_MODEL_FIELDS = ("name", "sha256", "provider", "threshold", "plan_version")


class NotReproducible(PermanentError):
    """The record does not describe a result that can be made again."""

    code = "not_reproducible"


@dataclass(frozen=True, slots=True)
class Reproduction:
    """Whether the bytes and the detected boxes are the recorded ones (None: a reviewer marked the boxes), and what
    differs between then and now, one sentence each."""

    has_same_bytes: bool
    has_same_boxes: bool | None
    differences: tuple[str, ...]


def reproduce(record: AuditRecord, original: bytes, settings: Settings, noise_key: NoiseKey) -> Reproduction:
    """Make the result of a record again. Raises NotReproducible, and what `open_photo` and `plan_for` raise."""
    if record.result is None or record.original is None or record.policy is None or record.model is None:
        raise NotReproducible("The record has no result, so there is nothing to reproduce.")
    if hashlib.sha256(original).hexdigest() != record.original.sha256:
        raise NotReproducible("The picture is not the original of the record: the sha256 differs.")
    policy = Policy.model_validate(record.policy)
    settings = settings.replace(int8_regions="regions" in record.model)
    plan, photo = plan_for(policy, settings), open_photo(original, settings.pictures.limits)
    recorded: dict[str, Any] = record.model.get("made_with") or {}
    stronger = Policy.model_validate(policy.model_dump() | recorded.get(STRONGER, {}))
    data = write(photo, _recorded_faces(record, len(photo.frames)), stronger, noise_key.secret).data
    return Reproduction(
        hashlib.sha256(data).hexdigest() == record.result.sha256,
        _has_same_boxes(record, photo, plan),
        tuple(_differences(record, plan, recorded, made_with(noise_key))),
    )


def _recorded_faces(record: AuditRecord, frames: int) -> list[tuple[Any, ...]]:
    """What was destroyed in each frame, in the recorded order."""
    return [
        tuple(
            face
            for each in record.detections
            if each.frame == frame and each.destroyed
            for face in to_faces(np.array([_corners_and_score(each)], np.float32), each.class_name)
        )
        for frame in range(frames)
    ]


def _has_same_boxes(record: AuditRecord, photo: Photo, plan: DetectionPlan) -> bool | None:
    found = [
        (number, name, *row)
        for number, frame in enumerate(photo.frames)
        for name, rows in _rows_by_class(plan.detect(frame))
        for row in rows.tolist()
    ]
    recorded = [
        (each.frame, each.class_name, *(float(np.float32(value)) for value in _corners_and_score(each)))
        for each in record.detections
    ]
    is_same = found == recorded
    is_marked = any(each.kind == "corrected" for each in record.decisions)
    return None if is_marked and not is_same else is_same


def _corners_and_score(detection: Detection) -> tuple[float, ...]:
    return detection.x1, detection.y1, detection.x2, detection.y2, detection.score


def _rows_by_class(found: FrameDetections) -> Iterator[tuple[str, Faces]]:
    yield FACE, found.rows
    for name, each in found.others.items():
        yield name, each.rows


def _differences(
    record: AuditRecord, plan: DetectionPlan, recorded: dict[str, Any], now: dict[str, Any]
) -> Iterator[str]:
    if record.made_by_version != VERSION:
        yield f"Blurline {record.made_by_version or '0.1.0'} made the result; this is {VERSION}."
    if not recorded:
        yield "The record does not say with which noise key the result was made: it is older than those keys."
        return
    if recorded.get("noise_key") is None:
        yield "The worker had no noise key, so nobody can reproduce the result."
    elif recorded["noise_key"] != now["noise_key"]:
        yield f"The result was made with the noise key {recorded['noise_key']}; the given one is {now['noise_key']}."
    if recorded.get("cpu") != now["cpu"]:
        yield f"The kind of CPU was {recorded.get('cpu')}; here it is {now['cpu']}."
    for name, version in sorted((recorded.get("packages") or {}).items()):
        if now["packages"].get(name) != version:
            yield f"The version of {name} was {version}; here it is {now['packages'].get(name, 'missing')}."
    for name in _MODEL_FIELDS:
        before, after = (record.model or {}).get(name), plan.record.get(name)
        if before != after:
            yield f"The model's {name.replace('_', ' ')} was {before}; here it is {after}."
    before, after = (_regions_model(model) for model in (record.model or {}, plan.record))
    if before != after:
        yield f"Regions were shown to {before}; here they are shown to {after}."


def _regions_model(model: dict[str, Any]) -> str:
    """The model of passes over regions, in a model's record."""
    seen_by = model.get("regions") or model
    return f"{seen_by.get('name')} (sha256 {str(seen_by.get('sha256'))[:12]}…)"
