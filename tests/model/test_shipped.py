"""The shipped models: each is what its preset trains, as good as is said of it, and small."""

import dataclasses
import json

import numpy as np
import pytest

from regvae.evaluation import diagnosis
from regvae.evaluation.accuracy import accuracy, rank_correlations
from regvae.evaluation.check import check
from regvae.evaluation.metrics import metrics
from regvae.evaluation.study import model_outcome, rule_outcomes
from regvae.model import bundle as bundles
from regvae.model import store
from regvae.model.presets import PRESETS
from regvae.model.store import ASSETS

NAMES = list(PRESETS)


def leaves(value, path=""):
    """Every number and text of nested metrics, by where it stands."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from leaves(inner, f"{path}[{place}]")
    else:
        yield path, value


def test_every_preset_is_shipped_and_all_are_small():
    assert set(NAMES) == set(store.available(ASSETS))
    files = [path for name in NAMES for path in (ASSETS / name).iterdir()]
    assert sum(path.stat().st_size for path in files) < 10e6


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_model_is_its_presets_and_says_how_it_was_made(name):
    bundle = bundles.load(name)
    assert bundle.preset == PRESETS[name]
    assert len(bundle.preset.about) > 100
    assert bundle.command == f"regvae train {name} --out assets/{name} --seed {bundle.seed}"


@pytest.mark.parametrize("name", NAMES)
def test_the_metrics_of_a_shipped_model_are_those_of_its_files(name):
    bundle = check(name)
    said = dict(leaves(json.loads(json.dumps(bundle.metrics))))
    found = dict(leaves(json.loads(json.dumps(metrics(bundle)))))
    assert said.keys() == found.keys()
    for place, value in found.items():
        if place.startswith(".notebook"):
            continue  # texts of rounded numbers, which another processor may round elsewhere
        if isinstance(value, float):
            # A tie between two characters may fall the other way on another processor.
            assert said[place] == pytest.approx(value, abs=2.5e-3), place
        else:
            assert said[place] == value, place


def test_exact_15d_rebuilds_regs_it_has_never_seen():
    test = accuracy(bundles.load("exact-15d"))
    assert test["n"] == 1000
    assert test["exact"] >= 0.999


def test_ordered_2d_keeps_the_number_in_order_and_what_its_rules_promise():
    bundle = bundles.load("ordered-2d")
    outcome = model_outcome(bundle)
    assert outcome.rank_correlation is not None
    assert outcome.rank_correlation >= 0.999
    assert min(outcome.tens, outcome.units) >= 0.995
    purity = {one.rule: one.purity for one in rule_outcomes(bundle)}
    assert purity["one-sided"] >= 0.9
    assert purity["two-sided"] >= 0.97


def test_the_rank_correlation_is_that_of_a_plain_count():
    bundle = bundles.load("ordered-2d")
    rows = np.flatnonzero(bundle.records.split == "test")[:150]
    z = bundle.records.mean[rows, 0].astype(float)
    number = bundle.records.attribute("number")[rows].astype(float)
    # Spearman's is Pearson's of the ranks, ties sharing the mean of theirs.
    ranks = [
        np.array([(values < one).sum() + ((values == one).sum() - 1) / 2 for one in values])
        for values in (z, number)
    ]
    assert np.corrcoef(*ranks)[0, 1] == pytest.approx(evaluation_of(bundle, rows), abs=1e-12)


def evaluation_of(bundle, rows):
    """The rank correlation that `evaluation` finds for some rows, taken as a split of their own."""
    split = np.full(len(bundle.records), "train", dtype="U10")
    split[rows] = "test"
    records = dataclasses.replace(bundle.records, split=split)
    (found,) = rank_correlations(dataclasses.replace(bundle, records=records))
    return found["rank_correlation"]


def test_principled_2d_needs_no_less_than_the_entropy_and_little_more():
    bundle = bundles.load("principled-2d")
    for split in ("validation", "test"):
        nats = diagnosis.rate_distortion(bundle, split)
        assert nats.entropy == pytest.approx(20.48, abs=0.005)
        assert 20.48 - 3 * nats.standard_error < nats.bound < 20.8
    # Its loss is that very bound: two routes to one number.
    loss = bundle.history["validation_loss"].iloc[-1]
    validation = diagnosis.rate_distortion(bundle, "validation", draws=20)
    assert loss == pytest.approx(validation.bound, abs=4 * validation.standard_error)
    assert validation.by_dimension.min() > 1  # it did not collapse
    right = accuracy(bundle)["by_position"]
    assert min(right[2:4]) > 0.99


def test_dvla_2d_knows_only_what_may_be_issued_and_lays_it_out_by_time_and_place():
    bundle = bundles.load("dvla-2d")
    assert bundle.records.attribute("valid").all()
    assert (bundle.records.attribute("number") != 1).all()
    orders = {one["attribute"]: one for one in rank_correlations(bundle)}
    assert orders["period"]["rank_correlation"] > 0.99
    assert orders["area"]["rank_correlation"] > 0.99
    assert (orders["period"]["axis"], orders["area"]["axis"]) == (1, 2)
