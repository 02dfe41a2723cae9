"""The arrows between the rooms point one way, and serving needs no TensorFlow."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Each room may import those that stand before it, and no other.
LIBRARY = [
    "regs",
    "rules",
    "vectoriser",
    "presets",
    "forward",
    "latent",
    "plane",
    "bundle",
    "cells",
    "distance",
    "density",
    "unwanted",
    "calibration",
    "acceptance",
    "proposals",
    "policy",
    "sampling",
    "journeys",
    "audit",
    "results",
    "evaluation",
    "diagnosis",
    "network",
    "training",
    "runs",
    "worker",
    "cli",
    "__main__",
]
DASHBOARD = [
    "palette",
    "text",
    "state",
    "plates",
    "charts",
    "colouring",
    "layers",
    "latent_map",
    "training_view",
    "comparison",
    "services",
    "model",
    "training_form",
    "panel",
    "rejection",
    "journey",
    "app",
]
HEAVY = {"tensorflow", "keras"}


def imported(path: Path) -> set[str]:
    """Dotted names of everything a file imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def rooms_of(package: str, path: Path) -> set[str]:
    """Rooms of a package that a file imports."""
    return {name.split(".")[1] for name in imported(path) if name.startswith(f"{package}.")}


@pytest.mark.parametrize(("package", "order"), [("regvae", LIBRARY), ("dashboard", DASHBOARD)])
def test_rooms_import_only_those_before_them(package: str, order: list[str]) -> None:
    files = {path.stem for path in (ROOT / package).glob("*.py")} - {"__init__"}
    assert files == set(order), "a new room wants a place in the order"
    for place, room in enumerate(order):
        used = rooms_of(package, ROOT / package / f"{room}.py") & set(order)
        assert used <= set(order[:place]), f"{package}/{room}.py imports {used}"


def test_the_library_knows_no_screen() -> None:
    for path in (ROOT / "regvae").glob("*.py"):
        tops = {name.split(".")[0] for name in imported(path)}
        assert not tops & {"streamlit", "dashboard", "plotly"}, path
        if path.stem not in ("network", "training"):
            assert not tops & HEAVY, path


def test_the_dashboard_imports_no_keras_and_charts_no_streamlit() -> None:
    for path in (ROOT / "dashboard").rglob("*.py"):
        names = imported(path)
        assert not {name.split(".")[0] for name in names} & HEAVY, path
        assert not names & {"regvae.network", "regvae.training"}, path
    for room in ("charts", "palette", "plates", "text"):
        tops = {name.split(".")[0] for name in imported(ROOT / "dashboard" / f"{room}.py")}
        assert "streamlit" not in tops, room


def test_importing_the_library_loads_neither_tensorflow_nor_streamlit() -> None:
    code = """
import regvae, regvae.cli, sys
print(*{'tensorflow', 'keras', 'streamlit'} & set(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_serving_every_page_imports_no_tensorflow() -> None:
    pages = sorted(path.name for path in (ROOT / "dashboard" / "app_pages").glob("*.py"))
    assert len(pages) > 5
    code = """
import sys
from streamlit.testing.v1 import AppTest
app = AppTest.from_file("dashboard/app.py", default_timeout=60)
for page in sys.argv[1:]:
    app.switch_page(f"app_pages/{page}").run()
    assert not app.exception, app.exception
print(*{"tensorflow", "keras"} & set(sys.modules))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, *pages], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""
