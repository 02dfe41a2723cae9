"""The words a user reads."""

import re
from collections.abc import Sequence

from regvae.model.config import Order, Preset

EXPLORE = "Explore"
READ = "What am I looking at?"
FIGURES = "Against the notebook"
TRAIN = "Train"
REPORT = "Model report"
COMPARE = "Compare"

WELCOME = """
**Every dot is a car registration** that the model has learned, placed where the model keeps it.

- **Point** anywhere: the plate above the map shows what that spot decodes to.
- **Click** to pin a spot here and see its neighbours.
- **Box** or **Lasso**, then drag, to see what a region has in common.
- **Drag the threshold** to reject everything near an unwanted reg; *Sample* sets what is unwanted and
  which rule decides, *Results* makes new regs and checks them.

New to this? Start here:
"""

ENDLESS = (
    "The address asks for an endless number of samples or an endless seed, but wants a whole number; "
    "open the page without it."
)

MODEL_LABEL = "Model"
MODEL_GONE = "There is no model {gone} any more; {usual} is shown."
PLANE_LABEL = "Plane"
PLANES = {"principal": "Widest view", "axes": "Two axes"}
ACROSS = "Across"
UP = "Up"
AXIS = "z{axis}"
ANCHOR_LABEL = "The other {rest} coordinates"
ANCHORS = {"mean": "those of the mean", "pin": "those of the pin"}
ANCHOR_HELP = (
    "The map is a plane through a space of more dimensions. What you point at is decoded with its two "
    "coordinates in the plane, and all others either of the mean of all records or of the pinned point."
)
SAME_AXES = "Two axes were asked for, but both are z{axis}; the widest view is shown instead."
PLANE_WORDS = "Shows {share:.0%} of the variance. Distances, rules and neighbours are those of all {k} coordinates."
NO_PIN = "Nothing is pinned yet: the mean's are taken."


def axis_labels(choice: tuple[int, int] | None) -> tuple[str, str]:
    """What the map's two axes are called: two coordinates, or the principal ones; a line has one."""
    if choice is None:
        return "widest direction", "second widest"
    first, second = choice
    return f"z{first}", f"z{second}" if second != first else ""


COLOUR_LABEL = "Colour by"
SEARCH_LABEL = "Find a reg"
SEARCH_PLACEHOLDER = "Find a reg: AB12 CDE"
POINT_LABEL = "Go to a point"
POINT_PLACEHOLDERS = {1: "Go to a point: 0.5", 2: "Go to a point: 0.5, -1.2"}
POINT_PLACEHOLDER = "Go to a point: {k} numbers"
NO_POINT = "A point is {coordinates}; “{typed}” is not."
READ_TAB, JOURNEYS_TAB = "Read", "Journeys"
TABS = (READ_TAB, "Sample", "Results", JOURNEYS_TAB)

UNWANTED_HEADING = "What is unwanted"
UNWANTED_LABEL = "Regs with"
UNWANTED_HELP = (
    "Which regs to stay clear of: `attribute op value`, such as `number < 50`, `area == london` or "
    "`first_letter in A, B`. Join several with `and`. Leave it empty if only what follows is unwanted."
)
TRAINING = ("or all training data", "Stay clear of everything that the model was trained on.")
USE_REGION = (
    "or in the region",
    "Whatever has its mean in the region that is selected on the map with Box or Lasso.",
)
LISTED = (
    "or these regs, one a line",
    "Regs that the model has never seen are stayed clear of too.",
)
LISTED_FILE = "or those of a text file"
LISTED_PARTS = "More: a list of regs"
RULE_HEADING = "Which points are accepted"
RULE = "Rule"
SAMPLING = "Rejection sampling"
LISTED_CODE = "a listed reg"
PROPOSAL_HEADING = "Where points are proposed"
PROPOSAL = "From"
PROPOSAL_HELP = (
    "*box*: uniform in a square. *prior*: the normal distribution that training pulls records towards. "
    "*records*: around a record drawn at random, with the model's own noise. *region*: uniform in what "
    "Box or Lasso selected on the map."
)
LOAD = "Load a policy file"
UPLOAD_HELP = {
    "listed-file": "One reg a line; they are added to the list above.",
    "loaded": "Sets this tab and the next as a saved policy says, but for its cap on proposals.",
}
NO_REGION = "choose a region on the map first, with Box or Lasso"
REGION_PLANE = (
    "a region can be unwanted where the map shows z1 across and z2 up; choose these two axes"
)
SAMPLES = (
    "Points",
    "How many points to draw on the map. Results and the command line take many more.",
)
BOX = ("Half-width", "The box goes from minus this to plus this on both axes.")
SEED = ("Seed", "The same seed proposes the same points.")

