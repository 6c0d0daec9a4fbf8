"""What an error code means and what to do about it (docs/errors.md). A newer API may send an unknown code."""

from __future__ import annotations

import re

from blurline.contract import ImageError
from blurline.error_codes import ERROR_CODES
from dashboard.states import sentence

_REJECTED = "A reviewer rejected the result"
# How a sentence begins that says what to do.
_REMEDY = re.compile(
    r"(?:^|[.;:] )(?:Ask|Change|Check|Choose|Convert|Correct|Crop|Draw|Export|Follow|Install|Look|Name|Put|Re-run|"
    r"Reduce|Reload|Remove|Resize|Save|Scale|Send|Set|Split|Start|Submit|Tell|Try|Upload|Use|Wait)\b"
)


def advice(error: ImageError) -> str:
    """Advice for the submitter; empty if the message of the error gives it."""
    if _REMEDY.search(error.message):
        return ""
    known = ERROR_CODES.get(error.code)
    return known.advice if known else "Re-run the image. If it fails again, tell the operator."


def error_sentence(error: ImageError) -> str:
    """What happened to the image, as sentences. The message of a rejection is the reviewer's note, if there is one."""
    if error.code == "rejected" and not error.message.startswith(_REJECTED):
        return f"{_REJECTED}: “{error.message}”"
    return sentence(error.message)


def meaning(code: str) -> str:
    """What happened, as a sentence."""
    known = ERROR_CODES.get(code)
    return known.meaning if known else "An unexpected error occurred. Search the log for this code."
