"""`regvae evaluate`, `report`, `encode`, `decode` and `check`: commands that read a bundle."""

from concurrent.futures import Executor
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from regvae.cli.arguments import (
    BundleArgument,
    CodesArgument,
    CodesFileOption,
    ColumnOption,
    DaskOption,
    JsonOption,
    OutOption,
    WorkersOption,
    codes_given,
    executor_of,
    point_of,
)
from regvae.cli.output import (
    UsageError,
    check_apart,
    check_table_name,
    console,
    notes,
    numbers_shown,
    print_error,
    print_json,
    write_table,
)
from regvae.evaluation import check as checking
from regvae.evaluation import diagnosis
from regvae.evaluation.accuracy import accuracy
from regvae.evaluation.diagnosis import Diagnosis
from regvae.evaluation.encoding import Encoded
from regvae.evaluation.notebook import notebook_figures
from regvae.formats import Format, Reading, read_codes
from regvae.generation.folder import content_of
from regvae.model import bundle as bundles
from regvae.model import store
from regvae.model.bundle import Bundle
from regvae.rejection.calibration import calibrate


def evaluate(
    bundle: BundleArgument,
    sampled: Annotated[bool, typer.Option(help="decode a sample, as the notebook does")] = False,
    notebook: Annotated[bool, typer.Option(help="every figure of the notebook")] = False,
    as_json: JsonOption = False,
) -> None:
    """Exact match and per-character accuracy of the test codes."""
    loaded = bundles.load(bundle)
    result = accuracy(loaded, sampled=sampled)
    figures = notebook_figures(loaded) if notebook else []
    if as_json:
        print_json(result | ({"notebook": [asdict(f) for f in figures]} if notebook else {}))
        return
    positions = " ".join(f"{share:.3f}" for share in result["by_position"])
    plural = loaded.format.plural
    console.print(f"{loaded.name}, {result['n']:,} test {plural}, decoding the {result['decoded']}")
    console.print(f"exact match             {result['exact']:.3f}")
    console.print(f"per-character accuracy  {positions}")
    if figures:
        table = Table("figure", "published", "here", "what differs")
        for figure in figures:
            table.add_row(figure.figure, figure.published, figure.here, figure.remark)
        Console().print(table)


def report(bundle: BundleArgument, as_json: JsonOption = False) -> None:
    """Accuracy, code length, use of latent dimensions, and calibrated scale of a model."""
    loaded = bundles.load(bundle)
    found, scale = diagnosis.diagnose(loaded), calibrate(loaded).scale
    if as_json:
        privacy = {"privacy": loaded.privacy and asdict(loaded.privacy)}
        figures = {**found.summary(loaded.format), "scale": scale, **privacy}
        print_json({"bundle": loaded.name, **figures})
        return
    console.print(f"{loaded.name}: {loaded.preset.training.epochs} epochs in {found.seconds:.0f} s")
    if loaded.privacy:
        console.print(loaded.privacy.sentence(loaded.format.plural))
    console.print("per-character accuracy, decoding the mean, with 95 % intervals:")
    tables = (
        _accuracy_table(found, loaded.format),
        _nats_table(found),
        _dimensions_table(found),
    )
    for table in tables:
        Console().print(table)
    console.print(f"calibrated scale of the sigmas: {scale:.3f}")


def _accuracy_table(found: Diagnosis, format: Format) -> Table:
    table = Table("position", *(f"{one.split} ({one.n:,})" for one in found.accuracies))
    names = [*format.position_names, "exact"]
    shares = ([*one.by_position, one.exact] for one in found.accuracies)
    for name, row in zip(names, zip(*shares, strict=True), strict=True):
        cells = ((share.value, *share.interval) for share in row)
        table.add_row(name, *("{:.3f} ({:.3f}-{:.3f})".format(*cell) for cell in cells))
    return table


def _nats_table(found: Diagnosis) -> Table:
    table = Table("nats", "rate", "distortion", "code length", "entropy", "above entropy")
    for one in found.rates:
        entropy = "unknown" if one.entropy is None else f"{one.entropy:.2f}"
        above = "unknown" if one.excess is None else f"{one.excess:.2f}"
        length = f"{one.bound:.2f} ± {one.standard_error:.2f}"
        table.add_row(one.split, f"{one.rate:.2f}", f"{one.distortion:.2f}", length, entropy, above)
    return table


