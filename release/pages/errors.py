"""The tables of docs/errors.md."""

from __future__ import annotations

from blurline.error_codes import ERROR_CODES, Place
from release.pages.tables import code, table


def error_tables() -> str:
    """All error codes, by the place where they appear."""
    answers = [
        [code(name), str(each.status), each.meaning, each.advice]
        for name, each in ERROR_CODES.items()
        if each.status is not None
    ]
    return "\n\n".join(
        [
            "## Answers of the API",
            table(["code", "status", "meaning", "what to do"], answers),
            "## Images",
            "An image that is `failed` or `needs_review` says why in `error.code` and, in a sentence, in\n"
            "`error.message`.",
            _table(Place.IMAGE),
            "## Programs",
            "The command line, the Python client, the dashboard and the logs also use these codes.",
            _table(Place.PROGRAM),
        ]
    )


def _table(place: Place) -> str:
    rows = [[code(name), each.meaning, each.advice] for name, each in ERROR_CODES.items() if place in each.places]
    return table(["code", "meaning", "what to do"], rows)
