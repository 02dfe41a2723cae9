"""Bundles: saved whole or not at all, loaded as they were saved, and refused when damaged."""

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

from regvae.evaluation.accuracy import accuracy
from regvae.evaluation.check import check
from regvae.formats import uk_registration
from regvae.model import bundle as bundles
from regvae.model import store
from regvae.model.autoencoder import weight_shapes
from regvae.model.bundle import HISTORY, HISTORY_COLUMNS, RECORDS, WEIGHTS, Bundle
from regvae.model.config import Data, Network, Phase, Preset, Training
from regvae.model.presets import preset
from regvae.model.store import MANIFEST, BundleError

SHIPPED = store.ASSETS / "notebook-2d"
FILES = (MANIFEST, WEIGHTS, RECORDS, HISTORY)
TINY = Preset(
    "tiny",
    Network(3, encoder=(6,), decoder=(5, 4)),
    Data(seed=1, sizes=(40, 10, 5)),
    Training((Phase(0.1, 1), Phase(0.01, 1)), batch_size=4, noise=1.0),
)


def tiny():
    """A bundle of random weights in three dimensions, with losses that want every digit."""
    rng = np.random.default_rng(5)
    weights = {
        name: rng.normal(0, 0.3, shape).astype(np.float32)
        for name, shape in weight_shapes(TINY.network).items()
    }
    history = pd.DataFrame(
        rng.random((2, len(HISTORY_COLUMNS))) * 30, columns=list(HISTORY_COLUMNS)
    )
    made = Bundle.assemble(TINY, 7, weights, history.assign(epoch=[1, 2]), "made by hand")
    return dataclasses.replace(made, metrics={"loss": 1.25, "accuracy": [{"n": 5}]})


@pytest.fixture
def folder(tmp_path):
    """A copy of the shipped bundle, to be damaged."""
    return Path(shutil.copytree(SHIPPED, tmp_path / "copy"))


def manifest_of(folder):
    return json.loads((folder / MANIFEST).read_text("utf-8"))


def edit_manifest(folder, change):
    manifest = manifest_of(folder)
    change(manifest)
    (folder / MANIFEST).write_text(json.dumps(manifest), "utf-8")


def replace(folder, name, content):
    """Give a file another content, and the manifest its hash."""
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
    changed.to_parquet(folder / RECORDS, index=False)
    replace(folder, RECORDS, (folder / RECORDS).read_bytes())


def edit_history(folder, change):
    history = pd.read_csv(folder / HISTORY)
    replace(folder, HISTORY, change(history).to_csv(index=False).encode())


def accept_regs(folder):
    """Make the manifest's hash of the data that of the records, whatever they are."""
    table = pd.read_parquet(folder / RECORDS)
    text = "\n".join(f"{s},{r}" for s, r in zip(table["split"], table["reg"], strict=True))
    digest = hashlib.sha256(text.encode()).hexdigest()
    edit_manifest(folder, lambda manifest: manifest.update(data_sha256=digest))


def assert_refused(folder, name, words, *, by=bundles.load):
    """The folder is refused in one sentence that names the file."""
    with pytest.raises(BundleError, match=words) as caught:
        by(folder)
    assert str(folder / name) in str(caught.value)


def assert_equal(one, other):
    """Two bundles hold the same, to the last bit."""
    assert one.preset == other.preset
    assert (one.seed, one.command, one.metrics) == (other.seed, other.command, other.metrics)
    assert one.weights.keys() == other.weights.keys()
    for name, array in one.weights.items():
        assert array.dtype == other.weights[name].dtype == np.float32
        assert np.array_equal(array, other.weights[name])
    for field in dataclasses.fields(one.records):
        array, same = (getattr(bundle.records, field.name) for bundle in (one, other))
        assert array.dtype.kind == same.dtype.kind
        assert np.array_equal(array, same)
    pd.testing.assert_frame_equal(one.history, other.history, check_exact=True)


# --- saving and loading ---------------------------------------------------------------------------


