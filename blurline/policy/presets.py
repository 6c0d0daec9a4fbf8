"""Built-in presets. Operators add their own over the API."""

from __future__ import annotations

from types import MappingProxyType

from blurline.policy import Policy, Review, Style
from blurline.policy.metadata_policy import MetadataPolicy
from blurline.policy.profile import ProfileName

DEFAULT = "default"

PRESETS = MappingProxyType(
    {
        DEFAULT: ("Destroys what the standard profile finds; no metadata passes.", Policy()),
        "fast": ("For large faces and much material: the fast profile.", Policy(profile=ProfileName.FAST)),
        "careful": (
            "For publication: the thorough profile, and a person looks at what is doubtful.",
            Policy(profile=ProfileName.THOROUGH, review=Review.DOUBTFUL),
        ),
        "street": (
            "For street imagery: time and position of the picture are kept.",
            Policy(metadata=MetadataPolicy.MAPPING),
        ),
        "solid": ("Leaves nothing but one colour where a face was.", Policy(style=Style.SOLID)),
    }
)
"""Name -> description and policy."""
