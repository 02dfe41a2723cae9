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

import regvae
from regvae.formats import FORMATS, UK_REGISTRATION
from regvae.generation.results import KINDS, generate
from regvae.model import store
from regvae.model.store import BundleError
from regvae.rejection.policy import MAX_PROPOSALS, Policy, PolicyError
from regvae.rejection.proposals import Around, Box, Prior, Region
from regvae.rejection.rules import Certified, OneSided, Posterior, TwoSided
from regvae.rejection.unwanted import Unwanted

ELL = ((0.0, 0.0), (3.0, 0.0), (3.0, 1.0), (1.0, 1.0), (1.0, 3.0), (0.0, 3.0))
BELOW_50 = Unwanted.of(["number < 50"])
SETS = [
    Unwanted.of(["number < 50", "first_letter in L, M"]),
    Unwanted.of(regions=[ELL]),
    Unwanted.of(listed=["ZZ99ZZZ", "YK66BIQ"]),
    Unwanted.of(training=True),
    Unwanted.of(["tens == 3"], regions=[ELL, ELL[:3]], listed=["ab12 cde"], training=True),
]
PLAIN = 'schema = 4\nbundle = "notebook-2d"\n[unwanted]\npredicates = ["number < 50"]\n'
ONE_SIDED = '[rule]\nname = "one-sided"\n'
HASH = hashlib.sha256((store.ASSETS / "notebook-2d" / "manifest.json").read_bytes()).hexdigest()


# --- what is written is read again ----------------------------------------------------------------


NEAR = st.floats(-1e6, 1e6)
POSITIVE = st.floats(0, allow_infinity=False)
SHARES = st.floats(0, 1)
NUMBERS = [one.name for one in UK_REGISTRATION.attributes.values() if one.kind == "number"]
CATEGORIES = [
    (name, category)
    for name, attribute in UK_REGISTRATION.attributes.items()
    if attribute.kind == "category"
    for category in attribute.categories
]
TEXTS = st.one_of(
    st.builds(
        "{} {} {}".format,
        st.sampled_from(NUMBERS),
        st.sampled_from(["==", "!=", "<", "<=", ">", ">="]),
        st.integers(-(10**30), 10**30) | NEAR,
    ),
    st.lists(NEAR, min_size=1).map(lambda values: f"number in {', '.join(map(str, values))}"),
    st.sampled_from(CATEGORIES).map(" == ".join),
    st.sampled_from(CATEGORIES).map(" in ".join),
    st.sampled_from(["valid == true", "valid != no", "first_letter in A, B,C", "AREA == London"]),
)
POLYGONS = st.lists(st.tuples(NEAR, NEAR), min_size=3, max_size=6)
CODES = st.from_regex(re.compile(r"[A-Z]{2}[0-9]{2} ?[A-Za-z]{3}"), fullmatch=True)
UNWANTED = (
    st.tuples(
        st.lists(TEXTS, max_size=3),
        st.lists(POLYGONS, max_size=2),
        st.lists(CODES, max_size=4),
        st.booleans(),
    )
    .filter(any)
    .map(lambda of: Unwanted.of(of[0], regions=of[1], listed=of[2], training=of[3]))
)
ALL_RULES = (
    st.builds(OneSided, POSITIVE)
    | st.builds(TwoSided, POSITIVE, POSITIVE)
    | st.builds(Posterior, SHARES, SHARES)
    | st.builds(Certified, POSITIVE, SHARES)
)
ALL_PROPOSALS = (
    st.builds(Box, st.floats(0, 1e6, exclude_min=True) | st.integers(1, 10**6))
    | st.just(Prior())
    | st.builds(Around, st.none() | st.floats(0, 100, exclude_min=True))
    | st.builds(Region, POLYGONS)
)
COUNTS = st.integers(1, MAX_PROPOSALS)
POLICIES = st.builds(
    Policy,
    bundle=st.text(),
    unwanted=UNWANTED,
    rule=ALL_RULES,
    proposal=ALL_PROPOSALS,
    proposals=COUNTS,
    results=st.none() | COUNTS,
    clean=st.booleans(),
    seed=st.integers(0, 2**63 - 1),
    bundle_sha256=st.text(),
)