def test_a_bundle_comes_back_as_it_was_saved(tmp_path):
    made = tiny()
    path = bundles.save(made, tmp_path / "tiny")
    assert path == tmp_path / "tiny"
    loaded = bundles.load(path)
    assert_equal(loaded, made)
    assert loaded.name == made.name == "tiny"
    z = np.random.default_rng(0).normal(size=(50, 3))
    assert np.array_equal(loaded.autoencoder.logits(z), made.autoencoder.logits(z))


def test_weights_that_are_parts_of_other_arrays_come_back_too(tmp_path):
    made = tiny()
    wider = {name: np.repeat(array, 2, axis=-1)[..., ::2] for name, array in made.weights.items()}
    assert not any(array.flags.c_contiguous for array in wider.values() if array.ndim == 2)
    assert_equal(
        bundles.load(bundles.save(dataclasses.replace(made, weights=wider), tmp_path / "tiny")),
        made,
    )


def test_what_json_cannot_say_is_not_written(tmp_path):
    made = dataclasses.replace(tiny(), metrics={"share": float("nan")})
    with pytest.raises(ValueError, match="JSON"):
        bundles.save(made, tmp_path / "tiny")
    assert list(tmp_path.iterdir()) == []


def test_the_shipped_bundle_comes_back_as_it_was_saved(bundle, tmp_path):
    assert_equal(bundles.load(bundles.save(bundle, tmp_path / "copy")), bundle)


def test_a_saved_bundle_passes_its_check(tmp_path):
    shares = [accuracy(tiny(), split=split) for split in uk_registration.SPLITS]
    honest = dataclasses.replace(tiny(), metrics={"accuracy": shares})
    assert_equal(check(bundles.save(honest, str(tmp_path / "b"))), honest)


def test_a_check_notices_accuracies_that_the_weights_do_not_give(tmp_path):
    with pytest.raises(BundleError, match=r"manifest\.json: its accuracies are not those"):
        check(bundles.save(tiny(), tmp_path / "b"))


def test_a_saved_folder_holds_four_files_with_the_manifests_hashes(tmp_path):
    path = bundles.save(tiny(), tmp_path / "tiny")
    assert sorted(file.name for file in path.iterdir()) == sorted(FILES)
    assert [file.name for file in tmp_path.iterdir()] == ["tiny"]
    manifest = manifest_of(path)
    for name in (WEIGHTS, RECORDS, HISTORY):
        content = (path / name).read_bytes()
        assert manifest["files"][name] == hashlib.sha256(content).hexdigest()
    assert (manifest["schema"], manifest["name"], manifest["seed"]) == (bundles.SCHEMA, "tiny", 7)
    assert manifest["data_sha256"] == tiny().records.data_hash()
    assert {"python", "numpy", "tensorflow", "regvae"} <= manifest["versions"].keys()


def test_a_saved_folder_can_be_read_by_all(tmp_path):
    assert bundles.save(tiny(), tmp_path / "tiny").stat().st_mode & 0o777 == 0o755


def test_an_assembled_bundle_draws_and_encodes_its_presets_data():
    made = tiny()
    splits = uk_registration.notebook_dataset(1, (40, 10, 5))
    assert made.records.codes.tolist() == np.concatenate(list(splits.values())).tolist()
    mean, sigma = made.autoencoder.encode(made.records.codes)
    assert np.array_equal(made.records.mean, mean)
    assert np.array_equal(made.records.sigma, sigma)


def test_loaded_arrays_are_read_only(bundle):
    for array in (*bundle.weights.values(), bundle.records.codes, bundle.records.mean):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = array[-1]


def test_the_shipped_bundle_is_the_notebooks(bundle):
    assert bundle.name == "notebook-2d"
    assert bundle.preset == preset("notebook-2d")
    assert len(bundle.records) == 12_000
    assert bundle.records.codes[0] == "YK66BIQ"
    assert bundle.history["epoch"].tolist() == list(range(1, 401))
    assert tuple(bundle.history.columns) == HISTORY_COLUMNS
    losses = bundle.history[["reconstruction", "kl"]].sum(axis=1)
    np.testing.assert_allclose(bundle.history["loss"], losses, rtol=1e-3)
    assert bundle.history["learning_rate"].round(6).tolist() == [0.004] * 200 + [0.001] * 200


