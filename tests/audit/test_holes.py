"""Holes of results without records: expected numbers against the attack carried out."""

import dataclasses
from collections import Counter

import numpy as np
import pytest

from regvae.audit import holes as module
from regvae.audit.holes import Holes, _Attack, holes
from regvae.model.bundle import Bundle
from regvae.rejection import sampling
from regvae.rejection.policy import Policy
from regvae.rejection.proposals import Around, Box
from regvae.rejection.rules import Certified, OneSided
from regvae.rejection.unwanted import Unwanted
from tests.codes import EVERY_TOY, TOY, toy_bundle
from tests.rejection.bundles import with_codes, with_rows

WANTED = Unwanted.of(["number < 50"])


def policy(**changes):
    usual = {"rule": OneSided(0.5), "clean": True, "decode": "likeliest", "proposals": 4_000}
    return Policy("notebook-2d", WANTED, **usual | changes)


@pytest.fixture(scope="module")
def planted(bundle):
    """The notebook's model, with 40 of the codes that its box decodes to most often as records."""
    found = sampling.fresh(bundle, policy(), sampling.make_measurer(bundle, policy()), 60_000, "t")
    codes = Counter(found.codes[found.wanted].tolist()).most_common(40)
    held_out = np.flatnonzero(bundle.records.split == "test")[:10]
    train = np.flatnonzero(bundle.records.split == "train")[:30]
    rows = [*train.tolist(), *held_out.tolist()]
    return with_codes(bundle, {row: code for row, (code, _) in zip(rows, codes, strict=True)})


def carried_out(bundle, chosen, proposed, threshold, runs):
    """How many of each kind are named, on average, by drawing codes and looking who is missing."""
    named = np.zeros(3)
    records = bundle.records
    measurer = sampling.make_measurer(bundle, chosen)
    for run in range(runs):
        alike = dataclasses.replace(
            chosen, seed=100 + run, clean=False, repeats=True, proposals=20_000
        )
        found = sampling.sample(bundle, alike, measurer)
        passed = alike.rule.accepts(found.measures) & found.wanted
        theirs = Counter(found.codes[proposed:][passed[proposed:]].tolist())
        results = {*found.codes[:proposed][passed[:proposed]].tolist()}
        results -= {*records.codes.tolist()}
        missing = [c for c, n in theirs.items() if n >= threshold and c not in results]
        rows = records.rows_of(np.array(missing, records.codes.dtype))
        train = (rows >= 0) & (records.split[rows] == "train")
        named += [train.sum(), ((rows >= 0) & ~train).sum(), (rows < 0).sum()]
    return named / runs


def test_the_expected_numbers_are_those_of_the_attack_carried_out(planted):
    chosen, proposed = policy(), 5_000
    measurer = sampling.make_measurer(planted, chosen)
    counts = module._simulated(planted, chosen, 20_000, measurer, 1)
    attack = _Attack(20_000, *module._by_kind(planted, chosen, counts))
    for threshold in (2, 6):
        expected = [float(one[0]) for one in attack._named(proposed, np.array([threshold]))]
        found = carried_out(planted, chosen, proposed, threshold, 12)
        np.testing.assert_allclose(found, expected, rtol=0.2, atol=2.5)


def test_likely_records_that_are_left_out_are_named_and_fewer_draws_are_safe(planted):
    found = holes(planted, policy(), 40_000)
    assert found.named == pytest.approx(30, abs=3)
    assert found.named_held_out == pytest.approx(10, abs=2)
    assert found.others <= 0.06 * (found.named + found.named_held_out)
    assert found.safe_draws < found.draws
    few = holes(planted, policy(), found.safe_draws * found.proposed // found.draws)
    assert few.expected < 0.3
    assert not few.names_records
    assert found.safe_draws > 10  # one code has a seventh of all draws
    assert "38 records are expected to be named after" in found.sentence()
    assert f"fewer than 0.05 expected up to {found.safe_draws:,} draws" in found.sentence()
    assert found.names_records


def test_what_is_known_to_be_unwanted_is_no_hole(planted):
    below = dataclasses.replace(policy(), unwanted=Unwanted.of(["number >= 50"]))
    counts = module._simulated(planted, below, 5_000, sampling.make_measurer(planted, below), 1)
    train, held_out, others, near = module._by_kind(planted, below, counts)
    assert not near.size
    assert counts.total() > 100
    # The planted records have numbers from 50.
    assert train.sum() + held_out.sum() == sum(
        counts[c] for c in planted.records.codes.tolist() if int(c[2:4]) < 50
    )
    assert others.sum() == counts.total() - sum(
        n for c, n in counts.items() if int(c[2:4]) >= 50 or c in {*planted.records.codes.tolist()}
    )


def test_the_rule_certified_has_holes_although_nothing_is_cleaned(exact):
    close = Policy("exact-15d", WANTED, Certified(), Around(0.1), decode="likeliest")
    found = holes(exact, close, 80_000, most=400_000)
    assert found.named > 1_000
    assert 1_000 < found.safe_draws < found.draws


def uniform():
    """A model of the toy format that finds every code equally likely, with 30 records."""
    toy = toy_bundle()
    weights = {name: np.zeros_like(array) for name, array in toy.weights.items()}
    all_codes = Bundle.assemble(toy.preset, 0, weights, toy.history, own=EVERY_TOY)
    return with_rows(all_codes, slice(None, None, 6))


def test_leaving_out_neighbourhoods_names_nobody_where_leaving_out_records_names_all():
    bundle = uniform()
    listed = Unwanted.of(listed=["A0A"], format=TOY)
    usual = Policy("toy-3d", listed, OneSided(0.0), clean=True, decode="drawn", proposals=3_000)
    assert "A0A" not in bundle.records.codes
    found = holes(bundle, usual, 3_000)
    assert found.named + found.named_held_out == pytest.approx(len(bundle.records), abs=0.5)
    wide = holes(bundle, dataclasses.replace(usual, neighbourhoods=True), 3_000)
    assert (wide.named, wide.named_held_out) == (0, 0)
    assert wide.safe_draws == wide.known_draws


def test_where_codes_are_rare_nobody_is_named(bundle):
    found = holes(bundle, policy(decode="drawn", proposal=Box(3.0)), 20_000)
    assert (found.named, found.named_held_out, found.others) == (0, 0, 0)
    assert found.safe_draws == found.known_draws
    assert "more were not tried" in found.sentence()


def test_more_points_than_can_be_simulated_are_not_known(planted):
    found = holes(planted, policy(), 1_000_000, most=80_000)
    assert found.named is None
    assert found.sentence().startswith(f"not known for {found.draws:,} draws; fewer than 0.05")
    assert not found.known
    assert not found.names_records


def test_the_sentence_has_expected_numbers():
    one = Holes(10, 5, 100, 0.6, 0.1, 0.0, 2, 25)
    assert one.sentence() == (
        "0.7 records are expected to be named after 5 draws, of which 95 % are named rightly: 0.6 "
        "of training and 0.1 held out; fewer than 0.05 expected up to 2 draws"
    )
    assert one.names_records


@pytest.mark.parametrize(
    ("changes", "proposed", "message"),
    [
        ({"clean": False}, 10, "expected a policy that leaves out records, got one that does not"),
        ({}, 0, "expected 1 proposed point or more, got 0; propose some"),
    ],
)
def test_what_has_no_holes_is_refused(bundle, changes, proposed, message):
    with pytest.raises(ValueError, match=message):
        holes(bundle, policy(**changes), proposed)
