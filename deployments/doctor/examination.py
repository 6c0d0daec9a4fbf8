"""Run every check at the same time, each isolated and within a time limit."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping

import psycopg
import structlog

from blurline.errors import BlurlineError
from blurline.settings import Settings
from deployments.doctor.configuration import configuration, issuer
from deployments.doctor.database import database
from deployments.doctor.imports import imports
from deployments.doctor.installation import machine, models, versions
from deployments.doctor.prefect import prefect
from deployments.doctor.result import Finding, error
from deployments.doctor.store import store
from sql.engine.problems import explanation

log = structlog.get_logger()

Subject = Callable[[Settings], Iterator[Finding]]
"""A check, which yields findings. A BlurlineError that it raises becomes its last finding."""

SUBJECTS: Mapping[str, Subject] = {
    "settings": configuration,
    "versions": versions,
    "models": models,
    "database": database,
    "store": store,
    "imports": imports,
    "prefect": prefect,
    "issuer": issuer,
    "machine": machine,
}
_LIMIT_S = 45
_FOLLOW = "Follow the message, then run the doctor again."
_REPORT = "This is a bug in the doctor. Report it with the lines above, and check this part in its own log."


def examine(settings: Settings, subjects: Mapping[str, Subject] = SUBJECTS, limit_s: float = _LIMIT_S) -> list[Finding]:
    """The findings of every check within the limit, in the order of the checks."""
    found: dict[str, list[Finding]] = {name: [] for name in subjects}

    def check(name: str) -> None:
        try:
            found[name].extend(subjects[name](settings))
        except BlurlineError as problem:
            found[name].append(error(name, str(problem), _FOLLOW))
        except psycopg.Error as problem:
            found[name].append(error(name, str(explanation(problem)), _FOLLOW))
        except Exception as problem:
            log.exception("examination_failed", subject=name)
            found[name].append(error(name, f"The check itself failed: {problem!r}", _REPORT))

    # Daemon threads: a hanging check does not keep the command from ending.
    threads = {name: threading.Thread(target=check, args=(name,), daemon=True) for name in subjects}
    deadline = time.monotonic() + limit_s
    for thread in threads.values():
        thread.start()
    for name, thread in threads.items():
        thread.join(max(0.0, deadline - time.monotonic()))
        if thread.is_alive():
            found[name].append(_hangs(name, limit_s))
    return [finding for name in subjects for finding in found[name]]


def _hangs(name: str, limit_s: float) -> Finding:
    return error(
        name,
        f"The check did not end within {limit_s:g} s.",
        "The part neither responds nor refuses connections. Check its log and the network to it.",
    )
