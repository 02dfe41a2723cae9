"""Results and the search for leaks."""

INTRO = """
Points are proposed until there are enough results. Every accepted point is decoded and compared
with all records. A **leak** is an accepted point that decodes to something unwanted or to a record.
"""
NUMBER = ("Results", "Accepted points to collect. Several of them may decode to one reg.")
CLEAN = (
    "Leave out leaks",
    "Accepted points that decode to something unwanted or to a record are left out of the "
    "results. That does not protect the records: a reg that is missing may be one. Purity and "
    "collisions still count every accepted point.",
)
GENERATE = "Generate results"
GENERATING = "{kept:,} of {wanted:,} results, {proposed:,} proposed"
OUTDATED = "These results belong to other settings than the present ones; generate them again."
COLLISIONS_HELP = (
    "A collision is an accepted point that decodes to a record; each point was compared with all "
    "of them. The bound (Clopper and Pearson) is on the rate per draw of this policy, not per "
    "different reg: draws may repeat a few regs."
)
EDITS_CAPTION = (
    "Edits (characters to insert, delete or replace) from a reg to the nearest training record: "
    "results beside held-out regs. Results much nearer than those are nearly copies; results as "
    "far away are no evidence of privacy."
)
FILES_CAPTION = (
    "The policy file gives the same bytes on the command line: *.venv/bin/regvae sample --policy "
    "FILE --out new.parquet*. The manifest holds policy, report, audit and hashes. Treat the "
    "results as containing records: their distances and points can give a record's mean away."
)

HUNT = "Search for leaks"
HUNT_HELP = (
    "Tries 200,000 proposals, the means of the records, and points around every leak found. "
    "Finding none does not prove that there is none."
)
STILL_ACCEPTED = "{now:,} of the {found:,} leaks found are accepted now (red crosses on the map)."
CLEAR_LEAKS = "Set {parameter} to {value}"
NOT_CLEARED = "No value of {parameter} on the slider rejects all of them."
SAMPLES_LEFT = "It accepts {left:,} of the {now:,} samples that are accepted now."
