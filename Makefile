# The commands of this project; `make help` lists them. Stamp files skip steps that are up to date.
PACKAGES := server schema execution resolvers loaders jobs store domain sample
VENV := .venv
PYTHON := $(VENV)/bin/python
PARTNERHUB := $(VENV)/bin/partnerhub
INSTALLED := $(VENV)/.installed
LINKED := $(VENV)/.linked
WEB_BUILT := web/dist/.built
CLIENT_PACKAGES := web/tests/node_modules/.installed
WEB_SOURCES := $(shell find web -type f -not -path '*/node_modules/*' -not -path 'web/dist/*' -not -path 'web/tests/*' 2>/dev/null)
CONTRACT := ../shared/tools/check_contract.py

# pip and npm wait for the network in turn: two at a time set up a fresh clone in half the time.
MAKEFLAGS += --jobs=2

.DEFAULT_GOAL := help
.PHONY: help setup run test test-faults soak coverage programs client-packages check lint types layers schema-current schema-changes release contract schema messages lock bench benches clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(LINKED) $(WEB_BUILT) ## create the environment in .venv and build GraphiQL, if they are missing
	@:

$(INSTALLED): requirements-dev.lock tools/make_environment
	@tools/make_environment $(VENV)
	@echo "Installing the locked packages in $(VENV)."
	@$(PYTHON) -m pip install -qq --disable-pip-version-check --require-hashes --no-deps -r requirements-dev.lock
	@touch $@

$(LINKED): $(INSTALLED) pyproject.toml
	@$(PYTHON) -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --no-index --editable .
	@touch $@

$(WEB_BUILT): $(WEB_SOURCES) tools/build_web
	@tools/build_web $@

run: setup ## start everything on http://127.0.0.1:8000, with a sample partner and its own MongoDB in .data/
	@exec $(PARTNERHUB) run $(ARGS)

$(CLIENT_PACKAGES): web/tests/package-lock.json tools/install_client_packages
	@tools/install_client_packages $@

test: setup programs client-packages ## run all tests against a real MongoDB (ARGS='-k word' for some of them)
	@$(PYTHON) -m pytest -n auto --maxprocesses 4 --dist worksteal $(ARGS)

test-faults: setup ## run the faults of docs/reliability.md at full length and print their figures (ARGS='-k hangs' for some)
	@PARTNERHUB_FAULTS=long $(PYTHON) -m pytest -n 0 tests/faults tests/end_to_end/test_hostile.py $(ARGS)

soak: setup ## run changes, reconnections and restarts for half an hour (MINUTES=5 for less)
	@$(PYTHON) -m bench.soak $(or $(MINUTES),30)

coverage: setup programs client-packages ## run all tests and show the lines and branches that no test reaches
	@$(PYTHON) -m pytest -n auto --maxprocesses 4 --dist worksteal --cov --cov-report=term-missing:skip-covered $(ARGS)

programs:
	@tools/need_programs \
	  /usr/bin/chromium chromium "The web tests" \
	  java openjdk-17-jdk-headless "The tests of HTTP clients" \
	  curl curl "The tests of HTTP clients" \
	  soffice libreoffice-calc-nogui "The tests of spreadsheets"

client-packages: $(CLIENT_PACKAGES)
	@:

check: lint types layers schema-current schema-changes contract ## run lint, types, layers, schema-current, schema-changes and contract

lint: setup ## check style and format with ruff
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .

types: setup ## check types with mypy --strict
	@$(VENV)/bin/mypy $(PACKAGES) tests $(if $(wildcard bench/*.py),bench)

layers: setup ## check the import rules with import-linter
	@$(VENV)/bin/lint-imports

schema-current: setup ## check that schema.graphql is what the code prints
	@$(PARTNERHUB) schema | diff -u schema.graphql - || { echo "schema.graphql differs from the code: run make schema." >&2; exit 1; }

schema-changes: setup ## check that breaking changes of the schema since the last release are in CHANGELOG.md
	@$(PYTHON) tools/schema_changes.py

release: schema-current schema-changes ## keep the schema of a release (VERSION=0.2.0); docs/releases.md has the other steps
	@cp schema.graphql docs/releases/$(VERSION).graphql

contract: setup ## report the contract of schema.graphql, if its checker is there
	@if [ -f $(CONTRACT) ]; then $(PYTHON) $(CONTRACT) schema.graphql --report; fi

schema: setup ## write schema.graphql from the code
	@$(PARTNERHUB) schema > $(VENV)/schema.draft && mv $(VENV)/schema.draft schema.graphql

messages: $(LINKED) ## bring the catalogues of translations up to date with the texts of the source
	@tools/update_catalogues $(VENV)

lock: $(LINKED) ## resolve the newest allowed versions and write both requirement locks
	@tools/lock_requirements $(VENV)

bench: setup ## measure the table of docs/performance.md (PARTS=executor for one part, which is only printed)
	@$(PYTHON) -m bench.table $(PARTS)

benches: setup ## list the benchmarks and how to run one
	@tools/list_benches

clean: ## remove environment, builds and caches, but not the data in .data/
	rm -rf $(VENV) web/node_modules web/tests/node_modules web/dist build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage .coverage.*
	find $(PACKAGES) tests bench -name __pycache__ -type d -prune -exec rm -rf {} +
