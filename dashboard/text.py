"""The words a user reads."""

import re

EXPLORE = "Explore"
READ = "What am I looking at?"
FIGURES = "How good is it?"

WELCOME = """
**Every dot is a car registration** that the model has learned, placed where the model keeps it.

- **Point** anywhere: the plate above the map shows what that spot decodes to.
- **Click** to pin a spot here and see its neighbours.
- **Box** or **Lasso**, then drag, to see what a region has in common.
- **Drag the threshold** to reject everything near an unwanted reg.

New to this? Start here:
"""

ENDLESS = (
    "The address asks for an endless number of samples or an endless seed, but wants a whole number; "
    "open the page without it."
)

COLOUR_LABEL = "Colour by"
SEARCH_LABEL = "Find a reg"
SEARCH_PLACEHOLDER = "Find a reg: AB12 CDE"
POINT_LABEL = "Go to a point"
POINT_PLACEHOLDER = "Go to a point: 0.5, -1.2"
SAMPLING_BUTTON = "Unwanted, samples"
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


def plain(words: str) -> str:
    """Words that may hold what somebody typed, for a place that reads Markdown: shown as they are.

    Without this a crafted address could put a picture from anywhere into the page.
    """
    return re.sub(r"([^\w\s,;'\"“”…])", r"\\\1", words)


def accepted(distance: float, threshold: float) -> str:
    """Whether the threshold accepts a point, and why."""
    if distance > threshold:
        return f"**Accepted**: {distance:.2f} σ is farther than the threshold of {threshold:.2f} σ."
    return f"**Rejected**: {distance:.2f} σ is within the threshold of {threshold:.2f} σ."


FIGURES_INTRO = """
The map is a faithful copy of a published notebook, so its figures can be laid beside the published
ones. Two numbers are too few to hold seven characters: the model keeps the two **digits**, which
say most about a reg for what they cost, and guesses the **letters**.
"""
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
NOTEBOOK_TABLE = "Every figure of the notebook"

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
exp(-2.5² / 2) = **4.4 %**. The page shows both.

### What to try now

1. Colour by *number*, then by *tens digit* and *units digit*.
2. Point slowly from one stripe to the next and watch one digit change.
3. Find your own car's reg and see where it lands, and what comes back of it.
4. Lasso one stripe and decode 50 new regs from it.
5. Drag the threshold from 0 to 6 and look at the purity: does it ever get good?
"""
RERUNS_CAPTION = (
    "Purity of the rule “farther than 2.5 from every unwanted record” over ten trainings of the "
    "notebook's recipe (4,000 samples each). Source: re-runs recorded with the reference notebook."
)
