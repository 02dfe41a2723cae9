"""The accepted regs as a table, and with it all that is needed to make it again and to trust it."""

import contextlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from regvae.audit.collisions import Audit, Auditor
from regvae.model.bundle import Bundle
from regvae.rejection import sampling
from regvae.rejection.measures import Judge
from regvae.rejection.policy import Policy
from regvae.rejection.sampling import Report, Samples, Tally

KEY = b"regvae"
"""Where a Parquet file has its manifest, among its own metadata."""


@dataclass(frozen=True)
class Outcome:
    """A run that is over: its report, its audit, and a sentence if it ended short of its number."""

    policy: Policy
    report: Report
    audit: Audit
    shortfall: str | None

    def manifest(self) -> dict[str, Any]:
        """Seed, bundle hash, rule, counts and audit, for JSON: the same for the same policy."""
        return {
            "policy": self.policy.to_dict(),
            "report": asdict(self.report),
            "audit": asdict(self.audit),
            "finding": self.audit.sentence(),
            "shortfall": self.shortfall,
        }


def run(
    bundle: Bundle,
    policy: Policy,
    sink: BinaryIO | None = None,
    *,
    kind: str = ".parquet",
    judge: Judge | None = None,
    on_block: Callable[[Tally], None] | None = None,
) -> Outcome:
    """Run a policy to its end and write its results, block by block, to an open binary file.

    `kind` is `.parquet` or `.csv`; any other raises `ValueError`. The same policy writes the same
    bytes; a Parquet file carries the manifest in its metadata. `on_block` gets the counts so far.
    Raises `PolicyError` if the policy was made for another bundle.
    """
    if kind not in _WRITERS:
        raise ValueError(f"results are written as {' or '.join(_WRITERS)}, not {kind[:20]!r}")
    policy.check_hash(bundle.sha256)
    policy = replace(policy, bundle_sha256=bundle.sha256)
    auditor = Auditor(bundle)
    with contextlib.ExitStack() as closing:
        writer: Any = None
        for block in sampling.stream(bundle, policy, judge):
            auditor.add(block.tally, block.kept)
            if sink is not None:
                table = to_table(block.kept)
                writer = writer or closing.enter_context(_WRITERS[kind](sink, table.schema))
                writer.write_table(table)
            if on_block:
                on_block(auditor.tally)
        outcome = Outcome(
            policy,
            auditor.tally.report(policy.rule, bundle.records.latent_dim),
            auditor.finish(),
            sampling.shortfall(policy, auditor.tally),
        )
        if writer is not None and kind == ".parquet":
            text = json.dumps(outcome.manifest(), allow_nan=False)
            writer.add_key_value_metadata({KEY: text.encode()})
    return outcome


_WRITERS: dict[str, Callable[[BinaryIO, pa.Schema], Any]] = {
    ".parquet": lambda sink, schema: pq.ParquetWriter(sink, schema, compression="zstd"),
    ".csv": lambda sink, schema: pyarrow.csv.CSVWriter(sink, schema),
}
KINDS = tuple(_WRITERS)


def to_table(samples: Samples) -> pa.Table:
    """Samples as a table: reg, z_1 to z_k, the rule's measures, wanted, collision."""
    columns: dict[str, Any] = {"reg": samples.reg.tolist()}
    columns |= {f"z_{i}": axis for i, axis in enumerate(samples.z.T, start=1)}
    columns |= dict(samples.measures)
    columns |= {"wanted": samples.wanted, "collision": samples.collision}
    types = {"reg": pa.string(), "wanted": pa.bool_(), "collision": pa.bool_()}
    return pa.table(
        {name: pa.array(values, types.get(name, pa.float64())) for name, values in columns.items()}
    )


def read_manifest(path: str) -> dict[str, Any]:
    """The manifest that a Parquet file of results carries; raises `ValueError` if it has none."""
    text = (pq.read_metadata(path).metadata or {}).get(KEY)
    if text is None:
        raise ValueError(f"{path}: wanted a Parquet file of results, but it carries no manifest")
    return json.loads(text)
