"""The decoder's margin, against trying all codes of a small format."""

import dataclasses

import numpy as np
import pytest

from regvae.model.autoencoder import Dense
from regvae.rejection import margins
from regvae.rejection.margins import Margins
from regvae.rejection.unwanted import Unwanted
from tests.rejection.small import EVERY, SMALL, log_probabilities, small_bundle

LIKELIHOODS = ["categorical", "bernoulli"]
CLOSE = {"rtol": 1e-5, "atol": 1e-5}  # outputs are of 32 bits, and differ with the points beside
PREDICATES = {
    "one": (["digit < 2"], lambda c: int(c[1]) < 2),
    "one of two positions": (["sum >= 3"], lambda c: int(c[1]) + int(c[3]) >= 3),
    "in": (["first in A, C"], lambda c: c[0] in "AC"),
    "and": (["digit < 3", "first == B"], lambda c: int(c[1]) < 3 and c[0] == "B"),
    "or": (["digit == 1 or first == D"], lambda c: c[1] == "1" or c[0] == "D"),
    "or of ands": (
        ["digit < 2 and first == A or sum == 5 and first != C"],
        lambda c: (c[1] < "2" and c[0] == "A") or (int(c[1]) + int(c[3]) == 5 and c[0] != "C"),
    ),
    "shared positions": (
        ["sum > 2", "digit != 4", "twice == false or first == A"],
        lambda c: int(c[1]) + int(c[3]) > 2 and c[1] != "4" and (c[0] != c[2] or c[0] == "A"),
    ),
    "the same one twice": (["digit > 1", "digit > 1 or first == A"], lambda c: c[1] > "1"),
}


@pytest.fixture(scope="module", params=LIKELIHOODS)
def small(request):
    return small_bundle(7, request.param)


def points(n=400, seed=1):
    return np.random.default_rng(seed).normal(0, 2, (n, 2))


def unwanted_of(texts=(), **others):
    return Unwanted.of(texts, format=SMALL, **others)


def found_margins(bundle, unwanted, z, codes=None):
    decoded = bundle.autoencoder.decode(z) if codes is None else codes
    return Margins(bundle, unwanted).of(z, decoded)


def tried(bundle, z, is_unwanted):
    """The best wanted code's log probability less the best unwanted one's, of all codes tried."""
    table = log_probabilities(bundle, z)
    unwanted = np.array([is_unwanted(code) for code in EVERY.tolist()])
    assert 0 < unwanted.sum() < len(EVERY)
    return table[:, ~unwanted].max(axis=1) - table[:, unwanted].max(axis=1)


def refused_records(bundle, z, margin):
    """The margin where it is a record that a point decodes to, and that alone refuses it."""
    known = np.isin(bundle.autoencoder.decode(z), bundle.records.codes)
    return np.where(known & (margin >= 0), -np.inf, margin)


def assert_both_kinds(margin):
    assert (margin > 0).sum() > 10
    assert ((margin < 0) & np.isfinite(margin)).sum() > 10


# --- predicates -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("texts", "is_unwanted"), PREDICATES.values(), ids=PREDICATES)
def test_the_margin_is_that_of_all_codes_tried(small, texts, is_unwanted):
    z = points()
    expected = refused_records(small, z, tried(small, z, is_unwanted))
    assert_both_kinds(expected)
    found = found_margins(small, unwanted_of(texts), z)
    np.testing.assert_allclose(found, expected, **CLOSE)


def test_the_margin_does_not_depend_on_the_points_beside(small, monkeypatch):
    z, (texts, _) = points(), PREDICATES["shared positions"]
    together = found_margins(small, unwanted_of(texts), z)
    monkeypatch.setattr(margins, "_AT_ONCE", 50)
    np.testing.assert_allclose(found_margins(small, unwanted_of(texts), z), together, **CLOSE)