CALIBRATION = "How true are the sigmas?"
CALIBRATION_HELP = """
Across: the share of a Gaussian's own mass within some distance. Up: the share of held-out records
found within that distance of a training record. On the diagonal the two would be equal; with thousands of
records one is always near, so that true sigmas lie above it. Held-out records lie best where the
sigmas are multiplied by **{scale:.2f}**; the model was trained with noise of {noise:g} times what it reports.
Only the *posterior* rule uses the scaled sigmas.
"""

RESULTS_INTRO = """
Draws points until there are so many results, decodes them, and compares every one with all records. A
**leak** is an accepted point that decodes to something unwanted or to a record.
"""
RESULTS_WANTED = ("Results", "How many accepted points to collect.")
CLEAN = (
    "Leave out leaks",
    "Leave out every accepted point that decodes to something unwanted or to a record.",
)
MAKE = "Make results"
MAKING = "{kept:,} of {wanted:,} results, {proposed:,} proposed"
OUTDATED = "These results were made with other settings than those of now. Make them again."
TAKE_HOME = (
    "The policy file makes the same bytes on the command line: *.venv/bin/regvae sample --policy FILE "
    "--out new.parquet*. The manifest says how the results were made and what is known of them."
)
FINDING_HELP = (
    "Collisions are accepted points that decode to a record; every one was compared with all records. "
    "The bound is Clopper and Pearson's, for the draws that are still to come."
)
EDITS_CAPTION = (
    "Characters to change until a reg is a training record: results against held-out regs, which the "
    "model never saw either. Results that are much nearer than those would be copies."
)
HUNT = "Look for leaks"
HUNT_HELP = (
    "Tries 200,000 proposals, the records' own means, and what lies near every leak found, for accepted "
    "points that decode to something unwanted or to a record."
)
CLEARED = "Set {parameter} to {value}"
NOT_CLEARED = "No {parameter} on the slider removes them all."
LEFT = "It would leave {left:,} of the {now:,} samples that are accepted now."
STILL = "{now:,} of the {found:,} points where they were found are still accepted (red crosses)."

COMPARISONS = {">": ">", ">=": "≥", "<": "<", "<=": "≤"}
ACCEPTED = "**Accepted** by the {rule} rule:"
REJECTED = "**Rejected** by the {rule} rule:"
NEAREST_ACCEPTED = "The nearest acceptable point, {away:.3f} away, decodes to"
NONE_ACCEPTED = "No acceptable point was found anywhere near."
GO_THERE = "Go there"

PAINT = (
    "Paint the map with what is decoded",
    "The decoder has an answer everywhere. The map is painted with the attribute that it is coloured by, "
    "as decoded at each spot; the fainter, the less sure the decoder is of the characters that decide it.",
)
PATH = "Path"
PATHS = {"straight": "Straight", "density": "Along the data", "traversal": "One axis"}
PATH_HELP = {
    "straight": "The straight line between two regs or points. It may cross places where no record is.",
    "density": "A way between two regs or points that keeps to where records are, and so to what the "
    "decoder has learned.",
    "traversal": "One latent coordinate of the pinned point (or of the middle of the map) from low to high; "
    "all others stay.",
}
FROM = "Start"
TO = "End"
END_PLACEHOLDER = "AB12 CDE, or a point"
USE_PIN = "Pin"
STEPS = "Steps"
AXIS_LABEL = "Axis"
LOW = "Low"
HIGH = "High"
NO_PATH = (
    "Give both ends: a reg such as AB12 CDE, or a point. Click the map to pin a point for either."
)
NO_PLACE = "“{typed}” is neither a reg such as AB12 CDE nor a point, which is {coordinates}"
PATH_FOUND = (
    "**{different} in {steps} steps**; {near} of the steps have records within {within:.1f} σ. On the map a "
    "ring is the start, a square the end."
)
RECONSTRUCTED_AS = "{given} itself is reconstructed as {decoded}"
ENDS_LOST = "{ends}: this model does not keep all of a reg."
PATH_HEADER = ("step", "decodes to", "least sure", "records")
NEAR = "{n:,} near"
NOTHING_NEAR = "none near"

