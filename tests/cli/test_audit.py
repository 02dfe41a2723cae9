"""`regvae audit`."""

import json
import shutil

import numpy as np
import pytest

from regvae.audit import report
from regvae.audit.stored import AUDIT
from regvae.cli import audit as command
from regvae.model import store
from regvae.training.shadows import Shadows
from tests.cli import joined


@pytest.fixture(autouse=True)
def fewer_codes(monkeypatch):
    monkeypatch.setattr(report, "GENERATED", 3_000)


@pytest.fixture
def folder(tmp_path):
    """A copy of a shipped bundle, beside which an audit can be stored."""
    return shutil.copytree(
        store.ASSETS / "notebook-2d", tmp_path / "mine", ignore=shutil.ignore_patterns(AUDIT)
    )


def test_audit_tells_the_verdict_and_writes_the_report(output, folder, tmp_path):
    out = tmp_path / "report.html"
    text = output("audit", folder, "--out", out)
    stored = json.loads((folder / AUDIT).read_text())
    assert text.splitlines()[0] == stored["verdict"]["headline"]
    assert "tried   Membership: to tell the 10,000 regs" in text
    assert f"wrote {out}" in text
    assert out.read_text().startswith("<!doctype html>")
    assert stored["bundle"]["name"] == "mine"


def test_audit_json_is_for_machines(run, folder):
    status, out, err = run("audit", folder, "--json")
    table = json.loads(out)
    assert status == 0
    assert table == json.loads((folder / AUDIT).read_text())
    assert 0.7 < table["membership"]["loss"]["auc"] < 0.8
    assert "wrote" in err


def test_audit_of_results_is_not_stored(output, folder, tmp_path):
    out = tmp_path / "new.parquet"
    output("sample", folder, "--wanted", "number >= 50", "--until", 300, "--decode", "drawn",
           "--proposal", "around", "--clean", "--out", out)  # fmt: skip
    text = output("audit", folder, "--results", out)
    assert "Holes: " in text
    assert "from the 300 regs alone" in text
    assert not (folder / AUDIT).exists()


def test_fail_above_ends_with_status_1(run, folder):
    status, _, err = run("audit", folder, "--fail-above", "0.7")
    assert status == 1
    assert "expected no membership attack with an AUC above 0.7, got 0.7" in joined(err)
    assert run("audit", folder, "--fail-above", "0.9")[0] == 0


def test_membership_trains_so_many_shadow_models(output, folder, monkeypatch):
    given = []

    def trained(bundle, n, *, executor, on_done):
        assert executor is None
        given.append(n)
        on_done(n)
        rng = np.random.default_rng(1)
        shape = (n, len(bundle.records))
        return Shadows(rng.random(shape) + 0.1, rng.random(shape) < 0.8)

    monkeypatch.setattr(command, "train_shadows", trained)
    text = output("audit", folder, "--membership", "--shadows", 3)
    assert "By shadow models (LiRA)" in text
    output("audit", folder, "--membership")
    assert given == [3, 64]


def test_a_folder_that_cannot_be_written_is_told(run, folder, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(command, "store_audit", full)
    status, _, err = run("audit", folder)
    assert status == 0
    assert "not stored with the bundle (No space left on device)" in err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--shadows", "3"], "expected --shadows with --membership, got it alone; add"),
        (["--unwanted-file", "x.txt"], "expected --unwanted-file with --results, got it alone"),
        (["--out", "a.txt"], "expected a name that ends in .html, got 'a.txt'; change it"),
        (["--results", "none.parquet"], "none.parquet: No such file or directory; check the path"),
        (["--results", "r.html", "--out", "r.html"], "expected different files"),
    ],
)
def test_options_that_do_not_fit_are_refused(refusal, folder, options, message):
    assert message in refusal("audit", folder, *options)
