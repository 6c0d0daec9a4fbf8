"""`blurline verify`: check an audit record, and a picture against it."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Annotated

import httpx
import typer
from pydantic import ValidationError

from blurline.audit import AuditedFile, AuditKeys, AuditRecord, public_keys
from blurline.audit import verify as verified
from blurline.errors import ConfigurationError
from blurline.settings import load_settings

_CHUNK_BYTES = 1 << 20
_TIMEOUT_S = 30


def verify(
    file: Annotated[
        Path, typer.Argument(help="An audit record, as `GET /v1/images/{id}/audit` gives it.", exists=True)
    ],
    result: Annotated[
        Path | None, typer.Option(help="A picture that should be the published result.", exists=True, dir_okay=False)
    ] = None,
    original: Annotated[
        Path | None, typer.Option(help="A picture that should be the original.", exists=True, dir_okay=False)
    ] = None,
    keys: Annotated[
        str | None,
        typer.Option(help="Public keys: a file, or https://…/v1/audit-keys. The key in BLURLINE_HOME when absent."),
    ] = None,
) -> None:
    """Check that an audit record is as it was signed, and that pictures are those that it speaks of.

    The exit code is 0 when everything is right and 1 when anything is not.
    """
    record = verified(file.read_bytes(), _keys(keys).keys)
    typer.echo(f"{_mark(is_right=True)} {file} is as it was signed, by Blurline {record.blurline_version}")
    checks = [("result", result, record.result), ("original", original, record.original)]
    is_right = [_is_same(role, path, known) for role, path, known in checks if path is not None]
    typer.echo(_summary(record))
    sys.exit(0 if all(is_right) else 1)


def _is_same(role: str, path: Path, known: AuditedFile | None) -> bool:
    if known is None:
        typer.echo(f"{_mark(is_right=False)} {path}: the record knows of no {role}")
        return False
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    is_right = digest.hexdigest() == known.sha256
    says = f"is the {role} of the record" if is_right else f"is not the {role} of the record: its sha256 is another"
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


def _keys(source: str | None) -> AuditKeys:
    """Raises ConfigurationError when there are none."""
    if source is None:
        home = load_settings().home
        found = public_keys(home)
        if found is None:
            raise ConfigurationError(f"There is no audit key in {home}. Say with --keys where the public keys are.")
        return found
    try:
        if source.startswith(("http://", "https://")):
            text = httpx.get(source, timeout=_TIMEOUT_S).raise_for_status().content
        else:
            text = Path(source).read_bytes()
        return AuditKeys.model_validate_json(text)
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValidationError) as error:
        raise ConfigurationError(f"{source} holds no public keys of Blurline that could be read: {error}") from error


def _mark(*, is_right: bool) -> str:
    return typer.style("ok  ", fg="green") if is_right else typer.style("FAIL", fg="red")
