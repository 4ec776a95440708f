# Every command of the project. `make day` and `make test` need python3 (3.11 to 3.13) and nothing else.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
PY := $(VENV)/bin/python
LOCK := $(VENV)/lock
FUZZ := $(VENV)/fuzz
PEERS := $(VENV)/peers
COMPOSE := docker compose --file docker/compose.yaml
SUPERVISED := $(PY) -m aitrapp.supervisor exec
PIP := $(PY) -m pip --disable-pip-version-check install --quiet --require-hashes

DAY :=
FEED :=
SPEED := 60
FROM :=
PORT := 8000

COVERED_BY := tests/unit/risk tests/unit/execution tests/unit/trading tests/replay \
	tests/contracts/test_broker_contract.py tests/contracts/kite
UNIT_TESTS := tests/unit tests/contracts tests/faults tests/replay tests/architecture

FIND_PYTHON = for name in $${PYTHON:-} python3 python3.13 python3.12 python3.11; do \
	  if "$$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; \
	  then echo "$$name"; exit 0; fi; \
	done; \
	echo "AITRAPP needs Python 3.11, 3.12 or 3.13; there is none on the PATH (or name it: make PYTHON=/path/to/python3)" >&2; \
	exit 1

.PHONY: help run memory kill day test unit coverage mutation integration faults browser lint bench simulate-short guard drills peers fuzz up down image-check lock clean

help:  ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 13

run: $(VENV)/.base  ## Run the desk: trade a day on paper and show it at http://127.0.0.1:8000/ (DAY= FEED= SPEED= FROM= PORT=)
	$(PY) -m aitrapp.supervisor run --day "$(DAY)" --feed "$(FEED)" --speed "$(SPEED)" --from "$(FROM)" --port "$(PORT)" $(ARGS)

memory: $(VENV)/.base  ## Tell how much memory each process of the running desk takes
	$(PY) -m aitrapp.supervisor memory $(ARGS)

kill: $(VENV)/.base  ## Flatten every engine at once, even with database, Valkey, feed and pages away (ARGS="--reason ...", --lift)
	$(PY) -m aitrapp.supervisor kill $(ARGS)

day: $(VENV)/.base  ## Run one whole trading day in paper, with its own PostgreSQL and Valkey
	$(SUPERVISED) -- $(PY) manage.py day $(ARGS)

test: lint unit integration browser guard simulate-short  ## Check everything: lint, types, import rules, migrations, all tests (BROWSER=skip: without the browser)

unit: $(VENV)/.dev  ## Run the tests that need no server, on two cores
	$(PY) -m pytest -n 2 --dist loadfile $(UNIT_TESTS) $(ARGS)

coverage: $(VENV)/.dev  ## Measure the branches of the money rooms that the tests take, and fail below 95 % (docs/testing.md)
	mkdir -p var && $(PY) -m coverage erase
	$(PY) -m pytest -n 2 --dist loadfile --cov --cov-report= $(COVERED_BY) $(ARGS)
	NUMBA_DISABLE_JIT=1 $(PY) -m pytest --cov --cov-append --cov-report=json:var/coverage.json tests/unit/risk/exits
	$(PY) -m tests.covered var/coverage.json

mutation: $(VENV)/.mutation  ## Change the money rooms in small ways and see which changes no test notices (ARGS="risk/sizing": docs/testing.md)
	$(PY) -m tests.mutation $(or $(ARGS),risk execution execution/kite)

integration: $(VENV)/.dev  ## Run the tests that need PostgreSQL and Valkey
	$(SUPERVISED) --ephemeral -- $(PY) -m pytest tests/integration tests/console --ignore tests/console/browser $(ARGS)

faults: $(VENV)/.dev  ## Kill, and stop, every process and every pair of a running desk in mid-day (about 25 minutes)
	$(PY) -m pytest -s -m matrix tests/integration/test_process_faults.py $(ARGS)

drills: $(VENV)/.dev  ## Kill and stop an engine that trades live, and every process of a desk, over sockets (ARGS=--short; report in var/drills)
	$(SUPERVISED) --ephemeral -- $(PY) -W ignore::RuntimeWarning -m tests.drills $(ARGS)

browser: $(VENV)/.dev  ## Run the tests of the page in a real browser (Debian's chromium, installed by apt where it can be)
ifeq ($(BROWSER),skip)
	@echo "browser: the tests of the page in a real browser are left out (BROWSER=skip)"
