"""The only caches: bundles and values computed from them, keyed by name, version and arguments."""

import io
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from dashboard import processors
from dashboard.components.colouring import Colouring
from dashboard.components.edge import EdgeLayer
from dashboard.components.fields import DensityLayer, PaintedLayer, SampleLayer
from dashboard.components.geometry import Geometry
from dashboard.components.wanted import WantedLayer, colour_attribute
from dashboard.threads import in_thread
from dashboard.unnamed import UnnamedFile
from regvae.audit import report as audit_report
from regvae.audit.leaks import Hunt, hunt
from regvae.evaluation import diagnosis, notebook
from regvae.evaluation.accuracy import accuracy as measured_accuracy
from regvae.evaluation.notebook import Figure
from regvae.evaluation.study import RuleOutcome, outcomes_of
from regvae.formats import Codes
from regvae.generation.reading import read_results
from regvae.generation.results import KINDS, Outcome, generate
from regvae.intervals import CONFIDENCE
from regvae.latent.gaussians import NearestGaussian
from regvae.latent.paths import NeighbourGraph
from regvae.latent.plane import Plane
from regvae.latent.polygon import Polygon
from regvae.model import bundle as bundles
from regvae.model import store
from regvae.model.bundle import Bundle
from regvae.rejection import nearest, sampling
from regvae.rejection.calibration import Calibration, calibrate
from regvae.rejection.guarantee import PURITY
from regvae.rejection.guarantee import guaranteed as choose
from regvae.rejection.learning import Predictor
from regvae.rejection.measures import Measurer
from regvae.rejection.policy import Policy
from regvae.rejection.proposals import FEW_DIMENSIONS, Box
from regvae.rejection.report import Tally, refusals
from regvae.rejection.rules import RULES, Measures
from regvae.rejection.samples import Samples
from regvae.rejection.unwanted import Unwanted, usual_wanted

FEW = 12
"""Results that are shown as plates."""
DETAILS = ".parquet"
"""The kind of the file of details."""
EXPLAINED = 2_000
"""First points of a sampling run whose refusals are counted."""
LONG = 5.0
"""A sampling run of this many seconds or more is for worker processes, which take two to start."""
MOST_PROPOSED = 250_000
"""Most proposed points of results whose holes are looked for: four times as many are drawn."""

STATIC = Path(__file__).parent / "static"
STUDY = store.ASSETS / "rule-study.csv"

# Streamlit hashes a dataclass by its fields alone, so that two kinds of proposals without fields
# would be equal; `repr` names the kind. And it would hash a long list code by code.
KEYS: dict[str | type, Callable[[Any], Any]] = {
    Policy: repr,
    Unwanted: attrgetter("fingerprint"),
}


def version_of(name: str) -> str:
    """A text that differs after any change of a bundle's folder: part of every cache key."""
    stat = (store.resolve(name) / store.MANIFEST).stat()
    return f"{stat.st_mtime_ns}-{stat.st_size}"


@st.cache_resource(max_entries=4, show_spinner=False)
def bundle(name: str, version: str) -> Bundle:  # noqa: ARG001 -- part of the cache key
    """A verified bundle; its arrays are read-only and shared by all sessions."""
    return bundles.load(name)


@st.cache_resource(max_entries=8, show_spinner=False)
def geometry(name: str, version: str, beside: tuple[str, str] | None = None) -> Geometry:
    """A bundle for the browser; with `beside`, equal values have equal colours in both."""
    return Geometry.of(bundle(name, version), bundle(*beside) if beside else None)


@st.cache_resource(max_entries=8, show_spinner=False)
def reconstructions(name: str, version: str) -> Codes:
    """The reconstruction of every record, decoded from its mean: (n,)."""
    loaded = bundle(name, version)
    return loaded.autoencoder.decode(loaded.records.mean)


@st.cache_resource(max_entries=64, show_spinner=False)
def plane(name: str, version: str, choice: tuple[int, int] | None) -> Plane:
    """The plane of two axes, counted from 1, or the principal plane for None."""
    records = bundle(name, version).records
    return Plane.axes(records, *choice) if choice else Plane.principal(records)


