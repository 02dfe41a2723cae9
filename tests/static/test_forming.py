"""The map of a training as it forms: which of its epochs is shown while others come."""

from typing import Any

from tests.static.conftest import Blank

SCENE = """
const root = document.body.appendChild(document.createElement("div"));
const map = new module.FormingMap(root);
const [slider, play, output] = ["input", "button", "output"].map((tag) => root.querySelector(tag));
const keep = (...epochs) => {
    for (const epoch of epochs) map.keep(epoch, [0], [0]);
    map.go();
};
const slide = (place) => {
    slider.value = place;
    slider.dispatchEvent(new Event("input"));
};
const said = [];
const look = () => said.push(
    [output.textContent, slider.getAttribute("aria-valuetext"), slider.value, slider.max]);
"""


def played(blank: Blank, script: str) -> Any:
    """What a script on the scene has looked at."""
    body = f"{SCENE} {script}\nmap.remove(); root.remove(); return said;"
    return blank.run("training/forming.js", body)


def test_the_newest_epoch_is_shown_as_it_comes(blank: Blank) -> None:
    said = played(blank, "keep(1); look(); keep(2); look(); keep(5, 4, 3); look();")
    assert said == [[f"epoch {n}", f"epoch {n}", f"{n - 1}", f"{n - 1}"] for n in (1, 2, 5)]


def test_an_epoch_that_is_looked_at_stays_among_more_of_them(blank: Blank) -> None:
    said = played(
        blank,
        """keep(100, 101, 102); slide(1); look();
        keep(103); look();
        keep(1, 20, 40, 60, 80); look(); // once it has ended there are those before, too
        slide(8); keep(104); look(); // the newest again is followed""",
    )
    assert [(words, place, last) for words, _, place, last in said] == [
        ("epoch 101", "1", "2"),
        ("epoch 101", "1", "3"),
        ("epoch 101", "6", "8"),
        ("epoch 104", "9", "9"),
    ]


def test_what_is_played_begins_at_the_first_epoch_and_stays_where_it_is_paused(
    blank: Blank,
) -> None:
    said = played(
        blank,
        """keep(1, 2, 3, 4);
        said.push(play.textContent); play.click(); said.push(play.textContent); look();
        play.click(); said.push(play.textContent); keep(5); look();""",
    )
    first = ["epoch 1", "epoch 1", "0"]
    assert said == ["Play", "Pause", [*first, "3"], "Play", [*first, "4"]]
