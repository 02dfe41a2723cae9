"""Fixtures of the tests of rejection sampling."""

import pytest

from regvae.model.bundle import Bundle
from regvae.rejection.calibration import Calibration, calibrate
from tests.rejection.bundles import with_rows


@pytest.fixture(scope="session")
def few(bundle: Bundle) -> Bundle:
    """The shipped notebook-2d with a tenth of its records: quicker to measure against."""
    return with_rows(bundle, slice(None, None, 10))


@pytest.fixture(scope="session")
def shipped(bundle: Bundle) -> Calibration:
    """The calibration of the shipped notebook-2d."""
    return calibrate(bundle)
