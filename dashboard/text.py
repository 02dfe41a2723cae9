"""The words a user reads."""

EXPLORE = "Explore"
READ = "What am I looking at?"
FIGURES = "How good is it?"

WELCOME = """
**Every dot is a car registration** that the model has learned, placed where the model keeps it.

- **Point** anywhere: the plate above the map shows what that spot decodes to.
- **Click** to pin a spot here and see its neighbours.
- **Box** or **Lasso**, then drag, to see what a region has in common.
- **Drag the threshold** to reject everything near an unwanted reg.

New to this? Read *What am I looking at?* above.
"""

COLOUR_LABEL = "Colour by"
SEARCH_LABEL = "Find a reg"
SEARCH_PLACEHOLDER = "Find a reg: AB12 CDE"
POINT_LABEL = "Go to a point"
POINT_PLACEHOLDER = "Go to a point: 0.5, -1.2"
SAMPLING_BUTTON = "Rejection sampling"
UNWANTED_LABEL = "Unwanted"
UNWANTED_HELP = (
    "Which regs to stay clear of: `attribute op value`, such as `number < 50`, `area == london` or "
    "`first_letter in A, B`. Join several with `and`."
)
THRESHOLD = (
    "Threshold",
    "Accept a point only if it is farther than this from every unwanted record. The distance is "
    "Mahalanobis's: measured in each record's own sigmas.",
)
SAMPLES = (
    "Samples to propose",
    "How many points to draw. The command line takes more than the page can draw.",
)
BOX = (
    "Half-width of the box",
    "Points are proposed uniformly in a square from minus this to plus this.",
)
SEED = ("Seed", "The same seed proposes the same points.")

KEYBOARD = "Without a mouse"
KEYBOARD_HELP = """
Tab to the map: the arrow keys move the reading point (with Shift in small steps), Enter pins it,
Escape clears the region. The slider takes the arrow keys too.
"""
BOX_CORNERS_LABEL = "Select a box: x, y, x, y of two corners"

PINNED = "Pinned point"
CANDIDATES_HELP = "How sure the decoder is of each character; the likeliest are on top."
NEAREST = "Nearest records"
DISTANCE_HELP = "Mahalanobis distance: in sigmas of the record it is measured from."

REGION = "Region"
REGION_EMPTY = "No record lies in this region. The decoder still has an answer for it:"
TYPICAL = "Commoner here than overall"
NO_TYPICAL = "No character is commoner here than overall."
SOME_REGS = "Some of its regs"
DECODE_REGION = "Decode 50 new regs from this region"
CLEAR = "Clear"
SEARCHED = "Searched reg"
MEMBERSHIP = {
    "train": "in the training data",
    "validation": "in the validation data: the model never trained on it",
    "test": "in the test data: the model never trained on it",
    None: "not in the data: the model has never seen it",
}


def accepted(distance: float, threshold: float) -> str:
    """Whether the threshold accepts a point, and why."""
    if distance > threshold:
        return f"**Accepted**: {distance:.2f} is farther than the threshold of {threshold:.2f}."
    return f"**Rejected**: {distance:.2f} is within the threshold of {threshold:.2f}."
