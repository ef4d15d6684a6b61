"""What waits for a decision: as many as are shown, and nothing of an email account that is not connected any more."""

from __future__ import annotations

from sqlalchemy import Connection, insert

from dyntui.model.outcomes import RunStatus
from dyntui.store import accounts, conflicts, decisions, runs
from dyntui.store.accounts import EmailAccount
from dyntui.store.conflicts import Met
from dyntui.store.schema import plan, planned_change, run

NOW = "2026-11-22T12:00:00Z"


def clash(person: str) -> Met:
    return Met(
        person=person,
        entity="contact",
        name="Ada",
        address="ada@example.org",
        label="CITY",
        dynamics="'Bath'",
        dotdigital="'Leeds'",
        winner="Dynamics",
    )


def planned(c: Connection, account_id: str) -> None:
    run_id = f"plan of {account_id}"
    new = runs.NewRun(
        id=run_id,
        kind="lists",
        title="Plan: Marketing lists",
        account_id=account_id,
        sync_key=run_id,
        queued_on=NOW,
        request={"plan": True},
    )
    runs.create(c, new)
    c.execute(run.update().where(run.c.id == run_id).values(status=RunStatus.COMPLETED.value, ended_on=NOW))
    c.execute(insert(plan).values(run_id=run_id, digest="d", decided_on=NOW))
    c.execute(insert(planned_change).values(run_id=run_id, item_id="l", person_id="p"))


def test_nothing_of_an_account_waits_that_was_disconnected(c: Connection) -> None:
    for account_id in ("one", "other"):
        account = EmailAccount(id=account_id, name=account_id, api_user="u", endpoint="e", region="r1", platform_id=1)
        accounts.put_account(c, account)
        conflicts.keep(c, account_id, "r", [clash("p")], NOW)
        planned(c, account_id)
    counted = decisions.counted(c, NOW)
    assert (counted.conflicts, counted.plans, len(decisions.waiting(c, NOW))) == (2, 2, 4)
    accounts.forget_account(c, "other")
    counted = decisions.counted(c, NOW)
    assert (counted.conflicts, counted.plans, len(decisions.waiting(c, NOW))) == (1, 1, 2)
