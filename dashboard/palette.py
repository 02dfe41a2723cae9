"""The colours of the map and the charts, which colour-blind people can tell apart too."""

from typing import Any, Final

BELOW, ABOVE = "#E07B39", "#2F6DB5"
"""The two classes of a boolean attribute: false, true."""

MODELS: Final = ("#7C8691", "#7D5BBE", "#2E9E6B")
"""The published figures and two of ours; no colour is that of a class on the map."""

SPLITS: Final = (*MODELS[1:], "#C2497D")
"""Training, validation and test data."""

SYMBOLS: Final = ("circle", "diamond", "x")
"""Their markers, so that colour is never the only difference."""

RULES: Final = (*SPLITS, "#B8960C", "#29A3B5")
RULE_SYMBOLS: Final = (*SYMBOLS, "square", "triangle-up")
"""Acceptance rules in one chart, in their order, and their markers."""

DIMENSIONS: Final = MODELS[1:]
"""Latent dimensions in one chart; there are never more."""

PLATE_YELLOW: Final = "#F7D117"

WHEEL: Final = (
    *("#2F6DB5", "#E07B39", "#2E9E6B", "#C2497D", "#7D5BBE", "#B8960C"),
    *("#29A3B5", "#D64541", "#7A8B2A", "#8C6A4F", "#5B7BD6", "#D08AC0"),
)
"""Twelve colours for many classes; further classes repeat them with other markers."""

SCALE: Final = ("#2D3A8C", "#2F7FB5", "#3FB28F", "#A9CF4A", "#F7D117")
"""Low to high, for numbers."""

UNWANTED_RED: Final = "#D7263D"
UNWANTED_ON_DARK: Final = "#FF6170"
"""The same for text on a dark page, where the other is too dim to read."""
REJECTED_GREY: Final = "rgba(128,128,128,0.8)"
OUTLINE: Final = "#1B1B1B"
ACCEPTED, ACCEPTED_ON_DARK = OUTLINE, "#F2F2F2"
"""Accepted samples: ink, which is no class's colour."""
DENSITY, DENSITY_ON_DARK = "#7A35C4", "#B98CFF"
"""Where the records are dense: a violet that nothing else on the map has."""

MISSING = "#BC7F93"
"""No value: on no scale, and no grey, which is what is rejected."""

CSS: Final = (
    f":root {{ --plate: {PLATE_YELLOW}; --unwanted: {UNWANTED_RED}; "
    f"--rejected: {REJECTED_GREY}; --outline: {OUTLINE}; }}"
    f".stApp {{ --alarm: light-dark({UNWANTED_RED}, {UNWANTED_ON_DARK}); "
    f"--accepted: light-dark({ACCEPTED}, {ACCEPTED_ON_DARK}); "
    f"--density: light-dark({DENSITY}, {DENSITY_ON_DARK}); }}"
)
"""The same colours for style.css."""

MAP: Final[dict[str, Any]] = {
    "wheel": list(WHEEL),
    "scale": list(SCALE),
    "plate": PLATE_YELLOW,
    "rejected": REJECTED_GREY,
    "outline": OUTLINE,
    "zone": [128, 128, 136],
    "missing": MISSING,
    # These differ, as each would be too dim on the other background.
    "light": {
        "classes": ["#CC6320", ABOVE],
        "accepted": ACCEPTED,
        "impure": UNWANTED_RED,
        "search": "#D012C8",
        "own": "#00A878",
        "density": DENSITY,
    },
    "dark": {
        "classes": [BELOW, "#5C9BE6"],
        "accepted": ACCEPTED_ON_DARK,
        "impure": UNWANTED_ON_DARK,
        "search": "#FF7BF5",
        "own": "#3DDC97",
        "density": DENSITY_ON_DARK,
    },
}
