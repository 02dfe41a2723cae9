"""Model report: what a model does well and what not, measured on its own records."""

from html import escape

import streamlit as st

from dashboard import charts, model_box, palette, plates, services
from dashboard.panels import audit
from dashboard.widgets import facts
from dashboard.words import common
from dashboard.words import report as words
from regvae.evaluation.diagnosis import (
    ACTIVE,
    Accuracy,
    Aggregate,
    Dimensions,
    Examples,
    RateDistortion,
    positions_alike,
    stored_accuracies,
)
from regvae.formats import SPLITS, Format
from regvae.model.bundle import Bundle
from regvae.model.config import Training
from regvae.model.privacy import Budget


def page() -> None:
    """The model, its accuracy, confusions, code length and latent space, and examples."""
    chosen = model_box.choose_above()
    if chosen is None:
        return
    name, version = chosen
    bundle = services.bundle(name, version)
    if bundle.released:
        of_release(bundle)
        return
    found = model_box.diagnosed(name, version)
    if found is None:
        return
    st.markdown(words.INTRO)
    left, right = st.columns([1, 1.3], gap="large")
    with left:
        facts_of_model(bundle, found.seconds)
    with right:
        accuracy(found.accuracies, bundle.format)
    confusions(name, version)
    nats(found.rates, bundle.format)
    left, right = st.columns(2, gap="large")
    with left:
        dimensions(found.dimensions)
    with right:
        aggregate(found.aggregate, found.dimensions)
    left, right = st.columns(2, gap="large")
    with left:
        calibration(name, version)
    with right:
        examples(found.examples, found.accuracies[-1], bundle.format)
    audit.of_model(name, version)


def of_release(bundle: Bundle) -> None:
    """What is known of a model without its records."""
    st.info(words.RELEASED.format(name=common.plain(bundle.name)))
    left, right = st.columns([1, 1.3], gap="large")
    with left:
        facts_of_model(bundle, None)
    with right:
        if stored := stored_accuracies(bundle):
            accuracy(stored, bundle.format)


def facts_of_model(bundle: Bundle, seconds: float | None) -> None:
    """The preset and its description, the data, and the training, in `seconds` if known."""
    preset = bundle.preset
    network, data, training = preset.network, preset.data, preset.training
    st.markdown(f"##### {words.MODEL}: {common.plain(bundle.name)}")
    if preset.about and data.source != "own":  # it is about the preset's own data
        st.markdown(common.plain(preset.about))
    sizes = ", ".join(
        f"{size:,} {common.SPLITS[split].removesuffix(' data')}"
        for split, size in zip(SPLITS, data.sizes, strict=True)
    )
    rows = [
        ("preset", preset.name),
        ("data", common.named(words.SOURCES[data.source], bundle.format, seed=data.seed)),
        ("records", sizes),
        ("latent dimensions", f"{network.latent_dim}"),
        (
            "hidden layers",
            f"encoder {_widths(network.encoder)}; decoder {_widths(network.decoder)}",
        ),
        ("likelihood", common.LIKELIHOODS[training.likelihood]),
        ("noise", words.NOISE.format(noise=training.noise)),
        ("divergence", words.DIVERGENCES[training.divergence]),
        ("beta", _beta(training.beta, training.warm_up)),
        ("ordered", common.orders(training.orders)),
        ("batch", _batches(training, bundle.format)),
        ("training", common.training_length(training.epochs, seconds, bundle.seed)),
    ]
    if bundle.privacy:
        rows.append(("privacy", common.privacy(bundle.privacy)))
    facts([(label, escape(value)) for label, value in rows])
    if bundle.privacy:
        st.markdown(_meaning(bundle.privacy, bundle.format))
    if bundle.command:
        st.code(bundle.command, language=None, wrap_lines=True)


def _meaning(budget: Budget, format: Format) -> str:
    return common.named(
        words.PRIVACY, format, factor=common.at_most(budget.epsilon), delta=budget.delta
    )


def _batches(training: Training, format: Format) -> str:
    return common.named(words.BATCHES, format, n=training.batch_size, optimizer=training.optimizer)


def _beta(value: float, warm_up: int) -> str:
    return f"{value:g}" + (f", growing from 0 in {warm_up} epochs" if warm_up else "")


def _widths(widths: tuple[int, ...]) -> str:
    return ", ".join(map(str, widths)) or "none"


def accuracy(accuracies: tuple[Accuracy, ...], format: Format) -> None:
    """Per-character accuracy and exact match of every split."""
    st.markdown(f"##### {words.ACCURACY}")
    st.plotly_chart(charts.accuracy_of_splits(accuracies, format), config=charts.CONFIG)
    st.caption(common.named(words.ACCURACY_CAPTION, format, guesses=common.guesses(format)))


