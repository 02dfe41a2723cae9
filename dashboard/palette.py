"""The colours of the map and the charts, chosen to stay apart for colour-blind eyes too."""

from typing import Any, Final

BELOW, ABOVE = "#E07B39", "#2F6DB5"
"""The two classes of a yes-or-no attribute: no, yes."""

MODELS: Final = ("#7C8691", "#7D5BBE", "#2E9E6B")
"""What was published, and two of ours: none of the colours that mean a class on the map."""

SPLITS: Final = (*MODELS[1:], "#C2497D")
"""Training, validation and test data; and three rules in one chart."""

SYMBOLS: Final = ("circle", "diamond", "x")
"""Their markers: no colour stands alone for those who see few."""

DIMENSIONS: Final = MODELS[1:]
"""Latent dimensions in one chart: no more than these."""

PLATE_YELLOW: Final = "#F7D117"

WHEEL: Final = (
    *("#2F6DB5", "#E07B39", "#2E9E6B", "#C2497D", "#7D5BBE", "#B8960C"),
    *("#29A3B5", "#D64541", "#7A8B2A", "#8C6A4F", "#5B7BD6", "#D08AC0"),
)
"""Twelve colours for many classes; when they come round again the marker's shape differs."""

SCALE: Final = ("#2D3A8C", "#2F7FB5", "#3FB28F", "#A9CF4A", "#F7D117")
"""Low to high, for numbers."""

UNWANTED_RED: Final = "#D7263D"
UNWANTED_ON_DARK: Final = "#FF6170"
"""The same for words on a dark page, where the other is too dim to read."""
REJECTED_GREY: Final = "rgba(128,128,128,0.8)"
OUTLINE: Final = "#1B1B1B"

CSS: Final = (
    f":root {{ --plate: {PLATE_YELLOW}; --unwanted: {UNWANTED_RED}; "
    f"--rejected: {REJECTED_GREY}; --outline: {OUTLINE}; }}"
    f".stApp {{ --alarm: light-dark({UNWANTED_RED}, {UNWANTED_ON_DARK}); }}"
)
"""The same colours for style.css."""

MAP: Final[dict[str, Any]] = {
    "wheel": list(WHEEL),
    "scale": list(SCALE),
    "accepted": PLATE_YELLOW,
    "rejected": REJECTED_GREY,
    "outline": OUTLINE,
    "zone": [128, 128, 136],
    "missing": "#8A8A8A",
    # What would be too dim on the other ground.
    "light": {"classes": ["#CC6320", ABOVE], "impure": UNWANTED_RED, "search": "#D012C8"},
    "dark": {"classes": [BELOW, "#5C9BE6"], "impure": UNWANTED_ON_DARK, "search": "#FF7BF5"},
}
