"""Regs: parsing, the notebook's data, the fast generator and every attribute."""

import hashlib
import math
import re
import string
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from regvae.formats import uk_registration

FORM = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z]{3}")
REGS = st.from_regex(FORM, fullmatch=True)
SMALLEST_P = 1e-4
"""The seeds are fixed, so a right generator passes for ever; a wrong one is far below this."""


@pytest.fixture(scope="module")
def data():
    return uk_registration.notebook_dataset(0)


@pytest.fixture(scope="module")
def every(data):
    return np.concatenate([data[name] for name in uk_registration.SPLITS])


# --- parsing --------------------------------------------------------------------------------------


@given(reg=REGS, lower=st.lists(st.booleans(), min_size=7, max_size=7), data=st.data())
@settings(deadline=None)
def test_case_and_white_space_do_not_matter(reg, lower, data):
    gaps = data.draw(st.lists(st.text(" \t\n\u00a0", max_size=2), min_size=8, max_size=8))
    typed = [c.lower() if low else c for c, low in zip(reg, lower, strict=True)]
    text = gaps[0] + "".join(c + gap for c, gap in zip(typed, gaps[1:], strict=True))
    assert uk_registration.parse(text) == reg


@given(text=st.text(max_size=9) | st.text("aAzZ09 ıſ１", min_size=7, max_size=8))
@settings(deadline=None, max_examples=300)
def test_a_text_is_accepted_exactly_if_it_has_the_form(text):
    squeezed = "".join(text.split())
    if re.fullmatch(r"[A-Za-z]{2}[0-9]{2}[A-Za-z]{3}", squeezed):
        assert uk_registration.parse(text) == squeezed.upper()
    else:
        with pytest.raises(uk_registration.RegError, match="a reg"):
            uk_registration.parse(text)


@given(reg=REGS)
@settings(deadline=None)
def test_the_plate_form_has_one_space_and_parses_back(reg):
    assert re.fullmatch(r"[A-Z]{2}[0-9]{2} [A-Z]{3}", uk_registration.pretty(reg))
    assert uk_registration.parse(uk_registration.pretty(reg)) == reg


@pytest.mark.parametrize("position", range(1, 8))
def test_the_error_names_the_position_and_what_it_wants(position):
    is_digit = position in (3, 4)
    wrong = "X" if is_digit else "7"
    text = "AB12CDE"[: position - 1] + wrong + "AB12CDE"[position:]
    wanted = "a digit 0 to 9" if is_digit else "a letter A to Z"
    with pytest.raises(
        uk_registration.RegError, match=f"position {position} of a reg wants {wanted}"
    ):
        uk_registration.parse(text)


def test_the_error_names_the_first_of_two_wrong_positions():
    with pytest.raises(uk_registration.RegError, match=r"position 2 .* has '1' there"):
        uk_registration.parse("A1BBCDE")


@pytest.mark.parametrize("character", ["ı", "ſ", "É", "Ａ"])
def test_letters_outside_ascii_are_refused_though_some_have_an_ascii_upper_case(character):
    with pytest.raises(uk_registration.RegError, match="position 1 of a reg wants a letter A to Z"):
        uk_registration.parse(character + "B12CDE")


@pytest.mark.parametrize("character", ["１", "٣", "²"])
def test_digits_outside_ascii_are_refused(character):
    with pytest.raises(uk_registration.RegError, match="position 3 of a reg wants a digit 0 to 9"):
        uk_registration.parse("AB" + character + "2CDE")


@pytest.mark.parametrize(("text", "length"), [("", 0), ("  ", 0), ("AB12CD", 6), ("AB12CDEF", 8)])
def test_a_wrong_length_is_counted_without_white_space(text, length):
    with pytest.raises(uk_registration.RegError, match=f"a reg has 7 characters .* has {length};"):
        uk_registration.parse(text)


def test_a_very_long_text_is_cut_in_the_error():
    with pytest.raises(uk_registration.RegError, match="has 5000") as caught:
        uk_registration.parse("A" * 5000)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("value", [None, 7, b"AB12CDE"])
def test_what_is_no_text_is_refused_by_its_type(value):
    with pytest.raises(
        uk_registration.RegError, match=f"a reg is text .* this is {type(value).__name__}"
    ):
        uk_registration.parse(value)


