"""A release has nothing of a single record: attacked byte by byte; and it decodes as before."""

import dataclasses
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from regvae.formats import CodeTable, of_definition
from regvae.model import bundle as bundles
from regvae.model.bundle import NoRecordsError, history_columns
from regvae.model.config import Data, Network, Order, Phase, Preset, Training
from regvae.model.release import WITHHELD, release
from regvae.model.spread import Spread
from regvae.model.store import ASSETS, HISTORY, MANIFEST, RECORDS, WEIGHTS, BundleError
from tests.codes import random_bundle

DEFINITION = {
    "name": "badge",
    "noun": "badge",
    "plural": "badges",
    "pattern": "[A-D]{2}-[0-9]{4}",
}
KINDS = ("violet", "umber", "teal")


def own_bundle():
    """A model of 300 badges with further columns; the format's example is one of them."""
    plain = of_definition({**DEFINITION, "example": "AB-1234"})
    codes = np.unique(plain.generate(300, rng=np.random.default_rng(1)))
    format = of_definition({**DEFINITION, "example": plain.shown(str(codes[7]))})
    further = pd.DataFrame(
        {
            "price": np.arange(len(codes)) + 7_654_321.5,
            "kind": np.array(KINDS)[np.arange(len(codes)) % 3],
        }
    )
    own = CodeTable.with_columns(format, codes, further)
    training = Training(
        (Phase(0.1, 2),), likelihood="categorical", orders=(Order("price", 1), Order("kind", 2))
    )
    data = Data.of_own(own, seed=1, format=format)
    network = Network(3, (24,), (8,))  # wide: a layer of zeros would encode to a bias, a weight
    made = random_bundle(Preset("own-3d", network, data, training), own=own)
    metrics = {"loss": 1.25, "examples": codes[:3].tolist(), "accuracy": []}
    command = "regvae train notebook-2d --data /home/me/customers.csv"
    return dataclasses.replace(made, name="mine", metrics=metrics, command=command)


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """The folder of a bundle of one's own codes."""
    return bundles.save(own_bundle(), tmp_path_factory.mktemp("own") / "mine")


@pytest.fixture(scope="module")
def released(original):
    """The folder of its release, which no test changes."""
    return release(original, original.with_name("shared"))


@pytest.fixture
def folder(released, tmp_path):
    """A copy of the release, to be damaged."""
    return Path(shutil.copytree(released, tmp_path / "copy"))


def manifest_of(folder):
    return json.loads((folder / MANIFEST).read_text("utf-8"))


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.rglob("*")}


# --- nothing of a record is in it -----------------------------------------------------------------


def found_in(content, records):
    """What bytes tell of records: codes as they are stored or shown, and means and sigmas, as
    numbers of a computer or as text with four digits or more."""
    found = []
    for code in records.codes.tolist():
        found += [one for one in (code, records.format.shown(code)) if one.encode() in content]
    # The numbers in a text, by how many decimals they have, and whether with an exponent.
    written = {}
    for decimals, exponent in re.findall(rb"-?\d+\.(\d+)(e?)", content):
        written[len(decimals), exponent] = set()
    for (digits, exponent), there in written.items():
        rest = r"e-?\d+" if exponent else r"(?![\de])"
        pattern = rf"(?<![\d.])-?\d+\.\d{{{digits}}}{rest}"
        tokens = re.findall(pattern.encode(), content)
        there.update(
            one.decode() for one in tokens if len(one.replace(b".", b"").strip(b"-0")) >= 4
        )
    for part in (records.mean, records.sigma):
        for number in part.ravel().tolist():
            ways = [np.array(number, kind).tobytes() for kind in ("<f4", ">f4", "<f8", ">f8")]
            found += [number for one in ways if one in content]
            for (digits, exponent), there in written.items():
                text = f"{number:.{digits}{'e' if exponent else 'f'}}"
                found += [number] if text in there else []
    return found


def test_no_file_of_a_release_has_a_code_a_mean_or_a_sigma(original, released):
    records = bundles.load(original).records
    assert set(contents(released)) == {MANIFEST, WEIGHTS, HISTORY}
    for content in contents(released).values():
        assert found_in(content, records) == []
    for name in (MANIFEST, HISTORY):
        text = (released / name).read_text("utf-8")
        for secret in ("76543", "customers", "examples", *KINDS):
            assert secret not in text


def test_the_attack_finds_what_a_bundle_has(original):
    bundle = bundles.load(original)
    records, row = bundle.records, 5
    numbers = [*records.mean[row], *records.sigma[row]]
    told = {
        "code": [records.codes[row].encode(), records.format.shown(records.codes[row]).encode()],
        "bytes": [np.array(one, kind).tobytes() for one in numbers for kind in ("<f4", "<f8")],
        "text": [f"x,{one:#.4g},".encode() for one in numbers if 1e-3 < abs(one) < 100],
        "more digits": [json.dumps(float(one)).encode() for one in numbers],
    }
    for parts in told.values():
        for part in parts:
            assert found_in(b"{" + part + b"}", records)
    assert found_in((original / MANIFEST).read_bytes(), records)  # the example of its format


