"""A guarantee of purity: a rule's numbers are chosen by tests."""

HEADING = "A guarantee of purity"
PURITY = (
    "Purity",
    "Least share of the accepted points that must decode to wanted {plural}. Fresh points are "
    "proposed and decoded as *Results* does. Numbers of the rule are tested from strict to "
    "lenient, and the last ones that pass are taken (Learn then Test). With a probability of at "
    "least 95 % over these points, the purity is at least this, for points of the same proposals.",
)
CERTAIN = "The rule {rule} needs none: all that it accepts is wanted, by construction."
PURITIES = (0.99, 0.999, 0.9999)
CHOOSE = "Choose the numbers by tests"
TESTING = "Testing {n:,} points: some seconds, in many dimensions a minute"
NUMBERS = (
    "The rule has these exact numbers; sliders that have not moved show them rounded: {numbers}."
)
ABOUT_DRAWN = (
    "It is about regs whose characters are drawn, as *Results* draws them; the map shows the "
    "likeliest reg of each point, so its counts may differ."
)
MOVED = "A slider has been moved, so the guarantee no longer holds."
BACK = "Back to the numbers of the tests"
OTHER_SETTINGS = "The last tests were of other settings, so no guarantee holds for these."
