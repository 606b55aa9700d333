# make run [URL='…'] [ARGS='…']   make test   make chaos [SEED=… TASKS=… FAULTS=…]   make check   make frontend   make bench
# make clean   make help
#
# Every goal sets up what it needs first, in ./.venv.

.DEFAULT_GOAL := help
.PHONY: help run test chaos check frontend pictures bench clean

BIN := .venv/bin

# The oldest versions that are supported; the newest are in .venv.
OLD_ARIA2P := .cache/aria2p-0.12.1
OLD_HOST := .cache/host-11

FRONTEND := seahub_patch/frontend

# URL and ARGS may hold any character. Make would expand them once more when it exports them, so it must not; what was
# typed goes to scripts/run.py as it is, under other names, and meets no shell on its way.
unexport URL ARGS
MAKEOVERRIDES :=
run: export SEAFEVENTS_OFFLINE_URL = $(value URL)
run: export SEAFEVENTS_OFFLINE_ARGS = $(value ARGS)

help:
	@echo "make run                serve the web page and download what is put into the list"
	@echo "make run URL='...'      download that link into ./library; any character is safe"
	@echo "make run ... ARGS='...' more options, e.g. ARGS='--name report.zip --timeout 10m'"
	@echo "make test               all tests, with a real aria2c, a real MariaDB and a real Chromium"
	@echo "make chaos              300 tasks through 40 faults at once; SEED=... TASKS=... FAULTS=... choose which and how many"
	@echo "make check              linter, types, layers, translations"
	@echo "make frontend           build the pages' script and style sheet, gather texts"
	@echo "make pictures           take the pictures of README.md and docs/"
	@echo "make bench              the benchmarks; see benchmarks/README.md"
	@echo "make clean              remove what was made, but neither ./data nor ./library"

run:
	@scripts/setup run
	@$(BIN)/python scripts/run.py

# Most tests wait for something most of the time; six at once keep two cores busy. Who is done takes over from others:
# those that wait the longest stand together.
PARALLEL := -n 6 --dist worksteal

# A browser keeps a core busy by itself.
BROWSERS := -n 3

test:
	@scripts/setup test
	$(BIN)/python -m pytest $(PARALLEL) --ignore tests/browser
	PYTHONPATH=$(OLD_ARIA2P) $(BIN)/python -m pytest tests/contract/test_engines.py
	$(BIN)/python -m pytest $(BROWSERS) tests/browser
	PYTHONPATH=$(OLD_HOST) $(BIN)/python -m pytest $(PARALLEL) tests/routes
	cd $(FRONTEND) && npm test

# The same seed draws the same faults, links and deeds.
SEED := 6
TASKS := 300
FAULTS := 40

chaos:
	@scripts/setup test
	$(BIN)/python -m tests.chaos --seed $(SEED) --tasks $(TASKS) --faults $(FAULTS)

check:
	@scripts/setup check
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python scripts/messages.py --check

frontend:
	@scripts/setup frontend
	$(BIN)/python scripts/messages.py
	cd $(FRONTEND) && npm run build

# Taken by the tests of the browser; they go into README.md and docs/.
pictures:
	@scripts/setup test
	OFFLINE_DOWNLOAD_PICTURES=docs/pictures $(BIN)/python -m pytest -q tests/browser/test_pictures.py

bench:
	@scripts/setup test
	$(BIN)/python -m benchmarks

clean:
	rm -rf .venv .cache $(FRONTEND)/node_modules .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
