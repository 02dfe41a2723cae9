# `make run` and `make test` do all the set-up on a fresh machine; the rest is for developers.
.PHONY: run test test-fast lint bench lock clean

BIN := .venv/bin
PORT := 8501
READY := .venv/.ready
TEST_READY := .venv/.ready-test

run: $(READY)
	$(BIN)/regvae dashboard --port $(PORT)

# Two processes, each with one thread for matrices: with more of them than cores they wait in circles.
PAIR := OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile

# One browser: its tests are about time.
test: $(TEST_READY) lint
	$(PAIR) -m "not browser"
	$(BIN)/python -m pytest -m browser

test-fast: $(TEST_READY)
	$(PAIR) -m "not browser and not training"

lint: $(TEST_READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(TEST_READY)
	$(BIN)/regvae bench

LOCK := $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --quiet --upgrade \
	--custom-compile-command "make lock" --no-emit-find-links

lock: $(TEST_READY)
	$(LOCK) -o requirements.txt
	$(LOCK) --extra dev -c requirements.txt -o requirements-dev.txt

clean:
	rm -rf .venv build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(READY): requirements.txt pyproject.toml setup.sh
	sh setup.sh run
	touch $@

$(TEST_READY): $(READY) requirements-dev.txt
	sh setup.sh test
	touch $@
