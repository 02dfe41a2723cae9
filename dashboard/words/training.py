"""Training: the form, the training runs, and the map as it forms."""

from dashboard.words import common
from regvae.model.config import Preset

# --- the form -------------------------------------------------------------------------------------

NEW = "New training run"
PRESET = "Start from"
NAME = "Name"
NAME_HELP = "Letters, digits, - and _; not the name of a training run or a model that is there."
DATA = "Data"
NETWORK = "Network"
LOSS = "Loss"
SCHEDULE = "Schedule"
START = "Train"
CHANGED = "Changed from {name}."
CHANGED_NAME = "{name}, changed"
RECIPE = (
    "{n:,} training {plural}, {k} latent dimensions (ordered: {orders}), {likelihood} likelihood, "
    "beta {beta:g}; {epochs:,} epochs in batches of {batch}."
)
FIELDS = {
    "seed": ("Seed", "Decides the initial weights, the order of the codes and the noise."),
    "source": ("Codes", "What to train on."),
    "data_seed": ("Data seed", "Decides which codes are drawn, and which of them are held out."),
    "own_seed": ("Data seed", "Decides which of your codes are held out."),
    "train": ("Training", "Codes to train on."),
    "validation": ("Validation", "Codes to compute the validation loss on after every epoch."),
    "test": ("Test", "Codes to measure the model on at the end."),
    "latent_dim": (
        "Latent dimensions",
        "Numbers that a code is encoded to. Two make a map; more can encode more characters.",
    ),
    "encoder": ("Encoder widths", "Widths of the hidden layers from a code to its Gaussian."),
    "decoder": ("Decoder widths", "Widths of the hidden layers from a latent point to a code."),
    "likelihood": (
        "Likelihood",
        "*Categorical*: a softmax for every character. *Bernoulli*: a sigmoid for every output, "
        "as in the notebook.",
    ),
    "divergence": (
        "Divergence",
        "KL divergence of a code's Gaussian from the prior. *Exact*: of the Gaussian that points "
        "are drawn from. *Notebook*: reads log σ as a log variance, and leaves the noise out.",
    ),
    "beta": (
        "Beta",
        "Weight of the divergence: more pulls all codes to the prior, and fewer characters are "
        "encoded.",
    ),
    "noise": ("Noise", "Points are drawn with the noise times σ; the notebook's is 0.1."),
    "warm_up": ("Warm-up epochs", "Beta grows from 0 to its value in this many epochs."),
    "random_share": (
        "Share of random codes",
        "This share of the training codes is replaced by random ones, new ones in every epoch. "
        "They teach combinations of characters that are rare in the data.",
    ),
    "order": (
        "Along axis {axis}",
        "An attribute to order along this latent axis (attribute regularisation).",
    ),
    "phases": (
        "Learning rate × epochs",
        "One phase, or several separated by commas; each begins with a fresh optimizer.",
    ),
    "schedule": ("Learning rate", "Constant, or falling towards 0 along a cosine."),
    "optimizer": ("Optimizer", "The notebook's is Adamax."),
    "batch_size": ("Batch", "Codes in a step. Larger batches make faster epochs of fewer steps."),
    "clip": (
        "Clip",
        "Longest gradient of one code; longer ones are scaled down to it, so that no code counts "
        "for more.",
    ),
    "noise_multiplier": (
        "Noise multiplier",
        "Noise added to each step's sum of gradients, in clips. More hides each code better "
        "(a smaller epsilon), and less is learned.",
    ),
}
PRIVACY = "Privacy"
PRIVATE = (
    "Differentially private: {privacy}. Batches and noise are drawn anew in each training run, not "
    "from the seed, so training again gives another model."
)
NO_ORDER = "nothing"
OPTIONS = {
    "notebook": "the notebook's",
    "dvla": "only what DVLA may issue",
    "bernoulli": "Bernoulli",
    "categorical": "categorical",
    "exact": "exact",
    "adamax": "Adamax",
    "adam": "Adam",
    "constant": "constant",
    "cosine": "cosine",
}
NO_OWN = "Training needs a file or a text of codes that can be used."
LONG = (
    "These codes have {n} characters to learn. The preset {preset} is made for {least} and more; "
    "its map shows a plane of its 64 dimensions."
)
USE_PRESET = "Start from {preset}"
NO_WIDTHS = "{label}: expected whole numbers such as 256, 128, got “{typed}”; change them."
NO_PHASE = "{label}: expected pairs such as 0.004 × 200, got “{typed}”; change them"

# --- training runs --------------------------------------------------------------------------------

RUNS = "Training runs"
NO_RUNS = (
    "There is no training run. Choose a preset, or give codes of your own, and press *Train*: most "
    "presets take ten to twenty seconds, and you watch the map form. Training goes on if you close "
    "this page."
)
STATES = {
    "waiting": "waiting for a processor",
    "starting": "starting",
    "training": "training, epoch {epoch} of {epochs}",
    "saving": "saving the model after {epochs} epochs",
    "stopped": "stopped after epoch {epoch} of {epochs}",
    "interrupted": "interrupted after epoch {epoch} of {epochs}",
    "failed": "failed",
    "finished": "finished, {epochs} epochs",
}
QUEUED = (
    "In the queue: this machine trains {slots} at once, and {ahead} have waited longer. It starts "
    "by itself."
)
INTERRUPTED = "Its process ended unexpectedly; resume it: at most one epoch is lost."
COMPILING = "Loading TensorFlow and compiling: some seconds."
STOP = "Stop"
STOPPING = "Stopping…"
RESUME = "Resume"
KEEP = "Keep as a model"
KEEP_AS = "Keep as"
NEW_MODEL = "{name} is a model now."
NEXT = (
    ("explore", "Explore it", "model"),
    ("report", "Its report", "model"),
    ("compare", "Compare it with the notebook's", "right"),
)
"""Where a new model can be seen: page, label of the link, the model's key in the address."""
DELETE = "Delete"
DELETE_SURE = "Its weights and its history will be lost."
DELETE_YES = "Delete {name}"
MODELS = "Your models: {n}, in {folder}"

# --- the map as it forms --------------------------------------------------------------------------

FORMING = "The map as it forms: {n:,} training {plural}"
FORMING_AXES = "The map as it forms: {n:,} training {plural}, axes 1 and 2 of {k}"
ENTROPY = "entropy of the generator: {nats:.2f}"
EXACT = "exact"  # the legend has no room for "exact match"


def recipe(preset: Preset) -> str:
    """What a preset trains, in a sentence."""
    training = preset.training
    return RECIPE.format(
        n=preset.data.sizes[0],
        k=preset.network.latent_dim,
        orders=common.orders(training.orders),
        likelihood=OPTIONS[training.likelihood],
        beta=training.beta,
        plural=preset.data.format.plural,
        epochs=training.epochs,
        batch=training.batch_size,
    )
