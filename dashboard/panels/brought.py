"""What a person brought to a page, a file or a text, and what the session has computed of it."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import streamlit as st

T = TypeVar("T")

KINDS = ["csv", "tsv", "txt", "parquet", "xlsx"]
LARGEST_FILE = 20  # MB, as the server's limit


@dataclass(frozen=True)
class Source:
    """What a person brought: the bytes of a file or a text, and the column that they chose."""

    name: str
    content: bytes
    column: str | None = None

    @cached_property
    def key(self) -> str:
        """What is different for any other source: for keys of widgets that belong to this one."""
        parts = (self.name.encode(), (self.column or "").encode(), self.content)
        return hashlib.sha256(b"\n".join(parts)).hexdigest()[:12]


def stored(key: str, of: Any, compute: Callable[[], T]) -> T:
    """A value that the session has of something, or computes if it has that of something else."""
    held = st.session_state.get(key)
    if held is None or held[0] != of:
        held = st.session_state[key] = (of, compute())
    return held[1]
