"""Presets that operators have added to the built-in ones."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg.types.json import Jsonb

from blurline.policy import Policy
from sql.engine.database import Database


@dataclass(frozen=True, slots=True)
class PresetRow:
    """An operator's preset."""

    name: str
    description: str
    policy: Policy


def list_presets(database: Database) -> list[PresetRow]:
    """The presets by name."""
    with database.transaction() as transaction:
        return [_preset(row) for row in transaction.all("presets", name=None)]


def find_preset(database: Database, name: str) -> PresetRow | None:
    """The preset, or None."""
    with database.transaction() as transaction:
        row = transaction.one("presets", name=name)
    return _preset(row) if row else None


def put_preset(database: Database, preset: PresetRow, updated_by: str) -> None:
    """Create the preset or replace the one with its name. Existing jobs keep their policy."""
    with database.transaction() as transaction:
        transaction.run(
            "put_preset",
            name=preset.name,
            description=preset.description,
            policy=Jsonb(preset.policy.model_dump(mode="json", exclude_unset=True)),
            updated_by=updated_by,
        )


def delete_preset(database: Database, name: str) -> bool:
    """Delete the preset. False if there is none."""
    with database.transaction() as transaction:
        return transaction.run("delete_preset", name=name) > 0


def _preset(row: dict[str, object]) -> PresetRow:
    return PresetRow(str(row["name"]), str(row["description"]), Policy.model_validate(row["policy"]))
