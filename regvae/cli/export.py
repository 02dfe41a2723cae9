"""`regvae export`: a bundle that can be shared without its records."""

from pathlib import Path
from typing import Annotated

import typer

from regvae.cli.arguments import BundleArgument
from regvae.cli.output import UsageError, console
from regvae.model.release import release as write_release


def export(
    bundle: BundleArgument,
    out: Annotated[Path, typer.Option(help="the new folder")],
    release: Annotated[
        bool, typer.Option("--release", help="leave the records out: weights and counts alone")
    ] = False,
) -> None:
    """Write a release of a model: without the records it was trained on."""
    if not release:
        raise UsageError(
            "expected --release, which writes the model without its records, got none; add it, or "
            "copy the model's folder to share the records too"
        )
    write_release(bundle, out)
    console.print(
        f"wrote {out}: the weights, and of the records only counts, accuracies and the spread of "
        "their means"
    )
