"""What to stay clear of: every kind of part alone and together, for records and for other regs."""

import dataclasses
import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regvae import predicates
from regvae.formats import uk_registration
from regvae.formats.uk_registration import RegError
from regvae.latent.polygon import in_polygon
from regvae.model.records import Records
from regvae.predicates import RuleError
from regvae.rejection.unwanted import Unwanted, UnwantedError

ELL = [(0, 0), (1.4, 0), (1.4, 0.3), (0.5, 0.3), (0.5, 0.9), (0, 0.9)]
OBLONG = [(-1.5, -1), (-0.5, -1), (-0.5, -0.2), (-1.5, -0.2)]
PARTS = ["rules", "regions", "listed", "training"]
SOME = list(itertools.chain.from_iterable(itertools.combinations(PARTS, n) for n in range(1, 5)))
"""Every way to name something: one kind of part, or several."""


@pytest.fixture(scope="module")
def others():
    """Regs of which hardly any is a record, among them the listed one."""
    return np.append(
        uk_registration.generate(1_000, rng=np.random.default_rng(5)), ["ZZ99ZZZ", "ZZ99ZZY"]
    )


@pytest.fixture(scope="module")
def parts(bundle):
    """One set of each kind, and by hand whether it has a reg with a given mean."""
    records = bundle.records
    listed = ["ZZ99ZZZ", *records.codes[[0, 7, 11_999]].tolist()]
    train = set(records.codes[records.split == "train"].tolist())
    rule_texts = ["number < 50", "first_letter in L, M"]
    regions = [ELL, OBLONG]
    return {
        "rules": (rule_texts, lambda reg, _: int(reg[2:4]) < 50 and reg[0] in "LM"),
        "regions": (regions, lambda _, mean: any(in_polygon(mean[None], r)[0] for r in regions)),
        "listed": (listed, lambda reg, _: reg in listed),
        "training": (True, lambda reg, _: reg in train),
    }


def named(parts, kinds):
    chosen = {kind: parts[kind][0] for kind in kinds}
    return Unwanted.of(chosen.pop("rules", ()), **chosen)


# --- records and other regs -----------------------------------------------------------------------


@pytest.mark.parametrize("kinds", SOME, ids=" or ".join)
def test_a_record_is_unwanted_as_soon_as_one_part_names_it(bundle, parts, kinds):
    records = bundle.records
    few = Records(*(getattr(records, f.name)[::12] for f in dataclasses.fields(records)))
    train = set(few.codes[few.split == "train"].tolist())
    tests = {kind: parts[kind][1] for kind in kinds} | (
        {"training": lambda reg, _: reg in train} if "training" in kinds else {}
    )
    expected = [
        any(test(reg, mean) for test in tests.values())
        for reg, mean in zip(few.codes.tolist(), few.mean, strict=True)
    ]
    found = named(parts, kinds).of_records(few)
    assert found.dtype == bool
    assert found.tolist() == expected
    assert 0 < sum(expected) < len(few)


@pytest.mark.parametrize("kinds", SOME, ids=" or ".join)
def test_a_reg_that_is_no_record_is_judged_by_the_same_parts(bundle, parts, others, kinds):
    mean, _ = bundle.autoencoder.encode(others)
    expected = [
        any(parts[kind][1](reg, m) for kind in kinds)
        for reg, m in zip(others.tolist(), mean, strict=True)
    ]
    assert named(parts, kinds).of_regs(others, bundle).tolist() == expected


@pytest.mark.parametrize("kinds", SOME, ids=" or ".join)
def test_records_and_their_regs_are_judged_alike(bundle, parts, kinds):
    unwanted = named(parts, kinds)
    by_record = unwanted.of_records(bundle.records)
    by_reg = unwanted.of_regs(bundle.records.codes, bundle)
    # Encoded on another machine a mean may lie on the other side of a border, but only just.
    differ = np.flatnonzero(by_record != by_reg)
    assert len(differ) <= 2


