"""Where bundles are stored: names, folders, and atomic writing of files."""

import hashlib
import os
import tempfile
from pathlib import Path

ASSETS = Path(__file__).resolve().parents[2] / "assets"
"""The folder of the shipped bundles."""

MANIFEST, WEIGHTS, RECORDS, HISTORY = (
    "manifest.json",
    "weights.safetensors",
    "records.parquet",
    "history.csv",
)


class BundleError(ValueError):
    """A bundle that is missing, damaged or has another schema; the message names the file."""


def home() -> Path:
    """The folder of the user's bundles and training runs: `REGVAE_HOME`, else `~/.regvae`."""
    return Path(os.environ.get("REGVAE_HOME") or Path.home() / ".regvae").absolute()


def models() -> Path:
    """The folder of the user's own bundles."""
    return home() / "models"


def available(*folders: Path) -> list[str]:
    """Sorted names of the bundles in these folders; by default, of the shipped and the user's own.

    Hidden folders are left out: they are bundles that are being written.
    """
    found = {
        path.parent.name
        for folder in folders or (ASSETS, models())
        for path in folder.glob(f"[!.]*/{MANIFEST}")
    }
    return sorted(found)


def resolve(name_or_path: str | Path) -> Path:
    """The folder of a bundle, given its name (shipped or the user's own) or its path.

    Raises `BundleError` if there is none.
    """
    for folder in (ASSETS / name_or_path, models() / name_or_path, Path(name_or_path)):
        try:
            if (folder / MANIFEST).is_file():
                return folder
        except (OSError, ValueError):  # not a possible file name, for example too long
            continue
    raise BundleError(
        f"expected a bundle's name ({', '.join(available())}) or a folder with a {MANIFEST}, got "
        f"{str(name_or_path)[:80]!r}; choose one of them"
    )


def manifest_hash(folder: Path) -> str:
    """sha256 of a bundle's manifest, which contains the sha256 of all its other files."""
    return hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()


def check_free(path: Path) -> None:
    """Check that a bundle can be written to `path`, before the work of training one.

    Raises `FileExistsError` if `path` exists, `FileNotFoundError` if its parent folder does not.
    """
    if path.exists():
        raise FileExistsError(
            f"expected a new path, got {path}, which already exists; choose another name or remove "
            "it first"
        )
    if not path.parent.is_dir():
        raise FileNotFoundError(
            f"expected a folder that exists, got {str(path.parent)!r} for {path.name}; create it"
        )


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file atomically: to a temporary file first, which then replaces `path`.

    Raises `OSError`, and then `path` is unchanged.
    """
    # A name that nobody can have put a link at.
    handle, name = tempfile.mkstemp(prefix=f".{path.name[:40]}.", dir=path.parent)
    partial = Path(name)
    os.close(handle)
    try:
        partial.write_bytes(content)
        partial.chmod(0o644)  # mkstemp's files are private
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)  # frees space on a full disk
        raise
