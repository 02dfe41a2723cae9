"""Records on a canvas: their order, and what stands back behind a selection."""

from typing import Any

import numpy as np

from dashboard import palette
from tests.static.conftest import Blank

PALETTE = palette.MAP | palette.MAP["light"] | {"background": "#ffffff", "text": "#000000"}
MAKE = """
    const palette = given.palette;
    const records = new module.Records(document.body, "records", {
        size: 9, outline: null, palette, redraw: () => {},
    });
    const one = (_, i) => ({label: String(i), count: 0});
    const classes = (n) => ({classes: Array.from({length: n}, one)});
"""


def run(blank: Blank, body: str, **given: Any) -> Any:
    """What `body` returns, which has `records` of no place, `classes(n)`, and `given`."""
    return blank.run("shared/records.js", MAKE + body, {"palette": PALETTE, **given})


def test_the_classes_are_drawn_mixed_in_an_order_that_is_always_the_same(blank: Blank) -> None:
    n = 1000
    first, coloured, again = run(
        blank,
        """const values = Array.from({length: given.n}, (_, row) => Math.floor(row / 100));
        const order = () => Array.from(records.order);
        records.place(values, values);
        const first = order();
        records.colour(classes(10), values);
        const coloured = order();
        records.place(values, values);
        return [first, coloured, order()];""",
        n=n,
    )
    assert sorted(first) == list(range(n))
    assert first == coloured == again
    # The rows are sorted by class: each class is met in each tenth of the order.
    tenths = np.array(first).reshape(10, 100) // 100
    assert all(len(set(tenth)) == 10 for tenth in tenths.tolist())


def test_what_is_not_selected_is_pale_and_no_stack_of_it_is_as_strong_as_one_selected(
    blank: Blank,
) -> None:
    # Two classes; of each many at one place that are not selected, and one elsewhere that is.
    x = [10] * 200 + [30] + [50] * 200 + [70]
    values = [0] * 201 + [1] * 201
    pixels, counts = run(
        blank,
        """const {View} = await import("/core/view.js");
        const {x, values} = given;
        const view = new View(
            {left: 0, top: 0, width: 80, height: 80, outerWidth: 80, outerHeight: 80},
            {x: 40, y: 0, reach: 40},
        );
        records.place(x, x.map(() => 0));
        records.colour(classes(2), values);
        const none = records.selectedCounts;
        records.select(new Set([200, 401]));
        records.draw(view);
        const context = records.canvas.getContext("2d");
        const at = (px) => Array.from(context.getImageData(px, 40, 1, 1).data);
        return [[10, 30, 50, 70].map(at), [none, Array.from(records.selectedCounts)]];""",
        x=x,
        values=values,
    )
    assert counts == [None, [1, 1]]
    for pale, full in (pixels[:2], pixels[2:]):
        assert pale[3] > 250  # so many of them let nothing through
        colour, faint = np.array(full[:3]), np.array(pale[:3])
        np.testing.assert_allclose(255 - faint, 0.35 * (255 - colour), atol=6)
