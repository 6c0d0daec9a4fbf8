"""The two families of errors, and the errors of the core. Other modules derive their own from the same families.

BlurlineError
├── PermanentError            the input or the request is at fault; trying again cannot help
│   ├── PictureError          the picture cannot be processed
│   │   ├── EmptyFile
│   │   ├── UnsupportedFormat
│   │   ├── UnreadablePicture
│   │   ├── TooManyFrames
│   │   ├── PictureTooLarge
│   │   └── DecodedTooSlowly
│   ├── ObjectMissing         no object is stored under the key
│   ├── OriginalChanged       another file is stored than was submitted
│   ├── SourceRefused         a source of imports does not hand out an object
│   ├── AddressRefused        a URL leads to an address that is not allowed
│   ├── NotServed             the server of a URL answers, but not with the file
│   ├── OutputCheckFailed     the output did not pass its check; nothing is published
│   ├── MarkMisses            a box that a reviewer marked covers no pixel; nothing is published
│   ├── ModelRejected         a model file is missing, corrupt or of an unknown shape
│   ├── DetectorMissing       a policy destroys a class for which the worker has no detector
│   └── ConfigurationError    settings or environment; the message says what to change
└── RetryableError            the service or the network is at fault; Prefect retries
    ├── StoreUnavailable
    │   └── SourceUnavailable a source of imports did not answer
    ├── DatabaseUnavailable
    └── HostUnavailable       the server of a URL did not answer

The family decides whether Prefect retries. ``code`` is stable: API clients and the dashboard depend on it.
The message is for the person who submitted the picture.
"""

from __future__ import annotations

from typing import ClassVar


class BlurlineError(Exception):
    """Base of every error that Blurline raises on purpose."""

    code: ClassVar[str] = "internal"


class PermanentError(BlurlineError):
    """Trying again cannot help."""

    code = "permanent"


class RetryableError(BlurlineError):
    """Trying again may help."""

    code = "retryable"


class PictureError(PermanentError):
    """The picture cannot be processed; the message tells its owner why and what to do."""

    code = "picture"


class EmptyFile(PictureError):
    """The file has no bytes."""

    code = "empty_file"


class UnsupportedFormat(PictureError):
    """The file is not in a format that Blurline reads."""

    code = "unsupported_format"


class UnreadablePicture(PictureError):
    """The file starts like a picture but cannot be decoded to its end."""

    code = "unreadable_picture"


class TooManyFrames(PictureError):
    """The file has more frames or pages than the limit."""

    code = "too_many_frames"


class PictureTooLarge(PictureError):
    """The file or the picture exceeds a limit of the settings."""

    code = "picture_too_large"


class DecodedTooSlowly(PictureError):
    """Decoding the picture takes longer than the settings allow."""

    code = "decoded_too_slowly"


class ObjectMissing(PermanentError):
    """No object is stored under the key."""

    code = "object_missing"


class OriginalChanged(PermanentError):
    """The stored object differs from the submitted file."""

    code = "original_changed"


class SourceObjectMissing(ObjectMissing):
    """The object of an imported image is no longer in its source."""

    code = "source_object_missing"


class SourceObjectChanged(OriginalChanged):
    """The object of an imported image has another content in its source than when it was listed."""

    code = "source_object_changed"


class SourceRefused(PermanentError):
    """A source does not hand out an object that it lists."""

    code = "source_refused"


class AddressRefused(PermanentError):
    """A URL is not acceptable, or leads to an address that is not allowed."""

    code = "address_refused"


class NotServed(PermanentError):
    """The server of a URL answered, but not with the file."""

    code = "url_not_served"


class OutputCheckFailed(PermanentError):
    """The result did not pass its check before publication."""

    code = "output_check_failed"


class MarkMisses(PermanentError):
    """A box that a reviewer marked covers no pixel of the picture."""

    code = "mark_misses"


class ModelRejected(PermanentError):
    """A model file is missing, corrupt, or of a shape that Blurline cannot read."""

    code = "model_rejected"


class DetectorMissing(PermanentError):
    """A policy destroys a class that no detector of this worker finds; nothing is published."""

    code = "detector_missing"


class ConfigurationError(PermanentError):
    """A setting or the environment is wrong."""

    code = "configuration"


class UnknownBucket(ConfigurationError):
    """The settings name no such source or destination of imports."""

    code = "unknown_bucket"


class StoreUnavailable(RetryableError):
    """The S3 store did not respond, or is temporarily unavailable."""

    code = "store_unavailable"


class SourceUnavailable(StoreUnavailable):
    """A source of imports did not respond, or is temporarily unavailable."""

    code = "source_unavailable"


class DestinationUnavailable(StoreUnavailable):
    """A destination of results did not respond, or does not let Blurline write."""

    code = "destination_unavailable"


class StoreRefused(StoreUnavailable):
    """The S3 store answers, but refuses this request, or still has an object after its removal."""


class DatabaseUnavailable(RetryableError):
    """PostgreSQL did not respond, or closed the connection."""

    code = "database_unavailable"


class HostUnavailable(RetryableError):
    """The server of a URL did not respond, or is temporarily unavailable."""

    code = "host_unavailable"
