"""Where the results of `regvae sample` go: a file, or a folder of parts, with manifests."""

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from regvae.audit.leaks import Hunt
from regvae.cli.output import (
    UsageError,
    check_apart,
    check_table_name,
    check_writable,
    notes,
    resolved,
    write_atomically,
)
from regvae.formats import Format
from regvae.generation.parts import MANIFEST, check_folder, generate_parts
from regvae.generation.results import KINDS, Outcome, generate
from regvae.model.bundle import Bundle
from regvae.rejection.measures import Measurer
from regvae.rejection.policy import Policy
from regvae.rejection.report import Tally

MARK = "contains-records"
"""What is in the name of a file of details."""


@dataclass(frozen=True)
class Destination:
    """Where results go, if anywhere: to a `file` or a `folder`, with some `attributes` of each
    code; and to a file of `details`."""

    file: Path | None
    folder: str | None
    details: Path | None
    attributes: Sequence[str]

    @classmethod
    def of(
        cls, out: str | None, details: Path | None, attributes: Sequence[str], format: Format
    ) -> "Destination":
        """As options give them; `out` is a folder if it ends in /.

        Raises `UsageError` for attributes without results, details with a folder, or a URL of a
        file, and `FormatError` for an attribute that the format lacks.
        """
        if attributes and not out:
            raise UsageError("expected --attribute with --out, got it alone; add --out")
        for name in attributes:
            format.attribute(name)
        folder = out if out and out.endswith("/") else None
        if folder and details:
            raise UsageError(
                "expected --details with a file of results, got it with a folder; leave it out, or "
                "give --out a name that ends in .parquet"
            )
        if out and "://" in out and not folder:
            raise UsageError(
                f"expected a URL that ends in /, for a folder of parts, got {out[:80]!r}; add the /"
            )
        file = None if folder or out is None else Path(out)
        return cls(file, folder, details and _marked(details), attributes)

    def check(self, *others: Path | None) -> None:
        """Raises `UsageError` if files cannot be written, or for one file given twice."""
        manifests = []
        if self.file and self.file.suffix not in KINDS:
            raise UsageError(
                f"expected a name that ends in {' or '.join(sorted(KINDS))}, or in / for a folder "
                f"of parts, got {str(self.file)!r}; change it"
            )
        for path in self._paths:
            check_table_name(path)
            manifests.append(_manifest_path(path))
            check_writable(manifests[-1])
        check_apart([*self._paths, *manifests, *others])
        if self.folder and any(
            one and resolved(one).parent == resolved(Path(self.folder)) for one in others
        ):
            raise UsageError(
                f"expected the policy outside the folder of results {self.folder}, got it inside; "
                "give it another name"
            )

    def check_folder(self, bundle: Bundle, policy: Policy, measurer: Measurer) -> None:
        """Raises `FolderError` for a folder with something else, before anything is written."""
        if self.folder:
            check_folder(bundle, policy, self.folder, attributes=self.attributes, measurer=measurer)

    @property
    def _paths(self) -> list[Path]:
        return [path for path in (self.file, self.details) if path]

    def write(
        self,
        bundle: Bundle,
        policy: Policy,
        measurer: Measurer,
        executor: Executor | None,
        show: Callable[[Tally], None],
    ) -> Outcome:
        """Run a policy and write its results: each file completely or not at all."""
        common: dict[str, Any] = {
            "attributes": self.attributes,
            "measurer": measurer,
            "executor": executor,
            "on_block": show,
        }
        if self.folder:
            try:
                return generate_parts(bundle, policy, self.folder, **common)
            except KeyboardInterrupt:
                notes.print(f"{self.folder} is unfinished; the same command goes on with it")
                raise

        def run(out: BinaryIO | None, details: BinaryIO | None) -> Outcome:
            return generate(
                bundle,
                policy,
                {self.file.suffix: out} if self.file and out else {},
                details={self.details.suffix: details} if self.details and details else {},
                **common,
            )

        def with_details(details: BinaryIO | None) -> Outcome:
            if not self.file:
                return run(None, details)
            return write_atomically(self.file, lambda out: run(out, details))

        return write_atomically(self.details, with_details) if self.details else with_details(None)

    def write_manifests(self, outcome: Outcome, found: Hunt | None) -> None:
        """Write the manifests beside their files; the leaks that were found are details."""
        if self.file:
            _write_manifest(self.file, outcome.manifest(self.names(outcome)))
        if self.details:
            manifest = outcome.manifest({self.details.suffix: self.details.name}, details=True)
            hunted = {"hunt": {**found.summary(), "hardest": found.hardest()}} if found else {}
            _write_manifest(self.details, manifest | hunted)

    def names(self, outcome: Outcome) -> dict[str, str]:
        """The names of the files of results, as `Outcome.manifest` takes them."""
        if self.folder:
            return {name: name for name in outcome.sha256}
        return {self.file.suffix: self.file.name} if self.file else {}

    def sentences(self, outcome: Outcome) -> Iterator[str]:
        """What was written."""
        rows = f"{outcome.report.kept:,} rows"
        if self.folder:
            n = len(outcome.sha256)
            parts = f"{n:,} part{'' if n == 1 else 's'}"
            yield f"wrote {self.folder}: {rows} in {parts}, and {MANIFEST}"
        for path in self._paths:
            more = "" if path == self.file else "; it contains records: do not share it"
            yield f"wrote {path}: {rows}, and {_manifest_path(path).name}{more}"


def _marked(path: Path) -> Path:
    """A path with the mark of details in its name."""
    if MARK in path.name:
        return path
    return path.with_name(f"{path.stem}.{MARK}{path.suffix}")


def _write_manifest(path: Path, manifest: dict[str, Any]) -> None:
    """Write the manifest of a file beside it."""
    text = json.dumps(manifest, indent=1)
    write_atomically(_manifest_path(path), lambda sink: sink.write(f"{text}\n".encode()))


def _manifest_path(out: Path) -> Path:
    return out.with_name(f"{out.name}.manifest.json")


@contextmanager
def progress(policy: Policy) -> Iterator[Callable[[Tally], None]]:
    """A progress bar on standard error, and the function that moves it."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=notes, transient=True, disable=not notes.is_terminal) as bar:
        task = bar.add_task("sampling", total=policy.results or policy.proposals)
        first: list[Tally] = []  # a continued run starts with earlier results

        def show(tally: Tally) -> None:
            first.append(tally)
            del first[1:]
            elapsed = bar.tasks[task].elapsed or 0.0
            rate = (tally.proposed - first[0].proposed) / elapsed if elapsed else 0.0
            done = tally.kept if policy.results else tally.proposed
            text = f"accepted {tally.accepted:,}, {rate:,.0f} proposals/s"
            bar.update(task, completed=done, description=text)

        yield show
