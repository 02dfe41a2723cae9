"""The command line: parse, call, print. A bad argument gives one line and exit status 2."""

import hashlib
import json
import math
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import webbrowser
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, BinaryIO, NoReturn, TypeVar

import numpy as np
import pandas as pd
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from regvae.audit import leaks
from regvae.audit.collisions import Audit
from regvae.audit.leaks import Hunt
from regvae.evaluation import check as checking
from regvae.evaluation import diagnosis
from regvae.evaluation.accuracy import accuracy
from regvae.evaluation.diagnosis import Diagnosis
from regvae.evaluation.notebook import notebook_figures
from regvae.evaluation.study import model_outcome, rule_outcomes
from regvae.formats import uk_registration
from regvae.generation import results
from regvae.latent.polygon import polygon_corners
from regvae.model import bundle as bundles
from regvae.model import config, presets, store
from regvae.rejection import policy as policies
from regvae.rejection import proposals, rules, sampling
from regvae.rejection.calibration import calibrate
from regvae.rejection.policy import Policy
from regvae.rejection.proposals import PROPOSALS, Box, Proposal, Region
from regvae.rejection.rules import RULES, OneSided
from regvae.rejection.sampling import Tally
from regvae.rejection.unwanted import Unwanted
from regvae.training import jobs
from regvae.training.queue import processor

T = TypeVar("T")

ROOT = Path(__file__).resolve().parents[2]

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A latent-space explorer that decodes: UK car registrations learned by a VAE.",
)
# Text is printed as it is: a path may hold what rich would take for markup, and is never broken.
console = Console(markup=False, emoji=False, highlight=False, soft_wrap=True)
notes = Console(markup=False, emoji=False, highlight=False, soft_wrap=True, stderr=True)

_A_BUNDLE = "a model's name or the path of its folder"
BundleArgument = Annotated[str, typer.Argument(help=_A_BUNDLE)]
JsonOption = Annotated[bool, typer.Option("--json", help="print JSON for other programs")]
SeedOption = Annotated[int, typer.Option(help="seed of the random numbers", min=0)]
RegsArgument = Annotated[list[str] | None, typer.Argument(help="regs such as AB12CDE")]
FileOption = Annotated[Path | None, typer.Option("--file", help="a text file, one reg a line")]
OutOption = Annotated[Path | None, typer.Option(help="also write a .csv or .parquet file")]


class UsageError(ValueError):
    """Arguments that do not fit together."""


def main() -> None:
    """Run the command line; every error a person can mend is one line and exit status 2."""
    try:
        if len(sys.argv) == 1:
            app(["--help"], standalone_mode=False)
            sys.exit(2)
        status = app(standalone_mode=False)
    except typer.Abort:
        _fail("stopped")
    except typer.TyperException as error:
        _fail(f"{error.format_message()} (see regvae --help)")
    except (ValueError, OSError) as error:
        _fail(str(error))
    sys.exit(status or 0)


def _fail(message: str) -> NoReturn:
    _print_error(message)
    sys.exit(2)


def _print_error(message: str) -> None:
    print(f"regvae: {' '.join(message.split())}", file=sys.stderr)


@app.command()
def dataset(seed: SeedOption = 0, out: OutOption = None) -> None:
    """Draw the notebook's data and print their counts."""
    splits = uk_registration.notebook_dataset(seed)
    records = pd.DataFrame(
        [(reg, name) for name, part in splits.items() for reg in part], columns=["reg", "split"]
    )
    number = uk_registration.ATTRIBUTES["number"].values(records["reg"].to_numpy(dtype="U7"))
    for name, part in splits.items():
        console.print(f"{name:<11}{len(part):>7,}  first {part[0]}")
    console.print(f"{'all':<11}{len(records):>7,}  distinct {records['reg'].nunique():,}")
    console.print(f"number < 50: {(number < 50).sum():,}   number >= 50: {(number >= 50).sum():,}")
    if out:
        _write(records, out)


