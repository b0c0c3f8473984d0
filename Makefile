# Everything a person types. `make` lists the targets.
PYTHON ?= python3
# Clients that the published files are read with, each in an environment of its own.
READERS = $(VENV)/readers
DUCKDBS = 1.0.0 1.1.3 1.2.2 1.3.2 1.4.4 1.5.4 2.0.0
# Of the faults: at most so many points of each kind, and which rows; all where nothing is said.
POINTS ?= 0
ROWS ?=
NIGHTS ?= 200
VENV := .venv
BIN := $(VENV)/bin
ACCOUNTS ?= 1000000
SEEDS ?= 20
SECONDS ?= 600
# What `make proofs` runs; CI leaves out the properties, which `make test` tries with fewer examples.
PROOFS ?= proof or hypothesis
MEGABYTES ?= 2000
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras \
	--no-emit-index-url --no-header --no-annotate pyproject.toml requirements-build.in
.DEFAULT_GOAL := help
.PHONY: help dist nightly test test-ui proofs check check-code check-types check-imports check-vocabulary ui samples screenshots backfill browser postgres postgres-readers deploy-storage readers hadolint readers-superset faults faketime soak fuzz broken-files lock bench bench-pull \
	bench-publish bench-ranking quality sbom audit licences contract docs clean bench-shapes

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/ -/' | sort

$(VENV)/.runtime: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "smallvoices needs Python 3.11 or newer; say which: make PYTHON=/path/to/python3.11"; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing what smallvoices needs, once; it takes a minute or a few"
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.development: $(VENV)/.runtime requirements-dev.lock
	@echo "Installing what its tests need, once"
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.lock
	@touch $@

nightly: $(VENV)/.runtime ## Pull, validate, rank and publish the newest date of the samples
	@$(BIN)/smallvoices nightly --date newest

test: check ## Lint, type check and run the tests
	@$(BIN)/python -m pytest --slowest=25

test-ui: $(VENV)/.development ## Run the tests of the Dagster UI, of its daemon and of the report in a browser
	@$(BIN)/python -m pytest -m "live and not proof"

proofs: $(VENV)/.development ## Run the tests that take too long for `make test`, and 300 examples of each property
	@$(BIN)/python -m pytest -m "$(PROOFS)" --hypothesis-profile=proofs

check: $(VENV)/.development ## Lint and type check, all at once
	@$(MAKE) --no-print-directory --jobs=4 --output-sync=target check-code check-types check-imports check-vocabulary

check-code: $(VENV)/.development
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

check-types: $(VENV)/.development
	@$(BIN)/mypy

check-imports: $(VENV)/.development
	@$(BIN)/lint-imports --no-logo

check-vocabulary: $(VENV)/.development
	@$(BIN)/python -m lint.vocabulary

ui: $(VENV)/.runtime ## Open the Dagster UI on http://127.0.0.1:3000
	@$(BIN)/smallvoices ui

samples: $(VENV)/.runtime ## Write the invented sample exports again
	@$(BIN)/python -m pipelines.samples.generate

screenshots: $(VENV)/.development ## Take the pictures of docs/ again, from the samples
	@SMALLVOICES_SCREENSHOTS=docs SMALLVOICES_BACKFILL_DAYS=30 $(BIN)/python -m pytest -n 0 -m "" --basetemp=/tmp/smallvoices tests/ui/test_browser.py

backfill: $(VENV)/.development ## Backfill 30 days from the Dagster UI, by clicks, and compare them with the command line's
	@SMALLVOICES_BACKFILL_DAYS=30 $(BIN)/python -m pytest -n 0 -m "" tests/ui/test_browser.py tests/ui/test_daemon.py

browser: ## Install the browser that the UI tests drive (system packages; needs root)
	apt-get update -q && apt-get install -y -q chromium chromium-driver

readers: $(patsubst %,$(READERS)/duckdb-%/.installed,$(DUCKDBS)) $(READERS)/clients/.installed $(READERS)/dbt/.installed $(READERS)/node/.installed ## Install the clients that the published files are tested with

$(READERS)/duckdb-%/.installed: | $(VENV)/.development
	@$(BIN)/uv venv -q --clear -p $(BIN)/python $(@D)
	@$(BIN)/uv pip install -q -p $(@D) duckdb==$* && touch $@

$(READERS)/%/.installed: tests/integration/readers/%.txt | $(VENV)/.development
	@$(BIN)/uv venv -q --clear -p $(BIN)/python $(@D)
	@$(BIN)/uv pip install -q -p $(@D) -r $< && touch $@

$(READERS)/node/.installed: | $(VENV)/.development
	@npm install --silent --no-fund --no-audit --prefix $(@D) @duckdb/node-api && touch $@

hadolint: $(READERS)/hadolint/.installed ## Install the linter of deploy/Dockerfile

