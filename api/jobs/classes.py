"""Classes: what the detectors of this installation find."""

from __future__ import annotations

from fastapi import APIRouter

from api.dependencies import Ctx, Who
from blurline.contract import DetectedClass, DetectedClasses
from blurline.detected_class import FACE

router = APIRouter(prefix="/v1/classes", tags=["presets"])


@router.get("")
def get_classes(context: Ctx, _: Who) -> DetectedClasses:
    """List the classes that a policy can destroy: faces, and what the operator's detectors find."""
    others = {
        name: DetectedClass(name=name, detector=spec.name, in_every_policy=spec.policies == "all")
        for spec in context.settings.detector.detectors
        for name in spec.classes.values()
    }
    face = DetectedClass(name=FACE, detector=None, in_every_policy=True)
    return DetectedClasses(classes=[face, *(others[name] for name in sorted(others))])