def test_a_reg_error_is_a_value_error():
    assert issubclass(uk_registration.RegError, ValueError)


# --- memory tags ----------------------------------------------------------------------------------


def test_there_are_446_distinct_memory_tags_in_36_areas():
    assert len(uk_registration.AREAS) == 36
    assert len(uk_registration.MEMORY_TAGS) == len(set(uk_registration.MEMORY_TAGS)) == 446
    assert all(re.fullmatch("[A-Z]{2}", tag) for tag in uk_registration.MEMORY_TAGS)
    assert sum(len(tags) for tags in uk_registration.AREAS.values()) == 446


def test_one_letter_areas_have_every_second_letter_from_a_to_y():
    for area in ("birmingham", "essex", "manchester", "oxford", "reading", "worcester"):
        seconds = "".join(tag[1] for tag in uk_registration.AREAS[area])
        assert seconds == string.ascii_uppercase[:25]


# --- the notebook's data --------------------------------------------------------------------------


def test_the_notebooks_data_are_reproduced(data):
    assert {name: len(part) for name, part in data.items()} == {
        "train": 10_000,
        "validation": 1_000,
        "test": 1_000,
    }
    assert data["train"][0] == "YK66BIQ"
    assert " ".join(data["test"][:10]) == (
        "MY33WSZ WE83GXF LU19JLV KX41GVE WP91NCV SG47LFF HB17WIY CA89AXN GT57AKA CD77SJT"
    )


def test_the_notebooks_regs_are_distinct_normalised_and_6103_lie_below_50(every):
    assert len(set(every.tolist())) == 12_000
    assert all(uk_registration.parse(reg) == reg for reg in every.tolist())
    assert sum(int(reg[2:4]) < 50 for reg in every.tolist()) == 6_103


def test_the_splits_are_arrays_of_seven_characters_in_their_order(data):
    assert tuple(data) == uk_registration.SPLITS == ("train", "validation", "test")
    assert {part.dtype.str[1:] for part in data.values()} == {"U7"}
    assert {part.ndim for part in data.values()} == {1}


def test_the_same_seed_gives_the_same_data_and_another_seed_others(data):
    again, other = uk_registration.notebook_dataset(0), uk_registration.notebook_dataset(1)
    for name in uk_registration.SPLITS:
        assert np.array_equal(again[name], data[name])
        assert not np.array_equal(other[name], data[name])


def test_smaller_splits_are_the_beginning_of_the_same_stream(data):
    small = uk_registration.notebook_dataset(0, (9_000, 1_000, 1_000))
    assert np.array_equal(small["train"], data["train"][:9_000])
    assert np.array_equal(small["validation"], data["train"][9_000:])
    assert np.array_equal(small["test"], data["validation"])


def test_only_later_splits_lose_what_stands_in_an_earlier_one(monkeypatch):
    monkeypatch.setattr(uk_registration, "MEMORY_TAGS", ("AA",))
    monkeypatch.setattr(uk_registration, "LETTERS", "AB")
    sizes = (200, 300, 400)  # of 800 regs that exist, so that every kind of repeat is there
    # One split as long as all three is the stream itself, with nothing dropped.
    stream = uk_registration.notebook_dataset(3, (sum(sizes), 1, 1))["train"].tolist()
    train, validation, test = stream[:200], stream[200:500], stream[500:]
    assert len(set(train)) < len(train)
    expected = {
        "train": train,
        "validation": [reg for reg in validation if reg not in train],
        "test": [reg for reg in test if reg not in train and reg not in validation],
    }
    split = {
        name: part.tolist() for name, part in uk_registration.notebook_dataset(3, sizes).items()
    }
    assert split == expected
    assert 0 < len(split["test"]) < 400
    assert len(split["validation"]) < 300


@pytest.mark.parametrize("sizes", [(0, 1, 1), (1, 0, 1), (1, 1, -5)])
def test_every_split_wants_a_reg(sizes):
    with pytest.raises(ValueError, match="every split wants at least 1 reg"):
        uk_registration.notebook_dataset(0, sizes)


