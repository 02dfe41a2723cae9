"""Files of results, read again to be judged: good ones, and all that can be wrong."""

import io
import json
import os

import pandas as pd
import pyarrow.parquet as pq
import pytest

from regvae.generation.reading import ResultsError, read_results
from regvae.generation.results import generate
from regvae.rejection.policy import Policy, PolicyError
from regvae.rejection.rules import OneSided
from regvae.rejection.unwanted import Unwanted
from tests.codes import toy_bundle

LISTED = ("AB12CDE", "XY99ZZZ")


def policy(**changes):
    usual = {"unwanted": Unwanted.of(["number < 50"]), "rule": OneSided(1.0), "repeats": True}
    return Policy("notebook-2d", **usual | changes)


def write(folder, bundle, chosen, kind=".parquet"):
    """Results as the command line writes them: the file, and its manifest beside it."""
    content = io.BytesIO()
    outcome = generate(bundle, chosen, {kind: content})
    path = folder / f"new{kind}"
    path.write_bytes(content.getvalue())
    beside = folder / f"new{kind}.manifest.json"
    beside.write_text(json.dumps(outcome.manifest({kind: path.name})))
    return path, outcome


@pytest.mark.parametrize("kind", [".parquet", ".csv"])
def test_results_are_read_with_how_they_were_drawn(tmp_path, bundle, kind):
    path, outcome = write(tmp_path, bundle, policy(), kind)
    found = read_results(path, bundle)
    table = pd.read_parquet(path) if kind == ".parquet" else pd.read_csv(path)
    assert found.codes.tolist() == table["reg"].tolist()
    assert found.sha256 == outcome.sha256[kind]
    assert found.policy == outcome.policy
    assert found.proposed == outcome.report.proposed
    assert [one["split"] for one in found.accepted] == ["train", "validation", "test"]
    assert found.unknown == ""


def test_a_file_without_a_manifest_is_read_and_said(tmp_path, bundle):
    path = tmp_path / "mine.csv"
    path.write_text("reg\nAB12 CDE\nab12cdf\n")
    found = read_results(path, bundle)
    assert found.codes.tolist() == ["AB12CDE", "AB12CDF"]
    assert found.policy is None
    assert "the file has no manifest" in found.unknown


def test_a_list_that_a_released_policy_does_not_hold_is_given(tmp_path, bundle):
    chosen = policy(unwanted=Unwanted.of(["number < 50"], listed=LISTED))
    path, _ = write(tmp_path, bundle, chosen)
    found = read_results(path, bundle)
    assert found.policy is None
    assert "lists unwanted codes" in found.unknown
    assert read_results(path, bundle, LISTED).policy.unwanted == chosen.unwanted
    with pytest.raises(PolicyError, match="got 1 others"):
        read_results(path, bundle, LISTED[:1])


def test_results_of_another_bundle_or_format_are_refused(tmp_path, bundle, exact):
    path, _ = write(tmp_path, bundle, policy())
    with pytest.raises(ResultsError, match=r"expected results of exact-15d with sha256 .* got"):
        read_results(path, exact)
    with pytest.raises(ResultsError, match="expected one column 'code' of tags, got reg; give"):
        read_results(path, toy_bundle())


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"reg\n", "expected regs, got none; generate some"),
        ("a.csv", b"", "expected a file of results, got one that cannot be read"),
        ("a.csv", b"reg\nAB12CDE\nhello\nx\n", r"got 'hello' in row 2 and 1 more; give"),
        ("a.csv", b"other\n1\n", "expected one column 'reg' of regs, got other"),
        ("a.parquet", b"PAR1", "expected a file of results, got one that cannot be read"),
        ("a.txt", b"AB12CDE", "expected a file of results .* got one of another kind"),
    ],
)
def test_what_is_no_file_of_results_is_refused(tmp_path, bundle, name, content, message):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ResultsError, match=message):
        read_results(path, bundle)


def test_missing_texts_are_refused(tmp_path, bundle):
    path = tmp_path / "a.parquet"
    pd.DataFrame({"reg": ["AB12CDE", None]}).to_parquet(path)
    with pytest.raises(ResultsError, match="got 'None' in row 2"):
        read_results(path, bundle)


