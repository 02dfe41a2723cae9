"""`regvae dataset`."""

import pandas as pd

from regvae.cli.arguments import OutOption, SeedOption
from regvae.cli.output import check_table_name, console, write_table
from regvae.formats import UK_REGISTRATION, uk_registration


def dataset(seed: SeedOption = 0, out: OutOption = None) -> None:
    """Draw the notebook's data set and print its counts."""
    if out:
        check_table_name(out)
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
    if out:
        write_table(records, out)
