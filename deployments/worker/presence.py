"""The worker's session in the database: its end says at once that the worker is gone, and it hears of new flow runs.

Prefect notices a killed worker only after three missing heartbeats, a minute and a half. PostgreSQL notices the end of
a process when the kernel closes its connections.
"""

from __future__ import annotations

import time

import psycopg
import structlog

from blurline.settings import Settings
from blurline.version import presence_name
from deployments.worker.new_runs import NewRuns
from sql.engine.channels import Channel, listen
from sql.engine.sessions import session

log = structlog.get_logger()

_LOOK_AGAIN_S = 2.0


def stay_connected(settings: Settings, worker: str, new_runs: NewRuns, pause_s: float = _LOOK_AGAIN_S) -> None:
    """Hold a session that names the worker, and open another one whenever it is lost. Never returns.

    The dispatcher notifies it of the flow runs that it creates, and it tells ``new_runs``.
    """
    while True:
        try:
            with psycopg.connect(
                settings.database.conninfo, application_name=presence_name(worker), autocommit=True, **session()
            ) as connection:
                connection.execute(listen(Channel.FLOW_RUNS))
                new_runs.is_listening = True
                new_runs.tell()  # of those that were created while nobody listened
                while True:
                    connection.execute("SELECT")
                    for _ in connection.notifies(timeout=pause_s):
                        new_runs.tell()
        except psycopg.Error as error:
            new_runs.is_listening = False
            log.warning("worker_not_connected", error=str(error))
        time.sleep(pause_s)
