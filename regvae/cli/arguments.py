"""Arguments that several commands share, and how their texts are read."""

import math
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from regvae.cli.output import UsageError
from regvae.cluster import dask_workers
from regvae.formats import UK_REGISTRATION, Format, FormatError
from regvae.latent.polygon import parse_polygon
from regvae.workers import processes

A_BUNDLE = "a model's name or the path of its folder"
BundleArgument = Annotated[str, typer.Argument(help=A_BUNDLE)]
JsonOption = Annotated[bool, typer.Option("--json", help="print JSON for other programs")]
SeedOption = Annotated[int, typer.Option(help="seed of the random numbers", min=0)]
CodesArgument = Annotated[list[str] | None, typer.Argument(help="codes such as AB12CDE")]
CodesFileOption = Annotated[
    str | None,
    typer.Option(
        "--file",
        help="a text, CSV, Parquet or Excel (.xlsx) file with a column of codes: a path or a URL",
    ),
]
ColumnOption = Annotated[
    str | None,
    typer.Option(help="the column of the codes, by its name or its number [default: guessed]"),
]
WorkersOption = Annotated[
    int | None,
    typer.Option(help="processes that share the work [threads of this one]"),
]
DaskOption = Annotated[
    str | None,
    typer.Option(help="address of a Dask scheduler whose workers share the work: tcp://host:8786"),
]
OutOption = Annotated[Path | None, typer.Option(help="also write a .csv or .parquet file")]


def codes_given(
    texts: Sequence[str], file: Path | None, format: Format = UK_REGISTRATION
) -> list[str]:
    """Normalised codes from arguments or from a file.

    Raises `UsageError` for both or neither, and `FormatError` for a text that is no code.
    """
    if file and texts:
        raise UsageError(
            f"expected {format.plural} as arguments or in a file, got both; leave out one of them"
        )
    if file:
        return format.parse_lines(text_of(file).splitlines(), str(file))
    if not texts:
        raise UsageError(f"expected a {format.noun}, got none; give some, or a file with --file")
    parsed = []
    for number, text in enumerate(texts, start=1):
        try:
            parsed.append(format.parse(text))
        except FormatError as error:
            raise FormatError(f"{format.noun} {number}: {error}") from None
    return parsed


def text_of(file: Path) -> str:
    """The text of a file. Raises `UsageError` unless it is UTF-8, `OSError` if there is none."""
    try:
        return file.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{file}: expected a text file in UTF-8, got other bytes ({error.reason}); save it as "
            "UTF-8"
        ) from error


def polygon_of(text: str) -> list[list[float]]:
    """The corners of a polygon, from "x,y x,y x,y". Raises `UsageError` for any other text."""
    try:
        return parse_polygon(text)
    except ValueError as error:
        raise UsageError(str(error)) from None


def point_of(text: str, k: int) -> list[float]:
    """A latent point of k coordinates, from "x,y" if k = 2. Raises `UsageError` for other texts."""
    try:
        point = [float(part) for part in text.split(",")]
    except ValueError:
        point = []
    if len(point) != k or not all(math.isfinite(number) for number in point):
        raise UsageError(
            f"expected a point of {k} numbers separated by commas, got {text[:60]!r}; correct it"
        )
    return point


@contextmanager
def executor_of(workers: int | None, dask: str | None) -> Iterator[Executor | None]:
    """The workers that options choose, None for threads of this process.

    Raises `UsageError` for both kinds, and what `processes` and `dask_workers` raise.
    """
    if workers is not None and dask is not None:
        raise UsageError("expected --workers or --dask, got both; leave out one of them")
    if dask is not None:
        with dask_workers(dask) as executor:
            yield executor
    elif workers is not None:
        with processes(workers) as executor:
            yield executor
    else:
        yield None
