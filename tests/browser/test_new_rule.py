"""The rule of `tests/new_rule.py`: the page has its widgets, the browser its slider and preview."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from regvae.evaluation.notebook import UNWANTED
from regvae.formats import UK_REGISTRATION
from regvae.model.bundle import Bundle
from regvae.rejection import sampling
from regvae.rejection.policy import Policy
from regvae.rejection.samples import Samples
from tests import server
from tests.browser.pages import Explorer
from tests.new_rule import Toy


@pytest.fixture
def with_toy(tmp_path: Path) -> Iterator[str]:
    """URL of a dashboard whose dictionary of rules has one more, and nothing else is changed."""
    # Python runs this file when it starts, before the dashboard is imported.
    (tmp_path / "sitecustomize.py").write_text(
        "from regvae.rejection.rules import RULES\n"
        "from tests.new_rule import Toy\n"
        "RULES[Toy.name] = Toy\n",
        "utf-8",
    )
    with server.serve(PYTHONPATH=f"{tmp_path}:{server.ROOT}") as url:
        yield url


def test_a_rule_that_is_added_is_on_the_page_and_follows_its_slider(
    page: Page, with_toy: str, bundle: Bundle
) -> None:
    explorer = Explorer(page, with_toy).open()
    explorer.use_rule(Toy())
    expect(explorer.panel).to_contain_text(Toy.summary)
    samples = sampling.sample(bundle, Policy("notebook-2d", UNWANTED, Toy()))
    assert_counts(explorer, samples, Toy())
    explorer.grab("least")
    explorer.slide("least", 1.5)  # counted in the browser
    assert_counts(explorer, samples, Toy(1.5))
    explorer.release()  # and by Python
    explorer.expect_address("least", 1.5)
    assert_counts(explorer, samples, Toy(1.5))


def assert_counts(explorer: Explorer, samples: Samples, rule: Toy) -> None:
    """The count and the plates are those of the accepted samples."""
    accepted = samples.codes[samples.z[:, 0] >= rule.least]
    assert re.findall(r"\d[\d,]*", explorer.figure("accepted")) == [f"{len(accepted):,}", "1,000"]
    plates = explorer.plates
    assert plates == [UK_REGISTRATION.shown(code) for code in accepted[: len(plates)]]
    assert len(plates) == min(48, len(accepted))
