"""The audit of a model beside its bundle, where pages and other programs find it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from regvae.audit.html import html
from regvae.audit.report import SCHEMA
from regvae.model.store import BundleError, manifest_hash, resolve, write_atomically

AUDIT = "audit.json"
"""The file in a bundle's folder. The manifest does not list it, as it is about the manifest."""

_DAMAGED = (OSError, ValueError, LookupError, TypeError, AttributeError)


def store_audit(found: Mapping[str, Any], name_or_path: str | Path) -> Path:
    """Write an audit, as `Audit.to_dict` has it, into the folder of its bundle.

    One with more shadow models, whose training took long, is kept. Raises `BundleError` if there is
    no such bundle or the audit is of another, `OSError` if the folder cannot be written.
    """
    folder = resolve(name_or_path)
    if found["bundle"]["sha256"] != manifest_hash(folder):
        raise BundleError(
            f"expected an audit of {folder}, got one of another bundle; audit it again"
        )
    before = stored_audit(folder)
    if before is None or before["shadows"] <= found["shadows"]:
        write_atomically(folder / AUDIT, as_json(found))
    return folder / AUDIT


def as_json(found: Mapping[str, Any]) -> bytes:
    """An audit as its file has it."""
    return (json.dumps(found, indent=1, allow_nan=False) + "\n").encode()


def stored_audit(name_or_path: str | Path) -> dict[str, Any] | None:
    """The audit of a bundle as it is now; None if there is none, or it is damaged or of another
    version of the bundle. Raises `BundleError` if there is no such bundle."""
    folder = resolve(name_or_path)
    try:
        found = json.loads((folder / AUDIT).read_bytes())
        fits = found["schema"] == SCHEMA and found["bundle"]["sha256"] == manifest_hash(folder)
        html(found).encode()  # whoever shows it relies on all of its parts
    except (*_DAMAGED, ArithmeticError, RecursionError):
        return None
    return found if fits else None
