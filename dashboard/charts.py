"""Data in, Plotly figure out: the small passive charts."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from dashboard.palette import ABOVE, BELOW, MODELS
from regvae.audit import Audit
from regvae.calibration import Calibration


def _plain(figure: go.Figure, height: int) -> go.Figure:
    return figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        bargap=0.1,
        dragmode=False,
    )


def number_distribution(here: NDArray, everywhere: NDArray) -> go.Figure:
    """Share of records in each band of ten numbers: in a region, and among all records."""
    edges = np.arange(0, 101, 10)
    labels = [f"{low}-{low + 9}" for low in edges[:-1]]
    shares = [np.histogram(values, edges)[0] / max(len(values), 1) for values in (here, everywhere)]
    colours = [BELOW if low < 50 else ABOVE for low in edges[:-1]]
    figure = go.Figure(
        [
            go.Bar(x=labels, y=shares[0], marker_color=colours, name="here", showlegend=False),
            go.Scatter(
                x=labels,
                y=shares[1],
                mode="lines",
                line={"color": "gray", "dash": "dot", "shape": "hvh"},
                name="all records",
                showlegend=False,
            ),
        ]
    )
    figure.update_yaxes(tickformat=".0%", rangemode="tozero")
    figure.update_xaxes(title="number (dotted: all records)", tickangle=0, tickvals=labels[::3])
    return _plain(figure, 170)


def accuracy_by_position(rows: Sequence[tuple[str, Sequence[float]]]) -> go.Figure:
    """Share of right characters at each of the seven positions, one group of bars a named row."""
    positions = [
        "1st letter",
        "2nd letter",
        "tens",
        "units",
        "3rd letter",
        "4th letter",
        "5th letter",
    ]
    colours = MODELS
    figure = go.Figure(
        [
            go.Bar(
                x=positions,
                y=list(values),
                name=name,
                marker_color=colour,
                text=[f"{value:.0%}".rstrip("%") for value in values],
                textfont_size=10,
                textposition="outside",
                cliponaxis=False,
            )
            for (name, values), colour in zip(rows, colours, strict=False)
        ]
    )
    figure.update_yaxes(range=[0, 1.08], tickformat=".0%", title="right")
    return _plain(figure, 320)


def loss_curves(history: pd.DataFrame) -> go.Figure:
    """Training and validation loss (nats by the preset's rule) by epoch."""
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
    return _plain(figure, 320)


def calibration_curve(calibration: Calibration) -> go.Figure:
    """Share of held-out records within the distance that should hold a nominal share."""
    lines = (
        ("sigmas as reported", calibration.reported, MODELS[0]),
        (f"times {calibration.scale:.2f}", calibration.calibrated, MODELS[2]),
    )
    figure = go.Figure(
        [
            go.Scatter(x=calibration.nominal, y=values, name=name, line={"color": colour})
            for name, values, colour in lines
        ]
    )
    diagonal = {"color": "gray", "dash": "dot", "width": 1}
    figure.add_shape(type="line", x0=0, y0=0, x1=1, y1=1, line=diagonal)
    figure.update_xaxes(title="of a Gaussian, within", tickformat=".0%", range=[0, 1.03])
    figure.update_yaxes(title="of held-out records", tickformat=".0%", range=[0, 1.02])
    return _plain(figure, 230)


def edit_distances(audit: Audit) -> go.Figure:
    """Shares of regs by their edit distance to the nearest training record."""
    bars = (
        ("results", audit.edits, MODELS[1]),
        ("held-out regs", audit.edits_held_out, MODELS[0]),
    )
    figure = go.Figure(
        [
            go.Bar(x=list(range(8)), y=shares, name=name, marker_color=colour)
            for name, shares, colour in bars
        ]
    )
    figure.update_xaxes(title="edits to the nearest training record", dtick=1, range=[-0.5, 5.5])
    figure.update_yaxes(tickformat=".0%", rangemode="tozero")
    return _plain(figure, 190)


def rule_study(study: pd.DataFrame) -> go.Figure:
    """Purity of every rule on every training seed, by the share of proposals it accepts."""
    figure = go.Figure(
        [
            go.Scatter(
                x=part["acceptance"],
                y=part["purity"],
                name=str(name),
                mode="markers",
                marker={"color": colour, "size": 10, "line": {"width": 1, "color": "white"}},
                customdata=part["seed"],
                hovertemplate="seed %{customdata}: accepted %{x:.1%}, purity %{y:.2%}",
            )
            for (name, part), colour in zip(
                study.groupby("rule", sort=False), (ABOVE, *MODELS[1:]), strict=False
            )
        ]
    )
    figure.update_xaxes(title="accepted", tickformat=".0%", rangemode="tozero")
    figure.update_yaxes(title="purity", tickformat=".0%", range=[0, 1.05])
    return _plain(figure, 300)


def purity_of_reruns(purities: Sequence[float], published: float) -> go.Figure:
    """Purity of one rule over retrainings, beside the one that was published."""
    figure = go.Figure(
        go.Bar(
            x=[f"run {i}" for i in range(len(purities))],
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
    return _plain(figure, 280)
