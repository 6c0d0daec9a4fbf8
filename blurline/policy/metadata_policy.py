"""The metadata policy, separate from the code that applies it, so that policies load no picture library."""

from __future__ import annotations

from enum import StrEnum


class MetadataPolicy(StrEnum):
    """Which metadata a result keeps."""

    STRIP = "strip"
    SAFE = "safe"
    MAPPING = "mapping"
