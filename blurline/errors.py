"""Every error that Blurline raises on purpose, in one tree of two families.

BlurlineError
├── PermanentError            the input or the request is at fault; trying again cannot help
│   ├── PictureError          the picture cannot be treated
│   │   ├── EmptyFile
│   │   ├── UnsupportedFormat
│   │   ├── UnreadablePicture
│   │   ├── TooManyFrames
│   │   ├── PictureTooLarge
│   │   └── DecodedTooSlowly
│   ├── ObjectMissing         no object is stored under the key
│   ├── AddressRefused        a URL leads to where we must not go
│   ├── NotServed             a URL leads to a server that does not serve what was asked for
│   ├── OutputCheckFailed     our own output did not pass its check; nothing is published
│   ├── MarkMisses            a box that a reviewer marked covers no pixel; nothing is published
│   ├── ModelRejected         a model file is wrong, corrupt or of an unknown shape
│   └── ConfigurationError    settings or environment; the message says what to change
└── RetryableError            we or the network are at fault; Prefect tries again
    ├── StoreUnavailable
    ├── DatabaseUnavailable
    └── HostUnavailable       the server of a URL did not answer

The family decides whether Prefect retries; ``code`` is stable and is what API clients and the
dashboard switch on; the message is a sentence for the person who sent the picture.
"""

from __future__ import annotations

from typing import ClassVar


class BlurlineError(Exception):
    """Base of every error of ours."""

    code: ClassVar[str] = "internal"


class PermanentError(BlurlineError):
    """Trying again cannot help."""

    code = "permanent"


class RetryableError(BlurlineError):
    """Trying again may help."""

    code = "retryable"


class PictureError(PermanentError):
    """The picture cannot be treated; the message tells its owner why and what to do."""

    code = "picture"


class EmptyFile(PictureError):
    """The file has no bytes."""

    code = "empty_file"


class UnsupportedFormat(PictureError):
    """The content is not one of the formats that Blurline reads."""

    code = "unsupported_format"


class UnreadablePicture(PictureError):
    """The content starts like a picture but cannot be decoded to its end."""

    code = "unreadable_picture"


class TooManyFrames(PictureError):
    """The file holds more frames or pages than can be treated."""

    code = "too_many_frames"


class PictureTooLarge(PictureError):
    """The file or the picture is over a limit that the settings give."""

    code = "picture_too_large"


class DecodedTooSlowly(PictureError):
    """Decoding the picture takes longer than a limit that the settings give."""

    code = "decoded_too_slowly"


class ObjectMissing(PermanentError):
    """No object is stored under the key."""

    code = "object_missing"


class AddressRefused(PermanentError):
    """A URL leads to an address that may not be reached, or is not of a form that is accepted."""

    code = "address_refused"


class NotServed(PermanentError):
    """The server of a URL answered, but not with what was asked for."""

    code = "url_not_served"


class OutputCheckFailed(PermanentError):
    """The written file did not pass the check that stands before publication."""

    code = "output_check_failed"


class MarkMisses(PermanentError):
    """A box that a reviewer marked covers no pixel of the picture."""

    code = "mark_misses"


class ModelRejected(PermanentError):
    """A model file is missing, corrupt, or not of a shape that Blurline can read."""

    code = "model_rejected"


class ConfigurationError(PermanentError):
    """A setting or the environment is wrong."""

    code = "configuration"


class StoreUnavailable(RetryableError):
    """The S3 store did not answer, or answered that it cannot at the moment."""

    code = "store_unavailable"


class DatabaseUnavailable(RetryableError):
    """PostgreSQL did not answer, or ended the connection."""

    code = "database_unavailable"


class HostUnavailable(RetryableError):
    """The server of a URL did not answer, or answered that it cannot at the moment."""

    code = "host_unavailable"
