"""The map, its controls, and what the panel shows of points, codes and regions."""

from regvae.formats import Format

WELCOME = """
**Every dot is {dot}**{noun}, where a neural network has put it.
"""
WELCOME_BACKGROUND = """The **background** is what the network decodes at each point, in the colours
of the dots.
"""
WELCOME_RELEASED = """
**This model was released without its records**: no dot is on the map. The background is what the
network decodes at each point.
"""
DOTS = {"reg": "a car registration"}
"""What a dot is, where the noun alone is not understood."""
WELCOME_RULE = """
Say that {plural} with {unwanted} are **unwanted**{colours}. The rule rejects points in the shaded
**zone**, up to the line; all others are **accepted**: rings on the map, and shown beside it.
"""
WELCOME_COLOURS = ": they are orange, all others are blue"
WELCOME_RULE_RELEASED = """
Say that {plural} with {unwanted} are **unwanted**{colours}. The rule decodes each point and accepts
what is clearly **wanted**: rings on the map. Which {plural} were records is not known.
"""
WELCOME_COLOURS_RELEASED = ": what decodes to them is orange, all else is blue"
GESTURES = """
- **Drag a slider** under the map and watch the zone grow.
- **Point** anywhere: above the map you read what that point decodes to. **Click** to pin it.
- **Box** or **Lasso**, then drag: what do the {plural} of a region have in common?
- *Your codes* puts a list or table of your own on the map.
- *Sample* sets what is wanted and which rule decides; *Results* generates new {plural} and checks
  them.
"""
CONTRAST = "The same rule on the notebook's map"
CONTRAST_BACK = "Back to the ordered map"
CONTRAST_WORDS = {
    "ordered-2d": "On this map training put the numbers in order along one axis, so what is far "
    "from the unwanted regs is wanted. Does the rule work on any map?",
    "notebook-2d": "On this map the rule fails: unwanted and wanted regs lie in stripes in the "
    "middle. Far from all of them nothing was learned, and such points decode to anything.",
}

PLANE_LABEL = "Plane"
PLANES = {"principal": "Widest view", "axes": "Two axes"}
ACROSS = "Across"
UP = "Up"
ANCHOR_LABEL = "The other {rest} coordinates"
ANCHORS = {"mean": "those of the mean", "pin": "those of the pin"}
ANCHOR_HELP = (
    "The map is a plane through a space of more dimensions. A point of it is decoded with its two "
    "coordinates in the plane; all others are those of the mean of all records, or of the pinned "
    "point."
)
SAME_AXES = "Expected two different axes, got z{axis} twice; the widest view is shown instead."
PLANE_SHARE = (
    "Shows {share:.0%} of the variance. Distances, rules and neighbours use all {k} coordinates."
)
NO_PIN = "Nothing is pinned yet, so the coordinates of the mean are used."

PAINTED = "Paint the map with what is decoded"
DENSITY = "Show the density of the records"
HIDDEN = "Hide on the map"
EDGE = "Show the exact edge of what decodes to wanted {plural}"
UNLINKED = "the list of {plural}"
UNLINKED_OWN = "your codes"
UNLINKED_NUMBERS = "the exact numbers of the rule"
SEARCH_LABEL = "Find {one}"
SEARCH_PLACEHOLDER = "Find {one}: {example}"
POINT_LABEL = "Go to a point"
POINT_PLACEHOLDERS = {1: "Go to a point: 0.5", 2: "Go to a point: 0.5, -1.2"}
POINT_PLACEHOLDER = "Go to a point: {k} numbers"
NO_POINT = "Go to a point: expected {coordinates}, got “{typed}”; change it."

TABS = ("Read", "Sample", "Results", "Journeys", "Your codes")
READ_TAB, SAMPLE_TAB, RESULTS_TAB, JOURNEYS_TAB, OWN_TAB = TABS

