"""What a model is good at and what not: measured on its own records."""

from html import escape

import streamlit as st

from dashboard import charts, model_box, palette, plates, services, text
from dashboard.widgets import facts
from regvae.evaluation.diagnosis import (
    ACTIVE,
    Accuracy,
    Aggregate,
    Dimensions,
    Examples,
    RateDistortion,
    positions_of,
)
from regvae.formats import Format
from regvae.formats.format import DIGITS, LETTERS
from regvae.model.bundle import Bundle


def page() -> None:
    """The model, its accuracy, its confusions, its nats, its latent space, and examples."""
    chosen = model_box.choose_above()
    if chosen is None:
        return
    name, version = chosen
    bundle = services.bundle(name, version)
    found = model_box.diagnosed(name, version)
    if found is None:
        return
    st.markdown(text.REPORT_INTRO)
    left, right = st.columns([1, 1.3], gap="large")
    with left:
        facts_of_model(bundle, found.seconds)
    with right:
        accuracy(found.accuracies, bundle.format)
    confusions(name, version)
    nats(found.rates)
    left, right = st.columns(2, gap="large")
    with left:
        dimensions(found.dimensions)
    with right:
        aggregate(found.aggregate, found.dimensions)
    left, right = st.columns(2, gap="large")
    with left:
        calibration(name, version, bundle.preset.training.noise)
    with right:
        examples(found.examples, found.accuracies[-1])


def facts_of_model(bundle: Bundle, seconds: float) -> None:
    """Who it is: the preset's numbers, how it was trained, and what it is there to teach."""
    preset = bundle.preset
    network, data, training = preset.network, preset.data, preset.training
    st.markdown(f"##### {text.REPORT_MODEL}: {text.plain(bundle.name)}")
    if preset.about:
        st.markdown(text.plain(preset.about))
    sizes = ", ".join(
        f"{size:,} {text.SPLITS[split].removesuffix(' data')}"
        for split, size in bundle.records.sizes().items()
    )
    rows = [
        ("preset", preset.name),
        ("data", text.SOURCES[data.source].format(seed=data.seed)),
        ("records", sizes),
        ("latent dimensions", f"{network.latent_dim}"),
        ("hidden layers", f"{_widths(network.encoder)}; back {_widths(network.decoder)}"),
        ("likelihood", text.LIKELIHOODS[training.likelihood]),
        ("noise", text.NOISE.format(noise=training.noise)),
        ("divergence", text.DIVERGENCES[training.divergence]),
        ("beta", text.beta(training.beta, training.warm_up)),
        ("in order", text.orders(training.orders)),
        ("steps", text.STEP_SIZE.format(n=training.batch_size, optimizer=training.optimizer)),
        ("training", text.trained(training.epochs, seconds, bundle.seed)),
    ]
    facts([(label, escape(value)) for label, value in rows])
    if bundle.command:
        st.code(bundle.command, language=None, wrap_lines=True)


def _widths(widths: tuple[int, ...]) -> str:
    return ", ".join(map(str, widths)) or "none"


def accuracy(accuracies: tuple[Accuracy, ...], format: Format) -> None:
    """Right characters by position and whole regs, for every split."""
    st.markdown(f"##### {text.SPLIT_ACCURACY}")
    st.plotly_chart(charts.accuracy_of_splits(accuracies, format), config=charts.CONFIG)
    st.caption(text.SPLIT_ACCURACY_CAPTION)


def confusions(name: str, version: str) -> None:
    """Which letters and digits are taken for which, at all positions or one."""
    st.markdown(f"##### {text.CONFUSION}")
    format = services.bundle(name, version).format
    letters, digits = st.columns([1.5, 1], gap="large")
    for column, words, positions in (
        (letters, text.CONFUSION_LETTERS, positions_of(format, LETTERS)),
        (digits, text.CONFUSION_DIGITS, positions_of(format, DIGITS)),
    ):
        choices = {words[1]: positions} | {text.POSITIONS[at - 1]: (at,) for at in positions}
        with column:
            chosen = choices[st.selectbox(words[0], list(choices))]
            found = services.confusion(name, version, chosen)
            st.plotly_chart(charts.confusion(found), config=charts.CONFIG)
    st.caption(text.CONFUSION_CAPTION.format(n=found.n))


def nats(rates: tuple[RateDistortion, ...]) -> None:
    """Rate against distortion, and what the two say."""
    st.markdown(f"##### {text.NATS}")
    test = rates[-1]
    if test.endless:
        st.markdown(text.NATS_ENDLESS.format(distortion=test.distortion))
        return
    left, right = st.columns([1.2, 1], gap="large")
    with left:
        st.plotly_chart(charts.rate_distortion(rates), config=charts.CONFIG)
    with right:
        st.markdown(text.NATS_HELP)
        words = text.NATS_OWN if test.entropy is None else text.NATS_ENTROPY
        st.markdown(words.format(bound=test.bound, entropy=test.entropy, excess=test.excess))
        facts(
            [
                (
                    text.SPLITS[one.split],
                    f"{one.rate:.2f} + {one.distortion:.2f}",
                    f"{one.bound:.2f} ± {one.standard_error:.2f} nats",
                )
                for one in rates
            ],
            text.RATES_HEADER,
        )
        st.caption(text.NATS_CAPTION)


def dimensions(found: Dimensions) -> None:
    """How many nats each latent dimension says."""
    st.markdown(f"##### {text.DIMENSIONS}")
    st.plotly_chart(charts.dimensions(found), config=charts.CONFIG)
    words = text.DIMENSIONS_ENDLESS if found.endless else text.DIMENSIONS_CAPTION
    k = len(found.kl)
    st.caption(words.format(active=found.active.sum(), k=k, least=ACTIVE))


def aggregate(found: Aggregate, used: Dimensions) -> None:
    """Where z lies over all records, against the prior: both dimensions of a map, or a chosen."""
    st.markdown(f"##### {text.AGGREGATE}")
    places = used.order.tolist()
    if len(places) > len(palette.DIMENSIONS):
        chosen = st.selectbox(text.AGGREGATE_LABEL, places, format_func=charts.dimension_name)
        places = [chosen]
    else:
        places.sort()
    st.plotly_chart(charts.aggregate(found, places), config=charts.CONFIG)
    distances = ", ".join(
        f"{charts.dimension_name(place)} {found.wasserstein[place]:.2f}" for place in places
    )
    st.caption(text.AGGREGATE_CAPTION.format(distances=distances))


def calibration(name: str, version: str, noise: float) -> None:
    """How true the sigmas are."""
    st.markdown(f"##### {text.CALIBRATION}")
    found = services.calibration(name, version)
    st.plotly_chart(charts.calibration_curve(found), config={"staticPlot": True})
    st.caption(text.CALIBRATION_HELP.format(scale=found.scale, noise=noise))


def examples(found: Examples, test: Accuracy) -> None:
    """Test regs that come back whole, and others that do not."""
    st.markdown(f"##### {text.EXAMPLES}")
    for some, words, none in (
        (found.right, text.EXAMPLES_RIGHT, text.NO_RIGHT),
        (found.wrong, text.EXAMPLES_WRONG, text.NO_WRONG),
    ):
        st.markdown(words if some else none.format(n=test.n))
        if some:
            st.html(plates.pairs([one.code for one in some], [one.reconstruction for one in some]))


page()
