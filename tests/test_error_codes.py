"""The catalogue of error codes is complete, and every one of its codes is in use."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from blurline.error_codes import ERROR_CODES

ROOT = Path(__file__).parents[1]
_PACKAGES = ("blurline", "models", "sql", "tasks", "flows", "api", "dashboard", "deployments")
_CATALOGUE = ROOT / "blurline" / "error_codes.py"
_TAKES_A_CODE = {"Verdict", "ReviewReason", "ApiProblem", "problem_response", "_cancel_attempts_of", "cancel_attempts"}
_IN_SQL = re.compile(r"\berror_code\s*(?:=|<>|IS DISTINCT FROM)\s*'(\w+)'")
_MADE_OF_A_STATE = {"flow_run_crashed", "flow_run_failed", "flow_run_completed"}
"""Codes that `flows.reconcile` puts together from the state of a flow run."""


def test_every_code_of_an_error_class_and_of_sql_is_in_the_catalogue() -> None:
    assert _raised() | _in_sql() <= set(ERROR_CODES)


def test_no_code_of_the_catalogue_is_unused() -> None:
    literals = {value for tree in _trees() for value in _strings(tree)}
    assert set(ERROR_CODES) - literals - _in_sql() <= _MADE_OF_A_STATE


def test_every_code_has_a_meaning_and_an_advice_that_are_sentences() -> None:
    for code, each in ERROR_CODES.items():
        assert each.meaning.endswith("."), code
        assert each.advice.endswith("."), code
        assert each.status is not None or each.places, code


def _trees() -> Iterator[ast.Module]:
    for package in _PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            if path != _CATALOGUE:
                yield ast.parse(path.read_text())


def _strings(tree: ast.Module) -> Iterator[str]:
    return (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))


def _raised() -> set[str]:
    """The codes of error classes, and those that are given to a function or a class as a literal."""
    found: set[str] = set()
    for tree in _trees():
        for node in ast.walk(tree):
            match node:
                case ast.ClassDef():
                    found.update(_class_codes(node))
                case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in _TAKES_A_CODE:
                    given = (arg.value for arg in node.args if isinstance(arg, ast.Constant))
                    found.update(value for value in given if isinstance(value, str) and re.fullmatch(r"[a-z_]+", value))
    return found


def _class_codes(node: ast.ClassDef) -> Iterator[str]:
    for line in node.body:
        match line:
            case (
                ast.Assign(targets=[ast.Name(id="code")], value=ast.Constant(value=str(code)))
                | ast.AnnAssign(target=ast.Name(id="code"), value=ast.Constant(value=str(code)))
            ):
                yield code


def _in_sql() -> set[str]:
    return {code for path in (ROOT / "sql").rglob("*.sql") for code in _IN_SQL.findall(path.read_text())}
