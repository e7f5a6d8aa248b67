PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help

help:  ## List what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "tutor needs Python 3.11 or newer; try: make tutor PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV); PyTorch takes a while the first time."
	@PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/installed-test: $(VENV)/installed pyproject.toml
	@echo "Installing what the tests need."
	@PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@

tutor: $(VENV)/installed  ## Create .venv, install, open the interface
	@$(BIN)/python -m tutor

test: $(VENV)/installed-test  ## Create .venv, install, run every check and the whole test suite
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	PYTHONPATH=. $(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/python -m tutor lint
	$(BIN)/python -m pytest -n 2 --dist loadgroup

test-training: $(VENV)/installed-test  ## Train every quick recipe and check that its lesson shows; some minutes
	$(BIN)/python -m pytest tests/training/loop/test_lessons.py -m training -s

test-gpu: $(VENV)/installed-test  ## On a machine with a GPU: the full runs as published, and what only a GPU shows; some minutes
	$(BIN)/python -m pytest tests/gpu -m gpu -s

install: $(VENV)/installed-test  ## Create .venv and install, nothing else

pictures: $(VENV)/installed-test  ## Draw the README's pictures again
	$(BIN)/python -m tests.pictures

format: $(VENV)/installed-test  ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:  ## Delete .venv and what tests leave behind
	rm -rf $(VENV) build .pytest_cache .ruff_cache .hypothesis .import_linter_cache snapshot_report.html

.PHONY: help tutor test test-training test-gpu install pictures format clean
