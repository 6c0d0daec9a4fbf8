"""Run the whole stack and visit every page on a machine without a network; print which hosts were asked for or reached.

Run it as root in a network namespace of its own, with `NAMESERVER` in /etc/resolv.conf (see `test_outbound.py`). All
addresses lead to this namespace: a name server that knows nobody answers, and every other connection is refused.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from ipaddress import ip_address
from pathlib import Path

from playwright.sync_api import Page

from tests.acceptance.stack import Stack, finished, submit
from tests.dashboard.board_page import chromium
from tests.pictures import GROUP, HOPPER
from tests.waiting import TIMEOUT_MS

NAMESERVER = "192.0.2.53"
CONTROL_NAME, CONTROL_ADDRESS = "control.example", "203.0.113.7"
_OF_THE_BROWSER = ("update.googleapis.com", "clients2.google.com", "content-autofill.googleapis.com")
_DASHBOARD = ("", "jobs", "review", "statistics", "exports", "system")
_API = ("docs", "redoc", "openapi.json", "healthcheck", "metrics")
_PREFECT = (
    "dashboard", "runs", "flows", "deployments", "work-pools", "blocks", "variables", "automations", "events",
    "concurrency-limits", "settings",
)  # fmt: skip


class Recorder:
    """Records every name that is looked up and every address, not of this machine, that packets are sent to."""

    def __init__(self) -> None:
        for family in ("-4", "-6"):
            subprocess.run(["ip", family, "route", "add", "local", "default", "dev", "lo"], check=True)
        self.names: set[str] = set()
        self.addresses: set[str] = set()
        self._server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._server.bind((NAMESERVER, 53))
        self._packets = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
        self._packets.bind(("lo", 0))
        for task in (self._answer, self._watch):
            threading.Thread(target=task, daemon=True).start()

    def _answer(self) -> None:
        """Answer that no name exists (RFC 1035, section 4.1: the question follows a header of 12 bytes)."""
        while True:
            query, client = self._server.recvfrom(4096)
            labels, at = [], 12
            while length := query[at]:
                labels.append(query[at + 1 : at + 1 + length].decode())
                at += length + 1
            self.names.add(".".join(labels).lower())
            header = query[:2] + b"\x81\x83" + query[4:6] + b"\0\0\0\0\0\0"
            self._server.sendto(header + query[12 : at + 5], client)

    def _watch(self) -> None:
        while True:
            packet, (_, kind, *_) = self._packets.recvfrom(128)
            raw = packet[16:20] if kind == 0x0800 else packet[24:40] if kind == 0x86DD else b""
            if raw and not (address := ip_address(raw)).is_loopback and str(address) != NAMESERVER:
                self.addresses.add(str(address))


def visit(stack: Stack, page: Page) -> int:
    """Open every page of each interface; how many."""
    prefect = stack.variables()["BLURLINE_PREFECT_UI_URL"]
    password = stack.variables()["PREFECT_API_AUTH_STRING"]
    api = stack.variables()["BLURLINE_API_URL"]
    page.goto(stack.dashboard_url())  # asks for a sign-in
    page.wait_for_load_state("networkidle")
    stack.sign_in(page.context)
    page.goto(prefect)
    page.evaluate("(secret) => localStorage.setItem('prefect-password', btoa(secret))", password)
    addresses = [
        *(f"{stack.dashboard_url()}/{path}" for path in _DASHBOARD),
        *(f"{api}/{path}" for path in _API),
        *(f"{prefect}/{path}" for path in _PREFECT),
        *(f"{prefect}/v2/{path}" for path in _PREFECT),
    ]
    for address in addresses:
        page.goto(address)
        page.wait_for_function("document.body.innerText.length > 20")
        page.wait_for_load_state("networkidle")
    return len(addresses)


def main(folder: Path) -> None:
    """Visit, and print what was recorded as JSON."""
    recorder = Recorder()
    for attempt in (
        lambda: socket.getaddrinfo(CONTROL_NAME, 443),
        lambda: socket.create_connection((CONTROL_ADDRESS, 443)),
    ):
        try:
            attempt()
        except OSError:
            continue
    home = folder / "user"
    home.mkdir(mode=0o777)
    home.chmod(0o777)
    (folder / "blurline").mkdir()
    stack = Stack(folder / "blurline", HOME=str(home), XDG_CACHE_HOME="", XDG_CONFIG_HOME="", XDG_DATA_HOME="")
    stack.start()
    try:
        with stack.client() as client:
            job_id = submit(client, [("h.jpg", HOPPER.read_bytes()), ("g.jpg", GROUP.read_bytes())], review="always")
            states = {image["state"] for image in finished(client, job_id).values()}
        rules = ",".join(f"MAP {name} ~NOTFOUND" for name in _OF_THE_BROWSER)
        with chromium(f"--host-resolver-rules={rules}") as browser:
            page = browser.new_page()
            page.set_default_timeout(TIMEOUT_MS)
            pages = visit(stack, page)
    finally:
        stack.stop()
    left = sorted(str(path.relative_to(home)) for path in home.rglob("*"))
    found = {"names": sorted(recorder.names), "addresses": sorted(recorder.addresses), "left": left}
    print(json.dumps(found | {"states": sorted(states), "pages": pages}), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
