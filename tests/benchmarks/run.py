"""Measure the figures of `docs/figures.md`, each beside its baseline, in one run.

`regvae bench`, or `python -m tests.benchmarks.run [--json]`. Takes a minute or two, on a machine
that does nothing else.
"""

import json
import os
import platform
import sys
from dataclasses import asdict

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from rich.console import Console
from rich.table import Table

from tests.benchmarks import browser, library, quality, sessions, workers
from tests.benchmarks.figure import Figure


def main() -> None:
    """Run all benchmarks, and show their figures."""
    # The browser first, because the others load TensorFlow into this process.
    groups = (
        browser.browser,
        sessions.figures,
        library.distances,
        library.rejection,
        library.serving,
        quality.figures,
        workers.figures,
        library.keras_serving,
        library.zoo,
        library.training,
    )
    show([figure for group in groups for figure in group()])


def show(figures: list[Figure]) -> None:
    """Print figures as a table, or as JSON with --json."""
    if "--json" in sys.argv:
        machine = {"python": platform.python_version(), "cores": os.cpu_count()}
        rows = [asdict(figure) | {"ratio": figure.ratio} for figure in figures]
        print(json.dumps({"machine": machine, "figures": rows}, indent=1))
    else:
        Console().print(table(figures))


def table(figures: list[Figure]) -> Table:
    """The figures as a table."""
    shown = Table("figure", "measured", "baseline", "times better", "target")
    for figure in figures:
        verdict = {True: " ✓", False: " ✗", None: ""}[figure.met]
        shown.add_row(
            figure.name,
            f"{figure.value:,.4g} {figure.unit}",
            f"{figure.baseline:,.4g} {figure.unit} ({figure.baseline_name})"
            if figure.baseline
            else "",
            f"{figure.ratio:.1f}" if figure.ratio else "",
            figure.target + verdict,
        )
    return shown


if __name__ == "__main__":
    main()
