"""A guarantee of purity: a rule's numbers are chosen by tests, in a thread, and its sliders set.

A policy that is loaded from a file has exact numbers too, and perhaps a guarantee of them.
"""

import threading
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Final

import streamlit as st

from dashboard import services, state
from dashboard.panels.context import Context
from dashboard.threads import in_thread
from dashboard.words import common
from dashboard.words import guarantee as words
from regvae.rejection.guarantee import PILOT, TESTED
from regvae.rejection.policy import DRAWN, Guarantee, Policy
from regvae.rejection.rules import RULES, Rule

POLL: Final = 0.5  # seconds between two looks at the tests
_place = threading.Lock()
"""The tests of one session at a time; those of others wait."""


@dataclass
class Tests:
    """Tests that were asked for: of which question, what they find, and whether sliders have it.

    Those of a policy that was `loaded` were done before: it is what they found.
    """

    question: Policy
    found: Future[Policy]
    taken: bool = False
    loaded: bool = False

    @property
    def certified(self) -> Policy | None:
        """The policy with numbers that the tests certify; None if there are none, or none yet.

        Of one that was loaded, its numbers in any case.
        """
        if not self.found.done() or self.found.exception():
            return None
        found = self.found.result()
        return None if found.abstains else found


def take() -> None:
    """Set the sliders to numbers that were found since the last run, before any widget is drawn."""
    tests = _tests()
    found = tests.certified if tests else None
    if tests is None or found is None or tests.taken:
        return
    tests.taken = True
    if st.session_state.get(state.RULE) == found.rule.name:
        st.session_state.update(_on_sliders(found.rule))


def loaded(policy: Policy, form: Policy) -> tuple[dict[str, float], Tests]:
    """Where the sliders stand for a policy from a file, and what keeps its exact numbers.

    `form` is the policy that the form has once it is set.
    """
    done: Future[Policy] = Future()
    done.set_result(policy)
    tests = Tests(_bare(form, policy.decode), done, taken=True, loaded=True)
    return _on_sliders(policy.rule), tests


def exact(policy: Policy) -> Rule:
    """A policy's rule with the exact numbers that were found, wherever its slider has not moved.

    Numbers that were found are about all settings; those from a file are the rule's.
    """
    tests = _tests()
    if tests is None or not (tests.loaded or tests.question == question(policy)):
        return policy.rule
    found = tests.certified
    if found is None or not tests.taken or found.rule.name != policy.rule.name:
        return policy.rule
    values, stands = policy.rule.values(), _on_sliders(found.rule)
    unmoved = {
        name: one for name, one in found.rule.values().items() if values[name] == stands[name]
    }
    return RULES[policy.rule.name](**values | unmoved)


def held(policy: Policy) -> Guarantee | None:
    """The guarantee of a policy's purity, None if there is none for its present numbers."""
    found = _standing(policy)
    return found.guarantee if found else None


def completed(policy: Policy) -> Policy:
    """The policy of results with its guarantee; the one from a file while the form stands for it.

    What the form has no widget for is then the file's: the limit on proposals, and repeats.
    """
    found, tests = _standing(policy), _tests()
    if tests is None or found is None:
        return policy
    # Equal in meaning: what is wanted may be written in other words than those of the file.
    policy = replace(policy, unwanted=found.unwanted, guarantee=found.guarantee)
    if tests.loaded and (policy.results, policy.clean) == (found.results, found.clean):
        policy = replace(policy, proposals=found.proposals, repeats=found.repeats)
    return policy


def _standing(policy: Policy) -> Policy | None:
    """The policy that was found or loaded, if it is about the present settings and numbers."""
    tests = _tests()
    found = tests.certified if tests and tests.question == question(policy) else None
    return found if found and found.rule == policy.rule else None


def question(policy: Policy) -> Policy:
    """What a guarantee depends on but for its numbers: codes are decoded as *Results* does."""
    return _bare(policy, st.session_state.get(state.DECODING) or DRAWN)


