"""Which records come out of a sampler: by split, as draws and as different records, beside chance.

A record of the training split that comes out may be remembered. One of the validation and test
splits, on which the model was not trained, comes out as any likely code does: these are controls.
"""

from collections import Counter
from dataclasses import dataclass, fields
from math import expm1, log1p
from typing import Any

import numpy as np

from regvae.formats import SPLITS, Codes
from regvae.intervals import interval
from regvae.model.bundle import Bundle


@dataclass(frozen=True)
class Exposure:
    """How often the `records` of a split came out in `draws` codes.

    `hits` draws are records of the split; `rate_interval` is the interval of their rate per draw.
    `exposed` different records are among them; `share_interval` is the interval of the share of
    the records that so many draws expose. `by_chance` is how many different ones are expected from
    as many draws that find each code alike, among all that the source can draw or the format
    permits. The intervals are Clopper and Pearson's at 95 %. Draws are independent; that two
    records cannot come out in one draw makes the second interval slightly wide, not narrow.
    """

    split: str
    records: int
    draws: int
    hits: int
    rate_interval: tuple[float, float]
    exposed: int
    share_interval: tuple[float, float]
    by_chance: float

    @classmethod
    def of(
        cls, split: str, records: int, draws: int, hits: int, exposed: int, size: float
    ) -> "Exposure":
        """From counts, and the number of codes that there are."""
        return cls(
            split,
            records,
            draws,
            hits,
            interval(hits, draws),
            exposed,
            interval(exposed, records),
            by_chance(records, draws, size),
        )

    @staticmethod
    def describes(values: Any) -> bool:
        """Whether values by name, as a manifest has them, are those of an exposure."""
        names = [one.name for one in fields(Exposure)]
        if not isinstance(values, dict) or {*values} != {*names} or values["split"] not in SPLITS:
            return False
        counts = [values[name] for name in ("records", "draws", "hits", "exposed")]
        shares = [values["rate_interval"], values["share_interval"]]
        return (
            all(type(one) is int and 0 <= one < 2**53 for one in counts)
            and values["records"] > 0
            and all(isinstance(one, list) and len(one) == 2 for one in shares)
            and all(type(one) in (int, float) and 0 <= one <= 1 for pair in shares for one in pair)
            and type(values["by_chance"]) in (int, float)
            and 0 <= values["by_chance"] <= values["records"]
        )

    @property
    def share(self) -> float:
        """The share of the split's records that came out, 0 to 1; 0 without any."""
        return self.exposed / self.records if self.records else 0.0


def by_chance(records: int, draws: int, size: float) -> float:
    """How many of some records are expected among draws that find each of `size` codes alike.

    records * (1 - (1 - 1 / size)^draws)

    >>> round(by_chance(12_000, 1_000_000, 783_889_600), 1)
    15.3
    """
    return -records * expm1(draws * log1p(-1 / size)) if size > 1 else float(records)


def exposures(bundle: Bundle, hits: Counter[str], draws: int) -> tuple[Exposure, ...]:
    """The exposure of each split with records, given how often each record came out in draws."""
    records, size = bundle.records, bundle.preset.data.size
    codes = np.array(list(hits), records.codes.dtype)
    times = np.array(list(hits.values()), np.int64)
    rows = records.rows_of(codes)
    split, times = records.split[rows[rows >= 0]], times[rows >= 0]
    of = {name: times[split == name] for name in SPLITS}
    return tuple(
        Exposure.of(name, n, draws, int(of[name].sum()), len(of[name]), size)
        for name, n in records.sizes().items()
        if n
    )


def hits_among(bundle: Bundle, codes: Codes) -> Counter[str]:
    """How often each record is among codes (n,)."""
    return Counter(codes[bundle.records.contains(codes)].tolist())
