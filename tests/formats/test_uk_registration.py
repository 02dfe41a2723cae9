"""UK registrations: memory tags, the notebook's and DVLA's data, the fast generator, attributes."""

import math
import re
import string
from collections import Counter

import numpy as np
import pytest
from scipy import stats

from regvae.formats import SPLITS, UK_REGISTRATION, uk_registration
from regvae.formats.codes import from_characters
from regvae.formats.uk_registration import (
    AREAS,
    ATTRIBUTES,
    MEMORY_TAGS,
    NO_AREA,
    NO_PERIOD,
    dvla_count,
    dvla_dataset,
    generate,
    notebook_count,
    notebook_dataset,
    period_name,
)

LETTERS = string.ascii_uppercase
SMALLEST_P = 1e-4
"""The seeds are fixed, so a right generator always passes; a wrong one is far below this."""


@pytest.fixture(scope="module")
def data():
    """The notebook's data of seed 0."""
    return notebook_dataset(0)


@pytest.fixture(scope="module")
def every(data):
    """All splits of the notebook's data in one array."""
    return np.concatenate([data[name] for name in SPLITS])


def all_normalised(regs):
    return all(UK_REGISTRATION.is_normalised(reg) for reg in regs.tolist())


# --- memory tags ----------------------------------------------------------------------------------


def test_there_are_446_distinct_memory_tags_in_36_areas():
    assert len(AREAS) == 36
    assert len(MEMORY_TAGS) == len(set(MEMORY_TAGS)) == 446
    assert all(re.fullmatch("[A-Z]{2}", tag) for tag in MEMORY_TAGS)
    assert sum(len(tags) for tags in AREAS.values()) == 446


def test_areas_of_one_first_letter_have_every_second_letter_from_a_to_y():
    for area in ("birmingham", "essex", "manchester", "oxford", "reading", "worcester"):
        assert "".join(tag[1] for tag in AREAS[area]) == LETTERS[:25]


# --- the notebook's data --------------------------------------------------------------------------


def test_the_notebooks_data_are_reproduced(data, every):
    sizes = {name: len(part) for name, part in data.items()}
    assert sizes == {"train": 10_000, "validation": 1_000, "test": 1_000}
    assert tuple(data) == SPLITS
    assert {part.dtype for part in data.values()} == {np.dtype("U7")}
    assert data["train"][0] == "YK66BIQ"
    assert " ".join(data["test"][:10]) == (
        "MY33WSZ WE83GXF LU19JLV KX41GVE WP91NCV SG47LFF HB17WIY CA89AXN GT57AKA CD77SJT"
    )
    assert len(set(every.tolist())) == 12_000
    assert all_normalised(every)
    assert sum(int(reg[2:4]) < 50 for reg in every.tolist()) == 6_103


def test_the_seed_determines_the_notebooks_data():
    one, same, other = (notebook_dataset(seed, (90, 20, 10)) for seed in (0, 0, 1))
    for name in SPLITS:
        assert np.array_equal(one[name], same[name])
        assert not np.array_equal(one[name], other[name])


def test_smaller_splits_are_the_beginning_of_the_same_stream(data):
    small = notebook_dataset(0, (9_000, 1_000, 1_000))
    assert np.array_equal(small["train"], data["train"][:9_000])
    assert np.array_equal(small["validation"], data["train"][9_000:])
    assert np.array_equal(small["test"], data["validation"])


def test_regs_of_earlier_splits_are_removed_from_later_ones(monkeypatch):
    monkeypatch.setattr(uk_registration, "MEMORY_TAGS", ("AA",))
    monkeypatch.setattr(uk_registration, "LETTERS", "AB")
    sizes = (200, 300, 400)  # of only 800 regs, so that there are repeats of every kind
    # A train split of the sum of the sizes is the stream itself, with nothing removed.
    stream = notebook_dataset(3, (sum(sizes), 1, 1))["train"].tolist()
    train, validation, test = stream[:200], stream[200:500], stream[500:]
    assert len(set(train)) < len(train)
    expected = {
        "train": train,
        "validation": [reg for reg in validation if reg not in train],
        "test": [reg for reg in test if reg not in train and reg not in validation],
    }
    found = {name: part.tolist() for name, part in notebook_dataset(3, sizes).items()}
    assert found == expected
    assert 0 < len(found["test"]) < 400
    assert len(found["validation"]) < 300


@pytest.mark.parametrize("sizes", [(0, 1, 1), (1, 0, 1), (1, 1, -5), (1, 1)])
def test_the_notebooks_data_have_three_sizes_of_1_or_more(sizes):
    with pytest.raises(ValueError, match="three sizes of 1 or more"):
        notebook_dataset(0, sizes)