else
	@for name in chromium chromium-browser google-chrome; do \
	  if command -v "$$name" >/dev/null; then exit 0; fi; \
	done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends chromium && exit 0; \
	fi; \
	echo "the browser tests need chromium: install it (Debian: apt-get install chromium), or leave them out with BROWSER=skip" >&2; \
	exit 1
	$(SUPERVISED) --ephemeral -- $(PY) -m pytest -m browser tests/console/browser $(ARGS)
endif

fuzz: $(VENV)/.dev $(FUZZ)/.made  ## Fuzz the API of a live web process against its own schema, as every role
	$(SUPERVISED) --ephemeral -- $(PY) -m tests.console.fuzz --with "$(CURDIR)/$(FUZZ)/bin/schemathesis" $(ARGS)

lint: $(VENV)/.dev  ## Check everything that needs no server
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports --no-cache --no-logo
	$(PY) -m tests.leaked
	DJANGO_SETTINGS_MODULE=aitrapp.settings.test $(PY) -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run

simulate-short: $(VENV)/.base  ## Live through 500 simulated days with faults (ARGS="--seeds 17": that one; docs/simulation.md)
	DJANGO_SETTINGS_MODULE=aitrapp.settings.test $(PY) manage.py simulate --seeds 1..500 --jobs 2 --out var/simulation $(ARGS)

bench: $(VENV)/.base  ## Measure how fast the desk is on this machine (ARGS=backtest, scan, session …: see docs/benchmarks.md)
	$(SUPERVISED) --ephemeral -- $(PY) manage.py bench $(ARGS)

guard: $(VENV)/.dev  ## Fail where a backtest or a screen has become slower, against a plain loop in the same run
	$(PY) -W ignore::RuntimeWarning manage.py bench guard $(ARGS)

peers: $(PEERS)/.made  ## Install the backtesters that `bench backtest` compares with (Python 3.12 or 3.13)

up: docker/.env  ## Run the desk in containers, with the console at http://localhost:8000/ (DAY= SPEED= PORT=)
	printf '{"revision": "%s", "clean": %s}\n' "$$(git rev-parse HEAD)" \
	  "$$([ -z "$$(git status --porcelain)" ] && echo true || echo false)" > build.json
	DAY="$(DAY)" SPEED="$(SPEED)" PORT="$(PORT)" $(COMPOSE) up --build --detach
	$(COMPOSE) logs prepare

down:  ## End the containers; their data stays (ARGS=--volumes: that goes too)
	$(COMPOSE) down $(ARGS)

image-check: $(VENV)/.base $(FUZZ)/.made  ## Check docker/ without a container engine: schema, the image's steps, every process
	$(FUZZ)/bin/check-jsonschema --builtin-schema vendor.compose-spec docker/compose.yaml
	$(SUPERVISED) --ephemeral -- $(PY) docker/check.py

lock: $(LOCK)/.uv  ## Pin and hash requirements/*.in again, for every supported Python
	cd requirements && for set in base dev fuzz mutation peers; do \
	  least=3.11; if [ $$set = peers ]; then least=3.12; fi; \
	  ../$(LOCK)/bin/uv pip compile --universal --python-version $$least --generate-hashes \
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

$(VENV)/.mutation: requirements/mutation.txt $(VENV)/.dev
	$(PIP) -r $<
	@touch $@

$(FUZZ)/.made: requirements/fuzz.txt | $(VENV)/.made
	"$$($(FIND_PYTHON))" -m venv $(FUZZ)
	$(FUZZ)/bin/python -m pip --disable-pip-version-check install --quiet --require-hashes -r $<
	@touch $@

$(PEERS)/.made: requirements/peers.txt | $(VENV)/.made
	@for name in $${PYTHON:-} python3.13 python3.12 python3; do \
	  if "$$name" -c 'import sys; sys.exit(not (3, 12) <= sys.version_info < (3, 14))' 2>/dev/null; \
	  then "$$name" -m venv $(PEERS); exit 0; fi; \
	done; \
	echo "the peers need Python 3.12 or 3.13; there is none on the PATH (or name it: make peers PYTHON=/path/to/python3)" >&2; exit 1
	$(PEERS)/bin/python -m pip --disable-pip-version-check install --quiet --require-hashes -r $<
	@touch $@

docker/.env:
	@umask 077; for key in POSTGRES_PASSWORD REDIS_PASSWORD SECRET_KEY; do \
	  echo "$$key=$$(head -c 48 /dev/urandom | base64 | tr -d '\n+/=')"; \
	done > $@

$(LOCK)/.uv:
	"$$($(FIND_PYTHON))" -m venv $(LOCK)
	$(LOCK)/bin/python -m pip --disable-pip-version-check install --quiet uv
	@touch $@