def test_the_shipped_bundle_passes_its_check(bundle):
    assert_equal(check("notebook-2d"), bundle)


def test_a_bundle_is_found_by_its_name_and_by_its_path(folder, monkeypatch):
    assert store.resolve("notebook-2d") == SHIPPED
    assert store.resolve(str(folder)) == store.resolve(folder) == folder
    monkeypatch.chdir(folder.parent)
    assert store.resolve("copy") == Path("copy")


def test_the_bundles_of_a_folder_are_those_with_a_manifest(folder):
    (folder.parent / "another").mkdir()
    shutil.copytree(folder, folder.parent / "a copy")
    assert store.available(folder.parent) == ["a copy", "copy"]
    (folder.parent / "copy").rename(folder.parent / ".being-written")
    assert store.available(folder.parent) == ["a copy"]


def test_bundles_that_were_kept_stand_beside_those_shipped(folder, monkeypatch):
    shipped = store.available()
    assert {"notebook-2d", "exact-15d"} <= set(shipped)
    monkeypatch.setenv("REGVAE_HOME", str(folder.parent / "home"))
    kept = folder.parent / "home" / "models" / "mine"
    kept.parent.mkdir(parents=True)
    folder.rename(kept)
    assert store.available() == sorted([*shipped, "mine"])
    assert store.resolve("mine") == kept
    assert bundles.load("mine").name == "mine"


@pytest.mark.parametrize("name", ["nowhere", "no/where", "", "x" * 300])
def test_what_is_no_bundle_is_answered_with_those_that_exist(name):
    words = r"there is no bundle '.*one of .*notebook-2d.*, or the path of a folder with a man"
    with pytest.raises(BundleError, match=words):
        bundles.load(name)


def test_a_bundle_error_is_a_value_error():
    assert issubclass(BundleError, ValueError)


# --- saving fails ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["empty folder", "bundle", "file"])
def test_saving_refuses_a_path_that_exists_and_leaves_it_alone(folder, tmp_path, kind):
    path = folder
    if kind == "empty folder":
        path = tmp_path / "empty"
        path.mkdir()
    elif kind == "file":
        path = tmp_path / "file"
        path.write_text("mine", "utf-8")
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    with pytest.raises(FileExistsError, match="already exists; choose another name or remove it"):
        bundles.save(tiny(), path)
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before
    assert path.exists()


def broken_writing(monkeypatch, error, allowed):
    """Let the first files be written, and the next one break half-way."""
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
def test_saving_leaves_nothing_behind_when_a_file_breaks(monkeypatch, tmp_path, allowed):
    written = broken_writing(monkeypatch, OSError("no space left"), allowed)
    with pytest.raises(OSError, match="no space left"):
        bundles.save(tiny(), tmp_path / "tiny")
    assert len(written) == allowed
    assert list(tmp_path.iterdir()) == []


def test_saving_leaves_nothing_behind_when_it_is_interrupted(monkeypatch, tmp_path):
    broken_writing(monkeypatch, KeyboardInterrupt("stopped"), 2)
    with pytest.raises(KeyboardInterrupt, match="stopped"):
        bundles.save(tiny(), tmp_path / "tiny")
    assert list(tmp_path.iterdir()) == []


def test_saving_leaves_nothing_behind_when_the_content_cannot_be_made(tmp_path):
    unwritable = dataclasses.replace(tiny(), metrics={"loss": object()})
    with pytest.raises(TypeError, match="not JSON serializable"):
        bundles.save(unwritable, tmp_path / "tiny")
    assert list(tmp_path.iterdir()) == []