PINNED = "Pinned point"
DECODED_AT = "Decoded at {point}, with a probability of {probability}."
ON_RECORD = "Here is the mean of the record **{code}** ({split}), {outcome}."
RECONSTRUCTED = "which is reconstructed exactly"
NOT_RECONSTRUCTED = "which is not reconstructed exactly"
FROM_THE_EDGE = "This point is {distance} from where its answer changes."
AT_MOST = "at most {distance}"
OFF_THE_MAP = "This point lies outside the map, far from every record; zoom out to see it."
ACCEPTED = "**Accepted** by the {rule} rule:"
REJECTED = "**Rejected** by the {rule} rule:"
UNITS = (
    "**σ**: a distance from a record counts that record's standard deviations (sigmas). **nats**: "
    "natural logarithms of how many times likelier one code is than another for the decoder: 0.7 "
    "is twice, 2.3 ten times. **Held-out records in sparser places**: how typical the place is, "
    "which *q* limits."
)
VERDICTS = {True: "Accepted", False: "Rejected"}
COMPARISONS = {">": ">", ">=": "≥", "<": "<", "<=": "≤"}
DECODED_CODE = "the decoded {noun}"
REFUSED = {(True, False): "is unwanted", (False, True): "is a record"}
REFUSED |= {(True, True): "is unwanted, and a record"}
REFUSED_BY = ", by {nats:.2f} nats"
CODE_REQUIRED = "must be wanted and no record"
UNLIMITED = "without limit"
LISTED_CODE = "a listed {noun}"
GO_TO_NEAREST = "Go to the nearest accepted point"
NONE_ACCEPTED = "No accepted point that decodes to something wanted was found."
CANDIDATES_HELP = (
    "Each column is a character: the likeliest with its probability, then the next likeliest; "
    "grey is the rest."
)
NEAREST = "Nearest records"
NO_NEAREST = "The nearest records are not known: this model was released without them."
DISTANCE_HELP = "Mahalanobis distance: in standard deviations of the record it is measured from."

SEARCHED = "Searched {noun}"
SEARCHED_ON_THE_MAP = (
    "On the map: its mean as a cross, its Gaussian as ellipses of 1 and 2 standard deviations."
)
MEMBERSHIP = {
    "train": "in the training data",
    "validation": "in the validation data: the model never trained on it",
    "test": "in the test data: the model never trained on it",
    None: "not in the data: the model has never seen it",
}
NO_MEMBERSHIP = (
    "whether it is in the data is not known: this model was released without its records"
)

REGION = "Region: {n:,} of {of:,} records"
REGION_CLASS = "**{found:,} of {n:,} ({share:.1%})** have {value}; overall {overall:.1%}"
REGION_WANTED = "**{found:,} of {n:,} ({share:.1%})** are wanted; overall {overall:.1%}"
REGION_MEDIAN = "Median {label}: **{0}**; overall {1}"
REGION_RELEASED = "Region"
REGION_UNKNOWN = (
    "Which records lie here is not known: this model was released without them. Points of the "
    "region decode to {plural} all the same:"
)
REGION_EMPTY = "No record lies in this region. Its points decode to {plural} all the same:"
TYPICAL = "Letters that are commoner here than among all records"
TYPICAL_LETTER = "<b>{letter}</b> as character {position}"
TYPICAL_SHARES = "{here:.0%}, overall {overall:.0%}"
NO_TYPICAL = "No letter is much commoner here than among all records."
SOME_CODES = "Some of its {plural}"
DECODE_REGION = "Decode {n} points of this region"
DECODED_REGION = (
    "{different} different {plural} in {n} points; {unwanted} are unwanted, {collisions} are "
    "records"
)
DECODED_RELEASED = (
    "{different} different {plural} in {n} points; {unwanted} are unwanted. Whether any is a "
    "record is not known."
)

KEYBOARD = "Without a mouse"
KEYBOARD_HELP = """
Tab to the map: the arrow keys move the reading point (with Shift in small steps), Enter pins it,
Escape clears the region. While another tab than *Read* is open, a card tells what is at the pin:
Tab leads to its buttons, and Escape closes it first. The sliders take the arrow keys too.
"""
BOX_CORNERS_LABEL = "Select a box: x, y, x, y of two corners"
NO_BOX = "Expected four numbers such as -1, -0.5, 0, 0.5, got “{typed}”; change the box."

SET_BACK = "{model} is a model of {plural}. These did not fit them, and are set back: {what}."
RULE_SET = (
    "{model} was released without its records, which the rule {rule} measures: the rule is set to "
    "certified."
)
KEPT_WANTED = "what is wanted"
KEPT_COLOUR = "what the map is coloured by"
KEPT_SEARCH = "what was searched"
KEPT_ENDS = "the ends of the journey"
KEPT_LIST = "the list of what is unwanted"

LEARNING = "The rule is learning from {n:,} decoded points: about 15 s, once."


def welcome(format: Format, *, painted: bool, released: bool) -> str:
    """What the dots are, and the background, if it is `painted`; or that there are no dots, of a
    model that was `released` without its records."""
    if released:
        return WELCOME_RELEASED
    noun = f' ("{format.noun}")' if format.noun in DOTS else ""
    dots = WELCOME.format(dot=dot(format), noun=noun)
    return dots + WELCOME_BACKGROUND if painted else dots


def dot(format: Format) -> str:
    """What each dot of the map is."""
    return DOTS.get(format.noun, format.one)
