# Everything here works on a machine with only Python >= 3.11 and make, from any directory: the paths
# are relative, since make and spaces are no friends. What takes some shell is in .ci/setup.

PYTHON ?= python3
ADDRESS ?= 127.0.0.1:8000
ARGS ?=
QUICK = "not async and not custom_store and not redis_replicas and not redis_cluster"

VENV = .venv/bin/python
RUN_READY = .venv/.ready-to-run
DEV_READY = .venv/.ready-to-test

.DEFAULT_GOAL := help
.PHONY: help run test again quick servers lint format typecheck static docs matrix mutants soak bench bench-http bench-scale clean

help: ## List these targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

run: $(RUN_READY) ## Run the demo site on http://127.0.0.1:8000 (another place: ADDRESS=0.0.0.0:9000).
	$(VENV) manage.py migrate --no-input --verbosity 0
	$(VENV) manage.py demo
	$(VENV) manage.py runserver $(ADDRESS)

test: $(DEV_READY) ## Prove everything: style, types, migrations, checks, then all tests on all servers.
	$(MAKE) --no-print-directory static
	sh .ci/setup system
	$(VENV) -m tests.servers run -- python -m pytest -n 2 $(ARGS)

again: $(DEV_READY) ## Hear the last failures again, alone and five times each: is it the product, or does the test waver?
	$(VENV) -m tests.servers run -- python -m tests.again

quick: $(DEV_READY) ## Test in about a minute: SQLite, memory and one Valkey, no twins, nothing slow.
	$(VENV) -m tests.servers run --only valkey -- python -m pytest -n 2 -m "not slow" -k $(QUICK) $(ARGS)

servers: $(DEV_READY) ## Keep the test servers running until Ctrl-C, and print how to use them.
	$(VENV) -m tests.servers up

lint: $(DEV_READY) ## Say what ruff thinks of the code, and change nothing.
	$(VENV) -m ruff check .
	$(VENV) -m ruff format --check .

format: $(DEV_READY) ## Format the code, and fix what ruff can fix.
	$(VENV) -m ruff check --fix .
	$(VENV) -m ruff format .

typecheck: $(DEV_READY) ## Check the types with mypy and pyright.
	$(VENV) -m mypy
	$(VENV) -m basedpyright --level error

static: $(DEV_READY) ## Say in half a minute what can be said without running a test: lint, typecheck, Django's checks.
	$(MAKE) --no-print-directory lint
	$(VENV) -W error manage.py check
	$(VENV) -W error manage.py makemigrations --check --dry-run
	$(MAKE) --no-print-directory typecheck

docs: $(DEV_READY) ## Build the documentation into build/docs; a warning is an error.
	$(VENV) -m sphinx -q -W --keep-going docs build/docs

matrix: $(DEV_READY) ## Try every supported Python, Django, REST framework and redis-py; prints a table.
	$(VENV) noxfile.py $(ARGS)

mutants: $(DEV_READY) ## Plant bugs on purpose, one by one, and see that the tests catch each.
	$(VENV) -m tests.servers run --only valkey,postgres -- python -m tests.mutants $(ARGS)

soak: $(DEV_READY) ## Prove at length, forty minutes, and print one table (some minutes: ARGS=--short).
	$(VENV) -m tests.servers run -- python -m tests.prove.soak $(ARGS)

bench: $(DEV_READY) ## Measure beside hand-written drivers and peers; writes docs/benchmarks.md.
	$(VENV) -m benchmarks $(ARGS)

bench-http: $(DEV_READY) ## Measure the API over HTTP beside views written by hand; writes docs/benchmarks-http.md.
	sh .ci/setup load
	$(VENV) -m benchmarks.http $(ARGS)

bench-scale: $(DEV_READY) ## Measure among ten thousand scopes and a million: what must not grow.
	$(VENV) -m tests.servers run --only valkey,postgres -- python -m tests.prove.scale $(ARGS)

clean: ## Remove what tools and tests have made; the demo site's data stays.
	rm -rf .venv .nox build dist htmlcov .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUN_READY): requirements.txt
	PYTHON="$(PYTHON)" sh .ci/setup python requirements.txt
	@touch $@

$(DEV_READY): requirements.txt requirements-dev.txt
	PYTHON="$(PYTHON)" sh .ci/setup python requirements-dev.txt
	@touch $@ $(RUN_READY)