@app.command()
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
                    on_epoch=show,
                )
    except KeyboardInterrupt:
        begun = training.checkpoint_path(out).exists()
        _fail(f"stopped; go on with: {command} --resume" if begun else "stopped before an epoch")
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
    own = bundle.records.reg.tolist() if bundle.preset.data.source == "own" else ()
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


@app.command()
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
        _print_json(result | ({"notebook": [asdict(f) for f in figures]} if notebook else {}))
        return
    positions = " ".join(f"{share:.3f}" for share in result["by_position"])
    console.print(f"{loaded.name}, {result['n']:,} test regs, decoding the {result['decoded']}")
    console.print(f"exact        {result['exact']:.3f}\nby position  {positions}")
    if figures:
        table = Table("figure", "published", "here", "what differs")
        for figure in figures:
            table.add_row(figure.figure, figure.published, figure.here, figure.remark)
        Console().print(table)


@app.command()
def report(bundle: BundleArgument, as_json: JsonOption = False) -> None:
    """What a model is good at and what not: accuracy, nats, latent dimensions, sigmas."""
    loaded = bundles.load(bundle)
    found, scale = diagnosis.diagnose(loaded), calibrate(loaded).scale
    if as_json:
        _print_json({"bundle": loaded.name, **found.summary(), "scale": scale})
        return
    console.print(f"{loaded.name}: {loaded.preset.training.epochs} epochs in {found.seconds:.0f} s")
    console.print("right, decoding the mean, with 95 % intervals:")
    for table in (_accuracy_table(found), _nats_table(found), _dimensions_table(found)):
        Console().print(table)
    console.print(f"sigmas are truest multiplied by {scale:.3f}")


def _accuracy_table(found: Diagnosis) -> Table:
    table = Table("position", *(f"{one.split} ({one.n:,})" for one in found.accuracies))
    names = [*map(str, range(1, 8)), "whole"]
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


