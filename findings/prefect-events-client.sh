#!/usr/bin/env bash
# Prefect 3.9.1: `EventsWorker.set_client_override` accepts a subclass of Prefect's own events client, and every event of
# the process is then dropped without a word, those of its task runs too.
#
# Expected: a subclass of `PrefectEventsClient` is used as the client that it is; the override takes any client class.
# `emit_event` compares the class with a list of five of Prefect's own by equality, and returns None for all others.
# Consequence: a client that filters or batches events loses them all. As Prefect 3 learns of task runs from events alone,
# flows run as usual and complete, but the server shows no task run of them.
#
# Needs Python 3.11 or newer; no server. Output seen (2026-11-29):
#   prefect 3.9.1: a client of Prefect: 1 of 1 sent; a subclass of it: 0 of 1 sent, emit_event returned None
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -qq --disable-pip-version-check prefect==3.9.1
export PREFECT_HOME="$folder/prefect" PREFECT_API_URL=http://127.0.0.1:9/api PREFECT_LOGGING_LEVEL=ERROR DO_NOT_TRACK=1
"$folder/venv/bin/python" - <<'PYTHON'
import prefect
from prefect.events import emit_event
from prefect.events.clients import AssertingEventsClient
from prefect.events.worker import EventsWorker


class Subclass(AssertingEventsClient):
    """The client that Prefect offers for tests, unchanged."""


def sent(client):
    EventsWorker.set_client_override(client)
    returned = emit_event("bench.tested", {"prefect.resource.id": "bench.one"})
    EventsWorker.instance().drain()
    return sum(len(each.events) for each in client.all), returned


usual, _ = sent(AssertingEventsClient)
AssertingEventsClient.reset()
own, returned = sent(Subclass)
print(
    f"prefect {prefect.__version__}: a client of Prefect: {usual} of 1 sent; "
    f"a subclass of it: {own} of 1 sent, emit_event returned {returned}"
)
assert (usual, own, returned) == (1, 0, None), "the behaviour has changed"
PYTHON
