# One word a chore. Everything happens in .venv; nothing outside this folder is touched, but that root gets Chromium by apt for the tests.

PYTHON ?= python3
PORT ?= 8080
BIN := .venv/bin
READY := .venv/.ready
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.DEFAULT_GOAL := help
.PHONY: help demo test lint quick format benchmark worlds clean

help:
	@echo "make demo       install and start the demo: SQLite in a temporary folder, stories loaded, a token (PORT=8080, DATABASE=url)"
	@echo "make test       install what the tests need, and run everything: lint, types, house, tests"
	@echo "make lint       style, types, and how the rooms hang together"
	@echo "make quick      the tests alone, without the slow ones"
	@echo "make format     lay the code out"
	@echo "make benchmark  measure, as ratios in one run"
	@echo "make worlds     who may see what in ten thousand random worlds (WORLDS=10000, FROM=0)"
	@echo "make clean      remove what was installed and made"

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed: make PYTHON=python3.12 …"; exit 1; }
	@# where Python comes without ensurepip (Debian), the pip that is there fills the new folder
	$(PYTHON) -m venv .venv 2>/dev/null || { $(PYTHON) -m venv --clear --without-pip .venv && $(PYTHON) -m pip --python .venv/bin/python install --quiet pip; }

.venv/.installed: pyproject.toml fhir_server/__init__.py | .venv/bin/python
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(READY): .venv/.installed
	$(BIN)/python -m pip install --quiet --group lint --group test
	@tools/install_chromium.sh
	@touch $@

demo: .venv/.installed
	$(BIN)/fhir-server demo --port $(PORT) $(if $(DATABASE),--database '$(DATABASE)')

test: lint
	$(BIN)/pytest -n 2 --dist worksteal

quick: $(READY)
	$(BIN)/pytest -n 2 --dist worksteal -m 'not slow'

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/fhir-server check

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

benchmark: $(READY)
	$(BIN)/python -m tests.benchmarks

WORLDS ?= 10000
FROM ?= 0
worlds: $(READY)
	WORLDS=$(WORLDS) WORLDS_FROM=$(FROM) $(BIN)/pytest -n 2 --dist worksteal tests/access/test_worlds.py -k sqlite

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