def _bare(policy: Policy, decode: str) -> Policy:
    return Policy(
        policy.bundle,
        policy.unwanted,
        type(policy.rule)(),
        policy.proposal,
        proposals=1,
        decode=decode,
        seed=policy.seed,
    )


def show_exact(policy: Policy | None) -> None:
    """A line with the rule's numbers if the sliders show them rounded."""
    if policy and policy.rule != state.rule(st.session_state):
        st.caption(words.NUMBERS.format(numbers=numbers(policy.rule)))


def show(context: Context) -> None:
    """The purity that is required, the button that starts the tests, and what they show."""
    policy = context.policy
    if policy is None:
        return
    if policy.rule.certain:
        st.caption(words.CERTAIN.format(rule=policy.rule.name))
        return
    label, explanation = (common.named(one, context.bundle.format) for one in words.PURITY)
    st.segmented_control(
        label,
        words.PURITIES,
        default=words.PURITIES[1],
        required=True,
        key=state.TARGET,
        help=explanation,
        format_func=lambda one: f"{100 * one:g} %",
        persist_state="session",
    )
    tests = _tests()
    if tests and not tests.found.done() and _is_about_the_rule(tests):
        _watch(tests)
        return
    start = (context.name, context.version, question(policy))
    st.button(words.CHOOSE, width="stretch", on_click=_start, args=start)
    _outcome(policy)


def _start(name: str, version: str, asked: Policy) -> None:
    purity = st.session_state[state.TARGET]  # it may have been chosen since the last run

    def choose() -> Policy:
        with _place:
            return services.guaranteed(name, version, asked, purity)

    st.session_state[state.TESTS] = Tests(asked, in_thread(choose))


@st.fragment(run_every=POLL)
def _watch(tests: Tests) -> None:
    """A sentence until the tests are done; only this runs again meanwhile."""
    if not _is_about_the_rule(tests):  # another one was chosen: this may run once more
        return
    if tests.found.done():
        st.rerun()
    st.progress(0.0, words.TESTING.format(n=PILOT + TESTED))


def _is_about_the_rule(tests: Tests) -> bool:
    """Whether tests are about the rule that is chosen now."""
    return tests.question.rule.name == st.session_state.get(state.RULE)


def _outcome(policy: Policy) -> None:
    """What the last tests show of a policy, or that they are about other numbers or settings."""
    tests = _tests()
    if not tests or not tests.found.done() or not _is_about_the_rule(tests):
        return
    if error := tests.found.exception():
        st.warning(common.sentence(str(error)))
        return
    found = tests.found.result()
    if found.guarantee is None:  # loaded without one
        return
    sentence = common.sentence(found.guarantee.sentence(found.proposal.name))
    if tests.question != question(policy):
        st.caption(words.OTHER_SETTINGS)
    elif found.abstains:
        st.warning(sentence)
    elif held(policy):
        st.success(sentence)
        if found.decode == DRAWN:
            st.caption(words.ABOUT_DRAWN)
    else:
        st.caption(words.MOVED)
        st.button(words.BACK, type="tertiary", on_click=_back, args=(found.rule,))


def numbers(rule: Rule) -> str:
    """The values of a rule's parameters in words, with four digits."""
    shown = []
    for one in rule.parameters():
        value = getattr(rule, one.name)
        unit = "" if one.unit == "%" else f" {one.unit}"
        number = f"{100 * value:.4g} %" if one.unit == "%" else f"{value:.4g}{unit}"
        shown.append(f"{one.name} {number.rstrip()}")
    return ", ".join(shown)


def _back(rule: Rule) -> None:
    st.session_state.update(_on_sliders(rule))


def _on_sliders(rule: Rule) -> dict[str, float]:
    """Where the sliders stand for a rule's numbers, by the keys of their widgets."""
    return {one.name: state.on_slider(one, getattr(rule, one.name)) for one in rule.parameters()}


def _tests() -> Tests | None:
    return st.session_state.get(state.TESTS)
