"""The command line: its commands, and errors as one line with exit status 2."""

import io
import signal
import sys
from collections.abc import Callable
from typing import NoReturn

import typer

from regvae.cli import audit, data, export, formats, inspect, regions, sample, serve, study, train
from regvae.cli.output import fail, print_error

_INTERRUPTED = 130
"""The exit status after Ctrl-C."""

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A latent-space explorer that decodes: short codes, such as UK car registrations, "
    "learned by a VAE.",
)
COMMANDS: tuple[Callable[..., None], ...] = (
    *(data.dataset, train.train, inspect.evaluate, inspect.report, inspect.encode),
    *(
        inspect.decode,
        sample.sample,
        regions.regions,
        study.study,
        audit.audit,
        inspect.check,
        export.export,
        serve.bench,
        serve.dashboard,
    ),
)
app.add_typer(formats.app, name="formats")
for _command in COMMANDS:
    # A latent point may begin with a minus; such a text is not an option.
    settings = {"ignore_unknown_options": True} if _command is inspect.decode else None
    app.command(context_settings=settings)(_command)


def main() -> None:
    """Run the command line; an error that its user can correct is one line, with exit status 2."""
    signal.signal(signal.SIGTERM, _terminated)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal of ASCII has no sigma
            stream.reconfigure(errors="backslashreplace")
    try:
        if len(sys.argv) == 1:
            app(["--help"], standalone_mode=False)
            sys.exit(2)
        status = app(standalone_mode=False)
        if status == _INTERRUPTED:
            print_error("stopped")
    except (typer.Abort, KeyboardInterrupt):
        print_error("stopped")
        status = _INTERRUPTED
    except typer.TyperException as error:
        fail(f"{error.format_message()} (see regvae --help)")
    except OSError as error:
        fail(
            f"{error.filename}: {error.strerror}; check the path" if error.filename else str(error)
        )
    except ValueError as error:
        fail(str(error))
    sys.exit(status or 0)


def _terminated(number: int, _frame: object) -> NoReturn:
    """End as after an error, so that temporary files are removed."""
    sys.exit(128 + number)
