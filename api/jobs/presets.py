"""Presets: named policies."""

from __future__ import annotations

from fastapi import APIRouter

from api.dependencies import Context, Ctx, Operator, Who
from api.http.problems import ApiProblem, problem_responses
from blurline.contract import Preset, PresetName, PresetRequest, Presets
from blurline.policy.least_policy import at_least, check_asked
from blurline.policy.presets import PRESETS
from sql.jobs.presets import PresetRow, list_presets, put_preset
from sql.jobs.presets import delete_preset as delete

router = APIRouter(prefix="/v1/presets", tags=["presets"])


@router.get("")
def get_presets(context: Ctx, _: Who) -> Presets:
    """List the built-in presets, then the operators' presets by name, each with its policy raised to what the
    installation demands."""
    builtin = [
        _view(context, PresetRow(name, description, policy), is_builtin=True)
        for name, (description, policy) in PRESETS.items()
    ]
    return Presets(presets=[*builtin, *(_view(context, row) for row in list_presets(context.database))])


@router.put("/{name}", responses=problem_responses("preset_is_builtin", "policy_below_least", "unknown_class"))
def set_preset(context: Ctx, who: Operator, name: PresetName, request: PresetRequest) -> Preset:
    """Create or change a preset. Existing jobs keep their policy."""
    _check_own(name)
    check_asked(request.policy, context.settings)
    row = PresetRow(name, request.description, request.policy)
    put_preset(context.database, row, who.owner)
    return _view(context, row)


@router.delete("/{name}", status_code=204, responses=problem_responses("not_found", "preset_is_builtin"))
def delete_preset(context: Ctx, _: Operator, name: PresetName) -> None:
    """Delete a preset."""
    _check_own(name)
    if not delete(context.database, name):
        raise ApiProblem("not_found", f"There is no preset {name!r}.")


def _check_own(name: str) -> None:
    if name in PRESETS:
        raise ApiProblem(
            "preset_is_builtin", f"The preset {name!r} is built in and cannot be changed. Choose another name."
        )


def _view(context: Context, row: PresetRow, *, is_builtin: bool = False) -> Preset:
    policy = at_least(row.policy, context.settings).model_dump(mode="json")
    return Preset(name=row.name, description=row.description, policy=policy, is_builtin=is_builtin)
