"""`regvae study`: train presets with several seeds, and compare the rules on each model."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from regvae.cli.arguments import DaskOption, OutOption, WorkersOption, executor_of
from regvae.cli.output import UsageError, check_apart, check_table_name, console, write_table
from regvae.evaluation.metrics import metrics
from regvae.evaluation.study import Studied, over_seeds
from regvae.model import bundle as bundles
from regvae.model import config, presets
from regvae.model.bundle import Bundle
from regvae.training import jobs
from regvae.training.checkpoint import checkpoint_path
from regvae.training.queue import processor
from regvae.training.quiet import quiet
from regvae.workers import in_order


def study(
    folder: Annotated[Path, typer.Option(help="of the trained models: PRESET/seed-N")],
    preset: Annotated[list[str] | None, typer.Option(help="what to train [notebook-2d]")] = None,
    seeds: Annotated[int, typer.Option(help="number of training seeds", min=1, max=100)] = 20,
    first: Annotated[int, typer.Option(help="the first of them", min=0)] = 20,
    proposals: Annotated[
        int, typer.Option(help="points that choose, and others that judge, each rule", min=5_000)
    ] = 200_000,
    rules: Annotated[bool, typer.Option(help="compare the rules on each model")] = True,
    out: OutOption = None,
    models_out: Annotated[Path | None, typer.Option(help="the models' figures as a table")] = None,
    curves: Annotated[
        Path | None, typer.Option(help="purity against accepted share of each rule, as a table")
    ] = None,
    workers: WorkersOption = None,
    dask: DaskOption = None,
) -> None:
    """Train presets with several seeds, print figures of each model, and compare the rules."""
    chosen = [presets.preset(name) for name in preset or ["notebook-2d"]]
    for table in filter(None, (out, models_out, curves)):
        check_table_name(table)
    check_apart([out, models_out, curves])
    if out and not rules:
        raise UsageError("expected --out without --no-rules, got both; leave out one of them")
    folder.mkdir(exist_ok=True)
    for one in chosen:
        (folder / one.name).mkdir(exist_ok=True)
    what = _Study(folder, proposals, rules, bool(curves))
    models = [(one, seed) for one in chosen for seed in range(first, first + seeds)]
    found: list[Studied] = []
    try:
        with executor_of(workers, dask) as executor:
            for studied in _studied(what, models, executor):
                found.append(studied)
                name = f"{studied.model.preset} seed {studied.model.seed}"
                console.print(f"{name}  {studied.model.sentence()}")
                for rule in studied.rules:
                    console.print(f"{name}  {rule.sentence()}")
    finally:  # a study that is stopped has the tables of what it found
        outcomes = [rule for one in found for rule in one.rules]
        for path, rows in (
            (out, outcomes),
            (models_out, [one.model for one in found]),
            (curves, [point for one in found for point in one.curves]),
        ):
            if path and rows:
                write_table(pd.DataFrame(map(asdict, rows)), path)
    for sentence in over_seeds(outcomes):
        console.print(sentence)


@dataclass(frozen=True)
class _Study:
    """How each model is trained and judged: the models' folder, and which figures are wanted."""

    folder: Path
    proposals: int
    rules: bool
    curves: bool


def _studied(
    what: _Study, models: Sequence[tuple[config.Preset, int]], executor: Executor | None
) -> Iterator[Studied]:
    """The figures of every model, in their order."""
    if executor:
        yield from in_order(_study_one, what, models, executor)
        return
    for preset, seed in models:
        with console.status(f"{preset.name} seed {seed}: training, or waiting for a processor"):
            studied = _study_one(what, (preset, seed))
        yield studied


def _study_one(what: _Study, model: tuple[config.Preset, int]) -> Studied:
    preset, seed = model
    bundle = _model(preset, seed, what.folder / preset.name / f"seed-{seed}")
    return Studied.of(bundle, what.proposals, rules=what.rules, curves=what.curves)


def _model(preset: config.Preset, seed: int, path: Path) -> Bundle:
    """The bundle of a preset and a seed in a folder; trained, or resumed, if it is not there."""
    if not path.exists():
        with quiet():
            from regvae.training import trainer as training
        resume = checkpoint_path(path).exists()
        command = jobs.train_command(preset.name, path, seed)
        with processor():
            training.train(preset, path, seed=seed, resume=resume, command=command, measure=metrics)
    bundle = bundles.load(path)
    if (bundle.preset, bundle.seed) != (preset, seed):
        raise UsageError(
            f"{path}: expected {preset.name} with seed {seed}, got {bundle.preset.name} with seed "
            f"{bundle.seed}; choose another folder"
        )
    return bundle