@given(chosen=POLICIES)
@settings(deadline=None, max_examples=40)
def test_what_is_written_is_read_again(chosen):
    text = chosen.to_toml()
    again = Policy.from_toml(text)
    assert again == chosen
    assert again.to_toml() == text
    assert tomllib.loads(text) == chosen.to_dict()


def unwanting(text):
    """A short policy with something else unwanted."""
    return PLAIN.replace('predicates = ["number < 50"]', text)


def test_a_short_policy_has_the_defaults():
    assert Policy.from_toml(PLAIN) == Policy("notebook-2d", BELOW_50)
    chosen = Policy.from_toml(PLAIN)
    assert (chosen.rule, chosen.proposal, chosen.proposals) == (Certified(), Box(3.0), 1000)
    assert (chosen.results, chosen.clean, chosen.seed, chosen.bundle_sha256) == (
        None,
        False,
        0,
        "",
    )


def test_a_part_may_be_named_without_its_numbers():
    chosen = Policy.from_toml(f'{PLAIN}[rule]\nname = "two-sided"\n[proposal]\nname = "prior"\n')
    assert (chosen.rule, chosen.proposal) == (TwoSided(), Prior())
    chosen = Policy.from_toml(f"{PLAIN}[rule]\nm = 3\n[proposal]\nhalf_width = 2\n")
    assert (chosen.rule, chosen.proposal) == (Certified(3.0), Box(2.0))


def test_a_list_may_be_typed_as_people_do():
    text = unwanting('regs = ["ab12 cde", "AB12CDE", "zz99zzz"]')
    assert Policy.from_toml(text).unwanted.codes == ("AB12CDE", "ZZ99ZZZ")


def test_the_scale_around_records_is_in_the_policy_if_it_is_given():
    for scale, expected in ((None, {"name": "around"}), (0.5, {"name": "around", "scale": 0.5})):
        chosen = Policy("notebook-2d", BELOW_50, proposal=Around(scale))
        assert chosen.to_dict()["proposal"] == expected
        assert Policy.from_toml(chosen.to_toml()).proposal == Around(scale)


@pytest.mark.parametrize("schema", [1, 2, 3])
def test_an_older_schema_is_refused_as_its_points_would_be_others(schema):
    older = PLAIN.replace("schema = 4", f"schema = {schema}")
    words = (
        f"the policy: expected schema = 4, got {schema}; save the policy again with `regvae sample "
        "--save-policy` (another version may propose other points)"
    )
    with pytest.raises(PolicyError, match=f"^{re.escape(words)}$"):
        Policy.from_toml(older)


def test_how_points_are_decoded_is_one_of_two():
    drawn = Policy.from_toml(f'decode = "drawn"\n{PLAIN}')
    assert drawn.decode == "drawn"
    with pytest.raises(PolicyError, match="expected decode as likeliest or drawn, got 'best'"):
        Policy.from_toml(f'decode = "best"\n{PLAIN}')


# --- a policy that was read runs the same ---------------------------------------------------------


def written(bundle, policy):
    """The outcome of a policy, and the bytes of each kind of file."""
    files = {kind: io.BytesIO() for kind in KINDS}
    return generate(bundle, policy, files), [file.getvalue() for file in files.values()]


def assert_runs_the_same(bundle, policy):
    outcome, contents = written(bundle, policy)
    again, contents_again = written(bundle, Policy.from_toml(policy.to_toml()))
    assert contents == contents_again
    assert outcome.manifest() == again.manifest()
    assert outcome.report.accepted > 0


