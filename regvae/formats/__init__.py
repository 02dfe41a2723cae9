"""Formats of codes: the characters allowed, parsing, display, and attributes."""

import tomllib
from importlib import resources
from typing import Any

from regvae.formats.codes import SPLITS as SPLITS
from regvae.formats.codes import Codes as Codes
from regvae.formats.columns import CodeTable as CodeTable
from regvae.formats.columns import Own as Own
from regvae.formats.definition import of_definition as of_definition
from regvae.formats.definition import read as read
from regvae.formats.format import Attribute as Attribute
from regvae.formats.format import Format as Format
from regvae.formats.pattern import FormatError as FormatError
from regvae.formats.reading import Dropped as Dropped
from regvae.formats.reading import Reading as Reading
from regvae.formats.reading import ReadingError as ReadingError
from regvae.formats.reading import read_codes as read_codes
from regvae.formats.tables import TableError as TableError
from regvae.formats.uk_registration import UK_REGISTRATION as UK_REGISTRATION

_BUILT_IN = resources.files(__package__).joinpath("built_in")

FORMATS: dict[str, Format] = {
    one.name: one
    for one in (
        UK_REGISTRATION,
        *(
            of_definition(tomllib.loads(file.read_text("utf-8")))
            for file in sorted(_BUILT_IN.iterdir(), key=lambda file: file.name)
        ),
    )
}
"""Every built-in format by its name."""


def format_named(name: str) -> Format:
    """The built-in format of that name. Raises `FormatError` listing the names that exist."""
    if not isinstance(name, str) or name not in FORMATS:
        raise FormatError(
            f"expected the name of a format ({', '.join(FORMATS)}), got {str(name)[:40]!r}; choose "
            "one of them"
        )
    return FORMATS[name]


def format_of(given: Any) -> Format:
    """The format of `Format.to_dict`. Raises `FormatError` for what is none."""
    return of_definition(given) if isinstance(given, dict) else format_named(given)
