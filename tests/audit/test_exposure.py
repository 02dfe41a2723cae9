"""Records exposed by split: chance in closed form, and the coverage of the intervals."""

import math
from collections import Counter

import numpy as np
import pytest

from regvae.audit.exposure import Exposure, by_chance, exposures, hits_among
from regvae.formats import FORMATS, UK_REGISTRATION
from regvae.formats.uk_registration import notebook_count
from tests.codes import EVERY_TOY, TOY


def test_chance_is_that_of_drawing_among_all_codes():
    rng = np.random.default_rng(1)
    drawn = [len({*rng.integers(1_000, size=300).tolist()} & {*range(50)}) for _ in range(3_000)]
    assert by_chance(50, 300, 1_000) == pytest.approx(np.mean(drawn), rel=0.02)
    assert by_chance(50, 0, 1_000) == 0
    assert by_chance(50, 1, 1) == 50


def test_a_share_of_the_records_that_is_far_below_one_is_told_right():
    # The first figure that the reviewers asked for: 12,000 of 783,889,600 codes, a million draws.
    assert by_chance(12_000, 1_000_000, 783_889_600) == pytest.approx(15.3, abs=0.05)


@pytest.mark.parametrize("rate", [0.001, 0.02, 0.3])
def test_the_interval_of_a_rate_contains_it_in_95_of_100_runs(rate):
    rng = np.random.default_rng(3)
    records, draws = 500, 2_000
    expected = records * (1 - (1 - rate / records) ** draws) / records
    contained = of_records = 0
    for _ in range(1_000):
        drawn = rng.integers(records, size=rng.binomial(draws, rate))
        found = Exposure.of("train", records, draws, len(drawn), len({*drawn.tolist()}), 1e6)
        contained += found.rate_interval[0] <= rate <= found.rate_interval[1]
        of_records += found.share_interval[0] <= expected <= found.share_interval[1]
    least = 950 - 3 * math.sqrt(1_000 * 0.95 * 0.05)  # of 1,000 runs of an exact interval
    assert min(contained, of_records) >= least


def test_records_are_counted_by_split_as_draws_and_as_different_ones(bundle):
    records = bundle.records
    train, test = (records.codes[records.split == one] for one in ("train", "test"))
    drawn = np.array([*[train[0]] * 3, train[1], test[5], "AA00AAA"])
    hits = hits_among(bundle, drawn)
    assert hits == Counter({str(train[0]): 3, str(train[1]): 1, str(test[5]): 1})
    found = {one.split: one for one in exposures(bundle, hits, len(drawn))}
    assert list(found) == ["train", "validation", "test"]
    counts = [(one.records, one.draws, one.hits, one.exposed) for one in found.values()]
    assert counts == [(10_000, 6, 4, 2), (1_000, 6, 0, 0), (1_000, 6, 1, 1)]
    assert found["train"].share == 2 / 10_000
    assert found["train"].by_chance == pytest.approx(6 * 10_000 / notebook_count(), rel=1e-4)


def test_the_size_of_a_format_is_the_number_of_its_codes():
    assert len(EVERY_TOY) == TOY.size
    assert UK_REGISTRATION.size == 26**5 * 100


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_the_size_of_a_format_is_that_of_its_random_texts(name):
    # This share of texts with an allowed character, or a blank, at each position are codes.
    format = FORMATS[name]
    rng = np.random.default_rng(7)
    texts = ["".join(rng.choice(list(one)) for one in format.alphabets) for _ in range(4_000)]
    array = format.array(texts)
    if format.check:
        array = format.completed(array) if format.pattern.movable >= format.length else array
    right = (format.pattern.match(array)[0] == array) & format.permits(array)
    every = float(math.prod(len(format.alphabets[at]) for at in format.learned))
    error = 4 * np.sqrt(right.mean() * (1 - right.mean()) / len(texts)) + 0.01
    assert format.size / every == pytest.approx(right.mean(), abs=error)
