"""The arrows between the rooms point one way, and serving needs no TensorFlow."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Which rooms of the library each room may import.
MAY_IMPORT = {
    "formats": set(),
    "onehot": {"formats"},
    "predicates": {"formats"},
    "model": {"formats", "onehot"},
    "latent": {"formats", "onehot", "model"},
    "rejection": {"formats", "onehot", "predicates", "model", "latent"},
    "audit": {"formats", "model", "latent", "rejection"},
    "generation": {"formats", "model", "latent", "rejection", "audit"},
    "evaluation": {"formats", "onehot", "predicates", "model", "latent", "rejection", "audit"},
    "training": {"formats", "onehot", "model"},
    "cli": {
        *("formats", "onehot", "predicates", "model", "latent", "rejection", "audit"),
        *("generation", "evaluation", "training"),
    },
    "__main__": {"cli"},
}
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


def files_of(room: str) -> list[Path]:
    """The files of a room: a package's or a single module."""
    folder = ROOT / "regvae" / room
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]


def test_every_room_has_its_place_in_the_table() -> None:
    paths = (ROOT / "regvae").iterdir()
    rooms = {path.stem for path in paths if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert rooms - {"__init__"} == set(MAY_IMPORT)


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_those_it_may(room: str) -> None:
    for path in files_of(room):
        used = rooms_of("regvae", path) - {room}
        assert used <= MAY_IMPORT[room], f"{path}: {used - MAY_IMPORT[room]}"


def test_the_arrows_between_rooms_make_no_circle() -> None:
    seen: set[str] = set()
    while rest := [room for room in MAY_IMPORT if room not in seen]:
        free = {room for room in rest if MAY_IMPORT[room] <= seen}
        assert free, f"{rest} import each other in a circle"
        seen |= free


def test_the_windows_rooms_import_only_those_before_them() -> None:
    files = {path.stem for path in (ROOT / "dashboard").glob("*.py")} - {"__init__"}
    assert files == set(DASHBOARD), "a new room wants a place in the order"
    for place, room in enumerate(DASHBOARD):
        used = rooms_of("dashboard", ROOT / "dashboard" / f"{room}.py") & set(DASHBOARD)
        assert used <= set(DASHBOARD[:place]), f"dashboard/{room}.py imports {used}"


def test_the_library_knows_no_screen() -> None:
    for path in (ROOT / "regvae").rglob("*.py"):
        tops = {name.split(".")[0] for name in imported(path)}
        assert not tops & {"streamlit", "dashboard", "plotly"}, path
        if path.stem not in ("keras_vae", "trainer"):
            assert not tops & HEAVY, path


def test_the_dashboard_imports_no_keras_and_charts_no_streamlit() -> None:
    for path in (ROOT / "dashboard").rglob("*.py"):
        names = imported(path)
        assert not {name.split(".")[0] for name in names} & HEAVY, path
        assert not names & {"regvae.model.keras_vae", "regvae.training.trainer"}, path
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
