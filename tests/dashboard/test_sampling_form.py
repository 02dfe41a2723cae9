"""The form of rejection sampling: lists, regions, proposals, and policies as files."""

import dataclasses
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import services, state
from dashboard.panels import sampling_form
from dashboard.words import explore as explore_words
from dashboard.words import guarantee as guarantee_words
from dashboard.words import results as results_words
from dashboard.words import sampling as words
from regvae.cli import main
from regvae.evaluation.notebook import UNWANTED
from regvae.model import bundle as bundles
from regvae.rejection.calibration import calibrate
from regvae.rejection.guarantee import guaranteed
from regvae.rejection.policy import DRAWN, Policy
from regvae.rejection.proposals import Around, Box, Prior
from regvae.rejection.rules import OneSided, TwoSided
from regvae.rejection.unwanted import Unwanted
from tests.dashboard import SQUARE, generate_results, open_tab, opened, press, problems_of, text_of
from tests.dashboard.conftest import Models, Sent


@pytest.fixture
def form() -> AppTest:
    """The explore page with the form of rejection sampling open."""
    return opened(tab=explore_words.SAMPLE_TAB)


def unwanted_problem(problem: str) -> str:
    return words.UNWANTED_PROBLEM.format(problem=problem)


def test_a_list_of_regs_is_unwanted_too(form: AppTest) -> None:
    form.text_input(key=state.WANTED).input("")
    form.text_area(key=state.LISTED).input("AB12 CDE\nXY67ZZZ").run()
    assert not problems_of(form)
    upload = form.file_uploader(key=state.LISTED_FILE)
    upload.upload("more.txt", b"xy67 zzz\r\nde34fgh\r\nab12cde").run()
    listed = form.text_area(key=state.LISTED).value.split()
    assert listed == ["AB12", "CDE", "XY67ZZZ", "DE34FGH", "AB12CDE"]
    upload = form.file_uploader(key=state.LISTED_FILE)
    upload.upload("bad.txt", b"AB12CDE\nrubbish").run()
    assert "bad.txt" in problems_of(form)
    assert "line 2 ('rubbish')" in problems_of(form)
    form.text_area(key=state.LISTED).input("AB12 CDE\nrubbish\n\n12345").run()
    assert "line 2 ('rubbish'), line 4 ('12345')" in problems_of(form)


BAD_PREDICATES = [
    ("colour == red", "What is wanted: expected an attribute"),
    ("__import__('os')", "What is wanted: expected 'attribute op value'"),
    ("", "What is wanted: expected something unwanted"),
    ("number >= 0", "number < 0"),
    ("number < 0", "number >= 0"),
]


def test_a_predicate_that_cannot_be_used_is_a_sentence(form: AppTest) -> None:
    for predicate, sentence in BAD_PREDICATES:
        form.text_input(key=state.WANTED).input(predicate).run()
        assert sentence in problems_of(form), predicate
    form.text_input(key=state.WANTED).input("number >= 50").run()
    assert not problems_of(form)


def test_rows_write_what_is_wanted(form: AppTest) -> None:
    def text() -> str:
        return str(form.text_input(key=state.WANTED).value)

    form.text_input(key="wanted-0-value").set_value("70").run()
    assert text() == "number >= 70"
    form.button(key="wanted-add").click().run()
    form.selectbox(key="wanted-1-attribute").select("area").run()
    form.selectbox(key="wanted-1-value").select("london").run()
    assert text() == "number >= 70 and area == london"
    form.segmented_control(key="wanted-1-join").set_value("or").run()
    form.selectbox(key="wanted-1-operator").select("in").run()
    form.multiselect(key="wanted-1-value").select("leeds").run()
    assert text() == "number >= 70 or area in london, leeds"
    form.selectbox(key="wanted-0-attribute").select("valid").run()
    assert text() == "valid == True or area in london, leeds"
    form.button(key="wanted-0-remove").click().run()
    assert text() == "area in london, leeds"
    assert not problems_of(form)


def test_a_text_sets_the_rows(form: AppTest) -> None:
    form.text_input(key=state.WANTED).input("tens in 1, 2 and area != leeds or valid == no").run()
    assert form.text_input(key="wanted-0-value").value == "1, 2"
    assert form.selectbox(key="wanted-1-value").value == "leeds"
    assert form.segmented_control(key="wanted-2-join").value == "or"
    assert form.selectbox(key="wanted-2-value").value == "letters never issued"
    form.text_input(key="wanted-0-value").set_value("rubbish").run()  # refused: nothing changes
    assert form.text_input(key="wanted-0-value").value == "1, 2"
    form.text_input(key=state.WANTED).input("colour == red").run()
    assert "Expected an attribute" in problems_of(form)  # beside its field


def test_an_address_sets_the_rows() -> None:
    form = opened(tab=explore_words.SAMPLE_TAB, wanted="number >= 30 and area == london")
    assert form.text_input(key="wanted-0-value").value == "30"
    assert form.selectbox(key="wanted-1-value").value == "london"


