"""Policies as TOML: what is written is read again, runs the same, and damage is named."""

import builtins
import contextlib
import dataclasses
import hashlib
import io
import math
import re
import shutil
import tomllib

import numpy as np
import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st

from regvae.formats.uk_registration import ATTRIBUTES
from regvae.generation import results
from regvae.model import store
from regvae.model.records import Records
from regvae.model.store import BundleError
from regvae.rejection.policy import MAX_PROPOSALS, Policy, PolicyError
from regvae.rejection.proposals import Around, Box, Prior, Region
from regvae.rejection.rules import OneSided, Posterior, TwoSided
from regvae.rejection.unwanted import Unwanted

ELL = ((0.0, 0.0), (3.0, 0.0), (3.0, 1.0), (1.0, 1.0), (1.0, 3.0), (0.0, 3.0))
BELOW_50 = Unwanted.of(["number < 50"])
RULES = [OneSided(1.25), TwoSided(0.3, 0.9), Posterior(0.25, 0.03)]
PROPOSALS = [Box(2.5), Prior(), Around(), Region(ELL)]
SETS = [
    Unwanted.of(["number < 50", "first_letter in L, M"]),
    Unwanted.of(regions=[ELL]),
    Unwanted.of(listed=["ZZ99ZZZ", "YK66BIQ"]),
    Unwanted.of(training=True),
    Unwanted.of(["tens == 3"], regions=[ELL, ELL[:3]], listed=["ab12 cde"], training=True),
]
PLAIN = 'schema = 1\nbundle = "notebook-2d"\n[unwanted]\nrules = ["number < 50"]\n'
HASH = hashlib.sha256((store.ASSETS / "notebook-2d" / "manifest.json").read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def few(bundle):
    """The shipped bundle with a tenth of its records."""
    records = bundle.records
    some = (getattr(records, field.name)[::10] for field in dataclasses.fields(records))
    return dataclasses.replace(bundle, records=Records(*some))


# --- what is written is read again ----------------------------------------------------------------


NEAR = st.floats(-1e6, 1e6)
POSITIVE = st.floats(0, allow_infinity=False)
SHARES = st.floats(0, 1)
NUMERIC = [name for name, attribute in ATTRIBUTES.items() if attribute.kind == "number"]
CATEGORIES = [
    (name, category)
    for name, attribute in ATTRIBUTES.items()
    if attribute.kind == "category"
    for category in attribute.categories
]
RULE_TEXTS = st.one_of(
    st.builds(
        "{} {} {}".format,
        st.sampled_from(NUMERIC),
        st.sampled_from(["==", "!=", "<", "<=", ">", ">="]),
        st.integers(-(10**30), 10**30) | NEAR,
    ),
    st.lists(NEAR, min_size=1).map(lambda values: f"number in {', '.join(map(str, values))}"),
    st.sampled_from(CATEGORIES).map(" == ".join),
    st.sampled_from(CATEGORIES).map(" in ".join),
    st.sampled_from(["valid == true", "valid != no", "first_letter in A, B,C", "AREA == London"]),
)
POLYGONS = st.lists(st.tuples(NEAR, NEAR), min_size=3, max_size=6)
REGS = st.from_regex(re.compile(r"[A-Z]{2}[0-9]{2} ?[A-Za-z]{3}"), fullmatch=True)
UNWANTED = (
    st.tuples(
        st.lists(RULE_TEXTS, max_size=3),
        st.lists(POLYGONS, max_size=2),
        st.lists(REGS, max_size=4),
        st.booleans(),
    )
    .filter(any)
    .map(lambda of: Unwanted.of(of[0], regions=of[1], listed=of[2], training=of[3]))
)
ALL_RULES = (
    st.builds(OneSided, POSITIVE)
    | st.builds(TwoSided, POSITIVE, POSITIVE)
    | st.builds(Posterior, SHARES, SHARES)
)
ALL_PROPOSALS = (
    st.builds(Box, st.floats(0, 1e6, exclude_min=True) | st.integers(1, 10**6))
    | st.just(Prior())
    | st.just(Around())
    | st.builds(Region, POLYGONS)
)
NUMBERS = st.integers(1, MAX_PROPOSALS)
POLICIES = st.builds(
    Policy,
    bundle=st.text(),
    unwanted=UNWANTED,
    rule=ALL_RULES,
    proposal=ALL_PROPOSALS,
    proposals=NUMBERS,
    accepted=st.none() | NUMBERS,
    clean=st.booleans(),
    seed=st.integers(0, 2**63 - 1),
    bundle_sha256=st.text(),
)


@given(chosen=POLICIES)
@settings(deadline=None, max_examples=150)
def test_what_is_written_is_read_again(chosen):
    text = chosen.to_toml()
    again = Policy.from_toml(text)
    assert again == chosen
    assert again.to_toml() == text
    assert tomllib.loads(text) == chosen.to_dict()


def test_a_short_policy_has_the_defaults():
    assert Policy.from_toml(PLAIN) == Policy("notebook-2d", BELOW_50)
    chosen = Policy.from_toml(PLAIN)
    assert (chosen.rule, chosen.proposal, chosen.proposals) == (OneSided(2.5), Box(3.0), 1000)
    assert (chosen.accepted, chosen.clean, chosen.seed, chosen.bundle_sha256) == (
        None,
        False,
        0,
        "",
    )


def test_a_part_may_be_named_without_its_numbers():
    chosen = Policy.from_toml(f'{PLAIN}[rule]\nname = "two-sided"\n[proposal]\nname = "prior"\n')
    assert (chosen.rule, chosen.proposal) == (TwoSided(), Prior())
    chosen = Policy.from_toml(f"{PLAIN}[rule]\nthreshold = 3\n[proposal]\nhalf_width = 2\n")
    assert (chosen.rule, chosen.proposal) == (OneSided(3.0), Box(2.0))


def test_a_list_may_be_typed_as_people_do():
    text = PLAIN.replace('rules = ["number < 50"]', 'regs = ["ab12 cde", "AB12CDE", "zz99zzz"]')
    assert Policy.from_toml(text).unwanted.regs == ("AB12CDE", "ZZ99ZZZ")


# --- a policy that was read runs the same ---------------------------------------------------------


def written(bundle, policy, kind):
    sink = io.BytesIO()
    outcome = results.run(bundle, policy, sink, kind=kind)
    return outcome, sink.getvalue()


def assert_runs_the_same(bundle, policy):
    again = Policy.from_toml(policy.to_toml())
    for kind in (".parquet", ".csv"):
        (outcome, content), (outcome_again, content_again) = (
            written(bundle, one, kind) for one in (policy, again)
        )
        assert content == content_again
        assert outcome.manifest() == outcome_again.manifest()
    assert outcome.report.accepted > 0


@pytest.mark.parametrize("proposal", PROPOSALS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("rule", RULES, ids=lambda kind: kind.name)
def test_a_policy_that_was_read_writes_the_same_bytes(few, rule, proposal):
    assert_runs_the_same(
        few, Policy("notebook-2d", BELOW_50, rule, proposal, proposals=300, seed=9)
    )


@pytest.mark.parametrize("unwanted", SETS, ids=str)
def test_a_policy_writes_the_same_bytes_for_every_kind_of_unwanted(few, unwanted):
    for more in ({}, {"clean": True, "accepted": 7}):
        assert_runs_the_same(
            few, Policy("notebook-2d", unwanted, OneSided(0.05), proposals=300, **more)
        )


def test_another_seed_writes_other_bytes(few):
    one, other = (Policy("notebook-2d", BELOW_50, OneSided(1.0), seed=seed) for seed in (0, 1))
    for kind in (".parquet", ".csv"):
        assert written(few, one, kind)[1] != written(few, other, kind)[1]


# --- the bundle it was made for -------------------------------------------------------------------


def test_a_signed_policy_holds_the_hash_of_its_bundles_manifest():
    signed = Policy("notebook-2d", BELOW_50).signed()
    assert signed.bundle_sha256 == store.manifest_hash(store.resolve("notebook-2d")) == HASH
    assert dataclasses.replace(signed, bundle_sha256="") == Policy("notebook-2d", BELOW_50)
    assert signed.signed() == signed
    signed.check_bundle()
    Policy.from_toml(signed.to_toml()).check_bundle()


def test_a_policy_without_a_hash_takes_whatever_is_there():
    Policy("notebook-2d", BELOW_50).check_bundle()


def test_a_policy_for_another_bundle_is_refused(tmp_path):
    folder = shutil.copytree(store.ASSETS / "notebook-2d", tmp_path / "other")
    policy = Policy(str(folder), BELOW_50).signed()
    assert policy.bundle_sha256 == HASH  # a copy is the same bundle
    policy.check_bundle()
    with (folder / "manifest.json").open("a") as file:
        file.write("\n")
    came = hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()
    sentence = (
        f"the policy was made for {folder} with sha256 {HASH[:12]!r}…, but the one here has "
        f"{came[:12]}…; use that bundle, or take bundle_sha256 out of the policy"
    )
    with pytest.raises(PolicyError, match=re.escape(sentence)):
        policy.check_bundle()
    assert policy.signed().bundle_sha256 == came


def test_a_policy_for_a_bundle_that_is_missing_is_refused():
    policy = Policy.from_toml(PLAIN.replace("notebook-2d", "nowhere"))
    for use in (policy.check_bundle, policy.signed):
        with pytest.raises(BundleError, match="there is no bundle 'nowhere': a bundle is one of"):
            use()


# --- damaged policies -----------------------------------------------------------------------------


def unwanting(text):
    return PLAIN.replace('rules = ["number < 50"]', text)


HUGE = "1" + "0" * 400
DAMAGED = {
    "no TOML": ("a b", "wanted TOML, but Expected '=' after a key"),
    "cut short": (PLAIN[:-4], "wanted TOML, but "),
    "too deep": ("a = " + "[" * 3_000, "wanted TOML, but "),
    "empty": ("", "wanted schema = 1, but it has None"),
    "another schema": (PLAIN.replace("= 1", "= 2"), "wanted schema = 1, but it has 2"),
    "a schema as text": (PLAIN.replace("= 1", '= "1"'), "wanted schema = 1, but it has '1'"),
    "a schema as truth": (PLAIN.replace("= 1", "= true"), "wanted 'schema' as int, but it is bool"),
    "unknown key": (f"colour = 1\n{PLAIN}", "there is no 'colour'; there is schema, bundle, "),
    "long key": (f"{'x' * 999} = 1\n{PLAIN}", f"there is no '{'x' * 40}'; there is schema"),
    "unknown table": (f"{PLAIN}[colour]", "there is no 'colour'; there is schema, bundle, "),
    "no bundle": (PLAIN.replace("bundle", "# "), "wanted 'bundle', but it is missing"),
    "no unwanted": ('schema = 1\nbundle = "x"', "wanted 'unwanted', but it is missing"),
    "bundle of another type": (
        PLAIN.replace('"notebook-2d"', "2"),
        "wanted 'bundle' as str, but it is int",
    ),
    "clean of another type": (f"clean = 1\n{PLAIN}", "wanted 'clean' as bool, but it is int"),
    "seed of another type": (f"seed = 1.0\n{PLAIN}", "wanted 'seed' as int, but it is float"),
    "seed as truth": (f"seed = true\n{PLAIN}", "wanted 'seed' as int, but it is bool"),
    "rule of another type": (f'rule = "x"\n{PLAIN}', "wanted 'rule' as dict, but it is str"),
    "nothing unwanted": (unwanting(""), "nothing is unwanted; give a rule such as"),
    "unknown unwanted": (
        unwanting("colours = []"),
        "[unwanted]: there is no 'colours'; there is rules, regions, regs, training",
    ),
    "rules as text": (
        unwanting('rules = "number < 50"'),
        "[unwanted]: wanted 'rules' as list, but it is str",
    ),
    "rules as numbers": (unwanting("rules = [1]"), "[unwanted]: wanted 'rules' as a list of texts"),
    "regs as numbers": (
        unwanting('regs = ["AB12CDE", 1]'),
        "[unwanted]: wanted 'regs' as a list of texts",
    ),
    "training as text": (
        unwanting('training = "yes"'),
        "[unwanted]: wanted 'training' as bool, but it is str",
    ),
    "no rule": (unwanting('rules = [""]'), "no rule was given; say what is unwanted"),
    "unknown attribute": (
        unwanting('rules = ["colour == red"]'),
        "there is no attribute 'colour'; the attributes are",
    ),
    "invalid reg": (
        unwanting('regs = ["AB12CDE", "AB1XCDE"]'),
        "position 4 of a reg wants a digit 0 to 9, but 'AB1XCDE' has 'X' there",
    ),
    "no polygon": (unwanting("regions = [[[0, 0], [1, 1]]]"), "a region wants 3 to 10,000 corners"),
    "no polygons": (unwanting("regions = [1, 2]"), "a region wants 3 to 10,000 corners"),
    "ragged polygon": (
        unwanting("regions = [[[0, 0], [1, 1], [2]]]"),
        "a region wants 3 to 10,000 corners",
    ),
    "NaN corner": (
        unwanting("regions = [[[0, 0], [1, 0], [0, nan]]]"),
        "a region wants corners with finite coordinates",
    ),
    "unknown rule": (
        f'{PLAIN}[rule]\nname = "three-sided"',
        "there is no rule 'three-sided'; there is one-sided, two-sided, posterior",
    ),
    "unknown number": (
        f'{PLAIN}[rule]\nname = "one-sided"\nmargin = 1',
        "the rule one-sided has no 'margin'; it has threshold",
    ),
    "number of another rule": (
        f'{PLAIN}[rule]\nname = "posterior"\nthreshold = 1',
        "the rule posterior has no 'threshold'; it has alpha and q",
    ),
    "NaN threshold": (
        f"{PLAIN}[rule]\nthreshold = nan",
        "the threshold is a distance of 0 or more, not nan",
    ),
    "infinite support": (
        f'{PLAIN}[rule]\nname = "two-sided"\nsupport = inf',
        "the support is a distance of 0 or more, not inf",
    ),
    "share above 1": (
        f'{PLAIN}[rule]\nname = "posterior"\nalpha = 1.5',
        "the alpha is a share from 0 to 1, not 1.5",
    ),
    "number as text": (
        f'{PLAIN}[rule]\nthreshold = "far"',
        "the threshold is a distance of 0 or more, not ",
    ),
    "number as date": (
        f"{PLAIN}[rule]\nthreshold = 1979-05-27",
        "the threshold is a distance of 0 or more, not ",
    ),
    "unknown proposals": (
        f'{PLAIN}[proposal]\nname = "sphere"',
        "there are no proposals 'sphere'; there are box, prior, records, region",
    ),
    "numbers of other proposals": (
        f'{PLAIN}[proposal]\nname = "prior"\nhalf_width = 1',
        "proposals from prior want no numbers, but came with half_width",
    ),
    "NaN box": (f"{PLAIN}[proposal]\nhalf_width = nan", "the box wants a half-width above 0, up"),
    "region without polygon": (
        f'{PLAIN}[proposal]\nname = "region"',
        "proposals from region want polygon, but came with nothing",
    ),
    "polygon of text": (
        f'{PLAIN}[proposal]\nname = "region"\npolygon = "ell"',
        "a region wants 3 to 10,000 corners",
    ),
    "unknown stop": (
        f"{PLAIN}[stop]\nseconds = 5",
        "[stop]: there is no 'seconds'; there is proposals, accepted",
    ),
    "half a proposal": (
        f"{PLAIN}[stop]\nproposals = 0.5",
        "[stop]: wanted 'proposals' as int, but it is float",
    ),
    "accepted as truth": (
        f"{PLAIN}[stop]\naccepted = true",
        "[stop]: wanted 'accepted' as int, but it is bool",
    ),
    "no proposals": (
        f"{PLAIN}[stop]\nproposals = 0",
        "the number of proposals goes from 1 to 1,000,000,000, not 0",
    ),
    "too many proposals": (
        f"{PLAIN}[stop]\nproposals = 1_000_000_001",
        "the number of proposals goes from 1 to 1,000,000,000, not 1,000,000,001",
    ),
    "none accepted": (
        f"{PLAIN}[stop]\naccepted = 0",
        "the number to accept goes from 1 to 1,000,000,000, not 0",
    ),
    "negative seed": (f"seed = -1\n{PLAIN}", "the seed goes from 0 to 9,223,372,036,854,775,807, "),
    "huge seed": (
        f"seed = 9_223_372_036_854_775_808\n{PLAIN}",
        "the seed goes from 0 to 9,223,372,036,854,775,807, not 9,223,372,036,854,775,808",
    ),
    "a rule's name as list": (f'{PLAIN}[rule]\nname = ["x"]', "there is no rule"),
    "proposals' name as list": (f'{PLAIN}[proposal]\nname = ["x"]', "there are no proposals"),
    "a huge threshold": (f"{PLAIN}[rule]\nthreshold = {HUGE}", "the threshold is a distance"),
    "a huge box": (f"{PLAIN}[proposal]\nhalf_width = {HUGE}", "the box wants a half-width"),
    "a huge corner": (unwanting(f"regions = [[[0, 0], [1, 0], [0, {HUGE}]]]"), "a region wants"),
    "a number of 5,000 digits": (f"seed = {'1' * 5_000}\n{PLAIN}", "wanted TOML, but"),
    "a half-width as truth": (f"{PLAIN}[proposal]\nhalf_width = true", "the box wants a half-widt"),
    "corners as text": (
        unwanting('regions = [[["0", "0"], ["1", "0"], ["0", "1"]]]'),
        "a region wants 3 to 10,000 corners, each a pair",
    ),
}


@pytest.mark.parametrize(("text", "sentence"), DAMAGED.values(), ids=DAMAGED.keys())
def test_damage_is_named_with_the_file(text, sentence):
    with pytest.raises(PolicyError, match=re.escape(sentence)) as caught:
        Policy.from_toml(text, "runs/mine.toml")
    assert str(caught.value).startswith("runs/mine.toml: ")
    assert len(str(caught.value)) < 300


@given(text=st.text() | st.text("[]{}='\"\n.#1a\u0000", max_size=40))
@settings(deadline=None)
def test_a_text_that_is_no_policy_is_refused(text):
    with pytest.raises(PolicyError, match=r"the policy: wanted (TOML|schema)"):
        Policy.from_toml(text)


WHOLE = Policy("notebook-2d", SETS[-1], TwoSided(), Region(ELL), accepted=3).to_dict()
PLACES = [
    (key,) if not isinstance(value, dict) else (key, inner)
    for key, value in WHOLE.items()
    for inner in (value if isinstance(value, dict) else [""])
]
VALUES = st.one_of(
    st.booleans(),
    st.integers(-(2**70), 2**70) | st.just(10**400),
    st.floats(),
    st.text(),
    st.lists(st.text() | st.floats() | st.lists(st.floats())),
    st.dictionaries(st.text(), st.integers()),
)


@given(place=st.sampled_from(PLACES), value=VALUES, other_key=st.none() | st.text())
@settings(deadline=None, max_examples=300)
def test_a_policy_with_one_value_changed_is_read_or_refused(place, value, other_key):
    tables = tomllib.loads(tomli_w.dumps(WHOLE))
    table = tables if len(place) == 1 else tables[place[0]]
    del table[place[-1]]
    table[place[-1] if other_key is None else other_key] = value
    found = None
    with contextlib.suppress(PolicyError):
        found = Policy.from_toml(tomli_w.dumps(tables))
    assert found is None or Policy.from_toml(found.to_toml()) == found


@pytest.mark.parametrize("keys", PLACES, ids=".".join)
def test_every_key_of_a_written_policy_is_read(keys):
    table = WHOLE if len(keys) == 1 else WHOLE[keys[0]]
    assert keys[-1] in table


CODE = "__import__('pathlib').Path('made').touch()"


@pytest.mark.parametrize(
    "text",
    [
        unwanting(f'rules = ["{CODE}"]'),
        unwanting(f'rules = ["number < {CODE}"]'),
        unwanting(f'rules = ["{CODE} < 50"]'),
        unwanting(f'regs = ["{CODE}"]'),
        f'{PLAIN}[rule]\nname = "{CODE}"',
        f'{PLAIN}[rule]\nthreshold = "{CODE}"',
        f'{PLAIN}[proposal]\nname = "{CODE}"',
        f'{PLAIN}[proposal]\nhalf_width = "{CODE}"',
        PLAIN.replace("notebook-2d", CODE),
    ],
)
def test_nothing_in_a_policy_is_ever_evaluated(monkeypatch, tmp_path, text):
    def forbidden(*_):
        raise AssertionError("a text was evaluated")

    monkeypatch.chdir(tmp_path)
    with monkeypatch.context() as patch:
        for name in ("eval", "exec", "compile"):
            patch.setattr(builtins, name, forbidden)
        refusal = None
        try:
            Policy.from_toml(text).check_bundle()
        except (PolicyError, BundleError) as error:
            refusal = str(error)
    assert refusal
    assert list(tmp_path.iterdir()) == []


# --- policies made in Python ----------------------------------------------------------------------


@pytest.mark.parametrize("bad", [0, -1, MAX_PROPOSALS + 1, 1.0, True, "5", math.nan, np.int64(5)])
@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("proposals", "the number of proposals goes from 1 to 1,000,000,000, not "),
        ("accepted", "the number to accept goes from 1 to 1,000,000,000, not "),
    ],
)
def test_numbers_of_points_want_to_be_whole_and_in_range(name, sentence, bad):
    with pytest.raises(PolicyError, match=sentence):
        Policy("notebook-2d", BELOW_50, **{name: bad})


