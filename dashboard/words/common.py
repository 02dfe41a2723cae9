"""Words that several pages share, and how values are written in all of them."""

import math
import re
from collections.abc import Sequence
from typing import Any

from regvae.formats import Format
from regvae.model.config import Order, Preset
from regvae.model.privacy import Budget

EXPLORE = "Explore"
TOUR = "What am I looking at?"
NOTEBOOK = "Against the notebook"
TRAIN = "Train"
REPORT = "Model report"
COMPARE = "Compare"

MODEL_LABEL = "Model"
MODELS = {
    "notebook-2d": "the published notebook's model; its threshold fails",
    "notebook-15d": "the notebook's, with 15 dimensions",
    "ordered-2d": "trained to put the numbers in order along one axis; the threshold works",
    "exact-15d": "15 dimensions; reconstructs exactly",
    "principled-2d": "trained with the exact loss of a VAE, which bounds the code length",
    "dvla-2d": "only regs that DVLA may issue; time runs along one axis, place along the other",
    "private-2d": "trained with differential privacy; encodes the two digits",
    "private-15d": "15 dimensions, trained with differential privacy; reconstructs most regs",
}
"""A line on each shipped model; a short one where *Explore* has more boxes."""
MODEL_DELETED = "The model {deleted} has been deleted; {usual} is shown."
NOT_IN_ADDRESS = (
    "The address has {key} = “{typed}”, which cannot be used here; {key} is {default} instead."
)
RELEASED = "without records"
COLOUR_LABEL = "Colour by"
WANTED_COLOUR = "what is wanted"
CLASS_UNWANTED = "unwanted: {}"
CLASS_WANTED = "wanted: {}"
ALL_OTHERS = "all others"
NOTHING_UNWANTED = "records: nothing is unwanted"
CLEAR = "Clear"
CODES = "codes"  # of several formats
SPLITS = {"train": "training data", "validation": "validation data", "test": "test data"}
LIKELIHOODS = {
    "bernoulli": "Bernoulli: a yes or no (sigmoid) for every character at every position",
    "categorical": "categorical: one choice (softmax) for every position",
}

PRIVACY = "epsilon {epsilon:.2f} at delta {delta:g}"

CALIBRATION = "Calibrated scale of the standard deviations"
CALIBRATION_HELP = """
Across: the share of a Gaussian that lies within some distance. Up: the share of held-out records
within that distance of a training record; with thousands of records one is always near, so the
curve of true standard deviations lies above the diagonal. Held-out records are likeliest under the
training records' mixture when all standard deviations are multiplied by **{scale:.3g}**, the
calibrated scale. It is the bandwidth of a density estimate: smaller the more densely the records
lie. One half of the held-out records fits it; the curves are of the other half. All rules but
*one-sided* use the scale. Points *around* records are drawn with one no larger,
**{draw_scale:.3g}**, with which they lie as densely as held-out records.
"""


def named(words: str, format: Format, **values: Any) -> str:
    """Words with what a format's codes are called as {noun}, {plural} and {one}, with an {example},
    and with further values."""
    example = format.shown(format.example)
    names = {"noun": format.noun, "plural": format.plural, "one": format.one, "example": example}
    return words.format(**names, **values)


def plain(words: str) -> str:
    """Words that may hold what somebody typed, escaped so that Markdown shows them as they are.

    Without this a crafted address could put a picture from anywhere into the page. Before a
    character that is not ASCII, such as ≥, Markdown would show the backslash.
    """
    # Only signs of ASCII: before another one the backslash would be shown too.
    return re.sub(r"(?=[!-~])([^\w\s,;'\"])", r"\\\1", words)


def code(text: str) -> str:
    """A text of one line as code, so that Markdown shows it as it is."""
    return plain(text) if "`" in text else f"`{text}`"


def sentence(message: str) -> str:
    """An error's message, which may hold what somebody typed, as a sentence for the page."""
    return plain(f"{message[0].upper()}{message[1:]}.")


