"""Bundles: saved atomically, loaded as they were saved, and refused if damaged."""

import dataclasses
import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import safetensors.numpy

from regvae.formats import FORMATS, CodeTable, FormatError, uk_registration
from regvae.model import bundle as bundles
from regvae.model.autoencoder import weight_shapes
from regvae.model.bundle import Bundle, history_columns
from regvae.model.config import Data, Network, Phase, Preset, Training
from regvae.model.presets import preset
from regvae.model.store import HISTORY, MANIFEST, RECORDS, WEIGHTS, BundleError
from tests.codes import EVERY_TOY, TOY, random_bundle, toy_bundle

FILES = (MANIFEST, WEIGHTS, RECORDS, HISTORY)
DATA_FILES = pytest.mark.parametrize("name", [WEIGHTS, RECORDS, HISTORY])
TINY = Preset(
    "tiny",
    Network(3, encoder=(6,), decoder=(5, 4)),
    Data(seed=1, sizes=(40, 10, 5)),
    Training((Phase(0.1, 1), Phase(0.01, 1)), batch_size=4, noise=1.0),
)
COLUMNS = ["reg", "split", *(f"{part}_{i}" for part in ("mean", "sigma") for i in (1, 2, 3))]


@pytest.fixture(scope="module")
def tiny():
    """A bundle with random weights in three dimensions."""
    metrics = {"loss": 1.25, "accuracy": [{"n": 5}]}
    return dataclasses.replace(random_bundle(TINY), metrics=metrics)


@pytest.fixture(scope="module")
def saved(tiny, tmp_path_factory):
    """The tiny bundle's folder, which no test changes."""
    return bundles.save(tiny, tmp_path_factory.mktemp("saved") / "tiny")


@pytest.fixture
def folder(saved, tmp_path):
    """A copy of the tiny bundle's folder, to be damaged."""
    return Path(shutil.copytree(saved, tmp_path / "copy"))


def manifest_of(folder):
    return json.loads((folder / MANIFEST).read_text("utf-8"))


def edit_manifest(folder, change):
    manifest = manifest_of(folder)
    change(manifest)
    (folder / MANIFEST).write_text(json.dumps(manifest), "utf-8")


def replace(folder, name, content):
    """Give a file another content, and the manifest the new hash."""
    (folder / name).write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    edit_manifest(folder, lambda manifest: manifest["files"].update({name: digest}))


def edit_weights(folder, change):
    weights = safetensors.numpy.load((folder / WEIGHTS).read_bytes())
    weights = {name: array.copy() for name, array in weights.items()}
    change(weights)
    replace(folder, WEIGHTS, safetensors.numpy.save(weights))


def edit_records(folder, change):
    """Change the table of records in place, or return another."""
    table = pd.read_parquet(folder / RECORDS)
    changed = change(table)
    changed = table if changed is None else changed
    replace(folder, RECORDS, changed.to_parquet(index=False))


def edit_history(folder, change):
    history = pd.read_csv(folder / HISTORY)
    replace(folder, HISTORY, change(history).to_csv(index=False).encode())


def update_data_hash(folder):
    """Give the manifest the hash of the records' data."""
    table = pd.read_parquet(folder / RECORDS)
    text = "\n".join(f"{s},{r}" for s, r in zip(table["split"], table["reg"], strict=True))
    digest = hashlib.sha256(text.encode()).hexdigest()
    edit_manifest(folder, lambda manifest: manifest.update(data_sha256=digest))


def put(column, row, value):
    """A change of one cell of a table."""

    def change(table):
        table.loc[row, column] = value

    return change


def assert_refused(folder, name, words):
    """Loading the folder fails with an error that has these words and names the file."""
    with pytest.raises(BundleError, match=words) as caught:
        bundles.load(folder)
    assert str(folder / name) in str(caught.value)


def assert_equal(one, other):
    """Two bundles are equal to the last bit, except their names."""
    assert one.preset == other.preset
    assert (one.seed, one.command, one.metrics) == (other.seed, other.command, other.metrics)
    assert one.weights.keys() == other.weights.keys()
    for name, array in one.weights.items():
        assert array.dtype == other.weights[name].dtype == np.float32
        assert np.array_equal(array, other.weights[name])
    for name in ("codes", "split", "mean", "sigma"):
        array, same = getattr(one.records, name), getattr(other.records, name)
        assert array.dtype == same.dtype
        assert np.array_equal(array, same)
    assert one.format == other.format == one.records.format == other.records.format
    pd.testing.assert_frame_equal(one.history, other.history, check_exact=True)


