"""What became of the people of a list, kept as intervals: every run shows its people as they were, and an unchanged one
adds nothing."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, Select, false, func, literal, select, union_all

from dyntui.model.outcomes import Outcome, PersonOutcome, RunStatus
from dyntui.store import intervals, outcomes, retention, run_people, runs
from dyntui.store.outcomes import Item
from dyntui.store.schema import standing
from tests.store.conftest import World
from tests.store.windows import windowed
from tests.store.worlds import GENERATED

NOW = "2026-03-01T10:00:00Z"
LASTS = {
    Outcome.UNCHANGED: "",
    Outcome.EXCLUDED: "NO_EMAIL",
    Outcome.HELD: "REMOVAL_HELD",
    Outcome.REJECTED: "REJECTED",
}
REASONS = {**LASTS, Outcome.ADDED: "", Outcome.UPDATED: "", Outcome.REMOVED: ""}

People = tuple[PersonOutcome, ...]


def said(became: dict[str, Outcome]) -> People:
    return tuple(
        PersonOutcome(person=name, entity="contact", name=name.title(), address=f"{name}@x.org", outcome=each,
                      reason=REASONS[each], detail="why" if REASONS[each] else "")
        for name, each in sorted(became.items())
    )  # fmt: skip


def as_read(people: People) -> Select[Any]:
    """What `intervals.keep` takes, in the order given."""
    values = [
        (each.person, place, each.entity, each.name, each.address, each.outcome.value, each.reason, each.detail, "")
        for place, each in enumerate(people)
    ]
    nobody = select(*(literal(0 if name == "seq" else "").label(name) for name in intervals.SHOWN)).where(false())
    rows = [select(*map(literal, row)) for row in values]
    everybody = union_all(nobody, *rows).subquery()
    return select(*everybody.c)


def synchronised(c: Connection, run_id: str, people: People, now: str = NOW) -> None:
    runs.create(c, runs.NewRun(id=run_id, kind="lists", title="", account_id="a", sync_key=run_id, queued_on=now))
    runs.claim(c, run_id, now)
    outcomes.put_item(c, run_id, Item(id="news", kind="list", name="News"))
    intervals.keep(c, "list/news", run_id, "news", as_read(people))
    outcomes.put_item(c, run_id, Item(id="news", kind="list", name="News", status=RunStatus.COMPLETED))


def shown(c: Connection, run_id: str, **asked: Any) -> People:
    return windowed(run_people.window, c, run_id=run_id, item_id="news", **asked).rows


def rows(c: Connection) -> int:
    return c.execute(select(func.count()).select_from(standing)).scalar_one()


names = st.sampled_from([f"p{number}" for number in range(6)])


@GENERATED
@given(listings=st.lists(st.dictionaries(names, st.sampled_from(sorted(REASONS))), min_size=1, max_size=6))
def test_every_run_shows_its_people_as_they_were_then(world: World, listings: list[dict[str, Outcome]]) -> None:
    with world() as c:
        for number, became in enumerate(listings):
            synchronised(c, f"r{number}", said(became))
        for number, became in enumerate(listings):
            assert sorted(shown(c, f"r{number}"), key=lambda each: each.person) == list(said(became))
            assert runs.get(c, f"r{number}").tally.named == len(became)  # type: ignore[union-attr]


@GENERATED
@given(became=st.dictionaries(names, st.sampled_from(sorted(LASTS)), min_size=1))
def test_a_list_in_which_nothing_changes_adds_nothing(world: World, became: dict[str, Outcome]) -> None:
    with world() as c:
        synchronised(c, "r0", said({name: Outcome.ADDED if each is Outcome.UNCHANGED else each for name, each in
                                    became.items()}))  # fmt: skip
        before = rows(c)
        for number in range(1, 5):
            synchronised(c, f"r{number}", said(became))
        assert rows(c) == before == len(became)


def test_people_are_found_by_outcome_and_words_in_a_run_of_intervals_and_records(c: Connection) -> None:
    ann, bob = said({"ann": Outcome.ADDED, "bob": Outcome.EXCLUDED})
    synchronised(c, "r", (ann, bob))
    outcomes.put_item(c, "r", Item(id="feed", kind="feed", name="Feed", place=1))
    outcomes.record(c, "r", "feed", [PersonOutcome(person="cleo", name="Cleo", outcome=Outcome.UNCHANGED)])
    outcomes.recount(c, "r", "feed")
    assert [each.person for each in windowed(run_people.window, c, run_id="r").rows] == ["ann", "bob", "cleo"]
    assert [each.person for each in windowed(run_people.window, c, run_id="r", offset=1).rows] == ["bob", "cleo"]
    assert [each.person for each in windowed(run_people.window, c, run_id="r", offset=2).rows] == ["cleo"]
    by_name = windowed(run_people.window, c, run_id="r", sort="-name")
    assert [each.person for each in by_name.rows] == ["cleo", "bob", "ann"]
    found = windowed(run_people.window, c, run_id="r", search="BOB@X")
    assert ([each.person for each in found.rows], found.matching, found.total) == (["bob"], 1, 3)
    assert shown(c, "r", named="excluded") == (bob,)


def test_retention_leaves_what_later_runs_show(c: Connection) -> None:
    for number, last in enumerate((Outcome.ADDED, Outcome.UPDATED, Outcome.UNCHANGED)):
        synchronised(c, f"r{number}", said({"ann": last, "bob": Outcome.EXCLUDED}))
        runs.finish(c, f"r{number}", 1, f"2026-03-0{number + 1}T10:00:00Z")
    assert rows(c) == 3
    assert retention.forget_ended_before(c, "2026-03-02T00:00:00Z", 100) == 1
    # What ended with the first that is kept says that what began there was a change.
    assert rows(c) == 3
    assert shown(c, "r1") == said({"ann": Outcome.UPDATED, "bob": Outcome.EXCLUDED})
    assert shown(c, "r2") == said({"ann": Outcome.UNCHANGED, "bob": Outcome.EXCLUDED})
    assert retention.forget_ended_before(c, "2026-04-01T00:00:00Z", 100) == 2
    # What stands now stays: the next run goes on from it.
    assert rows(c) == 2
    synchronised(c, "r9", said({"ann": Outcome.UNCHANGED, "bob": Outcome.EXCLUDED}))
    assert rows(c) == 2