def test_saving_wants_a_folder_to_save_to(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no folder '.*newer' to write tiny to"):
        bundles.save(tiny(), tmp_path / "new" / "newer" / "tiny")
    assert list(tmp_path.iterdir()) == []


# --- damage that the hashes notice ----------------------------------------------------------------


def test_an_undamaged_copy_loads(folder, bundle):
    assert_equal(bundles.load(folder), bundle)


@pytest.mark.parametrize("name", [WEIGHTS, RECORDS, HISTORY])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    assert_refused(folder, name, "the file is missing or unreadable; copy it again")


def test_without_its_manifest_a_folder_is_no_bundle(folder):
    (folder / MANIFEST).unlink()
    with pytest.raises(BundleError, match=r"no bundle .* a folder with a manifest\.json"):
        bundles.load(folder)


@pytest.mark.parametrize("name", [WEIGHTS, RECORDS, HISTORY])
def test_a_folder_in_the_place_of_a_file_is_named(folder, name):
    (folder / name).unlink()
    (folder / name).mkdir()
    assert_refused(folder, name, "the file is missing or unreadable")


@pytest.mark.parametrize("name", [WEIGHTS, RECORDS, HISTORY])
@pytest.mark.parametrize("place", [0.0, 0.1, 0.5, 0.9, 1.0])
def test_one_flipped_bit_is_noticed(folder, name, place):
    content = bytearray((folder / name).read_bytes())
    content[round(place * (len(content) - 1))] ^= 1
    (folder / name).write_bytes(content)
    assert_refused(folder, name, "wanted sha256 .* altered or cut short, copy it again")


@pytest.mark.parametrize("name", [WEIGHTS, RECORDS, HISTORY])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.999])
def test_a_file_cut_short_is_noticed(folder, name, share):
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: int(share * len(content))])
    assert_refused(folder, name, "wanted sha256 .* altered or cut short, copy it again")


@pytest.mark.parametrize("name", [WEIGHTS, RECORDS, HISTORY])
def test_files_of_another_bundle_are_noticed(folder, tmp_path, name):
    shutil.copy(bundles.save(tiny(), tmp_path / "tiny") / name, folder / name)
    assert_refused(folder, name, "wanted sha256 .* altered or cut short, copy it again")


# --- the manifest ---------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_a_manifest_cut_short_is_noticed(folder, share):
    content = (folder / MANIFEST).read_bytes()
    (folder / MANIFEST).write_bytes(content[: int(share * len(content))])
    assert_refused(folder, MANIFEST, "wanted a JSON manifest, but")


@pytest.mark.parametrize("content", [b"\xff\xfe\xfd", b"{]", b"not JSON"])
def test_a_manifest_wants_to_be_json(folder, content):
    (folder / MANIFEST).write_bytes(content)
    assert_refused(folder, MANIFEST, "wanted a JSON manifest, but")


@pytest.mark.parametrize("schema", [0, 1, 3, None, "2", [2]])
def test_another_schema_is_refused(folder, schema):
    edit_manifest(folder, lambda manifest: manifest.update(schema=schema))
    assert_refused(folder, MANIFEST, "wanted schema 2, but it has .*; train it again")


@pytest.mark.parametrize("content", ["[]", "3", "null", '"text"', "{}"])
def test_a_manifest_without_a_schema_is_refused(folder, content):
    (folder / MANIFEST).write_text(content, "utf-8")
    assert_refused(folder, MANIFEST, "wanted schema 2, but it has None")


KEYS = ["preset", "seed", "metrics", "data_sha256", "command"]


@pytest.mark.parametrize("key", KEYS)
def test_a_lacking_key_of_the_manifest_is_named(folder, key):
    edit_manifest(folder, lambda manifest: manifest.pop(key))
    assert_refused(folder, MANIFEST, f"wanted '{key}' as ")


@pytest.mark.parametrize("key", KEYS)
def test_a_key_of_another_kind_is_named(folder, key):
    edit_manifest(folder, lambda manifest: manifest.update({key: [1]}))
    assert_refused(folder, MANIFEST, f"wanted '{key}' as ")


def without_history(manifest):
    del manifest["files"][HISTORY]


def with_another_file(manifest):
    manifest["files"]["../secret"] = "0"


