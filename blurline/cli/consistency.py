"""`blurline consistency`: compare the store with the database, and mend what differs."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from blurline.settings import load_settings
from blurline.storage.inventory import Bucket

if TYPE_CHECKING:
    from sql.upkeep.consistency import Findings, Mended

_SHOWN = 20
_LISTED = 1000
_MENDED_AT_MOST = 1_000_000


def consistency(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print everything as JSON, with the first 1,000 keys.")
    ] = False,
    repair: Annotated[
        bool,
        typer.Option(
            "--repair", help="Remove what no row names; have images say that their original or result is gone."
        ),
    ] = False,
) -> None:
    """Compare originals and results in the store with the rows of the database. Reads only, unless told to repair.

    The exit code is 0 when they agree (or were made to) and 1 when they do not. What is younger than uploads are kept
    may still be under way and counts as no difference.
    """
    from blurline.storage.store import Store
    from sql.engine.database import Database
    from sql.upkeep.consistency import grace_s, inspect, mend

    settings = load_settings()
    database, store = Database(settings.database, max_connections=2), Store(settings)
    try:
        most = _MENDED_AT_MOST if repair else _LISTED
        found = [inspect(database, store, bucket, grace_s(settings), most) for bucket in Bucket]
        mended = [mend(database, store, findings) for findings in found] if repair else [None] * len(found)
    finally:
        store.close()
        database.close()
    if as_json:
        typer.echo(json.dumps([_as_json(*each) for each in zip(found, mended, strict=True)], indent=1))
    else:
        for each in zip(found, mended, strict=True):
            typer.echo("\n".join(_lines(*each)))
    is_right = all(findings.differences == 0 for findings in found)
    sys.exit(0 if is_right or repair else 1)


def _lines(findings: Findings, mended: Mended | None) -> list[str]:
    mark = typer.style("FAIL", fg="red") if findings.differences else typer.style("ok  ", fg="green")
    lines = [
        f"{mark} {findings.bucket}: {findings.objects} objects, {findings.images} images",
        f"     {findings.orphan_count} objects that no row names ({findings.orphan_bytes / 1e6:.1f} MB)",
        *_some([each.key for each in findings.orphans]),
        f"     {findings.missing_count} images whose object is missing",
        *_some([f"{each.image_id} ({each.key})" for each in findings.missing]),
    ]
    others = {
        "images that say already that their object is missing": findings.known_missing,
        "images whose object is there again": findings.returned_count,
        "objects that are not named yet, because they are young": findings.young,
        "objects with foreign keys, which are left alone": findings.foreign,
    }
    lines += [f"     {count} {what}" for what, count in others.items() if count]
    if mended is not None:
        noted = mended.missing_noted + mended.returned_noted
        lines.append(f"     mended: {mended.orphans_removed} objects removed, {noted} images say what they have")
    return lines


def _some(names: list[str]) -> list[str]:
    more = [f"         and {len(names) - _SHOWN} more"] if len(names) > _SHOWN else []
    return [f"         {name}" for name in names[:_SHOWN]] + more


def _as_json(findings: Findings, mended: Mended | None) -> dict[str, Any]:
    from dataclasses import asdict

    counts = {name: value for name, value in asdict(findings).items() if not isinstance(value, list)}
    counts.pop("listed_at_most")
    return {
        **counts,
        "orphans": [each.key for each in findings.orphans[:_LISTED]],
        "missing": [{"image_id": str(each.image_id), "key": each.key} for each in findings.missing[:_LISTED]],
        "returned": [{"image_id": str(each.image_id), "key": each.key} for each in findings.returned[:_LISTED]],
        "mended": asdict(mended) if mended else None,
    }
