"""The browser's modules import one way: core, then shared, then a component."""

import re
from pathlib import Path

import pytest

STATIC = Path(__file__).resolve().parents[2] / "dashboard" / "static"
# Each folder may import from these.
MAY_IMPORT = {
    "core": {"core"},
    "shared": {"core", "shared"},
    "latent_map": {"core", "shared", "latent_map"},
    "comparison": {"core", "shared", "comparison"},
    "training": {"core", "shared", "training"},
}
MODULES = sorted(path for folder in MAY_IMPORT for path in (STATIC / folder).glob("*.js"))
IMPORT = re.compile(r"\b(?:from|import)\s*\(?\s*[\"']([^\"']+)[\"']")
PAGE = re.compile(r"\b(document|window|navigator|localStorage|fetch)\b")


def name(path: Path) -> str:
    return str(path.relative_to(STATIC))


def code_of(path: Path) -> str:
    """A module without its comments, which may speak of anything."""
    return re.sub(r"/\*.*?\*/|(?<!:)//[^\n]*", "", path.read_text("utf-8"), flags=re.DOTALL)


def test_every_module_has_a_room() -> None:
    assert set(STATIC.rglob("*.js")) == set(MODULES)


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_modules_import_one_way(path: Path) -> None:
    for target in IMPORT.findall(code_of(path)):
        assert target.startswith("."), f"{target} is fetched from outside"
        imported = (path.parent / target).resolve()
        assert imported.is_file(), f"{target} is no file"
        folder = imported.relative_to(STATIC).parts[0]
        assert folder in MAY_IMPORT[path.parent.name], f"{target} is out of bounds"


@pytest.mark.parametrize("path", sorted((STATIC / "core").glob("*.js")), ids=name)
def test_core_needs_no_page(path: Path) -> None:
    used = set(PAGE.findall(code_of(path)))
    assert used <= ({"document"} if path.stem == "plate" else set())


def test_nothing_goes_in_a_circle() -> None:
    imports = {
        path: {(path.parent / target).resolve() for target in IMPORT.findall(code_of(path))}
        for path in MODULES
    }
    while leaves := [path for path, targets in imports.items() if not targets & set(imports)]:
        for path in leaves:
            del imports[path]
    assert not imports, f"a circle among {sorted(map(name, imports))}"
