"""Files of results, read again to be judged: the codes, and how they were drawn."""

import hashlib
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from regvae.audit.exposure import Exposure
from regvae.audit.report import Results
from regvae.formats import Codes, Format
from regvae.generation.parts import MANIFEST, PART
from regvae.generation.results import KEY, KINDS
from regvae.model.bundle import Bundle
from regvae.rejection.policy import MAX_PROPOSALS, Policy, PolicyError

DETAILS = {"z_1", "wanted", "collision"}
"""Columns that only a file of details has."""
_LONGEST = 4
"""Longest text that may be a code, in lengths of a code: with separators and spaces."""


class ResultsError(ValueError):
    """A file that is not one of results for a bundle; the message tells what to do."""


def read_results(
    path: str | Path,
    bundle: Bundle,
    listed: tuple[str, ...] = (),
    *,
    content: bytes | None = None,
) -> Results:
    """Read a Parquet or CSV file of results that were generated with a bundle, or a folder of parts
    whose run is finished.

    The manifest of a file is that inside a Parquet file, or the one beside either,
    `<name>.manifest.json`; a file without one can be judged, but for what depends on how its codes
    were drawn. `listed` are the unwanted codes of a policy whose released manifest does not hold
    them. `content` are the file's bytes, if they have been read. Raises `ResultsError` for a file
    of another kind, of details, without the format's column, with a text that is no code, without
    codes, with a damaged manifest or that of another file or bundle, and for a folder whose run is
    not finished; `PolicyError` for another list; `OSError` if it cannot be read.
    """
    path = Path(path)
    manifest: dict[str, Any] | None
    if path.is_dir():
        codes, sha256, manifest = _of_folder(path, bundle)
    else:
        if content is None:
            content = _bytes_of(path)
        codes, sha256 = _codes(path, content, bundle), hashlib.sha256(content).hexdigest()
        manifest = _manifest(path, content, sha256)
    found = Results(path.name.encode(errors="replace").decode(), codes, sha256)
    if manifest is None:
        unknown = "the file has no manifest, which tells how it was drawn"
        return replace(found, unknown=unknown)
    policy = manifest["policy"]
    if bundle.sha256 and policy.get("bundle_sha256") != bundle.sha256:
        raise ResultsError(
            f"{path}: expected results of {bundle.name} with sha256 {bundle.sha256[:12]}…, got "
            f"those of {str(policy.get('bundle'))[:40]!r} with "
            f"{str(policy.get('bundle_sha256'))[:12]}…; give the bundle they were generated with"
        )
    found = replace(found, accepted=manifest["audit"]["exposures"])
    try:
        known = Policy.from_dict(policy, str(path), listed)
    except PolicyError:
        if listed or "regs_sha256" not in policy["unwanted"]:
            raise
        unknown = "its policy lists unwanted codes, which the file does not hold: give the list"
        return replace(found, unknown=unknown)
    return replace(found, policy=known, proposed=manifest["report"]["proposed"])


def _bytes_of(path: Path) -> bytes:
    if path.exists() and not path.is_file():
        raise ResultsError(
            f"{path}: expected a regular file of results, got something else; give a file that "
            "regvae sample wrote"
        )
    return path.read_bytes()


def _of_folder(path: Path, bundle: Bundle) -> tuple[Codes, str, dict[str, Any]]:
    """The codes of a folder of parts, the hash of its manifest, and the manifest."""
    if not (path / MANIFEST).is_file():
        raise ResultsError(
            f"{path}: expected a folder of results with {MANIFEST}, got one without, whose run is "
            "not finished; let it finish, with the same command"
        )
    text = (path / MANIFEST).read_bytes()
    manifest = _checked(path / MANIFEST, text)
    codes = [np.empty(0, bundle.records.codes.dtype)]
    for name, sha256 in manifest["files"].items():
        if not PART.fullmatch(name):
            raise _damaged(path / MANIFEST)
        content = _bytes_of(path / name)
        _check_hash(path / name, sha256, hashlib.sha256(content).hexdigest(), MANIFEST)
        codes.append(_codes(path / name, content, bundle))
    if len(codes) == 1:
        raise ResultsError(
            f"{path}: expected {bundle.format.plural}, got a run without results; generate some"
        )
    return np.concatenate(codes), hashlib.sha256(text).hexdigest(), manifest


# --- codes ----------------------------------------------------------------------------------------


