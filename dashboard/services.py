"""The only caches: bundles and what is computed from them, keyed by name, version and numbers."""

import filecmp
import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import resources
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.csv
import pyarrow.parquet as pq
import streamlit as st
from numpy.typing import NDArray

from dashboard.colouring import Colouring
from dashboard.latent_map import DecodedLayer, Geometry, SampleLayer
from regvae.audit.leaks import Hunt, hunt
from regvae.evaluation import diagnosis, notebook
from regvae.evaluation.accuracy import accuracy as measured_accuracy
from regvae.evaluation.notebook import Figure
from regvae.formats import uk_registration
from regvae.formats.uk_registration import ATTRIBUTES
from regvae.generation import results
from regvae.latent.gaussians import NearestGaussian
from regvae.latent.paths import NeighbourGraph
from regvae.latent.plane import Plane
from regvae.latent.polygon import Polygon
from regvae.model import bundle as bundles
from regvae.model import store
from regvae.model.bundle import Bundle
from regvae.rejection import nearest, sampling
from regvae.rejection.calibration import Calibration, calibrate
from regvae.rejection.measures import Judge
from regvae.rejection.policy import Policy
from regvae.rejection.proposals import Box
from regvae.rejection.rules import RULES, Measures, Posterior
from regvae.rejection.unwanted import Unwanted, UnwantedError

STATIC = Path(__file__).parent / "static"


def version_of(name: str) -> str:
    """A text that changes when a bundle's folder does: part of every cache key."""
    stat = (store.resolve(name) / store.MANIFEST).stat()
    return f"{stat.st_mtime_ns}-{stat.st_size}"


@st.cache_resource(max_entries=4, show_spinner=False)
def bundle(name: str, version: str) -> Bundle:  # noqa: ARG001 -- part of the cache key
    """A verified bundle; its arrays are read-only and shared by all sessions."""
    return bundles.load(name)


@st.cache_resource(max_entries=8, show_spinner=False)
def geometry(name: str, version: str, beside: tuple[str, str] | None = None) -> Geometry:
    """What the browser needs of a bundle, which may stand beside another."""
    return Geometry.of(bundle(name, version), bundle(*beside) if beside else None)


@st.cache_resource(max_entries=8, show_spinner=False)
def rebuilt(name: str, version: str) -> uk_registration.Regs:
    """What comes back of every record when its mean is decoded, (n,)."""
    loaded = bundle(name, version)
    return loaded.autoencoder.decode(loaded.records.mean)


@st.cache_resource(max_entries=64, show_spinner=False)
def plane(name: str, version: str, choice: tuple[int, int] | None) -> Plane:
    """What the map shows of a bundle: two axes, counted from 1, or None for the principal plane."""
    records = bundle(name, version).records
    return Plane.axes(records, *choice) if choice else Plane.principal(records)


@st.cache_data(max_entries=8, show_spinner=False)
def mean_of_means(name: str, version: str) -> NDArray[np.float64]:
    """The middle of a bundle's records, (k,)."""
    return bundle(name, version).records.mean.mean(axis=0, dtype=np.float64)


@st.cache_resource(max_entries=4, show_spinner=False)
def neighbour_graph(name: str, version: str) -> NeighbourGraph:
    """What paths along the data are found on."""
    return NeighbourGraph(bundle(name, version).records.mean)


@st.cache_resource(max_entries=8, show_spinner=False)
def decoded_layer(
    name: str,
    version: str,
    attribute: str,
    choice: tuple[int, int] | None,
    anchor: tuple[float, ...],
) -> DecodedLayer:
    """What the decoder says all over a plane, as the browser gets it."""
    loaded = bundle(name, version)
    colouring = Colouring.of(ATTRIBUTES[attribute], loaded.records.codes)
    return DecodedLayer.of(loaded, colouring, plane(name, version, choice), np.array(anchor))


@st.cache_resource(max_entries=8, show_spinner=False)
def gaussians(name: str, version: str) -> NearestGaussian:
    """Search among all records."""
    records = bundle(name, version).records
    return NearestGaussian(records.mean, records.sigma)


@st.cache_resource(max_entries=8, show_spinner=False)
def unwanted(rules: str, region: Polygon | None, listed: str, training: bool) -> Unwanted:
    """What is unwanted, from texts as they were typed; a long list is read once.

    Raises `RuleError`, `RegError` naming the first bad lines, or `UnwantedError` if nothing is.
    """
    return Unwanted.of(
        [rules] if rules else [],
        regions=[region] if region else [],
        listed=uk_registration.parse_lines(listed.splitlines()) if listed.strip() else [],
        training=training,
    )


@st.cache_resource(max_entries=4, show_spinner=False)
def calibration(name: str, version: str) -> Calibration:
    """The factor for a bundle's sigmas, and its curve."""
    return calibrate(bundle(name, version))


# Streamlit hashes a dataclass by its fields alone, so that two kinds of proposals without any would
# be the same; `repr` names the kind. And a long list it would hash reg by reg.
KEYS: dict[str | type, Callable[[Any], Any]] = {
    Policy: repr,
    Unwanted: attrgetter("fingerprint"),
}


@st.cache_resource(max_entries=16, show_spinner=False, hash_funcs=KEYS)
def judge(
    name: str, version: str, unwanted: Unwanted, rule: str, split: str | None = None
) -> Judge:
    """What measures points for a rule, given by its name; of all records or of one split's.

    Raises `UnwantedError` if nothing or everything is unwanted.
    """
    calibrated = calibration(name, version) if rule == Posterior.name else None
    return Judge.of(bundle(name, version), unwanted, calibrated, split=split)


