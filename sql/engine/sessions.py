"""How a session with PostgreSQL ends when the other side has vanished: at either end, and within half a minute.

By default both ends would notice it after hours, and until then the server would hold the locks of a host that is gone.
"""

from __future__ import annotations

from typing import Any

_CONNECT_TIMEOUT_S = 10
_UNANSWERED_S = 30
_QUIET_S, _PROBE_EVERY_S = 15, 5

# A process that is frozen still has a kernel that answers; whoever waits for its locks gives up and tries again later.
# Longer than the largest file takes to be stored over a slow line, which happens within a transaction.
_LOCK_TIMEOUT_S, _IDLE_IN_TRANSACTION_S = 60, 1800


def session(statement_timeout_s: float = 0, lock_timeout_s: float = _LOCK_TIMEOUT_S) -> dict[str, Any]:
    """Arguments of psycopg's ``connect``: limits for this end and for the server's end of the session; 0 for none."""
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
