# Each target does its own set-up: a first run installs, a later one starts in seconds.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help setup lab test check bench docs lock clean
.DEFAULT_GOAL := help

help:
	@sed -n 's/^\([a-z]*\):.*##  */make \1	/p' $(MAKEFILE_LIST)

python:
	@command -v $(PYTHON) >/dev/null || { echo "labchat needs Python 3.11 or newer, and there is no $(PYTHON) here. On Debian: apt install python3 python3-venv" >&2; exit 1; }
.PHONY: python

setup: python  ## Make .venv with everything, and find or install what the tests need
	@$(PYTHON) scripts/set_up.py dev browser tools

lab: python  ## Open the lab in JupyterLab
	@$(PYTHON) scripts/set_up.py lab
	@$(BIN)/labchat lab $(NOTEBOOK)

test: setup  ## Run everything CI runs: style, types, all tests, browsers, notebooks, coverage
	@$(BIN)/python scripts/run_tests.py all

check: python  ## Style, types, import rules, then the fast tests
	@$(PYTHON) scripts/set_up.py dev
	@$(BIN)/python scripts/run_tests.py fast

bench: python  ## Measure against the peers
	@$(PYTHON) scripts/set_up.py dev tools peers
	@$(BIN)/python -m benchmarks.run $(BENCH)

docs: python  ## Build the documentation as a site, in site/
	@$(PYTHON) scripts/set_up.py docs
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet --strict && echo "labchat: open site/index.html"

lock: python  ## Write constraints.txt anew, from the newest releases pyproject.toml allows
	@$(PYTHON) scripts/set_up.py lock

clean:  ## Remove what make made
	rm -rf .venv artifacts build dist site .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
