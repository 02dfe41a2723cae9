"""Quality of synthetic codes: sums by hand, permutations, and differences that are planted."""

import json
import subprocess
import sys
from collections import Counter
from dataclasses import asdict

import numpy as np
import pytest

from regvae.audit import quality as qualities
from regvae.audit.quality import chance, quality, two_sample_test
from regvae.formats import FORMATS, UK_REGISTRATION, uk_registration
from regvae.formats.codes import characters, from_characters
from regvae.formats.definition import of_definition
from tests.codes import EVERY_TOY, TOY


def regs(n, *key):
    return uk_registration.generate(n, rng=np.random.default_rng(key))


def notebook(seed, n=2_000):
    return uk_registration.notebook_dataset(seed, (n, 1, 1))["train"]


def tags(n, *key):
    """Tags of the toy format, some of which are much likelier than others."""
    shares = np.random.default_rng(9).dirichlet(np.full(len(EVERY_TOY), 0.5))
    return np.random.default_rng(key).choice(EVERY_TOY, size=n, p=shares)


def changed(codes, position, into, share, *key):
    """Codes of which a share has at a position (from 0) what `into` makes of their characters."""
    points = characters(codes).copy()
    rows = np.random.default_rng(key).random(len(codes)) < share
    points[rows, position] = into(points[rows])
    return from_characters(points)


# --- figures --------------------------------------------------------------------------------------


def test_figures_of_a_few_codes_are_those_counted_by_hand():
    real = ["AA12AAA", "AA34AAA", "BB12BAA", "BB34BAA"]
    codes = ["AA12BAA", "AA12BAA", "AA34AAA", "IA34AAA", "AA34IAA"]
    found = quality(codes, real, UK_REGISTRATION)
    assert (found.n, found.real_n, found.distinct) == (5, 4, 4)
    assert (found.permitted, found.valid) == (1.0, 0.6)
    # First letter: 2/4 A and 2/4 B, against 4/5 A and 1/5 I.
    first, second, tens, *_ = found.positions
    assert [one.positions for one in found.positions] == [(place,) for place in range(1, 8)]
    assert (first.variation, second.variation) == pytest.approx((0.5, 0.5))
    assert tens.variation == pytest.approx(0.1)
    assert found.test is None
    cover = {one.attribute: one for one in found.coverage}
    assert (cover["number"].seen, cover["number"].found) == (2, 2)
    assert (cover["first_letter"].seen, cover["first_letter"].found) == (2, 1)
    assert cover["number"].expected == pytest.approx(2 * (1 - 0.5**5))


def test_the_distances_are_those_of_a_loop_and_the_pair_is_farthest_above_chance():
    codes, real = tags(300, 1), tags(200, 2)
    found = quality(codes, real, TOY)
    distances = {}
    for columns in ((0,), (1,), (2,), (0, 1), (0, 2), (1, 2)):
        ours, theirs = (
            Counter(tuple(code[at] for at in columns) for code in some.tolist())
            for some in (codes, real)
        )
        cells = ours.keys() | theirs.keys()
        places = tuple(at + 1 for at in columns)
        distances[places] = sum(abs(ours[c] / 300 - theirs[c] / 200) for c in cells) / 2
    for one in (*found.positions, found.pair):
        assert one.variation == pytest.approx(distances[one.positions])
    assert found.pairs == pytest.approx(np.mean([distances[a] for a in ((1, 2), (1, 3), (2, 3))]))
    # Two digits are nearer than two letters even here, where the digits of many codes are equal.
    equal = changed(regs(3_000, 1), 3, lambda points: points[:, 2], 0.15, 1)
    found = quality(equal, regs(3_000, 2), UK_REGISTRATION)
    assert found.pair.positions == (3, 4)
    assert 1.5 * found.pair.chance < found.pair.variation < found.pairs_chance