@pytest.mark.parametrize("seed", range(1, 6))
def test_the_sign_tells_whether_the_decoded_code_is_wanted(seed):
    bundle = small_bundle(seed)
    texts, is_unwanted = PREDICATES["or of ands"]
    z = points(1_000, seed)
    margin = found_margins(bundle, unwanted_of(texts), z)
    known = set(bundle.records.codes.tolist())
    decoded = bundle.autoencoder.decode(z).tolist()
    good = np.array([not is_unwanted(code) and code not in known for code in decoded])
    assert ((margin > 0) == good).all()


def test_no_points_have_no_margin(small):
    for unwanted in (unwanted_of(["digit < 2"]), unwanted_of(listed=["A0A0"])):
        assert found_margins(small, unwanted, np.empty((0, 2))).shape == (0,)


# --- lists, records, regions ----------------------------------------------------------------------


def test_a_listed_code_is_unwanted_as_those_of_the_predicates_are(small):
    z, (texts, is_unwanted) = points(), PREDICATES["and"]
    listed = EVERY[::5].tolist()
    decoded = small.autoencoder.decode(z)
    expected = tried(small, z, lambda code: is_unwanted(code) or code in listed)
    expected = refused_records(small, z, expected)
    on_list = np.isin(decoded, listed) & ~np.array([is_unwanted(code) for code in decoded])
    expected[on_list] = -np.inf
    found = found_margins(small, unwanted_of(texts, listed=listed), z)
    good = expected >= 0
    assert good.sum() > 10
    assert on_list.any()
    np.testing.assert_allclose(found[good], expected[good], **CLOSE)
    assert (found[~good] < 0).all()
    assert (found[on_list] == -np.inf).all()
    without = found_margins(small, unwanted_of(texts), z)
    assert (found[good] <= without[good] + 1e-9).all()
    assert (found[good] < without[good] - 1e-3).any()


def test_a_list_alone_has_a_margin_too(small):
    z, listed = points(), EVERY[::3].tolist()
    expected = tried(small, z, lambda code: code in listed)
    decoded = small.autoencoder.decode(z)
    refused = np.isin(decoded, listed) | np.isin(decoded, small.records.codes)
    found = found_margins(small, unwanted_of(listed=listed), z)
    np.testing.assert_allclose(found[~refused], expected[~refused], **CLOSE)
    assert (found[refused] == -np.inf).all()
    assert 10 < refused.sum() < len(z) - 10


def test_what_is_unwanted_as_a_training_record_is_no_part_of_the_margin(small):
    z, (texts, is_unwanted) = points(), PREDICATES["one"]
    found = found_margins(small, unwanted_of(texts, training=True), z)
    expected = refused_records(small, z, tried(small, z, is_unwanted))
    np.testing.assert_allclose(found, expected, **CLOSE)


def test_without_predicates_and_a_list_all_that_is_good_has_an_infinite_margin(small):
    z = points()
    right = [(0, -1e5), (1e5, -1e5), (1e5, 1e5), (0, 1e5)]
    unwanted = unwanted_of(regions=[right])
    decoded = small.autoencoder.decode(z)
    mean, _ = small.autoencoder.encode(decoded)
    refused = (mean[:, 0] > 0) | np.isin(decoded, small.records.codes)
    assert 10 < refused.sum() < len(z) - 10
    found = found_margins(small, unwanted, z)
    assert found.tolist() == np.where(refused, -np.inf, np.inf).tolist()


# --- ties, and codes that are drawn ---------------------------------------------------------------


def undecided(bundle):
    """The bundle with a decoder that finds all codes equally likely."""
    last = bundle.autoencoder.decoder[-1]
    flat = Dense(np.zeros_like(last.kernel), np.zeros_like(last.bias))
    decoder = (*bundle.autoencoder.decoder[:-1], flat)
    return dataclasses.replace(
        bundle, autoencoder=dataclasses.replace(bundle.autoencoder, decoder=decoder)
    )


def test_a_tie_is_decided_by_what_is_decoded(small):
    same, z = undecided(small), points(3)
    decoded = same.autoencoder.decode(z).tolist()
    assert decoded == ["A0A0"] * 3  # the first of equal characters
    known = "A0A0" in same.records.codes.tolist()
    wanted = found_margins(same, unwanted_of(["first == B"]), z).tolist()
    assert wanted == [-np.inf if known else 0.0] * 3
    assert found_margins(same, unwanted_of(["first == A"]), z).tolist() == [-np.inf] * 3
    assert found_margins(same, unwanted_of(listed=["A0A0"]), z).tolist() == [-np.inf] * 3


