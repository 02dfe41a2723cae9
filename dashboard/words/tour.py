"""What am I looking at?: a tour of the map in steps, and why the notebook's threshold misleads."""

STEP = "Step"
PLACE = "{step} of {steps}"
NEXT = "Next"
BACK = "Back"
OPEN = "Open in Explore"
ALL_STEPS = "All steps"

STEPS = {
    "encoder": (
        "A code becomes a point",
        "Every dot is a car registration, in short a **reg**. A neural network, the **encoder**, "
        "reads a reg and gives two numbers, and two numbers are a place on a map. The reg "
        "**{reg}** becomes the point **{point}**: the black ring.\n\n"
        "A map like this is called a **latent space**. Nobody gave the network these places: it "
        "found them in training.",
    ),
    "decoder": (
        "Every point becomes a code",
        "A second network, the **decoder**, goes the other way: it reads two numbers and spells a "
        "reg. From the point in the ring it spells **{decoded}**: {right} of {n} characters are "
        "those of {reg}.\n\n"
        "It answers at **every** point, not only at the dots. **Move the pointer over the map** "
        "and read the plate above it. The bars under the plate show how sure the decoder is of "
        "each character.",
    ),
    "neighbours": (
        "Neighbours share characters",
        "Points that are near each other decode to similar regs. Look at the small box: "
        "{same} of the {n} dots in it have the number **{number}**.\n\n"
        "Two numbers cannot hold seven characters, so the networks keep what helps most: the "
        "digits. Of regs that were not used in training they spell {digits:.0%} of the digits "
        "right, but only {letters:.0%} of the letters: a guess.",
    ),
    "colours": (
        "Colours show what was learned",
        "Now every dot has the colour of its number, from {low} to {high}. The colours run from "
        "left to right: this model was trained to put the numbers in order.\n\n"
        "Other colours are mixed all over the map. Open this step in Explore and colour by "
        "*Area*: where a car comes from does not decide where its reg lies.",
    ),
    "painted": (
        "Paint what is decoded everywhere",
        "The background is now painted with the decoder's answer at every point: orange for "
        "numbers below 50, blue for 50 and more. Where the paint is faint, the decoder is "
        "unsure.\n\n"
        "So you see more than the {n:,} dots: you see what is decoded between them and around "
        "them, where there is no reg at all.",
    ),
    "gaussian": (
        "A reg is not a point but a cloud",
        "The encoder gives more than a place. For each of the two numbers it also gives a width, "
        "the **standard deviation**: {reg} is at {mean}, give or take {sigma}. So a reg is a "
        "cloud, thick in the middle and thin outside: a **Gaussian**. The two ellipses are 1 and 2 "
        "standard deviations away from its middle, the cross.\n\n"
        "How far is a point from this reg? We count in its standard deviations, not in "
        "centimetres. That is the **Mahalanobis distance**.",
    ),
    "rule": (
        "A rule: keep away from the unwanted",
        "Say that regs with a number below 50 are **unwanted**. We draw {proposed:,} random "
        "points. The rule **rejects** a point if its distance to an unwanted reg is less than a "
        "**threshold**, here {threshold:.1f} standard deviations. The others are **accepted**: "
        "{wanted:,} rings, and {impure:,} red crosses, which decode to something unwanted.\n\n"
        "Inside of the dark lines, in the **zone**, everything is rejected. **Drag the "
        "threshold** under the map and watch the zone grow.",
    ),
    "works": (
        "When the rule works",
        "At a threshold of {threshold:g} the rule accepts {accepted:,} of {proposed:,} points, and "
        "**{wanted:,}** of these decode to regs that we want.\n\n"
        "Look at the paint to see why. On this map the unwanted regs are on the left and the "
        "wanted ones on the right. What is far from the left is on the right.",
    ),
    "fails": (
        "The same rule on the notebook's map",
        "The rule comes from a published notebook. Its map was trained without any order. The "
        "same threshold accepts {accepted:,} points here, and **{impure:,}** of them decode to "
        "**unwanted** regs.\n\n"
        "Here wanted and unwanted regs lie in stripes, close together. What is far from every "
        "unwanted reg is far from **every** reg: it is outside. There the decoder has learned "
        "nothing, and it may answer anything.",
    ),
    "notebook": (
        "What was published, and what helps",
        "The notebook reported that **{published:.1%}** of its accepted points were wanted. That "
        "was one training run. In ten others, which differ only in how they began, it was from "
        "{low:.1%} to {high:.1%} (the bars).\n\n"
        "It helps to ask for two things: far from the unwanted **and near something wanted**. "
        "This *two-sided* rule is on the map now. It accepts {accepted:,} points; {wanted:,} "
        "decode to wanted regs. It gives no guarantee: so decode what is accepted, and check it.",
    ),
}
"""Heading and text of each step."""

RERUNS_CAPTION = (
    "Purity (wanted among accepted) of the rule “farther than 2.5 from every unwanted record”: ten "
    "training runs of the notebook's recipe, 4,000 points each, recorded with the reference "
    "notebook."
)
ON = "Where to go on"
ON_LINKS = (
    ("train", "Train a model, on your own regs too"),
    ("compare", "See the same regs on two maps"),
    ("figures", "Every figure of the notebook"),
)
"""Pages, with the labels of the links to them at the end."""
RESULTS = "Generate regs with this rule, and check them"
