# The recipes are in noxfile.py; this only makes sure that nox is there.
PYTHON ?= python3.11
NOX := .venv/bin/python -m nox

.PHONY: nox demo train test matrix bench extension release real
demo train test matrix bench extension release real: nox
	$(NOX) -s $@

nox: .venv/nox-2026.10.20

.venv/nox-2026.10.20:
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet nox==2026.10.20
	touch $@
