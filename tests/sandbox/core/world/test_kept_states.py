"""A world in memory that is kept and goes on elsewhere."""

from __future__ import annotations

import pytest

from dyntui.sandbox import state


@pytest.mark.parametrize("grows", [state._GROWS, 1], ids=["small", "large"])
def test_a_state_goes_on_from_what_was_kept_of_another(grows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "_GROWS", grows)
    one = state.open_state(seed=3)
    one.db.execute("CREATE TABLE told (text TEXT)")
    one.db.execute("INSERT INTO told VALUES ('kept')")
    other = state.state_of(state.stored(one))
    other.db.execute("INSERT INTO told VALUES ('later')")
    assert other.db.execute("SELECT text FROM told").fetchall() == [("kept",), ("later",)]
    assert one.db.execute("SELECT text FROM told").fetchall() == [("kept",)]
    assert other.ids.counter == one.ids.counter
