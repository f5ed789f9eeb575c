# run · test · check · demo · bench · reliability: each sets up what it needs.
PYTHON ?= $(firstword $(foreach v,3.11 3.12 3.13 3.10,$(shell command -v python$(v) 2>/dev/null)) python3)
VENV ?= .venv
BIN := $(VENV)/bin
PIP_FLAGS ?= --disable-pip-version-check --quiet

.PHONY: run test check demo bench reliability format clean
.DEFAULT_GOAL := run

run: $(VENV)/.ready
	@$(BIN)/python app.py

demo: $(VENV)/.ready
	@$(BIN)/python -m benchmarks.demo

test: $(VENV)/.ready-dev
	@$(BIN)/python tests/ensure_browser.py
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not browser and not reliability"
	$(BIN)/python -m pytest -m "browser or reliability"

check: $(VENV)/.ready-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/.ready-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.ready-dev
	@$(BIN)/python -m benchmarks

# The tests of docs/reliability.md once more (`make test` runs them too), and the page from what they tell.
reliability: $(VENV)/.ready-dev
	@$(BIN)/python tests/ensure_browser.py
	$(BIN)/python tests/reliability/report.py

clean:
	rm -rf $(VENV)

$(VENV)/.ready: requirements.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 10) <= v <= (3, 13) else "Python 3.10 to 3.13 is needed, this is %d.%d. Name another: make PYTHON=python3.11" % v)'
	@echo "Setting up $(VENV), once: fetches some hundred packages and takes a few minutes. It is quiet meanwhile."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install $(PIP_FLAGS) -r requirements.txt
	@touch $@

$(VENV)/.ready-dev: $(VENV)/.ready requirements-dev.txt
	$(BIN)/python -m pip install $(PIP_FLAGS) -r requirements-dev.txt
	@touch $@