@st.cache_data(max_entries=8, show_spinner=False)
def mean_of_means(name: str, version: str) -> NDArray[np.float64]:
    """The mean of all records' means, (k,)."""
    return bundle(name, version).records.centre


@st.cache_resource(max_entries=4, show_spinner=False)
def neighbour_graph(name: str, version: str) -> NeighbourGraph:
    """The graph on which paths along the data are found. Raises `NoRecordsError` for a release."""
    records = bundle(name, version).require_records(
        "for a path along the data", "choose a straight path or one axis"
    )
    return NeighbourGraph(records.mean)


@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs=KEYS)
def painted_layer(
    name: str,
    version: str,
    colour: str,
    choice: tuple[int, int] | None,
    anchor: tuple[float, ...],
    *,
    unwanted: Unwanted | None = None,
    beside: tuple[str, str] | None = None,
) -> PaintedLayer | None:
    """A colour as in `colour_attribute`, decoded everywhere on a plane, for the browser.

    None for a further column of the records, which no decoded code has. `beside` as in `geometry`.
    """
    loaded = bundle(name, version)
    models = [loaded, bundle(*beside)] if beside else [loaded]
    attribute = colour_attribute(colour, unwanted, loaded)
    if attribute.is_column:
        return None
    colouring = Colouring.of(attribute, np.concatenate([one.seen_codes for one in models]))
    return PaintedLayer.of(loaded, colouring, plane(name, version, choice), np.array(anchor))


@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs=KEYS)
def wanted_layer(name: str, version: str, unwanted: Unwanted | None) -> WantedLayer:
    """Which records are wanted, for the browser; all of them if nothing is unwanted (None)."""
    loaded = bundle(name, version)
    return WantedLayer.of(unwanted, loaded)


@st.cache_resource(max_entries=8, show_spinner=False)
def density_layer(
    name: str, version: str, choice: tuple[int, int] | None, anchor: tuple[float, ...]
) -> DensityLayer | None:
    """The density of the records on a plane, for the browser; None for a release."""
    records = bundle(name, version).records
    if not len(records):
        return None
    return DensityLayer.of(records, plane(name, version, choice), np.array(anchor))


@st.cache_resource(max_entries=8, show_spinner=False)
def gaussians(name: str, version: str) -> NearestGaussian:
    """The search for the nearest of all records. Raises `NoRecordsError` for a release."""
    records = bundle(name, version).require_records("to find the nearest")
    return NearestGaussian(records.mean, records.sigma)


@st.cache_resource(max_entries=8, show_spinner=False)
def unwanted(
    name: str, version: str, wanted: str, region: Polygon | None, listed: str, training: bool
) -> Unwanted:
    """What is unwanted of a model's codes: all but what is `wanted`, and the other parts.

    A long list is parsed once.
    Raises `PredicateError`, `FormatError` naming the first bad lines, or `UnwantedError` if nothing
    is unwanted.
    """
    lines = listed.splitlines() if listed.strip() else []
    format = bundle(name, version).format
    return Unwanted.of(
        wanted=[wanted] if wanted else [],
        regions=[region] if region else [],
        listed=format.parse_lines(lines) if lines else [],
        training=training,
        format=format,
    )


@st.cache_data(max_entries=8, show_spinner=False)
def wanted_by_default(name: str, version: str) -> str:
    """What is wanted of a model's codes unless somebody chooses, as text."""
    loaded = bundle(name, version)
    return usual_wanted(loaded.format, loaded.seen_codes)


@st.cache_resource(max_entries=4, show_spinner=False)
def calibration(name: str, version: str) -> Calibration:
    """The calibrated scale of a bundle, and its curve. Raises `NoRecordsError` for a release."""
    return calibrate(bundle(name, version))


