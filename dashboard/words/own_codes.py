"""A person's own codes: how they are brought, what the model does with them, their table."""

TITLE = "Your codes"
INTRO = """
Put codes of your own on the map: a list, or a table with a column of them. They stay in this
session, are never written to disk, and are gone when the page is closed or loaded again.
"""
FILE = (
    "A file",
    "CSV, text, Parquet or Excel (.xlsx). The column with the most codes is taken. A first line "
    "without a code is a header. At most {most:,} lines, or codes in a list.",
)
TEXT = (
    "or a text",
    "One code a line; or several a line, with spaces, commas or semicolons between them; or lines "
    "pasted from a table with its other columns.",
)
SHOW = "Show on the map"
PASTED = "The pasted text"
NO_TEXT = "Expected codes in the box, got none; paste some."

DROPPED = "What was dropped, line by line"
COLUMN = "Column of the codes"
COLOUR = "Colour them by"
PLAIN = "one colour"
YOURS = "codes"
LEGEND = "Your codes: {label}"
IN_DATA = "part of the data"
EXACT = "reconstructed exactly"
P_VALUE = "p-value"
P_VALUE_HELP = (
    "Of the held-out records and the code itself, the share that lies where the training records "
    "are no denser than there. Low: hardly any held-out record lies in such a place. A training "
    "record has none, as it is part of what is compared with."
)
NO_RECORD = "no record"
YES, NO = "yes", "no"

FILTER = "Show only"
NO_FILTER = "all"
CLASSES = "{label}: show"
EVERY = "all"
RANGE = ("{label}: from", "to")
SHOWN = "{shown:,} of {n:,} shown"
LINE, CODE, RECONSTRUCTION, IS_EXACT = "line", "code", "reconstruction", "exact"

DOWNLOADS = "Download all of them with their latent coordinates"
DOWNLOADS_SHOWN = "Download the {shown:,} that are shown, with their latent coordinates"

REGION = "**{n:,} of your {of:,} codes** lie in this region"
