"""Timeouts that end a session with PostgreSQL within half a minute when the other side has vanished.

By default both ends would notice after hours, and the server would hold the locks of a lost host until then.
"""

from __future__ import annotations

from typing import Any

_CONNECT_TIMEOUT_S = 10
_UNANSWERED_S = 30
_QUIET_S, _PROBE_EVERY_S = 15, 5

# The kernel of a frozen process still answers, so sessions that wait for its locks time out and retry. The idle limit
# is longer than storing the largest file over a slow connection takes, which happens within a transaction.
_LOCK_TIMEOUT_S, _IDLE_IN_TRANSACTION_S = 60, 1800


def session(statement_timeout_s: float = 0, lock_timeout_s: float = _LOCK_TIMEOUT_S) -> dict[str, Any]:
    """Arguments for psycopg's ``connect`` that set limits for both ends of the session. 0 means no limit."""
    of_server = {
        "statement_timeout": int(statement_timeout_s * 1000),
        "lock_timeout": int(lock_timeout_s * 1000),
        "idle_in_transaction_session_timeout": _IDLE_IN_TRANSACTION_S * 1000,
        "tcp_user_timeout": _UNANSWERED_S * 1000,
        "tcp_keepalives_idle": _QUIET_S,
        "tcp_keepalives_interval": _PROBE_EVERY_S,
    }
    return {
        "connect_timeout": _CONNECT_TIMEOUT_S,
        "tcp_user_timeout": _UNANSWERED_S * 1000,
        "keepalives_idle": _QUIET_S,
        "keepalives_interval": _PROBE_EVERY_S,
        "options": " ".join(f"-c {name}={value}" for name, value in of_server.items()),
    }
