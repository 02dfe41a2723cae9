"""Unwanted sets: each kind of part alone and together, for records and for other codes."""

import dataclasses
import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regvae import predicates
from regvae.formats import FORMATS, UK_REGISTRATION, FormatError, uk_registration
from regvae.latent.polygon import in_polygon
from regvae.model.records import Records
from regvae.predicates import PredicateError
from regvae.rejection.unwanted import Unwanted, UnwantedError, usual_wanted
from tests.rejection.small import EVERY, SMALL

ELL = [(0, 0), (1.4, 0), (1.4, 0.3), (0.5, 0.3), (0.5, 0.9), (0, 0.9)]
OBLONG = [(-1.5, -1), (-0.5, -1), (-0.5, -0.2), (-1.5, -0.2)]
LISTED = ["ZZ99ZZZ", "YK66BIQ"]
PARTS = {
    "predicates": {"texts": ["number < 50", "first_letter in L, M"]},
    "regions": {"regions": [ELL, OBLONG]},
    "listed": {"listed": LISTED},
    "training": {"training": True},
}
COMBINATIONS = [
    kinds for n in range(1, 5) for kinds in itertools.combinations(PARTS, n)
]  # every choice of one kind of part or more


def unwanted_of(kinds):
    return Unwanted.of(**{name: value for kind in kinds for name, value in PARTS[kind].items()})


@pytest.fixture(scope="module")
def others():
    """Codes of which hardly any is a record, among them a listed one."""
    drawn = uk_registration.generate(500, rng=np.random.default_rng(5))
    return np.append(drawn, ["ZZ99ZZZ", "ZZ99ZZY"])


@pytest.fixture(scope="module")
def expected(few):
    """For codes and their means, by loops, which are in each kind of part."""
    train = set(few.records.codes[few.records.split == "train"].tolist())

    def by_loops(codes, mean):
        codes = codes.tolist()
        return {
            "predicates": [int(code[2:4]) < 50 and code[0] in "LM" for code in codes],
            "regions": [in_ell(*z) or (-1.5 < z[0] < -0.5 and -1 < z[1] < -0.2) for z in mean],
            "listed": [code in LISTED for code in codes],
            "training": [code in train for code in codes],
        }

    return by_loops


def in_ell(x, y):
    return (0 < x < 1.4 and 0 < y < 0.3) or (0 < x < 0.5 and 0 < y < 0.9)


def any_of(parts, kinds):
    return np.logical_or.reduce([parts[kind] for kind in kinds])


# --- records and other codes ----------------------------------------------------------------------


def test_all_but_what_is_wanted_is_unwanted(few):
    rows = few.records.attribute("number") >= 50
    london = few.records.attribute("area") == "london"
    wanted = Unwanted.of(wanted=["number >= 50 and area == london"])
    assert np.array_equal(wanted.of_records(few.records), ~(rows & london))
    assert str(wanted) == "number < 50 or area != london"
    both = Unwanted.of(["area == london"], wanted=["number >= 50"])
    assert np.array_equal(both.of_records(few.records), ~rows | london)


def test_a_record_is_unwanted_if_any_part_includes_it(few, expected):
    parts = expected(few.records.codes, few.records.mean.tolist())
    assert all(0 < sum(part) < len(few.records) for part in parts.values())
    for kinds in COMBINATIONS:
        found = unwanted_of(kinds).of_records(few.records)
        assert found.dtype == bool
        assert np.array_equal(found, any_of(parts, kinds)), kinds


def test_another_code_is_unwanted_by_the_same_parts(few, others, expected):
    parts = expected(others, few.autoencoder.encode(others)[0].tolist())
    for kinds in COMBINATIONS:
        unwanted = unwanted_of(kinds)
        assert np.array_equal(unwanted.of_codes(others, few), any_of(parts, kinds)), kinds
        assert unwanted.of_codes(others[:0], few).shape == (0,)


def test_records_are_unwanted_alike_as_records_and_as_codes(bundle):
    unwanted = unwanted_of(PARTS)
    by_record = unwanted.of_records(bundle.records)
    by_code = unwanted.of_codes(bundle.records.codes, bundle)
    # Encoded on another machine a mean may lie on the other side of a border, but only just.
    assert (by_record != by_code).sum() <= 2


TEXTS = ["number < 50", "tens == 3", "first_letter in L, M", "valid == true", "area == london"]


