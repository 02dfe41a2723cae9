"""`regvae sample` with a purity that is required: its JSON, its file, its exit status."""

import json
import shutil

import pytest

from regvae.model import store
from regvae.rejection import guarantee, sampling


@pytest.fixture(autouse=True)
def fewer_points(monkeypatch):
    """Learn from half as many points, and test with half as many."""
    monkeypatch.setattr(sampling, "points_seen", lambda k: 50_000)  # noqa: ARG005
    monkeypatch.setattr(
        guarantee.guaranteed, "__kwdefaults__", {"measurer": None, "tested": 100_000}
    )


@pytest.fixture
def sample(run, small):
    """Sample with number < 50 unwanted: exit status, and what JSON is printed."""

    def sampled(*options):
        status, out, err = run("sample", small, "--unwanted", "number < 50", "--json", *options)
        return status, json.loads(out), err

    return sampled


def test_a_rule_that_learns_has_the_usual_guarantee(sample):
    status, found, _ = sample("--rule", "learned", "--until", 20)
    assert status == 0, found["guarantee"]["sentence"]
    told = found["guarantee"]
    assert (told["purity"], told["confidence"], told["certified"]) == (0.999, 0.95, True)
    assert told["parameters"] == {"score": found["score"]}
    assert 0 <= told["leaks"] < 0.001 * told["accepted"]
    assert found["kept"] == 20


def test_a_saved_policy_has_its_guarantee_and_gives_the_same(sample, run, tmp_path):
    saved = tmp_path / "new.toml"
    _, found, _ = sample("--rule", "learned", "--purity", 0.99, "--save-policy", saved)
    status, out, _ = run("sample", "--policy", saved, "--json")
    assert status == 0
    assert json.loads(out) == found
    without = tmp_path / "without.toml"
    without.write_text(saved.read_text("utf-8").split("[guarantee]")[0], "utf-8")
    status, _, err = run("sample", "--policy", without)
    assert status == 2
    assert "expected a guarantee of purity for the seed 0 with the rule learned" in err


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("purity = 0.99", "purity = 0.9999"),
        ("confidence = 0.95", "confidence = 0.99"),
        ("half_width = 3.0", "half_width = 6.0"),
        ("number < 50", "number < 60"),
        ('decode = "likeliest"', 'decode = "drawn"'),
        ("threshold = ", "threshold = 0.1 # "),
    ],
)
def test_a_guarantee_of_something_else_is_refused(sample, run, tmp_path, before, after):
    saved = tmp_path / "saved.toml"
    sample("--rule", "one-sided", "--purity", 0.99, "--save-policy", saved)
    text = saved.read_text("utf-8")
    assert text.count(before) == 1
    changed, out = tmp_path / "changed.toml", tmp_path / "new.csv"
    changed.write_text(text.replace(before, after), "utf-8")
    status, _, err = run("sample", "--policy", changed, "--out", out)
    assert status == 2
    assert "expected a guarantee of this policy, got one of another rule" in err
    assert not out.exists()


def test_where_nothing_is_shown_there_are_no_results_and_the_exit_status_tells(sample):
    status, found, err = sample("--rule", "one-sided", "--purity", 0.9999)
    assert status == 1  # also where no number of results is required
    assert (found["accepted"], found["kept"]) == (0, 0)
    assert found["guarantee"]["certified"] is False
    assert "so nothing is accepted" in found["guarantee"]["sentence"]
    assert found["guarantee"]["sentence"] in err


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--rule", "learned", "--score", 2], "expected --rule learned without score, which its"),
        (["--rule", "one-sided", "--threshold", 2, "--purity", 0.9], "expected --purity without t"),
        (["--rule", "learned", "--purity", 1], "expected a purity above 0 and below 1, got 1; no"),
        (["--rule", "learned", "--confidence", 0], "expected a confidence above 0 and below 1"),
        (["--rule", "one-sided", "--confidence", 0.9], "expected --confidence with --purity, got"),
        (["--rule", "certified", "--purity", 0.9], "whose purity is 1 by construction; leave"),
    ],
)
def test_what_cannot_be_shown_is_refused(refusal, small, options, told):
    assert told in refusal("sample", small, "--unwanted", "number < 50", *options)


def test_a_guarantee_does_not_pass_to_another_bundle_of_the_name(run, small, tmp_path):
    folder, saved, out = tmp_path / "mine", tmp_path / "saved.toml", tmp_path / "new.csv"
    shutil.copytree(small, folder)
    options = ("--unwanted", "number < 50", "--rule", "two-sided", "--purity", 0.9)
    assert run("sample", folder, *options, "--save-policy", saved)[0] == 0
    shutil.rmtree(folder)
    shutil.copytree(store.ASSETS / "ordered-2d", folder)
    lines = saved.read_text("utf-8").splitlines(keepends=True)
    saved.write_text("".join(x for x in lines if "bundle_sha256" not in x), "utf-8")
    status, _, err = run("sample", "--policy", saved, "--out", out)
    assert status == 2
    assert "expected a guarantee of this policy, got one of another rule" in err
    assert not out.exists()