KEYBOARD = "Without a mouse"
KEYBOARD_HELP = """
Tab to the map: the arrow keys move the reading point (with Shift in small steps), Enter pins it,
Escape clears the region. The slider takes the arrow keys too.
"""
BOX_CORNERS_LABEL = "Select a box: x, y, x, y of two corners"

PINNED = "Pinned point"
CANDIDATES_HELP = (
    "Each column: how sure the decoder is of this character, then the runners-up; grey is the rest."
)
OFF_THE_MAP = "This point lies outside the whole map, far from every record: zoom out to see it."
NEAREST = "Nearest records"
DISTANCE_HELP = "Mahalanobis distance: in sigmas of the record it is measured from."

REGION = "Region"
REGION_EMPTY = "No record lies in this region. The decoder still has an answer for it:"
TYPICAL = "Most typical letters: commoner here than among all records"
NO_TYPICAL = "No letter is much commoner here: the map does not keep the letters."
SOME_REGS = "Some of its regs"
DECODE_REGION = "Decode {n} new regs from this region"
CLEAR = "Clear"
SEARCHED = "Searched reg"
SPLITS = {"train": "training data", "validation": "validation data", "test": "test data"}
MEMBERSHIP = {
    "train": "in the training data",
    "validation": "in the validation data: the model never trained on it",
    "test": "in the test data: the model never trained on it",
    None: "not in the data: the model has never seen it",
}

STEP_SIZE = "{n} regs each, {optimizer}"
SIDES = {"left": "Model at the left", "right": "Model at the right"}
SELECT_RULE = "Light up regs with"
SELECT_RULE_PLACEHOLDER = "Light up regs with: number < 10"
BRUSH_HELP = (
    "Draw round some records with the lasso, or say which: they light up in both maps. Where a crowd stays "
    "together, both models keep the same things; where it scatters, they do not."
)
PLANE_SHARE = "{name}: the widest view, {share:.0%} of the variance of its {k} latent coordinates."
SELECTED = "**{n:,} of {of:,} records** are lit up"
COMPARE_FIGURES = "Figures"
COMPARE_ACCURACY = "Characters of validation regs right, by time"
COMPARE_LOSS = "Validation loss, by time"
COMPARE_HISTORIES = (
    "Seconds of training, on a scale of powers. Each loss is by its own preset's rule: two losses may only be "
    "compared where the rules are the same. The nats above are the same measure for all models."
)

