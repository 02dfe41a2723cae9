"""A sampling run as a folder: a Parquet file for each block, then one manifest.

While it runs there is a folder `unfinished` in it, with what is needed to go on after an
interruption: what each block adds to the counts. That names records, so it is removed at the end.
"""

import hashlib
import io
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import astuple, dataclass, field, replace
from itertools import groupby
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from regvae.audit.collisions import Auditor, Counted
from regvae.formats import Attribute, Codes
from regvae.generation.folder import Folder, FolderError
from regvae.generation.results import CONTAINS_RECORDS, Outcome, codes_table, outcome_of, prepared
from regvae.model.bundle import Bundle
from regvae.rejection import sampling
from regvae.rejection.measures import Measurer
from regvae.rejection.policy import Policy
from regvae.rejection.report import Tally
from regvae.rejection.sampling import Batch, Seen

MANIFEST = "manifest.json"
UNFINISHED = "unfinished"
"""The folder that is there until the run is finished."""
SCHEMA = 1
"""Of what is in it. A run of another schema is not continued."""
PART = re.compile(r"part-[0-9]{8,}\.parquet")
"""The names that `part_name` gives."""
_RUN = "run.json"
_ADDED = re.compile(r"block-\d{8,}\.npz")


def part_name(block: int) -> str:
    """The name of a block's file of results.

    >>> part_name(12)
    'part-00000012.parquet'
    """
    return f"part-{block:08}.parquet"


def generate_parts(
    bundle: Bundle,
    policy: Policy,
    folder: str,
    *,
    attributes: Sequence[str] = (),
    measurer: Measurer | None = None,
    executor: Executor | None = None,
    on_block: Callable[[Tally], bool | None] | None = None,
) -> Outcome:
    """Run a policy, and write its results to a folder, given by its path or URL.

    Each block of proposals with results becomes a Parquet file of the codes, with some
    `attributes`; the last file is `manifest.json`, with the hash of each. A run that was
    interrupted goes on when it is called again. The results are those of `generate`, in the same
    order, with any `executor`. `on_block` is called with the counts so far after each batch
    of a block; if it returns True the run ends there, with a manifest. Raises `FolderError`, before
    anything is written, if the folder has a finished run, an unfinished one of something else, or
    other files, and whenever it cannot be written; and what `generate` does.

    >>> with regvae.workers.processes(2) as executor:
    ...     generate_parts(bundle, policy, "new/", executor=executor).headline()
    """
    policy, measurer = prepared(bundle, policy, measurer)
    run = _Run.of(bundle, policy, folder, attributes)
    run.check(policy)
    with run.unfinished.held():
        run.check(policy)  # another run may have ended just before
        run.begin(policy)
        batches = sampling.stream(bundle, policy, measurer, executor=executor, seen=run.seen)
        stopped = run.write(batches, on_block)
        outcome = outcome_of(bundle, policy, measurer, run.auditor, stopped=stopped)
        outcome = replace(outcome, sha256=run.sha256)
        manifest = outcome.manifest({name: name for name in run.sha256})
        run.finish(f"{json.dumps(manifest, indent=1)}\n".encode())
    return outcome


def check_folder(
    bundle: Bundle,
    policy: Policy,
    folder: str,
    *,
    attributes: Sequence[str] = (),
    measurer: Measurer | None = None,
) -> None:
    """Raises what `generate_parts` does for a folder that it cannot begin or go on with."""
    policy, _ = prepared(bundle, policy, measurer)
    _Run.of(bundle, policy, folder, attributes).check(policy)


