"""New organisations in memory: installed once for each process of tests, and copied from then on.

That an organisation is installed into a new file is tested in `schema/test_stored_world.py`.
"""

import functools
from datetime import datetime

from dyntui.sandbox.clock import Clock
from dyntui.sandbox.dataverse import installation
from dyntui.sandbox.state import State, open_state, state_of, stored


def new_organisation(now: datetime) -> State:
    """An organisation with its standard tables, installed at a moment at which its clock stands still."""
    state = state_of(_installed(now), Clock.standing_at(now))
    installation.install(state)
    return state


@functools.cache
def _installed(now: datetime) -> bytes:
    state = open_state(clock=Clock.standing_at(now))
    installation.install(state)
    try:
        return stored(state)
    finally:
        state.db.close()
