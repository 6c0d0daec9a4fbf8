"""A real OpenID Connect issuer: `oidc-provider` as it comes from npm, with its own pages for sign-in, consent and
sign-out."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.acceptance.stack import free_ports
from tests.running_process import running_process

VERSION = "9.13.3"
AUDIENCE = "blurline"

# Streamlit asks for no `resource`. With one by default, access tokens are JWT.
_ISSUER = """
import { Provider } from "oidc-provider";
const { issuer, port, clients, audience } = JSON.parse(process.argv[2]);
const resourceIndicators = {
    enabled: true,
    defaultResource: () => "urn:blurline",
    useGrantedResource: () => true,
    getResourceServerInfo: () => ({ audience, scope: "submit review operate", accessTokenFormat: "jwt" }),
};
const provider = new Provider(issuer, { clients, features: { resourceIndicators } });
provider.listen(port, "127.0.0.1");
"""


def install(folder: Path) -> None:
    """Install the package. Skips the test where it cannot be."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("needs Node.js and npm")
    command = [npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder)]
    done = subprocess.run([*command, f"oidc-provider@{VERSION}"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"oidc-provider cannot be installed: {done.stderr[-300:]}")
    (folder / "issuer.mjs").write_text(_ISSUER)


@contextmanager
def running_issuer(folder: Path, client: dict[str, object]) -> Iterator[str]:
    """The URL of an issuer with this client. By its name, it is another site than a dashboard at 127.0.0.1."""
    (port,) = free_ports(1)
    url = f"http://localhost:{port}"
    told = {"issuer": url, "port": port, "clients": [client], "audience": AUDIENCE}
    command, health = ["node", str(folder / "issuer.mjs"), json.dumps(told)], f"{url}/.well-known/openid-configuration"
    with (
        (folder / "issuer.log").open("w") as log,
        running_process("the issuer", health, command, stdout=log, stderr=log),
    ):
        yield url
