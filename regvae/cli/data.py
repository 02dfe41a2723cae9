"""`regvae dataset`."""

from typing import Annotated

import numpy as np
import pandas as pd
import typer

from regvae.cli.arguments import OutOption, SeedOption
from regvae.cli.formats import format_given
from regvae.cli.output import UsageError, check_table_name, console, write_table
from regvae.formats import UK_REGISTRATION, uk_registration

_MOST = 10_000_000


def dataset(
    format: Annotated[
        str | None,
        typer.Option(help="generate codes of this format, by its name or a TOML file"),
    ] = None,
    n: Annotated[
        int | None, typer.Option(help="number of codes of --format [10000]", min=1, max=_MOST)
    ] = None,
    seed: SeedOption = 0,
    out: OutOption = None,
) -> None:
    """Draw the notebook's data set, or codes of another format, and print counts."""
    if out:
        check_table_name(out)
    if format is None:
        if n is not None:
            raise UsageError("expected --n with --format, got it alone; add --format")
        table = _notebook(seed)
    else:
        chosen = format_given(format)
        codes = chosen.generate(n or 10_000, rng=np.random.default_rng(seed))
        table = pd.DataFrame({"code": [chosen.shown(code) for code in codes.tolist()]})
        console.print(f"{len(table):,} {chosen.plural}, first {table['code'][0]}")
        console.print(f"distinct {table['code'].nunique():,}")
    if out:
        write_table(table, out)


def _notebook(seed: int) -> pd.DataFrame:
    """The notebook's records by split; prints their counts."""
    splits = uk_registration.notebook_dataset(seed)
    records = pd.DataFrame(
        [(reg, name) for name, part in splits.items() for reg in part], columns=["reg", "split"]
    )
    number = UK_REGISTRATION.attribute("number").values(
        UK_REGISTRATION.array(records["reg"].to_numpy(dtype=str))
    )
    for name, part in splits.items():
        console.print(f"{name:<11}{len(part):>7,}  first {part[0]}")
    console.print(f"{'all':<11}{len(records):>7,}  distinct {records['reg'].nunique():,}")
    console.print(f"number < 50: {(number < 50).sum():,}   number >= 50: {(number >= 50).sum():,}")
    return records
