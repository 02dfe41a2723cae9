"""`regvae audit`: attack a model, or a file of results, and write the report."""

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.status import Status

from regvae.audit import report
from regvae.audit.html import html
from regvae.audit.stored import store_audit, stored_audit
from regvae.cli.arguments import (
    BundleArgument,
    DaskOption,
    JsonOption,
    SeedOption,
    WorkersOption,
    codes_given,
    executor_of,
)
from regvae.cli.output import (
    UsageError,
    check_apart,
    check_writable,
    console,
    fail,
    notes,
    print_error,
    print_json,
    write_atomically,
)
from regvae.generation.reading import read_results
from regvae.model import bundle as bundles
from regvae.model.bundle import Bundle
from regvae.training.shadows import MOST, USUAL, Shadows, train_shadows

_STEPS = {
    "codes": "drawing codes",
    "membership": "membership inference",
    "inference": "attribute inference",
    "holes": "holes",
    "quality": "quality",
}


def audit(
    bundle: BundleArgument,
    results: Annotated[
        Path | None,
        typer.Option(help="judge this file or folder of results [codes generated for the audit]"),
    ] = None,
    membership: Annotated[
        bool, typer.Option("--membership", help="also train shadow models, for the attack LiRA")
    ] = False,
    shadows: Annotated[
        int | None,
        typer.Option(help=f"number of shadow models [{USUAL}]; with --membership", min=1, max=MOST),
    ] = None,
    unwanted_file: Annotated[
        Path | None, typer.Option(help="the list of unwanted codes of the results' policy")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="write the report, an .html file")] = None,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
    fail_above: Annotated[
        float | None,
        typer.Option(help="exit status 1 if a membership attack has a larger AUC", min=0.5, max=1),
    ] = None,
    workers: WorkersOption = None,
    dask: DaskOption = None,
) -> None:
    """Attack a model or a file of results, and tell what was found of its records."""
    _check(results, out, unwanted_file, membership=membership, shadows=shadows)
    if (workers is not None or dask) and not membership:
        raise UsageError("expected --workers or --dask with --membership, got none; add it")
    loaded = bundles.load(bundle)
    listed = tuple(codes_given([], unwanted_file, loaded.format)) if unwanted_file else ()
    given = read_results(results, loaded, listed) if results else None
    with executor_of(workers, dask) as executor:
        trained = _shadows(loaded, shadows or USUAL, executor) if membership else None
    with Status("", console=notes) as status:
        found = report.audit(
            loaded,
            given,
            shadows=(trained.nats, trained.members) if trained else None,
            seed=seed,
            on_step=lambda step: status.update(_STEPS[step]),
        )
    table = found.to_dict()
    if out:
        write_atomically(out, lambda sink: sink.write(html(table).encode()))
    stored = None if results else _stored(table, bundle)
    if as_json:
        print_json(table)
    else:
        _print(table)
    tell = notes if as_json else console
    for path in filter(None, (out, stored)):
        tell.print(f"wrote {path}")
    if fail_above is not None and found.largest_auc > fail_above:
        print_error(
            f"expected no membership attack with an AUC above {fail_above:g}, got "
            f"{found.largest_auc:.3f}; see the report"
        )
        raise typer.Exit(1)


def _check(
    results: Path | None,
    out: Path | None,
    unwanted_file: Path | None,
    *,
    membership: bool,
    shadows: int | None,
) -> None:
    """Raises `UsageError` for options that do not fit together, before any work."""
    if shadows is not None and not membership:
        raise UsageError("expected --shadows with --membership, got it alone; add --membership")
    if unwanted_file and not results:
        raise UsageError("expected --unwanted-file with --results, got it alone; add --results")
    if out and out.suffix != ".html":
        raise UsageError(f"expected a name that ends in .html, got {str(out)!r}; change it")
    if out:
        check_writable(out)
    check_apart([results, unwanted_file, out])


def _shadows(bundle: Bundle, n: int, executor: Executor | None) -> Shadows:
    """Train shadow models, or read those that are there, with a progress bar."""
    try:
        with _progress(n) as show:
            return train_shadows(bundle, n, executor=executor, on_done=show)
    except KeyboardInterrupt:
        fail("stopped; the same command goes on with the shadow models that are trained")


@contextmanager
def _progress(n: int) -> Iterator[Any]:
    columns = (TextColumn("shadow models"), BarColumn(), MofNCompleteColumn())
    hidden = not notes.is_terminal
    with Progress(
        *columns, TimeRemainingColumn(), console=notes, transient=True, disable=hidden
    ) as progress:
        task = progress.add_task("shadow models", total=n)
        yield lambda done: progress.update(task, completed=done)


def _stored(table: dict[str, Any], bundle: str) -> Path | None:
    """Store the audit beside the bundle; None, with a note, if its folder cannot be written."""
    try:
        path = store_audit(table, bundle)
    except OSError as error:
        notes.print(f"the audit was not stored with the bundle ({error.strerror or error})")
        return None
    kept = stored_audit(bundle)
    if kept and kept["shadows"] > table["shadows"]:
        notes.print(f"kept the stored audit, which has {kept['shadows']:,} shadow models")
        return None
    return path


def _print(table: dict[str, Any]) -> None:
    verdict = table["verdict"]
    console.print(verdict["headline"])
    if verdict["advice"]:
        console.print(verdict["advice"])
    for label in ("tried", "found", "limits"):
        for number, sentence in enumerate(verdict[label]):
            console.print(f"{label if number == 0 else '':<8}{sentence}")