@pytest.mark.parametrize(
    "change",
    [
        without_history,
        with_another_file,
        lambda manifest: manifest.pop("files"),
        lambda manifest: manifest.update(files=[]),
    ],
    ids=["one lacking", "one more", "none", "a list"],
)
def test_a_manifest_wants_the_hashes_of_exactly_its_files(folder, change):
    edit_manifest(folder, change)
    assert_refused(folder, MANIFEST, f"wanted the hashes of {WEIGHTS}, {RECORDS} and {HISTORY}")


@pytest.mark.parametrize("digest", ["", "0" * 64, None, 5])
def test_a_hash_that_no_content_has_names_the_data_file(folder, digest):
    edit_manifest(folder, lambda manifest: manifest["files"].update({RECORDS: digest}))
    assert_refused(folder, RECORDS, "wanted sha256 .* altered or cut short")


@pytest.mark.parametrize("part", ["name", "network", "data", "training"])
def test_a_preset_that_lacks_a_part_is_refused(folder, part):
    edit_manifest(folder, lambda manifest: manifest["preset"].pop(part))
    assert_refused(folder, MANIFEST, f"its preset cannot be read: .*{part}")


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
    assert_refused(folder, MANIFEST, "its preset cannot be read: ")


# --- damage behind the hashes: weights ------------------------------------------------------------


def test_what_is_no_safetensors_is_refused(folder):
    content = (folder / WEIGHTS).read_bytes()
    for damaged in (b"", b"weights", content[:-4], content[:4] + b"\xff" + content[5:]):
        replace(folder, WEIGHTS, damaged)
        assert_refused(folder, WEIGHTS, "wanted safetensors, but")


@pytest.mark.parametrize("name", ["encoder.0.kernel", "mean.bias", "decoder.3.bias"])
def test_a_missing_weight_is_named_with_its_shape(folder, name):
    shape = weight_shapes(Network(2))[name]
    edit_weights(folder, lambda weights: weights.pop(name))
    words = rf"wanted {name} of shape \({shape[0]}, ?{shape[1] if shape[1:] else ''}\), but it is"
    assert_refused(folder, WEIGHTS, words)


def test_an_extra_weight_is_named(folder):
    edit_weights(folder, lambda weights: weights.update(extra=np.zeros(3, dtype=np.float32)))
    assert_refused(folder, WEIGHTS, r"extra .*\(3,\)")


@pytest.mark.parametrize("name", ["encoder.1.kernel", "log_sigma.kernel", "decoder.2.kernel"])
def test_a_weight_of_another_shape_is_named_with_both_shapes(folder, name):
    rows, columns = weight_shapes(Network(2))[name]
    edit_weights(folder, lambda weights: weights.update({name: weights[name].T.copy()}))
    words = rf"wanted {name} of shape \({rows}, {columns}\), but it is \({columns}, {rows}\)"
    assert_refused(folder, WEIGHTS, words)


def test_weights_of_another_network_than_the_presets_are_refused(folder):
    edit_manifest(folder, lambda m: m["preset"]["network"].update(latent_dim=15))
    assert_refused(folder, WEIGHTS, r"wanted mean.kernel of shape \(25, 15\), but it is \(25, 2\)")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_weight_that_is_not_finite_is_named(folder, bad):
    def change(weights):
        weights["decoder.1.kernel"][3, 4] = bad

    edit_weights(folder, change)
    assert_refused(folder, WEIGHTS, "wanted finite float32 numbers, but decoder.1.kernel has")


@pytest.mark.parametrize("kind", [np.float64, np.float16, np.int32])
def test_a_weight_of_another_type_is_named(folder, kind):
    edit_weights(folder, lambda w: w.update({"mean.bias": w["mean.bias"].astype(kind)}))
    assert_refused(folder, WEIGHTS, "wanted finite float32 numbers, but mean.bias has")


# --- damage behind the hashes: records ------------------------------------------------------------


