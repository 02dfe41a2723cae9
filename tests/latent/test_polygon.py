"""Records, regions of the plane and typical letters, against plain loops."""

import hashlib
import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from regvae import predicates
from regvae.evaluation.typical import TypicalLetter, typical_letters
from regvae.formats import uk_registration
from regvae.latent.polygon import in_polygon
from regvae.model.records import Records

SQUARE = [(0, 0), (1, 0), (1, 1), (0, 1)]
ELL = [(0, 0), (3, 0), (3, 1), (1, 1), (1, 3), (0, 3)]
BOW_TIE = [(0, 0), (2, 2), (2, 0), (0, 2)]
PENTAGRAM = [(math.sin(a), math.cos(a)) for a in np.arange(5) * 4 * math.pi / 5]


def inside(point, polygon):
    return bool(in_polygon(np.array([point], dtype=float), polygon)[0])


def winding(point, corners):
    """How often the border goes round the point, by adding the angles at which it is seen."""
    total = 0.0
    for (x1, y1), (x2, y2) in zip(corners, [*corners[1:], corners[0]], strict=True):
        ax, ay, bx, by = x1 - point[0], y1 - point[1], x2 - point[0], y2 - point[1]
        total += math.atan2(ax * by - ay * bx, ax * bx + ay * by)
    return round(total / (2 * math.pi))


def gap(point, corners):
    """Distance of the point from the polygon's border."""
    p, gaps = np.asarray(point), []
    for one, other in zip(corners, [*corners[1:], corners[0]], strict=True):
        a, b = np.asarray(one), np.asarray(other)
        along = np.clip(np.dot(p - a, b - a) / max(np.dot(b - a, b - a), 1e-300), 0, 1)
        gaps.append(np.linalg.norm(p - a - along * (b - a)))
    return min(gaps)


@st.composite
def convex_polygons(draw):
    """Corners on an ellipse somewhere in the plane, in the order of their angles."""
    angles = draw(st.lists(st.integers(0, 359), min_size=3, max_size=12, unique=True))
    width, height = draw(st.floats(0.1, 10)), draw(st.floats(0.1, 10))
    x, y = draw(st.floats(-20, 20)), draw(st.floats(-20, 20))
    corners = [
        (x + width * math.cos(math.radians(a)), y + height * math.sin(math.radians(a)))
        for a in sorted(angles)
    ]
    return corners if draw(st.booleans()) else corners[::-1]


POINTS = st.tuples(st.floats(-1.5, 1.5), st.floats(-1.5, 1.5))


# --- in_polygon -----------------------------------------------------------------------------------


@given(corners=convex_polygons(), places=st.lists(POINTS, min_size=1, max_size=20))
@settings(deadline=None)
def test_a_convex_polygon_holds_what_its_border_winds_round(corners, places):
    low, high = np.min(corners, axis=0), np.max(corners, axis=0)
    points = [(low + high) / 2 + (high - low) / 2 * place for place in np.array(places)]
    points = [point for point in points if gap(point, corners) > 1e-9]
    assume(points)
    expected = [abs(winding(point, corners)) == 1 for point in points]
    assert in_polygon(np.array(points), corners).tolist() == expected


@given(
    corners=st.lists(st.tuples(*[st.integers(-6, 6)] * 2), min_size=3, max_size=9),
    points=st.lists(st.tuples(*[st.floats(-7, 7)] * 2), min_size=1, max_size=20),
)
@settings(deadline=None, max_examples=200)
def test_any_polygon_holds_what_its_border_winds_round_an_odd_number_of_times(corners, points):
    points = [point for point in points if gap(point, corners) > 1e-9]
    assume(points)
    expected = [winding(point, corners) % 2 == 1 for point in points]
    assert in_polygon(np.array(points), corners).tolist() == expected


@given(
    corners=st.lists(st.tuples(*[st.integers(-6, 6)] * 2), min_size=3, max_size=9),
    turn=st.integers(0, 8),
)
@settings(deadline=None)
def test_neither_the_first_corner_nor_the_direction_matters(corners, turn):
    points = np.random.default_rng(0).uniform(-7, 7, size=(50, 2))
    found = in_polygon(points, corners)
    turn %= len(corners)
    assert np.array_equal(in_polygon(points, corners[turn:] + corners[:turn]), found)
    assert np.array_equal(in_polygon(points, corners[::-1]), found)
    assert np.array_equal(in_polygon(points, [*corners, corners[0]]), found)