# --- saving and loading ---------------------------------------------------------------------------


def test_a_bundle_is_loaded_as_it_was_saved(tiny, saved):
    loaded = bundles.load(saved)
    assert_equal(loaded, tiny)
    assert loaded.name == tiny.name == "tiny"
    z = np.random.default_rng(0).normal(size=(50, 3))
    assert np.array_equal(loaded.autoencoder.logits(z), tiny.autoencoder.logits(z))
    assert loaded.sha256 == hashlib.sha256((saved / MANIFEST).read_bytes()).hexdigest()
    assert tiny.sha256 == ""


def test_a_shipped_bundle_is_saved_and_loaded_unchanged(bundle, tmp_path):
    assert_equal(bundles.load(bundles.save(bundle, tmp_path / "copy")), bundle)


def test_a_bundle_of_another_format_is_saved_and_loaded(tmp_path, monkeypatch):
    toy = toy_bundle()
    path = bundles.save(toy, tmp_path / "toy")
    with pytest.raises(BundleError, match=r"manifest\.json: in the preset, .* got 'toy'"):
        bundles.load(path)
    monkeypatch.setitem(FORMATS, "toy", TOY)
    loaded = bundles.load(path)
    assert_equal(loaded, toy)
    assert loaded.format == TOY
    assert sorted(loaded.records.codes.tolist()) == EVERY_TOY.tolist()
    assert tuple(loaded.history.columns) == history_columns(3)
    decoded = loaded.autoencoder.decode(loaded.records.mean)
    assert np.array_equal(decoded, toy.autoencoder.decode(toy.records.mean))


def test_a_bundle_of_own_data_is_assembled_from_these_only():
    toy = toy_bundle()
    parts = (toy.preset, toy.seed, toy.weights, toy.history)
    assert_equal(Bundle.assemble(*parts, "by hand", own=EVERY_TOY[::-1]), toy)
    with pytest.raises(ValueError, match="expected the 160 tags"):
        Bundle.assemble(*parts, own=EVERY_TOY[1:])


