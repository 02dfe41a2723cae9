"""The explore page, models that are small or of another shape than those shipped, idle workers."""

import dataclasses
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from streamlit.runtime.scriptrunner import script_runner
from streamlit.testing.v1 import AppTest

from dashboard.components import latent_map
from regvae.model import bundle as bundles
from regvae.model.bundle import Bundle
from regvae.model.config import Data
from regvae.training import jobs, spare
from tests.dashboard import opened, part_of

Sent = list[dict[str, Any]]


@pytest.fixture(scope="session", autouse=True)
def without_keras() -> Iterator[None]:
    """Streamlit clears Keras's session after every run if another test has imported it.

    A server never imports it (tests/test_imports.py); a test here would take five times as long.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(script_runner, "_clean_problem_modules", lambda: None)
        yield


@pytest.fixture
def app() -> AppTest:
    """The explore page, run once."""
    return opened()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    """The input of the map at every run, which is stored and not shown."""
    given: Sent = []
    monkeypatch.setattr(latent_map, "_mount", lambda data, **_: given.append(data))
    return given


@pytest.fixture(autouse=True)
def none_prepared(monkeypatch: pytest.MonkeyPatch) -> None:
    """No page starts a process that loads TensorFlow."""
    monkeypatch.setattr(spare, "prepare", lambda worker: None)  # noqa: ARG005


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home for jobs and kept models."""
    monkeypatch.setenv("REGVAE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def idle(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Workers that end at once and do nothing."""

    def popen(command: list[str], **options: Any) -> subprocess.Popen:
        return subprocess.Popen([command[0], "-S", "-c", "pass"], **options)

    stand_in = SimpleNamespace(Popen=popen, DEVNULL=subprocess.DEVNULL)
    monkeypatch.setattr(jobs, "subprocess", stand_in)
    yield
    for worker in jobs._workers:
        worker.wait()


# --- models that are not shipped ------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Models:
    """Fifteen dimensions with few records; one dimension; half of the records of notebook-2d."""

    few: Bundle
    line: Bundle
    half: Bundle


@pytest.fixture(scope="session")
def stored_models(
    bundle: Bundle, exact: Bundle, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Models]:
    """A home with the models "few", "line" and "half", and those models."""
    home = tmp_path_factory.mktemp("models")
    (home / "models").mkdir()
    half = np.random.default_rng(3).permutation(len(bundle.records))[::2]
    models = {
        "few": part_of(exact, np.arange(0, len(exact.records), 10)),
        "line": on_a_line(bundle),
        "half": part_of(bundle, half),
    }
    for name, one in models.items():
        bundles.save(dataclasses.replace(one, name=name), home / "models" / name)
    return home, Models(**models)


@pytest.fixture
def models(stored_models: tuple[Path, Models], monkeypatch: pytest.MonkeyPatch) -> Models:
    """The models "few", "line" and "half", which the pages offer beside those shipped."""
    folder, three = stored_models
    monkeypatch.setenv("REGVAE_HOME", str(folder))
    return three


def on_a_line(bundle: Bundle) -> Bundle:
    """A model of one dimension: another one without its second coordinate, with few records."""
    weights = dict(bundle.weights)
    for head in ("mean", "log_sigma"):
        weights[f"{head}.kernel"] = weights[f"{head}.kernel"][:, :1]
        weights[f"{head}.bias"] = weights[f"{head}.bias"][:1]
    weights["decoder.0.kernel"] = weights["decoder.0.kernel"][:1]
    preset = dataclasses.replace(
        bundle.preset,
        network=dataclasses.replace(bundle.preset.network, latent_dim=1),
        data=Data(sizes=(1000, 100, 100)),
    )
    return Bundle.assemble(preset, bundle.seed, weights, bundle.history)
