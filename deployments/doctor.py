"""`blurline doctor`: whether every part that the settings name can be used, and what to do where one cannot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import httpx

from blurline.errors import BlurlineError
from blurline.ids import new_id
from blurline.oidc import OidcIssuer
from blurline.policy import Policy
from blurline.profile import ProfileName
from blurline.settings import Settings
from blurline.store import Store
from models import look_for
from sql.migrate import pending


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check has found: what is right, or what is wrong and how to mend it."""

    check: str
    is_ok: bool
    says: str


class Ailment(Exception):
    """A check has failed; the message says what is wrong and what to do."""


def examine(settings: Settings) -> list[Finding]:
    """Make every check, one after another, whatever became of the others."""
    checks: dict[str, Callable[[Settings], str]] = {
        **{f"model of {profile}": _model_check(profile) for profile in ProfileName},
        "database": _database,
        "store": _store,
        "prefect": _prefect,
        **({"openid connect issuer": _issuer} if settings.oidc_issuer else {}),
    }
    return [_finding(name, check, settings) for name, check in checks.items()]


def _finding(name: str, check: Callable[[Settings], str], settings: Settings) -> Finding:
    try:
        return Finding(name, True, check(settings))
    except (BlurlineError, Ailment) as error:
        return Finding(name, False, str(error))


def _model_check(profile: ProfileName) -> Callable[[Settings], str]:
    def check(settings: Settings) -> str:
        record = look_for(Policy(profile=profile), settings).record
        return f"{record['name']} (sha256 {record['sha256'][:12]}…) runs on {record['provider']}"

    return check


def _issuer(settings: Settings) -> str:
    issuer = OidcIssuer(settings.oidc_issuer or "", settings.oidc_audience, settings.oidc_scopes_claim)
    return f"{issuer.name} publishes {issuer.fetch_keys()} keys that can check tokens"


def _database(settings: Settings) -> str:
    waiting = pending(settings.database)
    if waiting:
        raise Ailment(f"The migrations {', '.join(waiting)} are not applied. Run `blurline migrate`.")
    return "answers, and every migration is applied"


def _store(settings: Settings) -> str:
    store, key, content = Store(settings), f"doctor/{new_id()}", b"can be written and read"
    try:
        store.check()
        store.put_result(key, content, "text/plain")
        if b"".join(store.stream_result(key)) != content:
            raise Ailment(f"{settings.store_endpoint} gives back something else than was stored in it.")
        store.remove_result(key)
    finally:
        store.close()
    return f"{settings.store_endpoint} answers, and a result can be written, read and removed"


def _prefect(settings: Settings) -> str:
    headers = {"Authorization": f"Bearer {settings.prefect_key}"} if settings.prefect_key else {}
    try:
        with httpx.Client(
            base_url=settings.prefect_api_url, auth=settings.prefect_auth, headers=headers, timeout=10
        ) as prefect:
            answer = prefect.get(f"/work_pools/{settings.work_pool}")
    except httpx.HTTPError as error:
        raise Ailment(
            f"{settings.prefect_api_url} does not answer ({type(error).__name__}). "
            "Start Prefect or correct PREFECT_API_URL."
        ) from error
    if answer.status_code == 404:
        raise Ailment(f"Prefect has no work pool {settings.work_pool}. Run `blurline deploy`.")
    if answer.is_error:
        raise Ailment(f"Prefect answers {answer.status_code}. Check PREFECT_API_AUTH_STRING or PREFECT_API_KEY.")
    return f"{settings.prefect_api_url} answers, and the work pool {settings.work_pool} is {answer.json()['status']}"
