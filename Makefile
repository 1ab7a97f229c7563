# make demo   install into .venv, compile the rules, compare Kokkola as it is and with its mix
# make test   the same installation with the tools of development, and all tests
# make docs   the documentation as a site, read from disk: docs/_build/html/index.html
#
# All paths are relative, so that a folder with spaces in its name works.

PYTHON ?= python3
# pairs of worlds and years of the demo: enough for an interval, short enough to wait for
DEMO_OPTIONS ?= --replications 24 --years 10 --out results/demo --force
# tests that share a server stay together
PYTEST_OPTIONS ?= -n auto --dist loadgroup
# BLAS threads would only take the cores from the worlds that run side by side
export OPENBLAS_NUM_THREADS = 1
export OMP_NUM_THREADS = 1
export MKL_NUM_THREADS = 1

BIN = .venv/bin
PIP = $(BIN)/python -m pip --disable-pip-version-check install --quiet
RULES = $(shell find simulator -name '*.py')

.PHONY: demo test docs bench lint format clean
.DELETE_ON_ERROR:

demo: .venv/.warm
	$(BIN)/vacancy-chains compare kokkola $(DEMO_OPTIONS)

test: .venv/.dev .venv/.warm
	$(BIN)/python -m pytest $(PYTEST_OPTIONS)

# a warning is an error; pages that are written from the code are written first
docs: .venv/.dev
	$(BIN)/python -m experiments.app.reference
	$(BIN)/python -m sphinx -q -W --keep-going -b html -d docs/_build/doctrees docs docs/_build/html
	@echo "Open docs/_build/html/index.html"

bench: .venv/.warm
	$(BIN)/python -m benchmarks

lint: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf .venv build docs/_build *.egg-info

# The folder exists only when the check passed and venv worked, so a failed start leaves nothing.
.venv/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed; name it with: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@echo "Making the virtual environment .venv"
	@$(PYTHON) -m venv .venv || { rm -rf .venv; \
	  echo "The module venv is missing; on Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@touch $@

.venv/.installed: .venv/.made pyproject.toml constraints.txt
	@echo "Installing the packages (once)"
	$(PIP) --constraint constraints.txt --editable '.[workshop]'
	@touch $@

.venv/.dev: .venv/.installed
	@echo "Installing the tools of development (once)"
	$(PIP) --constraint constraints.txt --editable '.[dev]'
	@touch $@

# Runs again only when a source of the simulator changed; the compiled rules stay on disk.
.venv/.warm: .venv/.installed $(RULES)
	$(BIN)/python -m simulator.warm
	@touch $@
