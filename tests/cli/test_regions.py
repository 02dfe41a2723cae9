"""`regvae regions`."""

import json

import numpy as np
import pytest

from regvae.latent.rings import signed_area

WANTED = ["--predicate", "number >= 50"]


def test_regions_prints_the_share_that_is_wanted(output):
    out = output("regions", "principled-2d", *WANTED)
    assert "share wanted             0.5325" in out
    assert "pieces                   1,577" in out


def test_regions_gives_json_and_the_same_for_what_is_unwanted(output):
    found, other, wider = (
        json.loads(output("regions", "principled-2d", *options, "--json"))
        for options in (
            WANTED,
            ["--unwanted", "number < 50"],
            ["--wanted", "number>=50", "--box", "4"],
        )
    )
    assert found["unwanted"] == "number < 50"
    assert found["polygons"] > found["polygons_wanted"] > 0
    assert found["edge_length"] > found["longest_edge"] > 0
    assert found.pop("seconds") > 0
    del other["seconds"]
    assert found == other
    assert wider["box"] == 4
    assert wider["pieces"] > found["pieces"]


def test_regions_writes_polygons_as_geojson(run, tmp_path):
    out = tmp_path / "regions.geojson"
    status, printed, notes = run("regions", "principled-2d", *WANTED, "--json", "--out", out)
    figures = json.loads(printed)
    assert (status, notes) == (0, f"wrote {out}: {figures['polygons']} polygons\n")
    found = json.loads(out.read_text("utf-8"))
    assert found["type"] == "FeatureCollection"
    assert len(found["features"]) == figures["polygons"]
    wanted = 0.0
    for feature in found["features"]:
        rings = [np.array(ring) for ring in feature["geometry"]["coordinates"]]
        assert all((ring[0] == ring[-1]).all() for ring in rings)
        area = sum(signed_area(ring) for ring in rings)
        assert area == pytest.approx(feature["properties"]["area"], abs=1e-12)
        wanted += area * feature["properties"]["wanted"]
        assert feature["properties"]["wanted"] == (feature["properties"]["code"][2] in "56789")
    assert wanted / 36 == pytest.approx(figures["share_wanted"])
    assert [path.name for path in tmp_path.iterdir()] == [out.name]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["notebook-15d", *WANTED], "expected a model of two latent dimensions, got 15; choose"),
        (["notebook-2d"], "expected something unwanted, got nothing; give a predicate"),
        (["notebook-2d", *WANTED, "--box", "0"], "half-width of the box from 1e-6 to 1e6, got 0"),
        (["notebook-2d", *WANTED, "--box", "1e-200"], "from 1e-6 to 1e6, got 1e-200; change it"),
        (["notebook-2d", *WANTED, "--out", "x.csv"], "expected a name that ends in .geojson, got"),
        (["notebook-2d", "--predicate", "numbers > 1"], "expected an attribute (at_least_50"),
    ],
)
def test_regions_refuses_what_it_cannot_divide(refusal, arguments, message):
    assert message in refusal("regions", *arguments)


@pytest.mark.parametrize(
    ("predicate", "words"),
    [
        (
            "number >= 100",
            "expected something wanted, got nothing: all 12,000 records are unwanted",
        ),
        ("number >= 0", "expected something unwanted, got nothing: none of the 12,000 records is"),
    ],
)
def test_a_predicate_that_everything_or_nothing_fulfils_is_refused(run, predicate, words):
    status, out, err = run("regions", "principled-2d", "--predicate", predicate)
    assert (status, out) == (2, "")
    assert words in err