def confusions(name: str, version: str) -> None:
    """Which characters are decoded as which, at all positions or one."""
    st.markdown(f"##### {words.CONFUSION}")
    format = services.bundle(name, version).format
    several = positions_alike(format)
    rows = [several[start : start + 2] for start in range(0, len(several), 2)]  # two have room
    columns = [
        column
        for row in rows
        for column in st.columns([max(12, len(format.alphabets[one[0] - 1])) for one in row])
    ]
    for column, positions in zip(columns, several, strict=True):
        alphabet = format.alphabets[positions[0] - 1]
        choices = {words.all_positions(len(positions)): positions} | {
            format.position_names[at - 1]: (at,) for at in positions
        }
        with column:
            label = common.kind_of_characters(alphabet).capitalize()
            chosen = choices[st.selectbox(label, list(choices), key=f"confusion {positions}")]
            found = services.confusion(name, version, chosen)
            st.plotly_chart(charts.confusion(found), config=charts.CONFIG)
    st.caption(common.named(words.CONFUSION_CAPTION, format, n=found.n))


def nats(rates: tuple[RateDistortion, ...], format: Format) -> None:
    """Rate and distortion of every split, and their sum, the code length."""
    st.markdown(f"##### {words.NATS}")
    test = rates[-1]
    if test.infinite:
        st.markdown(common.named(words.NATS_NO_NOISE, format, distortion=test.distortion))
        return
    left, right = st.columns([1.2, 1], gap="large")
    with left:
        st.plotly_chart(charts.rate_distortion(rates), config=charts.CONFIG)
    with right:
        st.markdown(common.named(words.NATS_HELP, format))
        length = words.NATS_OWN if test.entropy is None else words.NATS_ENTROPY
        figures = {"bound": test.bound, "entropy": test.entropy, "excess": test.excess}
        st.markdown(common.named(length, format, **figures))
        facts(
            [
                (
                    common.SPLITS[one.split],
                    f"{one.rate:.2f} + {one.distortion:.2f}",
                    f"{one.bound:.2f} ± {one.standard_error:.2f} nats",
                )
                for one in rates
            ],
            words.RATES_HEADER,
        )
        st.caption(words.NATS_CAPTION)


def dimensions(found: Dimensions) -> None:
    """The rate of each latent dimension, and how many are active."""
    st.markdown(f"##### {words.DIMENSIONS}")
    st.plotly_chart(charts.dimensions(found), config=charts.CONFIG)
    caption = words.DIMENSIONS_NO_NOISE if found.infinite else words.DIMENSIONS_CAPTION
    st.caption(caption.format(active=found.active.sum(), k=len(found.kl), least=ACTIVE))


def aggregate(found: Aggregate, used: Dimensions) -> None:
    """The aggregated posterior beside the prior, in both dimensions of a map or in a chosen one."""
    st.markdown(f"##### {words.AGGREGATE}")
    places = list(range(len(used.order)))
    if len(places) > len(palette.DIMENSIONS):
        most_active = int(used.order[0])
        chosen = st.selectbox(
            words.AGGREGATE_LABEL, places, most_active, format_func=charts.dimension_name
        )
        places = [chosen]
    st.plotly_chart(charts.aggregate(found, places), config=charts.CONFIG)
    distances = ", ".join(
        f"{charts.dimension_name(place)} {found.wasserstein[place]:.2f}" for place in places
    )
    st.caption(words.AGGREGATE_CAPTION.format(distances=distances))


def calibration(name: str, version: str) -> None:
    """The calibrated scale of the standard deviations."""
    st.markdown(f"##### {common.CALIBRATION}")
    found = services.calibration(name, version)
    st.plotly_chart(charts.calibration_curve(found), config={"staticPlot": True})
    st.caption(common.CALIBRATION_HELP.format(scale=found.scale, draw_scale=found.draw_scale))


def examples(found: Examples, test: Accuracy, format: Format) -> None:
    """Test codes that are reconstructed exactly, and others that are not."""
    st.markdown(f"##### {common.named(words.EXAMPLES, format)}")
    for some, heading, none in (
        (found.right, words.EXAMPLES_RIGHT, words.NO_RIGHT),
        (found.wrong, words.EXAMPLES_WRONG, words.NO_WRONG),
    ):
        st.markdown(heading if some else common.named(none, format, n=test.n))
        if some:
            codes, decoded = zip(*((one.code, one.reconstruction) for one in some), strict=True)
            st.html(plates.pairs(format, codes, decoded))


page()
