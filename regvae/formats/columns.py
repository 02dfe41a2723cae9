"""Codes with further columns of a file: numbers, dates and classes, as attributes of the codes."""

import hashlib
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from regvae.formats import codes as _codes
from regvae.formats.codes import Codes
from regvae.formats.format import Attribute, Format
from regvae.formats.pattern import NONE

MOST_CLASSES = 48
"""Different values up to which a column of texts, and what colours a map, has classes: more texts
are names or notes."""
_LONGEST_NAME, _LONGEST_TEXT = 60, 80
_RESERVED = ("reg", "code", "split", "wanted", "what is wanted")
"""Names that tables of records, and the choice of a colour, have for something else."""
_OF_GAUSSIANS = re.compile(r"(mean|sigma|z)_\d+")
_DATES = (
    (r"\d{4}-\d\d-\d\d", "%Y-%m-%d"),
    (r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?", "ISO8601"),
    (r"\d{1,2}/\d{1,2}/\d{4}", "%d/%m/%Y"),
    (r"\d{1,2}/\d{1,2}/\d{4}", "%m/%d/%Y"),
    (r"\d{1,2}\.\d{1,2}\.\d{4}", "%d.%m.%Y"),
)
"""How dates are written: what they look like, and how pandas reads them."""
_COMMA = r"[-+]?(0|[1-9]\d*)(,\d+)?"
_THOUSANDS = r"[-+]?[1-9]\d{0,2},\d{3}"
"""Numbers with a decimal comma, and those that may have it between thousands instead."""


@dataclass(frozen=True)
class CodeTable:
    """n different codes of a `format` in alphabetical order, with further `columns` of n rows.

    A column is a float64 number (NaN for none), a date (NaT for none), or a text ("" for none) of
    at most `MOST_CLASSES` different ones; each has two different values or more. `left_out` tells,
    by name, why a given column is none of these.
    """

    format: Format
    codes: Codes
    columns: pd.DataFrame = field(default_factory=pd.DataFrame)
    left_out: Mapping[str, str] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, own: "Own", format: Format) -> "CodeTable":
        """Normalised codes without further columns, or a table as it is."""
        if isinstance(own, CodeTable):
            return own
        return cls(format, _codes.distinct(format.array(own)))

    @classmethod
    def with_columns(cls, format: Format, codes: Codes, further: pd.DataFrame) -> "CodeTable":
        """Different normalised codes (n,), with those of some columns that can be attributes.

        `further` has n rows of numbers or texts, such as `Reading.further`. A name that the format
        or a table of records has already gets "given " before it.
        """
        order = np.argsort(codes, kind="stable")
        columns: dict[str, pd.Series] = {}
        left_out: dict[str, str] = {}
        taken = [*_RESERVED, *format.attributes, *(a.label for a in format.attributes.values())]
        for label, series in further.items():
            name = _free_name(str(label), [*taken, *columns])
            found = typed(series.iloc[order].reset_index(drop=True))
            if reason := _unusable(found):
                left_out[str(label)] = reason
            else:
                columns[name] = found
        table = pd.DataFrame(columns, index=range(len(order)) if columns else None)
        return cls(format, format.array(codes)[order], table, left_out)

    @classmethod
    def read(cls, content: bytes, format: Format) -> "CodeTable":
        """The inverse of `to_parquet`. Raises `ValueError` for other bytes, and other codes."""
        try:
            table = pd.read_parquet(io.BytesIO(content))
            codes = table.pop(format.column).to_numpy(str)
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise ValueError(
                f"expected a Parquet table of {format.plural}, got an error ({error}); make it "
                "again"
            ) from error
        if not format.are_normalised(codes.tolist()).all():
            raise ValueError(f"expected {format.plural}, got others; make the table again")
        return cls(format, format.array(codes), table)

    def to_parquet(self) -> bytes:
        """The codes and their columns as a Parquet file."""
        table = pd.DataFrame({self.format.column: self.codes})
        return pd.concat([table, self.columns], axis=1).to_parquet(index=False)

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the further columns."""
        return tuple(map(str, self.columns.columns))

    @cached_property
    def attributes(self) -> dict[str, Attribute]:
        """The attributes of the format, and then the columns, by name."""
        return attributes_of(self.format, self.codes, self.columns)

    def sha256(self) -> str:
        """The sha256 of the codes, and of the columns if there are any, in hexadecimal."""
        found = _codes.sha256(self.codes)
        if not self.names:
            return found
        parts = [found, *(f"{name}\n{_digest(one)}" for name, one in self.columns.items())]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def rows(self, codes: Codes) -> pd.DataFrame:
        """The columns of some of the codes (m,), in their order."""
        if not self.names:
            return pd.DataFrame()
        places = np.searchsorted(self.codes, codes)
        return self.columns.iloc[places].reset_index(drop=True)

    def sentences(self) -> list[str]:
        """Which columns are attributes, and why the others are left out."""
        found = [f"further columns, as attributes: {', '.join(self.names)}"] if self.names else []
        return found + [f"left out the column {name}: {why}" for name, why in self.left_out.items()]


Own = CodeTable | Sequence[str] | Codes
"""A person's own normalised codes, in any order, with further columns or without."""