def test_a_square_holds_its_inside_only():
    points = [(0.5, 0.5), (0.01, 0.99), (-0.01, 0.5), (1.01, 0.5), (0.5, -0.01), (0.5, 1.01)]
    found = in_polygon(np.array(points), SQUARE)
    assert found.tolist() == [True, True, False, False, False, False]


def test_a_ray_through_a_corner_or_along_an_edge_is_counted_right():
    diamond = [(1, 0), (0, 1), (-1, 0), (0, -1)]
    assert inside((0, 0), diamond)
    assert inside((-0.5, 0), diamond)
    assert not inside((-2, 0), diamond)
    assert not inside((-1, 1), diamond)  # the ray touches the upper corner
    assert not inside((-1, 1), ELL)  # the ray runs along the level edge at y = 1
    assert inside((0.5, 1), ELL)


def test_a_concave_polygon_leaves_its_notch_out():
    points = [(0.5, 0.5), (2.5, 0.5), (0.5, 2.5), (2, 2), (1.5, 1.5), (1.01, 1.01)]
    assert in_polygon(np.array(points), ELL).tolist() == [True, True, True, False, False, False]


def test_a_border_that_crosses_itself_leaves_holes():
    assert inside((1.5, 1), BOW_TIE)
    assert inside((0.5, 1), BOW_TIE)
    assert not inside((1, 1.5), BOW_TIE)
    assert not inside((1, 0.5), BOW_TIE)
    assert winding((0, 0), PENTAGRAM) in (2, -2)
    assert not inside((0, 0), PENTAGRAM)
    assert all(inside((0.8 * x, 0.8 * y), PENTAGRAM) for x, y in PENTAGRAM)


def test_a_polygon_gone_round_twice_holds_nothing():
    points = np.random.default_rng(0).uniform(-1, 4, size=(200, 2))
    assert in_polygon(points, ELL).any()
    assert not in_polygon(points, ELL + ELL).any()


def test_tiles_share_no_point_and_leave_none_out():
    quarters = np.arange(0, 12) / 4
    points = np.stack(np.meshgrid(quarters, quarters), axis=-1).reshape(-1, 2)
    tiles = [[(i + x, j + y) for x, y in SQUARE] for i in range(3) for j in range(3)]
    assert np.array_equal(sum(in_polygon(points, tile).astype(int) for tile in tiles), [1] * 144)


@pytest.mark.parametrize(("polygon", "area"), [(SQUARE, 1), (ELL, 5), (BOW_TIE, 2)])
def test_the_share_of_a_fine_grid_inside_is_the_area(polygon, area):
    ticks = (np.arange(400) + 0.5) / 100
    grid = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
    assert in_polygon(grid, polygon).sum() / 100**2 == pytest.approx(area, abs=0.03)


@given(shift=st.tuples(*[st.integers(-100, 100)] * 2), factor=st.integers(-9, 9))
@settings(deadline=None)
def test_moving_and_scaling_polygon_and_points_together_changes_nothing(shift, factor):
    assume(factor)
    points = np.random.default_rng(1).integers(-8, 24, size=(80, 2)) / 8 + 1 / 16
    found = in_polygon(points, ELL)
    moved = in_polygon(points * factor + shift, np.array(ELL) * factor + shift)
    assert np.array_equal(moved, found)


def test_no_points_are_inside_nothing():
    found = in_polygon(np.empty((0, 2)), SQUARE)
    assert found.shape == (0,)
    assert found.dtype == bool


def test_a_polygon_without_area_holds_nothing():
    points = np.random.default_rng(0).uniform(-1, 3, size=(100, 2))
    assert not in_polygon(points, [(0, 0), (1, 1), (2, 2)]).any()
    assert not in_polygon(points, [(1, 1)] * 3).any()


