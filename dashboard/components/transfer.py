"""What goes to the browser: tables, each sent once.

Tables are sent through mounts of their own, whose content does not change from one rerun to the
next, so that Streamlit sends them once; the mount of the component that uses them stays small.
"""

import hashlib
from typing import Any

import pandas as pd
import pyarrow as pa
import streamlit as st


def module_script(module: str) -> str:
    """The `js` of a component whose module is in `static/`.

    It is sent with every message, so it only loads that module. It needs two lines: Streamlit takes
    a single line for a path.
    """
    url = f"new URL('app/static/{module}', document.baseURI).href"
    return (
        f"const module = import({url});\nexport default async (c) => (await module).default(c);\n"
    )


_transfer = st.components.v2.component("regvae_transfer", js=module_script("shared/store.js"))


def send(slot: str, version: str, **content: Any) -> None:
    """Send tables and JSON to the browser under a name, where `take` of store.js finds them."""
    send_own(slot, version, **_with_arrow(slot, version, content))


def send_own(slot: str, version: str, **content: Any) -> None:
    """The same for what is one session's alone: Arrow tables and JSON, which no cache stores."""
    _transfer(key=f"send-{slot}", data={"name": slot, "version": version, **content})


@st.cache_resource(max_entries=32, show_spinner=False)
def _with_arrow(slot: str, version: str, _content: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG001
    """Content with its tables in Arrow's format: converted once, not at every rerun."""
    return {
        name: pa.Table.from_pandas(value, preserve_index=False)
        if isinstance(value, pd.DataFrame)
        else value
        for name, value in _content.items()
    }


def reference(slot: str, table: Any) -> dict[str, str] | None:
    """The name and the version under which the browser finds what was sent; None for nothing."""
    return {"name": slot, "version": table.version} if table else None


def version_of(*tables: pd.DataFrame) -> str:
    """A text that differs if anything in the tables does."""
    digest = hashlib.sha256()
    for table in tables:
        digest.update(pd.util.hash_pandas_object(table, index=False).to_numpy().tobytes())
        digest.update(" ".join(map(str, table.columns)).encode())
    return digest.hexdigest()[:16]


def coordinates(z: Any) -> pd.DataFrame:
    """Latent points (n, k) as a table with a column for each coordinate: z_1, z_2, …"""
    return pd.DataFrame({f"z_{i}": column for i, column in enumerate(z.T, start=1)})
