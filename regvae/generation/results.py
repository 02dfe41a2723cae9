"""A sampling run: the results of a policy as files, and one manifest that describes them.

Files of results and their manifest can be shared: they have codes and counts. What gives records
away (points, distances, which codes are records) is in files of details, which are marked.
"""

import contextlib
import hashlib
import io
import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import asdict, dataclass, field, replace
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from regvae.audit.collisions import Audit, Auditor
from regvae.formats import UK_REGISTRATION, Attribute, Codes, Format
from regvae.model.bundle import Bundle
from regvae.rejection import sampling
from regvae.rejection.measures import Measurer
from regvae.rejection.policy import Policy
from regvae.rejection.report import Report, Tally, shortfall, warning
from regvae.rejection.samples import Samples

KEY = b"regvae"
"""The key of the manifest in the metadata of a Parquet file."""
CONTAINS_RECORDS = "contains_records"
"""What marks details, in the metadata of a Parquet file and in a manifest."""

_ROWS = 2**16
"""Rows that are collected before they are written: a group of rows of a Parquet file."""

_WRITERS: dict[str, Callable[[Any, pa.Schema], Any]] = {
    ".parquet": lambda sink, schema: pq.ParquetWriter(sink, schema, compression="zstd"),
    ".csv": lambda sink, schema: pyarrow.csv.CSVWriter(sink, schema),
}
KINDS = tuple(_WRITERS)
"""The kinds of files of results, by the ends of their names."""


@dataclass(frozen=True)
class Outcome:
    """A finished sampling run.

    `policy` has the hash of the bundle that was used; `shortfall` is a sentence if there are fewer
    results than the policy requires, else None; `sha256` is the hash of each file of results, by
    its kind, or by its name in a folder; `details_sha256` is that of each file of details.
    """

    policy: Policy
    report: Report
    audit: Audit
    shortfall: str | None
    sha256: dict[str, str] = field(default_factory=dict)
    details_sha256: dict[str, str] = field(default_factory=dict)

    def headline(self) -> str:
        """How many different codes were generated, and how many of them leak."""
        return self.audit.headline(self.policy.unwanted.format)

    @property
    def guarantee(self) -> dict[str, Any] | None:
        """The guarantee on the purity for JSON, None if none was required."""
        found, rule = self.policy.guarantee, self.policy.rule
        if found is None:
            return None
        return {
            **asdict(found),
            "bound": found.bound,
            "parameters": rule.values(),
            "proposal": self.policy.to_dict()["proposal"],
            "sentence": found.sentence(self.policy.proposal.name),
        }

    def manifest(
        self, files: Mapping[str, str] | None = None, *, details: bool = False
    ) -> dict[str, Any]:
        """Files with their sha256, policy, report and audit, for JSON: no code, but the unwanted
        ones that are listed if it is of `details`.

        `files` are the names of files by the keys of their hashes. The manifest inside a Parquet
        file has none, as it cannot contain the hash of that file. The same policy gives the same
        manifest.
        """
        hashes = self.details_sha256 if details else self.sha256
        return {
            **({CONTAINS_RECORDS: True} if details else {}),
            "files": {name: hashes[kind] for kind, name in (files or {}).items()},
            "policy": self.policy.to_dict(released=not details),
            "report": asdict(self.report),
            "audit": asdict(self.audit),
            "headline": self.headline(),
            "finding": self.audit.sentence(),
            "warning": warning(self.report),
            "guarantee": self.guarantee,
            "shortfall": self.shortfall,
        }


