"""The small charts: data in, a Plotly figure out."""

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from dashboard.palette import (
    DIMENSIONS,
    MODELS,
    REJECTED_GREY,
    RULE_SYMBOLS,
    SPLITS,
    SYMBOLS,
)
from dashboard.palette import RULES as RULE_COLOURS
from dashboard.words import common
from regvae.audit.collisions import Audit
from regvae.evaluation.diagnosis import Accuracy, Aggregate, Confusion, Dimensions, RateDistortion
from regvae.evaluation.study import RuleOutcome
from regvae.formats import Format
from regvae.formats.pattern import character_name
from regvae.rejection.calibration import Calibration
from regvae.rejection.rules import RULES

CONFIG = {"displayModeBar": False}
"""How charts are shown: without buttons, with values under the pointer."""


def _compact(figure: go.Figure, height: int) -> go.Figure:
    return figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        bargap=0.1,
        dragmode=False,
    )


def distribution(
    label: str,
    values: Sequence[str],
    shares: tuple[NDArray, NDArray],
    colours: Sequence[str],
) -> go.Figure:
    """Shares of an attribute's values (v,): a bar each in a region, dotted among all records.

    The colours are repeated if there are fewer of them.
    """
    here, everywhere = shares
    bars = [colours[place % len(colours)] for place in range(len(values))]
    figure = go.Figure(
        [
            go.Bar(x=values, y=here, marker_color=bars, name="here", showlegend=False),
            go.Scatter(
                x=values,
                y=everywhere,
                mode="lines",
                line={"color": "gray", "dash": "dot", "shape": "hvh"},
                name="all records",
                showlegend=False,
            ),
        ]
    )
    figure.update_yaxes(tickformat=".0%", rangemode="tozero")
    step = -(-len(values) // 4) if len("".join(values)) > 40 else 1  # as many as there is room for
    title = f"{label} (dotted: all records)"
    figure.update_xaxes(title=title, tickangle=0, tickvals=values[::step], type="category")
    return _compact(figure, 170)


def accuracy_by_position(rows: Sequence[tuple[str, Sequence[float]]], format: Format) -> go.Figure:
    """Per-character accuracy, 0 to 1, at every position: a group of bars for each named row."""
    figure = go.Figure(
        [
            go.Bar(
                x=list(format.position_names),
                y=list(values),
                name=name,
                marker_color=colour,
                text=[f"{value:.0%}".rstrip("%") for value in values],
                textfont_size=11,
                textposition="outside",
                cliponaxis=False,
            )
            for (name, values), colour in zip(rows, MODELS, strict=False)
        ]
    )
    figure.update_xaxes(type="category")  # names such as "1" are no numbers
    figure.update_yaxes(range=[0, 1.08], tickformat=".0%", title="per-character accuracy")
    return _compact(figure, 320)


def loss_curves(history: pd.DataFrame) -> go.Figure:
    """Training and validation loss by epoch, in nats as the preset computes them."""
    figure = go.Figure(
        [
            go.Scatter(x=history["epoch"], y=history[column], name=name, line={"color": colour})
            for column, name, colour in (
                ("loss", "training", MODELS[1]),
                ("validation_loss", "validation", MODELS[2]),
            )
        ]
    )
    figure.update_xaxes(title="epoch")
    figure.update_yaxes(title="loss, nats")
    return _compact(figure, 320)


def accuracy_histories(histories: Sequence[tuple[str, pd.DataFrame]]) -> go.Figure:
    """Per-character accuracy on the validation regs, the mean of all positions, by time."""
    lines = [
        (name, one, one.filter(regex="^validation_right_").mean(axis=1)) for name, one in histories
    ]
    figure = _by_time(lines)
    figure.update_yaxes(title="per-character accuracy", tickformat=".0%", range=[0, 1.02])
    return figure


def loss_histories(histories: Sequence[tuple[str, pd.DataFrame]]) -> go.Figure:
    """Validation loss by time, in nats as each preset computes them."""
    figure = _by_time([(name, one, one["validation_loss"]) for name, one in histories])
    figure.update_yaxes(title="validation loss, nats")
    return figure


def _by_time(lines: Sequence[tuple[str, pd.DataFrame, pd.Series]]) -> go.Figure:
    figure = go.Figure(
        [
            go.Scatter(x=history["seconds"].cumsum(), y=values, name=name, line={"color": colour})
            for (name, history, values), colour in zip(lines, MODELS[1:], strict=True)
            if "seconds" in history  # a release does not have them
        ]
    )
    ticks = [digit * power for power in (1, 10, 100, 1000) for digit in (1, 2, 5)]
    title = "seconds of training (logarithmic)"
    figure.update_xaxes(title=title, type="log", tickvals=ticks)
    return _compact(figure, 300)


def calibration_curve(calibration: Calibration) -> go.Figure:
    """Share of held-out records within the distance that holds a nominal share of a Gaussian."""
    lines = (
        ("as reported", calibration.reported, MODELS[0]),
        (f"times {calibration.scale:.3g}", calibration.calibrated, MODELS[2]),
    )
    figure = go.Figure(
        [
            go.Scatter(x=calibration.nominal, y=values, name=name, line={"color": colour})
            for name, values, colour in lines
        ]
    )
    diagonal = {"color": "gray", "dash": "dot", "width": 1}
    figure.add_shape(type="line", x0=0, y0=0, x1=1, y1=1, line=diagonal)
    figure.update_xaxes(title="share of a Gaussian", tickformat=".0%", range=[0, 1.03])
    figure.update_yaxes(title="share of held-out records", tickformat=".0%", range=[0, 1.02])
    return _compact(figure, 230)


def edit_distances(audit: Audit, plural: str) -> go.Figure:
    """Shares of codes, called so, by their edit distance to the nearest training record."""
    bars = (
        ("results", audit.edits, MODELS[1]),
        (f"held-out {plural}", audit.edits_held_out, MODELS[0]),
    )
    figure = go.Figure(
        [
            go.Bar(x=list(range(len(shares))), y=shares, name=name, marker_color=colour)
            for name, shares, colour in bars
        ]
    )
    figure.update_xaxes(title="edits to the nearest training record", dtick=1, range=[-0.5, 5.5])
    figure.update_yaxes(tickformat=".0%", rangemode="tozero")
    return _compact(figure, 190)


def rule_study(outcomes: Sequence[RuleOutcome]) -> go.Figure:
    """Purity of rules by the share of proposals that they accept: a dot for each training run.

    The oracle, which accepts exactly what decodes to wanted codes, has a grey one for each run. A
    required purity is a line; a rule that accepts nothing has no dot.
    """
    figure = go.Figure()
    styles = dict(
        zip(RULES, zip(cycle(RULE_COLOURS), cycle(RULE_SYMBOLS), strict=False), strict=False)
    )
    shown = [one for one in outcomes if one.purity is not None]
    for name in dict.fromkeys(one.rule for one in shown):
        colour, symbol = styles[name]
        part = [one for one in shown if one.rule == name]
        figure.add_scatter(
            x=[one.acceptance for one in part],
            y=[one.purity for one in part],
            name=name,
            mode="markers",
            marker=_dot(colour, symbol),
            customdata=[[one.seed, one.parameters] for one in part],
            hovertemplate="seed %{customdata[0]}, %{customdata[1]}: accepted %{x:.2%}, "
            "purity %{y:.3%}",
            cliponaxis=False,
        )
    places = {(one.seed, one.proposal): one for one in outcomes}.values()
    figure.add_scatter(
        x=[one.oracle for one in places],
        y=[1.0] * len(places),
        name="oracle",
        mode="markers",
        marker=_dot(REJECTED_GREY, "star-diamond"),
        customdata=[[one.seed, one.proposal] for one in places],
        hovertemplate="seed %{customdata[0]}, proposed from %{customdata[1]}: the oracle accepts "
        "%{x:.2%}",
        cliponaxis=False,
    )
    for target in {one.target for one in outcomes if one.target is not None}:
        figure.add_hline(target, line={"color": "gray", "dash": "dot", "width": 1})
    least = min((one.purity for one in shown if one.purity is not None), default=1.0)
    figure.update_xaxes(title="accepted share", tickformat=".0%", rangemode="tozero")
    low = 1 - 1.1 * max(1 - least, 0.002)
    figure.update_yaxes(title="purity", tickformat=".2%" if low > 0.9 else ".0%", range=[low, 1])
    return _compact(figure, 320).update_layout(showlegend=True)


def _dot(colour: str, symbol: str) -> dict[str, Any]:
    return {
        "color": colour,
        "symbol": symbol,
        "size": 9,
        "line": {"width": 1, "color": "white"},
    }


def purity_of_reruns(purities: Sequence[float], published: float) -> go.Figure:
    """Purity of one rule over training runs, of seeds from 0 on, beside the published one."""
    figure = go.Figure(
        go.Bar(
            x=[f"seed {i}" for i in range(len(purities))],
            y=list(purities),
            marker_color=MODELS[1],
            text=[f"{purity:.0%}" for purity in purities],
            textposition="inside",
            insidetextanchor="end",
        )
    )
    figure.add_hline(
        published,
        line={"color": MODELS[2], "dash": "dash"},
        annotation_text=f"published: {published:.1%}",
        annotation_position="top right",
    )
    figure.update_yaxes(range=[0, 1.15], tickformat=".0%", title="purity")
    return _compact(figure, 280)


def accuracy_of_splits(accuracies: Sequence[Accuracy], format: Format) -> go.Figure:
    """Per-character accuracy and exact match by split, with their intervals."""
    places = [*format.position_names, "exact match"]
    figure = go.Figure()
    for one, colour, symbol in zip(accuracies, SPLITS, SYMBOLS, strict=True):
        shares = [*one.by_position, one.exact]
        values = np.array([share.value for share in shares])
        low, high = np.array([share.interval for share in shares]).T
        figure.add_scatter(
            x=places,
            y=values,
            mode="markers",
            error_y={
                "array": high - values,
                "arrayminus": values - low,
                "thickness": 2,
                "width": 5,
            },
            name=f"{common.SPLITS[one.split]} ({one.n:,})",
            marker={"color": colour, "symbol": symbol, "size": 8},
            offsetgroup=one.split,
            cliponaxis=False,
            customdata=np.column_stack([low, high]),
            hovertemplate="%{y:.1%} (%{customdata[0]:.1%} to %{customdata[1]:.1%})",
        )
    blind = [1 / len(allowed) for allowed in format.alphabets]
    for place, share in enumerate(blind):
        figure.add_shape(
            type="line",
            x0=place - 0.45,
            x1=place + 0.45,
            y0=share,
            y1=share,
            line={"color": "gray", "dash": "dot", "width": 2},
        )
    figure.update_xaxes(showgrid=False, type="category")  # names such as "1" are no numbers
    figure.update_yaxes(range=[0, 1.05], tickformat=".0%", title="share", zeroline=True)
    return _compact(figure, 320).update_layout(scattermode="group", scattergap=0.4)


def membership(attacks: Sequence[tuple[str, Mapping[str, Any]]]) -> go.Figure:
    """AUC of named membership attacks, as `Attack.to_dict` has them, with their intervals."""
    names, found = zip(*attacks, strict=True)
    values = np.array([one["auc"] for one in found])
    low, high = np.array([one["auc_interval"] for one in found]).T
    figure = go.Figure(
        go.Scatter(
            x=values,
            y=names,
            mode="markers+text",
            error_x={
                "array": high - values,
                "arrayminus": values - low,
                "thickness": 2,
                "width": 5,
            },
            marker={"color": MODELS[1], "size": 9},
            text=[f"{value:.3f}" for value in values],
            textposition="top center",
            customdata=np.column_stack([low, high]),
            hovertemplate="%{x:.3f} (%{customdata[0]:.3f} to %{customdata[1]:.3f})<extra></extra>",
            cliponaxis=False,
        )
    )
    figure.add_vline(0.5, line={"color": "gray", "dash": "dot", "width": 2})
    left = min(0.45, low.min() - 0.02)
    figure.update_xaxes(title="AUC (dotted: guessing)", tickvals=[0.5, 0.75, 1], range=[left, 1])
    figure.update_yaxes(type="category", autorange="reversed", showgrid=False, automargin=True)
    return _compact(figure, 70 + 50 * len(names))


def confusion(found: Confusion) -> go.Figure:
    """Shares of decoded characters (across) for each true one (down), stronger for more."""
    characters = [*map(character_name, found.alphabet)]
    figure = go.Figure(
        go.Heatmap(
            x=characters,
            y=characters,
            z=np.sqrt(found.shares),
            customdata=np.dstack([found.shares, found.counts]),
            hovertemplate="%{y} decoded as %{x}: %{customdata[0]:.1%} (%{customdata[1]:,})"
            "<extra></extra>",
            # From transparent on, so that 0 has the page's own colour, light or dark.
            colorscale=[[0, "rgba(125,91,190,0)"], [1, MODELS[1]]],
            zmin=0,
            zmax=1,
            xgap=1,
            ygap=1,
            colorbar={
                "title": "of the row",
                "tickvals": [0, *np.sqrt([0.01, 0.1, 0.25, 0.5, 1])],
                "ticktext": ["0", "1 %", "10 %", "25 %", "50 %", "100 %"],
                "thickness": 10,
                "outlinewidth": 0,
            },
        )
    )
    figure.update_xaxes(type="category", title="decoded as", tickangle=0, dtick=1)
    figure.update_yaxes(type="category", title="true", autorange="reversed", dtick=1)
    for axis in (figure.layout.xaxis, figure.layout.yaxis):
        axis.update(showgrid=False, zeroline=False, tickfont_size=11)
    return _compact(figure, 430)


def rate_distortion(rates: Sequence[RateDistortion]) -> go.Figure:
    """Rate and distortion of each split in nats, with the line of the source's entropy.

    New regs lie on or above it, on average. No line is drawn if the entropy is not known. The rates
    must be finite.
    """
    figure = go.Figure()
    entropy = rates[0].entropy
    if entropy is not None:
        figure.add_scatter(
            x=[0, entropy],
            y=[entropy, 0],
            mode="lines",
            fill="tozeroy",
            fillcolor="rgba(128,128,128,0.15)",
            line={"color": REJECTED_GREY, "dash": "dash"},
            name=f"rate + distortion = {entropy:.2f}",
            hoverinfo="skip",
        )
        figure.add_annotation(x=entropy / 4, y=entropy / 4, text="impossible", showarrow=False)
    # The first is the largest, so that none hides another at the same place.
    for one, colour, symbol, size in zip(rates, SPLITS, SYMBOLS, (16, 11, 7), strict=True):
        figure.add_scatter(
            x=[one.rate],
            y=[one.distortion],
            mode="markers",
            marker={
                "color": colour,
                "symbol": symbol,
                "size": size,
                "line": {"width": 1, "color": "white"},
            },
            cliponaxis=False,
            name=common.SPLITS[one.split],
            hovertemplate="rate %{x:.2f}, distortion %{y:.2f}",
        )
    figure.update_xaxes(title="rate, nats", rangemode="tozero")
    figure.update_yaxes(title="distortion, nats", rangemode="tozero")
    return _compact(figure, 380)


def dimensions(found: Dimensions) -> go.Figure:
    """The rate of each latent dimension in nats; the variance of its means if rates are infinite.

    Dimensions that are not active are grey.
    """
    figure = go.Figure(
        go.Bar(
            x=[dimension_name(place) for place in range(len(found.kl))],
            y=found.variance if found.infinite else found.kl,
            customdata=found.variance,
            marker_color=[MODELS[1] if active else MODELS[0] for active in found.active],
            hovertemplate="%{y:.3f}, variance of the means %{customdata:.4f}<extra></extra>",
        )
    )
    title = "variance of the means" if found.infinite else "nats"
    figure.update_yaxes(title=title, rangemode="tozero")
    return _compact(figure, 280).update_layout(bargap=0.5)


def aggregate(found: Aggregate, places: Sequence[int]) -> go.Figure:
    """Density of the aggregated posterior in some dimensions (from 0), beside that of the prior."""
    figure = go.Figure(
        [
            go.Scatter(
                x=found.z,
                y=found.density[place],
                name=dimension_name(place),
                line={"color": colour, "shape": "hvh"},
            )
            for place, colour in zip(places, DIMENSIONS, strict=False)
        ]
    )
    dotted = {"color": "gray", "dash": "dot"}
    figure.add_scatter(x=found.z, y=found.prior, name="the prior, N(0, 1)", line=dotted)
    figure.update_xaxes(title="z")
    figure.update_yaxes(title="density", rangemode="tozero")
    return _compact(figure, 280)


def dimension_name(place: int) -> str:
    """The name of a latent dimension, counted from 0: that of the map's axis."""
    return common.axis(place + 1)
