"""Folders by URL: the same files as in one of this machine, and sentences where there is none."""

from functools import partial
from pathlib import Path

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from regvae.generation.folder import Folder, FolderError, content_of
from regvae.generation.parts import generate_parts
from regvae.rejection import sampling
from regvae.rejection.policy import Policy
from regvae.rejection.rules import OneSided
from regvae.rejection.unwanted import Unwanted

BELOW_50 = Unwanted.of(["number < 50"])
URLS = ["memory://", "memory:///codes/", "memory://some codes/of ours"]


class StoreError(Exception):
    """An error as packages of object stores have them, which is no `OSError`."""


class Store(MemoryFileSystem):
    """An object store with an empty object for each folder, and a file that nobody may write."""

    protocol = "store"
    store: dict = {}  # noqa: RUF012 -- as that of the class above
    pseudo_dirs = [""]  # noqa: RUF012

    def ls(self, path, detail=True, **kwargs):
        found = super().ls(path, detail=detail, **kwargs)
        return found if detail else [f"{self._strip_protocol(path)}/", *found]

    def pipe_file(self, path, value, mode="overwrite", **kwargs):
        if path.endswith("/refused"):
            raise StoreError("no credentials")
        super().pipe_file(path, value, mode, **kwargs)


fsspec.register_implementation("store", Store, clobber=True)


@pytest.fixture(autouse=True)
def memory():
    """The files in memory, by their path: none at first."""
    MemoryFileSystem.store.clear()
    MemoryFileSystem.pseudo_dirs[:] = [""]
    return MemoryFileSystem.store


@pytest.fixture
def policy(monkeypatch):
    """A policy of four small blocks."""
    monkeypatch.setattr(sampling, "BLOCK", 2**11)
    return Policy("notebook-2d", BELOW_50, rule=OneSided(), proposals=2**13, decode="drawn")


@pytest.fixture(scope="module")
def run(bundle):
    """Write the results of a policy to a folder, by its URL."""
    policy = Policy("notebook-2d", BELOW_50, rule=OneSided(), decode="drawn")
    measurer = sampling.make_measurer(bundle, policy)
    return partial(generate_parts, bundle, measurer=measurer)


@pytest.mark.parametrize("url", URLS)
def test_a_url_gets_the_files_of_a_folder_of_this_machine(run, policy, tmp_path, url):
    run(policy, f"{tmp_path}/here/")
    here = {one.name: one.read_bytes() for one in (tmp_path / "here").iterdir() if one.suffix}
    run(policy, url)
    files, root = fsspec.url_to_fs(url)
    there = {path.removeprefix(f"{root}/"): files.cat_file(path) for path in files.find(root)}
    assert there == here
    assert len(here) == 5
    with pytest.raises(FolderError, match=r"whose run is finished; give another folder$"):
        run(policy, url)


@pytest.mark.parametrize("url", URLS[::2])
def test_an_interrupted_run_goes_on_there(run, policy, memory, url):
    run(policy, url)
    at_once = {path: bytes(file.getbuffer()) for path, file in memory.items()}
    memory.clear()

    def interrupt(tally):
        if tally.proposed > 2**12:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(policy, url, on_block=interrupt)
    assert any("/unfinished/block-00000001" in path for path in memory)
    run(policy, url)
    assert {path: bytes(file.getbuffer()) for path, file in memory.items()} == at_once


def test_a_pattern_is_refused_before_it_removes_the_files_of_others(memory):
    for name in "*?[":
        with pytest.raises(FolderError, match=r"expected a URL without any of \* \? \[, which"):
            Folder(f"memory://of{name}us/")
    assert not memory


def test_a_folder_of_this_machine_may_have_any_name(tmp_path):
    others = Folder(f"{tmp_path}/codes of 2026")
    ours = Folder(f"file://{tmp_path}/codes of [2]*?")
    for folder in (others, ours):
        folder.make()
        folder.write("one", b"1")
    assert (ours.names(), ours.read("one")) == ({"one"}, b"1")
    ours.remove()
    assert (ours.names(), others.names()) == (set(), {"one"})


def test_the_root_of_this_machine_is_not_the_current_folder():
    assert Folder("file:///").names() == {
        one.name for one in Path("/").iterdir() if one.name[0] != "."
    }


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("nothing://codes/", r"Protocol not known: nothing"),
        ("s3://codes/", r"Install s3fs to access S3"),
    ],
)
def test_a_url_that_cannot_be_opened_is_a_sentence(url, reason):
    expected = (
        rf"^expected a path or a URL that fsspec can open, got '{url}' \({reason}\); install what "
        "it needs, or give another$"
    )
    for use in (Folder, content_of):
        with pytest.raises(FolderError, match=expected):
            use(url)


def test_the_object_that_stands_for_a_folder_is_no_file_in_it():
    folder = Folder("store://ours/")
    folder.write("one", b"1")
    assert folder.names() == {"one"}


def test_an_error_of_an_object_store_is_a_sentence():
    folder = Folder("store://ours/")
    with pytest.raises(FolderError) as raised:
        folder.write("refused", b"")
    assert str(raised.value).startswith(
        "expected to read and write store://ours/, got an error (no credentials); make room there"
    )


def test_the_content_of_a_url():
    fsspec.filesystem("memory").pipe_file("/codes/ours.txt", b"AB12CDE")
    assert content_of("memory://codes/ours.txt") == b"AB12CDE"
    with pytest.raises(FolderError, match=r"^expected to read memory://no.txt, got an error \("):
        content_of("memory://no.txt")
