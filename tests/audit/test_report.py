"""The audit's verdict, its JSON and its HTML; and how it is stored beside a bundle."""

import dataclasses
import json
import re
import shutil

import numpy as np
import pytest

from regvae.audit import report
from regvae.audit.holes import Holes
from regvae.audit.html import html
from regvae.audit.report import Results, audit
from regvae.audit.stored import AUDIT, store_audit, stored_audit
from regvae.formats import FORMATS, UK_REGISTRATION, uk_registration
from regvae.model import bundle as bundles
from regvae.model import store
from regvae.model.bundle import NoRecordsError
from regvae.model.release import release
from regvae.model.store import BundleError
from regvae.rejection.policy import Policy
from regvae.rejection.rules import OneSided
from regvae.rejection.unwanted import Unwanted
from tests.codes import bundle_of, toy_bundle
from tests.rejection.bundles import with_rows


@pytest.fixture(scope="module")
def few(bundle):
    """The shipped bundle with a tenth of its records."""
    return with_rows(bundle, slice(None, None, 10))


@pytest.fixture
def fewer_codes(monkeypatch):
    """Audits generate fewer codes."""
    monkeypatch.setattr(report, "GENERATED", 3_000)


def results(codes, **more):
    return Results("mine.parquet", UK_REGISTRATION.array(codes), "0" * 64, **more)


def fresh(n=4_000):
    return uk_registration.generate(n, rng=np.random.default_rng(9))


@pytest.mark.usefixtures("fewer_codes")
def test_the_audit_of_a_model_has_every_part(few):
    table = audit(few).to_dict()
    assert {"verdict", "membership", "inference", "collisions", "quality"} <= table.keys()
    assert table["membership"]["lira"] is None
    for name in ("loss", "blackbox"):
        assert {"auc", "auc_interval", "tpr_at_0.001", "tpr_at_0.01"} <= table["membership"][
            name
        ].keys()
    assert [one["split"] for one in table["collisions"]] == ["train", "validation", "test"]
    assert table["source"]["codes"] == table["quality"]["n"] == 3_000
    assert table["source"]["proposals"]["name"] == "box"
    assert table["holes"] is None
    assert "give a file of results" in table["holes_unknown"]


@pytest.mark.usefixtures("fewer_codes")
def test_the_model_of_the_notebook_tells_its_records_from_others(few):
    found = audit(few)
    assert found.attacks["loss"].auc > 0.7
    assert found.attacks["loss"].found_something
    verdict = found.to_dict()["verdict"]
    assert "whoever has the model can tell some records from others" in verdict["headline"]
    assert "not the model" in verdict["advice"]
    assert any("better than guessing" in one for one in verdict["found"])


def test_results_that_are_the_records_give_them_away(few):
    train = few.records.codes[few.records.split == "train"]
    found = audit(few, results(np.repeat(train, 3))).to_dict()
    assert found["verdict"]["headline"] == "The regs give something away about the records."
    assert found["membership"]["blackbox"]["auc"] == 1
    exposed = found["collisions"][0]
    assert (exposed["hits"], exposed["exposed"]) == (3 * len(train), len(train))
    assert found["inference"]["generated"]["overall"]["risk_interval"][0] > 0.5


def test_fresh_codes_of_the_generator_give_nothing_away(few):
    found = audit(few, results(fresh()))
    assert not found.attacks["blackbox"].found_something
    assert "No attack on the regs alone found anything" in found.to_dict()["verdict"]["headline"]


@pytest.mark.usefixtures("fewer_codes")
def test_a_small_scale_of_proposals_around_records_is_advised_against(exact):
    found = audit(exact).to_dict()
    assert found["source"]["proposals"]["scale"] == pytest.approx(0.41, abs=0.01)
    assert "with a scale of 0.41: draw them with a larger one" in found["verdict"]["advice"]


