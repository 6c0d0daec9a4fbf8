"""`blurline verify`: check an audit record or a deletion proof, and pictures against it."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Annotated

import httpx
import typer
from pydantic import ValidationError

from blurline.access.noise_key import load_noise_key, load_or_create_noise_key
from blurline.contract.audit import AuditedFile, AuditKeys, AuditRecord, public_keys
from blurline.contract.audit import verify as verified
from blurline.contract.deletion_proof import DeletionRecord
from blurline.errors import ConfigurationError
from blurline.settings import load_settings

_CHUNK_BYTES = 1 << 20
_TIMEOUT_S = 30


def verify(
    file: Annotated[
        Path,
        typer.Argument(
            help="An audit record (`GET /v1/images/{id}/audit`) or deletion proof (`GET /v1/deletions/{id}/proof`).",
            exists=True,
        ),
    ],
    result: Annotated[
        Path | None, typer.Option(help="A picture to compare with the published result.", exists=True, dir_okay=False)
    ] = None,
    original: Annotated[
        Path | None, typer.Option(help="A picture to compare with the original.", exists=True, dir_okay=False)
    ] = None,
    reproduce: Annotated[
        bool, typer.Option("--reproduce", help="Make the result again from --original, and compare the bytes.")
    ] = False,
    noise_key: Annotated[
        Path | None,
        typer.Option(
            help="The noise key of the result, with --reproduce. Default: the key in BLURLINE_HOME.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    keys: Annotated[
        str | None,
        typer.Option(help="Public keys: a file, or https://…/v1/audit-keys. Default: the key in BLURLINE_HOME."),
    ] = None,
) -> None:
    """Verify the signature of an audit record or deletion proof, and compare pictures with it.

    With --reproduce, make the result of an audit record again: with the same noise key, release, model and kind of CPU,
    it has the same bytes. What differs is listed. The exit code is 0 when everything matches and 1 otherwise.
    """
    record = verified(file.read_bytes(), _keys(keys).keys)
    typer.echo(f"{_mark(is_right=True)} {file} has a valid signature of Blurline {record.blurline_version}")
    if isinstance(record, DeletionRecord):
        known = {
            "result": [image.result.sha256 for image in record.images if image.result],
            "original": [image.original.sha256 for image in record.images if image.original],
        }
        summary = _summary_of_deletion(record)
    else:
        known = {"result": _hash(record.result), "original": _hash(record.original)}
        summary = _summary(record)
    given = (("result", result), ("original", original))
    is_right = [_is_known(role, path, known[role]) for role, path in given if path is not None]
    if reproduce:
        is_right.append(_is_reproduced(record, original, noise_key))
    typer.echo(summary)
    sys.exit(0 if all(is_right) else 1)


def _is_reproduced(record: AuditRecord | DeletionRecord, original: Path | None, noise_key: Path | None) -> bool:
    """Make the result again and say how it compares. Raises ConfigurationError, and what `reproduce` raises."""
    from models.reproduce import reproduce

    if isinstance(record, DeletionRecord) or original is None:
        raise ConfigurationError("--reproduce needs an audit record, and the original picture as --original.")
    settings = load_settings()
    key = load_noise_key(settings.home) if noise_key is None else load_or_create_noise_key(noise_key)
    outcome = reproduce(record, original.read_bytes(), settings, key)
    says = "has" if outcome.has_same_bytes else "does not have"
    typer.echo(f"{_mark(is_right=outcome.has_same_bytes)} the result made again {says} the recorded bytes")
    if outcome.has_same_boxes is None:
        typer.echo("     a reviewer marked the boxes, so detections are not compared")
    else:
        says = "finds" if outcome.has_same_boxes else "does not find"
        typer.echo(f"{_mark(is_right=outcome.has_same_boxes)} the detector {says} the recorded boxes again")
    for difference in outcome.differences:
        typer.echo(f"     {difference}")
    return outcome.has_same_bytes and outcome.has_same_boxes is not False


def _hash(file: AuditedFile | None) -> list[str | None]:
    return [file.sha256] if file else []


def _is_known(role: str, path: Path, known: list[str | None]) -> bool:
    if not known:
        typer.echo(f"{_mark(is_right=False)} {path}: the record has no {role}")
        return False
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    is_right = digest.hexdigest() in known
    says = f"is the {role} of the record" if is_right else f"is not the {role} of the record: the sha256 differs"
    typer.echo(f"{_mark(is_right=is_right)} {path} {says}")
    return is_right


def _summary(record: AuditRecord) -> str:
    destroyed = sum(box.destroyed for box in record.detections)
    model = record.model or {}
    lines = {
        "image": f"{record.name} ({record.image_id}) of {record.owner}",
        "state": record.state + (f" ({record.error_code})" if record.error_code else ""),
        "submitted": f"{record.submitted_at:%Y-%m-%d %H:%M:%S %Z}",
        "finished": f"{record.finished_at:%Y-%m-%d %H:%M:%S %Z}" if record.finished_at else "not yet",
        "model": f"{model.get('name', 'none')} (sha256 {model.get('sha256', 'none')})",
        "boxes": f"{destroyed} destroyed, {len(record.detections) - destroyed} left",
        "decisions": ", ".join(f"{each.kind} by {each.reviewer}" for each in record.decisions) or "none",
    }
    return "\n".join(f"     {name}: {value}" for name, value in lines.items())


def _summary_of_deletion(record: DeletionRecord) -> str:
    confirmed = sum(image.confirmed_at is not None for image in record.images)
    what = {"all": "everything", "originals": "originals", "results": "results"}[record.parts]
    lines = {
        "deleted": f"{what} of {len(record.images)} images of job {record.job_id} of {record.owner}",
        "when": f"{record.deleted_at:%Y-%m-%d %H:%M:%S %Z}, completed {record.completed_at:%Y-%m-%d %H:%M:%S %Z}",
        "why": f"{record.reason}, by {record.requested_by}",
        "store": f"{record.objects_removed} objects removed; afterwards the store served none of {confirmed} images",
    }
    if imported := sum(image.source is not None for image in record.images):
        lines["sources"] = f"the originals of {imported} imported images stay in their sources"
    return "\n".join(f"     {name}: {value}" for name, value in lines.items())


def _keys(source: str | None) -> AuditKeys:
    """Load the public keys. Raises ConfigurationError when there are none."""
    if source is None:
        home = load_settings().home
        found = public_keys(home)
        if found is None:
            raise ConfigurationError(f"{home} contains no audit key. Give the public keys with --keys.")
        return found
    try:
        if source.startswith(("http://", "https://")):
            text = httpx.get(source, timeout=_TIMEOUT_S).raise_for_status().content
        else:
            text = Path(source).read_bytes()
        return AuditKeys.model_validate_json(text)
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValidationError) as error:
        raise ConfigurationError(f"{source} contains no readable public keys of Blurline: {error}") from error


def _mark(*, is_right: bool) -> str:
    return typer.style("ok  ", fg="green") if is_right else typer.style("FAIL", fg="red")
