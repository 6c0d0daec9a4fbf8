#!/usr/bin/env bash
# Prefect 3.9.1: a page of the server's second UI asks a tracker's host for its settings, also when the server's
# analytics are off and before anybody has logged in.
#
# Expected: PREFECT_SERVER_ANALYTICS_ENABLED=false (and DO_NOT_TRACK=1) leaves no connection to a third party. The setting
# is respected by the server's own reports and by the events of the page. Yet the page creates its tracker before it has
# read the setting, and creating it fetches a remote configuration.
# Consequence for an air-gapped or private installation: each browser that opens the UI tells the tracker's host about
# itself, unless a Content-Security-Policy (`connect-src 'self'`) forbids it.
#
# Needs Python 3.11 or newer and chromium. Output seen (2026-11-28, Chromium 156 of Debian 12):
#   prefect 3.9.1, analytics off, page /v2/dashboard: foreign hosts asked: sr-client-cfg.amplitude.com
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; wait; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -qq --disable-pip-version-check prefect==3.9.1 playwright==1.65.2
export PREFECT_HOME="$folder/prefect" PREFECT_SERVER_ANALYTICS_ENABLED=false DO_NOT_TRACK=1 PREFECT_LOGGING_LEVEL=ERROR
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$folder/venv/bin/prefect" server start --host 127.0.0.1 --port "$port" >"$folder/server.log" 2>&1 &
CHROMIUM=$(command -v chromium) PORT=$port "$folder/venv/bin/python" - <<'PYTHON'
import os
import time
import urllib.request
from urllib.parse import urlsplit

from playwright.sync_api import sync_playwright

server = f"http://127.0.0.1:{os.environ['PORT']}"
for _ in range(600):
    try:
        urllib.request.urlopen(f"{server}/api/health", timeout=5)
        break
    except OSError:
        time.sleep(0.5)
hosts = set()
with sync_playwright() as playwright:
    # No name is resolved: the request is seen where the page makes it, and nothing leaves this machine.
    browser = playwright.chromium.launch(
        executable_path=os.environ["CHROMIUM"], args=["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
    )
    page = browser.new_page()
    page.on("request", lambda request: hosts.add(urlsplit(request.url).hostname))
    page.goto(f"{server}/v2/dashboard")
    for _ in range(3000):
        if hosts != {"127.0.0.1"}:
            break
        page.wait_for_timeout(100)
    browser.close()
foreign = sorted(host for host in hosts if host and host != "127.0.0.1")
print(f"prefect 3.9.1, analytics off, page /v2/dashboard: foreign hosts asked: {', '.join(foreign) or 'none'}")
assert foreign == ["sr-client-cfg.amplitude.com"], "the behaviour has changed"
PYTHON
