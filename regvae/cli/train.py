"""`regvae train` and `regvae study`."""

import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from regvae.cli.arguments import OutOption
from regvae.cli.output import UsageError, check_table_name, console, fail, write_table
from regvae.evaluation.metrics import metrics
from regvae.evaluation.study import model_outcome, rule_outcomes
from regvae.model import bundle as bundles
from regvae.model import config, presets, store
from regvae.training import jobs
from regvae.training.checkpoint import checkpoint_path
from regvae.training.queue import processor


def train(
    preset: Annotated[
        str, typer.Argument(help=f"one of {', '.join(presets.PRESETS)}, or a bundle to train again")
    ],
    out: Annotated[Path, typer.Option(help="the new bundle's folder")],
    seed: Annotated[
        int | None, typer.Option(help="training seed [0; a bundle's own]", min=0)
    ] = None,
    resume: Annotated[bool, typer.Option(help="go on where a stopped run left off")] = False,
) -> None:
    """Train a preset and write a bundle; Ctrl-C stops it, --resume goes on."""
    began = time.perf_counter()
    chosen, own, usual_seed = _recipe(preset)
    seed = usual_seed if seed is None else seed
    store.check_free(out)
    with _silenced():
        from regvae.training import trainer as training

    last: list[training.Trainer] = []
    total = chosen.training.epochs
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    command = jobs.train_command(preset, out, seed)
    try:
        with Progress(*columns, TimeRemainingColumn(), console=console) as progress:
            task = progress.add_task("compiling", total=total)

            def show(trainer: training.Trainer) -> None:
                last[:] = [trainer]
                epoch = trainer.history[-1]
                text = f"loss {epoch.loss:.3f}  validation {epoch.validation_loss:.3f}"
                progress.update(task, completed=epoch.epoch, description=text)

            with processor(on_wait=lambda: progress.update(task, description="queueing")):
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
        begun = checkpoint_path(out).exists()
        fail(f"stopped; go on with: {command} --resume" if begun else "stopped before an epoch")
    console.print(f"wrote {out}: validation loss {bundle.metrics['validation_loss']:.3f}")
    if last:
        _print_speed(last[0], time.perf_counter() - began, training.floating_point_limit())


def _recipe(name: str) -> tuple[config.Preset, Sequence[str], int]:
    """What to train: a named preset, or that of a bundle with the regs of its own it was given; and
    the seed unless another is asked for, which gives a bundle's model again."""
    if name in presets.PRESETS:
        return presets.preset(name), (), 0
    try:
        bundle = bundles.load(name)
    except store.BundleError as error:
        there = ", ".join(presets.PRESETS)
        raise UsageError(
            f"there is no preset {name[:80]!r} (there are {there}), and as a bundle: {error}"
        ) from error
    own = bundle.records.codes.tolist() if bundle.preset.data.source == "own" else ()
    return bundle.preset, own, bundle.seed


def _print_speed(trainer: Any, seconds: float, limit: float) -> None:
    """What a training took, all included, and what share of the machine's speed it reached."""
    times = [epoch.seconds for epoch in trainer.history]
    rate = trainer.steps / float(np.median(times))
    share = rate * trainer.flops_a_step / limit
    console.print(
        f"{seconds:.1f} s in all; {rate:,.0f} steps/s, {share:.1%} of the {limit / 1e9:,.0f} "
        "GFLOP/s that a large matrix product reaches here"
    )


def study(
    folder: Annotated[Path, typer.Option(help="where the trained models are, or will be")],
    preset: Annotated[str, typer.Option(help="what to train")] = "notebook-2d",
    seeds: Annotated[int, typer.Option(help="training seeds, from 0", min=1, max=100)] = 10,
    rules: Annotated[bool, typer.Option(help="compare the rules too")] = True,
    out: OutOption = None,
    models_out: Annotated[Path | None, typer.Option(help="the models' figures as a table")] = None,
) -> None:
    """Train a preset over many seeds, with figures of each; compare the rules on each."""
    chosen = presets.preset(preset)
    for table in filter(None, (out, models_out)):
        check_table_name(table)
    folder.mkdir(exist_ok=True)
    rows: list[dict[str, Any]] = []
    models: list[dict[str, Any]] = []
    for seed in range(seeds):
        path = folder / f"seed-{seed}"
        if not path.exists():
            with _silenced():
                from regvae.training import trainer as training
            begun = checkpoint_path(path).exists()
            command = jobs.train_command(preset, path, seed)
            waiting = console.status(f"seed {seed}: training, or waiting for a processor")
            with waiting, processor():
                training.train(
                    chosen, path, seed=seed, resume=begun, command=command, measure=metrics
                )
        bundle = bundles.load(path)
        if (bundle.preset, bundle.seed) != (chosen, seed):
            raise UsageError(
                f"{path} wants {preset} of seed {seed}, but is {bundle.preset.name} of seed "
                f"{bundle.seed}; name another folder"
            )
        figures = model_outcome(bundle)
        models.append(asdict(figures))
        console.print(f"seed {seed}  {figures.sentence()}")
        outcomes = rule_outcomes(bundle) if rules else []
        rows += [asdict(outcome) for outcome in outcomes]
        for one in outcomes:
            purity = "none" if one.purity is None else f"{one.purity:.4f}"
            console.print(
                f"seed {one.seed}  {one.rule:<10} accepted {one.acceptance:.4f}  purity {purity}"
            )
    if out:
        write_table(pd.DataFrame(rows), out)
    if models_out:
        write_table(pd.DataFrame(models), models_out)


@contextmanager
def _silenced() -> Iterator[None]:
    """Hide what TensorFlow's C++ prints when it starts, which nobody can act on."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # later; at first it heeds nothing
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with Path(os.devnull).open("w") as nothing:
            os.dup2(nothing.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
