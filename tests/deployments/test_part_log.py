from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from deployments.embedded.part_log import PartLog

_PROGRAM = "for number in range({first}, {last}): print('line', number, flush=number % 7 == 0)"


def test_a_log_is_rotated_while_the_part_writes_and_keeps_every_line(tmp_path: Path) -> None:
    path = tmp_path / "part.log"
    log = PartLog(path, limit_bytes=20_000)
    for first, last in ((0, 1500), (1500, 3000)):  # the second process is the restarted part
        _follow(log, _PROGRAM.format(first=first, last=last))
    log.close(timeout_s=100)
    previous = path.with_name("part.log.1")
    assert 0 < path.stat().st_size <= 20_000
    assert 0 < previous.stat().st_size <= 20_000
    lines = (previous.read_text() + path.read_text()).splitlines()
    assert sorted(lines) == sorted(f"line {number}" for number in range(3000))


def test_a_log_is_appended_to_and_takes_any_bytes(tmp_path: Path) -> None:
    path = tmp_path / "part.log"
    for program in ("print('before')", "import sys; sys.stdout.buffer.write(b'\\xff%s 100 %\\nno end')"):
        log = PartLog(path)
        _follow(log, program)
        log.close(timeout_s=100)
    assert path.read_text() == "before\n\ufffd%s 100 %\nno end\n"


def test_a_part_runs_on_when_its_log_cannot_be_written(tmp_path: Path) -> None:
    log = PartLog(tmp_path / "missing" / "part.log")
    process = _follow(log, "print('x' * 3_000_000)")
    log.close(timeout_s=100)
    assert process.wait(100) == 0


def _follow(log: PartLog, program: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert process.stdout is not None
    log.follow(process.stdout)
    process.wait(100)
    return process
