"""Files of results, read again to be judged: the codes, and how they were drawn."""

import hashlib
import io
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from regvae.audit.report import Results
from regvae.formats import Codes
from regvae.generation.results import KEY, KINDS
from regvae.model.bundle import Bundle
from regvae.rejection.policy import Policy, PolicyError


class ResultsError(ValueError):
    """A file that is not one of results for a bundle; the message tells what to do."""


def read_results(
    path: str | Path,
    bundle: Bundle,
    listed: tuple[str, ...] = (),
    *,
    content: bytes | None = None,
) -> Results:
    """Read a Parquet or CSV file of results that were generated with a bundle.

    Its manifest is that inside a Parquet file, or the one beside either, `<name>.manifest.json`; a
    file without one can be judged, but for what depends on how its codes were drawn. `listed` are
    the unwanted codes of a policy whose released manifest does not hold them. Raises `ResultsError`
    for a file of another kind, without the format's column, with a text that is no code, without
    codes, or with a manifest of another bundle; `PolicyError` for another list; `OSError` if it
    cannot be read.
    """
    path = Path(path)
    content = path.read_bytes() if content is None else content
    codes = _codes(path, content, bundle)
    found = Results(path.name, codes, hashlib.sha256(content).hexdigest())
    manifest = _manifest(path, content)
    if manifest is None:
        return _with(found, unknown="the file has no manifest, which tells how it was drawn")
    policy = manifest["policy"]
    if bundle.sha256 and policy.get("bundle_sha256") != bundle.sha256:
        raise ResultsError(
            f"{path}: expected results of {bundle.name} with sha256 {bundle.sha256[:12]}…, got "
            f"those of {str(policy.get('bundle'))[:40]!r} with "
            f"{str(policy.get('bundle_sha256'))[:12]}…; give the bundle they were generated with"
        )
    accepted = manifest.get("audit", {}).get("exposures", [])
    proposed = manifest.get("report", {}).get("proposed")
    try:
        known = Policy.from_dict(policy, str(path), listed)
    except PolicyError:
        if listed or "regs_sha256" not in policy.get("unwanted", {}):
            raise
        unknown = "its policy lists unwanted codes, which the file does not hold: give the list"
        return _with(found, unknown=unknown, accepted=accepted)
    return _with(found, policy=known, proposed=proposed, accepted=accepted)


def _with(found: Results, **more: Any) -> Results:
    return Results(found.name, found.codes, found.sha256, **more)


def _codes(path: Path, content: bytes, bundle: Bundle) -> Codes:
    format = bundle.format
    table = _table(path, content)
    if format.column not in table.column_names:
        raise ResultsError(
            f"{path}: expected the column {format.column!r} of {format.plural}, got "
            f"{', '.join(table.column_names)[:80] or 'none'}; give a file of results of this format"
        )
    texts = table[format.column].cast(pa.string()).to_pylist()
    wrong = [row for row, text in enumerate(texts) if text is None]
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


def _table(path: Path, content: bytes) -> pa.Table:
    if path.suffix not in KINDS:
        raise ResultsError(
            f"{path}: expected a file of results ({' or '.join(KINDS)}), got one of another kind; "
            "give one that regvae sample wrote"
        )
    try:
        if path.suffix == ".parquet":
            return pq.read_table(pa.BufferReader(content))
        texts = pyarrow.csv.ConvertOptions(strings_can_be_null=False)
        return pyarrow.csv.read_csv(io.BytesIO(content), convert_options=texts)
    except pa.ArrowException as error:
        raise ResultsError(
            f"{path}: expected a file of results, got one that cannot be read "
            f"({str(error).splitlines()[0][:80]}); generate it again"
        ) from error


def _manifest(path: Path, content: bytes) -> dict[str, Any] | None:
    """The manifest in a file or beside it, if it has the policy and what it counted."""
    texts: list[bytes] = []
    with suppress(pa.ArrowException):
        if path.suffix == ".parquet":
            texts += filter(
                None, [(pq.read_metadata(pa.BufferReader(content)).metadata or {}).get(KEY)]
            )
    beside = path.with_name(f"{path.name}.manifest.json")
    if not texts and beside.is_file():
        texts.append(beside.read_bytes())
    for text in texts:
        with suppress(ValueError, RecursionError):
            manifest = json.loads(text)
            if isinstance(manifest, dict) and isinstance(manifest.get("policy"), dict):
                return manifest
    return None