@pytest.mark.parametrize(
    ("rule", "proposal"),
    [
        (OneSided(1.25), Box(2.5)),
        (TwoSided(0.3, 9.0), Prior()),
        (Posterior(0.25, 0.03), Around()),
        (OneSided(1.25), Region(ELL)),
        (Certified(), Around(0.5)),
    ],
    ids=lambda kind: kind.name,
)
def test_a_policy_that_was_read_writes_the_same_bytes(few, rule, proposal):
    policy = Policy("notebook-2d", BELOW_50, rule, proposal, proposals=300, seed=9)
    assert_runs_the_same(few, policy)
    other = written(few, dataclasses.replace(policy, seed=10))[1]
    assert all(one != another for one, another in zip(written(few, policy)[1], other, strict=True))


@pytest.mark.parametrize("unwanted", SETS, ids=str)
def test_a_policy_writes_the_same_bytes_for_each_kind_of_unwanted(few, unwanted):
    policy = Policy("notebook-2d", unwanted, OneSided(0.05), proposals=300, clean=True, results=7)
    assert_runs_the_same(few, policy)


# --- the bundle of a policy -----------------------------------------------------------------------


def test_a_signed_policy_has_the_hash_of_the_manifest_of_its_bundle(bundle):
    signed = Policy("notebook-2d", BELOW_50).signed()
    assert signed.bundle_sha256 == bundle.sha256 == HASH
    assert dataclasses.replace(signed, bundle_sha256="") == Policy("notebook-2d", BELOW_50)
    assert signed.signed() == signed
    signed.check_bundle()
    signed.check(bundle)
    Policy.from_toml(signed.to_toml()).check_bundle()


def test_a_policy_without_a_hash_is_for_any_bundle_of_its_name(bundle, monkeypatch):
    Policy("notebook-2d", BELOW_50).check_bundle()
    monkeypatch.chdir(store.ASSETS / "notebook-2d")
    for name in ("notebook-2d", "assets/notebook-2d/", str(store.ASSETS / "notebook-2d"), "."):
        Policy(name, BELOW_50).check(bundle)
    with pytest.raises(PolicyError, match=r"expected .*'ordered-2d', got 'notebook-2d'; use that"):
        Policy("ordered-2d", BELOW_50).check(bundle)


def test_a_bundle_in_memory_is_checked_by_its_name(bundle):
    unsaved = dataclasses.replace(bundle, sha256="")
    dataclasses.replace(Policy("notebook-2d", BELOW_50), bundle_sha256="0" * 64).check(unsaved)
    with pytest.raises(PolicyError, match="'ordered-2d', got 'notebook-2d'"):
        Policy("ordered-2d", BELOW_50).check(unsaved)


def test_a_policy_for_another_version_of_its_bundle_is_refused(tmp_path):
    folder = shutil.copytree(store.ASSETS / "notebook-2d", tmp_path / "other")
    policy = Policy(str(folder), BELOW_50).signed()
    assert policy.bundle_sha256 == HASH  # a copy is the same bundle
    policy.check_bundle()
    with (folder / "manifest.json").open("a") as file:
        file.write("\n")
    found = hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()
    for check in (policy.check_bundle, lambda: policy.check(regvae.load(folder))):
        with pytest.raises(PolicyError) as caught:
            check()
        for word in ("other'", HASH[:12], found[:12]):
            assert word in str(caught.value)
    assert policy.signed().bundle_sha256 == found


def test_a_policy_for_a_bundle_that_is_missing_is_refused():
    policy = Policy.from_toml(PLAIN.replace("notebook-2d", "nowhere"))
    for use in (policy.check_bundle, policy.signed):
        with pytest.raises(BundleError, match="nowhere"):
            use()


# --- damaged policies -----------------------------------------------------------------------------