NEW_TRAINING = "New training"
PRESET = "Start from"
RUN_NAME = "Name"
NAMES = "Letters, digits, - and _; not one that a training or a model has already."
DATA = "Data"
NETWORK = "Network"
LOSS = "Loss"
SCHEDULE = "Schedule"
START = "Train"
CHANGED = "Changed from {name}."
RECIPE = (
    "To train: {regs:,} regs, {k} latent dimensions, {likelihood}, beta {beta:g}, {orders}; {epochs:,} epochs "
    "in batches of {batch}."
)
FIELDS = {
    "seed": ("Seed", "Decides the first weights, the order of the regs and the noise."),
    "source": ("Regs", "What to learn from."),
    "data_seed": ("Data seed", "Decides which regs are drawn, and which of them are held out."),
    "train": ("Training", "Regs to learn from."),
    "validation": ("Validation", "Regs to watch the training by."),
    "test": ("Test", "Regs to judge the model by, at the end."),
    "latent_dim": (
        "Latent dimensions",
        "How many numbers a reg is squeezed into. Two make a map; more keep more of the reg.",
    ),
    "encoder": ("Encoder widths", "Widths of the hidden layers from a reg to its Gaussian."),
    "decoder": ("Decoder widths", "Widths of the hidden layers from a latent point to a reg."),
    "likelihood": (
        "Likelihood",
        "*Seven choices*: each character is one of 26 or 10. *150 yes or no*: as the notebook has it.",
    ),
    "divergence": (
        "Divergence",
        "How far a reg's Gaussian is from the prior. *Exact*: of the Gaussian that points are really "
        "drawn from. *Notebook*: takes sigma for a variance, and leaves the noise out.",
    ),
    "beta": ("Beta", "Weight of the divergence: more draws the map together and forgets more."),
    "noise": ("Noise", "Points are drawn with the noise times sigma; the notebook's is 0.1."),
    "warm_up": ("Warm-up epochs", "Beta grows from 0 to its value in this many epochs."),
    "order": (
        "Along axis {axis}",
        "An attribute that is to run along this latent axis (attribute regularisation).",
    ),
    "phases": (
        "Learning rate × epochs",
        "One phase, or several with commas between; each begins with a fresh optimizer.",
    ),
    "schedule": ("Learning rate", "Constant, or falling towards 0 on a cosine."),
    "optimizer": ("Optimizer", "The notebook's is Adamax."),
    "batch_size": ("Batch", "Regs in a step. Larger batches make faster epochs of fewer steps."),
}
OPTIONS = {
    "notebook": "the notebook's",
    "dvla": "only what DVLA may issue",
    "own": "a file of my own",
    "bernoulli": "150 yes or no",
    "categorical": "seven choices",
    "exact": "exact",
    "adamax": "Adamax",
    "adam": "Adam",
    "constant": "constant",
    "cosine": "cosine",
}
OWN_FILE = "A text file, one reg a line, no header"
OWN_FILE_HELP = (
    "At least {fewest} different regs; a sixth of them is held out to judge the model by."
)
OWN_MISSING = "Give a file of regs, or choose other data."
OWN_COUNTS = (
    "{n:,} different regs: {train:,} to train on, {held_out:,} each for validation and test."
)
RUNS = "Trainings"
NO_RUNS = (
    "No training is under way. Choose a preset at the left and press *Train*: most take ten to "
    "twenty seconds, and you watch the map form. The training goes on if you close this page."
)
STATES = {
    "waiting": "waiting for a processor",
    "training": "training, epoch {epoch} of {epochs}",
    "stopped": "stopped after epoch {epoch} of {epochs}",
    "interrupted": "interrupted after epoch {epoch} of {epochs}",
    "failed": "failed",
    "finished": "finished, {epochs} epochs",
}
QUEUED = (
    "In the queue: this machine trains {slots} at once, and {ahead} are waiting longer. It starts by "
    "itself."
)
INTERRUPTED = "Its process ended without a word. Resume it: at most one epoch is lost."
COMPILING = "Loading TensorFlow and compiling: some seconds."
STOP = "Stop"
STOPPING = "Stopping…"
RESUME = "Resume"
KEEP = "Keep as a model"
KEEP_AS = "Keep as"
KEPT = "{name} is among the models now; *Explore* shows it."
DELETE = "Delete"
DELETE_SURE = "Its weights and its history are lost."
DELETE_YES = "Delete {name}"
KEPT_MODELS = "Models kept here: {n}, in {folder}"
FORMING = "The map as it forms: {n:,} training regs"
FORMING_AXES = "The map as it forms: {n:,} training regs, axes 1 and 2 of {k}"
ENTROPY = "entropy of the generator: {nats:.2f}"
CHARACTERS = ("1st", "2nd", "tens", "units", "3rd", "4th", "5th")


