"""What became of somebody, over all runs."""

from __future__ import annotations

from sqlalchemy import Connection, insert

from dyntui.model.outcomes import Outcome, PersonOutcome
from dyntui.model.paging import Page, Window
from dyntui.model.traces import Trace
from dyntui.store import outcomes, retention, runs, traces
from dyntui.store.outcomes import Item
from dyntui.store.schema import marketing_list
from tests.store.test_intervals import said, synchronised


def found(c: Connection, search: str, account_id: str = "", **asked: object) -> Page[Trace]:
    return traces.window(c, Window(search=search, **asked), account_id=account_id)  # type: ignore[arg-type]


def test_a_person_is_found_where_their_outcome_changed_the_newest_run_first(c: Connection) -> None:
    became = (Outcome.ADDED, Outcome.UNCHANGED, Outcome.EXCLUDED, Outcome.EXCLUDED)
    for number, each in enumerate(became):
        synchronised(c, f"r{number}", said({"ann": each, "bob": Outcome.REJECTED}), f"2026-03-0{number + 1}T10:00:00Z")
    runs.create(
        c, runs.NewRun(id="send", kind="send", title="Send", account_id="b", sync_key="s", queued_on="2026-03-09")
    )
    runs.claim(c, "send", "2026-03-09T10:00:00Z")
    outcomes.put_item(c, "send", Item(id="send", kind="send", name="Spring"))
    mailed = PersonOutcome(person="ann", name="Ann", address="ann@x.org", outcome=Outcome.ADDED)
    outcomes.record(c, "send", "send", [mailed])
    page = found(c, "ANN@x")
    assert [(each.run, each.item, each.outcome) for each in page.rows] == [
        ("send", "Spring", Outcome.ADDED),
        ("r2", "News", Outcome.EXCLUDED),
        ("r0", "News", Outcome.ADDED),
    ]
    assert (page.matching, page.rows[1].reason, page.rows[1].kind) == (3, "NO_EMAIL", "lists")
    assert [each.run for each in found(c, "ann@x", "b").rows] == ["send"]
    assert [each.run for each in found(c, "ann@x", offset=1, limit=1, sort="outcome").rows] == ["r0"]
    assert found(c, "", limit=10).rows == () and found(c, "%").rows == () and found(c, "  ").rows == ()
    assert found(c, " ann@x.org\u00a0") == page


def test_an_outcome_whose_run_is_forgotten_is_found_with_its_list_and_account_alone(c: Connection) -> None:
    for id, account in (("news", "a"), ("other", "b")):
        c.execute(insert(marketing_list).values(id=id, name=f"{id.title()} today", account_id=account, activated=True))
    for number in range(2):
        synchronised(c, f"r{number}", said({"ann": (Outcome.ADDED, Outcome.UNCHANGED)[number]}), f"2026-0{number + 1}")
        runs.finish(c, f"r{number}", 1, f"2026-0{number + 1}-01T10:00:00Z")
    assert retention.forget_ended_before(c, "2026-01-15T00:00:00Z", 10) == 1
    (trace,) = found(c, "ann").rows
    assert (trace.run, trace.started_on, trace.outcome) == ("", "", Outcome.ADDED)
    assert trace.item == "News today" and found(c, "ann", "a").rows == (trace,)
    assert found(c, "ann", "b").rows == ()


def test_a_record_is_found_by_its_id_however_it_was_copied(c: Connection) -> None:
    record = "6a0deef7-0df8-4d3f-bc51-db30f8828307"
    synchronised(c, "r", said({record: Outcome.ADDED}))
    for copied in (record, record[:13], f" {{{record.upper()}}} ", record.replace("-", "")):
        assert [each.person for each in found(c, copied).rows] == [record], copied
