"""What to do about an image that is not published, by the code of its error (docs/errors.md)."""

from __future__ import annotations

from blurline.error_codes import ERROR_CODES


def advice(code: str) -> str:
    """A sentence for the submitter of the image. A newer API may send a code that this release does not know."""
    known = ERROR_CODES.get(code)
    return known.advice if known else "Re-run the image; if it fails again, tell the operator."
