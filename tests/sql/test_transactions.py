"""No transaction of the database is open while somebody waits for the reader of a generator."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("api", "blurline", "deployments", "flows", "sql", "tasks")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
ALLOWED = {"sql/upkeep/backup.py: named_objects"}
"""A backup reads one snapshot, which exists as long as its transaction. No client of the API waits for it."""

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
OPENERS = {"transaction", "connection", "connect", "cursor", "snapshot"}


def yields_in_transactions(text: str) -> Iterator[str]:
    """The generators that yield inside a ``with`` that opens a transaction, a connection or a cursor.

    A context manager that hands the transaction itself on is none of them.
    """
    for function in ast.walk(ast.parse(text)):
        if not isinstance(function, FUNCTIONS):
            continue
        for block in _own(function):
            if isinstance(block, ast.With | ast.AsyncWith) and any(_opens(item.context_expr) for item in block.items):
                given = {item.optional_vars.id for item in block.items if isinstance(item.optional_vars, ast.Name)}
                if any(
                    isinstance(each, ast.Yield | ast.YieldFrom) and not _hands_on(each, given) for each in _own(block)
                ):
                    yield function.name


def _own(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes below, without those of inner functions."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (*FUNCTIONS, ast.Lambda)):
            yield child
            yield from _own(child)


def _opens(call: ast.expr) -> bool:
    if not isinstance(call, ast.Call):
        return False
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return name.lstrip("_") in OPENERS


def _hands_on(each: ast.Yield | ast.YieldFrom, given: set[str]) -> bool:
    """Whether it yields what the ``with`` gave, or something made of just that."""
    value = each.value
    if isinstance(value, ast.Call):
        (value,) = value.args if len(value.args) == 1 else (None,)
    return isinstance(value, ast.Name) and value.id in given


def test_no_generator_yields_inside_a_transaction() -> None:
    found = {
        f"{path.relative_to(ROOT)}: {name}" for path in SOURCES for name in yields_in_transactions(path.read_text())
    }
    assert found - ALLOWED == set()


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("def f(d):\n with d.transaction() as t:\n  for row in t.all('x'):\n   yield row", True),
        ("def f(d):\n with d.transaction() as t:\n  yield from t.all('x')", True),
        ("async def f(d):\n async with d.transaction() as t:\n  yield await t.all('x')", True),
        ("def f(d):\n with d.transaction() as t:\n  rows = t.all('x')\n yield from rows", False),
        ("def f(p):\n with p.connection() as c:\n  yield Transaction(c)", False),
    ],
)
def test_the_rule_finds_what_it_is_for(text: str, is_found: bool) -> None:
    assert bool(list(yields_in_transactions(text))) is is_found