def plain(words: str) -> str:
    """Words that may hold what somebody typed, for a place that reads Markdown: shown as they are.

    Without this a crafted address could put a picture from anywhere into the page.
    """
    return re.sub(r"([^\w\s,;'\"“”…])", r"\\\1", words)


def different(regs: int) -> str:
    """How many different regs there are."""
    return f"{regs:,} different reg" + ("s" if regs > 1 else "")


def coordinates(k: int) -> str:
    """What a person has to type for a point of k dimensions."""
    some = {1: "a number such as 0.5", 2: "two numbers such as 0.5, -1.2"}
    return some.get(k, f"{k} numbers with commas between")


def point(numbers: Sequence[float]) -> str:
    """Latent coordinates as they are written; in many dimensions with fewer digits."""
    digits = 3 if len(numbers) <= 3 else 2
    return "(" + ", ".join(f"{number:.{digits}f}" for number in numbers) + ")"


def beta(value: float, warm_up: int) -> str:
    """Beta, and how long it takes to grow to it."""
    return f"{value:g}" + (f", growing to it in {warm_up} epochs" if warm_up else "")


def orders(given: Sequence[Order]) -> str:
    """What was made to run along which axis."""
    return ", ".join(f"{one.attribute} along z{one.axis}" for one in given) or "none"


def recipe(preset: Preset) -> str:
    """What a training is going to do, in a sentence."""
    training = preset.training
    return RECIPE.format(
        regs=preset.data.sizes[0],
        k=preset.network.latent_dim,
        likelihood=OPTIONS[training.likelihood],
        beta=training.beta,
        orders=orders(training.orders),
        epochs=training.epochs,
        batch=training.batch_size,
    )


def trained(epochs: int, seconds: float, seed: int) -> str:
    """How long a training took, in seconds or, if that is many, in minutes."""
    took = f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
    return f"{epochs:,} epochs in {took}, seed {seed}"


def quantity(unit: str, value: float) -> str:
    """A measure as it is written: a share as a percentage, or a number with its unit."""
    return f"{value:.1%}" if unit == "%" else f"{value:.2f} {unit}"


FIGURES_INTRO = """
The model *notebook-2d* is a faithful copy of a published notebook's, so its figures can be laid beside the
published ones. Two numbers are too few to hold seven characters: the model keeps the two **digits**, which
say most about a reg for what they cost, and guesses the **letters**.
"""
POSITIONS = (
    *("1st letter", "2nd letter", "tens", "units"),
    *("3rd letter", "4th letter", "5th letter"),
)
ACCURACY = "Right characters by position"
ACCURACY_CAPTION = (
    "{n:,} test regs, encoded and decoded. A blind guess is right 1 time in 26 or 10."
)
LOSSES = "Training"
LOSSES_CAPTION = (
    "Trained by *{command}* and kept for the lowest validation loss of five seeds (0 to 4), not for "
    "how its samples look. The loss is the notebook's own sum, not a code length: no "
    "model can code these regs in less than 20.48 nats (ln 446 + 2 ln 10 + 3 ln 26)."
)
STUDY = "Which rule holds?"
STUDY_INTRO = """
The notebook's recipe, trained ten times. For each training, 20,000 points of [-3, 3]² and the three
rules: how much of the box they accept, and how much of that decodes to wanted regs. The **one-sided**
rule is a lottery; at worst its purity is {one:.0%}. That of the **two-sided** rule is {two:.1%} at worst,
that of the **posterior** rule {posterior:.1%}.
"""
STUDY_CAPTION = (
    "{n:,} proposals a training; numbers below 50 unwanted; one-sided 2.5, two-sided 0.5 and 1, "
    "posterior 0.1 and 0.02. *scale*: the factor for the sigmas that the calibration found. Made by "
    "*regvae study*."
)
NOTEBOOK_TABLE = "Every figure of the notebook"