@dataclass
class _Run:
    """A run in a folder `to`: what its blocks have added so far, and the hash of each file."""

    to: Folder
    unfinished: Folder
    attributes: Sequence[Attribute]
    auditor: Auditor
    seen: Seen
    sha256: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, bundle: Bundle, policy: Policy, folder: str, attributes: Sequence[str]) -> "_Run":
        """Of a policy, with no block yet."""
        to, chosen = Folder(folder), [bundle.format.attribute(name) for name in attributes]
        return cls(to, to / UNFINISHED, chosen, Auditor(bundle, policy.unwanted), Seen())

    def check(self, policy: Policy) -> None:
        """Raises `FolderError` unless the folder is empty, or has this run, unfinished."""
        names, inside = self.to.names(), self.unfinished.names()
        others = {name for name in inside if name != _RUN and not _ADDED.fullmatch(name)}
        if MANIFEST in names:
            if not others:  # it may have ended just before
                self.unfinished.remove()
            raise FolderError(
                f"expected a new folder or an unfinished run, got {self.to.url}, whose run is "
                "finished; give another folder"
            )
        known = {UNFINISHED}
        if _RUN in inside:
            known |= {part_name(number) for number in range(sampling.block_count(policy))}
        else:
            others = inside
        others = {f"{UNFINISHED}/{name}" for name in others} | (names - known)
        if others:
            raise FolderError(
                f"expected a new folder or an unfinished run, got {self.to.url}, which has "
                f"other files ({', '.join(sorted(others))[:80]}); give another folder"
            )
        if not inside:
            return  # it is new, or was interrupted before its first block
        there, described = self._read_run(), self._described(policy)
        other = [name for name in described if there.get(name) != described[name]]
        if other:
            has = f"another {' and '.join(other)}" if there else f"a damaged {_RUN}"
            raise FolderError(
                f"expected an unfinished run of this policy, got {self.to.url}, whose run has "
                f"{has}; give another folder, or the same options as then"
            )

    def _described(self, policy: Policy) -> dict[str, Any]:
        described = {
            CONTAINS_RECORDS: True,
            "version": SCHEMA,
            "policy": policy.to_dict(),
            "attributes": [one.name for one in self.attributes],
        }
        return json.loads(json.dumps(described))  # tuples are lists there

    def _read_run(self) -> dict[str, Any]:
        try:
            found = json.loads(self.unfinished.read(_RUN))
        except (ValueError, RecursionError):
            found = None
        return found if isinstance(found, dict) else {}

    def begin(self, policy: Policy) -> None:
        """Note what is run, and count what is there of it."""
        if _RUN not in self.unfinished.names():
            text = json.dumps(self._described(policy), indent=1)
            self.unfinished.write(_RUN, text.encode())
        names, there = self.to.names(), self.unfinished.names()
        for number in range(sampling.block_count(policy)):
            if _added_name(number) not in there:
                return
            added = _Added.read(self.unfinished.read(_added_name(number)))
            if added is None or not self._fits(number, added, policy):
                return  # it and all after it are generated again
            codes = self._codes(part_name(number), added, names)
            if codes is None:
                return
            self._count(number, added, codes)

    def _fits(self, number: int, added: "_Added", policy: Policy) -> bool:
        """Whether what a block added may be that of a complete block of this run."""
        tally = added.tally
        ends = self.seen.kept + tally.kept == policy.results
        return (
            (ends or tally.proposed == sampling.block_size(policy, number))
            and added.is_consistent()
            and added.z.shape[1:] == (self.auditor.bundle.records.latent_dim,)
            and len(added.z) == min(tally.kept, self.auditor.room)
        )

    def _codes(self, part: str, added: "_Added", names: set[str]) -> Codes | None:
        """The codes of a part, none for a block without; None if it is not that of `added`."""
        format = self.auditor.bundle.format
        if not added.sha256:
            return format.array([])
        content = self.to.read(part) if part in names else b""
        if hashlib.sha256(content).hexdigest() != added.sha256:
            return None
        try:
            file = pq.ParquetFile(pa.BufferReader(content))
            if file.metadata.num_rows != added.tally.kept:
                return None
            texts = file.read([format.column])[format.column].to_numpy().astype(str)
        except (pa.ArrowException, OSError, LookupError):
            return None
        codes, fits = format.match(texts)
        return codes if fits.all() else None

    def _count(self, number: int, added: "_Added", codes: Codes) -> None:
        """Count a block that exists."""
        closely = codes[: len(added.z)]
        self.auditor.include(Counted(added.tally, added.hits, added.leaking, added.z, closely))
        self.seen.codes.update(codes.tolist())
        self.seen.codes.update(added.again)
        self.seen.kept += added.tally.kept
        self.seen.blocks = number + 1
        if added.sha256:
            self.sha256[part_name(number)] = added.sha256

    def write(
        self, batches: Iterator[Batch], on_block: Callable[[Tally], bool | None] | None
    ) -> bool:
        """Write the results of all blocks, and what each adds; True if `on_block` ended the run."""
        if on_block and self.seen.blocks and on_block(self.auditor.tally):
            return True
        for block, of_block in groupby(batches, lambda batch: batch.block):
            total, stopped = Counted.none(self.auditor.bundle), False
            kept: list[Codes] = []
            again: Counter[str] = Counter()
            for batch in of_block:
                counted = Counted.of(batch.tally, batch.accepted, batch.kept, self.auditor.room)
                self.auditor.include(counted)
                total += counted
                kept.append(batch.kept.codes)
                again.update(batch.again.tolist())
                if on_block and on_block(self.auditor.tally):
                    stopped = True
                    break
            self._write_block(block, np.concatenate(kept), total, again)
            if stopped:
                return True
        return False

    def _write_block(
        self, number: int, codes: Codes, counted: Counted, again: Counter[str]
    ) -> None:
        sha256 = ""
        if len(codes):
            sink = io.BytesIO()
            table = codes_table(codes, self.auditor.bundle.format, self.attributes)
            pq.write_table(table, sink, compression="zstd")
            sha256 = self.sha256[part_name(number)] = hashlib.sha256(sink.getvalue()).hexdigest()
            self.to.write(part_name(number), sink.getvalue(), by=self.unfinished)
        added = _Added(counted.tally, counted.hits, counted.leaking, again, counted.z, sha256)
        self.unfinished.write(_added_name(number), added.written())

    def finish(self, manifest: bytes) -> None:
        """Write the manifest, and remove what was needed to go on.

        Raises `FolderError` if somebody has removed parts meanwhile, or added files.
        """
        other = (self.to.names() - {UNFINISHED}) ^ self.sha256.keys()
        if other:
            raise FolderError(
                f"expected {self.to.url} to have the parts of this run alone, got others, or some "
                f"removed ({', '.join(sorted(other))[:80]}); remove what is not of this run, and "
                "start again"
            )
        self.to.write(MANIFEST, manifest, by=self.unfinished)
        self.unfinished.remove()