def test_an_address_of_what_is_unwanted_says_the_opposite() -> None:
    form = opened(tab=explore_words.SAMPLE_TAB, unwanted="number < 30 and area == london")
    assert form.text_input(key=state.WANTED).value == "number >= 30 or area != london"
    assert "unwanted" not in form.query_params


def test_all_training_data_can_be_unwanted() -> None:
    form = opened(training="true", point="0, 0", unwanted="number < 3")
    assert not problems_of(form)
    assert explore_words.REJECTED.format(rule="one-sided") in text_of(form)


def test_a_region_must_be_selected_before_it_is_used(form: AppTest) -> None:
    form.checkbox(key=state.USE_REGION).check().run()
    assert unwanted_problem(words.NO_REGION) in problems_of(form)
    form.checkbox(key=state.USE_REGION).uncheck()
    form.selectbox(key=state.PROPOSAL).select("region").run()
    assert words.PROBLEM.format(problem=words.NO_REGION) in problems_of(form)
    form.session_state[state.REGION] = SQUARE
    assert not problems_of(form.run())
    for proposal in ("prior", "around", "box"):
        form.selectbox(key=state.PROPOSAL).select(proposal).run()
        assert not problems_of(form)


def test_the_usual_proposals_are_around_records_in_many_dimensions(models: Models) -> None:
    del models
    calibrated = opened(model="few").session_state
    few = sampling_form._proposal(calibrated, "few", services.version_of("few"))
    assert few == Around(calibrate(services.bundle("few", services.version_of("few"))).draw_scale)
    plane = opened(box="2.5").session_state
    assert sampling_form._proposal(plane, "notebook-2d", "") == Box(2.5)


def test_a_scale_around_records_is_given_by_the_address_and_the_form() -> None:
    app = opened(tab=explore_words.SAMPLE_TAB, proposal="around", scale="0.5")
    assert not problems_of(app)
    scale = app.number_input(key=state.SCALE)
    assert scale.value == 0.5
    open_tab(app, explore_words.RESULTS_TAB)
    press(app, results_words.GENERATE)
    assert app.session_state[state.RESULTS].policy.proposal == Around(0.5)
    app.session_state[state.RESULTS].result()


def test_a_saved_scale_around_records_sets_its_widget(form: AppTest) -> None:
    saved = Policy("notebook-2d", UNWANTED, OneSided(), Around(0.0625)).signed()
    upload = form.file_uploader(key=state.POLICY_FILE)
    upload.upload("saved.toml", saved.to_toml().encode()).run()
    assert not problems_of(form)
    assert form.number_input(key=state.SCALE).value == 0.0625
    for scale in (0.0001, None):
        changed = dataclasses.replace(saved, proposal=Around(scale)).to_toml()
        upload = form.file_uploader(key=state.POLICY_FILE)
        upload.upload("saved.toml", changed.encode()).run()
        assert ("scale from 0.001 to 100" in problems_of(form)) == (scale is not None)
    assert form.number_input(key=state.SCALE).value is None


def test_a_saved_policy_sets_every_widget(form: AppTest) -> None:
    saved = Policy(
        "notebook-2d",
        Unwanted.of(["number < 50", "area == london"], listed=["AB12CDE"], training=True),
        TwoSided(0.3, 1.2),
        Prior(),
        proposals=700,
        results=4,
        clean=False,
        decode="drawn",
        seed=9,
    ).signed()
    form.file_uploader(key=state.POLICY_FILE).upload("saved.toml", saved.to_toml().encode()).run()
    assert not problems_of(form)
    open_tab(form, explore_words.RESULTS_TAB)
    press(form, results_words.GENERATE)
    used = form.session_state[state.RESULTS].policy
    assert dataclasses.replace(used, proposals=700) == saved  # a limit, which the page sets itself


def repeating(text: str) -> str:
    """A policy file's text whose five results may repeat each other."""
    return text.replace("repeats = false", "repeats = true") + "results = 5\n"


CHANGES: list[tuple[Callable[[str], str], str]] = [
    (lambda _: "rubbish", "saved.toml"),
    (lambda text: text.replace("notebook-2d", "other"), "got one for other"),
    (lambda text: text.replace("width = 3.0", "width = 0.05"), "box from 0.1 to 20"),
    (lambda text: f"{text}results = 2_000_000\n", "from 1 to 1,000,000, got 2,000,000; use"),
    (lambda text: repeating(text), "results are different codes, got one with repeats"),
    (lambda text: re.sub("sha256 = .*", 'sha256 = "0"', text), "sha256"),
]


def test_a_policy_that_the_widgets_cannot_have_is_a_sentence(form: AppTest) -> None:
    saved = Policy("notebook-2d", UNWANTED, OneSided()).signed().to_toml()
    for change, sentence in CHANGES:
        assert change(saved) != saved
        upload = form.file_uploader(key=state.POLICY_FILE)
        upload.upload("saved.toml", change(saved).encode()).run()
        assert sentence in problems_of(form)
    form.file_uploader(key=state.POLICY_FILE).upload("saved.toml", saved.encode()).run()
    assert not problems_of(form)


