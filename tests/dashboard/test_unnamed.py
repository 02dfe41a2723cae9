"""Files without a name: nothing of them is ever in a folder."""

import gc
import os
import tempfile
from pathlib import Path

import pytest

from dashboard.unnamed import UnnamedFile
from regvae.parallel import in_order


def test_a_file_is_read_as_often_as_wanted_and_in_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    file = UnnamedFile()
    assert file.read() == b""
    content = os.urandom(100_000)
    file.writing.write(content[:60_000])
    assert file.read() == content[:60_000]
    file.writing.write(content[60_000:])
    assert set(in_order(lambda _: file.read(), range(20))) == {content}
    assert not list(tmp_path.iterdir())


def test_a_file_is_closed_with_its_object_but_not_while_it_can_be_read() -> None:
    file = UnnamedFile()
    file.writing.write(b"new")
    writing, read = file.writing, file.read
    del file
    gc.collect()
    assert read() == b"new"
    del read
    gc.collect()
    assert writing.closed
