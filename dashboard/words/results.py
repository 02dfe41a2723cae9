"""Results and the search for leaks."""

from regvae.rejection.policy import DRAWN, LIKELIEST
from regvae.rejection.report import RECORD, UNWANTED

INTRO = """
A result is a **new, different {noun}**. Points are proposed until there are enough; every accepted
point is decoded and compared with all records. A **leak** is an accepted point that decodes to
something unwanted or to a record.
"""
INTRO_RELEASED = """
A result is a **different {noun}**. Points are proposed until there are enough, and every accepted
point is decoded. This model was released without its records, so a result **may be one of them**:
that is not known. A **leak** is an accepted point that decodes to something unwanted.
"""
NUMBER = (
    "Results",
    "Different {plural} to collect; of points that decode to one {noun} the first counts. Empty: "
    "all that the number of points under *Sample* gives. A million take some minutes.",
)
ALL = "all from {n:,} points"
DECODE = (
    "Characters",
    "The decoder gives every character a probability. *Drawn*: characters are drawn with them, "
    "which gives many different {plural}. *Likeliest*: always the most probable one, as on the "
    "map; large parts of the map decode to the same few {plural} then.",
)
DECODINGS = {DRAWN: "Drawn", LIKELIEST: "Likeliest"}
MANY_DIMENSIONS = (
    "In {k} dimensions nearly all of the box lies far from the records, and what is decoded there "
    "is chance. Under *Sample*, propose points *around* records, and set the rule to *certified*."
)
WITH_GUARANTEE = (
    "The rule *{rule}* may have learned what is wrong. So its numbers are chosen by tests on fresh "
    "points, with a purity of at least {purity:g} at {confidence} confidence; the slider plays no "
    "part here."
)
CLEAN = (
    "Leave out leaks",
    "Accepted points that decode to something unwanted or to a record are left out of the "
    "results. That does not protect the records: {one} that is missing may be one. Purity and "
    "collisions still count every accepted point.",
)
NEIGHBOURHOODS = (
    "Leave out the neighbourhoods of records",
    "A {noun} is in the neighbourhood of a record if it differs at one position only, that with "
    "the most characters. Then a {noun} that is missing may be one of many, so that it names no "
    "record.",
)
RULE = (
    "Rule of the results",
    "The map keeps its own rule, which is set under *Sample* and by the sliders.",
)
RULES = {"certified": "certified", "map": "the rule on the map"}
CERTIFIED = "Judges each decoded code, so that every result is wanted, by construction."
MORE = "More: the numbers of certified"
ON_THE_MAP = "The rule on the map is *{rule}*: {numbers}."
PREDICTS = " It predicts from the point alone, so its purity is an estimate."
BY_CONSTRUCTION = "Every one is **wanted, by construction**: its own code was judged."
ESTIMATED = (
    "Of what the rule {rule} accepts, **{purity:.2%}** is wanted. That purity is an **estimate**: "
    "from {low:.2%} to {high:.2%} at 95 % confidence."
)
VALID = {"reg": "valid at DVLA"}
VALID_ANY = "valid"
WHY = "Why points are refused, counted on the first {n:,}: {reasons}."
REFUSED = {
    UNWANTED: "**{n:,}** decode to something unwanted",
    RECORD: "**{n:,}** decode to a record",
    "m": "**{n:,}** decode to a wanted {noun}, but not clearly enough (m)",
    "q": "**{n:,}** lie where records are too rare (q)",
    "threshold": "**{n:,}** lie too near an unwanted record (threshold)",
    "margin": "**{n:,}** are not enough nearer to a wanted record (margin)",
    "support": "**{n:,}** lie too far from every wanted record (support)",
    "alpha": "**{n:,}** lie where too many records are unwanted (alpha)",
    "score": "**{n:,}** have too low a score",
}
REFUSED_BY = "**{n:,}** do not reach {parameter}"
WIDER = " To accept more, propose from a wider part: a larger scale or box, under *Sample*."
AROUND = " To accept more, propose points *around* records under *Sample*, or lower q."
LESS_STRICT = " To accept more, choose a less strict {parameter}."
GENERATE = "Generate results"
GENERATING = "{kept:,} of {wanted:,} different {plural}{pace}; {proposed:,} points proposed"
PROPOSING = "{kept:,} different {plural}, {proposed:,} of {most:,} points proposed"
PACE = " ({rate:,.0f} a second)"
PACE_AND_LEFT = " ({rate:,.0f} a second, about {time} left)"
WAITING = "waiting; the first points are measured, or other sampling runs must end first"
RUN = "**{model}**: {counts}"
RUNNING_OTHER = (
    "This run began with other settings than the present ones, and the rule {rule}; its results "
    "will be of those. Stop it to generate with the present ones."
)
MEANWHILE = (
    "You can use this page meanwhile. Keep it open, and do not change the model: otherwise the "
    "results are lost."
)
STOP = "Stop, and keep what there is"
DIFFERENT_RELEASED = "Each result was compared with all other results."
DIFFERENT_HELP = "Each result was compared with all other results, and with all records."
OUTDATED = "These results belong to other settings than the present ones; generate them again."
COLLISIONS_HELP = (
    "A collision is an accepted point that decodes to a record; each point was compared with all "
    "of them. The bound (Clopper and Pearson) is on the rate per draw of this policy, not per "
    "different {noun}: draws may repeat a few {plural}."
)
EDITS_CAPTION = (
    "Edits (characters to insert, delete or replace) from {one} to the nearest training record: "
    "results beside held-out {plural}. Results much nearer than those are nearly copies; results "
    "as far away are no evidence of privacy."
)
FILES_CAPTION = (
    "To share: the new {plural} and counts; no points, no distances, and no unwanted {plural} that "
    "you listed. What very many results lack may still hint at records."
)
SAME_BYTES = (
    "The policy file gives the same bytes on the command line: *.venv/bin/regvae sample --policy "
    "FILE --out new.parquet*."
)
DETAILS = "Details, which contain records"
DETAILS_CAPTION = (
    "The latent points, the distances to records, and which {plural} are records. A few exact "
    "distances give a record away, so do not share these."
)
DETAILS_FILE = "Details"
WHOLE_POLICY = "Policy with its list"

HUNT = "Search for leaks on the map"
HUNT_HELP = (
    "Leaks of the rule on the map. Tries 200,000 proposals, the means of the records, and points "
    "around every leak found. Finding none does not prove that there is none."
)
STILL_ACCEPTED = "{now:,} of the {found:,} leaks found are accepted now (red crosses on the map)."
CLEAR_LEAKS = "Set {parameter} to {value}"
NOT_CLEARED = "No value of {parameter} on the slider rejects all of them."
SAMPLES_LEFT = "It accepts {left:,} of the {now:,} samples that are accepted now."
