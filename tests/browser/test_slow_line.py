"""A slow line: what stands on the page while large tables are on their way."""

import re
import time

from playwright.sync_api import Page, WebSocketRoute, expect

from dashboard import state
from tests import drive
from tests.browser.pages import Explorer

LARGE = 200_000  # bytes: the records and weights of a model


class Line:
    """The server's messages to a page; while it is `slow`, a large one and all after it wait."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.slow = False
        self.waiting: list[str | bytes] = []
        page.route_web_socket(re.compile("/_stcore/stream"), self._connect)

    def _connect(self, socket: WebSocketRoute) -> None:
        self.socket = socket
        socket.connect_to_server().on_message(self._pass)

    def _pass(self, message: str | bytes) -> None:
        if self.waiting or (self.slow and len(message) > LARGE):
            self.waiting.append(message)
        else:
            self.socket.send(message)

    def expect_waiting(self) -> None:
        """Wait until a large message has come, which is held back."""
        end = time.monotonic() + drive.PATIENCE / 1000
        while not self.waiting:
            assert time.monotonic() < end, "no large message has come"
            self.page.wait_for_timeout(20)  # in which messages come

    def deliver(self) -> None:
        """Let everything through."""
        self.slow = False
        for message in self.waiting:
            self.socket.send(message)
        self.waiting.clear()


def test_the_map_of_the_model_before_steps_back_until_the_new_one_is_there(
    page: Page, dashboard: str
) -> None:
    line = Line(page)
    explorer = Explorer(page, dashboard).open()
    frame, coming = page.locator(".latent-map > .frame"), page.locator(".coming")
    expect(frame).to_have_css("opacity", "1")
    expect(coming).to_have_text("")
    before = explorer.picture.records

    line.slow = True
    explorer.choose("model", "ordered-2d")
    expect(coming).to_have_text("Loading ordered-2d…")
    expect(coming).to_have_css("opacity", "1")
    for part in (frame, page.locator(".reading"), page.locator(".outcome").first):
        expect(part).to_have_css("opacity", "0.3")
    line.expect_waiting()
    assert (explorer.picture.records == before).all()
    # Neither keys nor the pointer act on it.
    explorer.picture.plot.focus()
    for key in ("ArrowRight", "Enter"):
        page.keyboard.press(key)
    assert not explorer.picture.plot.evaluate("(plot) => plot.map.marks.own.length")
    explorer.slider("threshold").focus()
    assert page.evaluate("() => document.activeElement.closest('.latent-map')") is None

    line.deliver()
    expect(coming).to_have_text("")
    expect(frame).to_have_css("opacity", "1")
    assert (explorer.picture.records != before).any()
    explorer.expect_confirmed()
    expect(explorer.coordinates).to_have_value("")
    explorer.picture.plot.focus()
    for key in ("ArrowRight", "Enter"):
        page.keyboard.press(key)
    explorer.expect_section(state.POINT)
