"""`regvae train` and `regvae study`."""

import dataclasses
import json
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from regvae.evaluation.study import model_outcome, over_seeds, rule_outcomes
from regvae.formats import FORMATS
from regvae.model import bundle as bundles
from regvae.model import presets
from regvae.model.config import Data, Network, Order, Phase, Preset, Privacy, Training
from regvae.rejection.rules import RULES
from tests.rejection.bundles import with_rows

TINY = Preset("tiny", Network(2, (8,), (8,)), Data(sizes=(30, 10, 10)), Training((Phase(0.01, 2),)))


def same_weights(one, other):
    return all(np.array_equal(one.weights[name], other.weights[name]) for name in one.weights)


def codes_in(path, format="french-registration", n=200):
    """A file of codes of a built-in format, one of them wrong and one given twice."""
    one = FORMATS[format]
    codes = one.generate(n, rng=np.random.default_rng(3)).tolist()
    lines = ["plate", *map(one.shown, codes), "WW-1", one.shown(codes[0])]
    path.write_text("\n".join(lines), "utf-8")
    return path


@pytest.mark.training
def test_a_preset_is_trained_on_the_codes_of_a_file(output, tmp_path, monkeypatch):
    monkeypatch.setitem(presets.PRESETS, "tiny", TINY)
    data = codes_in(tmp_path / "cars.csv")
    given = ["train", "tiny", "--data", data, "--format", "french-registration"]
    text = output(*given, "--out", tmp_path / "model")
    assert "202 read from the column 'plate', 200 different codes" in text
    assert "1 dropped, 7 characters are expected: line 202 'WW-1'" in text
    assert "1 dropped, a duplicate: line 203" in text
    found = bundles.load(tmp_path / "model")
    assert found.format == FORMATS["french-registration"]
    assert found.command == (
        f"regvae train tiny --data {data} --format french-registration "
        f"--out {tmp_path / 'model'} --seed 0"
    )
    assert found.records.sizes() == {"train": 168, "validation": 16, "test": 16}
    shown = output("sample", tmp_path / "model", "--wanted", "number >= 500", "--n", 50, "--json")
    assert json.loads(shown)["proposed"] == 50


@pytest.mark.training
def test_the_format_is_inferred_and_an_attribute_can_be_ordered(output, tmp_path, monkeypatch):
    monkeypatch.setitem(presets.PRESETS, "tiny", TINY)
    data = codes_in(tmp_path / "cars.csv")
    given = ["train", "tiny", "--data", data, "--format", "infer", "--order", "digits_3_to_5"]
    text = output(*given, "--out", tmp_path / "model")
    assert "[A-HJ-NP-TV-Z]{2}-[0-9]{3}-[A-HJ-NP-TV-Z]{2} in the column 'plate'" in text
    found = bundles.load(tmp_path / "model")
    assert found.format.definition["name"] == "cars"
    assert [(one.attribute, one.axis) for one in found.preset.training.orders] == [
        ("digits_3_to_5", 1)
    ]