@pytest.mark.parametrize(
    "polygon",
    [
        [],
        [(0, 0), (1, 1)],
        [1, 2, 3],
        [(0, 0, 0), (1, 0, 0), (0, 1, 0)],
        [(0, 0), (1,), (2, 2)],
        [(0, 0), (1, 0), ("a", "b")],
        "square",
        None,
    ],
)
def test_what_is_no_polygon_is_refused(polygon):
    with pytest.raises(
        ValueError, match=r"a region wants 3 to 10,000 corners, each a pair \(x, y\)"
    ):
        in_polygon(np.zeros((1, 2)), polygon)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_corners_want_to_be_finite(bad):
    with pytest.raises(ValueError, match="a region wants corners with finite coordinates"):
        in_polygon(np.zeros((1, 2)), [(0, 0), (1, 0), (0, bad)])


# --- records --------------------------------------------------------------------------------------


def small_records(n=30, k=3):
    rng = np.random.default_rng(6)
    split = np.repeat(np.array(uk_registration.SPLITS), [n - 10, 5, 5])
    reg = uk_registration.generate(n, rng=rng)
    mean = rng.normal(size=(n, k)).astype(np.float32)
    return Records(reg, split, mean, np.exp(mean))


def test_encoded_records_stand_split_by_split_with_their_own_gaussians(bundle):
    splits = {name: part[:50] for name, part in uk_registration.notebook_dataset(3).items()}
    turned = dict(reversed(splits.items()))
    records = Records.encode(turned, bundle.autoencoder)
    assert records.codes.tolist() == [reg for name in uk_registration.SPLITS for reg in splits[name]]
    assert records.split.tolist() == [name for name in uk_registration.SPLITS for _ in range(50)]
    assert records.mean.shape == records.sigma.shape == (150, 2)
    assert records.mean.dtype == records.sigma.dtype == np.float32
    for row in (0, 49, 50, 149):
        mean, sigma = bundle.autoencoder.encode([records.codes[row]])
        np.testing.assert_allclose(records.mean[row], mean[0], rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(records.sigma[row], sigma[0], rtol=1e-4, atol=1e-5)


def test_records_know_their_number_and_their_dimensions(bundle):
    assert len(bundle.records) == len(bundle.records.codes) == 12_000
    assert bundle.records.latent_dim == 2
    assert (len(small_records(30, 3)), small_records(30, 3).latent_dim) == (30, 3)


@pytest.mark.parametrize("name", ["reg", "split", "mean", "sigma"])
def test_the_arrays_of_records_are_read_only(name):
    array = getattr(small_records(), name)
    with pytest.raises(ValueError, match="read-only"):
        array[0] = array[1]


@pytest.mark.parametrize("name", uk_registration.ATTRIBUTES)
def test_attributes_of_records_are_those_of_their_regs(bundle, name):
    values = bundle.records.attribute(name)
    assert np.array_equal(values, uk_registration.ATTRIBUTES[name].values(bundle.records.codes))
    assert values.shape == (12_000,)


def test_every_reg_is_found_in_its_row_and_others_in_none(bundle):
    for row in (0, 1, 10_000, 11_999):
        assert bundle.records.row_of(str(bundle.records.codes[row])) == row
    assert bundle.records.row_of("YK66BIQ") == 0
    for absent in ("AA00AAA", "YK66BI", "yk66biq", ""):
        assert bundle.records.row_of(absent) is None


def test_the_hash_is_of_splits_and_regs_in_their_order_and_of_nothing_else():
    records = small_records()
    lines = [f"{s},{r}" for s, r in zip(records.split.tolist(), records.codes.tolist(), strict=True)]
    assert records.data_hash() == hashlib.sha256("\n".join(lines).encode()).hexdigest()
    moved = Records(records.codes, records.split, records.mean + 1, records.sigma)
    assert moved.data_hash() == records.data_hash()
    turned = Records(records.codes[::-1], records.split, records.mean, records.sigma)
    resplit = Records(records.codes, records.split[::-1], records.mean, records.sigma)
    assert len({records.data_hash(), turned.data_hash(), resplit.data_hash()}) == 3


# --- typical letters ------------------------------------------------------------------------------


def letters_by_loop(everything, here):
    """Position, letter and shares of every over-represented letter, clearest first."""
    found = []
    for position in (0, 1, 4, 5, 6):
        for letter in uk_registration.LETTERS:
            share_here = sum(reg[position] == letter for reg in here) / len(here)
            share = sum(reg[position] == letter for reg in everything) / len(everything)
            if share_here > share:
                z = (share_here - share) / math.sqrt(share * (1 - share) / len(here))
                found.append((z, position + 1, letter, share_here, share))
    return sorted(found, key=lambda one: -one[0])


@pytest.mark.parametrize("text", ["area == london", "number == 7", "valid == false"])
def test_typical_letters_are_those_of_a_loop(bundle, text):
    rows = predicates.mask(predicates.parse_all([text]), bundle.records.codes)
    reg = bundle.records.codes
    expected = letters_by_loop(reg.tolist(), reg[rows].tolist())[:6]
    found = typical_letters(bundle.records, rows, 6)
    assert [(one.position, one.letter) for one in found] == [(p, c) for _, p, c, _, _ in expected]
    for one, (_, _, _, share_here, share) in zip(found, expected, strict=True):
        assert one.share_here == pytest.approx(share_here, abs=1e-6)
        assert one.share_overall == pytest.approx(share, abs=1e-6)


def test_the_first_letter_of_an_area_is_its_most_typical(bundle):
    rows = bundle.records.attribute("area") == "london"
    (first,) = typical_letters(bundle.records, rows, 1)
    overall = np.mean([reg[0] == "L" for reg in bundle.records.codes.tolist()])
    assert first == TypicalLetter(1, "L", 1.0, pytest.approx(overall, abs=1e-6))


def test_a_rare_letter_seen_twice_does_not_outrank_a_common_one_seen_often():
    # Q: 1 of 100 in all, 1 of 40 here, 2.5 times as common, z = 0.95.
    # B: 40 of 100 in all, 30 of 40 here, 1.9 times as common, z = 4.5.
    here = ["BA00AAA"] * 30 + ["AA00AAA"] * 9 + ["QA00AAA"]
    rest = ["BA00AAA"] * 10 + ["AA00AAA"] * 50
    reg = np.array(here + rest)
    zeros = np.zeros((100, 1), dtype=np.float32)
    records = Records(reg, np.array(["train"] * 100), zeros, zeros + 1)
    found = typical_letters(records, np.arange(100) < 40, 5)
    assert [(one.position, one.letter) for one in found] == [(1, "B"), (1, "Q")]


def test_no_letter_is_typical_of_nothing_or_of_everything(bundle):
    assert typical_letters(bundle.records, np.zeros(12_000, dtype=bool), 5) == []
    assert typical_letters(bundle.records, np.ones(12_000, dtype=bool), 5) == []


def test_as_many_typical_letters_come_as_were_asked_for(bundle):
    rows = bundle.records.attribute("tens") == 3
    longest = typical_letters(bundle.records, rows, 1_000)
    assert 0 < len(longest) <= 5 * 26
    for n in (0, 1, 7):
        assert typical_letters(bundle.records, rows, n) == longest[:n]


# --- which regs are records -----------------------------------------------------------------------


def test_records_contain_their_own_regs_and_no_others(bundle):
    records = bundle.records
    some = np.concatenate(
        [uk_registration.generate(2_000, rng=np.random.default_rng(6)), records.codes[::100]]
    )
    known = set(records.codes.tolist())
    assert records.contain(some).tolist() == [reg in known for reg in some.tolist()]
    assert records.contain(records.codes).all()
    assert records.contain(some).dtype == bool


def test_records_contain_just_what_has_a_row(bundle):
    for reg in ("AB12CDE", "ZZ99ZZZ", *bundle.records.codes[[0, 5_000, 11_999]].tolist()):
        found = bundle.records.contain(np.array([reg]))
        assert found.tolist() == [bundle.records.row_of(reg) is not None]


def test_records_contain_a_reg_of_any_split():
    reg = np.array(["AA00AAA", "BB11BBB", "CC22CCC"])
    zeros = np.zeros((3, 1), dtype=np.float32)
    records = Records(reg, np.array(["train", "validation", "test"]), zeros, zeros + 1)
    asked = np.array(["CC22CCC", "CC22CCD", "AA00AAA", "BB11BBB", "CC22CCC"])
    assert records.contain(asked).tolist() == [True, False, True, True, True]
    assert records.contain(np.array([], "U7")).shape == (0,)


def test_sizes_are_those_of_the_splits(bundle):
    assert bundle.records.sizes() == {"train": 10_000, "validation": 1_000, "test": 1_000}
