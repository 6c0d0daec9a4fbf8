"""A synchronous client of the API, typed by `blurline.contract`.

from blurline.client import Client

with Client("https://blurline.example", token) as client:
    job = client.submit_files([Path("a.jpg")])
"""

from blurline.client.api import Client, PreviewOf
from blurline.client.errors import (
    ApiError,
    ApiRefused,
    ApiUnavailable,
    ApiUnreachable,
    NotTheApi,
    QuotaExceeded,
    UploadRefused,
)
from blurline.client.statistics import Chosen
from blurline.client.transport import Token

__all__ = [
    "ApiError",
    "ApiRefused",
    "ApiUnavailable",
    "ApiUnreachable",
    "Chosen",
    "Client",
    "NotTheApi",
    "PreviewOf",
    "QuotaExceeded",
    "Token",
    "UploadRefused",
]
