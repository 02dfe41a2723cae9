"""Every key that outlives a rerun, and its default. Keys of bound widgets are also URL parameters."""

from typing import Final

BUNDLE: Final = "model"
COLOUR: Final = "colour"
UNWANTED: Final = "unwanted"
SAMPLES: Final = "samples"
BOX: Final = "box"
SEED: Final = "seed"
THRESHOLD: Final = "threshold"
SEARCH: Final = "reg"
POINT: Final = "point"
MAP: Final = "map"
DECODED: Final = "decoded"

DEFAULTS: Final = {
    BUNDLE: "notebook-2d",
    COLOUR: "at_least_50",
    UNWANTED: "number < 50",
    SAMPLES: 1000,
    BOX: 3.0,
    SEED: 0,
    THRESHOLD: 2.5,
    SEARCH: "",
    POINT: "",
}

MAX_SAMPLES: Final = 20_000
"""On the page: every sample is drawn. The command line has no picture and takes many more."""
MAX_THRESHOLD: Final = 6.0
THRESHOLD_STEP: Final = 0.01
