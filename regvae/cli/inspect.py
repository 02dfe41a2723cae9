"""`regvae evaluate`, `report`, `encode`, `decode` and `check`: what a bundle is and can do."""

from dataclasses import asdict
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from regvae.cli.arguments import (
    BundleArgument,
    CodesArgument,
    FileOption,
    JsonOption,
    codes_given,
    point_of,
)
from regvae.cli.output import console, numbers_shown, print_error, print_json
from regvae.evaluation import check as checking
from regvae.evaluation import diagnosis
from regvae.evaluation.accuracy import accuracy
from regvae.evaluation.diagnosis import Diagnosis
from regvae.evaluation.notebook import notebook_figures
from regvae.model import bundle as bundles
from regvae.model import store
from regvae.rejection.calibration import calibrate


def evaluate(
    bundle: BundleArgument,
    sampled: Annotated[bool, typer.Option(help="decode a sample, as the notebook does")] = False,
    notebook: Annotated[bool, typer.Option(help="every figure of the notebook")] = False,
    as_json: JsonOption = False,
) -> None:
    """Rebuild the test regs and count what comes back."""
    loaded = bundles.load(bundle)
    result = accuracy(loaded, sampled=sampled)
    figures = notebook_figures(loaded) if notebook else []
    if as_json:
        print_json(result | ({"notebook": [asdict(f) for f in figures]} if notebook else {}))
        return
    positions = " ".join(f"{share:.3f}" for share in result["by_position"])
    console.print(f"{loaded.name}, {result['n']:,} test regs, decoding the {result['decoded']}")
    console.print(f"exact        {result['exact']:.3f}\nby position  {positions}")
    if figures:
        table = Table("figure", "published", "here", "what differs")
        for figure in figures:
            table.add_row(figure.figure, figure.published, figure.here, figure.remark)
        Console().print(table)


def report(bundle: BundleArgument, as_json: JsonOption = False) -> None:
    """What a model is good at and what not: accuracy, nats, latent dimensions, sigmas."""
    loaded = bundles.load(bundle)
    found, scale = diagnosis.diagnose(loaded), calibrate(loaded).scale
    if as_json:
        print_json({"bundle": loaded.name, **found.summary(), "scale": scale})
        return
    console.print(f"{loaded.name}: {loaded.preset.training.epochs} epochs in {found.seconds:.0f} s")
    console.print("right, decoding the mean, with 95 % intervals:")
    for table in (_accuracy_table(found), _nats_table(found), _dimensions_table(found)):
        Console().print(table)
    console.print(f"sigmas are truest multiplied by {scale:.3f}")


def _accuracy_table(found: Diagnosis) -> Table:
    table = Table("position", *(f"{one.split} ({one.n:,})" for one in found.accuracies))
    positions = len(found.accuracies[0].by_position)
    names = [*map(str, range(1, positions + 1)), "exact match"]
    shares = ([*one.by_position, one.exact] for one in found.accuracies)
    for name, row in zip(names, zip(*shares, strict=True), strict=True):
        cells = ((share.value, *share.interval) for share in row)
        table.add_row(name, *("{:.3f} ({:.3f}-{:.3f})".format(*cell) for cell in cells))
    return table


def _nats_table(found: Diagnosis) -> Table:
    table = Table("nats", "rate", "distortion", "sum", "entropy", "above it")
    for one in found.rates:
        known = "unknown" if one.entropy is None else f"{one.entropy:.2f}"
        above = "unknown" if one.excess is None else f"{one.excess:.2f}"
        summed = f"{one.bound:.2f} ± {one.standard_error:.2f}"
        table.add_row(one.split, f"{one.rate:.2f}", f"{one.distortion:.2f}", summed, known, above)
    return table


def _dimensions_table(found: Diagnosis) -> Table:
    table = Table("dimension", "nats", "variance of the mean", "active", "distance to the prior")
    used, moved = found.dimensions, found.aggregate.wasserstein
    for place in used.order:
        table.add_row(
            f"z_{place + 1}",
            f"{used.kl[place]:.3f}",
            f"{used.variance[place]:.4f}",
            "yes" if used.active[place] else "no",
            f"{moved[place]:.2f}",
        )
    return table


def encode(
    bundle: BundleArgument,
    texts: CodesArgument = None,
    file: FileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print the Gaussian (mean and sigma) of every reg."""
    chosen = codes_given(texts or [], file)
    mean, sigma = bundles.load(bundle).autoencoder.encode(chosen)
    rows = [
        {"reg": reg, "mean": m, "sigma": s}
        for reg, m, s in zip(chosen, mean.tolist(), sigma.tolist(), strict=True)
    ]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        console.print(
            f"{row['reg']}  mean {numbers_shown(row['mean'])}  sigma {numbers_shown(row['sigma'])}"
        )


def decode(
    bundle: BundleArgument,
    points: Annotated[list[str], typer.Argument(help='latent points such as "0.5,-1.2"')],
    as_json: JsonOption = False,
) -> None:
    """Print the most probable reg at every latent point."""
    autoencoder = bundles.load(bundle).autoencoder
    z = np.array([point_of(text, autoencoder.latent_dim) for text in points])
    decoded = autoencoder.decode(z).tolist()
    if as_json:
        print_json([{"z": p, "reg": r} for p, r in zip(z.tolist(), decoded, strict=True)])
        return
    for text, reg in zip(points, decoded, strict=True):
        console.print(f"{text}  {reg}")


def check(bundle: BundleArgument) -> None:
    """Verify a bundle: files, hashes, shapes, and that its parts belong together."""
    try:
        loaded = checking.check(bundle)
    except store.BundleError as error:
        print_error(str(error))
        raise typer.Exit(1) from error
    console.print(f"{loaded.name}: {len(loaded.records):,} records, all files as they should be")
