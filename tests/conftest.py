"""Fixtures shared by the tests: shipped bundles, a running dashboard, a browser."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

import regvae
from regvae.model.bundle import Bundle
from tests import server

if TYPE_CHECKING:  # a test that needs no browser should not wait for its driver
    from playwright.sync_api import Browser, BrowserContext, Page

    from tests.browser.pages import Explorer


@pytest.hookimpl(tryfirst=True)  # before -m selects by the markers
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that a browser is started for, by whatever fixture."""
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")


@pytest.fixture(scope="session", autouse=True)
def private_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test, nor a server it starts, touches what its user has trained."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REGVAE_HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture(scope="session")
def bundle() -> Bundle:
    """The shipped notebook-2d."""
    return regvae.load("notebook-2d")


@pytest.fixture(scope="session")
def exact() -> Bundle:
    """The shipped exact-15d: 15 dimensions, and seven choices of a character."""
    return regvae.load("exact-15d")


@pytest.fixture(scope="session")
def dashboard() -> Iterator[str]:
    """URL of a running dashboard, which has the session's private home."""
    with server.serve() as url:
        yield url


@pytest.fixture(scope="session")
def chromium() -> Iterator["Browser"]:
    """A running browser."""
    from tests import drive

    with drive.chromium() as running:
        yield running


@pytest.fixture(scope="session")
def profile(chromium: "Browser") -> Iterator["BrowserContext"]:
    """A browser profile, shared for its cache of downloaded files."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    yield context
    context.close()


@pytest.fixture
def page(profile: "BrowserContext") -> Iterator["Page"]:
    """A new page, which is a new session; an error in its JavaScript or console fails the test."""
    from tests import drive

    with drive.watched(profile) as opened:
        yield opened


@pytest.fixture
def explorer(page: "Page", dashboard: str) -> "Explorer":
    """The explore page, opened and drawn."""
    from tests.browser.pages import Explorer

    return Explorer(page, dashboard).open()