def bundle_with_columns():
    toy = toy_bundle()
    n = len(EVERY_TOY)
    further = pd.DataFrame(
        {
            "price": [None, *np.linspace(0.1, 9, n - 1)],
            "sold": [f"2024-{1 + i % 12:02}-01" for i in range(n)],
            "kind": ["", *["car", "van"] * (n // 2), "car"][:n],
        }
    )
    own = CodeTable.with_columns(TOY, EVERY_TOY, further)
    preset = dataclasses.replace(toy.preset, data=Data.of_own(own, seed=1))
    return Bundle.assemble(preset, toy.seed, toy.weights, toy.history, own=own), own


def test_a_bundle_has_the_further_columns_of_its_records(tmp_path, monkeypatch):
    monkeypatch.setitem(FORMATS, "toy", TOY)
    bundle, own = bundle_with_columns()
    loaded = bundles.load(bundles.save(bundle, tmp_path / "toy"))
    assert loaded.preset.data.columns == ("price", "sold", "kind")
    for name, attribute in own.attributes.items():
        for one in (bundle, loaded):
            expected = attribute.values(one.records.codes)
            np.testing.assert_array_equal(one.records.attribute(name), expected)
    assert loaded.records.table.sha256() == own.sha256() == loaded.preset.data.sha256
    assert [one.kind for one in loaded.records.attributes.values()][-3:] == [
        *("number", "date", "category")
    ]
    with pytest.raises(
        FormatError, match=r"an attribute of a tag \(.*price, sold, kind\), got 'x'"
    ):
        loaded.records.attribute("x")


def test_a_column_of_another_type_is_refused(tmp_path, monkeypatch):
    monkeypatch.setitem(FORMATS, "toy", TOY)
    bundle, _ = bundle_with_columns()
    wrong = bundle.records.further.assign(price=True)
    records = dataclasses.replace(bundle.records, further=wrong)
    path = bundles.save(dataclasses.replace(bundle, records=records), tmp_path / "toy")
    expected = r"records\.parquet: expected numbers, dates or texts in the column price, got bool"
    with pytest.raises(BundleError, match=expected):
        bundles.load(path)


def test_an_assembled_bundle_has_its_presets_data_encoded(tiny):
    splits = uk_registration.notebook_dataset(1, (40, 10, 5))
    assert tiny.records.codes.tolist() == np.concatenate(list(splits.values())).tolist()
    mean, sigma = tiny.autoencoder.encode(tiny.records.codes)
    assert np.array_equal(tiny.records.mean, mean)
    assert np.array_equal(tiny.records.sigma, sigma)


def test_weights_that_are_views_of_other_arrays_are_saved_too(tiny, tmp_path):
    views = {name: np.repeat(array, 2, axis=-1)[..., ::2] for name, array in tiny.weights.items()}
    assert not any(array.flags.c_contiguous for array in views.values() if array.ndim == 2)
    path = bundles.save(dataclasses.replace(tiny, weights=views), tmp_path / "tiny")
    assert_equal(bundles.load(path), tiny)


def test_a_saved_folder_contains_four_files_with_the_manifests_hashes(tiny, saved):
    assert sorted(file.name for file in saved.iterdir()) == sorted(FILES)
    assert [file.name for file in saved.parent.iterdir()] == ["tiny"]
    manifest = manifest_of(saved)
    for name in (WEIGHTS, RECORDS, HISTORY):
        content = (saved / name).read_bytes()
        assert manifest["files"][name] == hashlib.sha256(content).hexdigest()
    assert (manifest["schema"], manifest["name"], manifest["seed"]) == (bundles.SCHEMA, "tiny", 7)
    assert manifest["data_sha256"] == tiny.records.data_hash()
    assert {"python", "numpy", "tensorflow", "regvae"} <= manifest["versions"].keys()


def test_all_users_can_read_a_saved_folder(saved):
    assert saved.stat().st_mode & 0o777 == 0o755


def test_loaded_arrays_are_read_only(saved):
    loaded = bundles.load(saved)
    for array in (*loaded.weights.values(), loaded.records.codes, loaded.records.mean):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = array[-1]


def test_the_shipped_bundle_is_the_notebooks(bundle):
    assert bundle.name == "notebook-2d"
    assert bundle.preset == preset("notebook-2d")
    assert len(bundle.records) == 12_000
    assert bundle.records.codes[0] == "YK66BIQ"
    assert bundle.history["epoch"].tolist() == list(range(1, 401))
    assert tuple(bundle.history.columns) == history_columns(7)
    losses = bundle.history[["reconstruction", "kl"]].sum(axis=1)
    np.testing.assert_allclose(bundle.history["loss"], losses, rtol=1e-3)
    assert bundle.history["learning_rate"].round(6).tolist() == [0.004] * 200 + [0.001] * 200


# --- saving fails ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["empty folder", "bundle", "file"])
def test_an_existing_path_is_refused_and_unchanged(tiny, folder, tmp_path, kind):
    path = folder
    if kind == "empty folder":
        path = tmp_path / "empty"
        path.mkdir()
    elif kind == "file":
        path = tmp_path / "file"
        path.write_text("mine", "utf-8")
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    with pytest.raises(FileExistsError, match="already exists"):
        bundles.save(tiny, path)
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before
    assert path.exists()


def break_writing(monkeypatch, error, allowed):
    """Let the first files be written, and the next one fail half-way."""
    write, written = Path.write_bytes, []

    def write_bytes(path, content):
        if len(written) == allowed:
            write(path, content[: len(content) // 2])
            raise error
        written.append(path)
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", write_bytes)
    return written


@pytest.mark.parametrize("allowed", range(4))
def test_nothing_is_left_if_writing_a_file_fails(tiny, monkeypatch, tmp_path, allowed):
    written = break_writing(monkeypatch, OSError("no space left"), allowed)
    with pytest.raises(OSError, match="no space left"):
        bundles.save(tiny, tmp_path / "tiny")
    assert len(written) == allowed
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_left_if_saving_is_interrupted(tiny, monkeypatch, tmp_path):
    break_writing(monkeypatch, KeyboardInterrupt("stopped"), 2)
    with pytest.raises(KeyboardInterrupt, match="stopped"):
        bundles.save(tiny, tmp_path / "tiny")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("value", "error"), [(object(), TypeError), (float("nan"), ValueError)], ids=["object", "NaN"]
)
def test_nothing_is_left_if_the_metrics_cannot_be_json(tiny, tmp_path, value, error):
    with pytest.raises(error, match="JSON"):
        bundles.save(dataclasses.replace(tiny, metrics={"loss": value}), tmp_path / "tiny")
    assert list(tmp_path.iterdir()) == []


def test_saving_needs_an_existing_parent_folder(tiny, tmp_path):
    with pytest.raises(FileNotFoundError, match="a folder that exists"):
        bundles.save(tiny, tmp_path / "new" / "newer" / "tiny")
    assert list(tmp_path.iterdir()) == []


# --- damage found by the hashes -------------------------------------------------------------------


@DATA_FILES
def test_a_missing_file_or_a_folder_in_its_place_is_named(folder, name):
    (folder / name).unlink()
    assert_refused(folder, name, "expected a readable file, .* copy the bundle again")
    (folder / name).mkdir()
    assert_refused(folder, name, "expected a readable file")


def test_a_folder_without_a_manifest_is_not_a_bundle(folder):
    (folder / MANIFEST).unlink()
    with pytest.raises(BundleError, match=r"a folder with a manifest\.json"):
        bundles.load(folder)


@DATA_FILES
def test_a_changed_file_is_found(folder, name):
    content = (folder / name).read_bytes()
    for place in (0.0, 0.1, 0.5, 0.9, 1.0):
        flipped = bytearray(content)
        flipped[round(place * (len(content) - 1))] ^= 1
        (folder / name).write_bytes(flipped)
        assert_refused(folder, name, "expected sha256 .* copy the bundle again")
    for share in (0.0, 0.5, 0.999):
        (folder / name).write_bytes(content[: int(share * len(content))])
        assert_refused(folder, name, "expected sha256 .* copy the bundle again")


@DATA_FILES
def test_files_of_another_bundle_are_found(folder, tmp_path, name):
    shutil.copy(bundles.save(toy_bundle(), tmp_path / "toy") / name, folder / name)
    assert_refused(folder, name, "expected sha256")


# --- the manifest ---------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_a_manifest_cut_short_is_refused(folder, share):
    content = (folder / MANIFEST).read_bytes()
    (folder / MANIFEST).write_bytes(content[: int(share * len(content))])
    assert_refused(folder, MANIFEST, "expected a JSON manifest")


@pytest.mark.parametrize("content", [b"\xff\xfe\xfd", b"{]", b"not JSON", b"[" * 100_000])
def test_a_manifest_that_is_not_json_is_refused(folder, content):
    (folder / MANIFEST).write_bytes(content)
    assert_refused(folder, MANIFEST, "expected a JSON manifest")


@pytest.mark.parametrize("schema", [0, 1, 2, 4, None, "3", [3]])
def test_another_schema_is_refused(folder, schema):
    edit_manifest(folder, lambda manifest: manifest.update(schema=schema))
    assert_refused(folder, MANIFEST, "expected schema 3, got .*; train the bundle again")


@pytest.mark.parametrize("content", ["[]", "3", "null", '"text"', "{}"])
def test_a_manifest_without_a_schema_is_refused(folder, content):
    (folder / MANIFEST).write_text(content, "utf-8")
    assert_refused(folder, MANIFEST, "expected schema 3, got None")


@pytest.mark.parametrize("key", ["preset", "seed", "metrics", "data_sha256", "command"])
def test_a_missing_key_or_one_of_another_type_is_named(folder, key):
    edit_manifest(folder, lambda manifest: manifest.update({key: [1]}))
    assert_refused(folder, MANIFEST, f"'{key}' of type .* got")
    edit_manifest(folder, lambda manifest: manifest.pop(key))
    assert_refused(folder, MANIFEST, f"'{key}' of type .* got None")


@pytest.mark.parametrize(
    "change",
    [
        lambda manifest: manifest["files"].pop(HISTORY),
        lambda manifest: manifest["files"].update({"../secret": "0"}),
        lambda manifest: manifest.pop("files"),
        lambda manifest: manifest.update(files=[]),
    ],
    ids=["one missing", "one more", "none", "a list"],
)
def test_a_manifest_has_the_hashes_of_exactly_its_files(folder, change):
    edit_manifest(folder, change)
    assert_refused(folder, MANIFEST, f"the hashes of {WEIGHTS}, {RECORDS} and {HISTORY}")


@pytest.mark.parametrize("digest", ["", "0" * 64, None, 5])
def test_a_wrong_hash_names_the_file_with_the_data(folder, digest):
    edit_manifest(folder, lambda manifest: manifest["files"].update({RECORDS: digest}))
    assert_refused(folder, RECORDS, "expected sha256")


@pytest.mark.parametrize("part", ["name", "network", "data", "training"])
def test_a_preset_without_a_part_is_refused(folder, part):
    edit_manifest(folder, lambda manifest: manifest["preset"].pop(part))
    assert_refused(folder, MANIFEST, f"in the preset, expected .*{part}")


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("network", {"latent_dim": 2, "encoder": 5, "decoder": []}),
        ("network", {"latent_dim": 2, "encoder": [], "decoder": [], "depth": 3}),
        ("data", 5),
        ("data", {"seed": 0, "sizes": 5}),
        ("training", {"phases": [1, 2]}),
        ("training", {"phases": [{"learning_rate": 0.1, "epochs": 1, "warm_up": 3}]}),
    ],
)
def test_a_preset_of_another_form_is_refused(folder, part, value):
    edit_manifest(folder, lambda manifest: manifest["preset"].update({part: value}))
    assert_refused(folder, MANIFEST, "in the preset, expected")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("moon", "the name of a format"),
        (None, "the name of a format"),
        ({}, "the keys name, pattern"),
        ({"name": "moon", "pattern": "[a-z]"}, "the keys name, pattern"),
    ],
)
def test_an_unknown_format_is_refused(folder, value, words):
    edit_manifest(folder, lambda manifest: manifest["preset"]["data"].update(format=value))
    assert_refused(folder, MANIFEST, f"in the preset, expected {words}")