def coordinates(k: int) -> str:
    """What to type for a point of k dimensions."""
    some = {1: "a number such as 0.5", 2: "two numbers such as 0.5, -1.2"}
    return some.get(k, f"{k} numbers separated by commas")


def point(numbers: Sequence[float]) -> str:
    """Latent coordinates in brackets; with fewer digits if there are more than three of them."""
    digits = 3 if len(numbers) <= 3 else 2
    return "(" + ", ".join(f"{number:.{digits}f}" for number in numbers) + ")"


def quantities(unit: str, value: float, limit: float) -> tuple[str, str]:
    """A value beside a limit, with so many digits that they look equal only if they are.

    Shares (unit "%", from 0 to 1) are percentages; other numbers have their unit.
    """
    for digits in range(2, 9):
        style = f".{digits - 1}%" if unit == "%" else f".{digits}f"
        after = "" if unit == "%" else f" {unit}"
        one, other = f"{value:{style}}{after}", f"{limit:{style}}{after}"
        nothing = limit and not float(f"{limit:.{digits}f}")  # a small limit is not shown as 0
        if (one != other or value == limit) and not nothing:
            break
    return one, other


def axis_labels(choice: tuple[int, int] | None) -> tuple[str, str]:
    """Labels of the map's axes: two latent axes, counted from 1, or None for the widest view.

    A line has the same axis twice, and no second label.
    """
    if choice is None:
        return "widest direction", "second widest"
    first, second = choice
    return axis(first), axis(second) if second != first else ""


def axis(number: int) -> str:
    """The name of a latent axis, counted from 1."""
    return f"z{number}"


def orders(given: Sequence[Order]) -> str:
    """Which attribute training ordered along which axis, or "none"."""
    return ", ".join(f"{one.attribute} along {axis(one.axis)}" for one in given) or "none"


def kind_of_characters(alphabet: str) -> str:
    """What the characters of an alphabet are, which may have a blank."""
    characters = alphabet.replace(" ", "")
    if characters.isdigit():
        return "digits"
    return "letters" if characters.isalpha() else "characters"


def guesses(format: Format) -> str:
    """Among how many characters a blind guess chooses, at the positions that are learned."""
    sizes = dict.fromkeys(len(format.alphabets[position]) for position in format.learned)
    *others, last = map(str, sizes)
    return f"{', '.join(others)} or {last}" if others else last


def duration(seconds: float) -> str:
    """A time in seconds or, from two minutes on, in minutes."""
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def about(name: str, preset: Preset, *, released: bool = False) -> str:
    """What a model is, in a line; of one that is not shipped what its preset tells, and whether it
    was `released` without its records."""
    if name in MODELS:
        return MODELS[name]
    k = preset.network.latent_dim
    by = " and ".join(one.attribute for one in preset.training.orders)
    order = f"in order by {by}" if by else "not trained to any order"
    without = f"{RELEASED}; " if released else ""
    return f"{without}{k} dimension{'s' if k > 1 else ''}; {order}"


def models_help() -> str:
    """The lines on all shipped models, as a list."""
    return "\n".join(f"- **{name}**: {line}" for name, line in MODELS.items())


def privacy(budget: Budget) -> str:
    """Epsilon and delta of a private model."""
    return PRIVACY.format(epsilon=budget.epsilon, delta=budget.delta)


def at_most(epsilon: float) -> str:
    """The factor exp(epsilon), rounded up to two digits."""
    factor = math.exp(min(epsilon, 700))
    unit = 10 ** max(0, math.floor(math.log10(factor)) - 1)
    return f"{math.ceil(factor / unit) * unit:,}" if factor < 1e7 else f"{factor:.1e}"


def training_length(epochs: int, seconds: float | None, seed: int) -> str:
    """How long training took; the seconds are not always known."""
    took = "" if seconds is None else f" in {duration(seconds)}"
    return f"{epochs:,} epochs{took}, seed {seed}"