def test_the_generators_entropy_is_20_48_nats():
    choices = [
        len(set(uk_registration.MEMORY_TAGS)),
        *(len(set(allowed)) for allowed in uk_registration.PATTERN[2:]),
    ]
    entropy = sum(math.log(count) for count in choices)
    assert choices == [446, 10, 10, 26, 26, 26]
    assert entropy == pytest.approx(math.log(446) + 2 * math.log(10) + 3 * math.log(26))
    assert round(entropy, 2) == 20.48


# --- the fast generator ---------------------------------------------------------------------------


PARTS = {
    "tag": (slice(0, 2), uk_registration.MEMORY_TAGS),
    "number": (slice(2, 4), tuple(f"{number:02}" for number in range(100))),
    "letter 5": (slice(4, 5), tuple(uk_registration.LETTERS)),
    "letter 6": (slice(5, 6), tuple(uk_registration.LETTERS)),
    "letter 7": (slice(6, 7), tuple(uk_registration.LETTERS)),
    "last two letters": (
        slice(5, 7),
        tuple(a + b for a in uk_registration.LETTERS for b in uk_registration.LETTERS),
    ),
    "tag's last letter and first digit": (
        slice(1, 3),
        None,  # not uniform: compared with the notebook's generator only
    ),
}


def counts(drawn, part):
    return Counter(reg[part] for reg in drawn.tolist())


@pytest.fixture(scope="module")
def generated():
    return uk_registration.generate(200_000, rng=np.random.default_rng(2024))


@pytest.mark.parametrize("name", [name for name, (_, values) in PARTS.items() if values])
def test_generated_parts_are_uniform(generated, name):
    part, values = PARTS[name]
    found = counts(generated, part)
    assert set(found) <= set(values)
    assert stats.chisquare([found[value] for value in values]).pvalue > SMALLEST_P


@pytest.mark.parametrize("name", PARTS)
def test_generated_regs_follow_the_distribution_of_the_notebooks_generator(generated, name):
    part, _ = PARTS[name]
    fast = counts(generated, part)
    notebook = counts(uk_registration.notebook_dataset(5, (60_000, 1, 1))["train"], part)
    cells = sorted(fast.keys() | notebook.keys())
    table = [[drawn[cell] for cell in cells] for drawn in (fast, notebook)]
    assert stats.chi2_contingency(table).pvalue > SMALLEST_P


def test_generated_regs_are_normalised_regs_of_the_asked_number(generated):
    assert generated.shape == (200_000,)
    assert generated.dtype.str[1:] == "U7"
    assert all(uk_registration.parse(reg) == reg for reg in generated[:2_000].tolist())


@pytest.mark.parametrize("n", [0, 1, 5])
def test_any_number_of_regs_can_be_generated(n):
    assert uk_registration.generate(n, rng=np.random.default_rng(0)).shape == (n,)