# --- damage with valid hashes: weights ------------------------------------------------------------


def test_other_files_than_safetensors_are_refused(folder):
    content = (folder / WEIGHTS).read_bytes()
    for damaged in (b"", b"weights", content[:-4], content[:4] + b"\xff" + content[5:]):
        replace(folder, WEIGHTS, damaged)
        assert_refused(folder, WEIGHTS, "expected a safetensors file")


@pytest.mark.parametrize("name", ["encoder.0.kernel", "mean.bias", "decoder.2.bias"])
def test_a_missing_weight_is_named(folder, name):
    edit_weights(folder, lambda weights: weights.pop(name))
    assert_refused(folder, WEIGHTS, rf"expected shape \(.*\) for the weight {name}, got none")


def test_an_extra_weight_is_named(folder):
    edit_weights(folder, lambda weights: weights.update(extra=np.zeros(3, dtype=np.float32)))
    assert_refused(folder, WEIGHTS, r"expected shape none for the weight extra, got \(3,\)")


@pytest.mark.parametrize("name", ["encoder.0.kernel", "log_sigma.kernel", "decoder.2.kernel"])
def test_a_weight_of_another_shape_is_named(folder, name):
    a, b = weight_shapes(TINY.network, 150)[name]
    edit_weights(folder, lambda weights: weights.update({name: weights[name].T.copy()}))
    words = rf"expected shape \({a}, {b}\) for the weight {name}, got \({b}, {a}\)"
    assert_refused(folder, WEIGHTS, words)


