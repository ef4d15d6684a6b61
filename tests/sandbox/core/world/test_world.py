"""The world as the simulated systems hold it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta

import pytest

from dyntui.sandbox import assembly
from dyntui.sandbox.clock import Clock
from dyntui.sandbox.digest import digest
from dyntui.sandbox.entra.directory import CLIENT_ID, find_person
from dyntui.sandbox.state import State
from tests.sandbox.core.conftest import START

SIZE = 1500


def opened(seed: int = 2, people: int = SIZE) -> State:
    return assembly.open_world(None, people, seed, START)


def digests(state: State) -> dict[str, str]:
    return {system: digest(rows(state)) for system, rows in assembly.TRUTH.digest_rows.items()}


@pytest.fixture(scope="module")
def world() -> Iterator[State]:
    state = opened()
    state.clock = Clock.standing_at(START)
    yield state
    state.db.close()


def one(state: State, query: str, *values: object) -> int:
    return int(state.db.execute(query, values).fetchone()[0])


def test_two_worlds_of_one_seed_and_size_are_identical(world: State) -> None:
    again = opened()
    assert digests(again) == digests(world)
    again.db.close()


def test_a_world_is_the_same_in_every_process() -> None:
    program = (
        "from dyntui.sandbox import assembly\n"
        "from dyntui.sandbox.digest import digest\n"
        "state = assembly.open_world(None, 200, 1)\n"
        "print({system: digest(rows(state)) for system, rows in assembly.TRUTH.digest_rows.items()})"
    )
    told = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    ]
    assert told[0] == told[1]
    assert told[0].count("sha256:") == 2


def test_the_time_at_which_a_world_is_built_does_not_matter(world: State) -> None:
    later = assembly.open_world(None, SIZE, 2, START + timedelta(days=200, seconds=7))
    assert digests(later) == digests(world)
    later.db.close()


def test_another_seed_is_another_world(world: State) -> None:
    other = opened(seed=3)
    told, ours = digests(other), digests(world)
    assert told["dataverse"] != ours["dataverse"]
    assert told["dotdigital"] != ours["dotdigital"]
    other.db.close()


def test_people_are_contacts_and_leads_together(world: State) -> None:
    counts = assembly.TRUTH.counts(world)
    assert counts["contacts"] + counts["leads"] == SIZE


def test_the_newsletter_reaches_three_of_four_contacts(world: State) -> None:
    members = one(world, "SELECT membercount FROM dv_list WHERE listname = 'Newsletter'")
    listed = one(
        world, "SELECT count(*) FROM dv_listmember m JOIN dv_list l USING (listid) WHERE listname = 'Newsletter'"
    )
    assert members == listed
    assert 0.70 < members / one(world, "SELECT count(*) FROM dv_contact") < 0.80


def test_there_are_lists_of_every_kind_and_state(world: State) -> None:
    kinds = world.db.execute("SELECT DISTINCT type, membertype FROM dv_list").fetchall()
    assert {(kind, member) for kind in (0, 1) for member in (1, 2, 4)} == set(kinds)
    assert one(world, "SELECT count(*) FROM dv_list WHERE lockstatus = 1") == 1
    assert one(world, "SELECT count(*) FROM dv_list WHERE statecode = 1") == 1
    assert one(world, "SELECT count(*) FROM dv_list WHERE membercount = 0 AND type = 0") >= 1
    assert one(world, "SELECT count(*) FROM dv_list WHERE type = 1 AND query NOT LIKE '<fetch%'") == 0


def test_every_member_of_a_list_exists(world: State) -> None:
    missing = world.db.execute(
        "SELECT m.entityid FROM dv_listmember m"
        " WHERE NOT EXISTS (SELECT 1 FROM dv_contact WHERE contactid = m.entityid)"
        " AND NOT EXISTS (SELECT 1 FROM dv_lead WHERE leadid = m.entityid)"
        " AND NOT EXISTS (SELECT 1 FROM dv_account WHERE accountid = m.entityid)"
    ).fetchall()
    assert missing == []


def test_the_application_has_a_user_and_the_people_have_theirs(world: State) -> None:
    assert one(world, "SELECT count(*) FROM dv_systemuser WHERE applicationid = ?", CLIENT_ID) == 1
    for part in ("admin", "manager", "professional", "viewer", "trade", "nobody"):
        person = find_person(part)
        assert person is not None
        assert world.membership(person.oid) == ("administrator" if part == "admin" else "member"), part
    outsider = find_person("outsider")
    assert outsider is not None
    assert world.membership(outsider.oid) is None


def test_one_user_has_no_role_and_users_sit_in_two_units(world: State) -> None:
    without = world.db.execute(
        "SELECT fullname FROM dv_systemuser u WHERE isdisabled = 0 AND NOT EXISTS"
        " (SELECT 1 FROM dv_systemuserroles r WHERE r.systemuserid = u.systemuserid)"
    ).fetchall()
    assert without == [("Tove Ekblad",)]
    assert one(world, "SELECT count(DISTINCT businessunitid) FROM dv_systemuser") == 2


def test_about_three_of_ten_addresses_are_in_dotdigital_already(world: State) -> None:
    people = (
        "SELECT lower(trim(emailaddress1)) AS a FROM dv_contact UNION SELECT lower(trim(emailaddress1)) FROM dv_lead"
    )
    known = one(world, f"SELECT count(*) FROM dd_contact WHERE email IN (SELECT a FROM ({people}))")
    strangers = one(
        world, f"SELECT count(*) FROM dd_contact WHERE email NOT IN (SELECT a FROM ({people}) WHERE a <> '')"
    )
    assert 0.25 < known / one(world, f"SELECT count(*) FROM ({people})") < 0.35
    assert strangers > 0


def test_every_reason_of_suppression_occurs(world: State) -> None:
    statuses = {status for (status,) in world.db.execute("SELECT DISTINCT status FROM dd_contact")}
    assert statuses >= {
        *("Subscribed", "Unsubscribed", "HardBounced", "SoftBounced", "Suppressed", "IspComplained", "MailBlocked"),
        *("DirectComplaint", "NotAllowed", "DomainSuppression", "SharedSuppression", "NoMxRecord"),
    }


def test_past_campaigns_were_read_and_no_mail_counts_as_the_clients(world: State) -> None:
    assert one(world, "SELECT count(*) FROM dd_campaign WHERE status = 'Sent'") == 3
    assert one(world, "SELECT sum(opens) FROM dd_recipient") > 0
    assert one(world, "SELECT count(*) FROM dd_event WHERE applied = 0") == 0
    assert assembly.TRUTH.mailed(world) == []


def test_campaigns_wait_to_be_sent(world: State) -> None:
    assert one(world, "SELECT count(*) FROM dd_campaign WHERE status = 'Unsent'") >= 4
    assert one(world, "SELECT count(*) FROM dd_campaign WHERE split_options IS NOT NULL") == 1
    assert one(world, "SELECT count(*) FROM dd_campaign WHERE status = 'Triggered' AND type = 'Triggered'") == 1


@pytest.mark.parametrize("table", ["dd_survey_response", "dd_score", "dd_opt_in", "dd_insight", "dd_program"])
def test_there_are_forms_scores_preferences_visits_and_programs(world: State, table: str) -> None:
    assert one(world, f"SELECT count(*) FROM {table}") > 0


def test_dynamics_opt_outs_are_known_to_the_book_keeping(world: State) -> None:
    (address,) = world.db.execute(
        "SELECT emailaddress1 FROM dv_contact WHERE donotbulkemail = 1 AND merged = 0 AND emailaddress1 LIKE '%@%'"
    ).fetchone()
    assert world.opted_out([address.upper(), "nobody@example.invalid"]) == {address.strip().lower()}


def test_a_lever_lets_somebody_opt_out_in_dynamics() -> None:
    state = opened(people=120)
    (address,) = state.db.execute(
        "SELECT emailaddress1 FROM dv_contact WHERE donotbulkemail = 0 AND donotemail = 0 AND statecode = 0"
        " AND emailaddress1 LIKE '%.%@%'"
    ).fetchone()
    before = state.opted_out([address])
    told = assembly.TRUTH.levers["/opt-out"](state, {"address": address})
    assert (before, state.opted_out([address])) == (set(), {address.lower()})
    assert told["rows"] >= 1
    state.db.close()


def test_a_lever_lets_somebody_unsubscribe_from_dotdigital() -> None:
    state = opened(people=120)
    (address,) = state.db.execute("SELECT email FROM dd_contact WHERE status = 'Subscribed'").fetchone()
    assembly.TRUTH.levers["/unsubscribe"](state, {"address": address})
    assert state.db.execute("SELECT status FROM dd_contact WHERE email = ?", (address,)).fetchone() == ("Unsubscribed",)
    with pytest.raises(ValueError, match="no such contact"):
        assembly.TRUTH.levers["/unsubscribe"](state, {"address": "nobody@example.invalid"})
    state.db.close()


def test_a_lever_changes_rows_as_another_user_of_dynamics_would() -> None:
    state = opened(people=60)
    rows = assembly.TRUTH.levers["/dataverse/rows"]
    made = rows(state, {"table": "contact", "values": {"lastname": "Ny", "emailaddress1": "ny@example.org"}})
    version = one(state, "SELECT versionnumber FROM dv_contact WHERE contactid = ?", made["id"])
    assert rows(state, {"table": "contact", "id": made["id"], "values": {"lastname": "Nyare"}}) == {"rows": 1}
    assert one(state, "SELECT versionnumber FROM dv_contact WHERE contactid = ?", made["id"]) > version
    for senseless in ({"table": "moon", "values": {"a": 1}}, {"table": "contact", "values": {"moon": 1}}, []):
        with pytest.raises(ValueError, match=r"table|columns|object"):
            rows(state, senseless)
    state.db.close()


def test_a_world_of_nobody_can_be_opened() -> None:
    state = opened(people=0)
    assert assembly.TRUTH.counts(state)["contacts"] == 0
    state.db.close()
