"""The privacy audit of a model and of results, against the library's own."""

import dataclasses
import json
import threading
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import services, state
from dashboard.panels import audit as panel
from dashboard.panels.results import Data
from dashboard.words import audit as words
from dashboard.words.explore import RESULTS_TAB
from regvae.audit import html, report
from regvae.audit.stored import AUDIT, as_json, store_audit, stored_audit
from regvae.generation.reading import read_results
from regvae.model import bundle as bundles
from regvae.model import store
from regvae.model.bundle import Bundle
from tests.dashboard import (
    charts_of,
    generate_results,
    labels_of,
    opened,
    part_of,
    press,
    problems_of,
    text_of,
    unescaped,
)

Files = dict[str, bytes]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Audits generate few codes."""
    monkeypatch.setattr(report, "GENERATED", 2_000)


@pytest.fixture
def stored(bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bundle:
    """A model with few records, in the place of notebook-2d, whose folder can be written."""
    some = part_of(bundle, np.arange(0, len(bundle.records), 20))
    bundles.save(some, tmp_path / "notebook-2d")
    monkeypatch.setattr(store, "ASSETS", tmp_path)
    return bundles.load("notebook-2d")


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> Files:
    """The files that are offered, by their names."""
    files: Files = {}

    def download(_label: str, data: Data | bytes, name: str, *_: object, **__: object) -> None:
        read = data() if callable(data) else data
        files[name] = read.encode() if isinstance(read, str) else read

    monkeypatch.setattr("streamlit.download_button", download)
    return files


def audited(app: AppTest, label: str = words.AUDIT, key: str = state.AUDIT) -> AppTest:
    """Press the button that audits, and wait for the audit."""
    press(app, label)
    app.session_state[key].found.exception()
    return app.run()


def with_shadows(found: dict[str, Any]) -> dict[str, Any]:
    """An audit as it is after shadow models were trained."""
    lira = found["membership"]["loss"] | {"auc": 0.875, "auc_interval": [0.85, 0.9]}
    return found | {"shadows": 64, "membership": found["membership"] | {"lira": lira}}


def test_a_stored_audit_is_shown_and_offered(stored: Bundle, offered: Files) -> None:
    found = report.audit(stored).to_dict()
    store_audit(found, "notebook-2d")
    app = opened("report")
    text, verdict = text_of(app), found["verdict"]
    assert f'<p class="audit-verdict">{escape(verdict["headline"])}</p>' in text
    assert verdict["advice"] in text
    for sentence in (*verdict["found"], *verdict["tried"], *verdict["limits"]):
        assert sentence in text
    loss = found["membership"]["loss"]
    share, (low, high) = loss["tpr_at_0.001"], loss["tpr_at_0.001_interval"]
    assert f"{100 * share:.1f} % ({100 * low:.1f} to {100 * high:.1f})" in text
    assert f"{loss['auc']:.3f} ({loss['auc_interval'][0]:.3f} to" in text
    chart = charts_of(app)[-1]["data"][0]
    assert chart["y"] == ["the model's loss", "the regs alone"]
    assert words.NONE not in text
    assert words.AUDIT not in labels_of(app)
    assert offered["privacy-audit-notebook-2d.html"] == html.html(found).encode()
    assert offered["privacy-audit-notebook-2d.json"] == as_json(found)


def test_an_audit_of_another_version_is_not_shown(stored: Bundle) -> None:
    found = report.audit(stored).to_dict()
    folder = store_audit(found, "notebook-2d").parent
    manifest = json.loads((folder / store.MANIFEST).read_text())
    assert words.AUDIT not in labels_of(opened("report"))
    (folder / store.MANIFEST).write_text(json.dumps(manifest, indent=3))
    app = opened("report")
    assert words.NONE in text_of(app)
    assert found["verdict"]["headline"] not in text_of(app)


def test_a_model_is_audited_at_a_press_and_the_audit_stored(stored: Bundle) -> None:
    app = opened("report")
    assert words.NONE in text_of(app)
    audited(app)
    found = stored_audit("notebook-2d")
    assert found == json.loads(as_json(report.audit(stored).to_dict()))
    assert found["verdict"]["headline"] in text_of(app)
    assert words.NOT_STORED not in text_of(app)
    assert found["verdict"]["headline"] in text_of(opened("report"))  # another session


def test_a_folder_that_cannot_be_written_leaves_the_audit_to_the_session(
    stored: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(panel, "store_audit", refuse)
    app = audited(opened("report"))
    headline = report.audit(stored).to_dict()["verdict"]["headline"]
    assert headline in text_of(app.run())
    assert words.NOT_STORED in text_of(app)
    assert words.NONE in text_of(opened("report"))


@pytest.mark.usefixtures("stored")
def test_what_an_audit_raises_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def raises(*_: object, **__: object) -> None:
        raise ValueError("expected records, got [none](x)")

    monkeypatch.setattr(report, "audit", raises)
    app = audited(opened("report"))
    assert problems_of(app) == "Expected records, got [none](x)."
    assert words.AUDIT in labels_of(app)


def test_the_line_of_a_running_audit_tells_its_step(
    stored: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go = threading.Event(), threading.Event()

    def work(_name: str, _version: str, on_step: Callable[[str], object]) -> dict[str, Any]:
        on_step("inference")
        begun.set()
        go.wait(20)
        return report.audit(stored).to_dict()

    monkeypatch.setattr(services, "audited", work)
    app = opened("report")
    press(app, words.AUDIT)
    begun.wait(20)
    app.run()
    assert [unescaped(bar.proto.text) for bar in app.get("progress")] == [words.STEPS["inference"]]
    assert words.AUDIT not in labels_of(app)
    other = opened("report")
    press(other, words.AUDIT)
    assert [bar.proto.text for bar in other.get("progress")] == [words.STEPS[words.WAITING]]
    go.set()
    for one in (app, other):
        one.session_state[state.AUDIT].found.result()
    assert not app.run().get("progress")


def test_every_step_of_an_audit_has_its_words_in_order(stored: Bundle) -> None:
    steps = [words.WAITING]
    report.audit(stored, on_step=steps.append)
    assert steps == list(words.STEPS)


def test_the_command_that_trains_shadow_models_is_shown_until_it_has_run(stored: Bundle) -> None:
    command = "regvae audit notebook-2d --membership"
    app = opened("report")
    assert command in [one.value for one in app.code]
    seconds = stored.history["seconds"].sum()
    assert (
        f"Each takes about {seconds:.0f} s, all of them about {64 * seconds / 60:.0f} min"
        in text_of(app)
    )
    store_audit(with_shadows(report.audit(stored).to_dict()), "notebook-2d")
    app = opened("report")
    assert command not in [one.value for one in app.code]
    assert charts_of(app)[-1]["data"][0]["y"][1] == "shadow models (LiRA)"
    assert "0.875 (0.850 to 0.900)" in text_of(app)


def test_results_are_audited_as_their_file_is_on_the_command_line(
    bundle: Bundle, offered: Files, tmp_path: Path
) -> None:
    app = opened(tab=RESULTS_TAB)
    app.session_state[state.LISTED] = "AB12CDE"  # not in the file, which is to be shared
    app.run()
    app.number_input(key=state.NUMBER).set_value(30).run()
    generate_results(app)
    audited(app, words.AUDIT_RESULTS, state.RESULTS_AUDIT)
    assert not problems_of(app)
    file = tmp_path / "regs-notebook-2d.parquet"
    file.write_bytes(offered[file.name])
    expected = report.audit(bundle, read_results(file, bundle, ("AB12CDE",))).to_dict()
    found = app.session_state[state.RESULTS_AUDIT].found.result()
    assert as_json(found) == as_json(expected)
    assert found["source"]["codes"] == 30
    text = text_of(app)
    assert expected["verdict"]["headline"] in text
    assert expected["verdict"]["advice"] in text
    assert words.HOLES.format(sentence=expected["holes"]["sentence"]) in text
    name = "privacy-audit-regs-notebook-2d.html"
    assert offered[name] == html.html(expected).encode()
    app.number_input(key=state.NUMBER).set_value(20).run()
    generate_results(app)  # others, which are not audited
    assert words.AUDIT_RESULTS in labels_of(app)
    assert expected["verdict"]["headline"] not in text_of(app)


def test_holes_of_too_many_points_are_left_to_the_command_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(services, "MOST_PROPOSED", 10)
    app = opened(tab=RESULTS_TAB)
    app.number_input(key=state.NUMBER).set_value(30).run()
    generate_results(app)
    audited(app, words.AUDIT_RESULTS, state.RESULTS_AUDIT)
    told = words.TOO_MANY.format(most=10, model="notebook-2d")
    assert words.HOLES.format(sentence=told) in text_of(app)


def test_no_results_are_not_audited() -> None:
    app = opened(tab=RESULTS_TAB, threshold="6.0")
    app.radio(key=state.RESULTS_RULE).set_value(state.MAPS_RULE).run()
    app.number_input(key=state.NUMBER).set_value(5).run()
    generate_results(app)
    assert words.AUDIT_RESULTS not in labels_of(app)


def test_a_name_is_quoted_in_the_command(stored: Bundle, tmp_path: Path) -> None:
    bundles.save(dataclasses.replace(stored, name="my model"), tmp_path / "my model")
    app = opened("report", model="my model")
    assert "regvae audit 'my model' --membership" in [one.value for one in app.code]
    assert not (tmp_path / "my model" / AUDIT).exists()
