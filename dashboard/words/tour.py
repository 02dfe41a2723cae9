"""What am I looking at?: latent spaces, the notebook's threshold, and why it misleads."""

START = """
### A map with a decoder

A **variational autoencoder** is two neural networks that are trained together. The *encoder* turns
a car registration into a few numbers; the *decoder* has only those numbers and must spell the
registration again. Here there are **two** numbers, so they can be drawn as a point: that is the
map. It is called a *latent space*, because the numbers are nowhere in the data: training finds
them.
"""
ROUND_TRIP = """
The shipped model encodes and decodes this registration, on which it never trained:
"""
STRIPES = """
### Why the map has stripes

Two numbers cannot encode seven characters. This model encodes the two **digits**. Look at the map
coloured by *tens digit* and by *units digit*: one runs across the map, the other down. The
**letters** hardly matter to where a dot lies, so the decoder guesses them: the bars under the
plate, which are probabilities, are long for the digits and short for the letters.

Between the dots and around them there are no records, and those points decode to regs **too**.
Point at a gap: you get a plate that, most likely, was never in the data. That is how the model
generates registrations.
"""
REJECTION = """
### Rejecting unwanted regs

Say that numbers below 50 are *unwanted*. The notebook's idea: draw points at random, measure how
far each lies from every unwanted record, and **reject** it if that is less than a *threshold*. The
others are *accepted* and decoded.

Each record is a Gaussian, wider in one direction than in another: its **mean** is the dot, its
**standard deviations** are the widths. Distance is measured in those standard deviations
(*Mahalanobis distance*). The solid line on the map is where the distance to the nearest unwanted
record equals the threshold. Drag it and watch: inside the line everything is rejected.
"""
MISLEADS = """
### Why the threshold misleads

The notebook published that **96.7 %** of the accepted samples were wanted: their *purity*. That is
true of one training run. Train the same recipe again from other initial weights, and nearly any
purity may result. Ten training runs gave the following; the shipped model, chosen for its
validation loss alone, has **{purity:.1%}**:
"""
RERUNS_CAPTION = (
    "Purity of the rule “farther than 2.5 from every unwanted record” over ten training runs of "
    "the notebook's recipe (4,000 samples each). Source: re-runs recorded with the reference "
    "notebook."
)
WHY = """
The reason is on the map. *Far from everything unwanted* is also true **far outside the map**, where
there is no record and the decoder was never trained: it extrapolates, and may decode to anything.
Set the threshold to 1.00 and the ring of red samples shows it.

And the notebook's "theoretical probability" at 2.5, **15.4 %**, is not the tail it was meant to be.
A point drawn from a record's own Gaussian in two dimensions lies farther than 2.5 with a
probability of exp(-2.5² / 2) = **4.4 %**. *Explore* shows both.

### Rules that require something wanted nearby

A point should be far from the unwanted **and near something wanted**. The tab *Sample* beside the
map has two rules that require both. *Two-sided* compares two distances: nearer to a wanted record
than to any unwanted one, and not far from it. *Posterior* compares two densities, with calibrated
standard deviations, and requires *typicality*: a share of the held-out draws must lie in sparser
places (an approximate conformal p-value).

Both did better than the threshold on the ten training runs on which their parameters were chosen.
Neither is a guarantee: on a fresh training run the two-sided rule had a purity of 93.8 %. *Against
the notebook* has the figures. In fifteen dimensions none of the rules has been shown to work.

The model *ordered-2d* was trained to order the number from left to right, so that what is unwanted
lies on one side. There nearly all points that the notebook's threshold accepts are wanted. Paint
both maps in the tab *Journeys* and you see why: around the notebook's map most points decode to
something unwanted.

A distance on the map proves nothing about the decoded text. So the tab *Results* decodes every
accepted point, compares it with all records, bounds the rate of collisions, and searches for leaks.

### What to try now

1. Colour by *number*, then by *tens digit* and *units digit*.
2. Point slowly from one stripe to the next and watch one digit change.
3. Find your own car's reg, and see where it lies and how it is reconstructed.
4. Lasso one stripe and decode 50 points of it.
5. Drag the threshold from 0 to 6 and watch the purity.
6. Switch to *two-sided* in the tab *Sample*, and look again. Click a rejected sample to see why.
7. Then, in the tab *Results*, generate 1,000 results and download them with their manifest.
8. In the tab *Journeys*, paint the map, and follow a path from one reg to another.
9. On the page *Compare*, lasso a crowd in the notebook's map and see where *exact-15d* has it.
10. On the page *Train*, train *ordered-2d* with another seed and watch its map form.
"""
