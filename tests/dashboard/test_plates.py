"""Number plates as HTML."""

import re

from dashboard import plates


def test_a_reconstruction_marks_every_wrong_character_and_no_other() -> None:
    marked = plates.reconstruction("AX12CDZ", "AB12CDE")
    assert re.sub("</?mark>|</?span[^>]*>", "", marked) == "AX12 CDZ"
    assert re.findall("<mark>(.)</mark>", marked) == ["X", "Z"]
    assert "<mark>" not in plates.reconstruction("AB12CDE", "AB12CDE")


def test_plates_have_their_kinds() -> None:
    found = re.findall(
        'class="([^"]*)">([^<]*)<', plates.plates(["AB12CDE", "XY67ZZZ"], ["", "unwanted"])
    )
    assert [(kind.split(), reg) for kind, reg in found] == [
        (["plates"], ""),
        (["plate", "small"], "AB12 CDE"),
        (["plate", "small", "unwanted"], "XY67 ZZZ"),
    ]


def test_a_column_of_candidates_has_the_likeliest_on_top() -> None:
    html = plates.candidates([[("A", 0.7), ("B", 0.2), ("C", 0.01)]])
    assert re.findall("<b>(.)</b>", html) == ["A"]
    assert re.findall("--share:([0-9.]+)", html) == ["0.7000", "0.2000", "0.0100"]
    assert re.findall(r"%\">(.?)</i>", html) == ["", "B", ""]  # no room for a letter at 1 %
    assert "<small>70%</small>" in html
