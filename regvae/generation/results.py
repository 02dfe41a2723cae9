"""A sampling run: the results of a policy as files, and one manifest that describes them."""

import contextlib
import hashlib
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from regvae.audit.collisions import Audit, Auditor
from regvae.formats import UK_REGISTRATION, Format
from regvae.model.bundle import Bundle
from regvae.rejection import sampling
from regvae.rejection.measures import Measurer
from regvae.rejection.policy import Policy
from regvae.rejection.report import Report, Tally, shortfall, warning
from regvae.rejection.samples import Samples

KEY = b"regvae"
"""The key of the manifest in the metadata of a Parquet file."""

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
    results than the policy requires, else None; `sha256` is the hash of each file, by its kind.
    """

    policy: Policy
    report: Report
    audit: Audit
    shortfall: str | None
    sha256: dict[str, str] = field(default_factory=dict)

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

    def manifest(self, files: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Files with their sha256, policy, report and audit, for JSON.

        `files` are the names of files by their kind. The manifest inside a Parquet file has none,
        as it cannot contain the hash of that file. The same policy gives the same manifest.
        """
        return {
            "files": {name: self.sha256[kind] for kind, name in (files or {}).items()},
            "policy": self.policy.to_dict(),
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
    measurer: Measurer | None = None,
    on_block: Callable[[Tally], bool | None] | None = None,
) -> Outcome:
    """Run a policy and write its results, block by block.

    `files` are empty binary files by kind, `.parquet` or `.csv`, open for writing: each gets the
    same rows, and is hashed as it is written. A Parquet file has the manifest in its metadata. The
    same policy writes the same bytes. `measurer` is that of `make_measurer` unless given;
    `on_block` is called with the counts so far, at first after 1,024 proposals; the run ends there
    if it returns True. Raises `PolicyError` if the policy is for another bundle, or its rule learns
    and it has no guarantee, and `ValueError` for another kind of file, all before anything is
    written; and what `sampling.stream` raises.

    >>> with open("new.parquet", "wb") as file:
    ...     generate(bundle, policy, {".parquet": file}).audit.sentence()
    """
    files = files or {}
    for kind in files:
        if kind not in _WRITERS:
            raise ValueError(
                f"expected {' or '.join(KINDS)}, got {kind[:20]!r}; choose one of them"
            )
    policy.check(bundle)
    measurer = measurer or sampling.make_measurer(bundle, policy)
    proposal = sampling.fitted(policy.proposal, bundle, measurer)
    policy = replace(policy, bundle_sha256=bundle.sha256, proposal=proposal)
    policy.check_guarantee()
    auditor = Auditor(bundle, policy.unwanted)
    stopped = False
    with _Writer(files, bundle.format) as writer:
        for block in sampling.stream(bundle, policy, measurer):
            auditor.add(block.tally, block.kept)
            writer.add(block.kept)
            if on_block and on_block(auditor.tally):
                stopped = True
                break
        outcome = _outcome(bundle, policy, measurer, auditor, stopped=stopped)
        writer.finish(outcome)
    return replace(outcome, sha256=writer.sha256)


class _Writer(contextlib.ExitStack):
    """Writes the same rows to files, by their kind, many at a time."""

    def __init__(self, files: Mapping[str, BinaryIO], format: Format) -> None:
        super().__init__()
        self._format = format
        self._sinks = {kind: _Hashed(file) for kind, file in files.items()}
        self._waiting: list[pa.Table] = []
        self._writers: dict[str, Any] = {}

    def add(self, samples: Samples) -> None:
        """Add rows. The first open the writers, which must know the columns."""
        if not self._sinks:
            return
        table = to_table(samples, self._format)
        for kind, sink in self._sinks.items():
            if kind not in self._writers:
                self._writers[kind] = self.enter_context(_WRITERS[kind](sink, table.schema))
        self._waiting.append(table)
        if sum(map(len, self._waiting)) >= _ROWS:
            self._write()

    def finish(self, outcome: Outcome) -> None:
        """Write what is left, and the manifest into the Parquet file."""
        self._write()
        if ".parquet" in self._writers:
            text = json.dumps(outcome.manifest(), allow_nan=False)
            self._writers[".parquet"].add_key_value_metadata({KEY: text.encode()})

    def _write(self) -> None:
        if self._waiting:
            table = pa.concat_tables(self._waiting).combine_chunks()
            for writer in self._writers.values():
                writer.write_table(table)
            self._waiting.clear()

    @property
    def sha256(self) -> dict[str, str]:
        """The hash of each file, by its kind, once it is closed."""
        return {kind: sink.sha256.hexdigest() for kind, sink in self._sinks.items()}


def _outcome(
    bundle: Bundle, policy: Policy, measurer: Measurer, auditor: Auditor, *, stopped: bool
) -> Outcome:
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
        ),
        auditor.finish(),
        shortfall(policy, auditor.tally, stopped=stopped),
    )


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


def to_table(samples: Samples, format: Format = UK_REGISTRATION) -> pa.Table:
    """Samples as a table: the codes in `Format.column`, without blanks, then z_1 to z_k, the rule's
    measures, wanted, collision."""
    column = format.column
    columns: dict[str, Any] = {column: format.written(samples.codes).tolist()}
    columns |= {f"z_{i}": axis for i, axis in enumerate(samples.z.T, start=1)}
    columns |= dict(samples.measures)
    columns |= {"wanted": samples.wanted, "collision": samples.collision}
    types = {column: pa.string(), "wanted": pa.bool_(), "collision": pa.bool_()}
    return pa.table(
        {name: pa.array(values, types.get(name, pa.float64())) for name, values in columns.items()}
    )


def read_manifest(path: str) -> dict[str, Any]:
    """The manifest inside a Parquet file of results. Raises `ValueError` if it has none."""
    text = (pq.read_metadata(path).metadata or {}).get(KEY)
    if text is None:
        raise ValueError(
            f"{path}: expected a Parquet file of results, got one without a manifest; generate it "
            "again"
        )
    return json.loads(text)
