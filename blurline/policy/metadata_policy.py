"""The policy for metadata, apart from the code that applies it: naming a policy loads no picture library."""

from __future__ import annotations

from enum import StrEnum


class MetadataPolicy(StrEnum):
    """What of a file's metadata its result keeps."""

    STRIP = "strip"
    SAFE = "safe"
    MAPPING = "mapping"
