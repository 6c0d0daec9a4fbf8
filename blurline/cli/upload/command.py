"""The command: its arguments become a run, and the run becomes an exit code."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from http import HTTPStatus
from typing import Any

from pydantic import ValidationError
from rich.console import Console

from blurline.access.tokens import LocalIssuer, Scope
from blurline.cli.upload.display import Display, WaitNotices
from blurline.cli.upload.jobs import labelled
from blurline.cli.upload.journal import Journal
from blurline.cli.upload.run import Plan, Run
from blurline.cli.upload.scan import check_paths
from blurline.client import ApiRefused, Client, Token
from blurline.contract import JobOptions
from blurline.errors import ConfigurationError, RetryableError
from blurline.settings import Settings

_RESUME = "Run the same command again to resume."
_INTERRUPTED = 130
_TOKEN_TTL_S = 3600


def options_of(preset: str | None, policy: Sequence[str], labels: Sequence[str]) -> JobOptions:
    """Return the options of the jobs from pairs like ``name=value``. Raises ConfigurationError."""
    try:
        fields: dict[str, Any] = {
            "policy": {name: _value(text) for name, text in map(_pair, policy)},
            "labels": dict(map(_pair, labels)),
        }
        options = JobOptions.model_validate(fields | ({"preset": preset} if preset else {}))
        labelled(options, "")
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise ConfigurationError(f"The options are not valid: {wrong}.") from error
    return options


def start(settings: Settings, plan: Plan, user: str) -> int:
    """Run the plan, print what was not published, and return the exit code: 0 when everything was published."""
    check_paths(plan.paths, plan.output)
    display, errors = Display(Console()), Console(stderr=True)
    notices = WaitNotices(display.say)
    token = _token(settings, user)
    try:
        with Client(settings.api.url, token, on_wait=notices.wait) as client:
            terms = _terms(client, plan.options)
            plan.output.mkdir(parents=True, exist_ok=True)
            with closing(Journal(plan.output, terms)) as journal:
                run = Run(client, journal, plan, display, notices)
                unpublished = run.run()
    except KeyboardInterrupt:
        errors.print(f"Interrupted. {_RESUME}", soft_wrap=True)
        return _INTERRUPTED
    except RetryableError as error:
        errors.print(f"blurline: {error} {_RESUME}", style="red", markup=False, highlight=False, soft_wrap=True)
        return 1
    if unpublished:
        display.print_unpublished(unpublished)
    if not plan.is_waiting:
        display.say("Run the same command without --no-wait to fetch the results.")
    is_empty = not (run.has_found or plan.is_watching)
    return 1 if unpublished or run.is_refused or is_empty else 0


def _terms(client: Client, options: JobOptions) -> str:
    """Return what all results of a folder share. Raises ConfigurationError and the client's errors."""
    try:
        owner = client.me().id
    except ApiRefused as error:
        if error.status != HTTPStatus.UNAUTHORIZED:
            raise
        raise ConfigurationError(
            f"{error} Set BLURLINE_API_TOKEN, or BLURLINE_HOME to the data folder of the API."
        ) from error
    if options.preset and options.preset not in [preset.name for preset in client.presets()]:
        raise ConfigurationError(f"No preset is named {options.preset!r}. `GET /v1/presets` lists them.")
    given = options.model_dump(mode="json", exclude_unset=True, exclude={"labels"})
    return json.dumps({"owner": owner, **given}, sort_keys=True)


def _token(settings: Settings, user: str) -> Token:
    if settings.api.token is not None:
        return settings.api.token.get_secret_value()
    issuer = LocalIssuer(settings.home)
    return lambda: issuer.issue(user, [Scope.SUBMIT], _TOKEN_TTL_S)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ConfigurationError(f"{text!r} does not have the form name=value.")
    return name, value


def _value(text: str) -> Any:
    """Parse JSON values like ``0.5`` and ``[…]``; return any other text as it is."""
    try:
        return json.loads(text)
    except ValueError:
        return text