def test_generating_repeats_with_the_seed():
    one, same, other = (
        uk_registration.generate(50, rng=np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_a_negative_number_of_regs_is_refused():
    with pytest.raises(ValueError, match="cannot be negative, but it is -1"):
        uk_registration.generate(-1, rng=np.random.default_rng(0))


# --- code points ----------------------------------------------------------------------------------


@given(drawn=st.lists(REGS, min_size=1, max_size=20))
@settings(deadline=None)
def test_code_points_are_those_of_the_characters_and_turn_back(drawn):
    codes = uk_registration.characters(drawn)
    assert codes.shape == (len(drawn), 7)
    assert codes.tolist() == [[ord(character) for character in reg] for reg in drawn]
    assert uk_registration.from_characters(codes).tolist() == drawn


def test_no_regs_have_no_code_points():
    assert uk_registration.characters([]).shape == (0, 7)


def test_code_points_of_a_strided_array_are_right(every):
    assert np.array_equal(
        uk_registration.from_characters(uk_registration.characters(every[::-7])), every[::-7]
    )


# --- attributes -----------------------------------------------------------------------------------


def calendar():
    """The age identifiers of the scheme in their order, by walking the calendar itself."""
    periods = {}
    for year in range(2001, 2051):
        if year > 2001:  # the scheme began in September 2001
            periods[year % 100] = f"Mar-Aug {year}"
        periods[(year + 50) % 100] = f"Sep {year}-Feb {year + 1}"
    return periods


def area_of(reg):
    found = [area for area, tags in uk_registration.AREAS.items() if reg[:2] in tags]
    return found[0] if found else uk_registration.NO_AREA


BY_HAND = {
    "at_least_50": lambda reg: reg[2] in "56789",
    "number": lambda reg: int(reg[2:4]),
    "area": area_of,
    "first_letter": lambda reg: reg[0],
    "tens": lambda reg: int(reg[2]),
    "units": lambda reg: int(reg[3]),
    "period": lambda reg: calendar().get(int(reg[2:4]), uk_registration.NO_PERIOD),
    "valid": lambda reg: not (set(reg[:2]) & set("IQZ") or set(reg[4:]) & set("IQ")),
}
KINDS = {"boolean": "b", "number": "i", "category": "U"}


def any_regs(n):
    """Regs with any two letters in front, so that some have no area and some are never issued."""
    rng = np.random.default_rng(8)
    codes = np.empty((n, 7), dtype=np.uint32)
    for position, allowed in enumerate(uk_registration.PATTERN):
        codes[:, position] = [ord(c) for c in rng.choice(list(allowed), size=n)]
    return uk_registration.from_characters(codes)


def test_every_attribute_has_a_check_by_hand():
    assert list(uk_registration.ATTRIBUTES) == list(BY_HAND)
    assert all(name == attribute.name for name, attribute in uk_registration.ATTRIBUTES.items())


@pytest.mark.parametrize("name", BY_HAND)
def test_attributes_are_those_found_by_hand(name):
    some = any_regs(1_000)
    attribute = uk_registration.ATTRIBUTES[name]
    values = attribute.values(some)
    assert values.shape == (1_000,)
    assert values.dtype.kind == KINDS[attribute.kind]
    assert values.tolist() == [BY_HAND[name](reg) for reg in some.tolist()]


@pytest.mark.parametrize("name", BY_HAND)
def test_attributes_of_no_regs_are_no_values(name):
    assert uk_registration.ATTRIBUTES[name].values(np.array([], dtype="U7")).shape == (0,)


@pytest.mark.parametrize("name", BY_HAND)
def test_categories_are_all_that_can_come_and_each_once(name):
    attribute = uk_registration.ATTRIBUTES[name]
    assert len(set(attribute.categories)) == len(attribute.categories)
    if attribute.kind == "number":
        assert attribute.categories == ()
    elif attribute.kind == "boolean":
        assert len(attribute.categories) == 2
    else:
        assert set(attribute.values(any_regs(20_000)).tolist()) == set(attribute.categories)


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (2, "Mar-Aug 2002"),
        (52, "Sep 2002-Feb 2003"),
        (51, "Sep 2001-Feb 2002"),
        (1, "no period"),
        (0, "Sep 2050-Feb 2051"),
        (50, "Mar-Aug 2050"),
        (99, "Sep 2049-Feb 2050"),
    ],
)
def test_age_identifiers_name_their_period(number, name):
    assert uk_registration.period_name(number) == name


def test_periods_follow_the_calendar_for_every_number():
    by_calendar = calendar()
    assert len(by_calendar) == 99
    for number in range(100):
        assert uk_registration.period_name(number) == by_calendar.get(
            number, uk_registration.NO_PERIOD
        )


def test_periods_are_offered_in_the_order_of_time():
    assert uk_registration.ATTRIBUTES["period"].categories == (
        *calendar().values(),
        uk_registration.NO_PERIOD,
    )


@pytest.mark.parametrize("position", [0, 1, 4, 5, 6])
@pytest.mark.parametrize("letter", "IQZA")
def test_dvla_issues_no_i_q_z_in_the_tag_and_no_i_q_behind(position, letter):
    reg = "AB12CDE"[:position] + letter + "AB12CDE"[position + 1 :]
    never = "IQZ" if position < 2 else "IQ"
    assert uk_registration.ATTRIBUTES["valid"].values(np.array([reg])).tolist() == [
        letter not in never
    ]


# --- many regs ------------------------------------------------------------------------------------


def test_lines_hold_one_reg_each_or_several_with_commas():
    lines = ["\ufeffab12 cde", "", "  \t", "YK66BIQ, my33 wsz,AB12CDE,", " ZZ99ZZZ \r\n", ",,"]
    assert uk_registration.parse_lines(lines) == [
        "AB12CDE",
        "YK66BIQ",
        "MY33WSZ",
        "AB12CDE",
        "ZZ99ZZZ",
    ]


