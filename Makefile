# `make run` and `make test` do all the set-up on a fresh machine; the rest is for developers.
.PHONY: run test lint bench lock clean

BIN := .venv/bin
PORT := 8501
READY := .venv/.ready
TEST_READY := .venv/.ready-test

run: $(READY)
	$(BIN)/regvae dashboard --port $(PORT)

test: $(TEST_READY) lint
	$(BIN)/python -m pytest

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(TEST_READY)
	$(BIN)/regvae bench

lock:
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --all-extras \
	  --custom-compile-command "make lock" --no-emit-find-links --quiet --upgrade -o requirements.txt

clean:
	rm -rf .venv build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(READY): requirements.txt pyproject.toml setup.sh
	sh setup.sh run
	touch $@

$(TEST_READY): $(READY)
	sh setup.sh test
	touch $@