def _codes(path: Path, content: bytes, bundle: Bundle) -> Codes:
    format = bundle.format
    texts = _texts(path, content, format)
    longest = _LONGEST * format.length
    wrong = [
        row
        for row, text in enumerate(texts)
        if text is None or len(text) > longest or "\0" in text  # NumPy would drop a zero
    ]
    if not texts:
        raise ResultsError(f"{path}: expected {format.plural}, got none; generate some")
    if not wrong:
        # A million duplicates are parsed once.
        different, rows = np.unique(np.array(texts, dtype=str), return_inverse=True)
        codes, fits = format.match(different)
        wrong = np.flatnonzero(~fits[rows]).tolist()
    if wrong:
        raise ResultsError(
            f"{path}: expected {format.plural} such as {format.shown(format.example)}, got "
            f"{str(texts[wrong[0]])[:20]!r} in row {wrong[0] + 1} and {len(wrong) - 1:,} more; "
            "give a file of results of this format"
        )
    return codes[rows]


def _texts(path: Path, content: bytes, format: Format) -> list[str | None]:
    """The texts in the format's column of a file of results."""
    if path.suffix not in KINDS:
        raise ResultsError(
            f"{path}: expected a file of results ({' or '.join(KINDS)}), got one of another kind; "
            "give one that regvae sample wrote"
        )
    try:
        table = _table(path, content)
        names = table.column_names
        if names.count(format.column) == 1 and not DETAILS & {*names}:
            return table[format.column].cast(pa.string()).to_pylist()
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise ResultsError(
            f"{path}: expected a file of results, got one that cannot be read "
            f"({(str(error).splitlines() or [''])[0][:80]}); generate it again"
        ) from error
    if DETAILS & {*names}:
        raise ResultsError(
            f"{path}: expected results, got details, which contain records; give the file of "
            "results that was written with them"
        )
    raise ResultsError(
        f"{path}: expected one column {format.column!r} of {format.plural}, got "
        f"{', '.join(names)[:80] or 'none'}; give a file of results of this format"
    )


def _table(path: Path, content: bytes) -> pa.Table:
    if path.suffix == ".parquet":
        return pq.read_table(pa.BufferReader(content))
    texts = pyarrow.csv.ConvertOptions(strings_can_be_null=False)
    return pyarrow.csv.read_csv(io.BytesIO(content), convert_options=texts)


# --- how they were drawn --------------------------------------------------------------------------


def _manifest(path: Path, content: bytes, sha256: str) -> dict[str, Any] | None:
    """The manifest in a file or beside it, with the entries that are used; None without one."""
    inside = None
    if path.suffix == ".parquet":
        inside = (pq.read_metadata(pa.BufferReader(content)).metadata or {}).get(KEY)
    beside = path.with_name(f"{path.name}.manifest.json")
    if inside is None and not beside.is_file():
        return None
    found = _checked(path, beside.read_bytes() if inside is None else inside)
    _check_hash(path, found["files"].get(path.name, sha256), sha256, beside.name)
    return found


def _checked(path: Path, text: bytes) -> dict[str, Any]:
    """A manifest with the entries that are used; `path` is the file that it describes."""
    try:
        found = json.loads(text)
        right = isinstance(found.setdefault("files", {}), dict)
        right &= _is_policy(found["policy"]) and _is_count(found["report"]["proposed"])
        exposures = found["audit"].setdefault("exposures", [])
        right &= isinstance(exposures, list) and all(map(Exposure.describes, exposures))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        right = False
    if not right:
        raise _damaged(path)
    return found


def _damaged(path: Path) -> ResultsError:
    return ResultsError(
        f"{path}: expected the manifest that regvae sample writes, got a damaged one; generate "
        "the results again, or remove the manifest"
    )


def _check_hash(path: Path, expected: Any, sha256: str, manifest: str) -> None:
    """Raises `ResultsError` unless a file is that of its manifest."""
    if expected != sha256:
        raise ResultsError(
            f"{path}: expected the file that {manifest} describes, with sha256 "
            f"{str(expected)[:12]}…, got {sha256[:12]}…; give the file that it was written with"
        )


def _is_policy(given: Any) -> bool:
    return isinstance(given, dict) and isinstance(given.get("unwanted"), dict)


def _is_count(given: Any) -> bool:
    return type(given) is int and 1 <= given <= MAX_PROPOSALS