@given(some=st.lists(REGS, min_size=1, max_size=20), data=st.data())
@settings(deadline=None)
def test_lines_are_read_in_their_order_however_they_are_broken(some, data):
    breaks = data.draw(
        st.lists(
            st.sampled_from([",", "\n", " ,\t", "\n\n", " \n "]),
            min_size=len(some),
            max_size=len(some),
        )
    )
    text = "".join(
        reg + gap for reg, gap in zip(map(uk_registration.pretty, some), breaks, strict=True)
    )
    assert uk_registration.parse_lines(text.splitlines()) == some


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        (["AB12CDE", "", "AB1"], "line 3 ('AB1')"),
        (["x", "AB12CDE", "y"], "line 1 ('x'), line 3 ('y')"),
        (["x"] * 3, "line 1 ('x'), line 2 ('x'), line 3 ('x')"),
        (["x"] * 4, "line 1 ('x'), line 2 ('x'), line 3 ('x') and 1 more"),
        (["x"] * 5_000, "line 1 ('x'), line 2 ('x'), line 3 ('x') and 4,997 more"),
        (["AB12CDE, x, YK66BIQ, y"], "line 1 ('x'), line 1 ('y')"),
        (["a" * 1_000], f"line 1 ('{'a' * 20}…')"),
        (["AB12CDE YK66BIQ"], "line 1 ('AB12CDE YK66BIQ')"),
    ],
)
def test_the_first_lines_that_hold_no_reg_are_named(lines, named):
    sentence = (
        f"mine.txt wants one reg like AB12 CDE a line, but {named} cannot be read; "
        "correct or remove them"
    )
    with pytest.raises(uk_registration.RegError, match=f"^{re.escape(sentence)}$"):
        uk_registration.parse_lines(lines, "mine.txt")


@pytest.mark.parametrize("lines", [[], [""], ["", " ", ","], ["\ufeff"]])
def test_lines_without_any_reg_are_refused(lines):
    with pytest.raises(
        uk_registration.RegError, match="the list holds no reg; give one like AB12 CDE a line"
    ):
        uk_registration.parse_lines(lines)


@given(some=st.lists(REGS, max_size=10), other=st.lists(REGS, max_size=10))
@settings(deadline=None)
def test_regs_have_the_same_key_just_if_they_are_the_same(some, other):
    both = some + other
    keys = uk_registration.keys(both)
    assert keys.shape == (len(both),)
    assert keys.dtype == np.int64
    assert (keys[:, None] == keys).tolist() == [[a == b for b in both] for a in both]
    assert np.array_equal(uk_registration.keys(np.array(both, "U7")), keys)


def test_no_two_of_many_regs_share_a_key(every):
    generated = np.unique(uk_registration.generate(200_000, rng=np.random.default_rng(3)))
    assert len(np.unique(uk_registration.keys(generated))) == len(generated)
    assert len(np.unique(uk_registration.keys(every))) == len(np.unique(every)) == 12_000


@pytest.mark.parametrize("position", range(7))
def test_every_position_counts_in_a_key(position):
    alphabet = uk_registration.PATTERN[position]
    some = ["AB12CDE"[:position] + c + "AB12CDE"[position + 1 :] for c in alphabet]
    assert len(set(uk_registration.keys(some).tolist())) == len(alphabet)


# --- what DVLA may issue, and lists of one's own --------------------------------------------------


def test_dvla_data_are_what_dvla_may_issue_each_once_and_as_many_as_asked_for():
    splits = uk_registration.dvla_dataset(3, (700, 50, 30))
    assert {name: len(reg) for name, reg in splits.items()} == {
        "train": 700,
        "validation": 50,
        "test": 30,
    }
    every = np.concatenate(list(splits.values()))
    assert len(set(every.tolist())) == 780
    for reg in every.tolist():
        assert FORM.fullmatch(reg)
        assert reg[:2] in uk_registration.MEMORY_TAGS
        assert not set(reg[:2]) & set("IQZ")
        assert not set(reg[4:]) & set("IQ")
        assert reg[2:4] != "01"