def test_weights_of_another_network_than_the_presets_are_refused(folder):
    edit_manifest(folder, lambda m: m["preset"]["network"].update(latent_dim=15))
    words = r"expected shape \(6, 15\) for the weight mean.kernel, got \(6, 3\)"
    assert_refused(folder, WEIGHTS, words)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_weight_that_is_not_finite_is_named(folder, bad):
    def change(weights):
        weights["decoder.1.kernel"][3, 2] = bad

    edit_weights(folder, change)
    assert_refused(folder, WEIGHTS, "finite float32 numbers in the weight decoder.1.kernel")


@pytest.mark.parametrize("kind", [np.float64, np.float16, np.int32])
def test_a_weight_of_another_type_is_named(folder, kind):
    edit_weights(folder, lambda w: w.update({"mean.bias": w["mean.bias"].astype(kind)}))
    assert_refused(folder, WEIGHTS, "finite float32 numbers in the weight mean.bias")


# --- damage with valid hashes: records ------------------------------------------------------------


def test_other_files_than_parquet_are_refused(folder):
    content = (folder / RECORDS).read_bytes()
    for damaged in (b"", b"records", content[:1_000], content[:-8]):
        replace(folder, RECORDS, damaged)
        assert_refused(folder, RECORDS, "expected a Parquet table")


@pytest.mark.parametrize("column", COLUMNS)
def test_a_missing_column_is_refused(folder, column):
    edit_records(folder, lambda table: table.drop(columns=column))
    assert_refused(folder, RECORDS, f"expected the columns {', '.join(COLUMNS)}, got")


