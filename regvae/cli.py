"""The command line: parse, call, print. A bad argument gives one line and exit status 2."""

import json
import math
import os
import shlex
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
from typing import Annotated, Any, NoReturn

import numpy as np
import pandas as pd
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from regvae import bundle as bundles
from regvae import evaluation, presets, regs, rules, sampling

ROOT = Path(__file__).resolve().parent.parent

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A latent-space explorer that decodes: UK car registrations learned by a VAE.",
)
# Text is printed as it is: a path may hold what rich would take for markup, and is never broken.
console = Console(markup=False, emoji=False, highlight=False, soft_wrap=True)
notes = Console(markup=False, emoji=False, highlight=False, soft_wrap=True, stderr=True)

BundleArgument = Annotated[str, typer.Argument(help="a name in assets/ or the path of a folder")]
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
    splits = regs.notebook_dataset(seed)
    records = pd.DataFrame(
        [(reg, name) for name, part in splits.items() for reg in part], columns=["reg", "split"]
    )
    number = regs.ATTRIBUTES["number"].values(records["reg"].to_numpy(dtype="U7"))
    for name, part in splits.items():
        console.print(f"{name:<11}{len(part):>7,}  first {part[0]}")
    console.print(f"{'all':<11}{len(records):>7,}  distinct {records['reg'].nunique():,}")
    console.print(f"number < 50: {(number < 50).sum():,}   number >= 50: {(number >= 50).sum():,}")
    if out:
        _write(records, out)


@app.command()
def train(
    preset: Annotated[str, typer.Argument(help=f"one of {', '.join(presets.PRESETS)}")],
    out: Annotated[Path, typer.Option(help="the new bundle's folder")],
    seed: SeedOption = 0,
    resume: Annotated[bool, typer.Option(help="go on where a stopped run left off")] = False,
) -> None:
    """Train a preset and write a bundle; Ctrl-C stops it, --resume goes on."""
    chosen = presets.preset(preset)
    bundles.check_free(out)
    with _silenced():
        from regvae import training  # takes seconds, because of TensorFlow: only here

    total = chosen.training.epochs
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    command = shlex.join(["regvae", "train", preset, "--out", str(out), "--seed", str(seed)])
    try:
        with Progress(*columns, TimeRemainingColumn(), console=console) as progress:
            task = progress.add_task("compiling", total=total)

            def show(epoch: training.Epoch) -> None:
                text = f"loss {epoch.loss:.3f}  validation {epoch.validation_loss:.3f}"
                progress.update(task, completed=epoch.epoch, description=text)

            bundle = training.train(
                chosen, out, seed=seed, resume=resume, command=command, on_epoch=show
            )
    except KeyboardInterrupt:
        begun = training.checkpoint_path(out).exists()
        _fail(f"stopped; go on with: {command} --resume" if begun else "stopped before an epoch")
    console.print(f"wrote {out}: validation loss {bundle.metrics['validation_loss']:.3f}")


@app.command()
def evaluate(
    bundle: BundleArgument,
    sampled: Annotated[bool, typer.Option(help="decode a sample, as the notebook does")] = False,
    notebook: Annotated[bool, typer.Option(help="every figure of the notebook")] = False,
    as_json: JsonOption = False,
) -> None:
    """Rebuild the test regs and count what comes back."""
    loaded = bundles.load(bundle)
    result = evaluation.accuracy(loaded, sampled=sampled)
    figures = evaluation.notebook_figures(loaded) if notebook else []
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


@app.command()
def sample(
    bundle: BundleArgument,
    unwanted: Annotated[list[str], typer.Option(help="such as 'number < 50'; repeat for 'and'")],
    rule: Annotated[str, typer.Option(help="the acceptance rule")] = "one-sided",
    threshold: Annotated[float, typer.Option(help="least Mahalanobis distance")] = 2.5,
    n: Annotated[int, typer.Option(help="number of proposals")] = 1000,
    box: Annotated[float, typer.Option(help="half-width of the box of proposals")] = 3.0,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
    out: OutOption = None,
) -> None:
    """Propose points in a box, accept by rule, decode, and report."""
    if rule != "one-sided":
        raise UsageError(f"there is no rule {rule[:40]!r}; there is one-sided")
    parsed = rules.parse_all(unwanted)
    if out:
        _check_table_name(out)
    samples = sampling.sample(bundles.load(bundle), parsed, n=n, box=box, seed=seed)
    report = sampling.report(samples, threshold)
    if as_json:
        _print_json(asdict(report))
    else:
        for key, value in asdict(report).items():
            shown = f"{value:.4f}" if isinstance(value, float) else value
            console.print(
                f"{key.replace('_', ' '):<18}{'none accepted' if value is None else shown}"
            )
    if out:
        # After JSON the note goes to standard error, so that another program can read the JSON.
        _write(_accepted_table(samples, threshold), out, notes if as_json else console)


@app.command()
def check(bundle: BundleArgument) -> None:
    """Verify a bundle: files, hashes, shapes, and that its parts belong together."""
    try:
        loaded = evaluation.check(bundle)
    except bundles.BundleError as error:
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
        lines = file.read_text("utf-8").splitlines()
        named = [(f"{file}, line {i}", line) for i, line in enumerate(lines, 1) if line.strip()]
    else:
        named = [(f"reg {i}", text) for i, text in enumerate(texts, 1)]
    if not named:
        raise UsageError("no reg was given; name some, or a file with --file")
    parsed = []
    for where, text in named:
        try:
            parsed.append(regs.parse(text))
        except regs.RegError as error:
            raise regs.RegError(f"{where}: {error}") from None
    return parsed


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


def _accepted_table(samples: sampling.Samples, threshold: float) -> pd.DataFrame:
    accepted = samples.accepted(threshold)
    columns: dict[str, Any] = {"reg": samples.reg[accepted]}
    columns |= {f"z_{i}": axis[accepted] for i, axis in enumerate(samples.z.T, start=1)}
    columns["distance_to_unwanted"] = samples.distance[accepted]
    columns["wanted"] = samples.wanted[accepted]
    columns["collision"] = samples.collision[accepted]
    return pd.DataFrame(columns)


_WRITERS: dict[str, Callable[[pd.DataFrame, Path], Any]] = {
    ".csv": lambda table, path: table.to_csv(path, index=False),
    ".parquet": lambda table, path: table.to_parquet(path, index=False),
}


def _check_table_name(path: Path) -> None:
    if path.suffix not in _WRITERS:
        raise UsageError(f"a table's name ends in .csv or .parquet, but came {str(path)!r}")
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {str(path.parent)!r} to write {path.name} to")


def _write(table: pd.DataFrame, path: Path, tell: Console = console) -> None:
    _check_table_name(path)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    partial = Path(name)
    try:
        _WRITERS[path.suffix](table, partial)
        partial.chmod(0o644)  # mkstemp's files are private
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    tell.print(f"wrote {path}: {len(table):,} rows")
