"""The only caches: bundles and what is computed from them, keyed by name, version and numbers."""

import filecmp
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dashboard.latent_map import Geometry, SampleLayer
from regvae import bundle as bundles
from regvae import evaluation, rules, sampling
from regvae.bundle import Bundle
from regvae.distance import NearestGaussian

STATIC = Path(__file__).parent / "static"


def version_of(name: str) -> str:
    """A text that changes when a bundle's folder does: part of every cache key."""
    stat = (bundles.resolve(name) / bundles.MANIFEST).stat()
    return f"{stat.st_mtime_ns}-{stat.st_size}"


@st.cache_resource(max_entries=4, show_spinner=False)
def bundle(name: str, version: str) -> Bundle:  # noqa: ARG001 -- part of the cache key
    """A verified bundle; its arrays are read-only and shared by all sessions."""
    return bundles.load(name)


@st.cache_resource(max_entries=4, show_spinner=False)
def geometry(name: str, version: str) -> Geometry:
    """What the browser needs of a bundle."""
    return Geometry.of(bundle(name, version))


@st.cache_resource(max_entries=8, show_spinner=False)
def gaussians(name: str, version: str) -> NearestGaussian:
    """Search among all records."""
    records = bundle(name, version).records
    return NearestGaussian(records.mean, records.sigma)


@dataclass(frozen=True)
class Side:
    """One side of a rule: the Gaussians on it, and which records they are."""

    gaussians: NearestGaussian
    rows: NDArray[np.intp]

    def nearest(self, point: Sequence[float]) -> tuple[float, int]:
        """Distance to the nearest record of this side, and that record's row among all."""
        distance, index = self.gaussians.query([point])
        return float(distance[0]), int(self.rows[index[0]])


@st.cache_resource(max_entries=16, show_spinner=False)
def side(name: str, version: str, unwanted: tuple[rules.Rule, ...], wanted: bool) -> Side | None:
    """The unwanted or the wanted records, or None if there are none."""
    records = bundle(name, version).records
    selected = records.select(unwanted) != wanted
    if not selected.any():
        return None
    search = NearestGaussian(records.mean[selected], records.sigma[selected])
    return Side(search, np.flatnonzero(selected))


@dataclass(frozen=True)
class Sampling:
    """Samples as the library has them, and as the browser gets them."""

    samples: sampling.Samples
    layer: SampleLayer


@st.cache_resource(max_entries=8, show_spinner=False)
def samples(
    name: str, version: str, unwanted: tuple[rules.Rule, ...], n: int, box: float, seed: int
) -> Sampling:
    """Proposed samples, measured and decoded, for one setting of the rule."""
    loaded = bundle(name, version)
    drawn = sampling.sample(loaded, unwanted, n=n, box=box, seed=seed)
    forbidden = side(name, version, unwanted, wanted=False)
    assert forbidden is not None  # `sample` refuses a rule that nothing fulfils
    extent = geometry(name, version).extent
    return Sampling(drawn, SampleLayer.of(drawn, forbidden.gaussians, extent=extent, box=box))


@st.cache_data(max_entries=8, show_spinner=False)
def accuracy(name: str, version: str, sampled: bool) -> dict[str, Any]:
    """Rebuild accuracy on the test regs."""
    return evaluation.accuracy(bundle(name, version), sampled=sampled)


@st.cache_data(max_entries=8, show_spinner=False)
def notebook_figures(name: str, version: str) -> list[evaluation.Figure]:
    """The notebook's figures for a bundle."""
    return evaluation.notebook_figures(bundle(name, version))


@st.cache_resource
def serve_plotly_js() -> None:
    """Put the installed Plotly wheel's plotly.min.js where Streamlit serves static files.

    Raises `OSError` if the folder cannot be written to and holds no copy.
    """
    target = STATIC / "plotly.min.js"
    with resources.as_file(resources.files("plotly") / "package_data" / "plotly.min.js") as source:
        if target.is_file() and filecmp.cmp(source, target, shallow=False):
            return
        partial = target.with_suffix(".partial")
        try:
            shutil.copyfile(source, partial)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
