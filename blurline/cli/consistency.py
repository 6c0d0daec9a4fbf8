"""`blurline consistency`: compare the store with the database and repair what differs."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from blurline.settings import load_settings
from blurline.storage.inventory import ImageBucket

if TYPE_CHECKING:
    from sql.upkeep.consistency import Findings, Repairs

_SHOWN = 20
_LISTED = 1000
_REPAIRED_AT_MOST = 1_000_000


def consistency(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print everything as JSON, with the first 1,000 keys.")
    ] = False,
    repair: Annotated[
        bool,
        typer.Option(
            "--repair", help="Remove objects that no row names, and mark images whose original or result is missing."
        ),
    ] = False,
) -> None:
    """Compare originals and results in the store with the rows of the database. Only reads, unless told to repair.

    The exit code is 0 when they agree or were repaired, and 1 when they differ. An object younger than uploads are kept
    may belong to running work and does not count as a difference.
    """
    from blurline.storage.store import Store
    from sql.engine.database import Database, check_connection
    from sql.upkeep.consistency import grace_s, inspect, repair_bucket

    settings = load_settings()
    check_connection(settings.database.conninfo)
    database, store = (
        Database(settings.database.conninfo, max_connections=2),
        Store(settings),
    )
    try:
        most = _REPAIRED_AT_MOST if repair else _LISTED
        found = [inspect(database, store, bucket, grace_s(settings), most) for bucket in ImageBucket]
        repairs = [repair_bucket(database, store, findings) for findings in found] if repair else [None] * len(found)
    finally:
        store.close()
        database.close()
    if as_json:
        typer.echo(json.dumps([_as_json(*each) for each in zip(found, repairs, strict=True)], indent=1))
    else:
        for each in zip(found, repairs, strict=True):
            typer.echo("\n".join(_lines(*each)))
    is_right = all(findings.differences == 0 for findings in found)
    sys.exit(0 if is_right or repair else 1)


def _lines(findings: Findings, repairs: Repairs | None) -> list[str]:
    mark = typer.style("FAIL", fg="red") if findings.differences else typer.style("ok  ", fg="green")
    lines = [
        f"{mark} {findings.bucket}: {findings.objects} objects, {findings.images} images",
        f"     {findings.orphan_count} objects that no row names ({findings.orphan_bytes / 1e6:.1f} MB)",
        *_some([each.key for each in findings.orphans]),
        f"     {findings.missing_count} images whose object is missing",
        *_some([f"{each.image_id} ({each.key})" for each in findings.missing]),
    ]
    others = {
        "images already marked as missing their object": findings.known_missing,
        "images whose missing object is back": findings.returned_count,
        "objects too young to judge": findings.young,
        "objects with foreign keys, left alone": findings.foreign,
    }
    lines += [f"     {count} {what}" for what, count in others.items() if count]
    if repairs is not None:
        noted = repairs.missing_noted + repairs.returned_noted
        lines.append(f"     repaired: {repairs.orphans_removed} objects removed, {noted} images updated")
    return lines


def _some(names: list[str]) -> list[str]:
    more = [f"         and {len(names) - _SHOWN} more"] if len(names) > _SHOWN else []
    return [f"         {name}" for name in names[:_SHOWN]] + more


def _as_json(findings: Findings, repairs: Repairs | None) -> dict[str, Any]:
    from dataclasses import asdict

    counts = {name: value for name, value in asdict(findings).items() if not isinstance(value, list)}
    counts.pop("listed_at_most")
    return {
        **counts,
        "orphans": [each.key for each in findings.orphans[:_LISTED]],
        "missing": [{"image_id": str(each.image_id), "key": each.key} for each in findings.missing[:_LISTED]],
        "returned": [{"image_id": str(each.image_id), "key": each.key} for each in findings.returned[:_LISTED]],
        "mended": asdict(repairs) if repairs else None,
    }
