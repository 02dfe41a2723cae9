"""`regvae formats`: the built-in formats, one of them in full, and one inferred from a file."""

import math
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from regvae.cli.arguments import ColumnOption, JsonOption
from regvae.cli.output import UsageError, check_writable, console, print_json, write_atomically
from regvae.formats import FORMATS, Format, definition
from regvae.formats.finding import Found, find

app = typer.Typer(add_completion=False, help="Formats of codes: list, show, or infer one.")
_LISTED = 10


@app.callback(invoke_without_command=True)
def formats(context: typer.Context, as_json: JsonOption = False) -> None:
    """List the built-in formats."""
    if context.invoked_subcommand:
        return
    if as_json:
        print_json([_summary(one) for one in FORMATS.values()])
        return
    width = max(map(len, FORMATS))
    for one in FORMATS.values():
        console.print(f"{one.name:<{width}}  {one.shown(one.example):<28}{one.layout}")


@app.command()
def show(
    format: Annotated[str, typer.Argument(help="a format's name, or a TOML file")],
    as_json: JsonOption = False,
) -> None:
    """Show one format: its pattern, its check characters, its attributes."""
    found = format_given(format)
    summary = _summary(found)
    if as_json:
        print_json(summary)
        return
    for key, value in summary.items():
        if key == "attributes":
            for name, one in value.items():
                console.print(f"  {name:<20}{one['kind']:<10}{one['label']}")
        else:
            label = "attributes" if key == "attributes" else key.replace("_", " ")
            console.print(f"{label:<12}{value}")


@app.command()
def infer(
    file: Annotated[Path, typer.Argument(help="a CSV, text, Parquet or Excel file of codes")],
    column: ColumnOption = None,
    as_json: JsonOption = False,
    out: Annotated[Path | None, typer.Option(help="write the format as a TOML file")] = None,
) -> None:
    """Infer the format of a column: alphabets, what may be empty, check characters."""
    if out:
        check_toml_name(out)
    found = find(file.read_bytes(), str(file), column)
    if as_json:
        print_json(_inferred(found))
    else:
        _print_inferred(found)
    if out:
        write_atomically(out, lambda sink: sink.write(definition.to_toml(found.format).encode()))
        if not as_json:
            console.print(f"wrote {out}; name its noun and plural there, and attributes")


def format_given(text: str) -> Format:
    """The built-in format of a name, or that of a TOML file. Raises `UsageError` for neither, and
    `FormatError` for a file that is none."""
    if text in FORMATS:
        return FORMATS[text]
    path = Path(text)
    if path.suffix == ".toml":
        return definition.read(path)
    raise UsageError(
        f"expected a format ({', '.join(FORMATS)}) or a .toml file, got {text[:60]!r}; choose one"
    )


def check_toml_name(path: Path) -> None:
    """Raises `UsageError` unless the path can be written and ends in .toml."""
    if path.suffix != ".toml":
        raise UsageError(f"expected a name that ends in .toml, got {str(path)!r}; change it")
    check_writable(path)


def _summary(format: Format) -> dict[str, Any]:
    """What there is to know of a format, for JSON."""
    choices = math.prod(len(format.alphabets[position]) for position in format.learned)
    found = {
        "name": format.name,
        "noun": format.noun,
        "plural": format.plural,
        "pattern": str(format.pattern),
        "layout": format.layout,
        "example": format.shown(format.example),
        "learned": len(format.learned),
        "codes": choices,
        "check": format.check.kind if format.check else "none",
        "excluded": ", ".join(f"{text} at {place + 1}" for place, text in format.excluded)
        or "none",
    }
    attributes = {
        name: {"kind": one.kind, "label": one.label} for name, one in format.attributes.items()
    }
    return found | {"attributes": attributes}


def _inferred(found: Found) -> dict[str, Any]:
    """What was inferred, for JSON; `exceptions` are line numbers of the file."""
    return {
        "file": found.name,
        "column": found.column,
        **asdict(found.inferred),
        "exceptions": list(found.exceptions),
    }


def _print_inferred(found: Found) -> None:
    inferred, format = found.inferred, found.format
    console.print(f"{'column':<12}{found.column}")
    console.print(f"{'pattern':<12}{inferred.pattern}")
    console.print(f"{'layout':<12}{format.layout}")
    console.print(f"{'check':<12}{inferred.check or 'none found'}")
    console.print(f"{'examples':<12}{', '.join(inferred.examples)}")
    console.print(f"{'covered':<12}{inferred.covered:.4f} of the lines")
    if found.exceptions:
        more = inferred.exceptions_total - _LISTED
        rest = f" and {more:,} more" if more > 0 else ""
        shown = ", ".join(map(str, found.exceptions[:_LISTED]))
        console.print(f"{'exceptions':<12}lines {shown}{rest}")
    for note in inferred.notes:
        console.print(f"- {note}")
