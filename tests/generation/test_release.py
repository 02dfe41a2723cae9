"""What leaves: results and policies that can be shared, and details, which give records away."""

import io
import json
from itertools import combinations

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from regvae.formats import UK_REGISTRATION, FormatError
from regvae.generation.results import CONTAINS_RECORDS, KINDS, generate
from regvae.rejection.policy import Policy, PolicyError
from regvae.rejection.rules import OneSided
from regvae.rejection.unwanted import Unwanted
from tests.rejection.bundles import with_rows

LISTED = ("AB12CDE", "XY99ZZZ")


@pytest.fixture(scope="module")
def few(bundle):
    """The shipped bundle with a twentieth of its records: their nearest ones are far apart."""
    return with_rows(bundle, slice(None, None, 20))


def policy(**changes):
    usual = {"unwanted": Unwanted.of(["number < 50"]), "rule": OneSided(1.0), "repeats": True}
    return Policy("notebook-2d", **usual | changes)


def run(bundle, chosen, **more):
    """An outcome, and the bytes of its files of results and of its details, by kind."""
    files, details = ({kind: io.BytesIO() for kind in KINDS} for _ in range(2))
    outcome = generate(bundle, chosen, files, details=details, **more)
    return outcome, *({k: f.getvalue() for k, f in one.items()} for one in (files, details))


def read(contents, kind):
    return {".parquet": pd.read_parquet, ".csv": pd.read_csv}[kind](io.BytesIO(contents[kind]))


@pytest.mark.parametrize("kind", KINDS)
def test_results_have_codes_and_what_is_computed_from_them(few, kind):
    names = ["number", "area", "valid"]
    _, files, details = run(few, policy(), attributes=names)
    table, rest = read(files, kind), read(details, kind)
    assert list(table.columns) == ["reg", *names]
    assert table["reg"].tolist() == rest["reg"].tolist()
    codes = UK_REGISTRATION.array(table["reg"].tolist())
    for name in names:
        assert table[name].tolist() == UK_REGISTRATION.attribute(name).values(codes).tolist()
    _, plain, _ = run(few, policy())
    assert list(read(plain, kind).columns) == ["reg"]


def test_an_attribute_that_the_format_lacks_is_refused_before_anything_is_written(few):
    file = io.BytesIO()
    with pytest.raises(FormatError, match=r"expected an attribute of a reg .* got 'price'"):
        generate(few, policy(), {".csv": file}, attributes=["price"])
    assert not file.getvalue()


def test_only_details_are_marked(few):
    outcome, files, details = run(few, policy())
    shared, kept = (
        pq.read_metadata(io.BytesIO(one[".parquet"])).metadata for one in (files, details)
    )
    assert kept[CONTAINS_RECORDS.encode()] == b"true"
    assert CONTAINS_RECORDS.encode() not in shared
    assert json.loads(kept[b"regvae"])[CONTAINS_RECORDS] is True
    assert CONTAINS_RECORDS not in json.loads(shared[b"regvae"])
    assert outcome.sha256.keys() == outcome.details_sha256.keys() == set(KINDS)
    assert set(outcome.sha256.values()).isdisjoint(outcome.details_sha256.values())


def test_nothing_that_is_shared_has_a_listed_code(few):
    chosen = policy(unwanted=Unwanted.of(["number < 50"], listed=LISTED))
    outcome, files, details = run(few, chosen)
    shared = [*files.values(), json.dumps(outcome.manifest()).encode()]
    shared.append(outcome.policy.to_toml(released=True).encode())
    for content in shared:
        assert not any(code.encode() in content for code in LISTED)
    for content in (details[".parquet"], outcome.policy.to_toml().encode()):
        assert all(code.encode() in content for code in LISTED)


def test_a_released_policy_runs_with_its_list_and_with_no_other():
    chosen = policy(unwanted=Unwanted.of(["number < 50"], listed=LISTED))
    text = chosen.to_toml(released=True)
    assert Policy.from_toml(text, listed=["ab12 cde", "xy99zzz", "AB12CDE"]) == chosen
    for listed, got in (((), "got none"), (LISTED[::-1], "got 2 others"), (LISTED[:1], "got 1 ")):
        with pytest.raises(PolicyError, match=f"the list of 2 regs with sha256 .*{got}.*give that"):
            Policy.from_toml(text, listed=listed)
    with pytest.raises(PolicyError, match="expected no list of unwanted regs beside this policy"):
        Policy.from_toml(chosen.to_toml(), listed=LISTED)
    assert policy().to_toml(released=True) == policy().to_toml()  # there is nothing to leave out


# --- an attack ------------------------------------------------------------------------------------
# The squared distance to one Gaussian with a diagonal covariance is linear in 2 k + 1 unknowns: a,
# b (k) and c (k) of a + b z + c z^2. So 2 k + 1 points with the same nearest record yield its mean,
# -b / (2 c), and one more point shows whether they had.


def located(z, distance):
    """The mean of the record to which some points (n, 2) have these distances, None if no record
    has all of them."""
    middle, spread = z.mean(axis=0), z.std(axis=0)
    scaled = (z - middle) / spread
    terms = np.column_stack([np.ones(len(z)), scaled, scaled**2])
    solution, *_ = np.linalg.lstsq(terms, distance**2, rcond=None)
    off = np.abs(terms @ solution - distance**2).max()
    b, c = solution[1:3], solution[3:]
    if off > 1e-7 * max(1.0, float((distance**2).max())) or (c <= 0).any():
        return None
    return middle - spread * b / (2 * c)


def named(bundle, table):
    """The records that a file of results gives away: codes whose encoded mean was located."""
    if not {"z_1", "z_2", "to_unwanted"} <= set(table.columns):
        return set()
    z, distance = table[["z_1", "z_2"]].to_numpy(), table["to_unwanted"].to_numpy()
    found = []
    for place in z:
        near = np.argsort(((z - place) ** 2).sum(axis=1))[:9]
        for some in combinations(near, 6):
            mean = located(z[list(some)], distance[list(some)])
            if mean is not None:
                found.append(mean)
                break
    means = bundle.records.mean
    return {
        str(bundle.records.codes[np.abs(means - mean).max(axis=1).argmin()])
        for mean in found
        if np.abs(means - mean).max(axis=1).min() < 1e-4
    }


def test_distances_give_every_reachable_record_away_and_released_results_none(few):
    chosen = policy(proposals=6_000)
    _, files, details = run(few, chosen)
    table = read(details, ".parquet")
    unwanted = chosen.unwanted.of_records(few.records)
    mean, sigma = few.records.mean[unwanted], few.records.sigma[unwanted]
    z = table[["z_1", "z_2"]].to_numpy()
    gaps = (((z[:, None] - mean) / sigma) ** 2).sum(axis=2)
    nearest = few.records.codes[unwanted][gaps.argmin(axis=1)]
    # Reachable: where a point and its five nearest neighbours have the same nearest record.
    neighbours = np.argsort(((z[:, None] - z) ** 2).sum(axis=2), axis=1)[:, :6]
    alike = (nearest[neighbours] == nearest[:, None]).all(axis=1)
    reachable = set(nearest[alike].tolist())
    assert len(reachable) > 20
    assert reachable <= named(few, table)
    assert named(few, read(files, ".parquet")) == set()
