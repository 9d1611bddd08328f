# A machine with Python 3.11 to 3.13, git and make is all that is needed, and on Linux what OpenCV wants: libGL and GLib.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STEPS ?= 60000

.PHONY: train test install lint clean

train: install
	$(BIN)/python scripts/train.py dqn --preset efficient --env ALE/MsPacman-v5 --steps $(STEPS)

test: $(VENV)/dev
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile

install: $(VENV)/installed

lint: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14) and "Python 3.11 to 3.13 is needed, this is " + sys.version.split()[0] + ": make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	$(BIN)/python -c 'import cv2' || { echo 'OpenCV lacks a system library: apt-get install libgl1 libglib2.0-0, or the like'; exit 2; }
	touch $@

$(VENV)/dev: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

clean:
	rm -rf $(VENV)
