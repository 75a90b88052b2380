# Two commands matter: `make run` and `make test`. Both start from nothing but python3.11+, pip and make.
PYTHON ?= python3
UV     := .tools/bin/uv
BIN    := .venv/bin
STAMP  := .venv/.installed
# As many test processes as there are cores, each with a PostgreSQL of its own; a file's tests stay together.
SPREAD := -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

.PHONY: run test test-long check format lock bench clean

run: $(STAMP)
	$(BIN)/waooaw-social demo $(if $(ONCE),--once)

test: $(STAMP)
	$(BIN)/python -m pytest -m "not long" $(SPREAD) $(ARGS)

test-long: $(STAMP)
	$(BIN)/python -m pytest -m long $(ARGS)

check: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/basedpyright
	$(BIN)/lint-imports
	$(BIN)/python -m pytest tests/house

format: $(STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(STAMP)
	$(BIN)/python bench/upload.py
	$(BIN)/python bench/calls.py
	$(BIN)/python bench/overhead.py
	$(BIN)/python bench/publish.py
	$(BIN)/python bench/punctuality.py

lock: $(UV)
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --all-extras --group dev --upgrade pyproject.toml -o requirements.lock

# uv comes by pip into a folder of its own: no root, no change to the system's Python.
$(UV):
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --target .tools uv

$(STAMP): $(UV) requirements.lock pyproject.toml
	$(UV) venv --quiet --allow-existing --python $(PYTHON) .venv
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

clean:
	rm -rf .venv .tools var build dist
