"""Codes of any format in the browser: decoded and shown as Python does."""

from typing import Any

import numpy as np
import pytest

from dashboard.components.geometry import Geometry, format_for_browser
from regvae.formats import FORMATS, Format, of_definition
from regvae.model.bundle import Bundle
from tests.codes import bundle_of
from tests.static.conftest import Blank, decoder_data


def defined(pattern: str, example: str, **more: Any) -> Format:
    """A format with a pattern."""
    words = {"name": "toy", "noun": "tag", "plural": "tags"}
    return of_definition({**words, "pattern": pattern, "example": example, **more})


TOYS = {
    "movable": defined("[A-C]?[A-C]{1,3}X[0-9]{0,2}", "ABX1"),
    "movable-with-separators": defined("[A-C]{0,3}-[A-C]?[0-9]{1,3}/[0-9]?", "AB-12"),
    "separators-at-the-ends": defined("[A-C]? [0-9]{2}[A-Z]/", "A12Z"),
    "movable-to-an-empty-end": defined(r"\([0-9]{2}\)[A-C]?-[A-C]{0,2}", "12A"),
    "constants": defined("ID [A-J]{2}7[0-9]", "IDAB71"),
    "check-in-the-middle": defined(
        "[0-9]{2}-[0-9X]-[0-9]{3}", "12-5-345", check={"kind": "mod-11", "positions": [3]}
    ),
    "check-of-blanks": defined("[A-C]?[0-9]{5}", "B12397", check={"kind": "mod-97-10"}),
}
EVERY = {**FORMATS, **TOYS}


def untied(bundle: Bundle, z: np.ndarray) -> np.ndarray:
    """The points of z (n, k) at which no two characters are almost equally likely."""
    best = [np.sort(one, axis=1)[:, -2:] for one in bundle.autoencoder.log_probabilities(z)]
    return z[np.min([np.diff(one, axis=1)[:, 0] for one in best], axis=0) > 1e-3]


@pytest.mark.parametrize("name", EVERY)
def test_codes_of_every_format_are_decoded_as_in_python(blank: Blank, name: str) -> None:
    format = EVERY[name]
    bundle = bundle_of(format)
    points = untied(bundle, np.random.default_rng(3).uniform(-3, 3, (400, 3)))
    geometry = Geometry.of(bundle)
    found = blank.run(
        "core/decoder.js",
        """const decoder = new module.Decoder(Float32Array.from(given.weights), given);
        return given.points.map((point) => decoder.decode(point));""",
        {**decoder_data(geometry), "points": points.tolist()},
    )
    codes, certainty = bundle.autoencoder.decode_with_certainty(points)
    assert len(set(codes)) > 20
    assert [one["code"] for one in found] == codes.tolist()
    np.testing.assert_allclose([one["certainty"] for one in found], certainty, atol=1e-4)


@pytest.mark.parametrize("name", EVERY)
def test_characters_are_completed_as_in_python(blank: Blank, name: str) -> None:
    """With blanks at all places where there may be some."""
    format = EVERY[name]
    rng = np.random.default_rng(2)
    drawn = ["".join(map(rng.choice, map(list, format.alphabets))) for _ in range(300)]
    found = blank.run(
        "core/code.js",
        "return given.codes.map((code) => module.completed([...code], given.format).join(''));",
        {"codes": drawn, "format": format_for_browser(format)},
    )
    assert found == format.completed(format.array(drawn)).tolist()
    changes = found != drawn
    assert changes == bool(format.check or name.startswith("movable"))


@pytest.mark.parametrize("name", EVERY)
def test_a_bar_is_as_long_as_the_character_above_it_is_sure(blank: Blank, name: str) -> None:
    """Also where a character has moved to the left, from a position after an empty one."""
    bundle = bundle_of(EVERY[name])
    points = untied(bundle, np.random.default_rng(3).uniform(-3, 3, (60, 3)))
    geometry = Geometry.of(bundle)
    found = blank.run(
        "core/decoder.js",
        """const { Reading } = await import("/latent_map/reading.js");
        const { Plates } = await import("/core/plate.js");
        const decoder = new module.Decoder(Float32Array.from(given.weights), given);
        const reading = new Reading(document.body.appendChild(document.createElement("div")));
        reading.setPlates(new Plates(given.format));
        const said = given.points.map((point) => {
            reading.show({ x: 0, y: 0 }, decoder.decode(point), null);
            const bars = [...reading.bars.children].filter((bar) => bar.className !== "gap");
            return bars.map((bar) => Number(bar.style.getPropertyValue("--sure")));
        });
        reading.root.remove();
        return said;""",
        {**decoder_data(geometry), "points": points.tolist()},
    )
    blocks = bundle.autoencoder.onehot.blocks
    every = [bundle.autoencoder.probabilities(points[[row]]) for row in range(len(points))]
    for bars, probabilities in zip(found, every, strict=True):
        # Characters keep their order, so the bars are those of what is not empty, from the left.
        expected = [
            one.max()
            for block, (one,) in zip(blocks, probabilities, strict=True)
            if block.alphabet[one.argmax()] != " "
        ]
        np.testing.assert_allclose(bars, expected, atol=1e-3)


@pytest.mark.parametrize("name", EVERY)
def test_a_plate_shows_a_code_as_python_does(blank: Blank, name: str) -> None:
    format = EVERY[name]
    codes = [format.example, *format.generate(50, rng=np.random.default_rng(4)).tolist()]
    found = blank.run(
        "core/plate.js",
        """const plates = new module.Plates(given.format);
        return given.codes.map((code) => {
            const element = plates.make(code, "small");
            return {
                text: element.textContent, look: element.dataset.look,
                longest: Number(element.style.getPropertyValue("--cells")),
                cells: plates.cells(code).filter(({position}) => position >= 0),
            };
        });""",
        {"codes": codes, "format": format_for_browser(format)},
    )
    assert [one["text"] for one in found] == [format.shown(code) for code in codes]
    assert {one["look"] for one in found} == {format.plate}
    (longest,) = {one["longest"] for one in found}
    assert longest >= max(len(one["text"]) for one in found)
    for code, one in zip(codes, found, strict=True):  # each character knows its position
        assert {(c["position"], c["text"]) for c in one["cells"]} == {
            (i, c) for i, c in enumerate(code) if c != " "
        }


def test_an_empty_plate_is_as_high_as_another(blank: Blank) -> None:
    texts = blank.run(
        "core/plate.js",
        """const plates = new module.Plates(given);
        return [module.emptyPlate().textContent, plates.make("").textContent];""",
        format_for_browser(FORMATS["uk-postcode"]),
    )
    assert texts == ["\u00a0", "\u00a0"]
