# Works on a fresh machine with Python 3.11+, git and make; the rest is fetched into .venv.
PYTHON ?= python3
BIN := .venv/bin
# What is compiled: a change of these builds it again.
KERNEL := setup.py $(foreach name,rows frames copy_rows scanning,$(addprefix src/interlock/wire/postgres/$(name),.py .pxd))

.PHONY: demo test check bench slow fuzz lock clean
.DEFAULT_GOAL := test

demo: .venv/.demo
	$(BIN)/interlock demo $(if $(RESET),--reset)

test: .venv/.dev
	sh scripts/system-packages.sh
	sh scripts/in-memory.sh $(BIN)/python -m pytest -m "not slow" -n 2 --dist loadgroup
	$(BIN)/interlock demo --once

check: .venv/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/.bench
	sh scripts/system-packages.sh
	$(BIN)/python -m bench

slow: .venv/.dev
	$(BIN)/python -m pytest -m slow

# The PostgreSQL door's parsers, over real streams made hostile: make fuzz SECONDS=1800 [SEED=7]
fuzz: .venv/.dev
	$(BIN)/python -m tests.fuzzing --seconds $(or $(SECONDS),60) $(if $(SEED),--seed $(SEED))

# Locks carry hashes and no index addresses. Needs uv: pip install uv.
lock:
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra demo --extra ner pyproject.toml requirements/build.in -o requirements/demo.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra demo --extra ner --extra slack --extra teams --extra dev pyproject.toml requirements/build.in -o requirements/dev.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra peers -c requirements/dev.lock pyproject.toml -o requirements/peers.lock

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/.demo: requirements/demo.lock pyproject.toml $(KERNEL) | .venv/bin/python
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/demo.lock
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

.venv/.dev: requirements/dev.lock pyproject.toml $(KERNEL) | .venv/bin/python
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.lock
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@ .venv/.demo

# The peers that detection is measured beside are heavy: only for `make bench`.
.venv/.bench: .venv/.dev requirements/peers.lock
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/peers.lock
	touch $@

clean:
	rm -rf src/interlock/wire/postgres/*.so .venv demo-data build .mypy_cache .ruff_cache .pytest_cache .hypothesis
