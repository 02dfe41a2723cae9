"""The form of a new training run: a preset, any part of which can be changed, and the data."""

import re
from dataclasses import replace
from typing import Any, get_args

import streamlit as st

from dashboard import state
from dashboard.panels import training_data
from dashboard.panels.training_data import Own
from dashboard.words import common
from dashboard.words import training as words
from regvae.formats import SPLITS
from regvae.model import config, presets
from regvae.model.config import Data, Network, Order, Phase, Preset, Privacy, Training
from regvae.model.privacy import Budget
from regvae.training import jobs

_SOURCES = [one for one in get_args(config.Source) if one != "own"]
_FOR_LONG, _LONG = "exact-64d", 16
"""The preset for codes of so many learned characters and more; `docs/recipes.md` tells why."""
_PREFIX = 20
"""Characters of a format's name in the name of a training run."""


def form() -> None:
    """The widgets, and the button that starts a training run."""
    is_own, own = training_data.choose()
    base, seed = _preset(is_own, own)
    free = _free_name(f"{own.data.format.name[:_PREFIX]}-{base.name}" if own else base.name, seed)
    # A placeholder: as its value it would replace a typed name whenever the free name changes.
    name = st.text_input(
        words.NAME, key=state.JOB_NAME, placeholder=free, max_chars=60, help=words.NAME_HELP
    )
    # Above what may be unfolded, so that it stays where it is; below it where the runs are below.
    start = st.container(key="training-start")
    problems: list[str] = []
    with st.expander(words.DATA):
        data = _own_data(base, own) if is_own else _data(base)
    with st.expander(words.NETWORK):
        network = _network(base, problems)
    with st.expander(words.LOSS):
        loss = _loss(base, network, own)
    with st.expander(words.SCHEDULE):
        schedule = _schedule(base, problems)
    privacy = _privacy(base, problems)
    changed: Preset | None = None
    try:
        if network and data and not problems:
            changed = _named(base, network, data, Training(**loss, **schedule, privacy=privacy))
    except ValueError as error:
        problems.append(f"{error}.")
    with start:
        pressed = st.button(words.START, type="primary", width="stretch", disabled=changed is None)
        if pressed and changed:
            _start(name.strip() or free, changed, seed, own, problems)
        for sentence in [*state.address_problems(), *problems]:
            st.warning(common.plain(sentence))
        if changed:
            change = words.CHANGED.format(name=base.name) if changed != base else ""
            st.caption(f"{words.recipe(changed)} {change}")
            if budget := Budget.of(changed):
                st.caption(words.PRIVATE.format(privacy=common.privacy(budget)))
        elif is_own and own is None:
            st.caption(words.NO_OWN)


def _preset(is_own: bool, own: Own | None) -> tuple[Preset, int]:
    """The preset to start from, and the seed."""
    left, right = st.columns([2, 1])
    base = presets.preset(
        left.selectbox(
            words.PRESET,
            list(presets.PRESETS),
            index=list(presets.PRESETS).index(state.DEFAULTS[state.PRESET]),
            key=state.PRESET,
            bind="query-params",
            persist_state="session",
        )
    )
    seed = _number(right, base, "seed", 0, 0, state.MAX_SEED, 1)
    if not is_own:
        st.caption(common.plain(base.about))  # which is about regs
    learned = len(own.data.format.learned) if own else 0
    if learned >= _LONG and base.name != _FOR_LONG:
        st.caption(words.LONG.format(n=learned, preset=_FOR_LONG, least=_LONG))
        label = words.USE_PRESET.format(preset=_FOR_LONG)
        st.button(label, on_click=_use_preset, args=(_FOR_LONG,), width="stretch")
    return base, seed


def _use_preset(name: str) -> None:
    st.session_state[state.PRESET] = name


def _free_name(preset: str, seed: int) -> str:
    """A name for the job that no job or model has."""
    for number in range(1, 1000):
        name = f"{preset}-seed-{seed}" + (f"-{number}" if number > 1 else "")
        try:
            jobs.check_name(name)
        except jobs.JobError:
            continue
        return name
    return ""


def _named(base: Preset, network: Network, data: Data, training: Training) -> Preset:
    """The preset as the widgets define it, under another name if it differs from `base`."""
    same = Preset(base.name, network, data, training, base.about)
    if same == base:
        return same
    return replace(same, name=words.CHANGED_NAME.format(name=base.name), about="")


def _start(name: str, preset: Preset, seed: int, own: Own | None, problems: list[str]) -> None:
    try:
        jobs.create(name, preset, seed, own.table if own else ())
    except (ValueError, OSError) as error:
        problems.append(f"{error}.")
        return
    st.session_state[state.JOB] = name
    st.rerun()


# --- fields ---------------------------------------------------------------------------------------


def _key(base: Preset, field: str) -> str:
    # With the preset's name, so that another preset has its own values.
    return f"new-{field}-{base.name}"


def _number(
    place: Any, base: Preset, field: str, value: float, low: float, high: float, step: float
) -> Any:
    label, explanation = words.FIELDS[field]
    return place.number_input(
        label,
        low,
        high,
        value,
        step,
        format=None if isinstance(step, int) else "%g",
        key=_key(base, field),
        help=explanation,
    )


def _choice(place: Any, base: Preset, field: str, options: list[str], value: str) -> str:
    label, explanation = words.FIELDS[field]
    return place.selectbox(
        label,
        options,
        options.index(value),
        key=_key(base, field),
        format_func=lambda one: words.OPTIONS.get(one, one),
        help=explanation,
    )