@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs=KEYS)
def held_out(name: str, version: str, unwanted: Unwanted, rule: str) -> Measures | None:
    """What a judge of the training records measures of the held-out unwanted ones; None if none."""
    records = bundle(name, version).records
    rows = unwanted.of_records(records) & (records.split != "train")
    if not rows.any():
        return None
    try:
        known = judge(name, version, unwanted, rule, split="train")
    except UnwantedError:
        return None
    return known.measure(RULES[rule], records.mean[rows])


@st.cache_resource(max_entries=16, show_spinner=False, hash_funcs=KEYS)
def accepted_records(name: str, version: str, policy: Policy) -> NDArray[np.float64]:
    """Means of the wanted records that a policy's rule accepts."""
    measuring = judge(name, version, policy.unwanted, policy.rule.name)
    return nearest.accepted_records(measuring, policy.rule)


@st.cache_data(max_entries=200, show_spinner=False, hash_funcs=KEYS)
def nearest_accepted(
    name: str, version: str, policy: Policy, point: tuple[float, ...]
) -> NDArray[np.float64] | None:
    """An accepted point near a rejected one, if one is found."""
    measuring = judge(name, version, policy.unwanted, policy.rule.name)
    known = accepted_records(name, version, policy)
    return nearest.nearest_accepted(measuring, policy.rule, point, known)


def samples(name: str, version: str, policy: Policy) -> sampling.Samples:
    """A policy's proposals, measured and decoded: the same whatever the numbers of its rule are."""
    return _samples(name, version, _any_numbers(policy))


def sample_layer(
    name: str,
    version: str,
    policy: Policy,
    choice: tuple[int, int] | None,
    anchor: tuple[float, ...],
) -> SampleLayer:
    """The same as the browser gets it, for a plane and the other coordinates of an anchor (k,)."""
    return _sample_layer(name, version, _any_numbers(policy), choice, anchor)


def _any_numbers(policy: Policy) -> Policy:
    return replace(policy, rule=type(policy.rule)())


@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs=KEYS)
def _samples(name: str, version: str, policy: Policy) -> sampling.Samples:
    measuring = judge(name, version, policy.unwanted, policy.rule.name)
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
        judge(name, version, policy.unwanted, policy.rule.name),
        held_out(name, version, policy.unwanted, policy.rule.name),
        plane=plane(name, version, choice),
        anchor=np.array(anchor),
        box=policy.proposal.half_width if isinstance(policy.proposal, Box) else None,
    )


@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs=KEYS)
def leaks(name: str, version: str, policy: Policy) -> Hunt:
    """What the leak hunter finds for a policy."""
    measuring = judge(name, version, policy.unwanted, policy.rule.name)
    return hunt(bundle(name, version), policy, measuring)


@dataclass(frozen=True)
class Made:
    """Results as files, with their outcome."""

    outcome: results.Outcome
    parquet: bytes
    csv: bytes

    @cached_property
    def hashes(self) -> dict[str, str]:
        """sha256 of each file by the end of its name."""
        files = {".parquet": self.parquet, ".csv": self.csv}
        return {suffix: hashlib.sha256(file).hexdigest() for suffix, file in files.items()}


def make_results(
    name: str, version: str, policy: Policy, on_block: Callable[[sampling.Tally], None]
) -> Made:
    """Run a policy to its end: the bytes are those that the command line writes."""
    loaded = bundle(name, version)
    measuring = judge(name, version, policy.unwanted, policy.rule.name)
    parquet, csv = io.BytesIO(), io.BytesIO()
    outcome = results.run(loaded, policy, parquet, judge=measuring, on_block=on_block)
    pyarrow.csv.write_csv(pq.read_table(io.BytesIO(parquet.getvalue())), csv)
    return Made(outcome, parquet.getvalue(), csv.getvalue())


@st.cache_data(max_entries=8, show_spinner=False)
def accuracy(name: str, version: str, sampled: bool) -> dict[str, Any]:
    """Rebuild accuracy on the test regs."""
    return measured_accuracy(bundle(name, version), sampled=sampled)


@st.cache_data(max_entries=8, show_spinner=False)
def notebook_figures(name: str, version: str) -> list[Figure]:
    """The notebook's figures for a bundle."""
    return notebook.notebook_figures(bundle(name, version))


@st.cache_resource(max_entries=8, show_spinner=False)
def diagnosed(name: str, version: str) -> diagnosis.Diagnosis:
    """What a bundle is good at and what not."""
    return diagnosis.diagnose(bundle(name, version))


@st.cache_resource(max_entries=64, show_spinner=False)
def confusion(name: str, version: str, positions: tuple[int, ...]) -> diagnosis.Confusion:
    """What the characters at some positions are taken for."""
    return diagnosis.confusion(bundle(name, version), positions)


@st.cache_data(max_entries=1, show_spinner=False)
def rule_study() -> pd.DataFrame:
    """What the rules made of ten trainings, as `regvae study` wrote it."""
    return pd.read_csv(store.ASSETS / "rule-study.csv")


@st.cache_resource
def serve_plotly_js() -> None:
    """Put the installed Plotly wheel's plotly.min.js where Streamlit serves static files.

    Raises `OSError` if the folder cannot be written to and holds no copy.
    """
    target = STATIC / "plotly.min.js"
    with resources.as_file(resources.files("plotly") / "package_data" / "plotly.min.js") as source:
        if target.is_file() and filecmp.cmp(source, target, shallow=False):
            return
        store.write_whole(target, source.read_bytes())
