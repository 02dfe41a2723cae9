"""Attribute inference: guesses by loops, leaks that are planted, and models that leak nothing."""

import json
import warnings
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from regvae.audit import inference
from regvae.audit.inference import Success, guesses_of_codes, guesses_of_model, infer
from regvae.formats import FORMATS, uk_registration
from regvae.formats.definition import of_definition
from regvae.intervals import Share
from regvae.model.config import Data, Network, Phase, Training
from regvae.model.likelihood import negative_log_likelihood
from regvae.training.trainer import train
from tests.codes import bundle_of, toy_bundle
from tests.evaluation.models import random_bundle
from tests.training.networks import SMALL


def split(bundle, name):
    return bundle.records.codes[bundle.records.split == name]


def some_places(layout, n, seed):
    """Random places of n codes: of the first characters of each position, so that many agree."""
    rng = np.random.default_rng(seed)
    sizes = [min(4, len(block.alphabet)) for block in layout.blocks]
    return np.stack([rng.integers(size, size=n) for size in sizes], axis=1).astype(np.uint8)


# --- attackers ------------------------------------------------------------------------------------


def test_the_model_guesses_the_character_of_the_least_loss():
    bundle = toy_bundle()
    layout, autoencoder = bundle.autoencoder.onehot, bundle.autoencoder
    codes = bundle.records.codes[:25]
    guesses = guesses_of_model(bundle, layout.places(codes))
    for code, guess in zip(codes.tolist(), guesses.tolist(), strict=True):
        for at, alphabet in enumerate(bundle.format.alphabets):
            filled = np.array([code[:at] + one + code[at + 1 :] for one in alphabet])
            mean, _ = autoencoder.encode(filled)
            losses = negative_log_likelihood(autoencoder, filled, mean)
            assert guess[at] == losses.argmin()


def test_codes_vote_if_they_agree_at_most_other_positions(monkeypatch):
    monkeypatch.setattr(inference, "_CHUNK", 7)  # so that there are several
    layout = toy_bundle().autoencoder.onehot
    known, places = some_places(layout, 40, 1), some_places(layout, 30, 2)
    guesses = guesses_of_codes(known, places, layout)
    for code, guess in zip(places.tolist(), guesses.tolist(), strict=True):
        for at in range(3):
            agreeing = [
                sum(one[other] == code[other] for other in range(3) if other != at)
                for one in known.tolist()
            ]
            votes = Counter(
                one[at]
                for one, same in zip(known.tolist(), agreeing, strict=True)
                if same == max(agreeing)
            )
            frequency = Counter(known[:, at].tolist())
            best = max((votes[one], frequency[one]) for one in votes)
            assert (votes[guess[at]], frequency[guess[at]]) == best


@pytest.mark.parametrize("attacker", ["model", "codes"])
def test_a_guess_does_not_see_the_masked_character(attacker):
    bundle = toy_bundle()
    layout = bundle.autoencoder.onehot
    known, places = some_places(layout, 40, 1), some_places(layout, 30, 2)
    other = some_places(layout, 30, 3)

    def guesses(places):
        if attacker == "model":
            return guesses_of_model(bundle, places)
        return guesses_of_codes(known, places, layout)

    for at in range(3):
        masked = places.copy()
        masked[:, at] = other[:, at]
        assert np.array_equal(guesses(masked)[:, at], guesses(places)[:, at])


def test_the_model_guesses_only_what_the_format_permits():
    definition = {"name": "d", "noun": "tag", "plural": "tags", "example": "D123"}
    excluded = {"pattern": "[A-D][0-9]{3}", "excluded": {"1": ["A", "B", "C"]}}
    bundle = bundle_of(of_definition(definition | excluded))
    places = bundle.autoencoder.onehot.places(bundle.records.codes)
    assert guesses_of_model(bundle, places)[:, 0].tolist() == [3] * len(places)


def test_of_many_generated_codes_some_are_compared_whatever_is_masked(monkeypatch):
    # Codes chosen for being near a record would show its masked character.
    monkeypatch.setattr(inference, "_GENERATED", 300)
    bundle = random_bundle(2)
    fresh = uk_registration.generate(20_000, rng=np.random.default_rng(6))
    found = infer(bundle, fresh).generated
    for success in (found.overall, *found.by_position):
        low, high = success.risk_interval
        assert low <= 0.01
        assert high >= -0.01
    assert found.overall.main.value < 0.12


# --- what is found --------------------------------------------------------------------------------


def assert_leaks(success):
    low, high = success.risk_interval
    assert 0.5 < low <= success.risk <= high
    assert success.baseline.value < 0.3


@pytest.mark.parametrize("name", ["gb-iban", "uk-postcode", "vin", "french-registration"])
def test_training_codes_that_are_published_give_their_characters_away(name):
    bundle = bundle_of(FORMATS[name])
    found = infer(bundle, split(bundle, "train"), seed=1)
    assert found.positions == tuple(at + 1 for at in bundle.format.learned)
    main = found.generated.overall.main
    assert main.hits == main.n == len(split(bundle, "train"))  # whatever their check characters
    assert all(one.main.hits == one.main.n for one in found.generated.by_position)
    assert_leaks(found.generated.overall)
    low, high = found.model.overall.risk_interval  # its weights are random
    assert low <= 0 <= high


def test_where_nothing_leaks_the_risk_may_be_0_and_nothing_warns():
    bundle = random_bundle(2)
    contained = []
    for run in range(10):
        codes = uk_registration.generate(3_000, rng=np.random.default_rng(run))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = infer(bundle, codes, seed=run)
        for attack in (found.model, found.generated):
            low, high = attack.overall.risk_interval
            contained.append(low <= 0 <= high)
    assert sum(contained) >= 17  # of 20; at 95 %, 19


