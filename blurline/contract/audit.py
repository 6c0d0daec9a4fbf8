"""The signed audit record of an image: the files, the model, the policy and the decisions behind its result.

The signature is a detached JWS (RFC 7515, RFC 7797) with Ed25519 over the record as canonical JSON: keys sorted, no
spaces. Reformatting a file keeps the signature valid; any other change breaks it.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from jwt.algorithms import OKPAlgorithm
from pydantic import BaseModel, ConfigDict, ValidationError

from blurline.access.signing_key import load_or_create_key
from blurline.contract import Decision, Detection, ImageState, Note, with_examples
from blurline.contract.deletion_proof import DeletionRecord, SignedDeletion
from blurline.errors import PermanentError

AUDIT_KEY_FILE = "audit_key.pem"
_ALGORITHM = "EdDSA"
_EXAMPLE: dict[str, Any] = {
    "record": {
        "format": "blurline-audit-1",
        "blurline_version": "0.1.0",
        "issued_at": "2026-11-25T14:20:00Z",
        "image_id": "0193f1a2-7c01-7abc-8def-0123456789ab",
        "job_id": "0193f1a2-7c00-7abc-8def-0123456789ab",
        "owner": "ann",
        "name": "market/a.jpg",
        "state": "published",
        "error_code": None,
        "original": {"sha256": "3f78…", "size_bytes": 3181044},
        "result": {"sha256": "9d1e…", "size_bytes": 3160211, "media_type": "image/jpeg"},
        "width_px": 4000,
        "height_px": 3000,
        "frames": 1,
        "policy": {"profile": "standard"},
        "model": {"name": "centerface", "sha256": "0918…"},
        "made_by_version": "0.2.0",
        "notes": [],
        "detections": [
            {"frame": 0, "x1": 812.5, "y1": 401.0, "x2": 903.2, "y2": 520.7, "score": 0.94, "destroyed": True}
        ],
        "decisions": [],
        "submitted_at": "2026-11-25T14:16:01Z",
        "finished_at": "2026-11-25T14:16:03Z",
    },
    "signature": "eyJhbGciOiJFZERTQSIs…..nJv5WCfDX9QN…",
}


class RecordRefused(PermanentError):
    """An audit record or deletion proof is not valid."""

    code = "record_refused"


class AuditedFile(BaseModel):
    """A file and its hash."""

    model_config = ConfigDict(extra="forbid")
    sha256: str
    size_bytes: int
    media_type: str | None = None


class AuditRecord(BaseModel):
    """What happened to an image, and why. ``made_by_version`` is the release that made the result, ``blurline_version``
    the release that issued the record."""

    model_config = ConfigDict(extra="forbid")
    format: Literal["blurline-audit-1"] = "blurline-audit-1"
    blurline_version: str
    issued_at: datetime
    image_id: UUID
    job_id: UUID
    owner: str
    name: str
    state: ImageState
    error_code: str | None
    original: AuditedFile | None
    result: AuditedFile | None
    width_px: int | None
    height_px: int | None
    frames: int | None
    policy: dict[str, Any] | None
    model: dict[str, Any] | None
    made_by_version: str | None = None
    notes: list[Note] = []
    detections: list[Detection]
    decisions: list[Decision]
    submitted_at: datetime
    finished_at: datetime | None


class SignedRecord(BaseModel):
    """An audit record and its signature: a detached JWS over the canonical JSON of `record`."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})
    record: AuditRecord
    signature: str


class AuditKey(BaseModel):
    """A public key (JWK, RFC 8037)."""

    kty: Literal["OKP"] = "OKP"
    crv: Literal["Ed25519"] = "Ed25519"
    use: Literal["sig"] = "sig"
    alg: Literal["EdDSA"] = "EdDSA"
    x: str
    kid: str


class AuditKeys(BaseModel):
    """The public keys that verify audit records (a JWK set)."""

    model_config = with_examples(
        {"keys": [AuditKey(x="11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", kid="kPrK…").model_dump()]}
    )
    keys: list[AuditKey]


class Auditor:
    """Signs records with the key in ``home``, which it creates (mode 0600) if there is none."""

    def __init__(self, home: Path) -> None:
        self._key = load_or_create_key(home / AUDIT_KEY_FILE)
        self.keys = AuditKeys(keys=[_public(self._key.public_key())])

    def sign(self, record: AuditRecord) -> SignedRecord:
        """Sign an audit record."""
        return SignedRecord(record=record, signature=self._signature(record))

    def sign_deletion(self, record: DeletionRecord) -> SignedDeletion:
        """Sign a deletion record."""
        return SignedDeletion(record=record, signature=self._signature(record))

    def _signature(self, record: AuditRecord | DeletionRecord) -> str:
        payload = _canonical(record.model_dump(mode="json"))
        headers = {"kid": self.keys.keys[0].kid, "typ": _TYPES[type(record)]}
        return jwt.PyJWS().encode(payload, self._key, _ALGORITHM, headers, is_payload_detached=True)


def verify(text: bytes, keys: Sequence[AuditKey]) -> AuditRecord | DeletionRecord:
    """Return the record in a file if one of the keys signed it. Raises RecordRefused."""
    try:
        given = json.loads(text, object_pairs_hook=_without_repetition)
        header = jwt.get_unverified_header(given["signature"])
        payload = _canonical(given["record"])
        if set(given) != {"record", "signature"}:
            raise RecordRefused("The file contains fields other than a record and its signature.")
    except (ValueError, TypeError, KeyError, RecursionError, jwt.PyJWTError) as error:
        raise RecordRefused("Not a Blurline audit record or deletion proof.") from error
    key = next((key for key in keys if key.kid == header.get("kid")), None)
    if key is None:
        raise RecordRefused(
            f"The record was signed with the key {header.get('kid')}, which is not among the given keys."
        )
    try:
        jwt.PyJWS().decode(
            given["signature"], jwt.PyJWK(key.model_dump()).key, algorithms=[_ALGORITHM], detached_payload=payload
        )
    except (jwt.PyJWTError, ValueError) as error:
        raise RecordRefused("The signature does not match: the record was changed after it was signed.") from error
    model = next((model for model, kind in _TYPES.items() if kind == header.get("typ")), None)
    if model is None:
        raise RecordRefused("The signature does not belong to an audit record or a deletion proof.")
    try:
        return model.model_validate(given["record"])
    except ValidationError as error:
        raise RecordRefused("The signed record comes from an incompatible version of Blurline.") from error


def public_keys(home: Path) -> AuditKeys | None:
    """The public keys of an installation's data folder; None if it has no key."""
    return Auditor(home).keys if (home / AUDIT_KEY_FILE).exists() else None


_TYPES: dict[type[AuditRecord | DeletionRecord], str] = {
    AuditRecord: "blurline-audit+jws",
    DeletionRecord: "blurline-deletion+jws",
}


def _public(key: Ed25519PublicKey) -> AuditKey:
    x = OKPAlgorithm.to_jwk(key, as_dict=True)["x"]
    thumbprint = hashlib.sha256(_canonical({"crv": "Ed25519", "kty": "OKP", "x": x})).digest()  # RFC 7638
    return AuditKey(x=x, kid=base64.urlsafe_b64encode(thumbprint).decode().rstrip("="))


def _canonical(record: Any) -> bytes:
    return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def _without_repetition(pairs: list[tuple[str, Any]]) -> Mapping[str, Any]:
    """A JSON object without duplicate keys, of which readers would see different values."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("duplicate key")
    return found
