#!/usr/bin/env bash
# geovisio 2.15.1 (the Panoramax server): the password in API_BLUR_URL is part of the error that it records when the
# blurring service answers with an error status.
#
# Expected: an error message without the credentials of the URL. The client posts to the blurring service with
# `requests`, whose `raise_for_status` names the whole URL. The text goes to the log and to `job_history.error`, which
# the API shows as `process_error` in /api/collections/{id}/geovisio_status.
# Consequence: a service with credentials in its URL, as the only place that the setting offers, has them published with
# the first answer of 503. Credentials in a netrc file (the variable NETRC) are sent likewise and stay out of the text.
#
# Needs Python 3.11 or newer. Output seen (2026-11-29):
#   geovisio 2.15.1, credentials in the URL: sent user:example-password, the error has the password: True
#   geovisio 2.15.1, credentials in NETRC: sent user:example-password, the error has the password: False
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -qq --disable-pip-version-check geovisio==2.15.1
FOLDER=$folder "$folder/venv/bin/python" - <<'PYTHON'
import base64
import http.server
import os
import pathlib
import threading

from geovisio.utils.pictures import createBlurredHDPicture

PASSWORD = "example-password"
sent = []


class Unavailable(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        sent.append(base64.b64decode(self.headers["Authorization"].removeprefix("Basic ")).decode())
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(503)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Unavailable)
threading.Thread(target=server.serve_forever, daemon=True).start()
address = f"127.0.0.1:{server.server_port}"
netrc = pathlib.Path(os.environ["FOLDER"], "netrc")
netrc.write_text(f"machine 127.0.0.1 login user password {PASSWORD}\n")
seen = {}
for place, url in {"the URL": f"http://user:{PASSWORD}@{address}", "NETRC": f"http://{address}"}.items():
    if place == "NETRC":
        os.environ["NETRC"] = str(netrc)
    try:
        createBlurredHDPicture(None, url, b"a picture", "/picture.jpg")
    except Exception as error:
        seen[place] = PASSWORD in str(error)
    print(f"geovisio 2.15.1, credentials in {place}: sent {sent[-1]}, the error has the password: {seen[place]}")
assert seen == {"the URL": True, "NETRC": False}, "the behaviour has changed"
PYTHON
