"""Where bundles are: names, folders, and files that are written completely or not at all."""

import hashlib
import os
from pathlib import Path

ASSETS = Path(__file__).resolve().parents[2] / "assets"
"""Where the shipped bundles are."""

MANIFEST, WEIGHTS, RECORDS, HISTORY = (
    "manifest.json",
    "weights.safetensors",
    "records.parquet",
    "history.csv",
)


class BundleError(ValueError):
    """A bundle that is missing, damaged or of another schema; the message names the file."""


def home() -> Path:
    """Where what is trained here is kept: the folder `REGVAE_HOME`, else `~/.regvae`."""
    return Path(os.environ.get("REGVAE_HOME") or Path.home() / ".regvae").absolute()


def models() -> Path:
    """The folder of the bundles that were kept."""
    return home() / "models"


def available(*folders: Path) -> list[str]:
    """Names of the bundles in folders, sorted: of those shipped and those kept unless others are
    given. Hidden folders, such as one being written, do not count."""
    found = {
        path.parent.name
        for folder in folders or (ASSETS, models())
        for path in folder.glob(f"[!.]*/{MANIFEST}")
    }
    return sorted(found)


def resolve(name_or_path: str | Path) -> Path:
    """The folder of a bundle given by its name, shipped or kept, or by its path.

    Raises `BundleError` if neither exists.
    """
    for folder in (ASSETS / name_or_path, models() / name_or_path, Path(name_or_path)):
        try:
            if (folder / MANIFEST).is_file():
                return folder
        except (OSError, ValueError):  # a name that no file system takes, e.g. far too long
            continue
    there = ", ".join(available()) or "none"
    raise BundleError(
        f"there is no bundle {str(name_or_path)[:80]!r}: a bundle is one of {there}, or the path "
        f"of a folder with a {MANIFEST}"
    )


def manifest_hash(folder: Path) -> str:
    """sha256 of a bundle's manifest, which in turn has the sha256 of all its other files."""
    return hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()


def check_free(path: Path) -> None:
    """Make sure that a bundle can be written there, before the work that it takes to make one.

    Raises `FileExistsError` if `path` exists, `FileNotFoundError` if there is no folder to hold it.
    """
    if path.exists():
        raise FileExistsError(f"{path} already exists; choose another name or remove it first")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {str(path.parent)!r} to write {path.name} to")


def write_whole(path: Path, content: bytes) -> None:
    """Write a file that takes its place only when it is whole.

    Raises `OSError`, and leaves what was there before as it was.
    """
    partial = path.with_name(f"{path.name}.partial")  # a killed one's is overwritten by the next
    try:
        partial.write_bytes(content)
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)  # on a full disk its room is wanted
        raise
