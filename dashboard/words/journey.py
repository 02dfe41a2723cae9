"""Journeys: paths through the latent space."""

from regvae.formats import Format

PATH_LABEL = "Path"
PATHS = {"straight": "Straight", "density": "Along the data", "traversal": "One axis"}
PATH_HELP = {
    "straight": "The straight line between two {plural} or points. It may cross places without "
    "records.",
    "density": "A path between two {plural} or points that stays near records, where the decoder "
    "was trained.",
    "traversal": "One latent coordinate of the pinned point (or of the mean of all records) from "
    "low to high; all others are fixed.",
}
FROM = "Start"
TO = "End"
END_PLACEHOLDER = "{example}, or a point"
USE_PIN = "Use the pin"
STEPS = "Steps"
AXIS_LABEL = "Axis"
LOW = "Low"
HIGH = "High"
NO_PATH = (
    "Give both ends: {one} such as {example}, or a point. Click the map to pin a point that either "
    "can use."
)
NO_END = "expected {one} such as {example} or {coordinates}, got “{typed}”; change it"
PATH_DECODED = "**{different} in {steps} steps**"
PATH_NEAR = "; {near} of the steps have records within {within:.1f} σ"
PATH_ENDS = ". On the map a ring is the start, a square the end."
RECONSTRUCTED_AS = "{given} is reconstructed as {decoded}"
ENDS_DIFFER = "{ends}: this model does not encode every character."
PATH_HEADER = ("step", "decodes to", "least sure", "records")
NEAR = "{n:,} near"
NONE_NEAR = "none near"


def different(n: int, format: Format) -> str:
    """How many different codes there are."""
    return f"{n:,} different {format.noun if n == 1 else format.plural}"