def test_half_of_the_training_codes_give_half_of_the_characters_away():
    bundle = random_bundle(2)
    codes = split(bundle, "train")
    others = uk_registration.generate(150, rng=np.random.default_rng(1))
    found = infer(bundle, [*codes[::2], *others]).generated.overall
    low, high = found.risk_interval
    assert low < 0.5 < high
    assert found.risk == pytest.approx(0.5, abs=0.06)


@pytest.mark.training
def test_a_model_that_knows_few_codes_by_heart_gives_their_characters_away(tmp_path):
    codes = uk_registration.generate(120, rng=np.random.default_rng(4))
    data = replace(Data.of_own(codes, seed=1), sizes=(40, 40, 40))
    training = Training((Phase(0.01, 300),), likelihood="categorical", beta=0.001)
    preset = replace(SMALL, network=Network(4, (64,), (64,)), data=data, training=training)
    bundle = train(preset, tmp_path / "overfit", own=codes)
    fresh = uk_registration.generate(500, rng=np.random.default_rng(5))
    found = infer(bundle, fresh)
    assert_leaks(found.model.overall)
    low, high = found.generated.overall.risk_interval
    assert low <= 0 <= high


# --- counts ---------------------------------------------------------------------------------------


def test_so_many_records_of_each_split_are_attacked_at_every_position_and_at_one_of_each():
    bundle = random_bundle(2)
    found = infer(bundle, split(bundle, "train"), most=100)
    for success in (found.generated.overall, *found.generated.by_position):
        assert (success.main.n, success.control.n, success.baseline.n) == (100, 180, 100)
    every = [one.control.value for one in found.generated.by_position]
    assert min(every) <= found.generated.overall.control.value <= max(every)


def test_overall_a_code_is_attacked_at_a_position_drawn_at_random():
    bundle = random_bundle(2)
    codes = split(bundle, "train")
    # All are published, but for their first letter.
    found = infer(bundle, [f"Z{code[1:]}" for code in codes.tolist()]).generated
    first, *others = (one.main.value for one in found.by_position)
    assert first < 0.1
    assert min(others) > 0.95
    assert found.overall.main.value == pytest.approx(6 / 7, abs=0.08)


def test_the_baseline_is_the_most_frequent_character_of_the_generator():
    bundle = random_bundle(2)
    found = infer(bundle, split(bundle, "train"))
    public = uk_registration.generate(200_000, rng=np.random.default_rng(1))
    first = Counter(public.astype("U1").tolist()).most_common(2)  # letters of four tags a piece
    shares = [np.mean(split(bundle, "train").astype("U1") == letter) for letter, _ in first]
    assert found.model.by_position[0].baseline.value in shares
    assert found.model.overall.baseline == found.generated.overall.baseline


def test_the_same_seed_gives_the_same_figures():
    bundle = random_bundle(2)
    one, same, other = (infer(bundle, split(bundle, "test"), most=50, seed=s) for s in (1, 1, 2))
    assert one == same != other


def test_the_risk_is_what_the_control_does_not_know():
    success = Success(Share(60, 100), Share(40, 200), Share(10, 100))
    assert success.risk == pytest.approx((0.6 - 0.2) / (1 - 0.2))
    low, high = success.risk_interval
    assert low < success.risk < high < 1
    less = Success(Share(10, 100), Share(40, 200), Share(10, 100))
    assert less.risk == pytest.approx(-0.125)


def test_a_risk_is_1_if_all_guesses_are_right_and_none_if_all_of_the_control_are():
    success = Success(Share(100, 100), Share(40, 200), Share(10, 100))
    assert success.risk == success.risk_interval[1] == 1
    known = Success(Share(100, 100), Share(200, 200), Share(10, 100))
    assert (known.risk, known.risk_interval) == (None, None)
    assert known.summary()["risk_interval"] is None


@pytest.mark.parametrize(
    ("main", "control", "n"), [(0.05, 0.05, 1_000), (0.5, 0.1, 300), (0.95, 0.6, 60)]
)
def test_the_interval_has_the_risk_at_least_as_often_as_it_should(main, control, n):
    rng = np.random.default_rng(n)
    risk = (main - control) / (1 - control)
    contained = 0
    for hits, others in zip(
        rng.binomial(n, main, 1_000).tolist(),
        rng.binomial(2 * n, control, 1_000).tolist(),
        strict=True,
    ):
        low, high = Success(Share(hits, n), Share(others, 2 * n), Share(0, n)).risk_interval
        contained += low <= risk <= high
    assert contained >= 930


def test_the_figures_are_json_and_name_no_code():
    bundle = random_bundle(2)
    codes = split(bundle, "train")
    text = json.dumps(infer(bundle, codes, most=20).summary())
    assert not any(code in text for code in bundle.records.codes.tolist())
    assert json.loads(text)["model"]["overall"]["main"]["n"] == 20


# --- bad input ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("codes", "most", "message"),
    [
        ([], 10, "expected 1 or more generated regs, got none; generate some"),
        (["AB12CDE"], 0, "expected 1 or more records of each split, got 0; raise it"),
        (["AB12CD"], 10, "such as AB12CDE, got 'AB12CD' as number 1; normalise"),
    ],
)
def test_what_cannot_attack_is_refused(codes, most, message):
    with pytest.raises(ValueError, match=message):
        infer(random_bundle(2), codes, most=most)


def test_a_model_without_held_out_records_is_refused():
    bundle = random_bundle(2)
    alone = replace(
        bundle, records=replace(bundle.records, split=np.full(len(bundle.records), "train"))
    )
    with pytest.raises(ValueError, match="records of the split validation or test, got none"):
        infer(alone, ["AB12CDE"])
