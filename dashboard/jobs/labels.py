"""Labels as people write them: `assignment=4711, desk=news`."""

from __future__ import annotations

from blurline.errors import PermanentError


class NotLabels(PermanentError):
    """The text is not a list of labels."""

    code = "not_labels"


def parse_labels(text: str) -> dict[str, str]:
    """Parse labels. Raises NotLabels."""
    labels: dict[str, str] = {}
    for pair in filter(None, map(str.strip, text.split(","))):
        name, equals, value = pair.partition("=")
        if not equals or not name.strip():
            raise NotLabels(f"“{pair}” is not a label. Write labels as `name=value`, separated by commas.")
        labels[name.strip()] = value.strip()
    return labels


def written(labels: dict[str, str]) -> str:
    """The labels as text: the inverse of `parse_labels`."""
    return ", ".join(f"{name}={value}" for name, value in sorted(labels.items()))
