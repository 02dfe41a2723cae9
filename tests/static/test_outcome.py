"""The line above the codes that the scrubber lists."""

import pytest

from dashboard.components.geometry import format_for_browser
from regvae.formats import FORMATS
from tests.static.conftest import Blank


@pytest.mark.parametrize(
    ("name", "words"),
    [("uk-registration", "Regs: 2 of 2."), ("uk-postcode", "Postcodes: 2 of 2.")],
)
def test_what_is_listed_is_called_as_the_format_calls_it(
    blank: Blank, name: str, words: str
) -> None:
    format = FORMATS[name]
    said = blank.run(
        "latent_map/scrubber.js",
        """const { Plates } = await import("/core/plate.js");
        const scrubber = new module.Scrubber(document.createElement("div"), {});
        scrubber.setPlates(new Plates(given));
        scrubber.configure({ tails: { tail: [0], notebook: [0] }, heldOut: null });
        scrubber.take({
            name: "one", after: "", measures: [{ name: "a", relative: false }],
            parameters: [{ name: "a", value: 1, minimum: 0, maximum: 6, step: 1, unit: "σ",
                           operator: ">", measure: "a", before: "a", help: "" }],
        }, 0);
        const code = () => given.example;
        const samples = { measures: { a: [0, 2, 3] }, wanted: [1, 1, 1], code };
        scrubber.show(samples, [0, 1, 1]);
        return scrubber.root.querySelector("[data-figure=shown]").textContent;""",
        format_for_browser(format),
    )
    assert said == words
