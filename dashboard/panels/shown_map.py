"""The map with everything on it, for the pages that show one."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from dashboard import services, state
from dashboard.components.edge import EdgeLayer
from dashboard.components.fields import DensityLayer, PaintedLayer, SampleLayer
from dashboard.components.geometry import Geometry
from dashboard.components.latent_map import Tables, View, latent_map
from dashboard.components.layers import PointLayer
from dashboard.components.own_layer import OwnLayer
from dashboard.panels import searched
from dashboard.panels.context import Context
from dashboard.panels.point import Verdict
from dashboard.words import explore as explore_words
from dashboard.words import sampling as words
from regvae.latent.polygon import Polygon
from regvae.rejection import sampling
from regvae.rejection.policy import Policy
from regvae.rejection.report import Report


@dataclass(frozen=True)
class Shown:
    """What the map shows, but for its samples.

    `colour` is a value of `state.COLOUR`; if the map is `painted`, it is decoded everywhere. With
    `density` the density of the records is there, with `edge` the exact edge of what decodes to
    wanted codes, if there is one. `point` is the pinned point (k,), `card` what a
    card beside it tells, if there is one, `code` the searched code, `region` the selected polygon
    of the plane, `own` are a person's own codes, `hidden` what is not drawn, of `state.LAYERS`,
    `unlinked` what no address has, in words, `waiting` what the samples wait for.
    """

    context: Context
    colour: str
    painted: bool
    point: tuple[float, ...] | None
    code: str | None
    region: Polygon | None
    layers: Sequence[PointLayer] = ()
    own: OwnLayer | None = None
    hidden: Sequence[str] = ()
    unlinked: str = ""
    waiting: str = ""
    card: Verdict | None = None
    density: bool = False
    edge: bool = False

    @property
    def by_wanted(self) -> bool:
        """Whether the map is coloured by what is wanted."""
        return self.colour == state.WANTED_COLOUR


def show_map(
    geometry: Geometry,
    samples: SampleLayer | None,
    report: Report | None,
    shown: Shown,
    key: str = state.MAP,
) -> None:
    """The map, mounted under a key; without samples no rule decides anything on it."""
    context, plane = shown.context, shown.context.shown
    edge, format = _edge(shown), context.bundle.format
    view = View(
        model=context.name,
        colour=shown.colour,
        plane=plane.plane,
        anchor=plane.anchor,
        labels=plane.labels,
        rule=context.rule if samples else None,
        unwanted=str(context.unwanted),
        noun=format.noun,
        dot=explore_words.dot(format),
        report=report,
        pin=shown.point,
        card=shown.card._asdict() if shown.card else None,
        search=searched.gaussian(context, shown.code) if shown.code else None,
        region=shown.region,
        layers=shown.layers,
        hidden=shown.hidden,
        painted=shown.painted,
        unlinked=shown.unlinked,
        waiting=shown.waiting,
        released=context.bundle.released,
    )
    wanted = None
    if shown.by_wanted:
        wanted = services.wanted_layer(context.name, context.version, context.unwanted)
    tables = Tables(geometry, samples, wanted, painted(shown), density(shown), shown.own, edge)
    latent_map(tables, view, key)


def propose(
    context: Context, policy: Policy | None, problems: list[str]
) -> tuple[SampleLayer, Report] | tuple[None, None]:
    """The samples of a policy for the browser, and the report on them.

    None and None, with a sentence in `problems`, if they cannot be proposed.
    """
    if policy is None:
        return None, None
    shown = context.shown
    try:
        samples = services.samples(context.name, context.version, policy)
        layer = services.sample_layer(
            context.name, context.version, policy, shown.choice, tuple(shown.anchor.tolist())
        )
    except ValueError as error:
        problems.append(words.PROBLEM.format(problem=error))
        return None, None
    return layer, sampling.report(samples, context.rule)


def painted(shown: Shown) -> PaintedLayer | None:
    """The colours decoded everywhere on the plane, if the map is to be painted with them."""
    if not shown.painted:
        return None
    context, plane = shown.context, shown.context.shown
    unwanted = context.unwanted if shown.by_wanted else None
    anchor = tuple(plane.anchor.tolist())
    return services.painted_layer(
        context.name, context.version, shown.colour, plane.choice, anchor, unwanted=unwanted
    )


def density(shown: Shown) -> DensityLayer | None:
    """The density of the records on the plane, if the map is to show it."""
    if not shown.density:
        return None
    context, plane = shown.context, shown.context.shown
    anchor = tuple(plane.anchor.tolist())
    return services.density_layer(context.name, context.version, plane.choice, anchor)


def _edge(shown: Shown) -> EdgeLayer | None:
    """The exact edge, if it is to be drawn and there can be one; a sentence is shown meanwhile."""
    context = shown.context
    place = st.container(key="computing")  # there in any case, so that nothing moves
    if not shown.edge or context.unwanted is None or context.latent_dim != 2:
        return None
    with place, st.spinner(words.COMPUTING_EDGE):
        return services.edge_layer(context.name, context.version, context.unwanted)
