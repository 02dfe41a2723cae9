"""A folder of this machine, or of an object store by its URL, in which every file is complete."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import fsspec
from fsspec.implementations.local import LocalFileSystem


class FolderError(OSError):
    """A folder that cannot be used; the message tells what to do."""


class Folder:
    """A folder, by its path or by a URL that fsspec knows, such as s3://bucket/codes/.

    It need not exist: the first file that is written makes it. Raises `FolderError` for a URL of an
    unknown kind, for a file, and for what cannot be read.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        try:
            self._files, root = fsspec.core.url_to_fs(url)
        except (ValueError, ImportError) as error:
            raise FolderError(
                f"expected a folder or a URL that fsspec can open, got {url[:80]!r} "
                f"({str(error)[:120]}); install what it needs, or give another"
            ) from error
        self._root = root.rstrip("/")
        with self._told():
            if self._files.isfile(self._root):
                raise FolderError(f"expected a folder, got the file {url}; give another name")

    def __truediv__(self, name: str) -> "Folder":
        """A folder in it."""
        return Folder(f"{self.url.rstrip('/')}/{name}")

    def names(self) -> set[str]:
        """The names in it, without hidden ones; none if there is no such folder yet."""
        with self._told():
            self._files.invalidate_cache(self._root)
            if not self._files.isdir(self._root):
                return set()
            paths = self._files.ls(self._root, detail=False)
        names = {str(path).rstrip("/").rsplit("/", 1)[-1] for path in paths}
        return {name for name in names if not name.startswith(".")}

    def read(self, name: str) -> bytes:
        """The content of a file. Raises `FolderError` if it cannot be read."""
        with self._told():
            return self._files.cat_file(self._path(name))

    def write(self, name: str, content: bytes) -> None:
        """Write a file completely or not at all: under a temporary name, which is changed then."""
        partial = self._path(f".{name}.{uuid4().hex[:8]}")
        with self._told():
            self._files.makedirs(self._root, exist_ok=True)
            try:
                self._files.pipe_file(partial, content)
                self._files.mv(partial, self._path(name))
            except BaseException:
                with suppress(OSError):
                    self._files.rm_file(partial)  # frees space on a full disk
                raise

    def remove(self) -> None:
        """Remove it with all that is in it, if it is there."""
        with self._told():
            if self._files.isdir(self._root):
                self._files.rm(self._root, recursive=True)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Nobody else on this machine has it meanwhile. Raises `FolderError` if somebody does.

        An object store has no locks: two runs there write the same files, with the same bytes.
        """
        if not isinstance(self._files, LocalFileSystem):
            yield
            return
        with self._told():
            self._files.makedirs(self._root, exist_ok=True)
            lock = (Path(self._root) / ".lock").open("w")
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise FolderError(
                    f"expected a folder that nobody writes to, got {self.url}, to which another "
                    "run does; wait for it, or give another folder"
                ) from error
            yield

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Errors of the file system, as sentences."""
        try:
            yield
        except FolderError:
            raise
        except OSError as error:
            raise FolderError(
                f"expected to read and write {self.url}, got an error "
                f"({error.strerror or error}); make room there, or give another folder, and start "
                "again: what is there is used"
            ) from error
