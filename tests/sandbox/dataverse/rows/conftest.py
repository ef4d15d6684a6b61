"""An organisation with one administrator."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from dyntui.sandbox.dataverse.roles import SYSTEM_ADMINISTRATOR
from dyntui.sandbox.state import State
from tests.sandbox.dataverse.organisations import new_organisation

from .api import Client, sign_in


@pytest.fixture
def state() -> Iterator[State]:
    """An organisation at 2026-03-04 08:10:44 UTC, whose clock stands still."""
    state = new_organisation(datetime(2026, 3, 4, 8, 10, 44, tzinfo=UTC))
    yield state
    state.db.close()


@pytest.fixture
def admin(state: State) -> Client:
    return sign_in(state, "ada", SYSTEM_ADMINISTRATOR)