def test_more_columns_or_another_order_are_refused(folder):
    edit_records(folder, lambda table: table[[*COLUMNS[:2], *COLUMNS[:1:-1]]])
    assert_refused(folder, RECORDS, "got reg, split, sigma_3, sigma_2, sigma_1, mean_3, mean_2")
    edit_records(folder, lambda table: table[sorted(table.columns)].assign(age=1))
    assert_refused(folder, RECORDS, "got mean_1, mean_2, mean_3, reg, .*, age")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        *(("sigma_1", value) for value in (0.0, -0.5, np.nan, np.inf)),
        *(("mean_2", value) for value in (np.nan, np.inf, -np.inf)),
        ("sigma_3", 0.0),
    ],
)
def test_records_have_finite_means_and_finite_sigmas_above_0(folder, column, value):
    edit_records(folder, put(column, 54, np.float32(value)))
    assert_refused(folder, RECORDS, "finite means, and finite sigmas above 0")


def test_means_that_are_not_numbers_are_refused(folder):
    edit_records(folder, lambda table: table.assign(mean_1="far"))
    assert_refused(folder, RECORDS, "expected regs, splits and numbers, got")


def test_a_bundle_without_records_is_refused(folder):
    edit_records(folder, lambda table: table[:0])
    update_data_hash(folder)
    assert_refused(folder, RECORDS, "expected records with")


@pytest.mark.parametrize(
    "code", ["AB12CD", "ABC2CDE", "", None, "ab12cde", "AB12 CDE", " AB12CDE", "AB12CDEF"]
)
def test_a_record_without_a_normalised_code_is_refused(folder, code):
    edit_records(folder, put("reg", 4, code))
    update_data_hash(folder)
    assert_refused(folder, RECORDS, "expected normalised regs such as AB12CDE, got .* as number 5")


def test_codes_that_are_not_text_are_refused(folder):
    table = pq.read_table(folder / RECORDS)
    undecodable = pa.array([b"\xff\xfe12CDE"] * table.num_rows, pa.large_binary())
    column = undecodable.view(pa.large_string())
    pq.write_table(table.set_column(0, "reg", column), folder / RECORDS)
    replace(folder, RECORDS, (folder / RECORDS).read_bytes())
    assert_refused(folder, RECORDS, "expected")


@pytest.mark.parametrize("split", ["exam", "", "TRAIN"])
def test_an_unknown_split_is_refused(folder, split):
    edit_records(folder, put("split", 4, split))
    update_data_hash(folder)
    assert_refused(folder, RECORDS, "expected the splits train, validation, test")


@pytest.mark.parametrize(
    "change",
    [put("reg", 4, "AB12CDE"), put("split", 4, "test"), lambda table: table[:-1]],
    ids=["another code", "another split", "one less"],
)
def test_other_data_than_the_manifests_are_refused(folder, change):
    edit_records(folder, change)
    assert_refused(folder, RECORDS, "the codes and splits of the manifest's data_sha256")


# --- damage with valid hashes: history ------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\xfd\n", b'"never closed'])
def test_other_files_than_csv_are_refused(folder, content):
    replace(folder, HISTORY, content)
    assert_refused(folder, HISTORY, "expected a CSV table|expected the columns epoch, ")


@pytest.mark.parametrize(
    "change",
    [
        lambda history: history.drop(columns="kl"),
        lambda history: history.rename(columns={"loss": "lost"}),
        lambda history: history[history.columns[::-1]],
        lambda history: history.assign(more=1),
    ],
    ids=["one missing", "one renamed", "another order", "one more"],
)
def test_other_columns_of_the_history_are_refused(folder, change):
    edit_history(folder, change)
    assert_refused(folder, HISTORY, "expected the columns epoch, learning_rate, loss, .*, seconds")


def test_a_row_with_too_many_values_is_refused(folder):
    content = (folder / HISTORY).read_bytes()
    replace(folder, HISTORY, content + b"3" + b",0" * 17 + b"\n")
    assert_refused(folder, HISTORY, "expected a CSV table")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda history: history.assign(loss="low"), "expected numbers"),
        (lambda history: history.assign(loss=np.inf), "finite numbers for each of 2 epochs"),
        (lambda history: history[:-1], "finite numbers for each of 2 epochs"),
        (lambda history: history[:0], "finite numbers for each of 2 epochs"),
    ],
    ids=["text", "infinite", "an epoch missing", "no epoch"],
)
def test_a_history_has_finite_numbers_for_every_epoch(folder, change, words):
    edit_history(folder, change)
    assert_refused(folder, HISTORY, words)
