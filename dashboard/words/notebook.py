"""The published notebook's figures beside ours."""

INTRO = """
The model *notebook-2d* follows a published notebook to the letter, so that their figures can be
compared. Two numbers are too few to encode seven characters: the model encodes the two **digits**
and guesses the **letters**.
"""
ACCURACY = "Per-character accuracy"
ACCURACY_CAPTION = (
    "{n:,} test regs, encoded and decoded. A blind guess is right 1 time in 26 or 10."
)
LOSSES = "Training"
LOSSES_CAPTION = (
    "Trained by *{command}*: of five seeds (0 to 4) the one with the lowest validation loss; how "
    "its samples look played no part. The loss is the notebook's own sum, not a code length: on "
    "average no code of these regs is shorter than 20.48 nats (ln 446 + 2 ln 10 + 3 ln 26)."
)
STUDY = "The rules over many training runs"
STUDY_MODEL = "Trained as"
STUDY_INTRO = """
The recipe of *{preset}*, trained with {runs} seeds.
For each training run, and of each rule, {n:,} fresh points give the share that it accepts and its
**purity**, the share of those that decode to wanted regs. *certified* judges the decoded code, so
its purity is 1 by construction. The others predict from the point alone. The **oracle** accepts
exactly what decodes to wanted regs: no rule with a purity of 1 accepts more.
"""
STUDY_DEFAULTS = "With the rules' default numbers"
STUDY_CHOSEN = "With numbers chosen by tests, for a purity of {target} at 95 % confidence"
STUDY_CAPTION = (
    "A dot is a training run; numbers below 50 are unwanted. A rule abstains if the tests show the "
    "purity of none of its numbers; it accepts nothing then. A failure is a purity below what is "
    "promised, as measured on the fresh points. Ranges are over the training runs, and shares are "
    "rounded. From *regvae study*."
)
TABLE = "Every figure of the notebook"
