# Vouchsafe. `make demo` and `make test` need Python 3.11+ and nothing else.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
SERVE ?= 1
JOBS ?= 2

.PHONY: demo serve clean-demo test test-thorough lint types contracts check bench catalogs screenshots lock help

help:
	@echo "make demo        install, build the demo firm, walk the main path, then serve (SERVE=0: stop)"
	@echo "make serve       serve what the demo made"
	@echo "make clean-demo  remove the demo's data"
	@echo "make test        run the tests that this machine can run, but for the thorough ones"
	@echo "make test-thorough  run those: every service's record, long stories, random requests"
	@echo "make check       lint, types, import contracts, deploy check"
	@echo "make bench       measure, beside peers"

$(VENV)/.base: requirements/base.lock
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/base.lock
	@touch $@

$(VENV)/.dev: $(VENV)/.base requirements/dev.lock
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/dev.lock
	@touch $@

$(VENV)/.bench: $(VENV)/.dev requirements/bench.lock
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/bench.lock
	@touch $@

catalogs: $(VENV)/.base
	@$(BIN)/python manage.py compile_catalogs

demo: $(VENV)/.base catalogs
	$(BIN)/python manage.py demo $(if $(filter 0,$(SERVE)),--no-serve,)

serve: $(VENV)/.base catalogs
	$(BIN)/python manage.py up --peers

clean-demo:
	rm -rf var

test: $(VENV)/.dev catalogs
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder -m "not thorough" $(PYTEST)

test-thorough: $(VENV)/.dev catalogs
	$(BIN)/python -m pytest -n $(JOBS) --dist load -m thorough $(PYTEST)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy core audit investors templates_mgmt comms crisis portal

contracts: $(VENV)/.dev
	$(BIN)/lint-imports

check: lint types contracts
	.ci/deploy-check

bench: $(VENV)/.bench
	$(BIN)/python -m tests.bench

screenshots: $(VENV)/.dev catalogs
	$(BIN)/python -m tests.browser.screenshots

# Locks carry hashes and no registry address.
LOCK := $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -q
lock: $(VENV)/.dev
	$(LOCK) -o requirements/base.lock
	$(LOCK) --group dev -c requirements/base.lock -o requirements/dev.lock
	$(LOCK) --group dev --group bench -c requirements/dev.lock -o requirements/bench.lock
