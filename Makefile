# make up      set everything up and run the system; ARGS go to `tureen up`
# make test    set everything up, check the code and run all tests, side by side in PYTEST_WORKERS processes;
#              PYTEST_ARGS go to pytest
# make install only set up
# make check   lint and type-check
# make clean   remove what the others made in this folder
.PHONY: help up test install check clean
.DEFAULT_GOAL := help
#- One more than there are processors, since tests wait a good deal for other processes.
PYTEST_WORKERS ?= $(shell echo $$(($$(nproc) + 1)))

help:
	@sed -n 's/^# //p' Makefile

install:
	@scripts/setup.sh install

up: install
	@exec .venv/bin/tureen up $(ARGS)

test:
	@scripts/setup.sh tests
	@$(MAKE) --no-print-directory check
	@exec .venv/bin/python -m pytest --numprocesses=$(PYTEST_WORKERS) --dist=worksteal $(PYTEST_ARGS)

check:
	@scripts/setup.sh packages
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy --strict shared services tests scripts benchmarks examples
	.venv/bin/lint-imports
	.venv/bin/python scripts/mediasoup_parity.py
	.venv/bin/python scripts/wire_reference.py
	.venv/bin/python scripts/nats_permissions.py

clean:
	rm -rf .venv artifacts .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find shared services tests -name __pycache__ -prune -exec rm -rf {} +
