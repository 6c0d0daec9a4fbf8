"""Advice on images that are not published, by error code (docs/errors.md)."""

from __future__ import annotations

from blurline.error_codes import ERROR_CODES


def advice(code: str) -> str:
    """Advice for the submitter. A newer API may send a code that this release does not know."""
    known = ERROR_CODES.get(code)
    return known.advice if known else "Re-run the image. If it fails again, tell the operator."