@st.cache_resource(max_entries=16, show_spinner=False, hash_funcs=KEYS)
def measurer(name: str, version: str, unwanted: Unwanted, rule: str) -> Measurer:
    """The measurer of points for a rule, given by its name, without what the rule may have learned.

    Raises `UnwantedError` if no record or every record is unwanted.
    """
    return Measurer.of(bundle(name, version), unwanted, _calibration_for(name, version, rule))


def measurer_of(name: str, version: str, policy: Policy) -> Measurer:
    """The measurer that a policy needs, with what its rule has learned.

    Raises what `measurer` and `sampling.learned` raise.
    """
    found = measurer(name, version, policy.unwanted, policy.rule.name)
    if not policy.rule.needs_learning:
        return found
    return replace(found, predictor=_learning(name, version, _measured(policy)).result())


def learning(name: str, version: str, policy: Policy) -> Future[Predictor] | None:
    """What a policy's rule still learns, if it takes longer than a page may wait; else None."""
    few = bundle(name, version).records.latent_dim <= FEW_DIMENSIONS
    if few or not policy.rule.needs_learning:
        return None
    found = _learning(name, version, _measured(policy))
    return None if found.done() else found


def _measured(policy: Policy) -> Policy:
    """A policy with only what its measures depend on: what it learns from, if its rule learns."""
    kept = Policy(policy.bundle, policy.unwanted, type(policy.rule)())
    if not policy.rule.needs_learning:
        return kept
    return replace(kept, proposal=policy.proposal, decode=policy.decode, seed=policy.seed)


@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs=KEYS)
def _learning(name: str, version: str, policy: Policy) -> Future[Predictor]:
    measuring = measurer(name, version, policy.unwanted, policy.rule.name)
    return in_thread(partial(sampling.learned, bundle(name, version), policy, measuring))


def held_out(name: str, version: str, policy: Policy) -> Measures | None:
    """A rule's measures of the held-out unwanted records, from the training records alone."""
    return _held_out(name, version, _measured(policy))


@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs=KEYS)
def _held_out(name: str, version: str, policy: Policy) -> Measures | None:
    return sampling.held_out_measures(
        bundle(name, version),
        policy.unwanted,
        policy.rule,
        _calibration_for(name, version, policy.rule.name),
        measurer_of(name, version, policy).predictor,
    )


def _calibration_for(name: str, version: str, rule: str) -> Calibration | None:
    needed = RULES[rule].needs_calibration and not bundle(name, version).released
    return calibration(name, version) if needed else None


@st.cache_resource(max_entries=16, show_spinner=False, hash_funcs=KEYS)
def accepted_records(name: str, version: str, policy: Policy) -> NDArray[np.float64]:
    """Means of the wanted records that a policy's rule accepts."""
    measuring = measurer_of(name, version, policy)
    return nearest.accepted_records(measuring, policy.rule)


@st.cache_data(max_entries=200, show_spinner=False, hash_funcs=KEYS)
def nearest_accepted(
    name: str, version: str, policy: Policy, point: tuple[float, ...], fewest: int
) -> NDArray[np.float64] | None:
    """An accepted point near a rejected one that decodes to something wanted, if one is found.

    It is rounded to as few decimals, at least `fewest`, as leave it such a point.
    """
    loaded = bundle(name, version)

    def wanted(z: NDArray[np.float64]) -> NDArray[np.bool_]:
        return ~policy.unwanted.of_codes(loaded.autoencoder.decode(z), loaded)

    measuring = measurer_of(name, version, policy)
    known = accepted_records(name, version, policy)
    found = nearest.nearest_accepted(measuring, policy.rule, point, known, wanted)
    if found is None:
        return None
    for decimals in range(fewest, 16):
        rounded = np.round(found, decimals)[None]
        if policy.rule.accepts(measuring.measure(policy.rule, rounded))[0] and wanted(rounded)[0]:
            return rounded[0]
    return found


def samples(name: str, version: str, policy: Policy) -> Samples:
    """A policy's proposals, measured and decoded; the parameters of its rule do not matter."""
    return _samples(name, version, _any_numbers(policy))


