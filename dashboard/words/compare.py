"""Two models side by side."""

SIDES = {"left": "Model at the left", "right": "Model at the right"}
PREDICATE_LABEL = "Light up {plural} with"
PREDICATE_PLACEHOLDER = "Light up: {usual}"
BRUSH_HELP = (
    "**Drag the threshold**: one rule decides in both maps what is accepted. Then draw round some "
    "records with the lasso, or give a predicate: they light up in both maps. Where they stay "
    "together, the model encodes what they have in common; where they scatter, it does not."
)
PLANE_SHARE = "{name}: the widest view, {share:.0%} of the variance of its {k} latent coordinates."
NO_COMMON = (
    "These two models have no {noun} in common among their records: what is selected in one map "
    "cannot light up in the other. A predicate still lights up records in both."
)
RELEASED = (
    "{name} was released without its records: its map shows what is decoded, but no rule decides "
    "there, nothing lights up, and some figures are not known."
)
NOT_KNOWN = "not known"
NO_SAMPLES = "{name}: no samples are shown. {problem}."
OTHER_CODES = (
    "**{left}** is a model of {left_codes} and **{right}** one of {right_codes}: their maps cannot "
    "be compared code by code. Choose two models of the same codes, or open each in *Explore*. "
    "Their figures are below."
)
SELECTED = "**{n:,} of {of:,} records** are lit up"
FIGURES = "Figures"
ACCURACY = "Per-character accuracy on validation {plural}, by time"
LOSS = "Validation loss, by time"
HISTORIES = (
    "Seconds of training, on a logarithmic scale. Each loss is its own preset's: compare two only "
    "where the presets compute them alike. The code length above is the same measure for all "
    "models."
)