@pytest.mark.parametrize("kinds", SOME, ids=" or ".join)
def test_no_regs_are_none_that_are_unwanted(bundle, parts, kinds):
    assert named(parts, kinds).of_regs(np.array([], "U7"), bundle).shape == (0,)


RULES = ["number < 50", "tens == 3", "first_letter in L, M", "valid == true", "area == london"]


@given(
    first=st.lists(st.sampled_from(RULES), min_size=1, max_size=3),
    more=st.lists(st.sampled_from(RULES), min_size=1, max_size=2),
    listed=st.lists(st.integers(0, 11_999), max_size=5),
)
@settings(deadline=None, max_examples=30)
def test_another_rule_names_less_and_another_part_more(bundle, first, more, listed):
    records = bundle.records
    by_rules = Unwanted.of(first).of_records(records)
    narrower = Unwanted.of(first + more).of_records(records)
    assert (narrower <= by_rules).all()
    assert np.array_equal(narrower, by_rules & Unwanted.of(more).of_records(records))
    wider = Unwanted.of(first, listed=records.codes[listed].tolist()).of_records(records)
    assert (wider >= by_rules).all()
    assert set(np.flatnonzero(wider & ~by_rules)) == set(listed) - set(np.flatnonzero(by_rules))


def test_rules_may_be_joined_inside_a_text_too(bundle):
    apart, together = (
        Unwanted.of(["tens > 4", "units < 3"]),
        Unwanted.of(["tens > 4 and units < 3"]),
    )
    assert apart == together
    assert apart.of_records(bundle.records).any()


# --- regions --------------------------------------------------------------------------------------


def test_a_region_names_the_records_whose_means_lie_in_it(bundle):
    found = Unwanted.of(regions=[ELL]).of_records(bundle.records)
    expected = [
        (0 < x < 1.4 and 0 < y < 0.3) or (0 < x < 0.5 and 0 < y < 0.9)
        for x, y in bundle.records.mean.tolist()
    ]
    assert found.tolist() == expected
    assert found.any()


def test_a_record_in_two_regions_is_unwanted_once_and_for_all(bundle):
    records = bundle.records
    one, two, both = (Unwanted.of(regions=r).of_records(records) for r in ([ELL], [ELL] * 2, [
        ELL, [(0, 0), (9, 0), (9, 9), (0, 9)]]))  # fmt: skip
    assert np.array_equal(one, two)
    assert (both >= one).all()
    assert both.sum() > one.sum()


def test_a_region_looks_at_the_first_two_of_more_coordinates():
    reg = np.array(["AA00AAA", "AA00AAB", "AA00AAC"])
    mean = np.array([[0.5, 0.1, 99], [5, 0.1, 0.1], [0.1, 0.5, -99]], np.float32)
    records = Records(reg, np.array(["train"] * 3), mean, np.ones_like(mean))
    assert Unwanted.of(regions=[ELL]).of_records(records).tolist() == [True, False, True]


# --- the training data ----------------------------------------------------------------------------


def test_training_names_the_training_records_and_no_others(bundle, others):
    unwanted = Unwanted.of(training=True)
    records = bundle.records
    assert np.array_equal(unwanted.of_records(records), records.split == "train")
    assert np.array_equal(unwanted.of_regs(records.codes, bundle), records.split == "train")
    train = set(records.codes[records.split == "train"].tolist())
    assert unwanted.of_regs(others, bundle).tolist() == [reg in train for reg in others.tolist()]


# --- how a set is made ----------------------------------------------------------------------------


def test_listed_regs_are_normalised_and_kept_once_in_their_order():
    found = Unwanted.of(listed=["zz99 zzz", "AB12CDE", "ab12 cde", " ZZ99ZZZ"])
    assert found.regs == ("ZZ99ZZZ", "AB12CDE")


