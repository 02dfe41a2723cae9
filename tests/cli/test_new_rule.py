"""The rule of `tests/new_rule.py`: the command line has its options and can sample by it."""

import importlib.util
import json
import sys

import pytest
import typer

from regvae.rejection.rules import RULES
from tests.new_rule import Toy


@pytest.fixture(autouse=True)
def with_toy(monkeypatch):
    """The command line as it is when the rule is registered before it is imported."""
    monkeypatch.setitem(RULES, Toy.name, Toy)
    module = sys.modules["regvae.cli.main"]
    fresh = importlib.util.module_from_spec(importlib.util.find_spec("regvae.cli.sample"))
    fresh.__spec__.loader.exec_module(fresh)
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    for command in (module.data.dataset, fresh.sample):
        app.command()(command)
    monkeypatch.setattr(module, "app", app)


def test_its_parameter_is_an_option_with_its_help(output):
    text = output("sample", "--help")
    assert "--least" in text
    assert "toy: least first" in text


def test_it_can_be_sampled_by_and_its_parameter_set(output, small, tmp_path):
    command = ["sample", small, "--unwanted", "number < 50", "--rule", "toy", "--json"]
    found = json.loads(output(*command))
    assert (found["rule"], found["least"]) == ("toy", 0.5)
    stricter = json.loads(output(*command, "--least", 2))
    assert stricter["least"] == 2
    assert 0 < stricter["accepted"] < found["accepted"]
    policy = tmp_path / "policy.toml"
    output(*command, "--least", 2, "--save-policy", policy)
    assert json.loads(output("sample", "--policy", policy, "--json")) == stricter


def test_its_value_out_of_range_is_refused(refusal, small):
    options = ["--unwanted", "number < 50", "--rule", "toy", "--least", "-1"]
    assert "for least, got -1" in refusal("sample", small, *options)
