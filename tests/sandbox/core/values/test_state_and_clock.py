"""The sandbox's clock, ids, transactions and their survival in a file."""

from datetime import timedelta
from pathlib import Path

import pytest

from dyntui.sandbox.clock import Clock
from dyntui.sandbox.state import Ids, State, open_state
from tests.sandbox.core.conftest import START


def test_the_clock_moves_only_forward() -> None:
    clock = Clock.standing_at(START)
    clock.advance(timedelta(hours=2))
    assert clock.now() == START + timedelta(hours=2)
    with pytest.raises(ValueError, match="turned back"):
        clock.advance(timedelta(seconds=-1))


def test_advancing_the_world_does_not_move_the_clients_clock() -> None:
    clock = Clock.standing_at(START)
    clock.advance(timedelta(days=9))
    assert clock.client_now() == START


def test_a_running_clock_starts_where_it_is_told_to_and_goes_on() -> None:
    clock = Clock.starting_at(START)
    first, second = clock.now(), clock.now()
    assert timedelta() <= first - START < timedelta(minutes=1)
    assert second >= first


def test_ids_depend_on_the_seed_alone() -> None:
    one, same, other = Ids(5), Ids(5), Ids(6)
    first = [one.guid() for _ in range(50)]
    assert first == [same.guid() for _ in range(50)]
    assert len({*first, *(other.guid() for _ in range(50))}) == 100


def test_an_inner_failure_undoes_the_inner_part_only(state: State) -> None:
    state.db.execute("CREATE TABLE t (x)")
    with state.transaction():
        state.db.execute("INSERT INTO t VALUES (1)")
        with pytest.raises(RuntimeError), state.transaction():
            state.db.execute("INSERT INTO t VALUES (2)")
            raise RuntimeError
    assert state.db.execute("SELECT x FROM t").fetchall() == [(1,)]


def test_an_outer_failure_undoes_everything(state: State) -> None:
    state.db.execute("CREATE TABLE t (x)")
    with pytest.raises(RuntimeError), state.transaction():
        with state.transaction():
            state.db.execute("INSERT INTO t VALUES (1)")
        raise RuntimeError
    assert state.db.execute("SELECT count(*) FROM t").fetchone() == (0,)


def test_a_reopened_file_goes_on_with_its_seed_ids_and_clock(tmp_path: Path) -> None:
    path = tmp_path / "world.sqlite"
    first = open_state(path, seed=11)
    first.advance(timedelta(days=40))
    with first.transaction():
        issued = [first.ids.guid() for _ in range(10)]
    first.db.close()
    second = open_state(path, seed=99)
    assert second.ids.seed == 11
    assert second.clock.offset == timedelta(days=40)
    assert second.ids.guid() not in issued
    second.db.close()
