"""A real Chromium for the browser tests: found, started, and watched for errors.

`python -m tests.drive --find` prints the browser's path, or fails if there is none.
"""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    expect,
    sync_playwright,
)
from playwright.sync_api import Error as PlaywrightError

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
ARGUMENTS = (  # noqa: SIM905 -- a command line reads better as one
    "--no-sandbox --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --use-gl=angle --use-angle=swiftshader "
    "--enable-unsafe-swiftshader"
).split()
PATIENCE = 30_000
"""Milliseconds until what should be seen is given up: many, for a machine that is busy."""


def find() -> str | None:
    """Path of the browser: the machine's own, else the one Playwright has installed."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    if Path(MAC).is_file():
        return MAC
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    if Path(path).is_file():
        return path
    # `playwright install chromium-headless-shell` puts another binary beside the full browser's.
    root = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH", Path.home() / ".cache/ms-playwright"))
    shells = sorted(root.glob("chromium_headless_shell-*/*/*headless*shell"))
    return str(shells[-1]) if shells else None


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless Chromium with a new profile and software GL."""
    path = find()
    if path is None:
        raise RuntimeError("no Chromium was found; run `make test`, or install one")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def watched(context: Browser | BrowserContext) -> Iterator[Page]:
    """A new page, which is a new session; an error in its JavaScript or console is one here."""
    page = context.new_page()
    errors = errors_of(page)
    try:
        yield page
    except BaseException as error:
        error.add_note(shown(page))
        raise
    finally:
        page.close()
    assert errors == []


def shown(page: Page) -> str:
    """A page's address, the state of its script, and its text; or why it does not tell."""
    try:
        text = page.locator("body").inner_text(timeout=PATIENCE)
        script = page.evaluate("() => document.querySelector('.stApp')?.dataset.testScriptState")
        lines = [line for line in text.splitlines() if line.strip()]
        return "\n".join([f"{page.url} (script: {script})", *lines])
    except PlaywrightError as error:
        return f"The page does not tell what it shows: {error}"


def errors_of(page: Page) -> list[str]:
    """A list that fills with what goes wrong in a page's JavaScript, and what its console tells."""
    wrong: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error":
            wrong.append(f"{message.text} ({message.location['url']})")

    page.on("console", hear)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    return wrong


if __name__ == "__main__":
    found = find()
    print(found or "no Chromium was found")
    sys.exit(found is None)
