"""Blurline finds and destroys the faces in photographs before anyone publishes them.

As a library::

    from blurline import Policy, anonymize, open_photo

    done = anonymize(open_photo(data), Policy())
    done.data, done.faces, done.doubt

The names load on first use: a program that only needs the settings or the client loads no picture library.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from blurline.box import Box, Face
    from blurline.errors import BlurlineError, PermanentError, RetryableError
    from blurline.limits import Limits
    from blurline.picture.decode import open_photo
    from blurline.picture.photo import Format, Frame, Photo
    from blurline.picture.redact import redact
    from blurline.policy import Policy, Style
    from blurline.policy.profile import ProfileName
    from models.anonymize import anonymize

__all__ = [
    "BlurlineError",
    "Box",
    "Face",
    "Format",
    "Frame",
    "Limits",
    "PermanentError",
    "Photo",
    "Policy",
    "ProfileName",
    "RetryableError",
    "Style",
    "anonymize",
    "open_photo",
    "redact",
]

_MODULES = {
    "BlurlineError": "blurline.errors",
    "Box": "blurline.box",
    "Face": "blurline.box",
    "Format": "blurline.picture.photo",
    "Frame": "blurline.picture.photo",
    "Limits": "blurline.limits",
    "PermanentError": "blurline.errors",
    "Photo": "blurline.picture.photo",
    "Policy": "blurline.policy",
    "ProfileName": "blurline.policy.profile",
    "RetryableError": "blurline.errors",
    "Style": "blurline.policy",
    "anonymize": "models.anonymize",
    "open_photo": "blurline.picture.decode",
    "redact": "blurline.picture.redact",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_MODULES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
