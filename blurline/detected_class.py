"""The classes of detected boxes, by name. A face is one; an operator's detectors find others, as number plates."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

FACE = "face"
"""The class that Blurline itself detects."""

ClassName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_\-]*$", max_length=40)]
"""The name of a class: small letters, digits, ``-`` and ``_``, first a letter."""