def sample_layer(
    name: str,
    version: str,
    policy: Policy,
    choice: tuple[int, int] | None,
    anchor: tuple[float, ...],
) -> SampleLayer:
    """The same for the browser, on a plane with the other coordinates of an anchor (k,)."""
    return _sample_layer(name, version, _any_numbers(policy), choice, anchor)


def _any_numbers(policy: Policy) -> Policy:
    return replace(policy, rule=type(policy.rule)())


@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs=KEYS)
def _samples(name: str, version: str, policy: Policy) -> Samples:
    measuring = measurer_of(name, version, policy)
    return sampling.sample(bundle(name, version), policy, measuring)


@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs=KEYS)
def _sample_layer(
    name: str,
    version: str,
    policy: Policy,
    choice: tuple[int, int] | None,
    anchor: tuple[float, ...],
) -> SampleLayer:
    return SampleLayer.of(
        policy.rule,
        _samples(name, version, policy),
        measurer_of(name, version, policy),
        held_out(name, version, policy),
        plane=plane(name, version, choice),
        anchor=np.array(anchor),
        box=policy.proposal.half_width if isinstance(policy.proposal, Box) else None,
    )


@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs=KEYS)
def edge_layer(name: str, version: str, unwanted: Unwanted) -> EdgeLayer:
    """The exact edge of what decodes to wanted codes, for a model of two latent dimensions."""
    return EdgeLayer.of(bundle(name, version), unwanted)


@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs=KEYS)
def leaks(name: str, version: str, policy: Policy) -> Hunt:
    """The leaks that a search finds for a policy."""
    measuring = measurer_of(name, version, policy)
    return hunt(bundle(name, version), policy, measuring)


def guaranteed(name: str, version: str, policy: Policy, purity: float) -> Policy:
    """A policy with numbers of its rule that tests show to reach a purity, at 95 % confidence."""
    return _guaranteed(name, version, replace(_any_numbers(policy), proposals=1), purity)


@st.cache_resource(max_entries=16, show_spinner=False, hash_funcs=KEYS)
def _guaranteed(name: str, version: str, policy: Policy, purity: float) -> Policy:
    measuring = measurer_of(name, version, policy)
    return choose(bundle(name, version), policy, purity, CONFIDENCE, measurer=measuring)


@dataclass(frozen=True)
class ResultFiles:
    """Results as files by their kind (`.parquet`, `.csv`), their outcome, and the first codes.

    The files are on the disk, and gone with this object. `details` is a Parquet file of points,
    distances and which codes are records. `refused` tells why points were refused, see `refusals`:
    of the first `explained` ones.
    """

    outcome: Outcome
    content: dict[str, UnnamedFile]
    details: UnnamedFile
    first: list[str]
    explained: int
    refused: dict[str, int]

    @property
    def name(self) -> str:
        """What the files are called, without their kind."""
        policy = self.outcome.policy
        return f"{policy.unwanted.format.column}s-{policy.bundle}"


def result_files(
    name: str,
    version: str,
    policy: Policy,
    on_block: Callable[[Tally], bool],
    stopped: processors.Stopped,
) -> ResultFiles:
    """Run a policy to its end: the bytes are those that the command line writes.

    A long run is judged by worker processes. A rule that learns gets numbers with a guarantee
    first, unless the policy has one. Raises `WaitError` if it is `stopped` before it has a place,
    `WorkerError` if the workers have ended, and `OSError` if the disk is full.
    """
    with processors.short_run(stopped):
        measuring = measurer_of(name, version, policy)
        if not bundle(name, version).released:
            # Recall in the support is counted with the calibration, which not every rule needs.
            measuring = replace(measuring, calibration=calibration(name, version))
        if policy.rule.needs_learning and policy.guarantee is None:
            found = guaranteed(name, version, policy, PURITY)
            policy = replace(policy, rule=found.rule, guarantee=found.guarantee)
        start = time.monotonic()
        few = replace(policy, proposals=min(policy.proposals, EXPLAINED))
        begin = sampling.sample(bundle(name, version), few, measuring)
        run = partial(_written, bundle(name, version), policy, measuring, begin, on_block)
        if _seconds(policy, begin, time.monotonic() - start) < LONG:
            return run(None)
    with processors.long_run(stopped) as executor:
        return run(executor)


