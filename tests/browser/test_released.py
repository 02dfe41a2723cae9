"""The map of a model without its records in a real browser: painted, pointed at, and a slider."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

import regvae
from regvae.formats import UK_REGISTRATION
from regvae.model import store
from regvae.model.release import release
from regvae.rejection import sampling
from regvae.rejection.policy import Policy
from regvae.rejection.rules import Certified
from regvae.rejection.unwanted import Unwanted
from tests.browser.pages import Explorer


@pytest.fixture
def shared() -> Iterator[Path]:
    """The release of ordered-2d, among the models of the running dashboard."""
    store.models().mkdir(parents=True, exist_ok=True)
    folder = release("ordered-2d", store.models() / "shared")
    yield folder
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()


def test_a_model_without_records_is_painted_read_and_sampled(explorer: Explorer, shared: Path):
    bundle = regvae.load(shared)
    explorer.open("?model=shared&painted=true")
    place = explorer.picture.point_near(1.0, 0.5)
    decoded = str(bundle.autoencoder.decode([place])[0])
    expect(explorer.plate).to_have_text(UK_REGISTRATION.shown(decoded))
    # Left of the middle unwanted is decoded, right of it wanted: other colours.
    left, right = (explorer.picture.painted([(x, 3.5)], "under")[0][:3] for x in (-3.4, 3.4))
    assert np.abs(left.astype(int) - right.astype(int)).max() > 20
    policy = Policy("shared", Unwanted.of(["number < 50"]), Certified(q=0))
    samples = sampling.sample(bundle, policy)
    n = int(Certified(q=0).accepts(samples.measures).sum())
    expect(explorer.page.get_by_text(f"{n} of 1,000")).to_be_visible()
    explorer.grab("m")
    explorer.slide("m", 2.0)
    explorer.release()
    fewer = int(Certified(m=explorer.value("m"), q=0).accepts(samples.measures).sum())
    assert fewer < n
    expect(explorer.page.get_by_text(f"{fewer} of 1,000")).to_be_visible()
    expect(explorer.page.get_by_text("of held-out records")).to_have_count(0)
