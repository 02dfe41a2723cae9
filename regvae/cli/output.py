"""What the command line prints and writes: consoles, tables, JSON, files."""

import errno
import json
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO, NoReturn, TypeVar

import pandas as pd
from rich.console import Console

from regvae.formats.tables import WRITERS

T = TypeVar("T")

# Text is printed unchanged: a path may look like markup to rich, and must not be wrapped.
console = Console(markup=False, emoji=False, highlight=False, soft_wrap=True)
notes = Console(markup=False, emoji=False, highlight=False, soft_wrap=True, stderr=True)


class UsageError(ValueError):
    """Arguments that do not fit together."""


def fail(message: str) -> NoReturn:
    """Print an error in one line and exit with status 2."""
    print_error(message)
    sys.exit(2)


def print_error(message: str) -> None:
    """Print an error in one line."""
    print(f"regvae: {' '.join(message.split())}", file=sys.stderr)


def numbers_shown(values: Sequence[float]) -> str:
    """Latent coordinates as text, such as "(0.5000, -1.2000)"."""
    return "(" + ", ".join(f"{value:.4f}" for value in values) + ")"


def print_json(value: Any) -> None:
    """Print JSON. Raises `ValueError` for NaN and infinity, which JSON does not have."""
    print(json.dumps(value, allow_nan=False))


def check_table_name(path: Path) -> None:
    """Raises `UsageError` unless the path can be written and ends in .csv or .parquet."""
    if path.suffix not in WRITERS:
        raise UsageError(
            f"expected a name that ends in .csv or .parquet, got {str(path)!r}; change it"
        )
    check_writable(path)


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table to a .csv or .parquet file, and print its path and number of rows."""
    check_table_name(path)
    write_atomically(path, lambda sink: WRITERS[path.suffix](table, sink))
    console.print(f"wrote {path}: {len(table):,} rows")


def write_atomically(path: Path, work: Callable[[BinaryIO], T]) -> T:
    """Write a file completely or not at all, and return what `work` returns.

    `work` gets an open binary file of a temporary name, which is renamed afterwards. Raises
    `UsageError` as `check_writable` does.
    """
    check_writable(path)
    path = resolved(path)
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:40]}.", dir=path.parent)
    except OSError as error:  # of the file that was asked for, not of the temporary one
        raise OSError(error.errno, error.strerror, str(path)) from error
    partial = Path(name)
    try:
        with os.fdopen(handle, "w+b") as sink:
            result = work(sink)
        partial.chmod(0o644)  # mkstemp's files are private
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return result


def check_writable(path: Path) -> None:
    """Raises `UsageError` if the path has no folder, or is something else than a regular file.

    Of a link, it is the path that the link leads to that counts.
    """
    if path.is_symlink():
        path = resolved(path)
    if not path.parent.is_dir():
        raise UsageError(
            f"expected a folder {str(path.parent)!r} to write {path.name} to, got none; make it "
            "first"
        )
    if path.exists() and not path.is_file():
        raise UsageError(
            f"expected a regular file or a new name, got {str(path)!r}, which is neither; choose "
            "another name"
        )


def check_apart(paths: Sequence[Path | None]) -> None:
    """Raises `UsageError` if one file is given for two purposes."""
    seen: dict[Path, Path] = {}
    for path in filter(None, paths):
        if resolved(path) in seen:
            raise UsageError(
                f"expected different files to read and to write, got {str(path)!r} twice; change "
                "one"
            )
        seen[resolved(path)] = path


def resolved(path: Path) -> Path:
    """The path without links. Raises `UsageError` for a link that leads to itself."""
    try:
        path.stat()
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise UsageError(
                f"expected a path, got the link {str(path)!r}, which leads to itself; remove it"
            ) from None
    return path.resolve()