def test_a_drawn_code_is_judged_itself(small):
    rng, z = np.random.default_rng(3), points()
    texts, is_unwanted = PREDICATES["one"]
    drawn = small.autoencoder.draw(z, rng.random((len(z), 4)))
    assert (drawn != small.autoencoder.decode(z)).mean() > 0.1
    found = found_margins(small, unwanted_of(texts), z, drawn)
    exact = tried(small, z, is_unwanted)
    refused = np.array([is_unwanted(code) for code in drawn]) | small.records.contains(drawn)
    np.testing.assert_allclose(found, np.where(refused & (exact >= 0), -np.inf, exact), **CLOSE)
    assert (refused & (exact >= 0)).any()
    assert (~refused & (exact < 0)).any()  # drawn against the odds


# --- the search among the likeliest ---------------------------------------------------------------


@pytest.mark.parametrize("kind", PREDICATES)
def test_a_search_of_all_codes_finds_what_the_tables_do(small, monkeypatch, kind):
    z, (texts, _) = points(200), PREDICATES[kind]
    by_tables = found_margins(small, unwanted_of(texts), z)
    monkeypatch.setattr(margins, "_MOST", 1)
    monkeypatch.setattr(margins, "_LIKELIEST", len(EVERY))
    monkeypatch.setattr(Margins, "_by_predicates", None)  # is not called
    found = found_margins(small, unwanted_of(texts), z)
    np.testing.assert_allclose(found, by_tables, **CLOSE)


def test_beyond_the_likeliest_codes_the_margin_is_a_bound(small, monkeypatch):
    z, (texts, is_unwanted) = points(), PREDICATES["and"]
    exact = tried(small, z, is_unwanted)
    likeliest = -np.sort(-log_probabilities(small, z), axis=1)
    for searched in (2, 9):
        monkeypatch.setattr(margins, "_MOST", 1)
        monkeypatch.setattr(margins, "_LIKELIEST", searched)
        found = Margins(small, unwanted_of(texts))._by_search(z)
        least = likeliest[:, 0] - likeliest[:, searched - 1]
        inside = np.abs(exact) <= least
        np.testing.assert_allclose(found[inside], exact[inside], **CLOSE)
        beyond = ~inside
        np.testing.assert_allclose(np.abs(found[beyond]), least[beyond], **CLOSE)
        assert (np.sign(found[beyond]) == np.sign(exact[beyond])).all()
        assert min(inside.sum(), beyond.sum()) > 10


def test_many_patterns_of_predicates_are_searched_as_many_combinations_are(small, monkeypatch):
    # Tables of 5, 4 and 3 characters are small; what they have together is not.
    texts = ["digit == 1 or digit == 2 or first == A or first == B or first == C"]
    z = points(100)
    expected = found_margins(small, unwanted_of(texts), z)
    calls = []
    search = Margins._by_search
    monkeypatch.setattr(
        Margins, "_by_search", lambda self, of: calls.append(len(of)) or search(self, of)
    )
    monkeypatch.setattr(margins, "_MOST", 11)  # 3 patterns of the digit by 4 of the letter are 12
    monkeypatch.setattr(margins, "_LIKELIEST", len(EVERY))
    np.testing.assert_allclose(found_margins(small, unwanted_of(texts), z), expected, **CLOSE)
    assert calls == [100]


def test_an_attribute_of_four_characters_of_a_registration_is_searched(bundle):
    z = np.random.default_rng(0).uniform(-3, 3, (300, 2))
    unwanted = Unwanted.of(["valid == false"])
    decoded = bundle.autoencoder.decode(z)
    margin = Margins(bundle, unwanted).of(z, decoded)
    good = ~unwanted.of_codes(decoded, bundle) & ~bundle.records.contains(decoded)
    assert ((margin > 0) == good).all()
    assert good.any()