@pytest.mark.parametrize("bad", [-1, 2**63, 0.0, True, None])
def test_a_seed_wants_to_be_whole_and_in_range(bad):
    with pytest.raises(PolicyError, match="the seed goes from 0 to 9,223,372,036,854,775,807, not"):
        Policy("notebook-2d", BELOW_50, seed=bad)


def test_a_policy_error_is_a_value_error():
    assert issubclass(PolicyError, ValueError)


def test_a_policy_of_endless_lines_is_refused_at_once():
    chain = ".".join("a" * 50_000)
    with pytest.raises(PolicyError, match="the policy: wanted lines of at most 20,000 characters"):
        Policy.from_toml(f"{chain} = 1")


@pytest.mark.parametrize(
    ("name", "value"),
    [("clean", "no"), ("rule", None), ("unwanted", None), ("bundle", None), ("proposal", 3.0)],
)
def test_a_part_of_another_type_is_refused(name, value):
    parts = {"bundle": "notebook-2d", "unwanted": BELOW_50} | {name: value}
    with pytest.raises(PolicyError, match=f"a policy's {name} cannot be of the type"):
        Policy(**parts)


def test_a_region_of_many_corners_is_read_again():
    angles = np.linspace(0, 6, 10_000)
    ring = np.column_stack([np.cos(angles), np.sin(angles)])
    saved = Policy("notebook-2d", Unwanted.of(regions=[ring]))
    assert Policy.from_toml(saved.to_toml()) == saved
