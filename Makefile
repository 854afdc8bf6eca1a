# Two commands: `make demo` starts everything on this machine, `make test` runs all tests.

SHELL := /bin/bash
VENV := .venv
PY := $(VENV)/bin/python
PYTHON := $(shell for p in python3.13 python3.12 python3.11 python3; do \
  $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && { echo $$p; break; }; done)

.PHONY: demo test drills fuzz lint messages locks clean

demo: $(VENV)/.runtime
	@exec $(PY) manage.py demo

test: $(VENV)/.tests
	@exec ./tests/run

# Long runs, by hand: their numbers stand in docs/reliability.md.
drills: $(VENV)/.tests
	@exec ./tests/drills

fuzz: $(VENV)/.tests
	@FUZZ_EXAMPLES=$${FUZZ_EXAMPLES:-20000} exec $(VENV)/bin/pytest -q -n $$(nproc) -m fuzz

lint: $(VENV)/.tests
	@$(VENV)/bin/ruff format --check . && $(VENV)/bin/ruff check . && $(VENV)/bin/djlint --check . && \
	  $(VENV)/bin/mypy . && $(VENV)/bin/lint-imports

messages: $(VENV)/.tests
	@$(PY) manage.py makemessages -l zh_Hans --no-obsolete --no-location --ignore '.venv/*' --ignore 'var/*' --ignore 'tests/*'
	@$(PY) manage.py makemessages -d djangojs -l zh_Hans --no-obsolete --no-location --ignore '.venv/*' --ignore 'var/*' \
	  --ignore 'tests/*' --ignore 'static_built/*' --ignore 'static/vendor/*'
	@$(PY) manage.py compilemessages --ignore '.venv/*'

# New versions of the libraries; needs uv. The files record hashes and no address.
locks:
	uv pip compile --universal --generate-hashes --no-header --no-annotate --python-version 3.11 pyproject.toml -o requirements.lock -q
	uv pip compile --universal --generate-hashes --no-header --no-annotate --python-version 3.11 --group dev pyproject.toml \
	  -c requirements.lock -o requirements-dev.lock -q

clean:
	rm -rf var static_built .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

$(VENV)/bin/python:
	@if [ -z "$(PYTHON)" ]; then echo "Python 3.11, 3.12 or 3.13 is needed (Debian packages: python3 python3-venv)."; exit 1; fi
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo "Python's venv module is missing (Debian package: python3-venv)."; exit 1; }
	@echo "Making .venv with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV)

# uv, where it is installed, does the same in a tenth of the time.
$(VENV)/.runtime: requirements.lock | $(VENV)/bin/python
	@echo "Installing what Songda runs on (requirements.lock)"
	@if command -v uv >/dev/null && uv pip install -q --python $(PY) --require-hashes -r requirements.lock; then :; \
	  else $(PY) -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock; fi
	@touch $@

$(VENV)/.tests: requirements-dev.lock $(VENV)/.runtime
	@echo "Installing what the tests need (requirements-dev.lock)"
	@if command -v uv >/dev/null && uv pip install -q --python $(PY) --require-hashes -r requirements-dev.lock; then :; \
	  else $(PY) -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock; fi
	@touch $@
