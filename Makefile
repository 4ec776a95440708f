# Every command of the project. `make day` and `make test` need python3 (3.11 to 3.13) and nothing else.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
PY := $(VENV)/bin/python
LOCK := $(VENV)/lock
SUPERVISED := $(PY) -m aitrapp.supervisor exec
PIP := $(PY) -m pip --disable-pip-version-check install --quiet --require-hashes

DAY :=
SPEED := 60
PORT := 8000

UNIT_TESTS := tests/unit tests/contracts tests/faults tests/replay tests/architecture

FIND_PYTHON = for name in $${PYTHON:-} python3 python3.13 python3.12 python3.11; do \
	  if "$$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; \
	  then echo "$$name"; exit 0; fi; \
	done; \
	echo "AITRAPP needs Python 3.11, 3.12 or 3.13; there is none on the PATH (or name it: make PYTHON=/path/to/python3)" >&2; \
	exit 1

.PHONY: help run day test unit integration browser lint bench lock clean

help:  ## Show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

run: $(VENV)/.base  ## Run the desk: trade a day on paper and show it at http://127.0.0.1:8000/ (DAY= SPEED= PORT=)
	$(PY) -m aitrapp.supervisor run --day "$(DAY)" --speed "$(SPEED)" --port "$(PORT)" $(ARGS)

day: $(VENV)/.base  ## Run one whole trading day in paper, with its own PostgreSQL and Valkey
	$(SUPERVISED) -- $(PY) manage.py day $(ARGS)

test: lint unit integration  ## Check everything: lint, types, import rules, migrations, then all tests

unit: $(VENV)/.dev  ## Run the tests that need no server, on two cores
	$(PY) -m pytest -n 2 --dist loadfile $(UNIT_TESTS) $(ARGS)

integration: $(VENV)/.dev  ## Run the tests that need PostgreSQL and Valkey
	$(SUPERVISED) --ephemeral -- $(PY) -m pytest tests/integration tests/console --ignore tests/console/browser $(ARGS)

browser: $(VENV)/.dev  ## Run the tests of the page in a real browser (Debian's chromium, installed by apt where it can be)
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] && apt-get update -q && apt-get install -q -y chromium; } || \
	  { echo "the browser tests need chromium: apt-get install chromium" >&2; exit 1; }
	$(SUPERVISED) --ephemeral -- $(PY) -m pytest -m browser tests/console/browser $(ARGS)

lint: $(VENV)/.dev  ## Check everything that needs no server
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports --no-cache --no-logo
	DJANGO_SETTINGS_MODULE=aitrapp.settings.test $(PY) -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run

bench: $(VENV)/.base  ## Measure how fast the desk is on this machine
	$(SUPERVISED) --ephemeral -- $(PY) manage.py bench $(ARGS)

lock: $(LOCK)/.uv  ## Pin and hash requirements/*.in again, for every supported Python
	cd requirements && for set in base dev; do \
	  ../$(LOCK)/bin/uv pip compile --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --quiet "$$set.in" -o "$$set.txt"; \
	done

clean:  ## Remove what was made here, except the data in var/
	rm -rf $(VENV) staticfiles day.json .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

$(VENV)/.made:
	@if $(PY) -m pip --version >/dev/null 2>&1; then touch $@; exit 0; fi; \
	python="$$($(FIND_PYTHON))"; \
	if ! "$$python" -m venv $(VENV); then \
	  rm -rf $(VENV); echo "$$python has no working venv module; on Debian: apt-get install python3-venv" >&2; exit 1; \
	fi
	@touch $@

$(VENV)/.base: requirements/base.txt | $(VENV)/.made
	$(PIP) -r $<
	@touch $@

$(VENV)/.dev: requirements/dev.txt | $(VENV)/.made
	$(PIP) -r $<
	@touch $@ $(VENV)/.base

$(LOCK)/.uv:
	"$$($(FIND_PYTHON))" -m venv $(LOCK)
	$(LOCK)/bin/python -m pip --disable-pip-version-check install --quiet uv
	@touch $@