def test_what_is_drawn_twice_stands_in_dvla_data_once(monkeypatch):
    drawn = np.array([f"AB{number:02}CDE" for number in range(2, 62)])
    monkeypatch.setattr(uk_registration, "generate", lambda n, rng: rng.choice(drawn, n))
    splits = uk_registration.dvla_dataset(0, (40, 10, 10))
    assert sorted(np.concatenate(list(splits.values())).tolist()) == drawn.tolist()


def test_the_seed_of_dvla_data_decides_them():
    sizes = (60, 10, 10)
    first, again, other = (uk_registration.dvla_dataset(seed, sizes) for seed in (1, 1, 2))
    for name in uk_registration.SPLITS:
        assert first[name].tolist() == again[name].tolist()
    assert not set(np.concatenate(list(first.values()))) & set(np.concatenate(list(other.values())))


def test_dvla_data_are_uniform_over_what_may_be_issued():
    # The digits are the least obvious part: all but 01, each as likely as any other.
    drawn = np.concatenate(list(uk_registration.dvla_dataset(5, (20_000, 100, 100)).values()))
    counts = Counter(uk_registration.ATTRIBUTES["number"].values(drawn).tolist())
    assert set(counts) == set(range(100)) - {1}
    assert stats.chisquare(list(counts.values())).pvalue > SMALLEST_P
    last = Counter(reg[-1] for reg in drawn.tolist())
    assert set(last) == set(string.ascii_uppercase) - set("IQ")
    assert stats.chisquare(list(last.values())).pvalue > SMALLEST_P


@pytest.mark.parametrize("sizes", [(0, 0, 0), (5, 0, 5), (-5, 4, 4), (5, 5)])
def test_dvla_data_want_three_sizes(sizes):
    with pytest.raises(ValueError, match=r"every split wants at least 1 of the .* but the sizes"):
        uk_registration.dvla_dataset(0, sizes)


def test_the_counts_of_both_generators_are_those_of_a_walk_over_the_alphabet():
    letters, rest = string.ascii_uppercase, "ABCDEFGHJKLMNOPRSTUVWXYZ"
    tags = [tag for tag in uk_registration.MEMORY_TAGS if not set(tag) & set("IQZ")]
    assert (
        uk_registration.notebook_count()
        == len(uk_registration.MEMORY_TAGS) * 100 * len(letters) ** 3
    )
    assert uk_registration.dvla_count() == len(tags) * 99 * len(rest) ** 3


def test_splitting_shuffles_by_the_seed_and_loses_nothing(every):
    some = np.unique(every)[:200]
    parts = uk_registration.split(some, 4, (170, 20, 10))
    assert list(parts) == list(uk_registration.SPLITS)
    assert [len(part) for part in parts.values()] == [170, 20, 10]
    joined = np.concatenate(list(parts.values()))
    assert joined.tolist() != some.tolist()
    assert sorted(joined.tolist()) == some.tolist()
    again, other = (
        uk_registration.split(some, 4, (170, 20, 10)),
        uk_registration.split(some, 5, (170, 20, 10)),
    )
    assert all((again[name] == parts[name]).all() for name in uk_registration.SPLITS)
    assert (other["train"] != parts["train"]).any()


@pytest.mark.parametrize("sizes", [(8, 1), (8, 1, 0), (8, 1, 2), (7, 1, 1), (12, -1, -1)])
def test_splitting_wants_sizes_that_use_every_reg(sizes):
    ten = np.array([f"AB1{digit}CDE" for digit in range(10)])
    sentence = re.escape(
        "every split wants at least 1 of the 10 regs (train, validation, test), and all together "
        f"all of them, but the sizes are {sizes}"
    )
    with pytest.raises(ValueError, match=f"^{sentence}$"):
        uk_registration.split(ten, 0, sizes)


@given(some=st.lists(REGS, max_size=20))
@settings(deadline=None)
def test_distinct_is_what_a_sorted_set_is(some):
    found = uk_registration.distinct(some)
    assert found.dtype == np.dtype("U7")
    assert found.tolist() == sorted(set(some))


def test_the_hash_is_that_of_the_regs_one_a_line():
    # echo -n "AB12CDE\nYK66BIQ" | sha256sum
    listed = np.array(["AB12CDE", "YK66BIQ"])
    assert uk_registration.sha256(listed) == hashlib.sha256(b"AB12CDE\nYK66BIQ").hexdigest()
    assert uk_registration.sha256(listed) != uk_registration.sha256(listed[::-1])
