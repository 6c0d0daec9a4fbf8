"""Everything that the guides name exists: pages, headings, commands, options, variables, endpoints, targets."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from pydantic import ValidationError

from blurline.cli.command import app
from blurline.policy import Policy
from blurline.policy.presets import PRESETS
from blurline.settings import SETTINGS
from release import ROOT
from release.pages import DOCS, GENERATED, rewritten
from tests.docs.markdown_pages import PAGES, anchors, code_of, links, prose

COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]
VARIABLES = set(SETTINGS)
FOLDERS = (
    "api", "benchmarks", "blurline", "dashboard", "deployments", "docs", "findings", "flows", "models", "release",
    "samples", "sql", "tasks", "tests",
)  # fmt: skip


@pytest.fixture(params=PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def page(request: pytest.FixtureRequest) -> Path:
    found: Path = request.param
    return found


@pytest.mark.parametrize("name", GENERATED)
def test_generated_pages_match_the_code(name: str) -> None:
    assert (DOCS / name).read_text() == rewritten(DOCS / name), "run `make docs`"


def test_every_link_leads_somewhere(page: Path) -> None:
    for link in links(page):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target), link


@pytest.mark.parametrize("page", [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))], ids=str)
def test_prose_is_wrapped_at_100_columns(page: Path) -> None:
    unbroken = re.compile(r"!?\[.*\]\(\S*\)[.,;:]?|`.*`[.,;:]?")  # one link, picture or piece of code
    long = [number for number, line in prose(page) if len(line) > 100 and not unbroken.fullmatch(line.strip())]
    assert long == []


def test_the_index_leads_to_every_page() -> None:
    linked = {(DOCS / link.partition("#")[0]).resolve() for link in links(DOCS / "README.md")}
    assert [page.name for page in DOCS.glob("*.md") if page not in linked and page.name != "README.md"] == []


def test_the_openapi_document_does_not_depend_on_the_process_that_writes_it() -> None:
    code = "from release.pages.openapi import openapi_document; print(openapi_document(), end='')"
    environment = os.environ | {"PYTHONHASHSEED": "4711"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == (DOCS / "openapi.json").read_text()


def test_every_named_page_and_file_exists(page: Path) -> None:
    folders = "|".join(FOLDERS)
    named = re.findall(rf"(?<![\w/.-])(?:{folders})/[\w/.-]+\.\w+", page.read_text())
    named += [code for code in code_of(page) if re.fullmatch(rf"(?:{folders})/[\w/-]*/", code)]
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_row_of_the_threat_table_names_code_and_a_test() -> None:
    table = (DOCS / "security.md").read_text().partition("## Threats")[2].partition("## Hardening")[0]
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in table.splitlines() if row.startswith("| ")]
    assert len(rows) > 20
    for _, threat, _, code, test, _ in rows[1:]:
        assert "`" in code and "`tests/" in test, threat


def test_every_named_command_and_option_exists(page: Path) -> None:
    for line in code_of(page):
        for name, rest in re.findall(r"(?:^|[($|] ?|\bpython -m )blurline ([a-z][a-z-]*)([^|#)]*)", line):
            assert name in COMMANDS, line
            group = [COMMANDS[name], *getattr(COMMANDS[name], "commands", {}).values()]
            parameters = [each for command in group for each in command.params]
            options = [option for each in parameters for option in (*each.opts, *each.secondary_opts)]
            asked = re.findall(r"(?<![\w-])--?[a-z][a-z-]*", re.sub(r"'[^']*'", "", rest))
            assert set(asked) <= {*options, "--help"}, line


def test_every_named_variable_exists(page: Path) -> None:
    named = re.findall(r"\bBLURLINE_[A-Z0-9_]*[A-Z0-9]\b(?!…)", page.read_text())
    assert set(named) <= VARIABLES


def test_every_named_endpoint_exists(page: Path) -> None:
    paths = json.loads((DOCS / "openapi.json").read_text())["paths"]
    known = {_shape(f"{method.upper()} {path}") for path, methods in paths.items() for method in methods}
    known.add("GET /metrics")
    for named in re.findall(r"\b((?:GET|POST|PUT|PATCH|DELETE) /[\w/{}.-]+)(?![\w/{}…-])", page.read_text()):
        assert _shape(named.rstrip("/.")) in known or named.endswith("/"), named


def test_every_named_make_target_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for line in code_of(page):
        assert set(re.findall(r"^make ([a-z]+)", line)) <= targets, line


def test_the_guide_to_policies_lists_every_preset() -> None:
    text = (DOCS / "policy.md").read_text()
    assert all(f"| `{name}` |" in text for name in PRESETS)


def test_the_privacy_notes_list_every_table_and_retention_time() -> None:
    text = (DOCS / "privacy.md").read_text()
    migrations = "".join(path.read_text() for path in (ROOT / "sql" / "migrations").glob("*.sql"))
    tables = re.findall(r"^CREATE TABLE (?:IF NOT EXISTS )?(\w+)", migrations, re.MULTILINE)
    kept = [name for name in VARIABLES if name.startswith("BLURLINE_KEEP_") or "_KEPT_" in name]
    assert [name for name in [*tables, *kept] if f"`{name}`" not in text] == []


@pytest.mark.parametrize(
    "refused",
    [
        {"keep_regions": [{"x1": 0.5, "y1": 0, "x2": 0.2, "y2": 1}]},
        {"keep_regions": [{"x1": 0, "y1": 0, "x2": 200, "y2": 1}]},
        {"size_limits": {"min_side": 1.5}},
        {"size_limits": {"min_side": 0.5, "max_side": 0.1}},
        {"min_score": 0.05},
        {"min_score": 1.0},
        {"padding": 0.1},
        {"cells_per_face": 9},
        {"padding": "0.4"},
        {"smoothing": 1},
    ],
)
def test_the_api_refuses_what_the_guide_to_policies_calls_refused(refused: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Policy.model_validate(refused)


def _shape(endpoint: str) -> str:
    return re.sub(r"\{\w+\}", "{}", endpoint)
