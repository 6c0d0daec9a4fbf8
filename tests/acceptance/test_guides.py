"""A new user works through the guides: each block of shell (`sh`) and Python runs unchanged, in order.

A page is one session in a folder with a few photographs, beside a running stack. What cannot be run here (it asks for
a domain, stays in the foreground, takes an hour) is marked `bash` or `text` on the page.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from release import ROOT
from tests.acceptance.stack import Stack
from tests.docs.markdown_pages import Block, blocks
from tests.pictures import COFFEE, GROUP, HOPPER

GUIDES = [
    "README.md",
    "docs/submitter.md",
    "docs/submit.md",
    "docs/reviewer.md",
    "docs/operator.md",
    "docs/statistics.md",
    "docs/developer.md",
]

PHOTOS = {"a.jpg": HOPPER, "b.jpg": GROUP, "photos/hopper.jpg": HOPPER, "photos/trip/coffee.png": COFFEE}
USUAL_API = "http://127.0.0.1:8000"

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not shutil.which("jq") or not shutil.which("curl"), reason="needs jq and curl"),
]


@pytest.mark.parametrize("name", GUIDES)
def test_a_guide_does_what_it_says(name: str, stack: Stack, tmp_path: Path) -> None:
    for target, photo in PHOTOS.items():
        (tmp_path / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(photo, tmp_path / target)
    script = "\n".join(["set -euo pipefail", *(_step(block, stack, tmp_path) for block in blocks(ROOT / name))])
    environment = stack.environment()
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env=environment | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=400,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def test_every_guide_has_something_to_run() -> None:
    assert all(any(block.language == "sh" for block in blocks(ROOT / name)) for name in GUIDES)


def _step(block: Block, stack: Stack, folder: Path) -> str:
    """The script for a block, after a line that names the block."""
    code = block.code.replace(USUAL_API, stack.variables()["BLURLINE_API_URL"])
    match block.language:
        case "sh":
            step = code
        case "python":
            step = f"python block_{block.line}.py"
            (folder / f"block_{block.line}.py").write_text(code)
        case _:
            return ""
    return f"echo '--- {block}' >&2\n{step}"
