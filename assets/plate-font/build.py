"""Build `dashboard/static/plate.woff2`, the typeface of the dashboard's number plates.

Every glyph is drawn here, from strokes: the centre line of a pen of constant width, given as a
few points in millimetres with a radius wherever the line bends smoothly. No outline comes from
another font. The build turns each stroke into a closed contour, and lets contours overlap where
strokes meet.

The measurements are those that the Road Vehicles (Display of Registration Marks) Regulations 2001
prescribe for marks made since September 2001: characters 79 mm tall and 50 mm wide (1 and I only
as wide as a stroke), strokes of 14 mm, 11 mm between characters, and 33 mm between the two groups
of a mark. The hyphen, which plates of other countries have between groups, is our own.

The output is the same, byte for byte, on every run with the same versions of the libraries.

Usage: pip install fonttools brotli, then python assets/plate-font/build.py
"""

import cmath
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib.tables._g_l_y_f import Glyph, flagOverlapSimple

OUTPUT = Path(__file__).resolve().parents[2] / "dashboard" / "static" / "plate.woff2"
FAMILY = "Regplate"

# What the regulations prescribe, in millimetres.
HEIGHT = 79
WIDTH = 50
PEN = 14
CHARACTER_GAP = 11
GROUP_GAP = 33

# The font's own unit: a millimetre is a whole number of units, so straight edges stay exact.
UNITS_PER_EM = 1000
UNITS_PER_MM = 10

# Half an em above and below the middle of the capitals, so that they sit in the middle of a line.
ASCENT = HEIGHT * UNITS_PER_MM // 2 + UNITS_PER_EM // 2
DESCENT = ASCENT - UNITS_PER_EM

# Not prescribed: wide enough that it is no 1 that lies down.
HYPHEN = 24

# A fixed date, in seconds since 1904 as the format counts them: 1 September 2001.
TIMESTAMP = 3_082_147_200

# The pen's centre line at the edges and in the middle of a character.
LEFT, CENTRE, RIGHT = PEN / 2, WIDTH / 2, WIDTH - PEN / 2
BOTTOM, MIDDLE, TOP = PEN / 2, HEIGHT / 2, HEIGHT - PEN / 2

# The radius of the centre line in a bowl of full width, and upwards in one of half height.
ROUND = (RIGHT - LEFT) / 2
SMALL = (TOP - BOTTOM) / 4

# Where the open ends of C, S and their like stop, measured from the nearer of top and bottom.
TERMINAL = 25

# An arc is cut into parabolas of at most this angle: off by less than a thousandth of its radius.
ARC_STEP = math.radians(30)

# A point of a centre line: x, y and, at a smooth bend, its radius. A bend between a level and an
# upright line may have two: across and up.
Node = tuple[float, ...]

# A piece of a contour: the control points of its parabolas (none: a straight line) and its end.
Segment = tuple[list[complex], complex]


@dataclass(frozen=True)
class Stroke:
    """A centre line through nodes, and the width of the pen that follows it.

    A slanted end is cut level, so that it stands on the baseline, unless `square_start` asks for
    a square cut at the first node.
    """

    nodes: tuple[Node, ...]
    closed: bool = False
    pen: float = PEN
    square_start: bool = False


def line(*nodes: Node, pen: float = PEN, square_start: bool = False) -> Stroke:
    """Draw from the first node to the last."""
    return Stroke(nodes, pen=pen, square_start=square_start)


def ring(left: float, bottom: float, right: float, top: float) -> Stroke:
    """Draw a closed oval, given by its centre line, with straight sides if it is tall."""
    across = (right - left) / 2
    up = min(across, (top - bottom) / 2)
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    return Stroke(tuple((x, y, across, up) for x, y in corners), closed=True)


def diagonal(start: tuple[float, float], end: tuple[float, float]) -> Stroke:
    """Draw a straight stroke with level ends that fills the box between two opposite corners."""
    (x0, y0), (x1, y1) = start, end
    width, height = abs(x1 - x0), abs(y1 - y0)
    # A level cut through the stroke is longer than the pen is wide, the more so the flatter the
    # stroke, whose slope in turn follows from the cut's length: a quadratic in that length,
    # length = PEN / height * hypot(height, width - length).
    a = height**2 - PEN**2
    b = PEN**2 * width
    length = (math.sqrt(b**2 + a * PEN**2 * (height**2 + width**2)) - b) / a
    inset = math.copysign(length / 2, x1 - x0)
    return line((x0 + inset, y0), (x1 - inset, y1))


def stem(x: float) -> Stroke:
    """Draw an upright of full height centred on x."""
    return line((x, 0), (x, HEIGHT))


