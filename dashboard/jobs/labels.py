"""Labels as people write them: `assignment=4711, desk=news`."""

from __future__ import annotations

from blurline.errors import PermanentError


class NotLabels(PermanentError):
    """What was written is no list of labels."""

    code = "not_labels"


def parse_labels(text: str) -> dict[str, str]:
    """The labels by name. Raises NotLabels."""
    labels: dict[str, str] = {}
    for pair in filter(None, map(str.strip, text.split(","))):
        name, equals, value = pair.partition("=")
        if not equals or not name.strip():
            raise NotLabels(f"“{pair}” is no label. Write `name=value`, separated by commas.")
        labels[name.strip()] = value.strip()
    return labels


def written(labels: dict[str, str]) -> str:
    """The reverse."""
    return ", ".join(f"{name}={value}" for name, value in sorted(labels.items()))
