# `make demo` sets everything up and runs the main job; `make test` sets everything up and passes the tests.
# Needs Python 3.11 or newer and make.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export BLURLINE_HOME ?= $(CURDIR)/.blurline
export UV_PYTHON_DOWNLOADS := never

.PHONY: demo up test check format unit acceptance long bench fuzz reid corpus docs release lock clean

demo: $(VENV)/installed  ## start the stack, submit the samples, stay up (ARGS=--once ends after the table)
	$(BIN)/blurline demo $(ARGS)

up: $(VENV)/installed  ## start the stack and stay up
	$(BIN)/blurline up $(ARGS)

test: check unit acceptance  ## every check, and every test but the long ones

check: $(VENV)/developer  ## format, lint, types, import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

unit: $(VENV)/developer  ## tests that need no whole stack
	$(BIN)/pytest -q -n 4 -m "not long" tests --ignore=tests/acceptance $(ARGS)

acceptance: $(VENV)/developer  ## tests that drive the whole stack
	$(BIN)/pytest -q -n 3 -m "not long" tests/acceptance $(ARGS)

long: $(VENV)/developer  ## containers, hosts, upgrades, backups, guides, a release: before a release
	$(BIN)/pytest -q -n 2 --dist loadfile -m long tests $(ARGS)

bench: $(VENV)/developer  ## measure (ARGS="core stack" for some of it)
	$(BIN)/python -m blurline bench $(ARGS)

fuzz: $(VENV)/developer  ## damage files of every format for a while (FUZZ_EXAMPLES=… for longer)
	FUZZ_EXAMPLES=$(or $(FUZZ_EXAMPLES),5000) $(BIN)/pytest -q tests/picture/test_fuzz.py --timeout=1800 $(ARGS)

reid: $(VENV)/developer requirements-reid.lock  ## install a face recogniser and measure re-identification (EVAL_DIR=…)
	$(BIN)/uv pip install -q --python $(VENV) --require-hashes --no-deps --no-build-isolation -r requirements-reid.lock
	$(BIN)/python -m blurline bench reid

corpus: $(VENV)/developer  ## treat files of every kind, judge the results by other programs, and write the table of docs/picture.md
	$(BIN)/python -m tests.picture.corpus_table

docs: $(VENV)/developer  ## generate docs/openapi.json, sql/schema.sql and the tables of docs/settings.md, policy.md and errors.md
	$(BIN)/python -m release.pages

release: $(VENV)/developer  ## wheel, source distribution, bill of materials and licences, into dist/ (docs/release.md)
	$(BIN)/python -m release

format: $(VENV)/developer
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(BIN)/uv  ## pin what pyproject.toml asks for, without host names
	$(BIN)/uv pip compile -q pyproject.toml --extra editable --generate-hashes --universal --python-version 3.11 --no-header -o requirements.lock
	$(BIN)/uv pip compile -q pyproject.toml --extra editable --group dev --generate-hashes --universal --python-version 3.11 --no-header -c requirements.lock -o requirements-dev.lock
	printf 'uv\nhatchling\neditables\n' | $(BIN)/uv pip compile -q - --generate-hashes --universal --python-version 3.11 --no-header --no-annotate -c requirements-dev.lock -o requirements-build.lock
	printf 'dlib-bin\nface-recognition-models\n' | $(BIN)/uv pip compile -q - --no-deps --generate-hashes --python-version 3.11 --no-header --no-annotate -o requirements-reid.lock

clean:
	rm -rf $(VENV) .blurline

$(BIN)/uv:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Blurline needs Python 3.11 or newer; set PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check uv==$(shell sed -n 's/^uv==\([^ ]*\).*/\1/p' requirements-dev.lock)

$(VENV)/installed: requirements.lock pyproject.toml | $(BIN)/uv
	$(BIN)/uv pip install -q --python $(VENV) --compile-bytecode --require-hashes -r requirements.lock
	$(BIN)/uv pip install -q --python $(VENV) --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/developer: requirements-dev.lock $(VENV)/installed
	$(BIN)/uv pip install -q --python $(VENV) --compile-bytecode --require-hashes -r requirements-dev.lock
	touch $@
