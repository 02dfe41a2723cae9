"""What a page showed is told when a browser test fails: its text is all that is left of a run."""

from collections.abc import Generator

import pytest

from tests import drive


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the address, the text and the script's state of the test's page to the report."""
    report = yield
    page = getattr(item, "funcargs", {}).get("page")
    if page is not None and call.when == "call" and report.failed:
        report.sections.append(("What the page shows", drive.shown(page)))
    return report
