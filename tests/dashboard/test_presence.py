"""A session's browser that leaves, and returns or not."""

from types import SimpleNamespace

import pytest

from dashboard import presence


def test_a_browser_that_is_away_too_long_has_left(monkeypatch: pytest.MonkeyPatch) -> None:
    now, active = 0.0, {"one"}
    instance = SimpleNamespace(is_active_session=lambda session: session in active)
    stand_in = SimpleNamespace(exists=lambda: True, get_instance=lambda: instance)
    monkeypatch.setattr(presence, "runtime", stand_in)
    monkeypatch.setattr(presence, "time", SimpleNamespace(monotonic=lambda: now))
    monkeypatch.setattr(presence, "get_script_run_ctx", lambda: SimpleNamespace(session_id="one"))
    left = presence.leaves()
    now = 1000.0
    assert not left()
    active.clear()
    now += presence.PATIENCE - 1
    assert not left()
    active.add("one")  # it has returned
    assert not left()
    active.clear()
    now += presence.PATIENCE - 1
    assert not left()
    now += 1
    assert left()


def test_without_a_server_nobody_leaves() -> None:
    assert not presence.leaves()()