def test_a_built_in_format_is_used_if_it_fits_and_none_is_given(output, tmp_path, monkeypatch):
    monkeypatch.setitem(presets.PRESETS, "tiny", TINY)
    text = output(
        "train", "tiny", "--data", codes_in(tmp_path / "cars.csv"), "--out", tmp_path / "m"
    )
    assert "cars.csv: french-registration, [A-HJ-NP-TV-Z]{2}-" in text
    assert bundles.load(tmp_path / "m").format == FORMATS["french-registration"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--format", "vin"], "got no --data; add it"),
        (["--data", "nowhere.csv"], "nowhere.csv: No such file"),
        (["--data", "FEW"], "expected at least 120 distinct registrations to train on, got 50"),
        (["--data", "CARS", "--format", "moon"], "expected a format (uk-registration, "),
        (
            ["--data", "CARS", "--format", "infer", "--order", "number"],
            "attributes of a code (character_1, ",
        ),
        (["--data", "CARS", "--column", "colour"], "a column of this file"),
    ],
)
def test_data_that_cannot_be_trained_on_are_refused(refusal, tmp_path, options, words):
    names = {
        "CARS": codes_in(tmp_path / "cars.csv"),
        "FEW": codes_in(tmp_path / "few.csv", n=50),
    }
    given = [names.get(one, one) for one in options]
    assert words in refusal("train", "exact-15d", *given, "--out", tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_an_order_that_the_format_lacks_is_replaced_in_a_preset_and_refused_if_it_is_given(
    output, refusal, tmp_path, monkeypatch
):
    orders = (Order("number", 1),)
    monkeypatch.setitem(
        presets.PRESETS, "tiny", replace(TINY, training=replace(TINY.training, orders=orders))
    )
    data = codes_in(tmp_path / "codes.csv", "uk-postcode")
    given = ["train", "tiny", "--data", data, "--format", "uk-postcode", "--out", tmp_path / "m"]
    words = refusal(*given, "--order", "number")
    assert "attributes of a postcode (first_letter, " in words
    assert "to order by, got number; choose among them" in words
    text = output(*given)
    assert "ordered by sector: postcodes do not have the preset's attributes" in text
    assert bundles.load(tmp_path / "m").preset.training.orders == (Order("sector", 1),)


@pytest.mark.training
def test_a_bundle_is_trained_again_and_a_stopped_training_run_is_resumed(
    run, output, tmp_path, monkeypatch
):
    from regvae.training import trainer

    first = trainer.train(TINY, tmp_path / "first", seed=7)
    assert "wrote " in output("train", tmp_path / "first", "--out", tmp_path / "same")
    again = bundles.load(tmp_path / "same")
    assert (again.preset, again.seed) == (TINY, 7)
    assert again.command.endswith("--seed 7")
    assert same_weights(again, first)

    run_epoch = trainer.Trainer.run_epoch

    def stopped_by_its_user(self):
        if self.history:
            raise KeyboardInterrupt
        return run_epoch(self)

    command = ["train", tmp_path / "first", "--out", tmp_path / "other", "--seed", "8"]
    with monkeypatch.context() as patch:
        patch.setattr(trainer.Trainer, "run_epoch", stopped_by_its_user)
        status, _, err = run(*command)
    assert status == 2
    assert err == f"regvae: stopped; continue with: regvae {' '.join(map(str, command))} --resume\n"
    assert "validation loss" in output(*command, "--resume")
    other = bundles.load(tmp_path / "other")
    assert other.seed == 8
    assert not same_weights(other, first)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["first", "other", "same"]


@pytest.mark.training
def test_a_private_run_says_its_epsilon_and_that_it_is_not_repeated(output, tmp_path, monkeypatch):
    training = replace(TINY.training, privacy=Privacy(1.0, 2.0, 1e-3))
    monkeypatch.setitem(presets.PRESETS, "tiny", replace(TINY, training=training))
    text = output("train", "tiny", "--out", tmp_path / "model")
    bundle = bundles.load(tmp_path / "model")
    assert bundle.privacy.sentence("regs") in text
    assert "of the system's entropy, not of the seed: training again gives another model" in text
    output("train", "tiny", "--out", tmp_path / "again")
    assert not same_weights(bundle, bundles.load(tmp_path / "again"))
    assert bundle.privacy.sentence("regs") in output("report", tmp_path / "model")
    printed = json.loads(output("report", tmp_path / "model", "--json"))
    assert printed["privacy"] == dataclasses.asdict(bundle.privacy)


def test_an_unknown_preset_is_refused_with_the_names_that_exist(refusal, tmp_path):
    line = refusal("train", "notebook-3d", "--out", tmp_path / "new")
    assert "expected a preset (notebook-2d, notebook-15d, " in line
    assert "or a bundle, got 'notebook-3d'" in line
    assert list(tmp_path.iterdir()) == []


def test_an_existing_path_is_not_trained_to(refusal, damaged):
    before = sorted(path.read_bytes() for path in damaged.iterdir())
    assert f"{damaged}, which already exists" in refusal("train", "notebook-2d", "--out", damaged)
    assert sorted(path.read_bytes() for path in damaged.iterdir()) == before


def test_a_damaged_bundle_is_not_trained_again(refusal, damaged):
    line = refusal("train", damaged, "--out", damaged.parent / "new")
    assert f"{damaged / 'history.csv'}: expected sha256" in line


# --- study ----------------------------------------------------------------------------------------


@pytest.fixture
def trained(bundle, tmp_path, monkeypatch):
    """A folder with a model that is already trained; to train another one would fail."""
    monkeypatch.setitem(sys.modules, "regvae.training.trainer", None)
    folder = tmp_path / "models"
    (folder / "notebook-2d").mkdir(parents=True)
    few = with_rows(bundle, slice(None, None, 20))
    bundles.save(dataclasses.replace(few, seed=20), folder / "notebook-2d" / "seed-20")
    return folder


def test_a_study_compares_the_rules_on_trained_models(output, trained, tmp_path):
    paths = [tmp_path / "study.csv", tmp_path / "models.csv"]
    options = ["--proposals", 5_000, "--out", paths[0], "--models-out", paths[1]]
    figures, *lines = output("study", "--folder", trained, "--seeds", 1, *options).splitlines()
    model = bundles.load(trained / "notebook-2d" / "seed-20")
    outcome, outcomes = model_outcome(model), list(rule_outcomes(model, proposals=5_000))
    assert figures == f"notebook-2d seed 20  {outcome.sentence()}"
    assert {one.rule for one in outcomes} == set(RULES)
    assert {one.target for one in outcomes} == {None, 0.999}
    assert lines == [
        *(f"notebook-2d seed 20  {one.sentence()}" for one in outcomes),
        f"wrote {paths[0]}: {len(outcomes)} rows",
        f"wrote {paths[1]}: 1 rows",
        *over_seeds(outcomes),
    ]
    for path, expected in zip(paths, (outcomes, [outcome]), strict=True):
        table = pd.DataFrame([dataclasses.asdict(one) for one in expected]).fillna(np.nan)
        pd.testing.assert_frame_equal(pd.read_csv(path), table, check_dtype=False)
    assert [one.name for one in (trained / "notebook-2d").iterdir()] == ["seed-20"]


def test_a_study_without_rules_prints_the_figures_of_models_only(output, trained):
    (line,) = output("study", "--folder", trained, "--seeds", 1, "--no-rules").splitlines()
    model = bundles.load(trained / "notebook-2d" / "seed-20")
    assert line == f"notebook-2d seed 20  {model_outcome(model).sentence()}"


def test_a_study_without_rules_has_no_table_of_rules(refusal, tmp_path):
    folder, out = tmp_path / "models", tmp_path / "study.csv"
    line = refusal("study", "--folder", folder, "--seeds", 1, "--no-rules", "--out", out)
    assert "--no-rules" in line
    assert list(tmp_path.iterdir()) == []


def test_two_tables_of_a_study_need_different_files(refusal, tmp_path):
    out = tmp_path / "study.csv"
    line = refusal("study", "--folder", tmp_path / "models", "--out", out, "--models-out", out)
    assert "expected different files" in line
    assert list(tmp_path.iterdir()) == []


def test_a_study_of_a_damaged_model_is_refused_with_its_file(refusal, trained):
    path = trained / "notebook-2d" / "seed-20" / "history.csv"
    path.write_bytes(path.read_bytes() + b"x")
    assert f"{path}: expected sha256" in refusal("study", "--folder", trained, "--seeds", 1)


def test_a_study_of_another_model_is_refused(refusal, bundle, tmp_path):
    (tmp_path / "notebook-2d").mkdir()
    bundles.save(bundle, tmp_path / "notebook-2d" / "seed-20")
    words = refusal("study", "--folder", tmp_path, "--seeds", 1)
    assert "seed-20: expected notebook-2d with seed 20, got notebook-2d with seed 2" in words


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--preset", "notebook-3d"], "notebook-2d, notebook-15d, "),
        (["--seeds", "0"], "greater than or equal to 1"),
        (["--seeds", "101"], "less than or equal to 100"),
        (["--out", "study.txt"], "ends in .csv or .parquet, got 'study.txt'"),
        (["--out", "nowhere/study.csv"], "expected a folder 'nowhere'"),
    ],
)
def test_options_of_a_study_that_cannot_be_used_are_refused(refusal, tmp_path, options, words):
    folder = tmp_path / "models"
    assert words in refusal("study", "--folder", folder, *options)
    assert not folder.exists()


def test_the_folder_of_a_study_needs_an_existing_parent(refusal, tmp_path):
    assert "nowhere" in refusal("study", "--folder", tmp_path / "nowhere" / "models")
