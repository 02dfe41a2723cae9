"""Whether the browser of a session is still there."""

import time
from collections.abc import Callable
from typing import Final

from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

PATIENCE: Final = 120.0
"""Seconds in which a browser may connect again, to the session that Streamlit holds for it."""


def leaves() -> Callable[[], bool]:
    """What tells, in any thread, whether the present session's browser has been away too long.

    Call it often: it counts from the last call that saw the browser. (A session that is over stays
    in memory until Python collects it, which may be never on a server that nobody visits.)
    """
    context = get_script_run_ctx()
    if context is None or not runtime.exists():
        return lambda: False
    server, session, seen = runtime.get_instance(), context.session_id, time.monotonic()

    def left() -> bool:
        nonlocal seen
        now = time.monotonic()
        if server.is_active_session(session):
            seen = now
        return now - seen >= PATIENCE

    return left
