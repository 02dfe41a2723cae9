"""Codes to train on: a preset's own, or a person's, whose format is found and can be corrected."""

TRAIN_ON = "Train on"
KINDS = {"preset": "the preset's regs", "own": "your own codes"}
FILE = (
    "A file of codes",
    "CSV, TSV, text, Parquet or Excel (.xlsx), with the codes in one column; their format is "
    "found. Further columns of numbers, dates or classes can be used too. At least {fewest} "
    "different codes; a twelfth is held out for validation, and another for test.",
)
TEXT = ("or a text", "One code a line, or lines pasted from a table.")
USE_TEXT = "Use this text"
PASTED = "pasted text"
NO_TEXT = "Expected codes in the box, got none; paste some"

FITS = "**{fits:,} of {rows:,} lines**{column} are {plural} of the pattern {pattern}."
COLUMN_OF = " of the column *{column}*"
NUMBERED_OF = " of *{column}*"
BUILT_IN = "the format is {name}, one of those built in"
COUNTS = (
    "{n:,} different {plural}: {train:,} to train on, {held_out:,} each for validation and test"
)
CHECK = "check characters found: {kind}, {at}; they are computed, not learned"
POSITION, POSITIONS = "position {}", "positions {}"
ATTRIBUTES = "further columns, to colour and to order by: {names}"
LEFT_OUT = "left out: {columns}"

CORRECT = "Correct it"
FORMAT = ("Format", "The one that was found, or one of those built in.")
FOUND = "as found: {pattern}"
CHOOSE = "choose one"
PATTERN = (
    "Pattern",
    "A class such as [A-Z] or [0-9] is a position, {3} repeats it, ? lets it be empty. A letter or "
    "digit by itself is always the same; other characters are separators, which may be left out.",
)
ONE, SEVERAL = "code", "codes"
NOUN = ("One of them is called", "A word or two, such as: part number.")
PLURAL = ("Several are called", "Such as: part numbers.")

LOOK_LIKE = (
    "{fits:,} of {rows:,} lines are {plural} such as {example}, of the pattern {pattern}. This "
    "model has learned another format."
)
TOO_FEW = "For a model of their own they are too few: at least {fewest} different ones are needed."
TRAIN_ON_THESE = "Train a model on these"
