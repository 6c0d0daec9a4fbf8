"""A result that fails its check is made once more with a stronger style, and published only if that one passes."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from blurline import Policy, Style, open_photo
from blurline.access.noise_key import NOISE_KEY_FILE, load_or_create_noise_key
from blurline.errors import OutputCheckFailed
from blurline.policy.profile import ProfileName
from blurline.policy.strengthened import strengthened
from blurline.settings import Settings
from models import Anonymized, anonymize
from tests.pictures import HOPPER

FAST = Policy(profile=ProfileName.FAST)


@pytest.fixture
def refuse(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Policy], bool]], list[Policy]]:
    """Have the check refuse results of some policies. Returns the policies of all attempts."""
    module = import_module("models.anonymize")  # `models.anonymize` is the function
    real = module.visible_faces

    def begin(is_refused: Callable[[Policy], bool]) -> list[Policy]:
        tried: list[Policy] = []

        def visible_faces(written: Any, choice: Any, policy: Policy, settings: Settings) -> Any:
            tried.append(policy)
            if is_refused(policy):
                raise OutputCheckFailed("A face is still visible in the written file.")
            return real(written, choice, policy, settings)

        monkeypatch.setattr(module, "visible_faces", visible_faces)
        return tried

    return begin


def treated(policy: Policy = FAST, **settings: Any) -> Anonymized:
    return anonymize(open_photo(HOPPER.read_bytes()), policy, Settings().replace(**settings))


def codes(done: Anonymized) -> list[str]:
    return [note.code for note in done.notes]


def test_the_second_attempt_is_stronger_and_says_so(refuse: Any, tmp_path: Path) -> None:
    tried = refuse(lambda policy: policy.style is Style.PIXELATE)
    done = treated(home=tmp_path)
    stronger = {"style": "solid", "cells_per_face": 1, "padding": 0.6}
    assert [policy.style for policy in tried] == [Style.PIXELATE, Style.SOLID]
    assert codes(done) == ["style_strengthened"] and done.made_with["stronger"] == stronger
    asked = treated(FAST.model_copy(update={"style": Style.SOLID, "cells_per_face": 1, "padding": 0.6}), home=tmp_path)
    assert "stronger" not in asked.made_with and codes(asked) == []


def test_nothing_that_the_check_refuses_is_returned(refuse: Any) -> None:
    tried = refuse(lambda _: True)
    with pytest.raises(OutputCheckFailed):
        treated()
    assert len(tried) == 2


def test_a_result_without_destroyed_faces_is_not_made_again(refuse: Any) -> None:
    """A stronger style would change nothing."""
    tried = refuse(lambda _: True)
    with pytest.raises(OutputCheckFailed):
        treated(FAST.model_copy(update={"min_score": 0.99}))
    assert len(tried) == 1


def test_the_stronger_style_is_an_allowed_one(refuse: Any) -> None:
    refuse(lambda policy: policy.cells_per_face > 1)
    assert treated(FAST, allowed_styles=("pixelate", "blur")).made_with["stronger"]["style"] == "pixelate"


def test_the_strongest_policy_is_not_tried_twice(refuse: Any) -> None:
    strongest = strengthened(FAST)
    assert strongest is not None and strengthened(strongest) is None
    tried = refuse(lambda _: True)
    with pytest.raises(OutputCheckFailed):
        treated(strongest)
    assert len(tried) == 1


def test_a_kept_key_makes_results_of_an_installation_equal(tmp_path: Path) -> None:
    key = load_or_create_noise_key(tmp_path / "one" / NOISE_KEY_FILE)
    load_or_create_noise_key(tmp_path / "other" / NOISE_KEY_FILE)
    one, again, other, none = (treated(home=tmp_path / name) for name in ("one", "one", "other", "none"))
    assert one.data == again.data
    assert one.data not in (other.data, none.data)
    assert (one.made_with["noise_key"], none.made_with["noise_key"]) == (key.id, None)
