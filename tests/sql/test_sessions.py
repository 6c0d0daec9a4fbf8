from __future__ import annotations

import os
import socket
import sys

import psycopg
import pytest

from blurline.settings import Settings
from sql.engine.sessions import session


def test_the_server_ends_a_session_whose_host_has_vanished(settings: Settings) -> None:
    with psycopg.connect(settings.database.conninfo, **session(7)) as connection:
        shown = {
            name: connection.execute(f"SHOW {name}".encode()).fetchall()[0][0]
            for name in ("statement_timeout", "lock_timeout", "tcp_keepalives_idle", "tcp_keepalives_interval")
        }
        assert shown == {
            "statement_timeout": "7s",
            "lock_timeout": "1min",
            "tcp_keepalives_idle": "15",
            "tcp_keepalives_interval": "5",
        }


@pytest.mark.skipif(sys.platform != "linux", reason="other kernels have other options")
def test_the_client_ends_a_session_whose_server_has_vanished(settings: Settings) -> None:
    with (
        psycopg.connect(settings.database.conninfo, **session()) as connection,
        socket.socket(fileno=os.dup(connection.fileno())) as own,
    ):
        assert own.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 30_000
        assert own.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 15
        assert own.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL) == 5