def _added_name(block: int) -> str:
    return f"block-{block:08}.npz"


@dataclass(frozen=True)
class _Added:
    """What a block adds to a run, beside its results: as `Counted` has it; how often codes occurred
    again (`again`); and the hash of its file of results, empty without one."""

    tally: Tally
    hits: Counter[str]
    leaking: int
    again: Counter[str]
    z: NDArray[np.float64]
    sha256: str

    def written(self) -> bytes:
        """As a NumPy archive, without pickle."""
        sink = io.BytesIO()
        arrays: dict[str, Any] = {
            "tally": np.array(astuple(self.tally)),
            "leaking": self.leaking,
            **_columns("hits", self.hits),
            **_columns("again", self.again),
            "z": self.z,
            "sha256": self.sha256,
        }
        np.savez(sink, **arrays)
        return sink.getvalue()

    @classmethod
    def read(cls, content: bytes) -> "_Added | None":
        """The inverse of `written`; None for a damaged archive."""
        try:
            found = _arrays(content)
            return cls(
                Tally(*map(int, found["tally"])),
                _counter("hits", found),
                int(found["leaking"]),
                _counter("again", found),
                found["z"].astype(np.float64, casting="safe"),
                str(found["sha256"]),
            )
        except Exception:  # of whatever kind: NumPy parses a header as Python
            return None

    def is_consistent(self) -> bool:
        """Whether the counts may be those of one block."""
        tally, hits, again = self.tally, self.hits.values(), self.again.values()
        some = tally.wanted, tally.collisions, tally.leaks, tally.usable
        return (
            min(0, *some, *hits, *again) == 0
            and max(some) <= tally.accepted <= tally.proposed
            and 0 <= tally.distinct <= tally.kept <= tally.usable
            and abs(tally.once) <= tally.usable
            and sum(hits) == tally.collisions
            and sum(again) == tally.usable - tally.kept
            and 0 <= self.leaking <= tally.kept
            and bool(self.sha256) == bool(tally.kept)
            and bool(np.isfinite(self.z).all())
        )


def _arrays(content: bytes) -> dict[str, NDArray]:
    """The arrays of an archive. Raises `ValueError` if they are larger than it, and what NumPy
    does."""
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        if any(one.compress_type for one in archive.zip.infolist()):
            raise ValueError("compressed")
        found = {name: archive[name] for name in archive.files}
    if sum(one.nbytes for one in found.values()) > len(content):
        raise ValueError("larger than what it was read from")
    return found


def _columns(name: str, counts: Counter[str]) -> dict[str, NDArray]:
    return {name: np.array([*counts], str), f"{name}_counts": np.array([*counts.values()], int)}


def _counter(name: str, found: dict[str, NDArray]) -> Counter[str]:
    codes, counts = found[name].astype(str), found[f"{name}_counts"].astype(int, casting="safe")
    return Counter(dict(zip(codes.tolist(), counts.tolist(), strict=True)))