def edited(path, **changes):
    """Change a part of the manifest beside a file of results."""
    beside = path.with_name(f"{path.name}.manifest.json")
    manifest = json.loads(beside.read_text())
    for place, value in changes.items():
        *before, last = place.split("__")
        part = manifest
        for name in before:
            part = part[name]
        part[last] = value
    beside.write_text(json.dumps(manifest))


EXPOSURE = {
    "split": "train", "records": 9, "draws": 5, "hits": 0, "rate_interval": [0.0, 0.5],
    "exposed": 0, "share_interval": [0.0, 0.4], "by_chance": 0.1,
}  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [
        {"audit": None},
        {"audit": []},
        {"report": "x"},
        {"policy": 3},
        {"policy__unwanted": None},
        {"report__proposed": "many"},
        {"report__proposed": 10**400},
        {"report__proposed": 0},
        {"report__proposed": float("nan")},
        {"audit__exposures": "x"},
        {"audit__exposures": [1]},
        {"audit__exposures": [{}]},
        {"audit__exposures": [EXPOSURE | {"records": 0}]},
        {"audit__exposures": [EXPOSURE | {"hits": "many"}]},
        {"audit__exposures": [EXPOSURE | {"split": "<script>"}]},
        {"audit__exposures": [EXPOSURE | {"rate_interval": [0, 1, 2]}]},
    ],
)
def test_a_damaged_manifest_is_refused(tmp_path, bundle, changes):
    path, _ = write(tmp_path, bundle, policy(), ".csv")
    edited(path, audit__exposures=[EXPOSURE])
    assert read_results(path, bundle).accepted == [EXPOSURE]
    edited(path, **changes)
    with pytest.raises(ResultsError, match="got a damaged one; generate the results again, or"):
        read_results(path, bundle)


@pytest.mark.parametrize("manifest", [b"[]", b"{", b"\xff", b"[" * 100_000])
def test_a_manifest_that_is_none_is_refused(tmp_path, bundle, manifest):
    path = tmp_path / "mine.csv"
    path.write_text("reg\nAB12CDE\n")
    (tmp_path / "mine.csv.manifest.json").write_bytes(manifest)
    with pytest.raises(ResultsError, match="got a damaged one"):
        read_results(path, bundle)


def test_the_manifest_of_another_file_is_refused(tmp_path, bundle):
    path, _ = write(tmp_path, bundle, policy(), ".csv")
    path.write_text("reg\nAB12CDE\n")
    with pytest.raises(ResultsError, match=r"expected the file that new\.csv\.manifest\.json"):
        read_results(path, bundle)


def test_details_are_refused(tmp_path, bundle):
    details = io.BytesIO()
    generate(bundle, policy(), details={".csv": details})
    path = tmp_path / "details.csv"
    path.write_bytes(details.getvalue())
    with pytest.raises(ResultsError, match="expected results, got details, which contain records"):
        read_results(path, bundle)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"reg": [["AB12CDE"]]}, "got one that cannot be read"),
        ({"reg": ["AB12CDE", "A" * 1_000_000]}, "in row 2 and 0 more"),
        ({"reg": ["AB12CDE\0"]}, "in row 1 and 0 more"),
    ],
)
def test_strange_tables_are_refused(tmp_path, bundle, table, message):
    path = tmp_path / "a.parquet"
    pd.DataFrame(table).to_parquet(path)
    with pytest.raises(ResultsError, match=message):
        read_results(path, bundle)


def test_two_columns_of_a_name_and_other_encodings_are_refused(tmp_path, bundle):
    path = tmp_path / "a.csv"
    path.write_text("reg,reg\nAB12CDE,AB12CDE\n")
    with pytest.raises(ResultsError, match="expected one column 'reg' of regs, got reg, reg"):
        read_results(path, bundle)
    path.write_bytes("reg\nAB12CDE\n".encode("utf-16"))
    with pytest.raises(ResultsError, match="expected "):
        read_results(path, bundle)


def test_what_is_no_regular_file_is_refused(tmp_path, bundle):
    os.mkfifo(tmp_path / "a.csv")
    with pytest.raises(ResultsError, match="expected a regular file of results"):
        read_results(tmp_path / "a.csv", bundle)


def test_a_million_duplicates_are_read(tmp_path, bundle):
    path = tmp_path / "many.parquet"
    pd.DataFrame({"reg": ["AB12CDE"] * 1_000_000}).to_parquet(path)
    assert len(read_results(path, bundle).codes) == 1_000_000
    assert pq.read_metadata(path).num_rows == 1_000_000