def test_what_is_no_parquet_is_refused(folder):
    content = (folder / RECORDS).read_bytes()
    for damaged in (b"", b"records", content[:1_000], content[:-8]):
        replace(folder, RECORDS, damaged)
        assert_refused(folder, RECORDS, "wanted a Parquet table, but")


@pytest.mark.parametrize("column", ["reg", "split", "mean_1", "mean_2", "sigma_1", "sigma_2"])
def test_a_missing_column_is_refused_with_those_wanted(folder, column):
    edit_records(folder, lambda table: table.drop(columns=column))
    words = "wanted columns reg, split, mean_1, mean_2, sigma_1, sigma_2, but it has "
    assert_refused(folder, RECORDS, words)


def test_columns_that_are_more_or_in_another_order_are_refused(folder):
    edit_records(folder, lambda table: table[[*table.columns[:2], *table.columns[:1:-1]]])
    assert_refused(folder, RECORDS, "but it has reg, split, sigma_2, sigma_1, mean_2, mean_1")
    edit_records(folder, lambda table: table[sorted(table.columns)].assign(age=1))
    assert_refused(folder, RECORDS, "but it has mean_1, mean_2, reg, .*, age")


def put(column, row, value):
    def change(table):
        table.loc[row, column] = value

    return change


@pytest.mark.parametrize("column", ["sigma_1", "sigma_2"])
@pytest.mark.parametrize("value", [0.0, -0.5, np.nan, np.inf])
def test_a_sigma_that_is_no_standard_deviation_is_refused(folder, column, value):
    edit_records(folder, put(column, 11_999, np.float32(value)))
    assert_refused(folder, RECORDS, "wanted finite means and sigmas above 0")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_mean_that_is_not_finite_is_refused(folder, value):
    edit_records(folder, put("mean_2", 0, np.float32(value)))
    assert_refused(folder, RECORDS, "wanted finite means and sigmas above 0")


def test_a_mean_that_is_no_number_is_refused(folder):
    edit_records(folder, lambda table: table.assign(mean_1="far"))
    assert_refused(folder, RECORDS, "wanted")


@pytest.mark.parametrize(
    ("reg", "words"),
    [
        ("AB12CD", "a reg has 7 characters .* has 6"),
        ("ABC2CDE", "position 3 of a reg wants a digit 0 to 9"),
        ("", "a reg has 7 characters"),
        (None, "a reg is text|a reg has 7 characters"),
    ],
)
def test_a_record_that_is_no_reg_is_refused(folder, reg, words):
    edit_records(folder, put("reg", 4, reg))
    accept_regs(folder)
    assert_refused(folder, RECORDS, words)


@pytest.mark.parametrize("typed", ["ab12cde", "AB12 CDE", " AB12CDE"])
def test_a_record_that_is_not_normalised_is_refused(folder, typed):
    edit_records(folder, put("reg", 4, typed))
    accept_regs(folder)
    assert_refused(folder, RECORDS, r"records\.parquet: .*reg")


def test_a_record_that_is_no_text_at_all_is_refused(folder):
    table = pq.read_table(folder / RECORDS)
    undecodable = pa.array([b"\xff\xfe12CDE"] * table.num_rows, pa.large_binary())
    column = undecodable.view(pa.large_string())
    pq.write_table(table.set_column(0, "reg", column), folder / RECORDS)
    replace(folder, RECORDS, (folder / RECORDS).read_bytes())
    assert_refused(folder, RECORDS, "wanted|a reg is text")


@pytest.mark.parametrize("split", ["exam", "", "TRAIN"])
def test_an_unknown_split_is_refused(folder, split):
    edit_records(folder, put("split", 4, split))
    accept_regs(folder)
    assert_refused(folder, RECORDS, "wanted the splits train, validation, test")


@pytest.mark.parametrize(
    "change",
    [put("reg", 4, "AB12CDE"), put("split", 4, "test"), lambda table: table[:-1]],
    ids=["another reg", "another split", "one less"],
)
def test_other_data_than_the_manifests_are_refused(folder, change):
    edit_records(folder, change)
    assert_refused(folder, RECORDS, "its regs are not those of the manifest's hash")


