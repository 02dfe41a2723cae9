"""A new rule, which is this one class: it works everywhere once it is in the dictionary of rules.

It looks at the decoded codes, as no shipped rule does.
"""

import io
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest

from regvae.audit import leaks
from regvae.generation.results import KINDS, generate
from regvae.rejection import sampling
from regvae.rejection.measures import Measurer
from regvae.rejection.nearest import nearest_accepted
from regvae.rejection.policy import Policy, PolicyError
from regvae.rejection.report import rejection_rate
from regvae.rejection.rules import RULES, Measure, Rule, parameter, rule_named
from regvae.rejection.unwanted import Unwanted
from tests.rejection.bundles import with_codes, with_rows

UNWANTED = Unwanted.of(["tens < 3"])


@dataclass(frozen=True)
class DigitSum(Rule):
    """The two digits of the decoded reg sum to at least `total`."""

    name: ClassVar[str] = "digit-sum"
    summary: ClassVar[str] = "Codes whose digits have a large sum."
    measures: ClassVar[tuple[Measure, ...]] = (Measure("digit_sum", "sum of the digits", ""),)
    needs_codes: ClassVar[bool] = True

    total: float = parameter(
        7,
        measure="digit_sum",
        operator=">=",
        high=18.0,
        maximum=18.0,
        step=1.0,
        unit="",
        label="Total",
        help="Least sum of the digits.",
        before="Accept if the digits sum to",
    )

    @classmethod
    def measure(cls, measurer, z, codes):
        assert len(codes) == len(z)
        assert isinstance(measurer, Measurer)
        return {"digit_sum": np.array([digit_sum(code) for code in codes.tolist()], float)}


def digit_sum(code):
    return int(code[2]) + int(code[3])


def policy(**changes):
    chosen = {"unwanted": UNWANTED, "rule": DigitSum(), "proposals": 500} | changes
    return Policy("notebook-2d", **chosen)


@pytest.fixture(autouse=True)
def in_the_dictionary(monkeypatch):
    monkeypatch.setitem(RULES, DigitSum.name, DigitSum)


@pytest.fixture(scope="module")
def few(bundle):
    """The shipped bundle with 200 records, among them what its latent origin decodes to."""
    some = with_rows(bundle, slice(None, None, 60))
    return with_codes(some, {0: str(some.autoencoder.decode([[0.0, 0.0]])[0])})


def test_samples_have_its_measure_and_a_report(few):
    samples = sampling.sample(few, policy())
    sums = [digit_sum(code) for code in samples.codes.tolist()]
    assert samples.measures["digit_sum"].tolist() == sums
    found = sampling.report(samples, DigitSum(10))
    assert (found.rule, found.parameters) == ("digit-sum", {"total": 10.0})
    assert found.accepted == sum(one >= 10 for one in sums) > 0
    assert found.tail_probability is found.notebook_tail is None


def test_its_held_out_rejection_rate_is_that_of_the_decoded_means(few):
    measures = sampling.held_out_measures(few, UNWANTED, DigitSum, None)
    rows = UNWANTED.of_records(few.records) & (few.records.split != "train")
    decoded = few.autoencoder.decode(few.records.mean[rows]).tolist()
    rejected = [digit_sum(code) < 7 for code in decoded]
    assert rejection_rate(DigitSum(7), measures) == pytest.approx(np.mean(rejected))


def test_its_results_are_written_with_its_measure(few):
    files = {kind: io.BytesIO() for kind in KINDS}
    outcome = generate(few, policy(), details=files)
    parquet = pd.read_parquet(io.BytesIO(files[".parquet"].getvalue()))
    csv = pd.read_csv(io.BytesIO(files[".csv"].getvalue()))
    for table in (parquet, csv):
        assert len(table) == outcome.report.kept > 0
        assert table["digit_sum"].tolist() == [digit_sum(code) for code in table["reg"]]
        assert table["digit_sum"].min() >= 7
    assert outcome.manifest()["policy"]["rule"] == {"name": "digit-sum", "total": 7.0}
    assert outcome.report.held_out_rejection_rate is not None


def test_its_policy_is_read_by_name():
    assert rule_named("digit-sum") == DigitSum(7.0)
    assert Policy.from_toml(policy(rule=DigitSum(9)).to_toml()) == policy(rule=DigitSum(9))
    with pytest.raises(PolicyError, match="number from 0 to 18 for total, got 19"):
        Policy.from_toml(policy().to_toml().replace("total = 7.0", "total = 19"))


def test_a_hunt_finds_its_leaks_and_the_total_that_clears_them(few):
    found = leaks.hunt(few, policy(), Measurer.of(few, UNWANTED), budget=1_000)
    sums = [digit_sum(code) for code in found.leaks.codes.tolist()]
    assert found.leaks.leaks.all()
    assert sums == sorted(sums, reverse=True)
    assert min(sums) >= 7
    assert found.parameter == DigitSum.parameters()[0]
    assert found.cleared_by == np.nextafter(max(sums), np.inf)
    assert found.clearing_step == max(sums) + 1
    assert "total" in found.sentence()


def test_the_nearest_accepted_point_is_found(few):
    measurer, rule = Measurer.of(few, UNWANTED), DigitSum(12)
    z = sampling.sample(few, policy()).z
    rejected = z[~rule.accepts(measurer.measure(rule, z))][0]
    found = nearest_accepted(measurer, rule, rejected)
    assert digit_sum(few.autoencoder.decode(found[None])[0]) >= 12
