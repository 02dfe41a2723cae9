"""`regvae train` and `regvae study`."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from regvae.cli.arguments import ColumnOption
from regvae.cli.formats import format_given
from regvae.cli.output import UsageError, console, fail
from regvae.evaluation.metrics import metrics
from regvae.formats import FORMATS, CodeTable, Own, read_codes
from regvae.formats.finding import Sheet
from regvae.model import bundle as bundles
from regvae.model import config, presets, store
from regvae.model.privacy import Budget
from regvae.training import jobs
from regvae.training.checkpoint import checkpoint_path
from regvae.training.queue import processor
from regvae.training.quiet import quiet


def train(
    preset: Annotated[
        str, typer.Argument(help=f"one of {', '.join(presets.PRESETS)}, or a bundle to train again")
    ],
    out: Annotated[Path, typer.Option(help="the new bundle's folder")],
    seed: Annotated[
        int | None, typer.Option(help="training seed [0; a bundle's own]", min=0)
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="your own codes: a CSV, text, Parquet or Excel file")
    ] = None,
    column: ColumnOption = None,
    format: Annotated[
        str | None,
        typer.Option(
            help="of --data: a format's name, a TOML file, or infer [what fits: one built in, else "
            "infer]"
        ),
    ] = None,
    order: Annotated[
        list[str] | None,
        typer.Option(help="order this attribute along an axis; repeat for the next axis"),
    ] = None,
    random_codes: Annotated[
        float | None,
        typer.Option(help="share of each epoch that random codes replace: rebuilds rare ones"),
    ] = None,
    resume: Annotated[bool, typer.Option(help="continue a stopped training run")] = False,
) -> None:
    """Train a preset and write a bundle; Ctrl-C stops it, --resume continues it."""
    started = time.perf_counter()
    store.check_free(out)
    chosen, own, default_seed = _recipe(preset, own_data=data is not None)
    if data:
        chosen, own = _of_data(chosen, data, column, format, order or [])
    elif column or format or order:
        raise UsageError(
            "expected --column, --format and --order with --data, got no --data; add it"
        )
    if random_codes is not None:
        chosen = replace(chosen, training=replace(chosen.training, random_share=random_codes))
    seed = default_seed if seed is None else seed
    if budget := Budget.of(chosen):
        console.print(budget.sentence(chosen.data.format.plural))
        console.print(
            "its samples and noise are of the system's entropy, not of the seed: training again "
            "gives another model"
        )
    with quiet():
        from regvae.training import trainer as training

    last: list[training.Trainer] = []
    options = _options(
        data=data, column=column, format=format, order=order, random_codes=random_codes
    )
    command = jobs.train_command(preset, out, seed, options)
    try:
        with (
            _progress(chosen.training.epochs, last) as (show, queueing),
            processor(on_wait=queueing),
        ):
            bundle = training.train(
                chosen,
                out,
                seed=seed,
                own=own,
                resume=resume,
                command=command,
                measure=metrics,
                on_epoch=show,
            )
    except KeyboardInterrupt:
        resumable = checkpoint_path(out).exists()
        advice = f"continue with: {command} --resume" if resumable else "no epoch was finished"
        fail(f"stopped; {advice}")
    console.print(f"wrote {out}: validation loss {bundle.metrics['validation_loss']:.3f}")
    if last:
        _print_speed(last[0], time.perf_counter() - started, training.floating_point_limit())


def _of_data(
    preset: config.Preset, data: Path, column: str | None, format: str | None, order: Sequence[str]
) -> tuple[config.Preset, CodeTable]:
    """A preset for the codes of a file, and these codes; prints what was read and what dropped."""
    content = data.read_bytes()
    if format in (None, "infer"):
        sheet = Sheet.of(content, str(data))
        chosen = sheet.find(column).format if format else sheet.chosen(column)[1]
        reading = sheet.codes(chosen, column or sheet.best)
        of = f"{chosen.name}, " if FORMATS.get(chosen.name) == chosen else ""
        console.print(f"{data}: {of}{chosen.pattern} in the column {reading.column!r}")
    else:
        reading = read_codes(content, str(data), format_given(format), column)
    own = reading.table
    for sentence in [*reading.sentences(), *own.sentences()]:
        console.print(sentence)
    return _fitted(preset, own, order), own


def _fitted(preset: config.Preset, own: CodeTable, order: Sequence[str]) -> config.Preset:
    """A preset for own codes: with the given orders, or those of its own that they can have."""
    attributes = {**own.format.attributes, **own.attributes}
    given = tuple(config.Order(name, axis) for axis, name in enumerate(order, start=1))
    missing = [one.attribute for one in given if one.attribute not in attributes]
    if missing:
        raise UsageError(
            f"expected attributes of {own.format.one} ({', '.join(attributes)}) to order by, got "
            f"{', '.join(missing)}; choose among them"
        )
    orders = given or preset.training.orders_for(attributes)
    if not given and orders != preset.training.orders:
        names = ", ".join(one.attribute for one in orders) or "nothing"
        console.print(
            f"ordered by {names}: {own.format.plural} do not have the preset's attributes"
        )
    training = replace(preset.training, orders=orders)
    return replace(preset, data=config.Data.of_own(own, format=own.format), training=training)


def _options(**given: object) -> list[str]:
    """The options with which a training run was started, beside preset, seed and folder."""
    texts: list[str] = []
    for name, value in given.items():
        several = value if isinstance(value, list) else [] if value is None else [value]
        texts += [text for one in several for text in (f"--{name.replace('_', '-')}", str(one))]
    return texts


@contextmanager
def _progress(epochs: int, last: list[Any]) -> Iterator[tuple[Callable, Callable]]:
    """A progress bar: yields what to call after an epoch, and during a wait.

    The trainer of the newest epoch is put in `last`.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console) as progress:
        task = progress.add_task("compiling", total=epochs)

        def show(trainer: Any) -> None:
            last[:] = [trainer]
            epoch = trainer.history[-1]
            text = f"loss {epoch.loss:.3f}  validation {epoch.validation_loss:.3f}"
            progress.update(task, completed=epoch.epoch, description=text)

        yield show, lambda: progress.update(task, description="queueing")


def _recipe(name: str, *, own_data: bool) -> tuple[config.Preset, Own, int]:
    """Preset, own codes and default seed of a named preset or of a bundle.

    With `own_data` other codes are given. Raises `UsageError` if there is neither of that name,
    `BundleError` for a damaged bundle, and `NoRecordsError` for a release of own codes.
    """
    if name in presets.PRESETS:
        return presets.preset(name), (), 0
    try:
        store.resolve(name)
    except store.BundleError as error:
        raise UsageError(
            f"expected a preset ({', '.join(presets.PRESETS)}) or a bundle, got {name[:80]!r}; "
            "choose one of them, or give the path of a bundle"
        ) from error
    bundle = bundles.load(name)
    if bundle.preset.data.source != "own" or own_data:
        return bundle.preset, (), bundle.seed
    own = bundle.require_records("to train it again", "give codes with --data").table
    return bundle.preset, own, bundle.seed


def _print_speed(trainer: Any, seconds: float, limit: float) -> None:
    """Print the time of a training run and the share of the machine's speed that it reached."""
    times = [epoch.seconds for epoch in trainer.history]
    rate = trainer.steps / float(np.median(times))
    share = rate * trainer.flops_a_step / limit
    console.print(
        f"{seconds:.1f} s in total; {rate:,.0f} steps/s, {share:.1%} of the {limit / 1e9:,.0f} "
        "GFLOP/s of a large matrix product"
    )