@pytest.mark.parametrize("name", ["notebook-2d", "exact-15d"])
def test_no_file_of_a_shipped_model_released_has_a_code(name, tmp_path):
    records = bundles.load(name).records
    out = release(name, tmp_path / "shared")
    text = (out / MANIFEST).read_text("utf-8") + (out / HISTORY).read_text("utf-8")
    said = set(re.findall(r"[A-Z]{2}\d{2} ?[A-Z]{3}", text))
    assert not {one.replace(" ", "") for one in said} & set(records.codes.tolist())
    weights = (out / WEIGHTS).read_bytes()
    assert not any(code.encode() in weights for code in records.codes.tolist())


def test_hashes_of_the_list_are_not_in_it(original, released):
    before, after = manifest_of(original), manifest_of(released)
    assert after["preset"]["data"]["sha256"] == WITHHELD
    text = json.dumps(after)
    assert before["preset"]["data"]["sha256"] not in text
    assert before["data_sha256"] not in text
    assert before["files"][RECORDS] not in text


def test_the_history_has_what_was_measured_on_the_validation_data_alone(original, released):
    before, after = (pd.read_csv(one / HISTORY) for one in (original, released))
    columns = [*history_columns(6)]
    kept = [one for one in columns if one.startswith("validation")]
    assert list(after.columns) == ["epoch", "learning_rate", *kept]
    pd.testing.assert_frame_equal(after, before[list(after.columns)])


# --- what it has ----------------------------------------------------------------------------------


def test_a_release_has_counts_aggregates_and_what_it_was_released_from(original, released):
    bundle, manifest = bundles.load(original), manifest_of(released)
    assert manifest["released"] is True
    assert (manifest["name"], manifest["seed"], manifest["command"]) == ("mine", 7, "")
    assert manifest["original_sha256"] == bundle.sha256
    assert manifest["versions"] == manifest_of(original)["versions"]
    assert manifest["records"] == bundle.records.sizes()
    assert manifest["metrics"] == {"loss": 1.25, "accuracy": []}
    means = bundle.records.mean.astype(float)
    for name, found in (("mean", means.mean(axis=0)), ("sd", means.std(axis=0))):
        assert manifest["spread"][name] == pytest.approx(found, rel=0.005, abs=0.0005)
    numbers = [one for part in manifest["spread"].values() for one in np.ravel(part).tolist()]
    assert all(len(f"{abs(one):g}".replace(".", "").strip("0")) <= 3 for one in numbers)
    training = bundle.preset.training
    assert bundles.load(released).preset.training == training


@pytest.mark.parametrize("name", ["notebook-2d", "exact-15d"])
def test_the_weights_are_the_same_bytes_and_decode_to_the_same_codes(name, tmp_path):
    out = release(name, tmp_path / "shared")
    assert (out / WEIGHTS).read_bytes() == (ASSETS / name / WEIGHTS).read_bytes()
    one, other = bundles.load(name), bundles.load(out)
    z = np.random.default_rng(0).normal(size=(500, one.records.latent_dim)) * 2
    assert np.array_equal(one.autoencoder.decode(z), other.autoencoder.decode(z))
    assert other.format == one.format
    assert other.metrics["accuracy"] == one.metrics["accuracy"]


def test_a_loaded_release_has_no_records_and_says_what_to_do(released):
    bundle = bundles.load(released)
    assert bundle.released
    assert len(bundle.records) == 0
    assert bundle.records.latent_dim == 3
    assert bundle.records.sizes() == {"train": 0, "validation": 0, "test": 0}
    assert "price" not in bundle.records.attributes
    assert not bundle.records.contains(bundle.format.array(["AB1234"])).any()
    assert bundle.records.rows_of(bundle.format.array(["AB1234"])).tolist() == [-1]
    with pytest.raises(NoRecordsError) as caught:
        bundle.require_records("to try", "do without")
    assert str(caught.value) == (
        "expected a bundle with its records to try, got shared, which was released without them; "
        "do without"
    )


def test_the_example_of_a_format_is_another_code_that_is_no_record(original, released):
    bundle, format = bundles.load(original), bundles.load(released).format
    assert bundle.records.row_of(bundle.format.example) is not None
    assert bundle.records.row_of(format.example) is None
    assert format.alphabets == bundle.format.alphabets


def test_what_stands_for_its_codes_is_decoded_where_the_records_were(released):
    bundle = bundles.load(released)
    codes = bundle.seen_codes
    assert len(codes) == 4096
    assert bundle.format.are_normalised(codes.tolist()).all()
    points = bundle.records.spread.points(20_000)
    assert points.mean(axis=0) == pytest.approx(bundle.records.spread.mean, abs=0.1)
    assert points.std(axis=0) == pytest.approx(bundle.records.spread.sd, rel=0.05)