@given(
    first=st.lists(st.sampled_from(TEXTS), min_size=1, max_size=3),
    more=st.lists(st.sampled_from(TEXTS), min_size=1, max_size=2),
    listed=st.lists(st.integers(0, 999), max_size=5),
)
@settings(deadline=None, max_examples=30)
def test_another_predicate_includes_fewer_codes_and_another_part_more(few, first, more, listed):
    records = few.records
    by_predicates = Unwanted.of(first).of_records(records)
    narrower = Unwanted.of(first + more).of_records(records)
    assert np.array_equal(narrower, by_predicates & Unwanted.of(more).of_records(records))
    wider = Unwanted.of(first, listed=records.codes[listed].tolist()).of_records(records)
    assert (wider >= by_predicates).all()
    assert set(np.flatnonzero(wider & ~by_predicates)) == set(listed) - set(
        np.flatnonzero(by_predicates)
    )


def test_predicates_may_be_joined_inside_a_text_too(few):
    apart = Unwanted.of(["tens > 4", "units < 3"])
    assert apart == Unwanted.of(["tens > 4 and units < 3"])
    assert apart.of_records(few.records).any()


# --- regions --------------------------------------------------------------------------------------


def test_overlapping_regions_are_joined(few):
    square = [(0, 0), (9, 0), (9, 9), (0, 9)]
    one, twice, both = (
        Unwanted.of(regions=regions).of_records(few.records)
        for regions in ([ELL], [ELL, ELL], [ELL, square])
    )
    assert np.array_equal(one, twice)
    assert np.array_equal(both, one | in_polygon(few.records.mean, square))


def test_a_region_is_in_the_first_two_of_more_coordinates():
    mean = np.array([[0.5, 0.1, 99], [5, 0.1, 0.1], [0.1, 0.5, -99]], np.float32)
    codes = np.array(["AA00AAA", "AA00AAB", "AA00AAC"])
    split = np.array(["train"] * 3)
    records = Records(codes, split, mean, np.ones_like(mean), UK_REGISTRATION)
    assert Unwanted.of(regions=[ELL]).of_records(records).tolist() == [True, False, True]


def test_a_region_needs_two_coordinates():
    mean = np.ones((2, 1), np.float32)
    split = np.array(["train"] * 2)
    records = Records(np.array(["AA00AAA", "AA00AAB"]), split, mean, mean.copy(), UK_REGISTRATION)
    with pytest.raises(UnwantedError, match=r"two latent coordinates.* one"):
        Unwanted.of(regions=[ELL]).of_records(records)


# --- the training split ---------------------------------------------------------------------------


def test_training_includes_the_training_records_and_no_others(bundle):
    unwanted, records = Unwanted.of(training=True), bundle.records
    assert np.array_equal(unwanted.of_records(records), records.split == "train")
    assert np.array_equal(unwanted.of_codes(records.codes, bundle), records.split == "train")


# --- how a set is described -----------------------------------------------------------------------


def test_listed_codes_are_normalised_and_each_listed_once_in_their_order():
    found = Unwanted.of(listed=["zz99 zzz", "AB12CDE", "ab12 cde", " ZZ99ZZZ"])
    assert found.codes == ("ZZ99ZZZ", "AB12CDE")


def test_a_set_from_text_equals_one_from_parts():
    by_hand = Unwanted(
        predicates=predicates.parse_all(["number < 50"]),
        regions=(tuple((float(x), float(y)) for x, y in ELL),),
        codes=("AB12CDE",),
        training=True,
    )
    found = Unwanted.of(["number<50"], regions=[ELL], listed=["ab12cde"], training=True)
    assert found == by_hand
    assert hash(found) == hash(by_hand)  # caches use it as a key
    assert found.fingerprint == by_hand.fingerprint
    assert found.fingerprint != Unwanted.of(["number<50"]).fingerprint
    corners = Unwanted.of(regions=[np.array(ELL, np.float32)]).regions[0]
    assert {type(number) for corner in corners for number in corner} == {float}


def test_listed_codes_that_are_not_records_are_found(bundle):
    known = bundle.records.codes[[3, 5]].tolist()
    unwanted = Unwanted.of(listed=["ZZ99ZZZ", known[0], "AB12CDE", known[1]])
    assert unwanted.unseen(bundle.records).tolist() == ["ZZ99ZZZ", "AB12CDE"]
    assert Unwanted.of(listed=known).unseen(bundle.records).tolist() == []
    assert Unwanted.of(["number < 50"]).unseen(bundle.records).tolist() == []


