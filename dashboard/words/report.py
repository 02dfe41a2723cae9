"""What a model does well and what not."""

INTRO = """
What this model does well and what not, all of it measured on its own records. **Held-out** records
are those of the validation and the test data: the model never trained on them.
"""
RELEASED = (
    "**{name} was released without its records**, so only what was measured before is shown: "
    "its accuracies. For all else, open the model that it was released from."
)
MODEL = "The model"
SOURCES = {
    "notebook": "the notebook's generator, seed {seed}",
    "dvla": "what DVLA may issue, seed {seed}",
    "own": "a file of one's own {plural}, seed {seed}",
}
DIVERGENCES = {
    "notebook": "the notebook's (log σ read as a log variance)",
    "exact": "exact",
}
NOISE = "{noise:g} of the σ that the encoder reports"
BATCHES = "{n} {plural}, {optimizer}"

PRIVACY = (
    "Had any one training {noun} been left out, no set of weights would be more than {factor} "
    "times as likely, or as unlikely, but for a probability of {delta:g}: epsilon and delta mean "
    "that. It holds for the weights. Map and figures on these pages show the records themselves."
)

ACCURACY = "Reconstruction"
ACCURACY_CAPTION = (
    "Per-character accuracy and exact match when the mean of {one} is decoded. The whiskers are "
    "95 % intervals (Clopper and Pearson). Dotted: a blind guess, right 1 time in {guesses}. "
    "Training data far above the others mean that the model has memorised its records."
)
CONFUSION = "Confusion of characters"
CONFUSION_CAPTION = (
    "Rows: the true character; columns: what it was decoded as; each row sums to 100 %. A model "
    "that encodes the characters has a strong diagonal; strong columns are its frequent guesses. "
    "{n:,} held-out {plural}; the colour goes by the square root of the share, so that small ones "
    "show."
)


def all_positions(n: int) -> str:
    """The choice of all n positions of an alphabet."""
    return "the only one" if n == 1 else f"all {n} of them"


NATS = "Code length"
NATS_HELP = """
A **nat** is a unit of information: choosing among *n* equally likely things takes ln *n* nats (a
bit is 0.69 of one, a letter of 26 is 3.26). **Rate**: the nats that the latent point of {one}
carries. **Distortion**: the nats that are then still needed, on average, to spell the {noun}.
"""
NATS_ENTROPY = """
Their sum is the **code length** of a new {noun}. On average no code is shorter than the entropy of
the source, **{entropy:.2f} nats** (the slanted line). On the test data this model needs
**{bound:.2f}**, that is {excess:.2f} more.
"""
NATS_OWN = """
Their sum is the **code length** of a new {noun}: **{bound:.2f} nats** on the test data. The source
of one's own {plural} is not known, so there is no line to show how short a code could be.
"""
NATS_NO_NOISE = """
This model was trained without noise: every {noun} is encoded to a point without width, so its rate
is infinite, and there is nothing to draw. Given that point, a test {noun} still needs
**{distortion:.2f} nats** (a nat is a unit of information: choosing among *n* equally likely things
takes ln *n* of them).
"""
RATES_HEADER = ("split", "rate + distortion", "code length")
NATS_CAPTION = (
    "Training data may need fewer nats: a model can memorise them. ± is the standard error "
    "over the records."
)

DIMENSIONS = "Latent dimensions"
DIMENSIONS_CAPTION = (
    "Rate of each dimension in nats, the mean over the held-out records. {active} of {k} are "
    "active: the variance of the means is above {least:g} (Burda et al., 2016)."
)
DIMENSIONS_NO_NOISE = (
    "Without noise every dimension has an infinite rate, so these are the variances of the means. "
    "{active} of {k} are active: above {least:g} (Burda et al., 2016)."
)
AGGREGATE = "Aggregated posterior and prior"
AGGREGATE_LABEL = "Latent dimension"
AGGREGATE_CAPTION = (
    "Density of z over all records (the aggregated posterior), beside the standard normal "
    "distribution to which training pulls it (dotted). Points drawn from the prior are like "
    "records only where the two agree. Mean distance by which z must be moved to follow the "
    "prior: {distances}."
)

EXAMPLES = "Some test {plural} and their reconstructions"
EXAMPLES_RIGHT = "Exact match:"
EXAMPLES_WRONG = "With wrong characters (underlined):"
NO_RIGHT = "None of the {n:,} test {plural} is reconstructed exactly."
NO_WRONG = "All {n:,} test {plural} are reconstructed exactly."
