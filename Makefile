# Two commands for everybody:   make dry-run   and   make test.   Each sets itself up; Python >= 3.11 and make are enough.
SHELL := /bin/sh
BIN := .venv/bin
# One more than the two cores of CI: a third of the time a test waits for a server.
JOBS ?= 3
CLEAN_RUNS ?= 100
PYTEST := $(BIN)/python -m pytest
.DEFAULT_GOAL := help

.PHONY: help setup dry-run dry-run-workers test lint format lock docs test-docs dist test-dist image faults plants kills schema fuzz-segment fuzz-formats fuzz-api bench-segment bench-recut bench-akn bench-reading bench-rehearsal bench-adapter bench-instruments bench-web screenshots bench-bulk bench-recut-scale bulk-trouble worker-kills clean

help:            ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{printf "%-16s %s\n", $$1, $$2}'

setup:           ## .venv from the locked requirements (every other target does this by itself)
	@sh scripts/setup.sh

dry-run: setup   ## rehearse this commit on a real law over an embedded PostgreSQL: verdict, report, exit code
	@$(BIN)/iu-cutter dry-run $(ARGS)

dry-run-workers: setup ## the other form: the phases by two workers over a queue, the same matrices, with faults (CI runs it without)
	@$(BIN)/iu-cutter dry-run --workers 2 $(ARGS)

test: setup      ## every test, on a real PostgreSQL
	@$(PYTEST) -n $(JOBS) --dist loadgroup $(ARGS)

lint: setup      ## ruff, mypy, the layer contract
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup    ## ruff format and the fixes that are safe
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

faults: setup    ## full form: every statement boundary of every phase × every fault, each survived (the dry run has a short form)
	@$(BIN)/iu-cutter dry-run --faults full $(ARGS)

kills: setup     ## full form: kill -9 at 50 random moments of a cut (CI runs a short form)
	@DOT_CUTTER_CAMPAIGN=full $(PYTEST) -k kill tests/acceptance $(ARGS)

bulk-trouble: setup ## full form: a folder of 10,000 files with broken ones, through Ctrl-C, kill -9 and a restart of the server (CI: 20 files)
	@DOT_CUTTER_CAMPAIGN=full $(PYTEST) tests/acceptance/test_bulk_bad_input.py $(ARGS)

worker-kills: setup ## full form: 1,000 documents through the queue, workers killed 50 times (CI runs a short form)
	@DOT_CUTTER_CAMPAIGN=full $(PYTEST) tests/acceptance/test_worker_kills.py $(ARGS)

plants: setup    ## full form: every planted defect ends in its right word, then 100 clean runs without an alarm (CLEAN_RUNS=30)
	@DOT_CUTTER_CAMPAIGN=full $(PYTEST) -n $(JOBS) tests/acceptance/test_plants.py $(ARGS)
	@$(BIN)/python -m tests.clean_runs --runs $(CLEAN_RUNS) --jobs $(JOBS)

schema: setup    ## remake what the migrations decide: schema.sql, expected/*.json, docs/reference/{tables,rights,states}.md
	@$(BIN)/python -m cutter_agent.db_adapter.generate

bench-recut: setup ## the re-cut on real amendments: bytes rewritten, identities kept, time (DATA=folder)
	@$(BIN)/python benchmarks/recut.py $(DATA)

fuzz-segment: setup ## full form: 100,000 generated inputs through every profile, the largest ones, XML, 20,000 pairs of editions (CI: a short form)
	@DOT_CUTTER_CAMPAIGN=full $(PYTEST) -n $(JOBS) tests/unit/test_segmenter_campaign.py tests/unit/test_pairs_campaign.py $(ARGS)

fuzz-formats: setup ## full form: damaged HTML, DOCX and PDF, and the maps of generated ones (CI runs a short form)
	@DOT_CUTTER_CAMPAIGN=full $(PYTEST) -n $(JOBS) tests/unit/test_formats_properties.py --timeout 1200 $(ARGS)

