"""Train a model and watch it: every session shows the same training runs."""

from collections.abc import Callable

import streamlit as st

from dashboard import model_box, services, state
from dashboard.components.training_view import training_view
from dashboard.panels import training_form
from dashboard.words import common
from dashboard.words import training as words
from regvae.evaluation.metrics import metrics
from regvae.formats import UK_REGISTRATION
from regvae.model import store
from regvae.training import jobs
from regvae.training.jobs import Job
from regvae.training.queue import full, slots

FAST, SLOW = 0.5, 3.0  # seconds between two updates: with a live job, and without


def page() -> None:
    """The form, and the training runs beside it, or below it in a narrow window."""
    jobs.prepare()  # TensorFlow loads while the form is read
    left, right = st.columns([1, 2], gap="large")
    with left, st.container(key="training-form"):
        st.markdown(f"##### {words.NEW}")
        training_form.form()
    with right, st.container(key="training-runs"):
        alive = any(job.alive for job in jobs.all_jobs())
        st.fragment(watch, run_every=FAST if alive else SLOW)(alive)


def watch(alive: bool) -> None:
    """The training runs, updated again and again; `alive` is whether one was alive at first."""
    there = jobs.all_jobs()
    if any(job.alive for job in there) != alive:
        st.rerun()  # at the other pace from now on
    problem = st.session_state.get(state.JOB_PROBLEM)
    if problem:  # until the next action
        st.warning(common.plain(f"{problem}."))
    if new_model := st.session_state.get(state.NEW_MODEL):
        st.success(words.NEW_MODEL.format(name=common.plain(new_model)))
        # The first looks like a primary button.
        with st.container(horizontal=True, vertical_alignment="center", key="way-on"):
            for page, label, key in words.NEXT:
                if page != "compare" or _is_comparable(new_model):
                    st.page_link(f"app_pages/{page}.py", label=label, query_params={key: new_model})
    if there:
        choose(there)
    else:
        st.info(words.NO_RUNS)
    models()  # updated too: this or another session may have kept or deleted one


def _is_comparable(name: str) -> bool:
    """Whether a model is of the same codes as the notebook's."""
    found = model_box.loaded(name)
    return found is not None and services.bundle(*found).format == UK_REGISTRATION


def choose(there: list[Job]) -> None:
    """The box that chooses a job, and the job."""
    by_name = {job.name: job for job in there}
    # Without epochs: they would differ from those below, which are a moment newer.
    labels = {job.name: f"{job.name}: {stage(job)}" for job in there}
    last = st.session_state.get(state.JOB)
    if last not in labels:
        last = st.session_state[state.JOB] = there[-1].name
    if st.session_state.get(state.JOB_LABEL) != labels[last]:
        st.session_state[state.JOB] = last  # set anew, or the browser keeps the label of before
        st.session_state[state.JOB_LABEL] = labels[last]
    chosen = st.selectbox(
        words.RUNS,
        list(labels),
        key=state.JOB,
        format_func=labels.__getitem__,
        persist_state="session",
    )
    show(by_name[chosen])


def stage(job: Job) -> str:
    """A job's state; "starting" if nothing is ahead of it, "saving" after its last epoch."""
    if job.state == "waiting" and not (job.ahead or full()):
        return "starting"
    if job.state == "training" and job.epochs == job.preset.training.epochs:
        return "saving"
    return job.state


def state_of(job: Job) -> str:
    """A job's state in words."""
    return words.STATES[stage(job)].format(epoch=job.epochs, epochs=job.preset.training.epochs)


def show(job: Job) -> None:
    """A job: its state, the actions that are possible, and its map and lines."""
    if stage(job) == "waiting":
        st.info(words.QUEUED.format(slots=slots(), ahead=job.ahead))
    if job.state == "failed":
        st.error(common.plain(f"{job.message}."))
    if job.state == "interrupted":
        st.warning(words.INTERRUPTED)
    st.progress(job.epochs / job.preset.training.epochs, common.plain(state_of(job)))
    actions(job)
    progress = jobs.progress(job)
    if progress is not None and len(progress.frames):
        training_view(job, progress)
    elif stage(job) in ("starting", "training"):
        st.caption(words.COMPILING)


def actions(job: Job) -> None:
    """Buttons to stop, resume, keep or delete a job: those that are possible now."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if job.alive:
            label = words.STOPPING if job.stopping else words.STOP
            stop = (jobs.stop, job.name)
            st.button(label, key="stop", disabled=job.stopping, on_click=act, args=stop)
        elif job.state != "finished":
            st.button(words.RESUME, type="primary", on_click=act, args=(jobs.start, job.name))
        else:
            st.text_input(
                words.KEEP_AS,
                job.name,
                key=f"{state.KEEP_AS}-{job.name}",  # one a job: each begins with the job's name
                max_chars=60,
                label_visibility="collapsed",
            )
            st.button(words.KEEP, type="primary", on_click=keep, args=(job.name,))
        if not job.alive:
            delete_button(jobs.delete, job.name)


def act(action: Callable[[str], object], name: str) -> None:
    """Call an action with the name of a job or a model; an error is shown above the jobs."""
    _clear_messages()
    try:
        action(name)
    except (ValueError, OSError) as error:
        st.session_state[state.JOB_PROBLEM] = str(error)


def keep(name: str) -> None:
    """Keep a finished job as a model, and show that model on all pages from now on."""
    new_model = st.session_state[f"{state.KEEP_AS}-{name}"].strip()
    _clear_messages()
    try:
        jobs.keep(name, new_model, metrics)
    except (ValueError, OSError) as error:
        st.session_state[state.JOB_PROBLEM] = str(error)
        return
    model_box.show(new_model)
    st.session_state[state.NEW_MODEL] = new_model


def _clear_messages() -> None:
    st.session_state[state.JOB_PROBLEM] = st.session_state[state.NEW_MODEL] = None


def models() -> None:
    """The models that were kept on this machine, each with a button that deletes it."""
    mine = store.available(store.models())
    if not mine:
        return
    with st.expander(words.MODELS.format(n=len(mine), folder=store.models())):
        for name in mine:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(common.plain(name))
                delete_button(jobs.delete_model, name)


def delete_button(delete: Callable[[str], object], name: str) -> None:
    """A button that opens a second one, which deletes."""
    with st.popover(words.DELETE):
        st.markdown(words.DELETE_SURE)
        yes = words.DELETE_YES.format(name=name)
        st.button(yes, key=f"{delete.__name__} {name}", on_click=act, args=(delete, name))


page()
