"""Serve the dashboard: run Streamlit with the options from the settings."""

from __future__ import annotations

import json
import os
import secrets
import sys
from pathlib import Path
from typing import NoReturn

from blurline.access.hosts import own_names
from blurline.errors import ConfigurationError
from blurline.settings import Settings

_SERVER = Path(__file__).parent / "pages" / "server.py"
_SECRETS_FILE = "dashboard_secrets.toml"


def serve(settings: Settings, host: str, port: int) -> NoReturn:
    """Replace this process by a Streamlit server. Raises ConfigurationError when sign-in is set up incompletely."""
    command = [sys.executable, "-m", "dashboard.streamlit_server", "run", str(_SERVER), *_options(settings, host, port)]
    os.execv(sys.executable, command)


def _options(settings: Settings, host: str, port: int) -> list[str]:
    """Streamlit's options. `allowedHosts` repeats for its WebSocket what `dashboard.access.guard` checks first."""
    names = own_names((settings.dashboard.url,), settings.access.allowed_hosts)
    options = [f"--server.address={host}", f"--server.port={port}"]
    options += [f"--server.allowedHosts={name}" for name in names]
    options.append("--global.disableWidgetStateDuplicationWarning=true")  # about fields that `keep_fields` keeps
    if settings.oidc.client_id:
        options.append(f"--secrets.files={_written(settings)}")
    return options


def _written(settings: Settings) -> Path:
    """Write Streamlit's sign-in configuration to a file that only this user can read."""
    if settings.oidc.issuer is None or settings.oidc.client_secret is None:
        missing = "BLURLINE_OIDC_ISSUER" if settings.oidc.issuer is None else "BLURLINE_OIDC_CLIENT_SECRET"
        raise ConfigurationError(f"BLURLINE_OIDC_CLIENT_ID is set, but {missing} is not. Set both or neither.")
    cookie_secret = settings.dashboard.cookie_secret
    values = {
        "redirect_uri": f"{settings.dashboard.url.rstrip('/')}/oauth2callback",
        "cookie_secret": cookie_secret.get_secret_value() if cookie_secret else secrets.token_hex(32),
        "client_id": settings.oidc.client_id,
        "client_secret": settings.oidc.client_secret.get_secret_value(),
        "server_metadata_url": f"{settings.oidc.issuer.rstrip('/')}/.well-known/openid-configuration",
        "expose_tokens": ["access"],
    }
    lines = [f"{name} = {json.dumps(value)}" for name, value in values.items()]
    # Without `prompt`, Streamlit sends select_account, which not every issuer knows. An empty list sends none.
    asked: dict[str, str | list[str]] = {"scope": settings.oidc.requested_scope, "prompt": settings.oidc.prompt or []}
    kwargs = ", ".join(f"{name} = {json.dumps(value)}" for name, value in asked.items())
    path = settings.home / _SECRETS_FILE
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write("\n".join(["[auth]", *lines, f"client_kwargs = {{ {kwargs} }}", ""]))
    return path
