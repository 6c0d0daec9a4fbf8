"""Blurline finds and destroys the faces in photographs before anyone publishes them.

As a library::

    from blurline import Policy, open_photo
    from models import anonymize

    done = anonymize(open_photo(data), Policy())
    done.data, done.faces, done.doubt
"""

from blurline.box import Box, Face
from blurline.errors import BlurlineError, PermanentError, RetryableError
from blurline.limits import Limits
from blurline.picture.decode import open_photo
from blurline.picture.photo import Format, Frame, Photo
from blurline.picture.redact import redact
from blurline.policy import Policy, Style
from blurline.policy.profile import ProfileName

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
    "open_photo",
    "redact",
]
