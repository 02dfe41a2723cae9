"""The audit of a model, or of a file of results: attacks, quality, and a verdict in plain words.

It names no code. The same inputs give the same report, byte for byte.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regvae.audit import membership
from regvae.audit.attack import RATES, Attack
from regvae.audit.exposure import Exposure, exposures, hits_among
from regvae.audit.holes import Holes, holes, leaves_out_records
from regvae.audit.inference import Inference, infer
from regvae.audit.quality import Quality, quality
from regvae.formats import Codes
from regvae.formats.codes import sha256
from regvae.model.bundle import Bundle
from regvae.model.privacy import Budget
from regvae.randomness import generator
from regvae.rejection.calibration import calibrate
from regvae.rejection.policy import Policy
from regvae.rejection.proposals import Around, usual

SCHEMA = 1
"""To be raised whenever a part that `Audit.to_dict` has is added, renamed or removed."""
ATTACKS = {
    "loss": "the model's loss",
    "lira": "shadow models (LiRA)",
    "blackbox": "the {plural} alone",
}
"""The membership attacks, and what each uses."""
GENERATED = 100_000
"""Codes that are generated for the audit of a model."""
_FEWEST = 2
_COMPARED = 200_000
"""Most results that the attacks use, evenly spaced; more take minutes and find the same."""


@dataclass(frozen=True)
class Results:
    """A file of results to be judged.

    `codes` (n,) are its codes in their order, `sha256` is the file's hash. `policy` is how they
    were drawn, `proposed` from how many points; None if that is not known, and then `unknown` tells
    why. `accepted` are the exposures of the accepted points, leaks included, as the run counted
    them.
    """

    name: str
    codes: Codes
    sha256: str
    policy: Policy | None = None
    proposed: int | None = None
    unknown: str = ""
    accepted: Sequence[dict[str, Any]] = ()


@dataclass(frozen=True)
class Audit:
    """What was found of a bundle, and of the codes that `source` describes.

    `attacks` are the membership attacks by name: `loss`, `lira` (None without shadow models) and
    `blackbox`. `exposures` are those of the judged codes. `holes` is None unless results that leave
    out records are judged, and `holes_unknown` tells why. `quality` is None for fewer than two
    codes.
    """

    bundle: Bundle
    source: dict[str, Any]
    seed: int
    attacks: dict[str, Attack | None]
    shadows: int
    inference: Inference
    exposures: tuple[Exposure, ...]
    holes: Holes | None
    holes_unknown: str
    quality: Quality | None

    @property
    def largest_auc(self) -> float:
        """The AUC of the best membership attack."""
        return max(one.auc for one in self.attacks.values() if one)

    def _privacy(self) -> dict[str, Any] | None:
        """Epsilon, delta, and the true positive rates that they allow; None if not private."""
        budget = self.bundle.privacy
        if budget is None:
            return None
        allowed = {f"tpr_at_{rate:g}_at_most": budget.most_found(rate) for rate in RATES}
        return {"epsilon": budget.epsilon, "delta": budget.delta, **allowed}

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain JSON types, the verdict first."""
        bundle, preset = self.bundle, self.bundle.preset
        return {
            "schema": SCHEMA,
            "verdict": asdict(verdict(self)),
            "bundle": {
                "name": bundle.name,
                "sha256": bundle.sha256,
                "preset": preset.name,
                "seed": bundle.seed,
                "records": bundle.records.sizes(),
                "format": bundle.format.name,
                "noun": bundle.format.noun,
                "plural": bundle.format.plural,
                "positions": list(bundle.format.position_names),
            },
            "privacy": self._privacy(),
            "source": self.source,
            "seed": self.seed,
            "shadows": self.shadows,
            "membership": {
                name: one.to_dict() if one else None for name, one in self.attacks.items()
            },
            "inference": self.inference.summary(),
            "collisions": [{**asdict(one), "share": one.share} for one in self.exposures],
            "holes": asdict(self.holes) | {"sentence": self.holes.sentence()}
            if self.holes
            else None,
            "holes_unknown": self.holes_unknown,
            "quality": asdict(self.quality) if self.quality else None,
        }


