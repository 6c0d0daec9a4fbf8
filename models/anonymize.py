"""From a photograph to the file that may be published: the whole of the work, without a server."""

from __future__ import annotations

from dataclasses import dataclass

from blurline.choice import Choice, choose
from blurline.doubt import Doubt, doubt
from blurline.photo import Photo
from blurline.policy import Policy
from blurline.redact import write
from blurline.settings import Settings
from models.look import Found, Look, look_for
from models.second_look import look_again


@dataclass(frozen=True, slots=True)
class Anonymized:
    """A checked file, the decision on each row that was found, and how much the result is to be doubted."""

    data: bytes
    choice: Choice
    doubt: Doubt


def anonymize(photo: Photo, policy: Policy | None = None, settings: Settings | None = None) -> Anonymized:
    """Find the faces of a photograph and destroy them by the policy.

    Raises ModelRejected or ConfigurationError when there is no such detector, OutputCheckFailed when a face still
    shows in the written file or it is not what was meant: then nothing may be published.
    """
    policy, settings = policy or Policy(), settings or Settings.model_construct()
    look = look_for(policy, settings)
    return finish(photo, look.found_in(photo), look, policy, settings)


def finish(photo: Photo, found: Found, look: Look, policy: Policy, settings: Settings) -> Anonymized:
    """The second half of `anonymize`: from what a look has found to the checked file."""
    choice = choose(found.rows, policy, look.threshold, photo.width_px, photo.height_px)
    written = write(photo, choice.faces, policy)
    shown = look_again(written.photo, choice, policy, settings)
    is_open = ~choice.is_destroyed & ~choice.is_left
    is_open &= choice.uncovered(found.rows, policy, photo.width_px, photo.height_px)
    least = look.threshold if policy.min_score is None else min(look.threshold, policy.min_score)
    in_doubt = doubt(found.rows[is_open, 4], found.best_scores[is_open], least, shown[:, 4])
    return Anonymized(written.data, choice, in_doubt)
