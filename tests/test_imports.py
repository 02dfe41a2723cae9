"""Imports between the rooms go one way, and serving needs no TensorFlow."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Which rooms of the library each room may import.
MAY_IMPORT = {
    "formats": set(),
    "intervals": set(),
    "randomness": set(),
    "parallel": set(),
    "cluster": set(),
    "workers": {"parallel", "cluster"},
    "onehot": {"formats"},
    "predicates": {"formats"},
    "model": {"formats", "onehot", "parallel"},
    "latent": {"formats", "onehot", "randomness", "parallel", "model"},
    "rejection": {
        *("formats", "onehot", "predicates", "intervals", "randomness", "parallel", "workers"),
        *("model", "latent"),
    },
    "audit": {
        *("formats", "onehot", "intervals", "randomness", "parallel", "model", "rejection"),
    },
    "generation": {"formats", "model", "rejection", "audit"},
    "evaluation": {
        *("formats", "onehot", "predicates", "intervals", "randomness", "model", "rejection"),
        "workers",
    },
    "training": {"formats", "randomness", "workers", "model"},
    "cli": {
        *("formats", "intervals", "model", "latent", "rejection", "audit", "generation"),
        *("evaluation", "training", "workers", "cluster"),
    },
    "__main__": {"cli"},
}
# Which rooms of the dashboard each room may import; `app` names its pages by their paths.
DASHBOARD_MAY_IMPORT = {
    "palette": set(),
    "words": set(),
    "plates": set(),
    "charts": {"palette", "words"},
    "state": {"words"},
    "components": {"palette", "state", "words"},
    "threads": set(),
    "processors": set(),
    "unnamed": set(),
    "presence": set(),
    "services": {"components", "processors", "threads", "unnamed"},
    "widgets": {"state", "words"},
    "model_box": {"services", "state", "words"},
    "generating": {"processors", "services", "threads"},
    "panels": {
        *("charts", "components", "generating", "palette", "plates", "services", "state"),
        *("presence", "threads", "widgets", "words"),
    },
    "app_pages": {
        *("palette", "words", "plates", "charts", "state", "components", "services", "widgets"),
        *("model_box", "panels"),
    },
    "app": {"palette", "services", "state", "words"},
    "prepare": {"panels", "services", "state"},
    "compression": set(),
    "server": {"compression", "prepare"},
}
TABLES = {"regvae": MAY_IMPORT, "dashboard": DASHBOARD_MAY_IMPORT}
ROOMS = [(package, room) for package, table in TABLES.items() for room in table]
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


def files_of(package: str, room: str) -> list[Path]:
    """The files of a room: a folder's or a single module."""
    folder = ROOT / package / room
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]


def module_of(path: Path) -> str:
    """The dotted name of a file's module."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@pytest.mark.parametrize("package", TABLES)
def test_every_room_has_its_place_in_the_table(package: str) -> None:
    paths = (ROOT / package).iterdir()
    rooms = {path.stem for path in paths if path.suffix == ".py" or any(path.glob("*.py"))}
    assert rooms - {"__init__"} == set(TABLES[package])


@pytest.mark.parametrize(("package", "room"), ROOMS)
def test_a_room_imports_only_those_it_may(package: str, room: str) -> None:
    for path in files_of(package, room):
        used = rooms_of(package, path) - {room}
        assert used <= TABLES[package][room], f"{path}: {used - TABLES[package][room]}"


@pytest.mark.parametrize("package", TABLES)
def test_the_arrows_between_rooms_make_no_circle(package: str) -> None:
    list(TopologicalSorter(TABLES[package]).static_order())  # raises CycleError


def test_the_arrows_between_files_of_the_dashboard_make_no_circle() -> None:
    files = {module_of(path): path for path in (ROOT / "dashboard").rglob("*.py")}
    arrows = {
        name: {one if one in files else one.rpartition(".")[0] for one in imported(path)}
        for name, path in files.items()
    }
    list(TopologicalSorter(arrows).static_order())  # raises CycleError


def test_the_words_of_a_page_import_only_common_words() -> None:
    for path in files_of("dashboard", "words"):
        used = {name for name in imported(path) if name.startswith("dashboard")}
        assert used <= {"dashboard.words.common"}, path


def test_the_library_knows_no_screen() -> None:
    for path in (ROOT / "regvae").rglob("*.py"):
        tops = {name.split(".")[0] for name in imported(path)}
        assert not tops & {"streamlit", "dashboard", "plotly"}, path
        if path.stem not in ("keras_vae", "trainer", "private"):
            assert not tops & HEAVY, path


def test_the_dashboard_imports_no_keras_and_charts_no_streamlit() -> None:
    for path in (ROOT / "dashboard").rglob("*.py"):
        names = imported(path)
        assert not {name.split(".")[0] for name in names} & HEAVY, path
        assert not names & {"regvae.model.keras_vae", "regvae.training.trainer"}, path
    for room in ("charts", "palette", "plates", "words"):
        for path in files_of("dashboard", room):
            assert not any(name.startswith("streamlit") for name in imported(path)), path


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