def saved_on_the_command_line(
    monkeypatch: pytest.MonkeyPatch, folder: Path, *options: str
) -> tuple[Policy, bytes, bytes]:
    """What `regvae sample` saves as a policy, and the bytes of its results as Parquet and CSV."""
    path, files = folder / "saved.toml", [folder / f"saved{kind}" for kind in (".parquet", ".csv")]
    first = ["sample", *options, "--save-policy", str(path), "--out", str(files[0])]
    for arguments in (first, ["sample", "--policy", str(path), "--out", str(files[1])]):
        monkeypatch.setattr(sys, "argv", ["regvae", *arguments])
        with pytest.raises(SystemExit, match="0"):
            main()
    parquet, csv = (file.read_bytes() for file in files)
    return Policy.from_toml(path.read_text()), parquet, csv


ON_THE_COMMAND_LINE = [
    (["--rule", "two-sided", "--purity", "0.999", "--decode", "drawn", "--until", "30"], 13),
    (
        [
            "--rule",
            "two-sided",
            "--margin",
            "3.14159",
            "--support",
            "12",
            "--n",
            "700",
            "--repeats",
            "--seed",
            "4",
        ],
        10,
    ),
]


@pytest.mark.parametrize(("options", "beyond"), ON_THE_COMMAND_LINE)
def test_a_policy_with_exact_numbers_gives_the_bytes_of_the_command_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, options: list[str], beyond: float
) -> None:
    wanted = ["--unwanted", "tens in 0, 1, 2, 3, 4"]
    saved, *expected = saved_on_the_command_line(
        monkeypatch, tmp_path, "ordered-2d", *wanted, *options
    )
    assert max(saved.rule.values().values()) > beyond  # the sliders end at 10
    form = opened(model="ordered-2d", tab=explore_words.SAMPLE_TAB)
    form.file_uploader(key=state.POLICY_FILE).upload("saved.toml", saved.to_toml().encode()).run()
    assert not problems_of(form)
    assert guarantee_words.NUMBERS.split(":")[0] in text_of(form)
    for sentence in (saved.guarantee.sentence("box"),) if saved.guarantee else ():
        assert sentence[1:] in form.success[0].value.replace("\\", "")
    open_tab(form, explore_words.RESULTS_TAB)
    generate_results(form)
    assert results_words.OUTDATED not in problems_of(form)
    run = form.session_state[state.RESULTS]
    assert run.policy == saved
    assert [run.result().content[kind].read() for kind in (".parquet", ".csv")] == expected


def test_a_moved_slider_or_another_setting_ends_what_a_file_has_set(sent: Sent) -> None:
    saved = Policy("notebook-2d", UNWANTED, TwoSided(0.30001, 1.20002), results=5).signed()
    form = opened(tab=explore_words.SAMPLE_TAB)
    form.file_uploader(key=state.POLICY_FILE).upload("saved.toml", saved.to_toml().encode()).run()
    assert form.number_input(key="margin").value == 0.3
    form.number_input(key=state.SEED).set_value(3).run()  # the numbers are the rule's
    assert sent[-1]["report"]["parameters"] == saved.rule.values()
    form.number_input(key="margin").set_value(0.5).run()
    assert sent[-1]["report"]["parameters"] == {"margin": 0.5, "support": 1.20002}
    form.segmented_control(key=state.RULE).set_value("one-sided").run()
    assert guarantee_words.NUMBERS.split(":")[0] not in text_of(form)


def test_a_guarantee_of_another_policy_is_refused() -> None:
    bundle = bundles.load("ordered-2d")
    shown = guaranteed(bundle, Policy(bundle.name, UNWANTED, TwoSided(), results=5), 0.99)
    form = opened(model="ordered-2d", tab=explore_words.SAMPLE_TAB)
    for changed, sentence in (
        (dataclasses.replace(shown, decode=DRAWN), "expected a guarantee of this"),
        (dataclasses.replace(shown, rule=TwoSided(1.0, 2.0)), "expected a guarantee of this"),
        (nothing_shown(shown), "expected a policy whose tests certified its numbers"),
    ):
        upload = form.file_uploader(key=state.POLICY_FILE)
        upload.upload("saved.toml", changed.to_toml().encode()).run()
        assert sentence in problems_of(form).replace("Expected", "expected")
        assert form.number_input(key="margin").value == TwoSided().margin


def nothing_shown(policy: Policy) -> Policy:
    """The policy with a guarantee that could not be given."""
    assert policy.guarantee
    none = dataclasses.replace(policy.guarantee, certified=False)
    policy = dataclasses.replace(policy, guarantee=none)
    of = dataclasses.replace(none, of=policy.guarantee_hash())
    return dataclasses.replace(policy, guarantee=of)
