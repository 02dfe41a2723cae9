"""Formats of codes: the characters allowed, parsing, display, and attributes."""

from regvae.formats.codes import SPLITS as SPLITS
from regvae.formats.codes import Codes as Codes
from regvae.formats.format import Attribute as Attribute
from regvae.formats.format import Format as Format
from regvae.formats.format import FormatError as FormatError
from regvae.formats.reading import Dropped as Dropped
from regvae.formats.reading import Reading as Reading
from regvae.formats.reading import ReadingError as ReadingError
from regvae.formats.reading import read_codes as read_codes
from regvae.formats.tables import TableError as TableError
from regvae.formats.uk_registration import UK_REGISTRATION as UK_REGISTRATION

FORMATS: dict[str, Format] = {one.name: one for one in (UK_REGISTRATION,)}
"""Every built-in format by its name."""


def format_named(name: str) -> Format:
    """The built-in format of that name. Raises `FormatError` listing the names that exist."""
    if not isinstance(name, str) or name not in FORMATS:
        raise FormatError(
            f"expected the name of a format ({', '.join(FORMATS)}), got {str(name)[:40]!r}; choose "
            "one of them"
        )
    return FORMATS[name]
