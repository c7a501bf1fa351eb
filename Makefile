# Two commands: `make publish` and `make test`. Both make the environment first, from the lock.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK = 1
export DO_NOT_TRACK = 1

.PHONY: publish test benchmark lock clean

publish: $(VENV)/ready
	$(BIN)/python -m flows.pipeline

test: $(VENV)/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	@command -v chromium || command -v google-chrome || command -v chromium-browser || test -n "$$CHROMIUM" || \
		echo "No Chromium: the pages will not be tested in a browser. Get one (apt-get install chromium), or name it in CHROMIUM."
	@command -v nginx || test -x /usr/sbin/nginx || \
		echo "No nginx: the web server of the containers will not be tested (apt-get install nginx-light)."
	$(BIN)/pytest

# Hashes are checked and nothing is resolved: what runs here is what was locked, and nothing that was there before.
$(VENV)/ready: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/pip install --quiet --no-deps --require-hashes --requirement requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

# Compares with others on the same table, and writes docs/benchmark.md; LARGE=--large adds ten million rows.
benchmark: $(VENV)/ready
	$(BIN)/python benchmarks/validation.py $(LARGE)

# Needs uv; run it after a change of the dependencies in pyproject.toml.
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command "make lock"
lock:
	$(COMPILE) pyproject.toml --all-extras --output-file requirements.lock
	$(COMPILE) pyproject.toml --extra cluster --extra flows --extra pdf --extra s3 --no-annotate \
		--constraint requirements.lock --output-file containers/run.lock
	echo hatchling | $(COMPILE) - --no-annotate --constraint requirements.lock --output-file containers/build.lock

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