def audit(
    bundle: Bundle,
    results: Results | None = None,
    *,
    shadows: tuple[NDArray, NDArray[np.bool_]] | None = None,
    seed: int = 0,
    on_step: Callable[[str], object] = lambda _: None,
) -> Audit:
    """Attack a bundle, and judge results or else codes that are generated for it.

    `shadows` are the nats (s, n) and members (s, n) of shadow models (`regvae.training.shadows`).
    `on_step` is called with the name of each step. Raises `NoRecordsError` for a release, and
    `ValueError` for results without codes, or a bundle without training records or without held-out
    ones.
    """
    bundle.require_records("to audit it", "audit the bundle that it was released from")
    on_step("codes")
    codes, source = _given(results) if results else _generated(bundle, seed)
    if not len(codes):
        raise ValueError(
            f"expected 1 or more {bundle.format.plural} in {source['name']}, got none; generate "
            "more"
        )
    some = codes[:: max(1, -(-len(codes) // _COMPARED))]
    on_step("membership")
    attacks = _attacks(bundle, some, shadows)
    on_step("inference")
    guesses = infer(bundle, some, seed=seed)
    on_step("holes")
    found, unknown = _holes(bundle, results)
    on_step("quality")
    return Audit(
        bundle=bundle,
        source=source,
        seed=seed,
        attacks=attacks,
        shadows=len(shadows[0]) if shadows else 0,
        inference=guesses,
        exposures=exposures(bundle, hits_among(bundle, codes), len(codes)),
        holes=found,
        holes_unknown=unknown,
        quality=_quality(bundle, codes, results, seed),
    )


def _attacks(
    bundle: Bundle, codes: Codes, shadows: tuple[NDArray, NDArray[np.bool_]] | None
) -> dict[str, Attack | None]:
    scores = membership.by_loss(bundle)
    return {
        "loss": membership.judged(bundle, scores),
        "lira": membership.judged(bundle, membership.by_shadows(-scores, *shadows))
        if shadows
        else None,
        "blackbox": membership.judged(bundle, membership.by_generated(bundle.records.codes, codes)),
    }


def _generated(bundle: Bundle, seed: int) -> tuple[Codes, dict[str, Any]]:
    """Codes drawn from a model as it is usually done, and what they are."""
    proposal = usual(bundle)
    if isinstance(proposal, Around):
        proposal = proposal.fitted(bundle, calibrate(bundle))
    rng = generator("audit: codes", seed)
    z = proposal.draw(GENERATED, bundle, rng)
    codes = bundle.autoencoder.draw(z, rng.random((len(z), bundle.autoencoder.onehot.positions)))
    source = {
        "name": f"{bundle.format.plural} generated for this audit",
        "codes": len(codes),
        "proposals": {"name": proposal.name, **asdict(proposal)},
        "policy": None,
        "sha256": sha256(codes.tolist()),
        "accepted": [],
    }
    return codes, source


def _given(results: Results) -> tuple[Codes, dict[str, Any]]:
    policy = results.policy.to_dict(released=True) if results.policy else None
    source = {
        "name": results.name,
        "codes": len(results.codes),
        "proposals": None,
        "policy": policy,
        "sha256": results.sha256,
        "accepted": list(results.accepted),
    }
    return results.codes, source


def _holes(bundle: Bundle, results: Results | None) -> tuple[Holes | None, str]:
    if results is None:
        return None, "holes are those of results that leave out records: give a file of results"
    if results.policy is None or results.proposed is None:
        return None, results.unknown or "how the results were drawn is not known"
    if not leaves_out_records(results.policy):
        return None, "records are not left out of these results, so that there are no holes"
    return holes(bundle, results.policy, results.proposed), ""


def _quality(bundle: Bundle, codes: Codes, results: Results | None, seed: int) -> Quality | None:
    """The quality beside all records, or of results beside the records that are wanted."""
    records = bundle.records
    real = records.codes
    if results and results.policy:
        real = real[~results.policy.unwanted.of_records(records)]
    if min(len(real), len(codes)) < _FEWEST:
        return None
    return quality(codes, real, bundle.format, seed=seed)


# --- the verdict ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Verdict:
    """The audit in plain words: a headline, `advice` ("" for none), what was `tried`, what was
    `found`, and the `limits` of what that tells; sentences each."""

    headline: str
    advice: str
    tried: tuple[str, ...]
    found: tuple[str, ...]
    limits: tuple[str, ...]


def verdict(found: Audit) -> Verdict:
    """The verdict on an audit."""
    plural, records = found.bundle.format.plural, found.bundle.records.sizes()
    held_out = records["validation"] + records["test"]
    with_shadows = f", with {found.shadows} shadow models (LiRA)" if found.shadows else ""
    return Verdict(
        headline=_headline(found),
        advice=_advice(found),
        tried=(
            f"Membership: to tell the {records['train']:,} {plural} of training from {held_out:,} "
            f"held-out ones, by the model's loss{with_shadows}, and from the "
            f"{found.source['codes']:,} {plural} alone.",
            "Attribute inference: to guess one character of a record from the others, with the "
            f"model and from the {plural} alone, beside the same guesses on held-out {plural}.",
            "Collisions: which records are among the codes, beside chance."
            + (
                "" if not found.holes else " Holes: which records can be named as they are missing."
            ),
        ),
        found=(
            *(_of_attack(name, one, plural) for name, one in found.attacks.items() if one),
            *_of_inference(found.inference, plural),
            _of_exposures(found.exposures),
            *([f"Holes: {found.holes.sentence()}."] if found.holes else []),
        ),
        limits=(
            *_of_privacy(found.bundle.privacy),
            "An attack that finds something proves that it can be found; a better attack may find "
            "more.",
            "Attacks that find nothing do not prove that there is nothing to find; only training "
            "with differential privacy bounds every attack.",
            "The figures are averages over records: a single rare record may be easier to find.",
            "Distances between codes are not used as evidence, as they say nothing about privacy.",
        ),
    )


def _headline(found: Audit) -> str:
    plural = found.bundle.format.plural
    if _codes_tell(found):
        return f"The {plural} give something away about the records."
    if found.holes and found.holes.names_records:
        return f"What is missing among the {plural} names records."
    unknown = "; what holes tell is not known" if found.holes and not found.holes.known else ""
    if _model_tells(found):
        return (
            f"No attack on the {plural} alone found anything; whoever has the model can tell some "
            f"records from others{unknown}."
        )
    return f"No attack found anything{unknown}."


def _advice(found: Audit) -> str:
    proposals = found.source["proposals"] or (found.source["policy"] or {}).get("proposal", {})
    if _codes_tell(found) and proposals.get("name") == Around.name:
        return (
            f"They were drawn around records with a scale of {proposals['scale']:.2g}: draw them "
            "with a larger one, or from the prior."
        )
    if _codes_tell(found):
        return (
            "Train with random codes among the records, for fewer epochs, or with a private preset."
        )
    if found.holes and found.holes.names_records:
        return (
            f"Generate at most {found.holes.safe_draws:,} accepted points, draw more widely, or "
            "leave out the neighbourhoods of records."
        )
    if _model_tells(found):
        if found.bundle.privacy:
            return "Share the results, not the model; or train with more noise, to a lower epsilon."
        return "Share the results, not the model; or train with a private preset."
    return ""


def _codes_tell(found: Audit) -> bool:
    blackbox = found.attacks["blackbox"]
    tells = blackbox is not None and (blackbox.found_something or blackbox.reversed)
    return tells or found.inference.generated.overall.found_something


def _model_tells(found: Audit) -> bool:
    attacks = (one for name, one in found.attacks.items() if one and name != "blackbox")
    tells = any(one.found_something or one.reversed for one in attacks)
    return tells or found.inference.model.overall.found_something


def _of_attack(name: str, found: Attack, plural: str) -> str:
    low, high = (100 * one for one in found.auc_interval)
    better = "not surely better than guessing"
    if found.found_something:
        better = "better than guessing"
    elif found.reversed:
        better = "surely worse than guessing: who turns it round does better"
    return (
        f"By {ATTACKS[name].format(plural=plural)}: in {100 * found.auc:.1f} % ({low:.1f} to "
        f"{high:.1f}; guessing: 50) of pairs of a training record and a held-out one, the training "
        f"record has the higher score; {better}."
    )


def _of_inference(found: Inference, plural: str) -> list[str]:
    sentences = []
    for label, guesses in (
        ("with the model", found.model),
        (f"from the {plural}", found.generated),
    ):
        one = guesses.overall
        risk = one.risk_interval
        more = (
            f": a risk of {100 * one.risk:.1f} % ({100 * risk[0]:.1f} to {100 * risk[1]:.1f})"
            if one.risk is not None and risk
            else ""
        )
        sentences.append(
            f"One character is guessed {label} in {100 * one.main.value:.1f} % of training records "
            f"and {100 * one.control.value:.1f} % of held-out ones{more}."
        )
    return sentences


def _of_privacy(budget: Budget | None) -> list[str]:
    if budget is None:
        return []
    strict = RATES[0]
    return [
        f"The weights are differentially private (epsilon {budget.epsilon:.2f} at delta "
        f"{budget.delta:g}): no attack on them finds more than "
        f"{100 * budget.most_found(strict):.4g} % of the training records at "
        f"{100 * strict:g} % false positives, if another record took each one's place. That bound "
        "does not cover codes drawn around records."
    ]


def _of_exposures(found: Sequence[Exposure]) -> str:
    parts = [
        f"{one.exposed:,} of {one.records:,} of {one.split} ({one.by_chance:.2g} by chance)"
        for one in found
    ]
    return f"Different records among the codes: {', '.join(parts)}."
