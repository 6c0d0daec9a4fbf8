"""Models: whether each profile's file matches its card and runs on the configured execution provider."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from blurline.errors import ConfigurationError, ModelRejected
from blurline.policy import Policy
from blurline.policy.profile import SECOND_LOOK_MODEL, ProfileName
from blurline.settings import Settings
from deployments.doctor.result import Finding, error, ok
from models import plan_for
from models.detector import Detector
from models.loading import vendored_detector


def models(settings: Settings) -> Iterator[Finding]:
    """Check the models: hash, load and run every file once."""
    for profile in ProfileName:
        policy = Policy(profile=profile)
        yield _finding(f"models.{profile}", lambda policy=policy: plan_for(policy, settings).detector)  # type: ignore[misc]
    provider = settings.detector.execution_provider
    yield _finding("models.second_look", lambda: vendored_detector(SECOND_LOOK_MODEL, provider))


def _finding(name: str, load: Callable[[], Detector]) -> Finding:
    try:
        detector = load()
    except ModelRejected as problem:
        remedy = "Reinstall Blurline or, if BLURLINE_MODEL_FILE is set, correct it, its family or its file."
        return error(name, str(problem), remedy)
    except ConfigurationError as problem:
        remedy = "Correct BLURLINE_EXECUTION_PROVIDER or BLURLINE_MODEL_FAMILY, or install another onnxruntime."
        return error(name, str(problem), remedy)
    card = detector.card
    return ok(name, f"{card.name} (sha256 {card.sha256[:12]}…) runs on {detector.provider}.")