def generate(
    bundle: Bundle,
    policy: Policy,
    files: Mapping[str, BinaryIO] | None = None,
    *,
    details: Mapping[str, BinaryIO] | None = None,
    attributes: Sequence[str] = (),
    measurer: Measurer | None = None,
    executor: Executor | None = None,
    on_block: Callable[[Tally], bool | None] | None = None,
) -> Outcome:
    """Run a policy and write its results, block by block.

    `files` are empty binary files by kind, `.parquet` or `.csv`, open for writing: each gets the
    codes of the results, with some `attributes` that are computed from the code. `details` are
    files for the same rows with what gives records away: points, distances, which codes are
    records. A Parquet file has the manifest in its metadata. The same policy writes the same bytes,
    which are hashed as they are written. `measurer` is that of `make_measurer` unless given. The
    work is done by threads, or by the workers of an `executor` (see `regvae.workers`), which change
    nothing in the files. `on_block` is called with the counts so far, at first after 1,024
    proposals; the run ends there if it returns True. Raises `PolicyError` if the policy is for
    another bundle, or its rule learns and it has no guarantee, `FormatError` for another attribute,
    and `ValueError` for another kind of file, all before anything is written; and what
    `sampling.stream` raises.

    >>> with open("new.parquet", "wb") as file:
    ...     generate(bundle, policy, {".parquet": file}).audit.sentence()
    """
    files, details = files or {}, details or {}
    for kind in (*files, *details):
        if kind not in _WRITERS:
            raise ValueError(
                f"expected {' or '.join(KINDS)}, got {kind[:20]!r}; choose one of them"
            )
    chosen = [bundle.format.attribute(name) for name in attributes]
    policy, measurer = prepared(bundle, policy, measurer)
    auditor = Auditor(bundle, policy.unwanted)
    stopped = False
    with _Writer(files, details, bundle.format, chosen) as writer:
        for batch in sampling.stream(bundle, policy, measurer, executor=executor):
            auditor.add(batch.tally, batch.accepted, batch.kept)
            writer.add(batch.kept)
            if on_block and on_block(auditor.tally):
                stopped = True
                break
        outcome = outcome_of(bundle, policy, measurer, auditor, stopped=stopped)
        writer.finish(outcome)
    return replace(outcome, sha256=writer.sha256(), details_sha256=writer.sha256(details=True))


def prepared(bundle: Bundle, policy: Policy, measurer: Measurer | None) -> tuple[Policy, Measurer]:
    """A policy as it is run with a bundle, with nothing left open, and its measurer.

    Raises what `generate` does.
    """
    policy.check(bundle)
    measurer = measurer or sampling.make_measurer(bundle, policy)
    proposal = sampling.fitted(policy.proposal, bundle, measurer)
    policy = replace(policy, bundle_sha256=bundle.sha256, proposal=proposal)
    policy.check_guarantee()
    return policy, measurer


def outcome_of(
    bundle: Bundle, policy: Policy, measurer: Measurer, auditor: Auditor, *, stopped: bool
) -> Outcome:
    """The outcome of a run whose points an auditor has seen, without the hashes of its files."""
    held_out = sampling.held_out_measures(
        bundle, policy.unwanted, policy.rule, measurer.calibration, measurer.predictor
    )
    return Outcome(
        policy,
        auditor.tally.report(
            policy.rule,
            bundle.records.latent_dim,
            held_out,
            sampling.recall(bundle, policy, measurer),
            released=bundle.released,
        ),
        auditor.finish(),
        shortfall(policy, auditor.tally, stopped=stopped),
    )


class _Sink:
    """A file of results, or of details, to which tables are written."""

    def __init__(self, kind: str, file: BinaryIO, *, details: bool) -> None:
        self.kind, self.details = kind, details
        self._file = _Hashed(file)
        self._waiting: list[pa.Table] = []
        self._writer: Any = None

    def add(self, table: pa.Table) -> None:
        """Add rows. The first open the writer, which must know the columns."""
        self._writer = self._writer or _WRITERS[self.kind](self._file, table.schema)
        self._waiting.append(table)
        if sum(map(len, self._waiting)) >= _ROWS:
            self.flush()

    def flush(self) -> None:
        """Write the rows that wait."""
        if self._waiting:
            self._writer.write_table(pa.concat_tables(self._waiting).combine_chunks())
            self._waiting.clear()

    def finish(self, manifest: dict[str, Any]) -> None:
        """Write what is left, and the manifest into a Parquet file."""
        self.flush()
        if self.kind == ".parquet" and self._writer:
            text = json.dumps(manifest, allow_nan=False)
            metadata = {KEY: text.encode()}
            if self.details:
                metadata[CONTAINS_RECORDS.encode()] = b"true"
            self._writer.add_key_value_metadata(metadata)

    def close(self) -> None:
        """Close the writer, not the file."""
        if self._writer:
            self._writer.close()

    @property
    def sha256(self) -> str:
        """The hash of what was written, once it is closed."""
        return self._file.sha256.hexdigest()