HUGE = "1" + "0" * 400
DAMAGED = {
    "no TOML": ("a b", "expected TOML, got Expected '=' after a key"),
    "cut short": (PLAIN[:-4], "expected TOML, got"),
    "too deep": ("a = " + "[" * 3_000, "expected TOML, got"),
    "5,000 digits": (f"seed = {'1' * 5_000}\n{PLAIN}", "expected TOML, got"),
    "empty": ("", "expected schema = 4, got None"),
    "later schema": (PLAIN.replace("= 4", "= 5"), "expected schema = 4, got 5"),
    "schema as text": (PLAIN.replace("= 4", '= "4"'), "expected schema = 4, got '4'"),
    "schema as boolean": (PLAIN.replace("= 4", "= true"), "expected schema = 4, got True"),
    "unknown key": (f"colour = 1\n{PLAIN}", "expected the keys schema, bundle, .* got 'colour'"),
    "long key": (f"{'x' * 999} = 1\n{PLAIN}", "expected the keys schema, .* got 'x{40}'"),
    "unknown table": (f"{PLAIN}[colour]", "expected the keys schema, .* got 'colour'"),
    "no bundle": (PLAIN.replace("bundle", "# "), "expected 'bundle', got none"),
    "no unwanted": ('schema = 4\nbundle = "x"', "expected 'unwanted', got none"),
    "bundle as int": (PLAIN.replace('"notebook-2d"', "2"), "expected 'bundle' as str, got int"),
    "clean as int": (f"clean = 1\n{PLAIN}", "expected 'clean' as bool, got int"),
    "seed as float": (f"seed = 1.0\n{PLAIN}", "expected 'seed' as int, got float"),
    "seed as boolean": (f"seed = true\n{PLAIN}", "expected 'seed' as int, got bool"),
    "negative seed": (f"seed = -1\n{PLAIN}", "expected a seed from 0 to 9,223,.* got -1;"),
    "huge seed": (f"seed = {2**63}\n{PLAIN}", "expected a seed from 0 .* got 9,223,372,.*,808;"),
    # The unwanted
    "empty set": (unwanting(""), "expected something unwanted, got nothing"),
    "unknown part": (
        unwanting("colours = []"),
        r"\[unwanted\]: expected the keys predicates, .*, regs_sha256, got 'colours'",
    ),
    "predicates as text": (
        unwanting('predicates = "number < 50"'),
        r"\[unwanted\]: expected 'predicates' as list, got str",
    ),
    "predicates as numbers": (
        unwanting("predicates = [1]"),
        r"\[unwanted\]: expected 'predicates' as a list of texts",
    ),
    "regs as numbers": (
        unwanting('regs = ["AB12CDE", 1]'),
        r"\[unwanted\]: expected 'regs' as a list of texts",
    ),
    "training as text": (
        unwanting('training = "yes"'),
        r"\[unwanted\]: expected 'training' as bool, got str",
    ),
    "empty predicate": (unwanting('predicates = [""]'), "expected a predicate, got none"),
    "unknown attribute": (
        unwanting('predicates = ["colour == red"]'),
        "expected an attribute .* got 'colour'",
    ),
    "no reg": (unwanting('regs = ["AB12CDE", "AB1XCDE"]'), "position 4 .* 'X' in 'AB1XCDE'"),
    "no polygon": (unwanting("regions = [[[0, 0], [1, 1]]]"), "region.* corners"),
    "no polygons": (unwanting("regions = [1, 2]"), "region.* corners"),
    "ragged polygon": (unwanting("regions = [[[0, 0], [1, 1], [2]]]"), "region.* corners"),
    "NaN corner": (unwanting("regions = [[[0, 0], [1, 0], [0, nan]]]"), "region.* corners"),
    "huge corner": (unwanting(f"regions = [[[0, 0], [1, 0], [0, {HUGE}]]]"), "region.* corners"),
    "corners as text": (
        unwanting('regions = [[["0", "0"], ["1", "0"], ["0", "1"]]]'),
        "region.* corners",
    ),
    # The rule
    "rule as text": (f'rule = "x"\n{PLAIN}', "expected 'rule' as dict, got str"),
    "unknown rule": (
        f'{PLAIN}[rule]\nname = "three-sided"',
        r"expected a rule \(one-sided, .*, certified, learned\), got 'three-sided'",
    ),
    "rule's name as list": (f'{PLAIN}[rule]\nname = ["x"]', r"expected a rule .* got \"\['x"),
    "unknown parameter": (
        f'{PLAIN}[rule]\nname = "one-sided"\nmargin = 1',
        r"parameters of the rule one-sided \(threshold\), got 'margin'",
    ),
    "NaN threshold": (
        f"{PLAIN}{ONE_SIDED}threshold = nan",
        "number from 0 up for threshold, got nan",
    ),
    "infinite support": (
        f'{PLAIN}[rule]\nname = "two-sided"\nsupport = inf',
        "number from 0 up for support, got inf",
    ),
    "alpha above 1": (
        f'{PLAIN}[rule]\nname = "posterior"\nalpha = 1.5',
        "number from 0 to 1 for alpha, got 1.5",
    ),
    "huge threshold": (f"{PLAIN}{ONE_SIDED}threshold = {HUGE}", "for threshold, got 1000"),
    "threshold as text": (f'{PLAIN}{ONE_SIDED}threshold = "far"', "for threshold, got 'far'"),
    "threshold as date": (f"{PLAIN}{ONE_SIDED}threshold = 1979-05-27", "for threshold, got dat"),
    # The proposals
    "unknown proposals": (
        f'{PLAIN}[proposal]\nname = "sphere"',
        r"expected proposals .*\(box, prior, around, region\), got 'sphere'",
    ),
    "proposals' name as list": (f'{PLAIN}[proposal]\nname = ["x"]', "expected proposals .* got"),
    "parameters of other proposals": (
        f'{PLAIN}[proposal]\nname = "prior"\nhalf_width = 1',
        "expected no parameters for the proposals prior, got half_width",
    ),
    "NaN box": (f"{PLAIN}[proposal]\nhalf_width = nan", "expected a half-width .* got nan"),
    "huge box": (f"{PLAIN}[proposal]\nhalf_width = {HUGE}", "expected a half-width .* got 1000"),
    "box as boolean": (
        f"{PLAIN}[proposal]\nhalf_width = true",
        "expected a half-width .* got True",
    ),
    "region without polygon": (
        f'{PLAIN}[proposal]\nname = "region"',
        "expected polygon for the proposals region, got none",
    ),
    "polygon as text": (
        f'{PLAIN}[proposal]\nname = "region"\npolygon = "ell"',
        "region.* corners",
    ),
    # The stop
    "unknown stop": (
        f"{PLAIN}[stop]\nseconds = 5",
        r"\[stop\]: expected the keys proposals, results, got 'seconds'",
    ),
    "half a proposal": (
        f"{PLAIN}[stop]\nproposals = 0.5",
        r"\[stop\]: expected 'proposals' as int, got float",
    ),
    "results as boolean": (
        f"{PLAIN}[stop]\nresults = true",
        r"\[stop\]: expected 'results' as int, got bool",
    ),
    "no proposals": (
        f"{PLAIN}[stop]\nproposals = 0",
        "expected a number of proposals from 1 to 1,000,000,000, got 0",
    ),
    "too many proposals": (
        f"{PLAIN}[stop]\nproposals = 1_000_000_001",
        "expected a number of proposals from 1 to 1,000,000,000, got 1,000,000,001",
    ),
    "no results": (
        f"{PLAIN}[stop]\nresults = 0",
        "expected a number of results from 1 to 1,000,000,000, got 0",
    ),
}


