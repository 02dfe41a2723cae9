"""The notebook's figures: counted by hand, and those that are in the shipped manifest."""

import dataclasses
import itertools
import json

import numpy as np
import pytest

from regvae.evaluation.accuracy import accuracy
from regvae.evaluation.notebook import notebook_figures
from regvae.randomness import generator
from tests.evaluation.models import identity


@pytest.fixture(scope="module")
def figures(bundle):
    """The figures of the shipped notebook-2d."""
    return notebook_figures(bundle)


def test_every_published_figure_is_there(figures):
    assert [figure.published for figure in figures] == [
        "0.000",
        "0.064 0.048 0.960 0.995 0.060 0.052 0.055",
        "not printed",
        "522 / 478",
        "246 / 754",
        "[-1.849, -2.134] to [1.786, 1.890]",
        "276",
        "267 = 0.967",
        "0.154",
        "not printed",
    ]
    assert len({figure.figure for figure in figures}) == len(figures)
    assert all(figure.here and figure.remark for figure in figures)


def test_the_figures_on_accuracy_are_the_accuracies(bundle, figures):
    sampled, mean = accuracy(bundle, sampled=True), accuracy(bundle)
    assert float(figures[0].here) == pytest.approx(sampled["exact"], abs=5e-4)
    for figure, found in ((figures[1], sampled), (figures[2], mean)):
        printed = [float(share) for share in figure.here.split()]
        assert printed == pytest.approx(found["by_position"], abs=5.1e-4)


@pytest.mark.parametrize(("row", "half_width"), [(3, 0.5), (4, 3.0)])
def test_the_counts_in_a_box_are_the_shares_of_a_grid(bundle, figures, row, half_width):
    below, above = (int(count) for count in figures[row].here.split(" / "))
    assert below + above == 1000
    ticks = (np.arange(100) + 0.5) / 50 - 1
    grid = half_width * np.array(list(itertools.product(ticks, ticks)))
    share = np.mean([int(code[2:4]) < 50 for code in bundle.autoencoder.decode(grid)])
    # Four standard deviations of 1,000 draws.
    assert below / 1000 == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / 1000))


def test_the_range_of_the_means_is_that_of_the_records(bundle, figures):
    low, high = figures[5].here.split(" to ")
    means = bundle.records.mean.tolist()
    for text, extreme in ((low, min), (high, max)):
        printed = [float(number) for number in text.strip("[]").split(", ")]
        expected = [extreme(mean[axis] for mean in means) for axis in (0, 1)]
        assert printed == pytest.approx(expected, abs=5.1e-4)


def test_the_figures_on_sampling_are_counted_by_hand(bundle, figures):
    z = generator("proposals", 0, 0).uniform(-3, 3, size=(1000, 2))
    below = [int(code[2:4]) < 50 for code in bundle.records.codes.tolist()]
    mean, sigma = bundle.records.mean[below], bundle.records.sigma[below]
    far = [point for point in z if (np.linalg.norm((point - mean) / sigma, axis=1) > 2.5).all()]
    assert 0 < len(far) < 1000
    assert figures[6].here == str(len(far))
    above = sum(int(code[2:4]) > 50 for code in bundle.autoencoder.decode(np.array(far)))
    assert figures[7].here == f"{above} = {above / len(far):.3f}"


def test_the_tails_are_the_notebooks_and_the_true_one(figures):
    assert figures[8].here == figures[8].published == "0.154"
    assert figures[9].here == "0.0439"
    assert "2 degrees" in figures[9].figure


def test_only_the_notebooks_own_preset_has_remarks_on_the_differences(exact, figures):
    others = notebook_figures(exact)
    assert [one.figure for one in others][:3] == [one.figure for one in figures][:3]
    assert "15 degrees" in others[9].figure
    assert {one.remark for one in others} == {"another recipe"}
    assert "another recipe" not in {one.remark for one in figures}


def test_the_figures_repeat_with_their_seed(bundle, figures):
    assert notebook_figures(bundle, seed=0) == figures
    assert notebook_figures(bundle, seed=1) != figures


def test_fifty_is_neither_above_fifty_nor_below():
    fifty = identity(broken=(2, 3), guess={2: "5", 3: "0"})
    figures = notebook_figures(fifty)
    assert figures[4].here == "0 / 1000"
    assert figures[6].here == "1000"
    assert figures[7].here == "0 = 0.000"


def test_a_figure_says_if_no_sample_is_accepted():
    figures = notebook_figures(identity(sigma=1e3))
    assert figures[6].here == "0"
    assert "none was accepted" in figures[7].here


def test_the_shipped_manifest_has_these_figures(bundle, figures):
    stored = bundle.metrics["notebook"]
    now = json.loads(json.dumps([dataclasses.asdict(one) for one in figures]))
    for ours, shipped in zip(now, stored, strict=True):
        del ours["here"], shipped["here"]  # rounded numbers, which may differ between processors
        assert ours == shipped
