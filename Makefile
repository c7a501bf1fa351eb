# Two commands: `make publish` and `make test`. Each first creates the environment, from locks with hashes.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# One test process more than cores, because some tests wait for servers. PYTEST="-n 0 -x tests/normalise" runs one folder.
PYTEST ?= -n $(shell expr $$(nproc || echo 2) + 1)
export PIP_DISABLE_PIP_VERSION_CHECK = 1
export DO_NOT_TRACK = 1

.PHONY: publish test quick pytest check benchmark benchmark-scale lock clean

publish: $(VENV)/run
	$(BIN)/python -m flows.pipeline

# Types are checked while the tests run: mypy uses one core.
test: $(VENV)/dev
	@command -v chromium || command -v google-chrome || command -v chromium-browser || test -n "$$CHROMIUM" || \
		echo "No Chromium: the pages are not tested in a browser. Install it (apt-get install chromium), or set CHROMIUM."
	@command -v nginx || test -x /usr/sbin/nginx || \
		echo "No nginx: the web server of the containers is not tested (apt-get install nginx-light)."
	@$(MAKE) --no-print-directory --jobs 2 check pytest

# Run this while you work: style, types, and the tests that need no server, browser or long history.
quick: $(VENV)/dev
	@$(MAKE) --no-print-directory --jobs 2 check pytest PYTEST="$(PYTEST) -m 'not slow'"

pytest: $(VENV)/dev
	$(BIN)/pytest $(PYTEST)

check: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Hashes are checked and nothing is resolved, so the environment is exactly what was locked.
# uv takes a tenth of the time of pip. pip installs, without compiling, where uv cannot run.
INSTALL = if $(BIN)/uv --version >/dev/null 2>&1; \
	then $(BIN)/uv pip install --python $(BIN)/python --no-deps $(1); \
	else $(BIN)/pip install --no-compile --no-deps $(1); fi

$(VENV)/run: requirements/uv.lock requirements/run.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	@echo "Making $(VENV) from requirements/run.lock: once, about 700 MB"
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/pip install --no-compile --no-deps --require-hashes --requirement requirements/uv.lock || echo "No uv here: pip installs."
	$(call INSTALL,--require-hashes --requirement requirements/run.lock)
	$(call INSTALL,--no-build-isolation --editable .)
	touch $@

$(VENV)/dev: $(VENV)/run requirements/dev.lock
	$(call INSTALL,--require-hashes --requirement requirements/dev.lock)
	touch $@

# Compare with other tools on the same table, and write docs/benchmark.md. LARGE=--large adds ten million rows.
benchmark: $(VENV)/dev
	$(BIN)/python benchmarks/validation.py $(LARGE)

# Publish a table in parts, again with ten of its rows changed, and by a cluster: CPU seconds, as in docs/scale.md.
benchmark-scale: $(VENV)/dev
	$(BIN)/python benchmarks/parts.py $(ROWS)
	$(BIN)/python benchmarks/cluster.py $(ROWS)

# Run this after a change of the dependencies in pyproject.toml. UPGRADE=--upgrade takes newer versions.
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	--custom-compile-command "make lock" $(UPGRADE)
lock: $(VENV)/dev
	$(COMPILE) pyproject.toml --extra dev --output-file requirements/dev.lock
	$(COMPILE) pyproject.toml --extra run --constraint requirements/dev.lock --output-file requirements/run.lock
	echo uv | $(COMPILE) - --constraint requirements/dev.lock --output-file requirements/uv.lock

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