def bar(y: float, left: float = 0, right: float = WIDTH) -> Stroke:
    """Draw a level stroke centred on y."""
    return line((left, y), (right, y))


def turned(strokes: list[Stroke]) -> list[Stroke]:
    """Rotate a character by half a turn."""
    return [
        replace(s, nodes=tuple((WIDTH - x, HEIGHT - y, *radius) for x, y, *radius in s.nodes))
        for s in strokes
    ]


def bowl(bottom: float, top: float, right: float = RIGHT) -> Stroke:
    """Draw the bowl of B, D, P and R, from the left edge and back to it."""
    radius = min(ROUND, (top - bottom) / 2)
    return line((0, top), (right, top, radius), (right, bottom, radius), (0, bottom))


def straight_letters() -> dict[str, list[Stroke]]:
    """Return the strokes of the letters without a curve."""
    vee = [diagonal((0, HEIGHT), (32, 0)), diagonal((WIDTH, HEIGHT), (18, 0))]
    double_u = [
        stem(LEFT),
        stem(RIGHT),
        # Thinner, lest the character fill up at the size of a line of text.
        line((7.9, 0), (CENTRE, 36), (WIDTH - 7.9, 0), pen=11),
    ]
    return {
        "A": [*turned(vee), bar(19, 8, 42)],
        "E": [stem(LEFT), bar(TOP), bar(MIDDLE + 0.5, right=45), bar(BOTTOM)],
        "F": [stem(LEFT), bar(TOP), bar(MIDDLE - 1, right=45)],
        "H": [stem(LEFT), stem(RIGHT), bar(MIDDLE)],
        # The arm ends along the stem, so that its lower corner cannot stick out.
        "K": [
            stem(LEFT),
            line((41.7, HEIGHT), (LEFT, 25), (LEFT, 0)),
            diagonal((13, 48), (WIDTH, 0)),
        ],
        "L": [stem(LEFT), bar(BOTTOM)],
        "M": turned(double_u),
        "N": [stem(LEFT), stem(RIGHT), diagonal((0, HEIGHT), (WIDTH, 0))],
        "T": [bar(TOP), stem(CENTRE)],
        "V": vee,
        "W": double_u,
        "X": [diagonal((0, 0), (WIDTH, HEIGHT)), diagonal((WIDTH, 0), (0, HEIGHT))],
        "Y": [
            line((7.5, HEIGHT), (CENTRE, 34), (CENTRE, 0)),
            line((42.5, HEIGHT), (CENTRE, 34), (CENTRE, 0)),
        ],
        "Z": [bar(TOP), bar(BOTTOM), diagonal((0, PEN), (WIDTH, HEIGHT - PEN))],
    }


def round_letters() -> dict[str, list[Stroke]]:
    """Return the strokes of the letters with curves, but for O, which is drawn as a digit."""
    upper, lower = HEIGHT - TERMINAL, TERMINAL
    hook = [(RIGHT, BOTTOM, ROUND), (LEFT, BOTTOM, ROUND)]
    arch = [(RIGHT, TOP, ROUND), (LEFT, TOP, ROUND), (LEFT, BOTTOM, ROUND), (RIGHT, BOTTOM, ROUND)]
    s_top = [(RIGHT, TOP, ROUND, SMALL), (LEFT, TOP, ROUND, SMALL), (LEFT, MIDDLE, ROUND, SMALL)]
    s_bottom = [
        (RIGHT, MIDDLE, ROUND, SMALL),
        (RIGHT, BOTTOM, ROUND, SMALL),
        (LEFT, BOTTOM, ROUND, SMALL),
    ]
    return {
        "B": [stem(LEFT), bowl(MIDDLE + 0.5, TOP, RIGHT - 1), bowl(BOTTOM, MIDDLE + 0.5)],
        "C": [line((RIGHT, upper), *arch, (RIGHT, lower))],
        "D": [stem(LEFT), bowl(BOTTOM, TOP)],
        "G": [line((RIGHT, upper), *arch, (RIGHT, 33), (CENTRE, 33))],
        "J": [line((RIGHT, HEIGHT), *hook, (LEFT, lower))],
        "P": [stem(LEFT), bowl(37, TOP)],
        "Q": [
            ring(LEFT, BOTTOM, RIGHT, TOP),
            line((25, 30), (43, 0), pen=12, square_start=True),
        ],
        "R": [stem(LEFT), bowl(39, TOP), diagonal((20, 39), (WIDTH, 0))],
        "S": [line((RIGHT, upper), *s_top, *s_bottom, (LEFT, lower))],
        "U": [line((RIGHT, HEIGHT), *hook, (LEFT, HEIGHT))],
    }


