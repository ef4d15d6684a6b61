"""What the connected systems answer to what is assumed of them: every probe, both ways where the sandbox has both."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from dyntui import __version__
from dyntui.model.errors import DyntuiError
from dyntui.model.first_connection import ASSUMPTIONS, Fact, Holds, differing, report
from dyntui.model.roles import Role
from dyntui.service.contract.lists import ListRow
from dyntui.service.contract.session import Nothing
from dyntui.service.first_connection import FirstConnection
from dyntui.service.identity import Identities
from dyntui.service.setup import Setup
from dyntui.store import accounts
from dyntui.store.schema import list_member
from dyntui.sync.connections import DATAVERSE_SECRET, account_secret
from tests.scenarios.office import Office, writes
from tests.scenarios.test_role_self_test import Desk
from tests.scenarios.test_setting_up import states_of
from tests.simulation.sandbox import InProcessSandbox
from tests.thorough import keeping

# Of what the world of the sandbox holds from the beginning.
_OTHERWISE = {"DV-04", "DV-19", "DV-20", "DD-23", "DD-30"}
_NOTHING_TELLS = {"DV-18", "DV-25", "DV-26", "DD-04", "DD-07", "DD-10", "DD-16", "DD-31"}
_ALL_OTHERWISE = {
    "dataverse": {
        "remove_members_action": False,
        "association_page_cap": 50,
        "empty_delta": "none",
        "in_limit": 100,
        "link_host": "https://contoso.api.crm4.dynamics.com",
        "secured_columns": {"contact.donotemail": []},
        "text_tells_case_apart": True,
    },
    "dotdigital": {"null_rows": True, "short_pages": 2, "v3_filters_together": False},
}
_SHOWN_BY_SWITCHES = {
    *("DV-03", "DV-07", "DV-10", "DV-13", "DV-14", "DV-17", "DV-27"),
    *("DD-12", "DD-13", "DD-20", "DD-24"),
}


def asked(office: Office) -> tuple[Mapping[str, Fact], list[dict[str, Any]]]:
    """The answers by id, and the calls that they took."""
    first = FirstConnection(office.resources, Identities(office.resources))
    answer, calls = office.calls_between(lambda: office.wait(first.ask(office.context, Nothing())))
    assert office.wait(first.list(office.context, Nothing())) == answer
    return {each.id: each for each in answer.facts}, calls


def test_before_setup_both_systems_are_asked_as_setup_would_sign_in_and_nothing_is_kept(
    sandbox: InProcessSandbox, tmp_path: Path
) -> None:
    with closing(Office(sandbox, tmp_path)) as office:
        request = office.setup_request()
        first = FirstConnection(office.resources, Identities(office.resources))
        answer, calls = office.calls_between(lambda: office.wait(first.before(office.context, request)))
        assert [each.id for each in answer.facts] == list(ASSUMPTIONS)
        assert {each.account for each in answer.facts} == {"", "Main"} and writes(calls) == []
        # Whoever asks has signed in as nobody yet, and the environment is as it was.
        facts = {each.id: each for each in answer.facts}
        assert facts["DV-12"].holds is Holds.UNKNOWN and facts["DV-22"].holds is Holds.YES
        assert office.wait(first.list(office.context, Nothing())).facts == ()
        assert office.wait(office.resources.secrets.get(DATAVERSE_SECRET)) is None
        planned = office.wait(Setup(office.resources, office.worker.reconnect).plan(office.context, request))
        assert set(states_of(planned).values()) == {"missing"}

        office.set_up()
        with pytest.raises(DyntuiError, match="CONNECTED_ALREADY"):
            office.wait(first.before(office.context, request))


def answered(facts: Mapping[str, Fact], holds: Holds) -> set[str]:
    return {name for name, each in facts.items() if each.holds is holds}


@pytest.mark.usefixtures("newsletter")
def test_both_systems_are_asked_everything_and_the_answers_are_kept_and_told(office: Office) -> None:
    Desk(office, "manager")
    facts, calls = asked(office)

    assert list(facts) == list(ASSUMPTIONS)
    assert answered(facts, Holds.NO) == _OTHERWISE and answered(facts, Holds.UNKNOWN) == _NOTHING_TELLS
    assert differing(facts.values()) == []
    assert writes(calls) == [] and sum(each["count"] for each in calls) < 100
    assert facts["DV-01"].version == "9.2.26031.00145" and facts["DD-01"].version == "API v2 and v3"

    # Nobody's name or address stands in what may be sent on.
    text = report(tuple(facts.values()), __version__)
    with office.db.read() as c:
        people = c.execute(select(list_member.c.address, list_member.c.name)).all()
    names = {str(each) for row in people for each in row if each}
    assert len(names) > 100 and not [each for each in {*names, "Newsletter", "Kestrel", "Main"} if each in text]
    assert all(f"| {name} |" in text for name in ASSUMPTIONS) and "@" not in text

    # What else they may answer is seen, and one call that is refused costs one answer.
    office.give_roles("application", Role.SERVICE)
    office.sandbox.switch(**_ALL_OTHERWISE)
    refused = {"system": "dotdigital", "method": "GET", "route": "/data-fields", "kind": "status", "status": 403}
    no_public_client = json.dumps({"error": "invalid_client", "error_codes": [7000218]})
    blocked = {"system": "entra", "route": "devicecode", "kind": "status", "status": 401, "body": no_public_client}
    office.sandbox.order(refused, blocked)
    facts, _ = asked(office)
    assert answered(facts, Holds.NO) == _SHOWN_BY_SWITCHES | {"DV-04", "DV-19", "DV-20", "DV-28", "DD-30"}
    assert "DATAVERSE_PUBLIC_CLIENT_OFF" in facts["DV-28"].seen
    assert facts["DD-27"].holds is Holds.UNKNOWN and "HTTP 403" in facts["DD-27"].seen
    assert {each.id for each in differing(facts.values())} == {"DV-03", "DV-07", "DV-28"}

    # Thirty days later nobody knows whether it is still so.
    office.let_pass(days=31)
    first = FirstConnection(office.resources, Identities(office.resources))
    old = office.wait(first.list(office.context, Nothing())).facts
    assert all(each.old and each.holds is Holds.UNKNOWN and each.seen for each in old)


def test_whether_sql_errors_name_their_number_is_seen_of_system_jobs(office: Office) -> None:
    office.give_roles("application", "System Administrator", Role.SERVICE)
    assert asked(office)[0]["DV-25"].holds is Holds.UNKNOWN
    job = "/dataverse/failed-job"
    for number in (1205, 10054):
        office.sandbox.control.post(job, json={"sql": number}).raise_for_status()
    fact = asked(office)[0]["DV-25"]
    assert (fact.holds, fact.seen) == (Holds.YES, "2 of 2 name it, 1 are deadlocks")
    office.sandbox.switch(dataverse={"sql_errors_numbered": False})
    office.sandbox.control.post(job, json={}).raise_for_status()
    fact = asked(office)[0]["DV-25"]
    assert (fact.holds, fact.seen) == (Holds.NO, "2 of 3 name it, 1 are deadlocks")
    assert not fact.by_hand
    # Who may not read system jobs learns nothing, and is told so.
    office.give_roles("application", Role.SERVICE)
    fact = asked(office)[0]["DV-25"]
    assert fact.holds is Holds.UNKNOWN and "HTTP 403" in fact.seen


@pytest.mark.parametrize("parts", keeping(["one", "each"], "each"))
def test_what_becomes_of_a_link_that_is_there_already_is_tried_and_undone_at_once(
    office: Office, newsletter: ListRow, parts: str
) -> None:
    office.sandbox.switch(dataverse={"failed_change_set_parts": parts})
    office.run("campaigns")
    assert asked(office)[0]["DV-26"].holds is Holds.UNKNOWN
    office.target(office.campaign_named("Newsletter March"), newsletter.id)
    before = office.digest()
    fact = asked(office)[0]["DV-26"]
    assert (fact.holds, fact.seen) == (Holds.YES, "refused as a duplicate; one that is not there: 0x80040217")
    office.sandbox.switch(dataverse={"associate_twice": "ignore"})
    fact = asked(office)[0]["DV-26"]
    assert (fact.holds, fact.seen) == (Holds.NO, "made again; one that is not there: 0x80040217")
    office.sandbox.switch(dataverse={"associate_twice": "reject", "disassociate_missing": "ignore"})
    fact = asked(office)[0]["DV-26"]
    assert (fact.holds, fact.seen) == (Holds.NO, "refused as a duplicate; one that is not there: nothing")
    assert not fact.by_hand and office.digest() == before


def test_a_password_that_is_refused_is_tried_once_and_said_and_what_is_known_stays(office: Office) -> None:
    before, _ = asked(office)
    office.sandbox.switch(dotdigital={"api_password": "another-password"})
    first = FirstConnection(office.resources, Identities(office.resources))

    def ask() -> None:
        with pytest.raises(DyntuiError, match="DOTDIGITAL_SIGN_IN_REFUSED"):
            office.wait(first.ask(office.context, Nothing()))

    office.let_pass(days=1)
    _, calls = office.calls_between(ask)
    assert sum(each["count"] for each in calls if each["system"] == "dotdigital") == 1
    # Dynamics is asked all the same.
    facts = {each.id: each for each in office.wait(first.list(office.context, Nothing())).facts}
    assert facts["DV-01"].asked_on > before["DV-01"].asked_on
    assert facts["DD-01"] == before["DD-01"]


def test_what_keeps_the_service_from_signing_in_is_said_by_its_name(office: Office) -> None:
    first = FirstConnection(office.resources, Identities(office.resources))
    with office.db.read() as c:
        (account,) = accounts.accounts(c)
    office.wait(office.resources.secrets.delete(account_secret(account.id)))
    office.wait(office.resources.connections.forget())
    with pytest.raises(DyntuiError, match="SECRET_MISSING"):
        office.wait(first.ask(office.context, Nothing()))
