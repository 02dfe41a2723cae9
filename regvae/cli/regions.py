"""`regvae regions`: where a decoder of two latent dimensions decodes to wanted codes, exactly."""

import json
import time
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from regvae.cli.arguments import BundleArgument, JsonOption
from regvae.cli.output import (
    UsageError,
    check_writable,
    console,
    notes,
    print_json,
    write_atomically,
)
from regvae.model import bundle as bundles
from regvae.rejection.decision_regions import DecisionRegions
from regvae.rejection.unwanted import Unwanted

_KINDS = (".geojson", ".json")

_Wanted = Annotated[
    list[str] | None,
    typer.Option("--wanted", "--predicate", help="such as 'number >= 50'; repeat for 'and'"),
]
_Unwanted = Annotated[
    list[str] | None,
    typer.Option(help="instead or as well: such as 'number < 50'; repeat for 'and'"),
]
_Box = Annotated[float, typer.Option(help="half-width of the box that is divided")]
_Out = Annotated[Path | None, typer.Option(help="also write the polygons to a .geojson file")]


def regions(
    bundle: BundleArgument,
    wanted: _Wanted = None,
    unwanted: _Unwanted = None,
    box: _Box = 3.0,
    as_json: JsonOption = False,
    out: _Out = None,
) -> None:
    """Divide the map exactly where what is decoded changes: the share that is wanted, polygons."""
    if out:
        _check_name(out)
    loaded = bundles.load(bundle)
    unwanted_set = Unwanted.of(unwanted or [], wanted=wanted or [], format=loaded.format)
    if not loaded.released:
        unwanted_set.check_sides(
            unwanted_set.of_records(loaded.records), unwanted_set.unseen(loaded.records)
        )
    start = time.perf_counter()
    found = DecisionRegions.of(loaded, unwanted_set, box)
    figures = _figures(found, time.perf_counter() - start)
    if as_json:
        print_json({"bundle": loaded.name, "unwanted": str(unwanted_set), **figures})
    else:
        for key, value in figures.items():
            shown = f"{value:.6f}" if isinstance(value, float) else f"{value:,}"
            console.print(f"{key.replace('_', ' '):<25}{shown}")
    if out:
        text = json.dumps(_features(found), allow_nan=False)
        write_atomically(out, lambda sink: sink.write(f"{text}\n".encode()))
        # After JSON the note goes to standard error, so that another program can read the JSON.
        (notes if as_json else console).print(f"wrote {out}: {len(found.codes):,} polygons")


def _check_name(path: Path) -> None:
    if path.suffix not in _KINDS:
        raise UsageError(f"expected a name that ends in .geojson, got {str(path)!r}; change it")
    check_writable(path)


def _figures(found: DecisionRegions, seconds: float) -> dict[str, Any]:
    lengths = found.edge.lengths
    return {
        "box": found.half_width,
        "pieces": found.pieces,
        "polygons": len(found.codes),
        "polygons_wanted": int(found.wanted.sum()),
        "share_wanted": found.share_wanted,
        "edge_length": float(lengths.sum()),
        "longest_edge": float(np.max(lengths, initial=0)),
        "seconds": seconds,
    }


def _features(found: DecisionRegions) -> dict[str, Any]:
    """The regions as GeoJSON (RFC 7946), in latent coordinates: a feature each."""
    rows = zip(found.codes, found.wanted, found.areas, found.polygons(), strict=True)
    features = [
        {
            "type": "Feature",
            "properties": {"code": str(code), "wanted": bool(wanted), "area": float(area)},
            "geometry": {
                "type": "Polygon",
                "coordinates": [[*ring.tolist(), ring[0].tolist()] for ring in rings],
            },
        }
        for code, wanted, area, rings in rows
    ]
    return {"type": "FeatureCollection", "features": features}
