"""Time and memory of the SQL in `docs/scale.md`: `python -m tests.studies.large_results [ROWS]`.

It writes as many results, in parts of two runs, and as many records to a temporary folder, runs the
document's SQL there in a process of its own under several limits on memory, and compares what that
counts with what NumPy counts. Codes are uniform; a tenth of the results repeat others, and a tenth
are records. 10,000,000 rows need about 1 GB on disk and in memory.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from regvae.formats import UK_REGISTRATION, Format

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "scale.md"
LIMITS = ("4GB", "1GB", "512MB", "256MB", "128MB")
"""DuckDB's `memory_limit`, at first the document's."""
_PROGRAM = """
import duckdb, json, sys
duckdb.sql("SET enable_progress_bar = false")  # it is drawn on the standard output
shown = duckdb.sql(sys.argv[1])
print(json.dumps(dict(zip(shown.columns, map(float, shown.fetchall()[0])))))
"""


@dataclass(frozen=True)
class Cost:
    """What a process needed: seconds by the clock and of processors, most memory and most bytes
    spilled to disk, both in megabytes."""

    seconds: float
    processor: float
    memory: float
    spilled: float


def documented() -> str:
    """The SQL of the document."""
    return DOCUMENT.read_text("utf-8").split("```sql\n")[1].split("```")[0]


def study(n: int, limits: Sequence[str] = LIMITS) -> None:
    """Print a row of the table for each limit on memory. Raises `ValueError` for wrong counts."""
    print("| results, and records | memory_limit | time | processor time | memory | spilled |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        expected = make(Path(name), n)
        for limit in limits:
            sql = re.sub(r"memory_limit = '\w+'", f"memory_limit = '{limit}'", documented())
            found, cost = run(sql, Path(name))
            if found != expected:
                raise ValueError(f"expected {expected}, got {found}; mend the SQL of {DOCUMENT}")
            print(
                f"| {n:,} | {limit} | {cost.seconds:.1f} s | {cost.processor:.1f} s "
                f"| {cost.memory:,.0f} MB | {cost.spilled:,.0f} MB |",
                flush=True,
            )


def make(folder: Path, n: int) -> dict[str, float]:
    """Write n results as `runs/*/part-*.parquet` and n records as `records.parquet`; what the SQL
    is to count in them."""
    rng, size = np.random.default_rng(0), int(UK_REGISTRATION.size)
    records, results = rng.integers(size, size=(2, n))
    tenth = n // 10
    results[:tenth] = records[:tenth]
    results[tenth : 2 * tenth] = rng.choice(results[2 * tenth :], tenth)
    rng.shuffle(results)
    write(folder / "records.parquet", records)
    for number, part in enumerate(np.array_split(results, 10)):
        run, place = divmod(number, 5)
        write(folder / f"runs/{run}/part-{place:08d}.parquet", part)
    different, times = np.unique(results, return_counts=True)
    once = int((times == 1).sum())
    return {
        "results": n,
        "different": len(different),
        "once": once,
        "unseen": once / n,
        "collisions": int(np.isin(different, records).sum()),
    }


def write(path: Path, numbers: NDArray[np.int64], format: Format = UK_REGISTRATION) -> None:
    """Write the codes with these numbers to a Parquet file, as a sampling run does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    schema = pa.schema([(format.column, pa.string())])
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for start in range(0, len(numbers), 2**16):
            writer.write_table(pa.table([spelt(numbers[start : start + 2**16], format)], schema))


def spelt(numbers: NDArray[np.int64], format: Format) -> pa.Array:
    """The codes (n,) with these numbers, from 0 to less than the size of a format without blanks:
    in alphabetical order."""
    characters = np.empty((len(numbers), format.length), np.uint8)
    for position in reversed(range(format.length)):
        alphabet = np.frombuffer(format.alphabets[position].encode(), np.uint8)
        numbers, place = np.divmod(numbers, len(alphabet))
        characters[:, position] = alphabet[place]
    return pa.array(characters.view(f"S{format.length}").ravel()).cast(pa.string())


def run(sql: str, folder: Path) -> tuple[dict[str, float], Cost]:
    """What the last statement shows, by column, when a process of its own runs the SQL in a
    folder."""
    start, before, memory, spilled = time.perf_counter(), os.times(), 0, 0
    command = [sys.executable, "-c", _PROGRAM, sql]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        while process.poll() is None:
            memory = max(memory, resident(process.pid))
            spilled = max(spilled, size_of(folder / "spilled"))
            time.sleep(0.01)
        found = json.load(process.stdout)
    seconds, after = time.perf_counter() - start, os.times()
    processor = sum(after[2:4]) - sum(before[2:4])
    return found, Cost(seconds, processor, memory / 1e6, spilled / 1e6)


def resident(pid: int) -> int:
    """Bytes of memory of a process, 0 if it has ended."""
    try:
        return psutil.Process(pid).memory_info().rss
    except psutil.Error:
        return 0


def size_of(folder: Path) -> int:
    """Bytes on disk of the files in a folder that another process changes."""
    found = 0
    for path in folder.glob("*"):
        try:
            found += path.stat().st_blocks * 512
        except FileNotFoundError:  # deleted since it was listed
            continue
    return found


if __name__ == "__main__":
    study(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000)