@app.command()
def encode(
    bundle: BundleArgument,
    texts: RegsArgument = None,
    file: FileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print the Gaussian (mean and sigma) of every reg."""
    chosen = _regs(texts or [], file)
    mean, sigma = bundles.load(bundle).autoencoder.encode(chosen)
    rows = [
        {"reg": reg, "mean": m, "sigma": s}
        for reg, m, s in zip(chosen, mean.tolist(), sigma.tolist(), strict=True)
    ]
    if as_json:
        _print_json(rows)
        return
    for row in rows:
        console.print(f"{row['reg']}  mean {_numbers(row['mean'])}  sigma {_numbers(row['sigma'])}")


@app.command(context_settings={"ignore_unknown_options": True})
def decode(
    bundle: BundleArgument,
    points: Annotated[list[str], typer.Argument(help='latent points such as "0.5,-1.2"')],
    as_json: JsonOption = False,
) -> None:
    """Print the most probable reg at every latent point."""
    autoencoder = bundles.load(bundle).autoencoder
    z = np.array([_point(text, autoencoder.latent_dim) for text in points])
    decoded = autoencoder.decode(z).tolist()
    if as_json:
        _print_json([{"z": p, "reg": r} for p, r in zip(z.tolist(), decoded, strict=True)])
        return
    for text, reg in zip(points, decoded, strict=True):
        console.print(f"{text}  {reg}")


_BESIDE_A_POLICY = {"policy", "save_policy", "hunt", "as_json", "out"}


@app.command()
def sample(
    context: typer.Context,
    bundle: Annotated[str | None, typer.Argument(help=_A_BUNDLE)] = None,
    unwanted: Annotated[
        list[str] | None, typer.Option(help="such as 'number < 50'; repeat for 'and'")
    ] = None,
    unwanted_file: Annotated[
        Path | None, typer.Option(help="also unwanted: regs in a text file, one a line")
    ] = None,
    unwanted_region: Annotated[
        list[str] | None, typer.Option(help='also unwanted: means in "x,y x,y x,y ..."')
    ] = None,
    unwanted_training: Annotated[
        bool, typer.Option("--unwanted-training", help="also unwanted: all of the training data")
    ] = False,
    rule: Annotated[str, typer.Option(help=f"one of {', '.join(RULES)}")] = OneSided.name,
    threshold: Annotated[
        float | None, typer.Option(help="one-sided: least distance from the unwanted [2.5]")
    ] = None,
    margin: Annotated[
        float | None, typer.Option(help="two-sided: how much nearer to a wanted record [0.5]")
    ] = None,
    support: Annotated[
        float | None, typer.Option(help="two-sided: largest distance from a wanted record [1]")
    ] = None,
    alpha: Annotated[
        float | None, typer.Option(help="posterior: largest share of the unwanted [0.1]")
    ] = None,
    q: Annotated[
        float | None, typer.Option(help="posterior: share of records in sparser places [0.02]")
    ] = None,
    proposal: Annotated[str, typer.Option(help=f"one of {', '.join(PROPOSALS)}")] = Box.name,
    box: Annotated[
        float | None, typer.Option(help="half-width of the box of proposals [3]")
    ] = None,
    region: Annotated[str | None, typer.Option(help='"x,y x,y x,y ..." to propose from')] = None,
    n: Annotated[int | None, typer.Option(help="proposals, at most [1000; 1000 x until]")] = None,
    until: Annotated[int | None, typer.Option(help="stop when there are so many results")] = None,
    clean: Annotated[
        bool, typer.Option("--clean", help="leave out what decodes to unwanted or to a record")
    ] = False,
    seed: SeedOption = 0,
    policy: Annotated[
        Path | None, typer.Option(help="run this policy file; all other choices are in it")
    ] = None,
    save_policy: Annotated[Path | None, typer.Option(help="write these choices to a file")] = None,
    hunt: Annotated[bool, typer.Option("--hunt", help="look for leaks near the accepted")] = False,
    as_json: JsonOption = False,
    out: OutOption = None,
) -> None:
    """Propose latent points, accept by rule, decode, audit, and report."""
    if policy:
        chosen = _saved_policy(context, policy)
    else:
        numbers = {"threshold": threshold, "margin": margin, "support": support}
        numbers |= {"alpha": alpha, "q": q}
        chosen = Policy(
            bundle=bundle or _no_bundle(),
            unwanted=_unwanted(unwanted, unwanted_file, unwanted_region, unwanted_training),
            rule=rules.rule(rule, {k: v for k, v in numbers.items() if v is not None}),
            proposal=_proposal(proposal, box, region),
            proposals=_proposals(n, until),
            accepted=until,
            clean=clean,
            seed=seed,
        )
    if out:
        _check_table_name(out)
        _check_writable(_manifest_path(out))
    _check_apart([out, save_policy, policy, unwanted_file])
    chosen = chosen.signed()
    _run_policy(chosen, out, save_policy, hunt=hunt, as_json=as_json)


def _no_bundle() -> NoReturn:
    raise UsageError("sample wants a bundle, such as notebook-2d, or --policy FILE")


def _saved_policy(context: typer.Context, path: Path) -> Policy:
    """The policy of a file; no other choice may have been typed beside it."""
    for name in context.params.keys() - _BESIDE_A_POLICY:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            raise UsageError(
                f"the policy says what {name.replace('_', '-')} is; give only --policy, and "
                "change the file for another choice"
            )
    saved = Policy.from_toml(_text(path), str(path))
    saved.check_bundle()
    return saved


def _unwanted(
    texts: list[str] | None, file: Path | None, regions: list[str] | None, training: bool
) -> Unwanted:
    return Unwanted.of(
        texts or [],
        regions=[_polygon(text) for text in regions or []],
        listed=_regs([], file) if file else [],
        training=training,
    )


def _proposals(n: int | None, until: int | None) -> int:
    """How many points to propose: as asked for, else what a number of results may need."""
    return (
        n
        if n is not None
        else min(policies.PROPOSALS_A_RESULT * max(1, until or 1), policies.MAX_PROPOSALS)
    )


def _proposal(name: str, box: float | None, region: str | None) -> Proposal:
    for option, value, kind in (("box", box, Box.name), ("region", region, Region.name)):
        if value is not None and name != kind:
            raise UsageError(f"--{option} is for --proposal {kind}, not {name[:40]}")
    if name == Region.name and region is None:
        raise UsageError('--proposal region wants --region "x,y x,y x,y ..."')
    numbers: dict[str, Any] = {}
    if box is not None:
        numbers["half_width"] = box
    if region is not None:
        numbers["polygon"] = _polygon(region)
    return proposals.proposal(name, numbers)


def _run_policy(
    policy: Policy, out: Path | None, save_policy: Path | None, *, hunt: bool, as_json: bool
) -> None:
    """Run a policy, write its files, print its report; exit 1 if it ended short of its number."""
    bundle = bundles.load(policy.bundle)
    judge = sampling.make_judge(bundle, policy)
    if save_policy:  # only now is it known to be one that can be run
        _write_whole(save_policy, lambda sink: sink.write(policy.to_toml().encode()))
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(
        *columns, console=notes, transient=True, disable=not notes.is_terminal
    ) as progress:
        task = progress.add_task("sampling", total=policy.accepted or policy.proposals)

        def show(tally: Tally) -> None:
            done = tally.kept if policy.accepted else tally.proposed
            progress.update(task, completed=done, description=f"accepted {tally.accepted:,}")

        def work(sink: BinaryIO | None) -> results.Outcome:
            kind = out.suffix if out else results.KINDS[0]
            return results.run(bundle, policy, sink, kind=kind, judge=judge, on_block=show)

        # The manifest follows its file at once, before anything else can go wrong.
        outcome = _write_results(out, work) if out else work(None)
    found = leaks.hunt(bundle, policy, judge) if hunt else None
    if as_json:
        manifest = outcome.manifest()
        del manifest["report"]
        if found:
            manifest["hunt"] = found.summary()
        _print_json(_flat(outcome.report) | manifest)
    else:
        _print_outcome(outcome, found)
    if out:
        # After JSON the note goes to standard error, so that another program can read the JSON.
        tell = notes if as_json else console
        tell.print(f"wrote {out}: {outcome.report.kept:,} rows, and {_manifest_path(out).name}")
    if outcome.shortfall:
        _print_error(outcome.shortfall)
        raise typer.Exit(1)


def _write_results(out: Path, work: Callable[[BinaryIO], results.Outcome]) -> results.Outcome:
    """Write a run's file, and beside it the manifest with the hash of what was written."""

    def hashed(sink: BinaryIO) -> tuple[results.Outcome, str]:
        outcome = work(sink)
        sink.flush()
        sink.seek(0)
        digest = hashlib.sha256()
        while piece := sink.read(2**20):
            digest.update(piece)
        return outcome, digest.hexdigest()

    outcome, digest = _write_whole(out, hashed)
    text = json.dumps({"file": out.name, "sha256": digest, **outcome.manifest()}, indent=1)
    _write_whole(_manifest_path(out), lambda sink: sink.write(f"{text}\n".encode()))
    return outcome


def _check_apart(paths: Sequence[Path | None]) -> None:
    """Refuse to write over what is read, or one file over another."""
    seen: dict[Path, Path] = {}
    for path in filter(None, paths):
        if path.resolve() in seen:
            raise UsageError(f"{str(path)!r} was given twice; what is written wants its own name")
        seen[path.resolve()] = path


def _flat(report: sampling.Report) -> dict[str, Any]:
    """A report with the rule's numbers among the others."""
    table = asdict(report)
    return {"rule": table.pop("rule"), **table.pop("parameters"), **table}


def _print_outcome(outcome: results.Outcome, found: Hunt | None) -> None:
    for key, value in _flat(outcome.report).items():
        shown = f"{value:.4f}" if isinstance(value, float) else value
        console.print(f"{key.replace('_', ' '):<21}{'none' if value is None else shown}")
    low, high = outcome.audit.purity_interval
    console.print(f"{'purity, 95 %':<21}{low:.4f} to {high:.4f}")
    console.print(f"{'finding':<21}{outcome.audit.sentence()}")
    _print_closer(outcome.audit)
    if found:
        console.print(f"{'leaks found':<21}{found.sentence()}")


def _print_closer(audit: Audit) -> None:
    """What is known of the results one by one."""
    if audit.valid is None or audit.drift is None or audit.drift_held_out is None:
        return
    lines = {
        "different regs": f"{audit.distinct:,} of {audit.looked_at:,}",
        "valid at DVLA": f"{audit.valid:.4f}",
        "edits to a record": f"{_mean_edits(audit.edits):.2f} on average, of held-out regs "
        f"{_mean_edits(audit.edits_held_out):.2f}",
        "re-encoding drift": f"{audit.drift[0]:.2f} sigma in the median, of held-out regs "
        f"{audit.drift_held_out[0]:.2f}",
    }
    for key, value in lines.items():
        console.print(f"{key:<21}{value}")


def _mean_edits(shares: Sequence[float]) -> float:
    return sum(edits * share for edits, share in enumerate(shares))


def _manifest_path(out: Path) -> Path:
    return out.with_name(f"{out.name}.manifest.json")


@app.command()
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
        _check_table_name(table)
    folder.mkdir(exist_ok=True)
    rows: list[dict[str, Any]] = []
    models: list[dict[str, Any]] = []
    for seed in range(seeds):
        path = folder / f"seed-{seed}"
        if not path.exists():
            with _silenced():
                from regvae.training import trainer as training
            begun = training.checkpoint_path(path).exists()
            command = jobs.train_command(preset, path, seed)
            waiting = console.status(f"seed {seed}: training, or waiting for a processor")
            with waiting, processor():
                training.train(chosen, path, seed=seed, resume=begun, command=command)
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
        _write(pd.DataFrame(rows), out)
    if models_out:
        _write(pd.DataFrame(models), models_out)


@app.command()
def check(bundle: BundleArgument) -> None:
    """Verify a bundle: files, hashes, shapes, and that its parts belong together."""
    try:
        loaded = checking.check(bundle)
    except store.BundleError as error:
        _print_error(str(error))
        raise typer.Exit(1) from error
    console.print(f"{loaded.name}: {len(loaded.records):,} records, all files as they should be")


@app.command()
def bench(as_json: JsonOption = False) -> None:
    """Measure the figures the README states, each beside its baseline; takes minutes."""
    script = ROOT / "tests" / "benchmarks" / "run.py"
    if not script.is_file():
        raise UsageError(f"the benchmarks are in the source checkout only; {script} is missing")
    _run(["-m", "tests.benchmarks.run", *(["--json"] if as_json else [])])


@app.command()
def dashboard(
    port: Annotated[int, typer.Option(help="port to serve on", min=1, max=65535)] = 8501,
    headless: Annotated[bool, typer.Option(help="do not open a browser")] = False,
) -> None:
    """Start the dashboard on this machine, and open it in the browser."""
    script = ROOT / "dashboard" / "app.py"
    if not script.is_file():
        raise UsageError(f"the dashboard is in the source checkout only; {script} is missing")
    with socket.socket() as probe:
        if probe.connect_ex(("localhost", port)) == 0:
            raise UsageError(f"port {port} is taken; choose another, such as --port {port + 1}")
    if not headless:
        threading.Thread(target=_open_when_up, args=(port,), daemon=True).start()
    _run(["-m", "streamlit", "run", str(script), "--server.port", str(port)])


def _open_when_up(port: int, seconds: float = 30) -> None:
    """Open the browser as soon as the server answers."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("localhost", port)) == 0:
                webbrowser.open(f"http://localhost:{port}")
                return
        time.sleep(0.1)


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


def _run(arguments: Sequence[str]) -> None:
    # From the checkout's root, so that Streamlit finds .streamlit/config.toml.
    try:
        status = subprocess.run([sys.executable, *arguments], cwd=ROOT, check=False).returncode
    except KeyboardInterrupt:
        status = 130
    raise typer.Exit(status)


# --- reading and writing --------------------------------------------------------------------------


def _regs(texts: Sequence[str], file: Path | None) -> list[str]:
    if file and texts:
        raise UsageError("regs were given both as arguments and in a file; give one of the two")
    if file:
        return uk_registration.parse_lines(_text(file).splitlines(), str(file))
    if not texts:
        raise UsageError("no reg was given; name some, or a file with --file")
    parsed = []
    for number, text in enumerate(texts, start=1):
        try:
            parsed.append(uk_registration.parse(text))
        except uk_registration.RegError as error:
            raise uk_registration.RegError(f"reg {number}: {error}") from None
    return parsed


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{file}: wanted a text file in UTF-8, but {error.reason}") from error


def _polygon(text: str) -> list[list[float]]:
    try:
        corners = [[float(number) for number in part.split(",")] for part in text.split()]
        polygon_corners(corners)
    except ValueError:
        raise UsageError(
            f'a region is three corners or more such as "0,0 1,0 1,1", not {text[:60]!r}'
        ) from None
    return corners


def _point(text: str, k: int) -> list[float]:
    try:
        point = [float(part) for part in text.split(",")]
    except ValueError:
        point = []
    if len(point) != k or not all(math.isfinite(number) for number in point):
        raise UsageError(f"a point of this bundle is {k} numbers with commas, not {text[:60]!r}")
    return point


def _numbers(values: Sequence[float]) -> str:
    return "(" + ", ".join(f"{value:.4f}" for value in values) + ")"


def _print_json(value: Any) -> None:
    print(json.dumps(value, allow_nan=False))


_WRITERS: dict[str, Callable[[pd.DataFrame, BinaryIO], Any]] = {
    ".csv": lambda table, sink: table.to_csv(sink, index=False),
    ".parquet": lambda table, sink: table.to_parquet(sink, index=False),
}


def _check_table_name(path: Path) -> None:
    if path.suffix not in _WRITERS:
        raise UsageError(f"a table's name ends in .csv or .parquet, but came {str(path)!r}")
    _check_writable(path)


def _write(table: pd.DataFrame, path: Path) -> None:
    _check_table_name(path)
    _write_whole(path, lambda sink: _WRITERS[path.suffix](table, sink))
    console.print(f"wrote {path}: {len(table):,} rows")


def _write_whole(path: Path, work: Callable[[BinaryIO], T]) -> T:
    """Let `work` write a file, which takes its place only when it is whole."""
    _check_writable(path)
    path = path.resolve()  # through a link, so that what it leads to is written
    handle, name = tempfile.mkstemp(prefix=f".{path.name[:40]}.", dir=path.parent)
    partial = Path(name)
    try:
        with os.fdopen(handle, "w+b") as sink:
            result = work(sink)
        partial.chmod(0o644)  # mkstemp's files are private
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return result


def _check_writable(path: Path) -> None:
    """Refuse what a file cannot take the place of, such as a folder or a device."""
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {str(path.parent)!r} to write {path.name} to")
    if path.exists() and not path.is_file():
        raise UsageError(f"{str(path)!r} is there already and is no file; choose another name")