def test_results_are_compared_with_the_records_that_are_wanted(bundle):
    chosen = Policy("notebook-2d", Unwanted.of(["number < 50"]), clean=True, decode="drawn")
    codes = [code for code in fresh().tolist() if int(code[2:4]) >= 50]
    found = audit(bundle, results(codes, policy=chosen, proposed=1_000)).to_dict()
    wanted = sum(int(code[2:4]) >= 50 for code in bundle.records.codes.tolist())
    assert found["quality"]["real_n"] == wanted
    assert found["quality"]["test"]["accuracy"] < 0.6
    assert found["holes"]["proposed"] == 1_000
    assert found["source"]["policy"]["clean"] is True


def test_results_that_keep_records_have_no_holes(few):
    chosen = Policy("notebook-2d", Unwanted.of(["number < 50"]), OneSided(1.0))
    found = audit(few, results(fresh(), policy=chosen, proposed=1_000))
    assert (found.holes, found.holes_unknown[:24]) == (None, "records are not left out")


def test_a_million_duplicates_are_one_code(few):
    found = audit(few, results(["AB12CDE"] * 1_000_000)).to_dict()
    assert (found["quality"]["n"], found["quality"]["distinct"]) == (1_000_000, 1)
    assert found["quality"]["test"] is None
    assert found["membership"]["blackbox"]["auc"] == pytest.approx(0.5, abs=0.1)


def test_the_headline_counts_named_records_of_every_split(few):
    found = audit(few, results(fresh(400)))
    assert "No attack" in found.to_dict()["verdict"]["headline"]
    holes = Holes(100, 90, 400, 0.4, 2.0, 0.0, 10, 50)
    named = dataclasses.replace(found, holes=holes).to_dict()["verdict"]
    assert named["headline"] == "What is missing among the regs names records."
    assert "at most 10 accepted points" in named["advice"]
    unknown = dataclasses.replace(holes, named=None, named_held_out=None, others=None)
    headline = dataclasses.replace(found, holes=unknown).to_dict()["verdict"]["headline"]
    assert headline.endswith("what holes tell is not known.")


def test_results_without_codes_are_refused(few):
    with pytest.raises(ValueError, match=r"expected 1 or more regs in mine\.parquet, got none"):
        audit(few, results([]))


@pytest.mark.usefixtures("fewer_codes")
def test_a_bundle_without_held_out_records_is_refused(few):
    with pytest.raises(ValueError, match="needs training records and held-out ones"):
        audit(with_rows(few, few.records.split == "train"))


def test_a_release_is_refused(tmp_path):
    released = bundles.load(release("notebook-2d", tmp_path / "released"))
    with pytest.raises(NoRecordsError, match="audit the bundle that it was released from"):
        audit(released)


@pytest.mark.usefixtures("fewer_codes")
@pytest.mark.parametrize("bundle_", [toy_bundle, lambda: bundle_of(FORMATS["gb-iban"])])
def test_any_format_is_audited(bundle_):
    found = json.loads(json.dumps(audit(bundle_()).to_dict(), allow_nan=False))
    assert found["verdict"]["headline"]
    assert html(found).startswith("<!doctype html>")


# --- the report -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def table(few):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report, "GENERATED", 3_000)
        shadows = np.random.default_rng(1).random((3, len(few.records))) + 0.1
        members = np.random.default_rng(2).random(shadows.shape) < 0.8
        return json.loads(json.dumps(audit(few, shadows=(shadows, members)).to_dict()))


@pytest.mark.usefixtures("fewer_codes")
def test_the_same_inputs_give_the_same_bytes(few, table):
    again = audit(few).to_dict()
    rest = {**table, "membership": None, "shadows": 0, "verdict": None}
    again = json.loads(json.dumps({**again, "membership": None, "verdict": None}))
    assert again == rest
    assert html(table) == html(json.loads(json.dumps(table)))
    assert audit(few, seed=1).to_dict()["source"]["sha256"] != table["source"]["sha256"]


def test_a_report_names_no_record(few, table):
    for text in (json.dumps(table), html(table)):
        for code in few.records.codes.tolist():
            assert code not in text
            assert UK_REGISTRATION.shown(code) not in text