@pytest.mark.parametrize(("n", "m"), [(1, 7), (40, 9), (200, 300)])
def test_chance_is_the_mean_over_random_permutations(n, m):
    rng = np.random.default_rng(n)
    both = rng.choice(6, size=n + m, p=[0.5, 0.3, 0.1, 0.06, 0.04, 0])
    counts = np.bincount(both, minlength=6)
    drawn = rng.multivariate_hypergeometric(counts, n, size=20_000)
    variation = np.abs(drawn / n - (counts - drawn) / m).sum(axis=1) / 2
    error = variation.std() / np.sqrt(len(variation))
    assert chance(counts, n) == pytest.approx(variation.mean(), abs=4 * error + 1e-12)


def test_two_samples_of_one_distribution_are_as_far_apart_as_by_chance():
    found = [quality(tags(500, 1, run), tags(300, 2, run), TOY) for run in range(30)]
    for position in range(3):
        variations = [one.positions[position].variation for one in found]
        error = np.std(variations) / np.sqrt(len(found))
        chances = np.mean([one.positions[position].chance for one in found])
        assert np.mean(variations) == pytest.approx(chances, abs=4 * error)


def test_of_an_attribute_with_many_values_no_coverage_is_counted():
    iban = FORMATS["gb-iban"]
    codes, real = (iban.generate(2_000, rng=np.random.default_rng(seed)) for seed in (1, 2))
    found = quality(codes, real, iban)
    assert {one.attribute for one in found.coverage} == {"first_letter", "sort_code_tens"}
    assert found.valid is None
    assert {one.positions[0] for one in found.positions} == set(range(5, 23))


def test_a_code_with_a_wrong_check_character_is_not_permitted():
    iban = FORMATS["gb-iban"]
    real = iban.generate(20, rng=np.random.default_rng(1))
    wrong = changed(real[:10], 3, lambda points: (points[:, 3] - 47) % 10 + 48, 1.0, 1)
    found = quality([*real[:10], *wrong], real, iban)
    assert (found.permitted, found.distinct) == (0.5, 20)


def test_a_format_of_one_position_has_no_pair():
    one = of_definition(
        {"name": "one", "pattern": "X[A-T]", "noun": "x", "plural": "xs", "example": "XA"}
    )
    codes = [f"X{letter}" for letter in "ABCDEFGHIJKLMNOPQRST"]
    found = quality(codes, codes, one)
    assert (found.pair, found.pairs, found.pairs_chance) == (None, None, None)
    assert found.test.accuracy == 0.5


def test_the_figures_are_json_and_name_no_code():
    codes, real = notebook(1), notebook(2)
    text = json.dumps(asdict(quality(codes, real, UK_REGISTRATION)))
    assert not any(code in text for code in (*codes.tolist(), *real.tolist()))


def test_parts_of_a_sample_give_what_the_whole_gives(monkeypatch):
    whole = quality(notebook(1), notebook(2), UK_REGISTRATION)
    monkeypatch.setattr(qualities, "_BATCH", 300)
    monkeypatch.setattr("regvae.onehot._BATCH", 300)
    assert quality(notebook(1), notebook(2), UK_REGISTRATION) == whole


# --- the classifier -------------------------------------------------------------------------------


def test_the_generator_cannot_be_told_from_its_own_codes():
    tests = [
        two_sample_test(notebook(1_000 + run), notebook(run), UK_REGISTRATION, seed=run)
        for run in range(40)
    ]
    assert sum(one.interval[0] <= 0.5 <= one.interval[1] for one in tests) >= 35  # 95 % of 40: 38
    assert np.mean([one.accuracy for one in tests]) == pytest.approx(0.5, abs=0.007)


@pytest.mark.parametrize("repeats", [1, 300])
def test_codes_drawn_often_from_a_small_space_cannot_be_told_apart(repeats):
    tests = [
        two_sample_test(tags(300 * repeats, 1, run), tags(300, 2, run), TOY, seed=run)
        for run in range(60)
    ]
    accuracies = [one.accuracy for one in tests]
    assert np.mean(accuracies) == pytest.approx(0.5, abs=4 * np.std(accuracies) / np.sqrt(60))
    assert all(one.interval[0] <= 0.5 <= one.interval[1] for one in tests)