def digits() -> dict[str, list[Stroke]]:
    """Return the strokes of the digits."""
    upper, lower = HEIGHT - TERMINAL, TERMINAL
    six = [
        ring(LEFT, BOTTOM, RIGHT, 41),
        line((RIGHT, upper), (RIGHT, TOP, ROUND), (LEFT, TOP, ROUND), (LEFT, 24)),
    ]
    return {
        "0": [ring(LEFT, BOTTOM, RIGHT, TOP)],
        "1": [stem(LEFT)],
        "2": [
            line(
                (LEFT, upper), (LEFT, TOP, ROUND), (RIGHT, TOP, ROUND), (RIGHT, 45, 18), (10.2, PEN)
            ),
            bar(BOTTOM),
        ],
        "3": [
            line(
                (LEFT, upper),
                (LEFT, TOP, ROUND - 0.5, SMALL),
                (RIGHT - 1, TOP, ROUND - 0.5, SMALL),
                (RIGHT - 1, MIDDLE, ROUND - 0.5, SMALL),
                (20, MIDDLE),
            ),
            line(
                (20, MIDDLE),
                (RIGHT, MIDDLE, ROUND, SMALL),
                (RIGHT, BOTTOM, ROUND, SMALL),
                (LEFT, BOTTOM, ROUND, SMALL),
                (LEFT, lower),
            ),
        ],
        "4": [stem(35), bar(20), diagonal((0, 27), (40, HEIGHT))],
        "5": [
            line(
                (47, TOP),
                (LEFT + 1, TOP),
                (LEFT + 1, 42),
                (RIGHT, 42, ROUND, 17.5),
                (RIGHT, BOTTOM, ROUND, 17.5),
                (LEFT, BOTTOM, ROUND, 17.5),
                (LEFT, lower),
            )
        ],
        "6": six,
        "7": [bar(TOP), diagonal((8, 0), (WIDTH, HEIGHT - PEN))],
        "8": [
            ring(LEFT + 1, MIDDLE + 0.5, RIGHT - 1, TOP),
            ring(LEFT, BOTTOM, RIGHT, MIDDLE + 0.5),
        ],
        "9": turned(six),
    }


def unit(vector: complex) -> complex:
    """Scale a vector to length one."""
    return vector / abs(vector)


def arc(start: complex, heading: complex, turn: float, radius: float) -> Segment:
    """Return an arc that leaves start in a direction and turns left by an angle (right: < 0)."""
    pieces = math.ceil(abs(turn) / ARC_STEP - 1e-9)
    step = turn / pieces
    to_centre = heading * math.copysign(radius, turn) * 1j
    centre = start + to_centre
    # The tangents at the ends of a piece meet this much further out than the arc. Only these
    # meeting points are kept: the format implies the arc's own points, half-way between them.
    reach = -to_centre / math.cos(step / 2)
    controls = [centre + reach * cmath.rect(1, (i + 0.5) * step) for i in range(pieces)]
    return controls, centre - to_centre * cmath.rect(1, turn)


def bend(before: complex, node: Node, after: complex, shift: float) -> list[Segment]:
    """Return a corner of a centre line moved left by shift, with a line that leads to it."""
    point, radii = complex(*node[:2]), node[2:]
    enter, leave = unit(point - before), unit(after - point)
    turn = cmath.phase(leave / enter)
    # Both edges keep their distance from both lines, so they meet on the bisector: a mitre.
    corner = point + shift * 1j * (enter + leave) / (1 + (enter.conjugate() * leave).real)
    if not radii:
        return [([], corner)]
    # The edge on the inside of the bend runs closer to its centre.
    across, up = (radius - math.copysign(shift, turn) for radius in (radii[0], radii[-1]))
    start = corner - enter * across * math.tan(abs(turn) / 2)
    controls, end = arc(start, enter, turn, across)

    # An arc with two radii is a round one, pressed towards the level line of the corner.
    def squash(place: complex) -> complex:
        return complex(place.real, corner.imag + (place.imag - corner.imag) * up / across)

    return [([], squash(start)), ([squash(control) for control in controls], squash(end))]


def cut(end: complex, heading: complex, shift: float, square: bool) -> complex:
    """Return an end of a centre line moved left by shift, along a square cut or a level one."""
    if square or heading.imag == 0:
        return end + shift * 1j * heading
    return end - shift / heading.imag


