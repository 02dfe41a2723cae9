"""The privacy audit of a model, and of generated results."""

HEADING = "Privacy audit"
INTRO = """
What can somebody learn about the records from this model, or from {plural} that it generates? The
audit attacks both and counts what that finds. **Membership inference** is the attack that tells
whether {one} was among the training records. The same attack on held-out records, which the model
never trained on, shows what is mere chance.
"""
NONE = "This version of the model has not been audited yet."
AUDIT = "Audit this model"
AUDIT_HELP = (
    "Takes about 10 seconds: {plural} are generated, attacks are carried out, and the report is "
    "stored with the model."
)
NOT_STORED = (
    "The model's folder cannot be written, so the audit is kept until you leave; download it."
)

WAITING = ""
"""The step of an audit that has not begun."""
STEPS = {
    WAITING: "waiting for another audit to end",
    "codes": "generating {plural}",
    "membership": "membership inference",
    "inference": "attribute inference: guessing characters",
    "holes": "holes: records that are missing",
    "quality": "quality of the {plural}",
}
"""A line on each step, in their order."""

MEMBERSHIP = "Membership inference"
HEADER = ("attack by", "found", "AUC")
CAPTION = (
    "**AUC**: how often an attack tells which of two records, one of training and one held out, is "
    "the one of training; 0.5 is guessing, 1 is certainty. **Found**: the share of training "
    "records that it names while at most 0.1 % of held-out ones are named too (the true positive "
    "rate at 0.1 % false positives). Whiskers and brackets: 95 % intervals."
)
FOUND = "What was found"
MORE = "What was tried, and what that does not tell"
TRIED = "What was tried:"
LIMITS = "What that does and does not tell:"
REPORT = "Report (HTML)"
JSON = "Figures (JSON)"
SHADOWS = (
    "The strongest known membership attack, LiRA, needs **shadow models**: {n} models trained as "
    "this one was, on other splits of its records. Each takes about {each}, all of them about "
    "{total} on one processor. This command trains them and stores the audit here:"
)

AUDIT_RESULTS = "Audit these results"
AUDIT_RESULTS_HELP = (
    "Carries out the attacks of the privacy audit (*Model report*) on these {plural}, and looks "
    "for records that can be named because they are missing. Takes 10 seconds to 2 minutes."
)
OF_RESULTS = "Privacy audit of these results"
HOLES = "Holes, by which records can be named because they are missing: {sentence}."
TOO_MANY = (
    "more than {most:,} points were proposed, for which this takes many minutes; use regvae audit "
    "{model} --results FILE"
)
