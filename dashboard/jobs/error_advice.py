"""What an error code means and what to do about it (docs/errors.md). A newer API may send an unknown code."""

from __future__ import annotations

from blurline.error_codes import ERROR_CODES


def advice(code: str) -> str:
    """Advice for the submitter."""
    known = ERROR_CODES.get(code)
    return known.advice if known else "Re-run the image. If it fails again, tell the operator."


def meaning(code: str) -> str:
    """What happened, as a sentence."""
    known = ERROR_CODES.get(code)
    return known.meaning if known else "An unexpected error occurred. Search the log for this code."