@pytest.mark.parametrize(("text", "words"), DAMAGED.values(), ids=DAMAGED.keys())
def test_damage_is_named_with_the_file(text, words):
    with pytest.raises(PolicyError, match=rf"^policies/mine\.toml: .*{words}") as caught:
        Policy.from_toml(text, "policies/mine.toml")
    assert len(str(caught.value)) < 300


@given(text=st.text() | st.text("[]{}='\"\n.#1a\u0000", max_size=40))
@settings(deadline=None, max_examples=60)
def test_a_text_that_is_no_policy_is_refused(text):
    with pytest.raises(PolicyError, match=r"the policy: expected (TOML|schema)"):
        Policy.from_toml(text)


FULL = Policy("notebook-2d", SETS[-1], TwoSided(), Region(ELL), results=3).to_dict()
PLACES = [
    (key,) if not isinstance(value, dict) else (key, inner)
    for key, value in FULL.items()
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
@settings(deadline=None, max_examples=150)
def test_a_policy_with_one_value_changed_is_read_or_refused(place, value, other_key):
    tables = tomllib.loads(tomli_w.dumps(FULL))
    table = tables if len(place) == 1 else tables[place[0]]
    del table[place[-1]]
    table[place[-1] if other_key is None else other_key] = value
    found = None
    with contextlib.suppress(PolicyError):
        found = Policy.from_toml(tomli_w.dumps(tables))
    assert found is None or Policy.from_toml(found.to_toml()) == found


CODE = "__import__('pathlib').Path('touched').touch()"


@pytest.mark.parametrize(
    "text",
    [
        unwanting(f'predicates = ["{CODE}"]'),
        unwanting(f'predicates = ["number < {CODE}"]'),
        unwanting(f'predicates = ["{CODE} < 50"]'),
        unwanting(f'regs = ["{CODE}"]'),
        f'{PLAIN}[rule]\nname = "{CODE}"',
        f'{PLAIN}{ONE_SIDED}threshold = "{CODE}"',
        f'{PLAIN}[proposal]\nname = "{CODE}"',
        f'{PLAIN}[proposal]\nhalf_width = "{CODE}"',
        PLAIN.replace("notebook-2d", CODE),
    ],
)
def test_nothing_in_a_policy_is_evaluated(monkeypatch, tmp_path, text):
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


def test_a_policy_with_a_very_long_line_is_refused_at_once():
    chain = ".".join("a" * 50_000)
    with pytest.raises(PolicyError, match="expected lines of at most 20,000 characters"):
        Policy.from_toml(f"{chain} = 1")


def test_a_region_of_many_corners_is_read_again():
    angles = np.linspace(0, 6, 10_000)
    ring = np.column_stack([np.cos(angles), np.sin(angles)])
    saved = Policy("notebook-2d", Unwanted.of(regions=[ring]))
    assert Policy.from_toml(saved.to_toml()) == saved


# --- policies in Python ---------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [0, -1, MAX_PROPOSALS + 1, 1.0, True, "5", math.nan, np.int64(5)])
@pytest.mark.parametrize("name", ["proposals", "results"])
def test_numbers_of_points_must_be_integers_in_range(name, bad):
    words = f"expected a number of {name} from 1 to 1,000,000,000, got "
    with pytest.raises(PolicyError, match=words):
        Policy("notebook-2d", BELOW_50, **{name: bad})


@pytest.mark.parametrize("bad", [-1, 2**63, 0.0, True, None])
def test_a_seed_must_be_an_integer_in_range(bad):
    with pytest.raises(PolicyError, match="expected a seed from 0 to 9,223,372,036,854,775,807, "):
        Policy("notebook-2d", BELOW_50, seed=bad)


@pytest.mark.parametrize(
    ("name", "value"),
    [("clean", "no"), ("rule", None), ("unwanted", None), ("bundle", None), ("proposal", 3.0)],
)
def test_a_part_of_another_type_is_refused(name, value):
    parts = {"bundle": "notebook-2d", "unwanted": BELOW_50} | {name: value}
    with pytest.raises(PolicyError, match=f"expected a policy's {name} as"):
        Policy(**parts)


def test_a_policy_of_other_codes_has_their_format(bundle):
    postcodes = FORMATS["uk-postcode"]
    unwanted = Unwanted.of(["sector < 5"], listed=["sw1a 1aa"], format=postcodes)
    policy = Policy("postcodes", unwanted)
    assert policy.to_dict()["format"]["name"] == "uk-postcode"
    again = Policy.from_toml(policy.to_toml())
    assert again == policy
    assert again.unwanted.format == postcodes
    with pytest.raises(PolicyError, match=r"expected a bundle of postcodes .* of regs"):
        policy.check(bundle)
    assert "format" not in Policy("notebook-2d", BELOW_50).to_dict()


def test_a_policy_of_an_unknown_format_is_refused():
    with pytest.raises(PolicyError, match="the name of a format"):
        Policy.from_toml(f'format = "moon"\n{PLAIN}')