REPORT_INTRO = """
What this model is good at and what not, all of it measured on its own records. **Held-out** records are
those of the validation and the test data: the model never trained on them.
"""
REPORT_MODEL = "The model"
SOURCES = {
    "notebook": "the notebook's generator, seed {seed}",
    "dvla": "what DVLA may issue, seed {seed}",
    "own": "a list of one's own regs, seed {seed}",
}
LIKELIHOODS = {
    "bernoulli": "Bernoulli: 150 separate yes-or-nos",
    "categorical": "categorical: seven choices of a character",
}
DIVERGENCES = {
    "notebook": "the notebook's (log σ read as a log variance)",
    "exact": "exact",
}
NOISE = "{noise:g} of the σ that the encoder reports"
SPLIT_ACCURACY = "What comes back"
SPLIT_ACCURACY_CAPTION = (
    "Share of characters, and of whole regs, that come back when a reg's mean is decoded. The whiskers are "
    "95 % intervals (Clopper and Pearson). Dotted: a blind guess, right 1 time in 26 or 10. Training "
    "far above the others means that the model has learned its records by heart."
)
CONFUSION = "What is taken for what"
CONFUSION_CAPTION = (
    "Rows: the true character; columns: what it was decoded as; each row sums to 100 %. A model that "
    "knows its characters has a strong diagonal; strong columns are its favourite guesses. {n:,} held-out "
    "regs; the colour goes by the square root of the share, so that small ones show."
)
CONFUSION_LETTERS = ("Letters", "all five letters")
CONFUSION_DIGITS = ("Digits", "both digits")
NATS = "How much of a reg gets through"
NATS_HELP = """
A **nat** is a unit of information: to choose among *n* equally likely things takes ln *n* nats (a bit is
0.69 of one, a letter of 26 is 3.26). **Rate** is how much a reg's latent point says about it;
**distortion** is how much is then still open, on average, until the reg is spelled right.
"""
NATS_ENTROPY = """
Together they are the length of a code for a new reg, and no code can do with less than the
**{entropy:.2f} nats** that a reg of this source holds (the slanted line). On the test data this model needs
**{bound:.2f}**, that is {excess:.2f} more, which a perfect model would not need.
"""
NATS_OWN = """
Together they are the length of a code for a new reg: **{bound:.2f} nats** on the test data. Where one's own
regs come from nobody knows, so there is no line to say how few would do.
"""
NATS_ENDLESS = """
This model was trained without noise: each reg is a point without width, which can hold endlessly much. So
its rate has no end, and there is nothing to draw. With its exact point known, a test reg still leaves
**{distortion:.2f} nats** open (a nat is a unit of information: to choose among *n* equally likely things
takes ln *n* of them).
"""
RATES_HEADER = ("", "rate + distortion", "sum")
NATS_CAPTION = (
    "Training data may lie below the line: a model can learn by heart what it has seen. ± is the standard "
    "error over the records."
)
DIMENSIONS = "Which latent dimensions say something"
DIMENSIONS_CAPTION = (
    "Nats that each dimension says of a reg, over the held-out records. {active} of {k} are active: "
    "the variance of the means is above {least:g} (Burda et al., 2016)."
)
DIMENSIONS_ENDLESS = (
    "Without noise every dimension has an endless rate, so these are the variances of the means. {active} of "
    "{k} are active: above {least:g} (Burda et al., 2016)."
)
AGGREGATE = "Where records lie, and where the prior says"
AGGREGATE_LABEL = "Latent dimension"
AGGREGATE_CAPTION = (
    "How often z comes from where, over all records (the aggregated posterior), against the normal "
    "distribution that training pulls it towards (dotted). Points drawn from the prior are like records only "
    "where the two agree. How far z must be moved, on average, to follow the prior: {distances}."
)
EXAMPLES = "Some test regs, and what comes back"
EXAMPLES_RIGHT = "Whole:"
EXAMPLES_WRONG = "With wrong characters (underlined):"
NO_RIGHT = "None of the {n:,} test regs comes back whole."
NO_WRONG = "All {n:,} test regs come back whole."

