"""Where bundles are stored: names, paths, and atomic writing."""

import hashlib
import shutil
from pathlib import Path

import pytest

from regvae.model import store
from regvae.model.store import ASSETS, MANIFEST, BundleError


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty home of the user's own bundles."""
    monkeypatch.setenv("REGVAE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def add(folder, name):
    """A folder that counts as a bundle because it has a manifest."""
    (folder / name).mkdir(parents=True)
    shutil.copy(ASSETS / "notebook-2d" / MANIFEST, folder / name)
    return folder / name


# --- names and paths ------------------------------------------------------------------------------


def test_a_bundle_is_found_by_its_name_and_by_its_path(home, tmp_path, monkeypatch):
    assert store.resolve("notebook-2d") == ASSETS / "notebook-2d"
    assert store.resolve(add(home / "models", "mine")) == home / "models" / "mine"
    assert store.resolve("mine") == home / "models" / "mine"
    monkeypatch.chdir(tmp_path)
    add(tmp_path, "here")
    assert store.resolve("here") == Path("here")


def test_a_shipped_bundle_is_preferred_to_the_users_of_the_same_name(home):
    add(home / "models", "notebook-2d")
    assert store.resolve("notebook-2d") == ASSETS / "notebook-2d"


@pytest.mark.parametrize("name", ["nowhere", "no/where", "", "x" * 300, "a\x00b"])
def test_another_name_is_answered_with_those_that_exist(name):
    with pytest.raises(BundleError, match=r"\(.*notebook-2d.*\) or a folder with a manifest\.json"):
        store.resolve(name)


def test_available_are_the_shipped_and_the_users_bundles(home):
    shipped = store.available()
    assert {"notebook-2d", "exact-15d"} <= set(shipped)
    assert shipped == store.available(ASSETS)
    add(home / "models", "mine")
    assert store.available() == sorted([*shipped, "mine"])


def test_folders_without_a_manifest_and_hidden_ones_are_not_available(tmp_path):
    (tmp_path / "empty").mkdir()
    add(tmp_path, "b")
    add(tmp_path, "a")
    add(tmp_path, ".being-written")
    assert store.available(tmp_path) == ["a", "b"]
    assert store.available(tmp_path / "nowhere") == []


def test_without_the_variable_the_home_is_in_the_users_folder(monkeypatch):
    monkeypatch.setenv("REGVAE_HOME", "")
    assert store.home() == Path.home() / ".regvae"
    monkeypatch.setenv("REGVAE_HOME", "somewhere")
    assert store.home() == Path.cwd() / "somewhere"
    assert store.models() == Path.cwd() / "somewhere" / "models"


def test_the_hash_of_a_manifest_is_that_of_its_bytes(tmp_path):
    folder = add(tmp_path, "a")
    expected = hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()
    assert store.manifest_hash(folder) == expected


# --- writing --------------------------------------------------------------------------------------


def test_a_path_is_free_if_only_its_parent_folder_exists(tmp_path):
    store.check_free(tmp_path / "new")
    with pytest.raises(FileNotFoundError, match=r"a folder that exists, got '.*new' for tiny"):
        store.check_free(tmp_path / "new" / "tiny")
    for make in (Path.mkdir, Path.touch):
        make(tmp_path / make.__name__)
        with pytest.raises(FileExistsError, match="already exists; choose another name"):
            store.check_free(tmp_path / make.__name__)
    assert not (tmp_path / "new").exists()


def test_a_file_is_written_and_replaced(tmp_path):
    for content in (b"one", b"", b"another"):
        store.write_atomically(tmp_path / "file", content)
        assert (tmp_path / "file").read_bytes() == content
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_file_is_unchanged_if_writing_fails(tmp_path, monkeypatch):
    store.write_atomically(tmp_path / "file", b"before")
    write = Path.write_bytes

    def full_disk(path, content):
        write(path, content[: len(content) // 2])
        raise OSError("no space left")

    monkeypatch.setattr(Path, "write_bytes", full_disk)
    with pytest.raises(OSError, match="no space left"):
        store.write_atomically(tmp_path / "file", b"after")
    assert (tmp_path / "file").read_bytes() == b"before"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