class _Writer(contextlib.ExitStack):
    """Writes the same rows to files of results and of details, many at a time."""

    def __init__(
        self,
        files: Mapping[str, BinaryIO],
        details: Mapping[str, BinaryIO],
        format: Format,
        attributes: Sequence[Attribute],
    ) -> None:
        super().__init__()
        self._format, self._attributes = format, attributes
        self._sinks = [_Sink(kind, file, details=False) for kind, file in files.items()]
        self._sinks += [_Sink(kind, file, details=True) for kind, file in details.items()]
        for sink in self._sinks:
            self.callback(sink.close)

    def add(self, samples: Samples) -> None:
        """Add rows to every file."""
        for details in {sink.details for sink in self._sinks}:
            table = (
                details_table(samples, self._format)
                if details
                else codes_table(samples.codes, self._format, self._attributes)
            )
            for sink in self._sinks:
                if sink.details == details:
                    sink.add(table)

    def finish(self, outcome: Outcome) -> None:
        """Write what is left, and the manifest into each Parquet file."""
        for sink in self._sinks:
            sink.finish(outcome.manifest(details=sink.details))

    def sha256(self, *, details: bool = False) -> dict[str, str]:
        """The hash of each file of results, or of details, by its kind, once it is closed."""
        return {sink.kind: sink.sha256 for sink in self._sinks if sink.details == details}


class _Hashed(io.RawIOBase):
    """A file that is hashed as it is written, so that it need not be read again."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.sha256 = file, hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        self.sha256.update(content)
        return self.file.write(content)

    def tell(self) -> int:
        return self.file.tell()


def codes_table(
    codes: Codes, format: Format = UK_REGISTRATION, attributes: Sequence[Attribute] = ()
) -> pa.Table:
    """Codes (n,) as a table: without blanks in `Format.column`, then some attributes.

    Nothing in it depends on records, but which codes there are.
    """
    types = {"boolean": pa.bool_(), "category": pa.string(), "number": pa.int64()}
    columns = {
        one.name: pa.array(one.values(codes).tolist(), types[one.kind]) for one in attributes
    }
    written = pa.array(format.written(codes).tolist(), pa.string())
    return pa.table({format.column: written, **columns})


def details_table(samples: Samples, format: Format = UK_REGISTRATION) -> pa.Table:
    """Samples as a table: the codes, then z_1 to z_k, the rule's measures, wanted, collision, the
    last only if it is known.

    It gives records away: a few distances to one record locate it, and `collision` names it.
    """
    columns: dict[str, pa.Array] = {
        f"z_{i}": pa.array(axis, pa.float64()) for i, axis in enumerate(samples.z.T, start=1)
    }
    columns |= {name: pa.array(one, pa.float64()) for name, one in samples.measures.items()}
    columns["wanted"] = pa.array(samples.wanted)
    if not samples.released:
        columns["collision"] = pa.array(samples.collision)
    codes = codes_table(samples.codes, format)
    return pa.table({format.column: codes[format.column], **columns})


def read_manifest(path: str) -> dict[str, Any]:
    """The manifest inside a Parquet file of results. Raises `ValueError` if it has none."""
    text = (pq.read_metadata(path).metadata or {}).get(KEY)
    if text is None:
        raise ValueError(
            f"{path}: expected a Parquet file of results, got one without a manifest; generate it "
            "again"
        )
    return json.loads(text)
