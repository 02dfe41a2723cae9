"""Folders of this machine, or of an object store by their URL, in which every file is complete."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from copy import copy
from pathlib import Path
from typing import Any
from uuid import uuid4

import fsspec
from fsspec.implementations.local import LocalFileSystem

_PATTERN = "*?["
"""Characters of a pattern. In an object store fsspec would remove every file that fits it."""


class FolderError(OSError):
    """A folder that cannot be used; the message tells what to do."""


class Folder:
    """A folder, by its path or by a URL that fsspec knows, such as s3://bucket/codes/.

    It need not exist: `make` creates it. Raises `FolderError` for a URL of an unknown kind or with
    a pattern in it, for a file, and for what cannot be read.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._files, root = _opened(url)
        self._root = root.rstrip("/") or root
        if not self._is_local and any(one in self._root for one in _PATTERN):
            raise FolderError(
                f"expected a URL without any of {' '.join(_PATTERN)}, which stand for other names, "
                f"got {url[:80]!r}; give another folder"
            )
        with self._errors_as_sentences():
            if self._files.isfile(self._root):
                raise FolderError(f"expected a folder, got the file {url}; give another name")

    def __truediv__(self, name: str) -> "Folder":
        """A folder in it."""
        inside = copy(self)
        inside.url, inside._root = f"{self.url.removesuffix('/')}/{name}", self._path(name)
        return inside

    @property
    def _is_local(self) -> bool:
        return isinstance(self._files, LocalFileSystem)

    def names(self) -> set[str]:
        """The names in it, without hidden ones; none if there is no such folder yet."""
        with self._errors_as_sentences():
            self._files.invalidate_cache(self._root)
            if not self._files.isdir(self._root):
                return set()
            paths = [str(one).rstrip("/") for one in self._files.ls(self._root, detail=False)]
        # An empty object may stand for the folder itself.
        names = {path.rsplit("/", 1)[-1] for path in paths if path != self._root}
        return {name for name in names if not name.startswith(".")}

    def read(self, name: str) -> bytes:
        """The content of a file. Raises `FolderError` if it cannot be read, as a pipe cannot."""
        path = self._path(name)
        with self._errors_as_sentences():
            if self._is_local and Path(path).exists() and not Path(path).is_file():
                raise FolderError(
                    f"expected a regular file {path}, got something else; give another folder"
                )
            return self._files.cat_file(path)

    def make(self) -> None:
        """Make it, and those it is in, unless it is there."""
        with self._errors_as_sentences():
            self._files.makedirs(self._root, exist_ok=True)

    def write(self, name: str, content: bytes, by: "Folder | None" = None) -> None:
        """Write a file completely or not at all, to a folder that is there.

        It is written under a temporary name in the folder `by`, this one unless given, and renamed.
        Where a name cannot be changed, as in an object store, a file is there once all of it is, so
        it gets its name at once.
        """
        path = self._path(name)
        with self._errors_as_sentences():
            if type(self._files).mv is fsspec.AbstractFileSystem.mv:  # copies and removes
                self._files.pipe_file(path, content)
                return
            partial = (by or self)._path(f".{name}.{uuid4().hex[:8]}")
            move = os.replace if self._is_local else self._files.mv  # `mv` moves into a folder
            try:
                self._files.pipe_file(partial, content)
                move(partial, path)
            except BaseException:
                with suppress(OSError):
                    self._files.rm_file(partial)  # frees space on a full disk
                raise

    def remove(self) -> None:
        """Remove it with all that is in it, if it is there."""
        with self._errors_as_sentences():
            if self._files.isdir(self._root):
                self._files.rm(self._root, recursive=True)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Make it, and nobody else on this machine has it meanwhile.

        Raises `FolderError` if somebody has it, or if it is a link: what it leads to would stay
        when it is removed. An object store has no locks: two runs there write the same files, with
        the same bytes.
        """
        self.make()
        if not self._is_local:
            yield
            return
        if Path(self._root).is_symlink():
            raise FolderError(f"expected a folder, got the link {self.url}; remove it")
        with self._errors_as_sentences():
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW  # a link's file is somebody else's
            lock = os.fdopen(os.open(f"{self._root}/.lock", flags, 0o644), "r+b", buffering=0)
        with lock:
            with self._errors_as_sentences():
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError as error:
                    raise FolderError(
                        f"expected a folder that nobody writes to, got {self.url}, to which "
                        "another run does; wait for it, or give another folder"
                    ) from error
            yield

    def _path(self, name: str) -> str:
        return f"{self._root.removesuffix('/')}/{name}"

    @contextmanager
    def _errors_as_sentences(self) -> Iterator[None]:
        """Errors of the file system, as sentences; packages of object stores have their own."""
        try:
            yield
        except FolderError:
            raise
        except Exception as error:
            raise FolderError(
                f"expected to read and write {self.url}, got an error ({_short(error)}); make room "
                "there, or give another folder, and start again: what is there is used"
            ) from error


def content_of(url: str) -> bytes:
    """The content of a file, by its path or URL. Raises `FolderError` if it cannot be read."""
    files, path = _opened(url)
    try:
        return files.cat_file(path)
    except Exception as error:
        raise FolderError(
            f"expected to read {url}, got an error ({_short(error)}); correct the URL"
        ) from error


def _opened(url: str) -> tuple[Any, str]:
    """The file system of a URL, and the path in it."""
    try:
        if "://" not in url:  # fsspec would split a name at ::
            return LocalFileSystem(), str(LocalFileSystem._strip_protocol(url))
        return fsspec.core.url_to_fs(url)
    except Exception as error:  # of a package that is missing, or its own kind
        raise FolderError(
            f"expected a path or a URL that fsspec can open, got {url[:80]!r} "
            f"({_short(error)}); install what it needs, or give another"
        ) from error


def _short(error: Exception) -> str:
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(reason.split())[:120]