@pytest.mark.parametrize(
    ("unwanted", "words"),
    [
        (Unwanted.of(["number < 50", "tens == 3"]), "number < 50 and tens == 3"),
        (Unwanted.of(regions=[ELL]), "a mean in the region"),
        (Unwanted.of(regions=[ELL, OBLONG]), "a mean in the regions"),
        (Unwanted.of(listed=[f"AB12CD{c}" for c in uk_registration.LETTERS]), "one of 26 regs"),
        (
            Unwanted.of(["number < 50"], regions=[ELL], listed=["ab12 cde"], training=True),
            "number < 50 or a mean in the region or AB12CDE or a place in the training data",
        ),
        (Unwanted.of(listed=["m1 1ae"], format=FORMATS["uk-postcode"]), "M11AE"),
    ],
)
def test_a_set_in_words(unwanted, words):
    assert str(unwanted) == words


# --- what is no set -------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [Unwanted, Unwanted.of])
def test_an_empty_set_is_refused(make):
    with pytest.raises(UnwantedError, match="expected something unwanted, got nothing; give"):
        make()


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        ([""], "expected a predicate, got none"),
        (["number < 50", "number"], "expected 'attribute op value'"),
        (["number < 50", "colour == red"], "expected an attribute .* got 'colour'"),
        (["number < many"], "expected a number for number, got 'many'"),
    ],
)
def test_a_text_that_is_no_predicate_is_refused(texts, words):
    with pytest.raises(PredicateError, match=words):
        Unwanted.of(texts)


@pytest.mark.parametrize(
    "region",
    [
        *([], [(0, 0), (1, 1)], [(0, 0, 0)] * 3, [(0, 0), (1,), (2, 2)], "ell", None),
        *([(0, 0), (1, 0), (0, bad)] for bad in (math.nan, math.inf)),
    ],
)
def test_a_region_that_is_no_polygon_is_refused(region):
    for make in (lambda: Unwanted.of(regions=[ELL, region]), lambda: Unwanted(regions=(region,))):
        with pytest.raises(ValueError, match=r"region.* corners"):
            make()


def test_a_region_beyond_any_map_is_refused():
    with pytest.raises(ValueError, match=r"corners.* 1e\+06"):
        Unwanted.of(regions=[[(-2e6, 0), (2e6, 0), (0, 2e6)]])


def test_a_listed_text_that_is_no_code_is_refused():
    with pytest.raises(FormatError, match=r"position 3.*'ABX2CDE'"):
        Unwanted.of(listed=["AB12CDE", "ABX2CDE"])


@pytest.mark.parametrize("code", ["ab12cde", "AB12 CDE", " AB12CDE", 5])
def test_codes_given_as_parts_must_be_normalised(code):
    with pytest.raises(FormatError, match="expected unwanted regs such as AB12CDE, got"):
        Unwanted(codes=("AB12CDE", code))


# --- what is wanted unless somebody chooses -------------------------------------------------------


def records_of(attributes):
    """Records of a hundred tags, which have some attributes only."""
    format = dataclasses.replace(
        SMALL, attributes={name: SMALL.attributes[name] for name in attributes}
    )
    codes = EVERY[::2]
    zeros = np.zeros((len(codes), 2), np.float32)
    return Records(codes, np.full(len(codes), "train"), zeros, zeros + 1, format)


@pytest.mark.parametrize(
    ("attributes", "kind"),
    [(("first", "digit", "sum"), "digit"), (("twice", "first"), "first"), (("twice",), "twice")],
)
def test_what_is_wanted_is_about_half_by_the_first_number_else_category_else_boolean(
    attributes, kind
):
    records = records_of(attributes)
    text = usual_wanted(records.format, records.codes)
    wanted = ~Unwanted.of(wanted=[text], format=records.format).of_records(records)
    assert text.startswith(kind)
    assert 0 < wanted.sum() < len(records)
    if kind == "digit":
        values = records.attribute("digit")
        assert np.array_equal(wanted, values >= np.median(values))
    if kind == "first":
        assert len(set(records.attribute("first")[wanted])) == 2


def test_of_regs_what_is_wanted_is_the_notebooks_and_of_nothing_known_nothing(bundle):
    assert usual_wanted(bundle.format, bundle.records.codes) == "number >= 50"
    nothing = records_of(())
    assert usual_wanted(nothing.format, nothing.codes) == ""


def test_a_format_may_say_what_is_wanted():
    records = records_of(("first", "digit"))
    said = dataclasses.replace(records.format, wanted="first in A, B")
    assert usual_wanted(said, records.codes) == "first in A, B"


@pytest.mark.parametrize("format", FORMATS.values(), ids=FORMATS)
def test_what_a_format_says_is_wanted_is_a_predicate_of_it(format):
    assert not format.wanted or predicates.parse_all([format.wanted], format)
