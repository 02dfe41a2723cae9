"""The form of rejection sampling; the words of rules and their parameters are the rules' own."""

from dashboard.words import common
from regvae.formats import Format

TITLE = "Rejection sampling"

WANTED_HEADING = "Wanted: {plural} with"
ATTRIBUTE, COMPARISON, VALUE, JOIN = "Attribute", "Comparison", "Value", "Joined by"
ADD = "Add a condition"
REMOVE = "×"
OPERATORS = {
    "number": {">=": "≥", "<": "<", "<=": "≤", ">": ">", "==": "=", "!=": "≠", "in": "in"},
    "category": {"==": "is", "!=": "is not", "in": "in"},
    "boolean": {"==": "is", "!=": "is not", "in": "in"},
}
MIXED = "*and* binds more tightly than *or*: A and B or C is (A and B) or C."
WANTED_LABEL = "The same as text"
WANTED_HELP = (
    "Predicates over attributes: `attribute op value`{such_as}, joined by `and` and `or`; `and` "
    "binds more tightly. Attributes: {attributes}. All other {plural} are unwanted. Leave it empty "
    "if only what follows is unwanted."
)
UNWANTED_HEADING = "Also unwanted"
TRAINING_DATA = ("all training data", "Every training record is unwanted.")
USE_REGION = (
    "the region",
    "Every record is unwanted whose mean lies in the region selected on the map with Box or Lasso.",
)
MORE = "More: a list of {plural}"
LISTED = (
    "these {plural}, one a line",
    "They need not be records: the model encodes the others, and points near them are rejected "
    "too.",
)
LISTED_FILE = ("those of a text file", "One {noun} a line; they are added to the list above.")
UNWANTED_PROBLEM = "What is wanted: {problem}."
COMPUTING_EDGE = "Finding exactly where what is decoded changes …"
PROBLEM = TITLE + ": {problem}."
NO_REGION = "expected a region on the map, got none; draw one with Box or Lasso"
OTHER_PLANE = (
    "expected a region of the axes z1 and z2, got one of another plane; show z1 across and z2 up"
)

RULE_HEADING = "Which points are accepted"
RULE_LABEL = "Rule"

RULES_RELEASED = (
    "This model was released without its records. Here *certified* judges alone whether {one} is "
    "wanted: which places are typical, and which {plural} are records, is not known. *learned* "
    "works as ever; the other rules measure records."
)

PROPOSAL_HEADING = "Where points are proposed"
PROPOSAL_LABEL = "From"
PROPOSAL_HELP = (
    "*usual*: the box in up to three dimensions, around records in more. *box*: uniform within the "
    "half-width on every axis. *prior*: the standard normal "
    "distribution, to which training pulls the records. *around*: around a training record drawn "
    "at random, by its standard deviations with the calibrated scale of draws. *region*: uniform "
    "in the region selected on the map with Box or Lasso."
)
BOX = ("Half-width", "The box goes from minus this to plus this on every axis.")
SCALE = (
    "Scale around records",
    "The standard deviations of the records are multiplied by this. Empty for the calibrated scale "
    "of draws; with a larger one fewer points decode to records.",
)
CALIBRATED = "calibrated"
SAMPLES = (
    "Points",
    "Points to propose for the map, where each is drawn as a sample. *Results* and the command "
    "line propose many more.",
)
SEED = ("Seed", "The same seed proposes the same points.")
POLICY_FILE = (
    "Load a policy file",
    "Sets this tab and *Results* to a saved policy, with its exact numbers and its guarantee. As "
    "long as nothing is changed, its results are those of the command line.",
)


def wanted_help(format: Format, usual: str) -> str:
    """How what is wanted is written, with the predicate that is the default as the example."""
    such_as = f", such as `{usual}`" if usual else ""
    attributes = ", ".join(f"`{name}`" for name in format.attributes) or "none"
    return common.named(WANTED_HELP, format, such_as=such_as, attributes=attributes)