# --- the fast generator ---------------------------------------------------------------------------

# Name -> characters of a reg, and their uniformly distributed values (None: not uniform).
PARTS = {
    "tag": (slice(0, 2), MEMORY_TAGS),
    "number": (slice(2, 4), tuple(f"{number:02}" for number in range(100))),
    "letter 5": (slice(4, 5), tuple(LETTERS)),
    "last two letters": (slice(5, 7), tuple(a + b for a in LETTERS for b in LETTERS)),
    "tag's last letter and first digit": (slice(1, 3), None),
}


def counts(drawn, part):
    return Counter(reg[part] for reg in drawn.tolist())


@pytest.fixture(scope="module")
def generated():
    """100,000 regs of the fast generator."""
    return generate(100_000, rng=np.random.default_rng(2024))


@pytest.fixture(scope="module")
def drawn_by_the_notebook():
    """30,000 regs of the notebook's generator."""
    return notebook_dataset(5, (30_000, 1, 1))["train"]


@pytest.mark.parametrize("name", PARTS)
def test_generated_regs_have_the_distribution_of_the_notebooks(
    generated, drawn_by_the_notebook, name
):
    part, values = PARTS[name]
    fast, notebook = counts(generated, part), counts(drawn_by_the_notebook, part)
    if values:
        assert set(fast) <= set(values)
        assert stats.chisquare([fast[value] for value in values]).pvalue > SMALLEST_P
    both = sorted(fast.keys() | notebook.keys())
    table = [[drawn[value] for value in both] for drawn in (fast, notebook)]
    assert stats.chi2_contingency(table).pvalue > SMALLEST_P


def test_generated_regs_are_normalised(generated):
    assert generated.dtype == np.dtype("U7")
    assert all_normalised(generated[:2_000])


def test_any_number_of_regs_can_be_generated_and_the_seed_determines_them():
    for n in (0, 1, 50):
        one, same, other = (generate(n, rng=np.random.default_rng(seed)) for seed in (1, 1, 2))
        assert one.shape == (n,)
        assert np.array_equal(one, same)
        assert n == 0 or not np.array_equal(one, other)


def test_a_negative_number_of_regs_is_refused():
    with pytest.raises(ValueError, match="a number of regs from 0, got -1"):
        generate(-1, rng=np.random.default_rng(0))


# --- attributes -----------------------------------------------------------------------------------


def calendar():
    """Age identifier -> period, in the order of time, from the calendar."""
    periods = {}
    for year in range(2001, 2051):
        if year > 2001:  # the scheme began in September 2001
            periods[year % 100] = f"Mar-Aug {year}"
        periods[(year + 50) % 100] = f"Sep {year}-Feb {year + 1}"
    return periods


CALENDAR = calendar()


def area_of(reg):
    found = [area for area, tags in AREAS.items() if reg[:2] in tags]
    return found[0] if found else NO_AREA


BY_HAND = {
    "at_least_50": lambda reg: reg[2] in "56789",
    "number": lambda reg: int(reg[2:4]),
    "area": area_of,
    "first_letter": lambda reg: reg[0],
    "tens": lambda reg: int(reg[2]),
    "units": lambda reg: int(reg[3]),
    "period": lambda reg: CALENDAR.get(int(reg[2:4]), NO_PERIOD),
    "valid": lambda reg: not (set(reg[:2]) & set("IQZ") or set(reg[4:]) & set("IQ")),
}
KINDS = {"boolean": "b", "number": "i", "category": "U"}


def any_regs(n):
    """Regs with uniform letters, so that some have no area and some are never issued."""
    rng = np.random.default_rng(8)
    points = np.empty((n, 7), dtype=np.uint32)
    for position, allowed in enumerate(UK_REGISTRATION.alphabets):
        points[:, position] = [ord(c) for c in rng.choice(list(allowed), size=n)]
    return from_characters(points)


def test_every_attribute_is_checked_by_hand():
    assert list(UK_REGISTRATION.attributes) == list(BY_HAND)
    assert all(name == attribute.name for name, attribute in ATTRIBUTES.items())


@pytest.mark.parametrize("name", BY_HAND)
def test_attributes_have_the_values_found_by_hand(name):
    some, attribute = any_regs(1_000), ATTRIBUTES[name]
    values = attribute.values(some)
    assert values.shape == (1_000,)
    assert values.dtype.kind == KINDS[attribute.kind]
    assert values.tolist() == [BY_HAND[name](reg) for reg in some.tolist()]
    assert attribute.values(some[:0]).shape == (0,)


