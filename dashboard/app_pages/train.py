"""Train a model and watch it: every session sees the same runs."""

from collections.abc import Callable

import streamlit as st

from dashboard import model_box, state, text
from dashboard.components.training_view import training_view
from dashboard.panels import training_form
from regvae.evaluation.metrics import metrics
from regvae.model import store
from regvae.training import jobs
from regvae.training.jobs import Job
from regvae.training.queue import slots

FAST, SLOW = 0.5, 3.0  # seconds between two looks: at a run that is alive, and at nothing


def page() -> None:
    """The form at the left; the runs at the right."""
    left, right = st.columns([1, 2], gap="large")
    with left:
        st.markdown(f"##### {text.NEW_TRAINING}")
        training_form.form()
    with right:
        alive = any(run.alive for run in jobs.all_jobs())
        st.fragment(watch, run_every=FAST if alive else SLOW)(alive)


def watch(alive: bool) -> None:
    """The runs and the chosen one, looked at again and again; `alive` is what was so at first."""
    there = jobs.all_jobs()
    if any(run.alive for run in there) != alive:
        st.rerun()  # another pace from now on
    problem = st.session_state.get(state.RUN_PROBLEM)
    if problem:  # until something else is tried
        st.warning(text.plain(f"{problem}."))
    if kept_as := st.session_state.get(state.KEPT_AS):
        st.success(text.KEPT.format(name=text.plain(kept_as)))
    if there:
        choose(there)
    else:
        st.info(text.NO_RUNS)
    kept_models()  # looked at again too: a button here or another session may have kept one


def choose(there: list[Job]) -> None:
    """The box that names a run, and the run."""
    names = [run.name for run in there]
    if st.session_state.get(state.RUN) not in names:
        st.session_state[state.RUN] = names[-1]
    by_name = {run.name: run for run in there}
    chosen = st.selectbox(
        text.RUNS,
        names,
        key=state.RUN,
        format_func=lambda name: f"{name}: {words(by_name[name])}",
        persist_state="session",
    )
    show(by_name[chosen])


def words(run: Job) -> str:
    """A run's state as a person reads it."""
    return text.STATES[run.state].format(
        epoch=run.epochs, epochs=run.preset.training.epochs, ahead=run.ahead, slots=slots()
    )


def show(run: Job) -> None:
    """One run: how far it is, what can be done with it, and what it looks like."""
    if run.state == "waiting":
        st.info(text.QUEUED.format(slots=slots(), ahead=run.ahead))
    if run.state == "failed":
        st.error(text.plain(f"{run.message}."))
    if run.state == "interrupted":
        st.warning(text.INTERRUPTED)
    st.progress(run.epochs / run.preset.training.epochs, text.plain(words(run)))
    actions(run)
    progress = jobs.progress(run)
    if progress is not None and len(progress.frames):
        training_view(run, progress)
    elif run.state == "training":
        st.caption(text.COMPILING)


def actions(run: Job) -> None:
    """Stop, resume, keep, delete: those that make sense now."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if run.alive:
            label = text.STOPPING if run.stopping else text.STOP
            stop = (jobs.stop, run.name)
            st.button(label, key="stop", disabled=run.stopping, on_click=act, args=stop)
        elif run.state != "finished":
            st.button(text.RESUME, type="primary", on_click=act, args=(jobs.start, run.name))
        else:
            st.text_input(
                text.KEEP_AS,
                run.name,
                key=f"{state.KEEP_AS}-{run.name}",  # its own: each begins with the run's name
                max_chars=60,
                label_visibility="collapsed",
            )
            st.button(text.KEEP, type="primary", on_click=keep, args=(run.name,))
        if not run.alive:
            delete_button(jobs.delete, run.name)


def act(what: Callable[[str], object], name: str) -> None:
    """Do something to a run; what stands in the way is said above all runs."""
    _forget_said()
    try:
        what(name)
    except (ValueError, OSError) as error:
        st.session_state[state.RUN_PROBLEM] = str(error)


def keep(name: str) -> None:
    """Put a finished run among the models, and show it on the map from now on."""
    kept_as = st.session_state[f"{state.KEEP_AS}-{name}"].strip()
    _forget_said()
    try:
        jobs.keep(name, kept_as, metrics)
    except (ValueError, OSError) as error:
        st.session_state[state.RUN_PROBLEM] = str(error)
        return
    model_box.show(kept_as)
    st.session_state[state.KEPT_AS] = kept_as


def _forget_said() -> None:
    st.session_state[state.RUN_PROBLEM] = st.session_state[state.KEPT_AS] = None


def kept_models() -> None:
    """The models that were kept, and a way to be rid of them."""
    mine = store.available(store.models())
    if not mine:
        return
    with st.expander(text.KEPT_MODELS.format(n=len(mine), folder=store.models())):
        for name in mine:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(text.plain(name))
                delete_button(jobs.delete_model, name)


def delete_button(delete: Callable[[str], object], name: str) -> None:
    """A button that asks once more before it deletes."""
    with st.popover(text.DELETE):
        st.markdown(text.DELETE_SURE)
        yes = text.DELETE_YES.format(name=name)
        st.button(yes, key=f"{delete.__name__} {name}", on_click=act, args=(delete, name))


page()