def _seconds(policy: Policy, begin: Samples, took: float) -> float:
    """The least seconds that a run takes in a thread, if its first points, `begin`, `took` some."""
    accepted = begin.take(policy.rule.accepts(begin.measures))
    different = len(np.unique(accepted.codes))
    if not different:  # it ends at once
        return took
    points = float(policy.proposals)
    if policy.results is not None:
        points = min(points, policy.results / different * len(begin))
    return points / len(begin) * took


def _written(
    loaded: Bundle,
    policy: Policy,
    measuring: Measurer,
    begin: Samples,
    on_block: Callable[[Tally], bool],
    executor: Executor | None,
) -> ResultFiles:
    """Run a policy, of whose points the first ones, `begin`, are known."""
    files, details = {kind: UnnamedFile() for kind in KINDS}, UnnamedFile()
    outcome = generate(
        loaded,
        policy,
        {kind: file.writing for kind, file in files.items()},
        details={DETAILS: details.writing},
        measurer=measuring,
        executor=executor,
        on_block=on_block,
    )
    lines = islice(io.BytesIO(files[".csv"].read()), 1, 1 + FEW)
    first = [line.decode().strip().strip('"') for line in lines]
    explained = min(outcome.report.proposed, len(begin))
    refused = refusals(policy.rule, begin.take(np.arange(explained)))
    return ResultFiles(outcome, files, details, first, explained, refused)


OnStep = Callable[[str], object]


@st.cache_data(max_entries=8, show_spinner=False)
def audited(name: str, version: str, _on_step: OnStep) -> dict[str, Any]:
    """The audit of a model, without shadow models, as `Audit.to_dict` has it.

    Raises what `regvae.audit.report.audit` does.
    """
    return audit_report.audit(bundle(name, version), on_step=_on_step).to_dict()


def audited_results(
    name: str, version: str, files: ResultFiles, too_many: str, on_step: OnStep
) -> dict[str, Any]:
    """The audit of results, the same that the command line finds of their Parquet file.

    The holes of results of more than `MOST_PROPOSED` points are not looked for; `too_many` is told
    instead. Raises what `read_results` and `regvae.audit.report.audit` do.
    """
    loaded, policy = bundle(name, version), files.outcome.policy
    content = files.content[".parquet"].read()
    given = read_results(f"{files.name}.parquet", loaded, policy.unwanted.codes, content=content)
    if given.proposed and given.proposed > MOST_PROPOSED:
        given = replace(given, proposed=None, unknown=too_many)
    return audit_report.audit(loaded, given, on_step=on_step).to_dict()


@st.cache_data(max_entries=8, show_spinner=False)
def accuracy(name: str, version: str, sampled: bool) -> dict[str, Any]:
    """Accuracy on the test records."""
    return measured_accuracy(bundle(name, version), sampled=sampled)


@st.cache_data(max_entries=8, show_spinner=False)
def notebook_figures(name: str, version: str) -> list[Figure]:
    """The notebook's figures for a bundle."""
    return notebook.notebook_figures(bundle(name, version))


@st.cache_resource(max_entries=8, show_spinner=False)
def diagnosed(name: str, version: str) -> diagnosis.Diagnosis:
    """Everything measured of a bundle on its own records."""
    return diagnosis.diagnose(bundle(name, version))


@st.cache_resource(max_entries=64, show_spinner=False)
def confusion(name: str, version: str, positions: tuple[int, ...]) -> diagnosis.Confusion:
    """Counts of true against decoded characters at some positions, counted from 1."""
    return diagnosis.confusion(bundle(name, version), positions)


@st.cache_data(max_entries=1, show_spinner=False)
def rule_study(path: Path) -> list[RuleOutcome]:
    """The rules on many training runs, as `regvae study` wrote them. Raises what `outcomes_of`
    does."""
    return outcomes_of(pd.read_csv(path))