def test_a_report_tells_the_verdict_first_and_all_figures(table):
    page = html(table)
    assert table["shadows"] == 3
    places = [page.index(one) for one in ("<h1>", "What was tried", "Membership inference")]
    assert places == sorted(places)
    text = re.sub(r"<[^>]+>", " ", page)
    for figure in (
        f"{table['membership']['loss']['auc']:.3f}",
        f"{table['membership']['lira']['auc']:.3f}",
        "LiRA with 3 shadow models",
        table["bundle"]["sha256"],
        table["source"]["sha256"],
        "box",
    ):
        assert figure in text


def test_a_report_is_one_file_without_scripts_or_addresses(table):
    page = html(table)
    assert not re.search(r"https?:|<script|<link|<img|url\(|@import", page)


def test_a_report_shows_names_as_text(table):
    named = {**table, "source": {**table["source"], "name": "<script>alert(1)</script>"}}
    assert "<script>" not in html(named)
    assert "&lt;script&gt;" in html(named)


# --- stored beside the bundle ---------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(store.ASSETS / "notebook-2d", tmp_path / "notebook-2d")


@pytest.mark.usefixtures("fewer_codes")
def test_an_audit_is_stored_beside_its_bundle_and_read_again(folder):
    table = audit(bundles.load(folder)).to_dict()
    assert store_audit(table, folder) == folder / AUDIT
    assert stored_audit(folder) == json.loads(json.dumps(table))
    assert bundles.load(folder).name == "notebook-2d"  # the bundle is as it was


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"schema": 0}', b"\xff", None])
def test_a_damaged_audit_is_none(folder, content):
    (folder / AUDIT).unlink(missing_ok=True)
    if content is not None:
        (folder / AUDIT).write_bytes(content)
    assert stored_audit(folder) is None


def test_an_audit_that_lacks_a_part_is_none(folder, table):
    table = {**table, "bundle": {**table["bundle"], "sha256": store.manifest_hash(folder)}}
    for part in ("verdict", "membership", "quality", "inference"):
        (folder / AUDIT).write_text(json.dumps({**table, part: {"auc": "x"}}))
        assert stored_audit(folder) is None
    (folder / AUDIT).write_text(json.dumps(table))
    assert stored_audit(folder) == table


def test_an_audit_with_more_shadow_models_is_kept(folder, table):
    table = {**table, "bundle": {**table["bundle"], "sha256": store.manifest_hash(folder)}}
    for shadows, kept in ((3, 3), (0, 3), (5, 5), (4, 5)):
        store_audit({**table, "shadows": shadows}, folder)
        assert stored_audit(folder)["shadows"] == kept


def test_an_audit_does_not_follow_links_in_a_bundle(folder, table, tmp_path):
    table = {**table, "bundle": {**table["bundle"], "sha256": store.manifest_hash(folder)}}
    victim = tmp_path / "victim.txt"
    victim.write_text("precious")
    (folder / AUDIT).unlink(missing_ok=True)
    (folder / AUDIT).symlink_to(victim)
    (folder / f"{AUDIT}.partial").symlink_to(victim)
    store_audit(table, folder)
    assert victim.read_text() == "precious"
    assert stored_audit(folder) == table


@pytest.mark.parametrize("value", ["<script>alert(1)</script>", 10**400, None])
def test_a_forged_number_is_no_audit(folder, table, value):
    table = {**table, "bundle": {**table["bundle"], "sha256": store.manifest_hash(folder)}}
    (folder / AUDIT).write_text(json.dumps({**table, "shadows": value}))
    found = stored_audit(folder)
    assert found is None or "<script" not in html(found)


def test_an_audit_of_another_version_of_the_bundle_is_none_and_is_not_stored(folder, table):
    other = {**table, "bundle": {**table["bundle"], "sha256": "0" * 64}}
    (folder / AUDIT).write_text(json.dumps(other))
    assert stored_audit(folder) is None
    with pytest.raises(BundleError, match="got one of another bundle; audit it again"):
        store_audit(other, folder)
