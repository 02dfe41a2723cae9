"""What is left of a browser test that has failed."""

import pytest
from playwright.sync_api import BrowserContext

from tests import drive


def test_a_failure_tells_the_address_and_the_text_of_its_page(profile: BrowserContext) -> None:
    def fail() -> None:
        with drive.watched(profile) as page:
            page.set_content("<p>Nothing is accepted</p>")
            raise AssertionError

    with pytest.raises(AssertionError) as caught:
        fail()
    assert caught.value.__notes__ == ["about:blank (script: None)\nNothing is accepted"]