@pytest.mark.parametrize("name", BY_HAND)
def test_attributes_depend_on_their_positions_only(name):
    some, attribute = any_regs(500), ATTRIBUTES[name]
    others = [position for position in range(7) if position not in attribute.positions]
    changed = np.array([list(reg) for reg in some])
    changed[:, others] = np.array([list(reg) for reg in some[::-1]])[:, others]
    changed = UK_REGISTRATION.array(["".join(reg) for reg in changed])
    assert np.array_equal(attribute.values(changed), attribute.values(some))


@pytest.mark.parametrize("name", BY_HAND)
def test_categories_are_all_possible_values_without_repeats(name):
    attribute = ATTRIBUTES[name]
    assert len(set(attribute.categories)) == len(attribute.categories)
    if attribute.kind == "number":
        assert attribute.categories == ()
    elif attribute.kind == "boolean":
        assert len(attribute.categories) == 2
    else:
        assert set(attribute.values(any_regs(20_000)).tolist()) == set(attribute.categories)


def test_periods_follow_the_calendar():
    assert len(CALENDAR) == 99
    assert [period_name(n) for n in range(100)] == [CALENDAR.get(n, NO_PERIOD) for n in range(100)]
    assert [period_name(number) for number in (2, 52, 0, 1)] == [
        *("Mar-Aug 2002", "Sep 2002-Feb 2003", "Sep 2050-Feb 2051", "no period")
    ]
    assert ATTRIBUTES["period"].categories == (*CALENDAR.values(), NO_PERIOD)


@pytest.mark.parametrize("position", [0, 1, 4, 5, 6])
@pytest.mark.parametrize("letter", "IQZA")
def test_dvla_issues_no_i_q_z_in_the_tag_and_no_i_q_in_the_last_letters(position, letter):
    reg = "AB12CDE"[:position] + letter + "AB12CDE"[position + 1 :]
    never = "IQZ" if position < 2 else "IQ"
    assert ATTRIBUTES["valid"].values(np.array([reg])).tolist() == [letter not in never]


# --- DVLA's data ----------------------------------------------------------------------------------


def test_dvla_data_are_distinct_regs_that_dvla_may_issue():
    splits = dvla_dataset(3, (700, 50, 30))
    sizes = {name: len(part) for name, part in splits.items()}
    assert sizes == {"train": 700, "validation": 50, "test": 30}
    every = np.concatenate(list(splits.values()))
    assert len(set(every.tolist())) == 780
    assert all_normalised(every)
    for reg in every.tolist():
        assert reg[:2] in MEMORY_TAGS
        assert not set(reg[:2]) & set("IQZ")
        assert not set(reg[4:]) & set("IQ")
        assert reg[2:4] != "01"


def test_regs_drawn_twice_are_in_dvla_data_once(monkeypatch):
    drawn = np.array([f"AB{number:02}CDE" for number in range(2, 62)])
    monkeypatch.setattr(uk_registration, "generate", lambda n, rng: rng.choice(drawn, n))
    splits = dvla_dataset(0, (40, 10, 10))
    assert sorted(np.concatenate(list(splits.values())).tolist()) == drawn.tolist()


def test_the_seed_determines_dvla_data():
    first, again, other = (dvla_dataset(seed, (60, 10, 10)) for seed in (1, 1, 2))
    for name in SPLITS:
        assert first[name].tolist() == again[name].tolist()
    assert not set(np.concatenate(list(first.values()))) & set(np.concatenate(list(other.values())))


def test_dvla_data_are_uniform_over_numbers_and_letters():
    drawn = np.concatenate(list(dvla_dataset(5, (20_000, 100, 100)).values()))
    numbers = Counter(ATTRIBUTES["number"].values(drawn).tolist())
    assert set(numbers) == set(range(100)) - {1}
    assert stats.chisquare(list(numbers.values())).pvalue > SMALLEST_P
    last = Counter(reg[-1] for reg in drawn.tolist())
    assert set(last) == set(LETTERS) - set("IQ")
    assert stats.chisquare(list(last.values())).pvalue > SMALLEST_P


@pytest.mark.parametrize("sizes", [(0, 0, 0), (5, 0, 5), (-5, 4, 4), (5, 5)])
def test_dvla_data_have_three_sizes_of_1_or_more(sizes):
    with pytest.raises(ValueError, match="three sizes of 1 or more"):
        dvla_dataset(0, sizes)


def test_the_numbers_of_possible_regs_are_products_of_choices():
    tags = [tag for tag in MEMORY_TAGS if not set(tag) & set("IQZ")]
    assert notebook_count() == 446 * 100 * 26**3
    assert dvla_count() == len(tags) * 99 * 24**3
    assert math.log(notebook_count()) == pytest.approx(20.48, abs=0.005)
