#!/usr/bin/env bash
# Prefect 3.9.1: every flow run reads and parses the bundle of trusted certificates, also where the API is plain http and
# TLS is never used. A process that runs one flow after another does it each time.
#
# Expected: a client for `http://…` needs no TLS context, or the process makes it once and keeps it.
# `SyncPrefectClient` makes a context with certifi's bundle before it looks at the address, and each flow run makes a
# client of its own. The context takes about 18 ms of CPU time.
# Remedy: enter `prefect.context.SyncClientContext` once around all runs of a process. They share its client, its open
# connection too.
#
# Needs Python 3.11 or newer. Output seen (2026-11-30):
#   prefect 3.9.1: TLS contexts made by 5 flow runs over http: 5, 19 ms of CPU time each; with one client around the runs: 0
set -euo pipefail
folder=$(mktemp -d)
trap 'kill "${server:-}" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -qq --disable-pip-version-check prefect==3.9.1
port=$("$folder/venv/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
export PREFECT_HOME="$folder/prefect" PREFECT_API_URL="http://127.0.0.1:$port/api" PREFECT_LOGGING_LEVEL=ERROR
export DO_NOT_TRACK=1 PREFECT_SERVER_ANALYTICS_ENABLED=false
"$folder/venv/bin/prefect" server start --host 127.0.0.1 --port "$port" >"$folder/server.log" 2>&1 &
server=$!
"$folder/venv/bin/python" - <<'PYTHON'
import ssl
import time
import urllib.request

import prefect
from prefect.context import SyncClientContext

for _ in range(240):
    try:
        urllib.request.urlopen(f"{prefect.settings.PREFECT_API_URL.value()}/health").read()
        break
    except OSError:
        time.sleep(0.5)

make, made = ssl.create_default_context, []


def counting(*args, **options):
    started = time.process_time()
    context = make(*args, **options)
    made.append(time.process_time() - started)
    return context


ssl.create_default_context = counting


@prefect.flow
def nothing():
    return 1


def contexts_of(runs):
    before = len(made)
    for _ in range(runs):
        assert nothing() == 1
    return len(made) - before


contexts_of(1)  # whatever is made once
alone = contexts_of(5)
with SyncClientContext():
    shared = contexts_of(5)
each_ms = 1000 * sorted(made)[len(made) // 2]
print(
    f"prefect {prefect.__version__}: TLS contexts made by 5 flow runs over http: {alone}, {each_ms:.0f} ms of CPU time each; "
    f"with one client around the runs: {shared}"
)
assert (alone, shared) == (5, 0), "the behaviour has changed"
PYTHON
