"""Results without the neighbourhoods of records."""

import dataclasses
import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regvae.formats import FORMATS, UK_REGISTRATION
from regvae.generation.results import generate
from regvae.model.bundle import NoRecordsError, load
from regvae.model.release import release
from regvae.rejection.policy import Policy
from regvae.rejection.proposals import Around
from regvae.rejection.rules import Certified
from regvae.rejection.unwanted import Unwanted
from tests.codes import EVERY_TOY, TOY, codes_of


def test_a_neighbourhood_is_all_codes_that_differ_at_the_widest_position():
    assert UK_REGISTRATION.widest == 6
    assert UK_REGISTRATION.neighbourhoods(["AB12CDE"]).tolist() == ["AB12CD*"]
    of_each = TOY.neighbourhoods(EVERY_TOY)
    assert TOY.widest == 1
    groups = pd.Series(EVERY_TOY).groupby(of_each)
    assert {len(codes) for _, codes in groups} == {10}
    for _, codes in groups:
        assert len({code[0] + code[2] for code in codes}) == 1


def test_check_characters_do_not_part_a_neighbourhood():
    iban = FORMATS["gb-iban"]
    codes = iban.generate(200, rng=np.random.default_rng(1))
    letters = list(iban.alphabets[iban.widest])
    for code in codes.tolist()[:20]:
        others = [code[: iban.widest] + one + code[iban.widest + 1 :] for one in letters]
        near = iban.completed(iban.array(others))
        assert len({*near.tolist()}) == len(letters)
        assert len({*iban.neighbourhoods(near).tolist()}) == 1


@given(code=codes_of(UK_REGISTRATION), letter=st.sampled_from("ABCXYZ"))
def test_records_surround_what_differs_in_the_last_letter(bundle, code, letter):
    record = str(bundle.records.codes[3])
    near, far = record[:6] + letter, ("Z" if record[0] != "Z" else "Y") + record[1:]
    assert bundle.records.surround(UK_REGISTRATION.array([near])).all()
    known = {one[:6] for one in bundle.records.codes.tolist()}
    found = bundle.records.surround(UK_REGISTRATION.array([code, far]))
    assert found.tolist() == [code[:6] in known, far[:6] in known]


def run(bundle, policy):
    file = io.BytesIO()
    outcome = generate(bundle, policy, {".parquet": file})
    return outcome, pd.read_parquet(io.BytesIO(file.getvalue()))["reg"].tolist()


def test_results_leave_out_the_neighbourhoods_of_records(exact):
    usual = Policy(
        "exact-15d", Unwanted.of(["number < 50"]), proposal=Around(), decode="drawn",
        proposals=20_000,
    )  # fmt: skip
    known = {one[:6] for one in exact.records.codes.tolist()}
    outcome, codes = run(exact, dataclasses.replace(usual, neighbourhoods=True))
    _, all_codes = run(exact, usual)
    assert any(one[:6] in known for one in all_codes)
    assert codes == [one for one in all_codes if one[:6] not in known]
    assert outcome.report.kept == len(codes)
    again = Policy.from_toml(outcome.policy.to_toml())
    assert again == outcome.policy
    assert again.neighbourhoods


def test_a_policy_of_before_leaves_out_no_neighbourhoods():
    policy = Policy("exact-15d", Unwanted.of(["number < 50"]))
    assert "neighbourhoods" not in policy.to_toml()
    assert not Policy.from_toml(policy.to_toml()).neighbourhoods


def test_a_release_has_no_neighbourhoods_to_leave_out(tmp_path):
    released = load(release("ordered-2d", tmp_path / "released"))
    unwanted = Unwanted.of(["number < 50"])
    policy = Policy("released", unwanted, Certified(q=0.0), neighbourhoods=True)
    with pytest.raises(NoRecordsError, match="to leave out the neighbourhoods of records"):
        generate(released, policy)