# --- refused --------------------------------------------------------------------------------------


def test_a_release_of_a_release_is_refused(released, tmp_path):
    with pytest.raises(NoRecordsError, match=r"to release, got shared, .*; copy its folder"):
        release(released, tmp_path / "again")
    with pytest.raises(NoRecordsError, match=r"to save it, got shared, .*; copy its folder"):
        bundles.save(bundles.load(released), tmp_path / "again")
    assert list(tmp_path.iterdir()) == []


def test_a_path_that_exists_is_refused_and_nothing_is_left_of_a_failure(
    original, released, tmp_path, monkeypatch
):
    with pytest.raises(FileExistsError, match="expected a new path, got"):
        release(original, released)
    monkeypatch.setattr(Path, "rename", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        release(original, tmp_path / "shared")
    assert list(tmp_path.iterdir()) == []


def edit(folder, change):
    manifest = manifest_of(folder)
    change(manifest)
    (folder / MANIFEST).write_text(json.dumps(manifest), "utf-8")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda m: m.update(released=False), "'data_sha256' of type str, got None"),
        (lambda m: m.update(released=1), "'released' as true or none, got 1"),
        (lambda m: m.pop("spread"), "'spread' of type dict, got None"),
        (lambda m: m.pop("original_sha256"), "'original_sha256' of type str, got None"),
        (lambda m: m["files"].update({RECORDS: "0"}), f"hashes of {WEIGHTS} and {HISTORY}"),
        (lambda m: m["spread"].pop("sd"), "the spread of the means, got .*keys mean, sd"),
        (lambda m: m["spread"].update(sd=[1.0]), r"sd as finite numbers \(3,\)"),
        (lambda m: m["spread"].update(sd=["a", 1, 2]), "the spread of the means"),
        (lambda m: m["spread"].update(sd=[-1.0, 1, 1]), "standard deviations of 0 or more"),
        (lambda m: m["spread"].update(mean=[1e300, 0, 0]), "mean as finite numbers"),
        (lambda m: m["spread"].update(widest=[[0, 0, 0], [0, 1, 0]]), "orthogonal directions"),
        (lambda m: m["spread"].update(widest=[[0, 1, 0], [0, 1, 0]]), "orthogonal directions"),
    ],
)
def test_a_damaged_manifest_is_refused(folder, change, words):
    edit(folder, change)
    with pytest.raises(BundleError, match=words) as caught:
        bundles.load(folder)
    assert str(folder / MANIFEST) in str(caught.value)


@pytest.mark.parametrize("name", [WEIGHTS, HISTORY])
def test_a_changed_file_is_refused(folder, name):
    with (folder / name).open("ab") as file:
        file.write(b"x")
    with pytest.raises(BundleError, match="expected sha256"):
        bundles.load(folder)


def test_a_list_of_nearly_all_codes_has_no_example_to_give(tmp_path):
    format = of_definition(
        {"name": "tiny", "noun": "tag", "plural": "tags", "pattern": "[A-D][0-9]{2}"}
        | {"example": "A00"}
    )
    every = np.unique(format.generate(20_000, rng=np.random.default_rng(0)))
    data = Data.of_own(every, format=format)
    training = Training((Phase(0.1, 1),), likelihood="categorical")
    made = random_bundle(Preset("all", Network(2, (4,), (4,)), data, training), own=every)
    folder = bundles.save(made, tmp_path / "all")
    with pytest.raises(ValueError, match="expected some tags that are no records"):
        release(folder, tmp_path / "shared")
    assert [one.name for one in tmp_path.iterdir()] == ["all"]


# --- the spread -----------------------------------------------------------------------------------


@pytest.mark.parametrize("k", [1, 2, 5])
def test_a_spread_is_read_as_it_was_written_with_three_digits(k):
    rng = np.random.default_rng(k)
    means = (rng.normal(size=(500, k)) @ rng.normal(size=(k, k))).astype(np.float32)
    spread = Spread.of(means)
    read = Spread.from_dict(json.loads(json.dumps(spread.to_dict())), k)
    for name in ("mean", "sd", "widest", "widest_sd"):
        assert getattr(read, name) == pytest.approx(getattr(spread, name), rel=0.005, abs=0.002)
    if k > 1:
        assert read.widest @ read.widest.T == pytest.approx(np.eye(2), abs=1e-12)
    # By another route: singular values are the deviations along the principal directions.
    singular = np.linalg.svd(means - means.mean(axis=0), compute_uv=False)[:2] / np.sqrt(500)
    assert spread.widest_sd[: len(singular)] == pytest.approx(singular, rel=1e-4)