def test_a_set_is_the_same_whether_made_from_text_or_from_parts():
    made = Unwanted(
        rules=predicates.parse_all(["number < 50"]),
        regions=(tuple((float(x), float(y)) for x, y in ELL),),
        regs=("AB12CDE",),
        training=True,
    )
    found = Unwanted.of(["number<50"], regions=[ELL], listed=["ab12cde"], training=True)
    assert found == made
    assert hash(found) == hash(made)  # a cache may use it as a key
    corners = Unwanted.of(regions=[np.array(ELL, np.float32)]).regions[0]
    assert {type(number) for corner in corners for number in corner} == {float}


def test_listed_regs_that_are_no_records_are_told_apart(bundle):
    known = bundle.records.codes[[3, 5]].tolist()
    unwanted = Unwanted.of(listed=["ZZ99ZZZ", known[0], "AB12CDE", known[1]])
    assert unwanted.unseen(bundle.records).tolist() == ["ZZ99ZZZ", "AB12CDE"]
    assert Unwanted.of(listed=known).unseen(bundle.records).tolist() == []
    assert Unwanted.of(["number < 50"]).unseen(bundle.records).tolist() == []


@pytest.mark.parametrize(
    ("unwanted", "words"),
    [
        (Unwanted.of(["number < 50"]), "number < 50"),
        (Unwanted.of(["number < 50", "tens == 3"]), "number < 50 and tens == 3"),
        (Unwanted.of(regions=[ELL]), "a mean in the region"),
        (Unwanted.of(regions=[ELL, OBLONG]), "a mean in the regions"),
        (Unwanted.of(listed=["ab12 cde"]), "AB12CDE"),
        (Unwanted.of(listed=[f"AB12CD{c}" for c in uk_registration.LETTERS]), "one of 26 regs"),
        (Unwanted.of(training=True), "a place in the training data"),
        (
            Unwanted.of(["number < 50"], regions=[ELL], listed=["AB12CDE"], training=True),
            "number < 50 or a mean in the region or AB12CDE or a place in the training data",
        ),
    ],
)
def test_a_set_can_be_said_in_words(unwanted, words):
    assert str(unwanted) == words


# --- what is no set -------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [Unwanted, Unwanted.of])
def test_a_set_that_names_nothing_is_refused(make):
    sentence = "nothing is unwanted; give a rule such as 'number < 50', a region, a list of regs"
    with pytest.raises(UnwantedError, match=sentence):
        make()


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        ([""], "no rule was given; say what is unwanted"),
        (["number < 50", "number"], "a rule is 'attribute op value'"),
        (["number < 50", "colour == red"], "there is no attribute 'colour'"),
        (["number < many"], "number is a number, but the rule compares it to 'many'"),
    ],
)
def test_a_rule_that_is_none_is_refused(texts, sentence):
    with pytest.raises(RuleError, match=sentence):
        Unwanted.of(texts)


@pytest.mark.parametrize(
    "region", [[], [(0, 0), (1, 1)], [(0, 0, 0)] * 3, [(0, 0), (1,), (2, 2)], "ell", None]
)
def test_a_region_that_is_no_polygon_is_refused(region):
    with pytest.raises(ValueError, match="a region wants 3 to 10,000 corners"):
        Unwanted.of(regions=[ELL, region])
    with pytest.raises(ValueError, match="a region wants 3 to 10,000 corners"):
        Unwanted(regions=(region,))


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_region_wants_finite_corners(bad):
    with pytest.raises(ValueError, match="a region wants corners with finite coordinates"):
        Unwanted.of(regions=[[(0, 0), (1, 0), (0, bad)]])


def test_a_listed_text_that_is_no_reg_is_refused():
    with pytest.raises(RegError, match="position 3 of a reg wants a digit 0 to 9, but 'ABX2CDE'"):
        Unwanted.of(listed=["AB12CDE", "ABX2CDE"])


@pytest.mark.parametrize("reg", ["ab12cde", "AB12 CDE", " AB12CDE"])
def test_parts_given_as_they_are_want_normalised_regs(reg):
    with pytest.raises(RegError, match="unwanted regs want the form AB12CDE, but came '"):
        Unwanted(regs=("AB12CDE", reg))


def test_an_unwanted_error_is_a_value_error():
    assert issubclass(UnwantedError, ValueError)
