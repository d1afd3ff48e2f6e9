# make run           the whole system from the folder DATA_DIR (var) on PORT (8000); TEST_USERS=1 prints tokens
# make test          all tests on PostgreSQL, Redis and S3 started for them; ARGS for pytest
# make test-embedded  tests of candidates on SQLite, the disk and embedded Redis; ARGS for pytest
# make test-monitor  the desktop monitor's tests under each Python at hand, 3.8 to 3.13; ARGS for pytest
# make monitor       the desktop monitor as one file, dist/cv-capture-monitor.pyz
# make test-faults   the long runs with killed processes and outages
# make serve-test    the system the tests use, on a free port, until told to stop
# make lint          style, types, migrations, deployment checks
# make requirements  compile requirements*.txt from requirements*.in (needs uv)
# make clean         remove what these commands made, but for DATA_DIR

PORT ?= 8000
DATA_DIR ?= var
VENV := .venv
BIN := $(VENV)/bin
RUN_PINS := requirements.txt $(wildcard requirements-run.txt) requirements-video.txt
DEV_PINS := requirements.txt requirements-dev.txt requirements-video.txt

.PHONY: help run test test-embedded test-monitor monitor test-faults serve-test lint style types migrations deployment requirements clean
help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

run: $(VENV)/.run-installed
	@ATS_DATA_DIR="$(DATA_DIR)" exec $(BIN)/python manage.py dev --port $(PORT) --leave-with-parent \
		$(if $(filter-out 0,$(TEST_USERS)),--test-users)

test: $(VENV)/.dev-installed
	@exec $(BIN)/python -m ats.testing test $(ARGS)

test-embedded: $(VENV)/.dev-installed
	@exec $(BIN)/python -m ats.testing embedded $(ARGS)

test-monitor: $(VENV)/.dev-installed
	@exec $(BIN)/python -m capture.tests.monitor.every_python $(ARGS)

monitor:
	@$(PYTHON) capture/monitor/build.py dist/cv-capture-monitor.pyz

test-faults: $(VENV)/.dev-installed
	@exec $(BIN)/python -m ats.testing faults $(ARGS)

serve-test: $(VENV)/.dev-installed
	@exec $(BIN)/python -m ats.testing serve

# What a production installation says. Nothing of it is reached, so no bucket is named: a check would look for it.
PRODUCTION := ATS_ENVIRONMENT=production ALLOWED_HOSTS=ats.example.com PUBLIC_URL=https://ats.example.com \
	SECRET_KEY=made-up-for-this-check-and-nothing-else-0123456789-abcdef \
	DATABASE_URL=postgres://ats@127.0.0.1:1/ats REDIS_URL=redis://127.0.0.1:1/0

lint: style types migrations deployment

style: $(VENV)/.dev-installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev-installed
	$(BIN)/mypy .

migrations: $(VENV)/.dev-installed
	$(BIN)/python manage.py makemigrations --check --dry-run

deployment: $(VENV)/.dev-installed
	@$(PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level WARNING

# --- Installing: with uv where it is, else with pip; every package must have the pinned hash --------------------------
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)

define install
	@set -e; echo "Installing $(1) into $(VENV)" >&2; \
	if ! test -x $(BIN)/python; then \
		if test -n "$(PYTHON)"; then $(PYTHON) -m venv $(VENV); \
		elif uv --version >/dev/null 2>&1; then uv venv --quiet --seed --python '>=3.11' $(VENV); \
		else echo 'Python 3.11 or newer is needed: make … PYTHON=/path/to/python3' >&2; exit 1; fi; \
	fi; \
	uv pip install --quiet --python $(BIN)/python --require-hashes $(addprefix -r ,$(1)) 2>/dev/null || \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes $(addprefix -r ,$(1)); \
	touch $@
endef

$(VENV)/.run-installed: $(RUN_PINS)
	$(call install,$(RUN_PINS))

$(VENV)/.dev-installed: $(DEV_PINS)
	$(call install,$(DEV_PINS))

requirements:
	@for name in requirements requirements-run requirements-dev requirements-video; do \
		uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
			--custom-compile-command 'make requirements' $$name.in -o $$name.txt || exit 1; done
	@uv pip compile --quiet --universal --python-version 3.8 --generate-hashes \
		--custom-compile-command 'make requirements' requirements-monitor.in -o requirements-monitor.txt

clean:
	rm -rf $(VENV) staticfiles .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