def edge(stroke: Stroke, backwards: bool) -> Iterator[Segment]:
    """Follow a centre line, half a pen's width to the left."""
    nodes = stroke.nodes[::-1] if backwards else stroke.nodes
    points = [complex(*node[:2]) for node in nodes]
    shift = stroke.pen / 2
    if not stroke.closed:
        square = stroke.square_start and not backwards
        yield [], cut(points[0], unit(points[1] - points[0]), shift, square)
    last = len(points) - 1
    for i in range(last + 1) if stroke.closed else range(1, last):
        yield from bend(points[i - 1], nodes[i], points[(i + 1) % len(points)], shift)
    if not stroke.closed:
        square = stroke.square_start and backwards
        yield [], cut(points[-1], unit(points[-1] - points[-2]), shift, square)


def contours(stroke: Stroke) -> list[list[Segment]]:
    """Return the outlines of a stroke, ink always to their right so that overlaps add up."""
    there = list(edge(stroke, backwards=False))
    back = list(edge(stroke, backwards=True))
    return [there, back] if stroke.closed else [there + back]


def draw(strokes: list[Stroke]) -> Glyph:
    """Turn strokes into a glyph, with half the gap between characters before its ink."""
    pen = TTGlyphPen(None)

    def place(point: complex) -> tuple[int, int]:
        x, y = (point.real + CHARACTER_GAP / 2), point.imag
        return round(x * UNITS_PER_MM), round(y * UNITS_PER_MM)

    for contour in (c for stroke in strokes for c in contours(stroke)):
        here = place(contour[-1][1])
        pen.moveTo(here)
        for controls, end in contour:
            if controls:
                pen.qCurveTo(*map(place, controls), place(end))
            elif place(end) != here:
                pen.lineTo(place(end))
            here = place(end)
        pen.closePath()
    glyph = pen.glyph()
    if strokes:
        # Tells rasterizers that contours may overlap, lest antialiasing shows seams.
        glyph.flags[0] |= flagOverlapSimple
    return glyph


def alphabet() -> dict[str, list[Stroke]]:
    """Return the strokes of every character of a registration mark, and of the hyphen."""
    shapes = straight_letters() | round_letters() | digits()
    shapes |= {"I": shapes["1"], "O": shapes["0"], "-": [bar(MIDDLE, right=HYPHEN)]}
    return dict(sorted(shapes.items()))


def advances(characters: list[str]) -> dict[str, int]:
    """Return how far each glyph moves the line on, in units of the font."""
    widths = dict.fromkeys([".notdef", *characters], WIDTH + CHARACTER_GAP)
    widths |= dict.fromkeys("1I", PEN + CHARACTER_GAP)
    widths["-"] = HYPHEN + CHARACTER_GAP
    # The characters on either side of a space bring a gap between characters along.
    widths["space"] = GROUP_GAP - CHARACTER_GAP
    return {name: width * UNITS_PER_MM for name, width in widths.items()}


def build() -> FontBuilder:
    """Assemble the font."""
    shapes = alphabet()
    missing = [Stroke(((LEFT, BOTTOM), (LEFT, TOP), (RIGHT, TOP), (RIGHT, BOTTOM)), closed=True)]
    glyphs = {name: draw(s) for name, s in {".notdef": missing, "space": [], **shapes}.items()}
    widths = advances(list(shapes))
    builder = FontBuilder(UNITS_PER_EM)
    builder.setupGlyphOrder(list(glyphs))
    builder.setupCharacterMap(
        {ord(" "): "space", 0xA0: "space"}
        | {ord(name): name for name in shapes}
        | {ord(name.lower()): name for name in shapes}
    )
    builder.setupGlyf(glyphs)
    bearings = {name: getattr(glyph, "xMin", 0) for name, glyph in glyphs.items()}
    builder.setupHorizontalMetrics({name: (widths[name], bearings[name]) for name in glyphs})
    builder.setupHorizontalHeader(ascent=ASCENT, descent=DESCENT)
    builder.setupOS2(
        sTypoAscender=ASCENT,
        sTypoDescender=DESCENT,
        sTypoLineGap=0,
        usWinAscent=ASCENT,
        usWinDescent=-DESCENT,
        sCapHeight=HEIGHT * UNITS_PER_MM,
        sxHeight=HEIGHT * UNITS_PER_MM,  # lower case looks like upper case
    )
    builder.setupNameTable({"familyName": FAMILY, "styleName": "Regular", "version": "Version 1.0"})
    builder.setupPost(keepGlyphNames=False)
    builder.setupHead(unitsPerEm=UNITS_PER_EM, created=TIMESTAMP, modified=TIMESTAMP)
    builder.font.recalcTimestamp = False
    return builder


def main() -> None:
    """Write the font and say where."""
    font = build().font
    font.flavor = "woff2"
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    font.save(OUTPUT)
    print(f"{OUTPUT}: {OUTPUT.stat().st_size} bytes")


if __name__ == "__main__":
    main()
