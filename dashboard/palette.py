"""The colours of the map and the charts, chosen to stay apart for colour-blind eyes too."""

from typing import Final

BELOW, ABOVE = "#E07B39", "#2F6DB5"
"""The two classes of a yes-or-no attribute: no, yes."""

MODELS: Final = ("#9AA3AD", "#7D5BBE", "#2E9E6B")
"""What was published, and two of ours: none of the colours that mean a class on the map."""

PLATE_YELLOW: Final = "#F7D117"

WHEEL: Final = (
    *("#2F6DB5", "#E07B39", "#2E9E6B", "#C2497D", "#7D5BBE", "#B8960C"),
    *("#29A3B5", "#D64541", "#7A8B2A", "#8C6A4F", "#5B7BD6", "#D08AC0"),
)
"""Twelve colours for many classes; when they come round again the marker's shape differs."""

SCALE: Final = ("#2D3A8C", "#2F7FB5", "#3FB28F", "#A9CF4A", "#F7D117")
"""Low to high, for numbers."""

MAP: Final = {
    "classes": [BELOW, ABOVE],
    "wheel": list(WHEEL),
    "scale": list(SCALE),
    "accepted": PLATE_YELLOW,
    "impure": "#D7263D",
    "rejected": "rgba(128,128,128,0.55)",
    "outline": "#1B1B1B",
    "search": "#D012C8",
    "missing": "#8A8A8A",
}