def _dimensions_table(found: Diagnosis) -> Table:
    table = Table("dimension", "nats", "variance of the mean", "active", "distance to the prior")
    used, distances = found.dimensions, found.aggregate.wasserstein
    for dimension in used.order:
        table.add_row(
            f"z_{dimension + 1}",
            f"{used.kl[dimension]:.3f}",
            f"{used.variance[dimension]:.4f}",
            "yes" if used.active[dimension] else "no",
            f"{distances[dimension]:.2f}",
        )
    return table


def encode(
    bundle: BundleArgument,
    texts: CodesArgument = None,
    file: CodesFileOption = None,
    column: ColumnOption = None,
    out: OutOption = None,
    as_json: JsonOption = False,
    workers: WorkersOption = None,
    dask: DaskOption = None,
) -> None:
    """Print the Gaussian (mean and sigma) of every code, or write it with more to a file."""
    if out:
        check_table_name(out)
        check_apart([_path_of(file), out])
    elif workers is not None or dask:
        raise UsageError("expected --workers or --dask with --out, got no file; add --out")
    loaded = bundles.load(bundle)
    if out:
        reading = _reading(texts or [], file, column, loaded.format)
        with executor_of(workers, dask) as executor:
            _write_encoded(reading, loaded, out, executor)
        return
    if texts:  # as they are given, also twice
        _check_column(column, file)
        codes = loaded.format.array(codes_given(texts, _path_of(file), loaded.format))
    else:
        reading = _reading([], file, column, loaded.format)
        codes = reading.codes
        for sentence in reading.sentences() if reading.dropped else ():
            notes.print(sentence)
    mean, sigma = loaded.autoencoder.encode(codes)
    format = loaded.format
    gaussians = list(zip(mean.tolist(), sigma.tolist(), strict=True))
    if as_json:
        rows = zip(format.written(codes).tolist(), gaussians, strict=True)
        print_json([{format.column: code, "mean": m, "sigma": s} for code, (m, s) in rows])
        return
    for code, (m, s) in zip(codes.tolist(), gaussians, strict=True):
        console.print(f"{format.shown(code)}  mean {numbers_shown(m)}  sigma {numbers_shown(s)}")


def _write_encoded(reading: Reading, bundle: Bundle, out: Path, executor: Executor | None) -> None:
    """Write the codes with their Gaussians and reconstructions, and print what was read."""
    calibration = None if bundle.released else calibrate(bundle)
    encoded = Encoded.of(reading, bundle, calibration, executor)
    for sentence in (*reading.sentences(), *encoded.sentences()):
        console.print(sentence)
    write_table(encoded.table(), out)


def _path_of(file: str | None) -> Path | None:
    return None if file is None else Path(file)


def _check_column(column: str | None, file: str | None) -> None:
    if column is not None and not file:
        raise UsageError("expected --file with --column, got none; give a file")


def _reading(texts: list[str], file: str | None, column: str | None, format: Format) -> Reading:
    """Codes from arguments, which must all fit, or those that fit from a file."""
    _check_column(column, file)
    if file and not texts:
        content = content_of(file) if "://" in file else Path(file).read_bytes()
        return read_codes(content, file, format, column)
    codes = codes_given(texts, _path_of(file), format)
    return read_codes("\n".join(codes).encode(), "the arguments", format)


def decode(
    bundle: BundleArgument,
    points: Annotated[list[str], typer.Argument(help='latent points such as "0.5,-1.2"')],
    as_json: JsonOption = False,
) -> None:
    """Print the most probable code at every latent point."""
    loaded = bundles.load(bundle)
    format, autoencoder = loaded.format, loaded.autoencoder
    z = np.array([point_of(text, autoencoder.latent_dim) for text in points])
    decoded = autoencoder.decode(z)
    if as_json:
        pairs = zip(z.tolist(), format.written(decoded).tolist(), strict=True)
        print_json([{"z": point, format.column: code} for point, code in pairs])
        return
    for text, code in zip(points, decoded.tolist(), strict=True):
        console.print(f"{text}  {format.shown(code)}")


def check(bundle: BundleArgument) -> None:
    """Verify a bundle: hashes, shapes, and that its parts belong together."""
    store.resolve(bundle)  # status 1 is for what is found in a bundle
    try:
        loaded = checking.check(bundle)
    except store.BundleError as error:
        print_error(str(error))
        raise typer.Exit(1) from error
    if loaded.released:
        console.print(
            f"{loaded.name}: hashes and shapes are right; it was released without its records, so "
            "whether weights and accuracies belong together cannot be verified"
        )
        return
    console.print(f"{loaded.name}: {len(loaded.records):,} records, all parts belong together")