READ_START = """
### A map that can talk back

A **variational autoencoder** is two neural networks trained as a pair. The *encoder* squeezes a car
registration into a few numbers; the *decoder* has only those numbers and must spell the registration
again. Here there are **two** numbers, so they can be drawn as a point: that is the map. It is called
a *latent space*, because the numbers are nowhere in the data: the networks invented them.
"""
READ_ROUND_TRIP = """
This is what happens to one registration on the way. It is a real run of the shipped model:
"""
READ_STRIPES = """
### Why the map has stripes

Seven characters do not fit into two numbers. Trained to lose as little as it can, the model keeps
what is cheapest to keep for what it is worth: the two **digits**. Look at the map coloured by
*tens digit* and by *units digit*: one runs across the map, the other down. The **letters** hardly
matter to where a dot lies, so the decoder guesses them, and says so: the bars under the plate are
long for the digits and short for the letters.

Between the dots and around them the map is empty, and the decoder answers **there too**. Point at a
gap: you get a plate that was never in the data. That is how the model makes new registrations.
"""
READ_REJECTION = """
### Keeping some regs out

Say that numbers below 50 are *unwanted*: secret, taken, or simply not asked for. The notebook's
idea: draw points at random, measure how far each lies from every unwanted record, and **reject** it
if that is less than a *threshold*. What is left is decoded.

Each record is a little cloud, wider in one direction than in another: its **mean** is the dot, its
**sigma** the width. Distance is counted in those sigmas (*Mahalanobis distance*). The solid line on
the map is where the distance to the nearest unwanted record equals the threshold. Drag it and
watch: inside the line everything is rejected.
"""
READ_FOOLED = """
### How the threshold fools itself

The notebook published that **96.7 %** of the accepted samples were wanted. That is true of that one
trained model. Train the same recipe again from another starting point and anything may come
out. Ten runs gave the following shares; the shipped model, chosen because it reads unseen regs best,
has **{purity:.1%}**:
"""
READ_WHY = """
The reason is on the map. *Far from everything unwanted* is also true **far outside the map**, where
there is no record at all, and where the decoder was never trained: it extrapolates, and may say
anything. Set the threshold to 1.00 and the ring of red samples shows it.

And the notebook's "theoretical probability" at 2.5, **15.4 %**, is not the chance it was meant to be.
A point drawn from a record's own cloud in two dimensions lies farther than 2.5 with a probability of
exp(-2.5² / 2) = **4.4 %**. *Explore* shows both.

### Rules that hold

A point must be far from the unwanted **and near something wanted**. The tab *Sample* beside the map has
two rules that ask for both. *Two-sided* compares two distances: nearer to a wanted record than to any
unwanted one, and not far from it. *Posterior* compares two densities, with the records' sigmas
corrected by records that were held out of training. Over ten trainings both keep what they promise:
see *Against the notebook*.

Or train the map so that it cannot fool you: choose the model *ordered-2d*, whose number runs from left to
right because its training was told so. There the notebook's own threshold accepts hardly anything unwanted.
Paint both maps in the tab *Journeys* and you see why: around the notebook's map most of what the decoder
makes up is unwanted.

Even so, a distance on the map proves nothing about the text that is decoded. So the tab *Results*
decodes every accepted point, compares it with all records, says how sure "none" is, and looks for
leaks where they are likeliest.

### What to try now

1. Colour by *number*, then by *tens digit* and *units digit*.
2. Point slowly from one stripe to the next and watch one digit change.
3. Find your own car's reg and see where it lands, and what comes back of it.
4. Lasso one stripe and decode 50 new regs from it.
5. Drag the threshold from 0 to 6 and look at the purity: does it ever get good?
6. Switch to *two-sided* in the tab *Sample*, and look again. Click a rejected sample to see why.
7. Then, in the tab *Results*, make 1,000 results and take them home with their proof.
8. In the tab *Journeys*, paint the map, and walk from one reg to another.
9. On the page *Compare*, lasso a crowd in the notebook's map and see it fall apart in *exact-15d*.
10. On the page *Train*, train *ordered-2d* with another seed and watch its map form.
"""
RERUNS_CAPTION = (
    "Purity of the rule “farther than 2.5 from every unwanted record” over ten trainings of the "
    "notebook's recipe (4,000 samples each). Source: re-runs recorded with the reference notebook."
)