readers-superset: $(READERS)/superset/.installed ## Look at the published file through Apache Superset: dataset, chart, SQL Lab
	@$(BIN)/python -m tests.integration.readers.superset

faults: readers ## Inject every fault that a night must survive, and print what was hit and what held
	@$(BIN)/python -W ignore -m tests.faults --points $(POINTS) --rows "$(ROWS)"

faketime: ## Install what sets the clocks of single processes, for faults (system packages; needs root)
	apt-get update -q && apt-get install -y -q libfaketime

soak: $(VENV)/.development ## Run many nights one after the other, and hold the first beside the last
	@$(BIN)/python -W ignore -m tests.faults.soak --nights $(NIGHTS)

fuzz: $(VENV)/.development ## Make up files for SECONDS, guided by the code that they reach, and hold the import to its accounting
	@$(BIN)/python -m tests.fuzz --seconds $(SECONDS)

broken-files: $(VENV)/.development ## Try invented broken files, or those of FOLDER, on landing and import
	@$(BIN)/python -m tests.fuzz.folder $(FOLDER)

bench: $(VENV)/.development ## Measure a night of 1 M profiles and 12 M posts beside a bare DuckDB script
	@$(BIN)/python -m benchmarks.nightly --accounts $(ACCOUNTS)

postgres: ## Install the PostgreSQL server that tests publish to (system packages; needs root)
	apt-get update -q && apt-get install -y -q postgresql

postgres-readers: $(VENV)/.development ## Swap generations in PostgreSQL under four readers
	@SMALLVOICES_POSTGRES_READERS=1 $(BIN)/python -m pytest -n 0 tests/integration/test_postgres.py -k readers_see

deploy-storage: $(VENV)/.development ## Run a night and the UI with Dagster's storage in PostgreSQL
	@SMALLVOICES_DEPLOY_STORAGE=1 $(BIN)/python -m pytest -n 0 tests/integration/test_deploy.py

bench-pull: $(VENV)/.development ## Measure pulling 2 GB over HTTP on loopback beside curl
	@$(BIN)/python -m benchmarks.pull --megabytes $(MEGABYTES)

bench-publish: $(VENV)/.development ## Measure publishing 1 M accounts with 90 days of history beside bare CREATE TABLE AS
	@$(BIN)/python -m benchmarks.publishing --accounts $(ACCOUNTS)

bench-ranking: $(VENV)/.development ## Measure ranking 1 M accounts with 12 M posts beside plain SQL
	@$(BIN)/python -m benchmarks.ranking --accounts $(ACCOUNTS)

dist: $(VENV)/.development ## Build the wheel and the source distribution in build/dist
	@rm -rf build/dist build/lib build/bdist.*
	@$(BIN)/uv build --quiet --no-build-isolation --python $(BIN)/python --out-dir build/dist
	@ls -l build/dist

sbom: $(VENV)/.development ## Write build/sbom.json, the bill of materials of what the lock installs (CycloneDX)
	@$(BIN)/uv venv -q --clear -p $(BIN)/python build/runtime
	@$(BIN)/uv pip install -q -p build/runtime --require-hashes -r deploy/requirements.lock
	@$(BIN)/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible -o build/sbom.json build/runtime/bin/python

audit: $(VENV)/.development ## Look up known vulnerabilities of what the lock pins; 1: there are some, 3: not all could be looked up
	@$(BIN)/python -m deploy.audit

docs: $(VENV)/.development ## Build the documentation as a site in build/docs; a broken link fails
	@$(BIN)/python -m zensical build --strict

licences: $(VENV)/.development ## Write docs/licences.md, the licences of what the lock installs
	@$(BIN)/python -m deploy.licences

contract: $(VENV)/.runtime ## Write the published contract and the data dictionary to docs/
	@$(BIN)/python -m schemas.contract

quality: $(VENV)/.development ## Measure the ranking on real posts (POSTS=folder) and simulated worlds, WITHOUT=ingredient or with all
	@$(BIN)/python -m benchmarks.ranking_quality --seeds $(SEEDS) $(if $(POSTS),--posts $(POSTS)) $(if $(WITHOUT),--without $(WITHOUT)) \
		$(if $(LABELLED),--labelled $(LABELLED))

bench-shapes: $(VENV)/.development ## Measure parsing through a shape beside the same SELECT by hand
	@$(BIN)/python -m benchmarks.shapes --accounts $(ACCOUNTS)

lock: $(VENV)/.development ## Pin the newest versions that pyproject.toml allows
	@$(COMPILE) -o requirements.lock
	@$(COMPILE) --extra dev -c requirements.lock -o requirements-dev.lock
	@$(COMPILE) --extra postgres-storage -c requirements.lock -o deploy/requirements.lock

clean: ## Remove the environment and the caches; data/ stays
	rm -rf $(VENV) build .cache .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis *.egg-info
