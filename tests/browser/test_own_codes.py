"""3,000 codes of a person's own: on the map, in the table, and back in a file."""

from pathlib import Path

import numpy as np
import pandas as pd
from playwright.sync_api import Page, expect

from dashboard import state
from dashboard.words import explore as words
from dashboard.words import own_codes as own_words
from regvae.formats import UK_REGISTRATION
from regvae.model.bundle import Bundle
from tests.browser.pages import Explorer

DROPPED = 30  # of each kind


def write_table(path: Path, bundle: Bundle) -> list[str]:
    """3,000 codes with an owner each, then wrong ones, then some again; gives the 3,000."""
    rng = np.random.default_rng(5)
    known = rng.choice(bundle.records.codes, 1000, replace=False).tolist()
    new = [f"{a}{b}{n:02}{c}QQ" for a in "KLMN" for b in "ABCDE" for n in range(50) for c in "XY"]
    codes = [*known, *new]
    rows = [f"{code},{('Ann', 'Bob')[i % 2]}" for i, code in enumerate(codes)]
    rows += [f"AB1X{i:03},Ann" for i in range(DROPPED)] + rows[:DROPPED]
    path.write_text("\n".join(["plate,owner", *rows]), "utf-8")
    return codes


def test_own_codes_lie_on_the_map_and_come_back_with_their_coordinates(
    page: Page, dashboard: str, bundle: Bundle, tmp_path: Path
) -> None:
    codes = write_table(tmp_path / "own.csv", bundle)
    explorer = Explorer(page, dashboard).open(f"?tab={words.OWN_TAB.replace(' ', '+')}")
    expect(explorer.layer("own")).to_be_hidden()
    explorer.keyed(state.OWN_FILE).locator("input[type=file]").set_input_files(tmp_path / "own.csv")
    panel = explorer.panel
    expect(panel).to_contain_text("own.csv: 3,060 read from the column 'plate', 3,000 different")
    expect(panel).to_contain_text(f"{2 * DROPPED} dropped ({DROPPED}: position 4 expects a digit")
    expect(panel).to_contain_text("1,000 of 3,000 are records of the model")
    expect(explorer.keyed("own-table").locator("canvas").first).to_be_visible()

    # On the map: drawn, named by the pointer, switched off and on.
    picture, mean = explorer.picture, bundle.autoencoder.encode(codes)[0]
    picture.wait_for("({map}, n) => map.own.x.length === n", len(codes))
    inside = mean[(np.abs(mean) < 2.5).all(axis=1)]
    assert (picture.painted(inside[:200], "own")[:, 3] > 0).mean() > 0.95
    lonely = alone(mean, bundle.records.mean)
    explorer.point(*mean[lonely])
    expect(explorer.record).to_contain_text(UK_REGISTRATION.shown(codes[lonely]))
    expect(explorer.record).to_contain_text("on your code")
    explorer.layer("own").click()
    expect(picture.frame.locator("canvas.own")).to_be_hidden()
    explorer.layer("own").click()

    # The further column colours them; its legend dims a class.
    explorer.choose(state.OWN_COLOUR, "owner")
    chips = page.locator(".legend.own .chip")
    expect(chips).to_have_text(["Ann1,500", "Bob1,500"])
    chips.first.click()
    picture.wait_for(
        "({map}) => map.own.groups[0].opacity < 0.1 && map.own.groups[1].opacity > 0.5"
    )
    chips.first.click()

    # It filters them too: what is not shown is not on the map.
    explorer.choose(state.OWN_FILTER, "owner")
    explorer.choose(state.OWN_CLASSES, "Bob")
    picture.wait_for("({map}) => map.own.x.length === 1500")
    expect(chips).to_have_text(["Ann0", "Bob1,500"])
    expect(panel).to_contain_text("1,500 of 3,000 shown")
    page.keyboard.press("Escape")
    explorer.choose(state.OWN_FILTER, "all")
    picture.wait_for("({map}) => map.own.x.length === 3000")

    with page.expect_download() as download:
        explorer.keyed("own-download-csv").get_by_role("button").click()
    table = pd.read_csv(download.value.path())
    assert table["code"].tolist() == codes
    np.testing.assert_allclose(table[["mean_1", "mean_2"]], mean, rtol=1e-4, atol=1e-5)
    assert (table["owner"] == "Ann").sum() == 1500

    # A click pins the code, a region lists what it holds.
    explorer.click(*mean[lonely])
    expect(explorer.card).to_contain_text(f"on your code {UK_REGISTRATION.shown(codes[lonely])}")
    np.testing.assert_allclose(explorer.pinned, mean[lonely], atol=6e-5)
    x, y = mean[lonely].tolist()
    explorer.tool("Box")
    picture.drag([[x - 0.3, y - 0.3], [x + 0.3, y + 0.3]])
    explorer.expect_address(state.REGION)
    explorer.tab("read")
    expect(panel).to_contain_text(f"of your {len(codes):,} codes lie in this region")
    explorer.tab("own")
    explorer.clear(state.OWN)
    expect(explorer.layer("own")).to_be_hidden()
    expect(explorer.keyed(state.OWN_FILE)).to_contain_text(own_words.FILE[0])


def alone(mean: np.ndarray, records: np.ndarray) -> int:
    """The own code within the map that is farthest from all other codes and records."""
    inside = np.flatnonzero((np.abs(mean) < 2.5).all(axis=1))
    distances = [
        np.sort(np.hypot(*(np.vstack([mean, records]) - mean[row]).T))[1] for row in inside
    ]
    return int(inside[np.argmax(distances)])