def attributes_of(format: Format, codes: Codes, columns: pd.DataFrame) -> dict[str, Attribute]:
    """The attributes of a format, and then the columns of different codes (n,), in any order, by
    name."""
    further = {str(name): attribute_of(str(name), codes, one) for name, one in columns.items()}
    return {**format.attributes, **further}


def attribute_of(name: str, codes: Codes, series: pd.Series) -> Attribute:
    """A `typed` column of different codes (n,) as an attribute, looked up by the code.

    Codes that are not among them have no value. A date is a number, of days since 1970.
    """
    rows_of = _codes.finder(codes)
    scale = is_scale(series)
    held, nothing = (_numbers(series), np.nan) if scale else (_texts(series), NONE)

    def values(asked: Codes) -> NDArray:
        rows = rows_of(asked)
        return np.where(rows >= 0, held[rows], nothing)

    if scale:
        kind = "date" if is_date(series) else "number"
        return Attribute(name, name, kind, values, (), is_column=True)  # type: ignore[arg-type]
    classes = sorted(set(held.tolist()) - {NONE})
    if NONE in held:
        classes.append(NONE)
    return Attribute(name, name, "category", values, (), tuple(classes), NONE, is_column=True)


def is_date(series: pd.Series) -> bool:
    """Whether a column has dates, without a time zone."""
    return pd.api.types.is_datetime64_dtype(series)


def _texts(series: pd.Series) -> NDArray[np.str_]:
    return np.array([one if one else NONE for one in series.tolist()], dtype=str)


def _numbers(series: pd.Series) -> NDArray[np.float64]:
    """Numbers, or of dates the days since 1970, with the time of day as a fraction."""
    if is_date(series):
        # Of milliseconds: nanoseconds would end in the year 2262.
        since = series.to_numpy("datetime64[ms]").astype(np.int64)
        return np.where(series.isna(), np.nan, since / 86_400_000)
    return np.asarray(series, np.float64)


# --- what a column has ----------------------------------------------------------------------------


def typed(series: pd.Series) -> pd.Series:
    """A column of numbers or texts as numbers, as dates if all its texts are, or as it is.

    Empty texts are of no value. Numbers are given as such, but for those with decimal commas, of
    which one must not look like thousands. Dates are ISO (with a time or not), or day, month and
    year with slashes or dots; with slashes the month is first only where the day cannot be.
    """
    if pd.api.types.is_numeric_dtype(series):
        numbers = series.to_numpy(np.float64, na_value=np.nan)
        return pd.Series(np.where(np.isfinite(numbers), numbers + 0.0, np.nan))  # -0 is 0
    if is_date(series):
        return series
    texts = series.fillna("").astype(str).str.strip()
    full = texts[texts != ""]
    for shape, how in _DATES if len(full) else ():
        if full.str.fullmatch(shape).all():
            found = pd.to_datetime(texts.replace("", None), format=how, errors="coerce")
            if found.notna().sum() == len(full):
                return found.astype("datetime64[s]")
    commas = full[full.str.contains(",")]
    if full.str.fullmatch(_COMMA).all() and not commas.str.fullmatch(_THOUSANDS).all():
        return pd.to_numeric(texts.str.replace(",", ".").replace("", None)).astype(np.float64)
    return texts


def is_scale(series: pd.Series) -> bool:
    """Whether a `typed` column has numbers or dates, not texts."""
    return pd.api.types.is_numeric_dtype(series) or is_date(series)


def _unusable(series: pd.Series) -> str:
    """Why a `typed` column is no attribute; "" if it is."""
    different = series.nunique()
    if is_scale(series):
        return "" if different > 1 else "it has one value"
    if different > MOST_CLASSES:
        return f"{different:,} different texts, more than {MOST_CLASSES} classes"
    if (series.str.len() > _LONGEST_TEXT).any():
        return f"texts of more than {_LONGEST_TEXT} characters are no classes"
    return "" if different > 1 else "it has one value"


def _free_name(label: str, taken: Iterable[str]) -> str:
    """A column's name on one line, and unlike those that are taken."""
    name = " ".join("".join(one if one.isprintable() else " " for one in label).split())
    name = name[:_LONGEST_NAME] or "column"
    used = {one.casefold() for one in taken}
    while name.casefold() in used or _OF_GAUSSIANS.fullmatch(name):
        name = f"given {name}"
    return name


def _digest(series: pd.Series) -> str:
    """The sha256 of a column's values, however they are stored."""
    if is_scale(series):
        return hashlib.sha256(_numbers(series).tobytes()).hexdigest()
    return _codes.sha256(series.tolist())