def _data(base: Preset) -> Data:
    source = _choice(st, base, "source", _SOURCES, base.data.source)
    seed = _number(st, base, "data_seed", base.data.seed, 0, state.MAX_SEED, 1)
    columns = st.columns(3)
    sizes = tuple(
        _number(column, base, split, size, 1, 1_000_000, 100)
        for column, split, size in zip(columns, SPLITS, base.data.sizes, strict=True)
    )
    return Data(seed, sizes, source)  # type: ignore[arg-type]


def _own_data(base: Preset, own: Own | None) -> Data | None:
    seed = _number(st, base, "own_seed", 0, 0, state.MAX_SEED, 1)
    return replace(own.data, seed=seed) if own else None


def _network(base: Preset, problems: list[str]) -> Network | None:
    latent_dim = _number(st, base, "latent_dim", base.network.latent_dim, 1, 64, 1)
    widths = [
        _widths(base, field, getattr(base.network, field), problems)
        for field in ("encoder", "decoder")
    ]
    try:
        return Network(latent_dim, *widths)
    except ValueError as error:
        problems.append(f"{error}.")
        return None


def _widths(base: Preset, field: str, value: tuple[int, ...], problems: list[str]) -> Any:
    label, explanation = words.FIELDS[field]
    typed = st.text_input(
        label, ", ".join(map(str, value)), key=_key(base, field), help=explanation
    )
    parts = [part.strip() for part in typed.split(",") if part.strip()]
    if all(part.isdecimal() and len(part) < 6 for part in parts):
        return tuple(map(int, parts))
    problems.append(words.NO_WIDTHS.format(label=label, typed=typed[:40]))
    return value


def _loss(base: Preset, network: Network | None, own: Own | None) -> dict[str, Any]:
    training, attributes = base.training, dict(base.data.format.attributes)
    if own:
        attributes = {**own.data.format.attributes, **own.table.attributes}
    left, right = st.columns(2)
    values: dict[str, Any] = {
        "likelihood": _choice(
            left, base, "likelihood", list(get_args(config.Likelihood)), training.likelihood
        ),
        "divergence": _choice(
            right, base, "divergence", list(get_args(config.Divergence)), training.divergence
        ),
        "beta": _number(left, base, "beta", float(training.beta), 0.0, 100.0, 0.1),
        "noise": _number(right, base, "noise", float(training.noise), 0.0, 10.0, 0.1),
        "warm_up": _number(left, base, "warm_up", training.warm_up, 0, 10_000, 10),
        "random_share": _number(
            right, base, "random_share", float(training.random_share), 0.0, 1.0, 0.1
        ),
        "reconstruction_weight": training.reconstruction_weight,
    }
    given = {one.axis: one for one in training.orders_for(attributes)}
    of = f"-{own.key}" if own else ""
    orders = []
    for axis, place in enumerate(st.columns(2), start=1):  # a row of their own, also on a phone
        if network is None or network.latent_dim < axis:
            continue
        usual = given.get(axis)
        options = [words.NO_ORDER, *attributes]
        label, explanation = words.FIELDS["order"]
        chosen = place.selectbox(
            label.format(axis=axis),
            options,
            options.index(usual.attribute if usual else words.NO_ORDER),
            key=_key(base, f"order-{axis}{of}"),
            format_func=lambda one: attributes[one].label if one in attributes else one,
            help=explanation,
        )
        if chosen != words.NO_ORDER:
            same = usual is not None and usual.attribute == chosen
            orders.append(usual if same else Order(chosen, axis))
    return values | {"orders": tuple(orders)}


def _privacy(base: Preset, problems: list[str]) -> Privacy | None:
    usual = base.training.privacy
    if usual is None:
        return None
    with st.expander(words.PRIVACY):
        left, right = st.columns(2)
        clip = _number(left, base, "clip", float(usual.clip), 0.0, 1e6, 0.5)
        noise = float(usual.noise_multiplier)
        multiplier = _number(right, base, "noise_multiplier", noise, 0.0, 1e6, 0.5)
    try:
        return Privacy(clip, multiplier, usual.delta)
    except ValueError as error:
        problems.append(f"{error}.")
        return usual


_PHASE = re.compile(
    r"\s*([0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]{1,3})?)\s*[x×*]\s*([0-9]{1,6})\s*", re.ASCII
)


def _schedule(base: Preset, problems: list[str]) -> dict[str, Any]:
    training = base.training
    label, explanation = words.FIELDS["phases"]
    usual = ", ".join(f"{phase.learning_rate:g} × {phase.epochs}" for phase in training.phases)
    typed = st.text_input(label, usual, key=_key(base, "phases"), help=explanation)
    left, right = st.columns(2)
    schedule = _choice(
        left, base, "schedule", list(get_args(config.Schedule)), training.phases[0].schedule
    )
    optimizer = _choice(
        right, base, "optimizer", list(get_args(config.Optimizer)), training.optimizer
    )
    batch = _number(left, base, "batch_size", training.batch_size, 1, 10_000, 8)
    phases = []
    for part in typed.split(","):
        found = _PHASE.fullmatch(part)
        try:
            if not found:
                raise ValueError(words.NO_PHASE.format(label=label, typed=part.strip()[:40]))
            phases.append(Phase(float(found[1]), int(found[2]), schedule))  # type: ignore[arg-type]
        except ValueError as error:
            problems.append(f"{error}.")
    return {"phases": tuple(phases), "optimizer": optimizer, "batch_size": batch}
