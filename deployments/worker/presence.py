"""The worker's session in the database, whose end says at once that the worker is gone.

Prefect notices a killed worker only after three missing heartbeats, a minute and a half. PostgreSQL notices the end of
a process when the kernel closes its connections.
"""

from __future__ import annotations

import time

import psycopg
import structlog

from blurline.settings import Settings
from blurline.version import presence_name
from sql.engine.sessions import session

log = structlog.get_logger()

_LOOK_AGAIN_S = 2.0


def stay_connected(settings: Settings, worker: str, pause_s: float = _LOOK_AGAIN_S) -> None:
    """Hold a session that names the worker, and open another one whenever it is lost. Never returns."""
    while True:
        try:
            with psycopg.connect(
                settings.database.conninfo, application_name=presence_name(worker), autocommit=True, **session()
            ) as connection:
                while True:
                    connection.execute("SELECT")
                    time.sleep(pause_s)
        except psycopg.Error as error:
            log.warning("worker_not_connected", error=str(error))
        time.sleep(pause_s)
