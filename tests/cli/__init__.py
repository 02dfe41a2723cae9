"""Tests of the command line."""


def joined(text: str) -> str:
    """The text with single blanks for all white space, so that line breaks do not matter."""
    return " ".join(text.split())