@pytest.mark.parametrize(
    "change",
    [
        lambda codes: changed(codes, 0, lambda points: (points[:, 0] - 64) % 26 + 65, 1.0, 5),
        lambda codes: changed(codes, 6, lambda points: np.full(len(points), ord("A")), 0.2, 5),
        lambda codes: changed(codes, 3, lambda points: points[:, 2], 0.4, 5),
        lambda codes: changed(codes, 5, lambda points: points[:, 4], 0.6, 5),
    ],
    ids=["shifted", "more of one letter", "equal digits", "equal letters"],
)
def test_a_planted_difference_is_seen(change):
    real, codes = notebook(1, 6_000), notebook(2, 6_000)
    assert two_sample_test(codes, real, UK_REGISTRATION).interval[0] < 0.5
    assert two_sample_test(change(codes), real, UK_REGISTRATION).interval[0] > 0.5


def test_copies_of_real_codes_are_right_as_often_as_wrong():
    real = notebook(1)
    assert two_sample_test(real[::-1], real, UK_REGISTRATION).accuracy == 0.5


def test_repeats_are_compared_once():
    codes, real = notebook(1), notebook(2)
    once = two_sample_test(codes, real, UK_REGISTRATION)
    often = two_sample_test(np.tile(codes, 20), np.repeat(real, 3), UK_REGISTRATION)
    assert often.n == pytest.approx(once.n, abs=2)
    assert often.interval[0] < 0.5 < often.interval[1]


def test_a_sample_of_one_code_is_no_sample_for_a_classifier():
    found = quality(["AB12CDE"] * 50_000, notebook(1), UK_REGISTRATION)
    assert (found.distinct, found.test) == (1, None)
    assert found.positions[0].variation > 0.8


def test_no_code_is_in_both_halves():
    ours, theirs = tags(60, 1), tags(60, 2)
    samples = qualities._balanced(ours, theirs, np.random.default_rng(0))
    (learned, _), (asked, _) = halves = list(qualities._halves(*samples))
    assert not {*learned.tolist()} & {*asked.tolist()}
    assert len(learned) + len(asked) == 2 * len(samples[0])
    for half, is_real in halves:
        assert len(half) == 2 * is_real.sum()
        for kind in (half[is_real], half[~is_real]):
            assert len(set(kind.tolist())) == len(kind)


def test_the_same_seed_gives_the_same_figures_with_any_number_of_threads():
    program = (
        "import numpy as np\n"
        "from regvae.audit.quality import two_sample_test as test\n"
        "from regvae.formats import UK_REGISTRATION, uk_registration\n"
        "codes, real = (uk_registration.generate(3_000, rng=np.random.default_rng(s)) "
        "for s in (1, 2))\n"
        "print([test(codes, real, UK_REGISTRATION, seed=s).accuracy for s in range(5)])"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for threads in ("1", "2")
    }
    assert len(found) == 1
    assert len(set(json.loads(found.pop()))) > 1  # seeds choose other codes


# --- bad input ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("codes", "real", "message"),
    [
        ([], ["AB12CDE"] * 2, "expected 2 or more synthetic regs, got 0; give more"),
        (["AB12CDE"], ["AB12CDE"] * 2, "expected 2 or more synthetic regs, got 1; give more"),
        (["AB12CDE"] * 2, ["AB12CDE"], "expected 2 or more real regs, got 1; give more"),
        (["AB12CDE", "AB12CD"], ["AB12CDE"] * 2, "such as AB12CDE, got 'AB12CD' as number 2; norm"),
        (["AB12CDE"] * 2, ["AB12CDEF"] * 2, "such as AB12CDE, got 'AB12CDEF' as number 1; norm"),
    ],
)
def test_what_cannot_be_compared_is_refused(codes, real, message):
    with pytest.raises(ValueError, match=message):
        quality(codes, real, UK_REGISTRATION)


def test_importing_the_module_imports_no_classifier():
    program = "import sys, regvae.audit.quality; assert 'sklearn' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)
