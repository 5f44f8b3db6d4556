# One command surface: what CI runs is what you run.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.installed
ORDERS ?= 10000

.DEFAULT_GOAL := help
.PHONY: help install lint format test test-fast demo bench matrix lock clean

help:  ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

install: $(READY)  ## Create the virtual environment with the locked versions

$(READY): requirements.lock pyproject.toml hatch_build.py assets/package-lock.json assets/icons.txt
	@echo "Installing Storetwin into $(VENV) …"
	@$(PYTHON) -c 'import sys; sys.exit("Storetwin needs Python 3.11 or newer, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

demo: install  ## Start a store, a database and the hub, and pull everything (ORDERS=10000)
	@exec $(BIN)/storetwin demo --orders $(ORDERS)

test: install  ## Run the whole suite
	@$(BIN)/python tools/run_tests.py

test-fast: install  ## Run the unit tests only (no database, seconds)
	@$(BIN)/pytest tests/unit tests/architecture -q -n 0 -p no:cacheprovider

lint: install  ## ruff, mypy (strict), import rules
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@! grep -nE 'https?://' requirements.lock || (echo "requirements.lock must not record addresses"; exit 1)
	@! grep -nE '"resolved"' assets/package-lock.json || (echo "assets/package-lock.json must not record addresses"; exit 1)

format: install  ## Format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: install  ## Measure against the budgets (ONLY=pull, load, webhooks, step, board, staging or promotion)
	@$(BIN)/python -m benchmarks $(if $(ONLY),--only $(ONLY))

matrix: install  ## Try every fault alone and in pairs, and write the table of what was lost (ONLY=poison)
	@$(BIN)/python -m benchmarks.matrix $(if $(ONLY),--only $(ONLY))

lock:  ## Compile requirements.lock again from pyproject.toml, and the lock of the assets
	@$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links --quiet -o requirements.lock
	@$(BIN)/python hatch_build.py lock

clean:  ## Remove what was built
	@rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache
