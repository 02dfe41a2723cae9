"""Caches that must tell apart what Streamlit would take for the same."""

import numpy as np
import pytest

from dashboard import services
from regvae.evaluation.notebook import UNWANTED
from regvae.model.bundle import Bundle
from regvae.rejection import sampling
from regvae.rejection.policy import Policy
from regvae.rejection.proposals import Around, Box, Prior
from regvae.rejection.rules import OneSided
from regvae.rejection.unwanted import Unwanted


def test_every_kind_of_proposals_has_samples_of_its_own(bundle: Bundle) -> None:
    version = services.version_of("notebook-2d")
    for proposal in (Prior(), Around(), Box(), Box(2.0)):
        policy = Policy("notebook-2d", UNWANTED, proposal=proposal, proposals=200)
        ours = services.samples("notebook-2d", version, policy)
        assert (ours.z == sampling.sample(bundle, policy).z).all(), proposal


def test_samples_do_not_depend_on_the_values_of_the_rule() -> None:
    version = services.version_of("notebook-2d")
    one, other = (
        services.samples("notebook-2d", version, Policy("notebook-2d", UNWANTED, OneSided(value)))
        for value in (1.0, 2.0)
    )
    assert one is other


def test_every_definition_of_the_unwanted_has_a_measurer_of_its_own() -> None:
    version = services.version_of("notebook-2d")
    z = np.zeros((1, 2))
    distances = {
        float(services.measurer("notebook-2d", version, one, "one-sided").unwanted.query(z)[0][0])
        for one in (
            Unwanted.of(["number < 50"]),
            Unwanted.of(["number >= 50"]),
            Unwanted.of(listed=["AB12CDE"]),
            Unwanted.of(listed=["AB99CDE"]),
        )
    }
    assert len(distances) == 4


@pytest.mark.parametrize("parts", [("", None, "", False), ("number <", None, "", False)])
def test_unwanted_that_cannot_be_used_raises(parts: tuple) -> None:
    with pytest.raises(ValueError, match="expected"):
        services.unwanted("notebook-2d", services.version_of("notebook-2d"), *parts)
