"""A store that moves to PostgreSQL and back: every kind of run, a send and every listing there, and nothing lost."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.model.sync_types import SYNC_TYPES
from dyntui.store import moving
from dyntui.store.database import open_store, sqlite_url
from dyntui.store.moving import Copied
from tests import postgresql
from tests.scenarios.conftest import CAMPAIGN
from tests.scenarios.office import Office
from tests.scenarios.worlds import copied

pytestmark = pytest.mark.xdist_group("postgresql")
STORE = Path("dyntui.db")


def moved(source: str, target: str) -> list[Copied]:
    with closing(open_store(source)) as before, closing(open_store(target)) as after:
        return moving.copy(before, after)


# Every kind of run in one test: on a busy machine more than two minutes.
@pytest.mark.timeout(300)
def test_a_store_on_a_server_does_all_that_one_in_a_file_does(targeted: Path, tmp_path: Path) -> None:
    file = sqlite_url(tmp_path / STORE)
    with copied(targeted, tmp_path, STORE, audience=True) as sandbox, postgresql.database() as server:
        there = moved(file, server)
        assert sum(each.rows for each in there) > 500
        with closing(Office(sandbox, tmp_path, store_url=server)) as office:
            office.take_over()
            newsletter = office.list_named("Newsletter")
            people = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED]
            opted_out, renamed, unsubscribed = people[:3]
            office.change_in_dynamics("contact", opted_out.person, donotbulkemail=1)
            office.change_in_dynamics("contact", renamed.person, firstname="Zoë\U0001f600")
            office.unsubscribe(unsubscribed.address)
            for kind in SYNC_TYPES:
                run = office.run(kind).run
                assert run.status in (RunStatus.COMPLETED, RunStatus.HELD), (kind, run.error)
            said = {each.person: each for each in office.members(newsletter.id)}
            assert said[opted_out.person].reason == "DO_NOT_BULK_EMAIL"

            # A plan, an undo, and everything that people look at.
            plan = office.plan(newsletter.id)
            assert plan.run.status is RunStatus.COMPLETED
            office.planned(plan)
            assert office.diff(newsletter.id).run.status is RunStatus.COMPLETED
            assert office.found_people(renamed.address)
            assert office.why(opted_out.address) and office.timeline(person=opted_out.person)
            office.person(renamed.person)
            office.held()
            office.refused()
            assert office.schedules().rows

            campaign = office.campaign_named(CAMPAIGN)
            sent = office.send(office.count(campaign))
            mailed = {mail["address"] for mail in office.mailed(campaign)}
            assert sent.sendable == len(mailed) > 0
            assert not mailed & {opted_out.address, unsubscribed.address}
            office.let_pass(days=1)
            assert office.run("campaigns").run.status is RunStatus.COMPLETED
            office.report(campaign)

        # And back: nothing differs, and the list has no news.
        back = tmp_path / "back.db"
        after = moved(server, sqlite_url(back))
        assert {each.table for each in after if each.rows} > {"run", "list_member", "send"}
        with closing(Office(sandbox, tmp_path, store_url=sqlite_url(back))) as office:
            office.take_over()
            run = office.run("lists").run
            assert run.status is RunStatus.COMPLETED
            assert not {each.outcome for each in office.members(newsletter.id)} & {Outcome.ADDED, Outcome.UPDATED}