# --- damage behind the hashes: history ------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\xfd\n", b'"never closed'])
def test_what_is_no_csv_is_refused(folder, content):
    replace(folder, HISTORY, content)
    assert_refused(folder, HISTORY, "wanted a CSV table, but|wanted columns epoch, ")


@pytest.mark.parametrize(
    "change",
    [
        lambda history: history.drop(columns="kl"),
        lambda history: history.rename(columns={"loss": "lost"}),
        lambda history: history[history.columns[::-1]],
        lambda history: history.assign(more=1),
    ],
    ids=["one lacking", "one renamed", "another order", "one more"],
)
def test_other_columns_of_the_history_are_refused(folder, change):
    edit_history(folder, change)
    assert_refused(folder, HISTORY, "wanted columns epoch, learning_rate, loss, .*, seconds")


def test_a_row_too_long_is_refused(folder):
    content = (folder / HISTORY).read_bytes()
    replace(folder, HISTORY, content + b"401" + b",0" * 17 + b"\n")
    assert_refused(folder, HISTORY, "wanted a CSV table, but")


@pytest.mark.parametrize(
    "change",
    [
        lambda history: history.assign(loss="low"),
        lambda history: history[:-1],
        lambda history: history[:0],
    ],
    ids=["a loss in words", "an epoch lacking", "no epoch"],
)
def test_a_history_wants_numbers_for_every_epoch(folder, change):
    edit_history(folder, change)
    assert_refused(folder, HISTORY, "wanted")


# --- check ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("column", ["mean_1", "mean_2", "sigma_1", "sigma_2"])
def test_a_check_notices_one_record_that_the_weights_do_not_encode(folder, column):
    def change(table):
        table.loc[7_000, column] += np.float32(0.01)

    edit_records(folder, change)
    bundles.load(folder)
    words = f"its {column[:-2]}s are not those that the weights encode"
    assert_refused(folder, RECORDS, words, by=check)


def test_a_check_lets_differences_of_rounding_pass(folder):
    edit_records(folder, lambda table: table.assign(mean_1=table["mean_1"] + np.float32(1e-6)))
    assert len(check(folder).records) == 12_000


def test_a_check_notices_weights_that_encode_otherwise(folder):
    def change(weights):
        weights["encoder.0.kernel"] *= np.float32(1.01)

    edit_weights(folder, change)
    bundles.load(folder)
    assert_refused(folder, RECORDS, "are not those that the weights encode", by=check)


def swap(table):
    table.loc[[0, 1]] = table.loc[[1, 0]].to_numpy()


@pytest.mark.parametrize(
    "change", [swap, lambda table: table[:-1]], ids=["two swapped", "one less"]
)
def test_a_check_notices_other_data_than_the_seed_draws(folder, change):
    edit_records(folder, change)
    accept_regs(folder)
    bundles.load(folder)
    words = "its regs are not those that the preset's data seed draws"
    assert_refused(folder, RECORDS, words, by=check)


def test_a_check_notices_another_data_seed(folder):
    edit_manifest(folder, lambda manifest: manifest["preset"]["data"].update(seed=1))
    words = "its regs are not those that the preset's data seed draws"
    assert_refused(folder, RECORDS, words, by=check)


@pytest.mark.parametrize(
    "data",
    [
        {"seed": 0, "sizes": [10_000, 1_000]},
        {"seed": 0, "sizes": [0, 1_000, 1_000]},
        {"seed": 0, "sizes": ["10000", "1000", "1000"]},
        {"seed": [0], "sizes": [10_000, 1_000, 1_000]},
    ],
)
def test_a_check_refuses_data_that_cannot_be_drawn(folder, data):
    edit_manifest(folder, lambda manifest: manifest["preset"].update(data=data))
    assert_refused(folder, MANIFEST, "preset", by=check)


@pytest.mark.parametrize("name", [WEIGHTS, RECORDS, HISTORY])
def test_a_check_notices_what_loading_does(folder, name):
    (folder / name).unlink()
    assert_refused(folder, name, "the file is missing", by=check)