fuzz-api: setup  ## full form: 300 right and 300 wrong requests to each address of the JSON API (CI runs a short form)
	@DOT_CUTTER_CAMPAIGN=full $(PYTEST) tests/integration/test_api_conforms.py --timeout 3600 $(ARGS)

bench-rehearsal: setup ## what a rehearsal costs on a generated database: proof over bare copy, clones, effects, tracing (SIZE=MB)
	@$(BIN)/python -m benchmarks.rehearsal --size $(or $(SIZE),1000) $(ARGS)

bench-adapter: setup ## the adapter beside bare psycopg: the same statements of a real cut in turn, durable off and on; its parts
	@$(BIN)/python -m benchmarks.adapter $(ARGS)

bench-instruments: setup ## what looking costs: fences at two sizes, digests, three writers with every instrument and with none
	@$(BIN)/python -m benchmarks.bench_instruments $(ARGS)

screenshots: setup ## every page in both languages, light, dark and narrow, as pictures (TO=folder outside the checkout)
	@test -n "$(TO)" || { echo 'screenshots: say where: make screenshots TO=/some/folder' >&2; exit 2; }
	@DOT_CUTTER_CAMPAIGN=full DOT_CUTTER_SCREENSHOTS="$(TO)" $(PYTEST) tests/browser/test_pages.py tests/browser/test_reading_pages.py $(ARGS)

bench-web: setup ## the review page with a law of 10,000 units in Chromium: first paint and keys beside a bare page of its text
	@$(BIN)/python -m benchmarks.web $(ARGS)

bench-bulk: setup ## 100,000 units over a bare COPY, a unit's cost at three sizes (MILLION=1), many small documents beside pgbench
	@$(BIN)/python -m benchmarks.bulk $(if $(MILLION),--million) $(ARGS)

bench-recut-scale: setup ## one article edited in a law of 100,000 units: rows written, time over the first cut
	@$(BIN)/python -m benchmarks.recut_scale $(ARGS)

bench-segment: setup ## the cut beside other splitters, one run: MB/s, bytes kept, articles (DATA=folder; tools go to .venv-bench)
	@sh scripts/bench.sh
	@PYTHONPATH=src .venv-bench/bin/python -m benchmarks.segment $(DATA) $(ARGS)

bench-mutate: setup ## at least 1,000 seeded corruptions of store and ledger, each found by VERIFY or the audit
	@$(BIN)/python -m benchmarks.mutate $(ARGS)

bench-space: setup ## what documents take on disk: six real codes cut, the database asked after each
	@$(BIN)/python -m benchmarks.space $(ARGS)

bench-reading: setup ## peak memory of every way to read a law, at 1,000, 10,000 and 100,000 units
	@$(BIN)/python -m benchmarks.reading $(ARGS)

bench-akn: setup ## every law of a folder and generated texts as Akoma Ntoso, judged by the OASIS schema (DATA=folder)
	@$(BIN)/python -m benchmarks.akoma $(DATA) $(ARGS)

docs: setup      ## the manual as a site in build/site, warnings as errors (its generator goes to .venv-docs)
	@sh scripts/docs.sh

test-docs: setup ## full form: every block of every page of the manual is typed (CI types those that need seconds)
	@DOT_CUTTER_CAMPAIGN=full $(PYTEST) -n $(JOBS) --dist loadgroup tests/acceptance/test_manual.py tests/house/test_manual_pages.py $(ARGS)
	@$(BIN)/python -m tests.manual_pages

dist: setup      ## wheel and sdist in dist/
	@rm -rf dist
	@$(BIN)/python -m hatchling build -d dist

test-dist: setup ## full form: the wheel installed with plain pip into an empty environment, the first tutorial typed there
	@DOT_CUTTER_CAMPAIGN=full $(PYTEST) tests/acceptance/test_distribution.py $(ARGS)

image:           ## the container image for a server, where an engine is present
	@sh scripts/image.sh

lock:            ## remake the locked requirements (needs uv)
	sh scripts/lock.sh

clean:           ## remove what was made here; runs/ stays
	rm -rf .venv .venv-bench .venv-docs .pytest_cache .mypy_cache .ruff_cache .import_linter_cache dist build
