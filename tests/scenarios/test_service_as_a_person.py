"""The service signs in to Dynamics by device code and acts as the person who typed the code, until that is revoked."""

from __future__ import annotations

import msgspec
import pytest

from dyntui.dataverse import kept_sign_in, security
from dyntui.dataverse import rows as dv_rows
from dyntui.dataverse.sign_in import DevicePrompt
from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.model.roles import Role
from dyntui.model.sign_in import SignInBy
from dyntui.service import person_sign_in
from dyntui.service.contract.session import Nothing
from dyntui.service.contract.setup import SetupReport
from dyntui.service.setup import Setup
from dyntui.store import accounts
from dyntui.sync.connections import DATAVERSE_SECRET
from tests.scenarios.office import Office, writes
from tests.scenarios.test_credentials import credentials, listed, refused, replace
from tests.scenarios.test_doctor import found, told


def signed_in(office: Office, part: str = "admin", *, deny: bool = False) -> str:
    """What their sign-in leaves; they type the code as soon as it is shown."""
    place = office.wait(credentials(office).place(office.context, Nothing()))

    def show(prompt: DevicePrompt) -> None:
        body = {"user_code": prompt.user_code, "as": part, "deny": deny}
        office.sandbox.control.post("/device", json=body).raise_for_status()

    return office.wait(person_sign_in.sign_in(place, show, office.resources.connections.surroundings))


def set_up_as(office: Office, kept: str, **changed: object) -> SetupReport:
    request = office.setup_request()
    organisation = msgspec.structs.replace(request.organisation, **{"client_secret": "", "signed_in": kept, **changed})
    setup = Setup(office.resources, office.worker.reconnect)
    return office.wait(setup.apply(office.context, msgspec.structs.replace(request, organisation=organisation)))


def held(office: Office) -> str:
    return office.wait(office.resources.secrets.get(DATAVERSE_SECRET)) or ""


def as_admin(office: Office) -> str:
    """The service acts as the administrator, who holds the service's role alone by then; their user."""
    office.give_roles("admin", "System Administrator")
    assert set_up_as(office, signed_in(office)).applied
    office.give_roles("admin", Role.SERVICE)
    known = office.wait(office.resources.read(accounts.organisation))
    assert known is not None and known.auth == "device-code"
    return known.service_user_id


def test_runs_act_as_the_person_and_their_sign_in_is_renewed_as_long_as_it_is_used(office: Office) -> None:
    application = office.service_user()
    newsletter = office.activated("Newsletter")
    admin = as_admin(office)
    assert admin != application
    first = held(office)
    assert kept_sign_in.is_one(first) and "AccessToken" not in first and "IdToken" not in first
    row = listed(office)[0]
    assert (row.kind, row.user, row.trouble) == ("device code", "astrid.holmvik@skarnfjall.example", "")
    assert office.run("lists").run.status is RunStatus.COMPLETED

    class Row(msgspec.Struct):
        changed_by: str | None = msgspec.field(name="_modifiedby_value")

    async def changed_by() -> str | None:
        dv = await office.resources.connections.dataverse()
        found = await dv_rows.get_row(dv, "lists", newsletter.id, Row)
        return found and found.changed_by

    assert office.wait(changed_by()) == admin
    # Each refresh token lasts 90 days; another process has only what the keyring holds.
    for _ in range(3):
        office.let_pass(days=60)
        office.wait(office.resources.connections.close())
        office.worker.reconnect()
        before = held(office)
        run = office.run("metadata").run
        assert run.status is RunStatus.COMPLETED, (run.error_code, run.status)
        assert held(office) != before and kept_sign_in.same_person(held(office), before)
    office.let_pass(days=91)
    run = office.run("metadata").run
    assert (run.status, run.error_code) == (RunStatus.FAILED, "DATAVERSE_SERVICE_SIGNED_OUT")


def test_what_is_revoked_stops_runs_by_name_and_the_same_person_signs_in_again(office: Office) -> None:
    as_admin(office)
    assert office.run("metadata").run.status is RunStatus.COMPLETED
    office.sandbox.control.post("/sessions/revoke").raise_for_status()
    office.let_pass(hours=3)
    run, calls = office.calls_between(lambda: office.run("suppressions").run)
    assert (run.status, run.error_code) == (RunStatus.FAILED, "DATAVERSE_SERVICE_SIGNED_OUT")
    assert "dyntui credentials replace dynamics" in run.remedy and writes(calls) == []
    assert "DATAVERSE_SERVICE_SIGNED_OUT" in found(office)
    with pytest.raises(DyntuiError, match="DATAVERSE_SIGN_IN_DECLINED"):
        signed_in(office, deny=True)
    before = held(office)
    assert refused(office, of="dynamics", signed_in=signed_in(office, "manager")) == "CREDENTIAL_OF_ANOTHER"
    assert refused(office, of="dynamics", signed_in="hush") == "CREDENTIAL_INVALID"
    assert refused(office, of="dynamics", signed_in=before) == "DATAVERSE_SERVICE_SIGNED_OUT"
    assert held(office) == before
    assert replace(office, of="dynamics", signed_in=signed_in(office)).kind == "device code"
    assert office.run("suppressions").run.status is RunStatus.COMPLETED


def test_a_sign_in_that_is_given_as_a_secret_is_one_of_a_person_all_the_same(office: Office) -> None:
    # An environment that provides what a keyring held knows nothing of what it is.
    office.give_roles("admin", "System Administrator")
    assert set_up_as(office, "", client_secret=signed_in(office)).applied
    known = office.wait(office.resources.read(accounts.organisation))
    assert known is not None and known.auth == "device-code"
    replace(office, of="dynamics", client_secret=signed_in(office))
    known = office.wait(office.resources.read(accounts.organisation))
    assert known is not None and known.auth == "device-code"


def test_the_doctor_says_as_whom_the_service_acts_and_that_is_nothing_wrong(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dyntui.service.health.PART_SECONDS", 60.0)
    assert "SERVICE_ACTS_AS_PERSON" not in {each.code for each in told(office)}
    as_admin(office)
    (said,) = [each for each in told(office) if each.code == "SERVICE_ACTS_AS_PERSON"]
    assert "astrid.holmvik@skarnfjall.example" in said.text and "SERVICE_ACTS_AS_PERSON" not in found(office)


def test_a_setup_by_device_code_without_a_sign_in_or_with_two_is_refused(office: Office) -> None:
    kept = signed_in(office)
    for text, changed in ((kept, {"client_secret": "hush"}), ("", {"sign_in": SignInBy.DEVICE_CODE}), ("hush", {})):
        with pytest.raises(DyntuiError) as error:
            set_up_as(office, text, **changed)
        assert error.value.code == "SETUP_INVALID" and "hush" not in str(error.value)
    office.sandbox.switch(entra={"device_code_blocked": True})
    with pytest.raises(DyntuiError, match="DATAVERSE_DEVICE_CODE_BLOCKED"):
        signed_in(office)


def test_an_older_sign_in_never_takes_the_place_of_what_was_kept_meanwhile(office: Office) -> None:
    as_admin(office)
    office.run("metadata")
    connections = office.resources.connections
    office.wait(connections.dataverse())
    office.let_pass(days=2)
    newer = signed_in(office)
    for instead in (newer, office.sandbox.info["client_secret"]):
        office.wait(office.secrets.set(DATAVERSE_SECRET, instead))
        dv = office.wait(connections.dataverse())
        assert office.wait(security.who_am_i(dv)).user_id
        assert held(office) == instead
        office.let_pass(hours=3)


def test_what_replaces_a_sign_in_while_that_is_renewed_stays(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    as_admin(office)
    office.run("metadata")
    office.let_pass(days=2)
    newer, looks = signed_in(office), kept_sign_in.same_person

    def meanwhile(one: str, other: str) -> bool:
        office.secrets.held[DATAVERSE_SECRET] = newer
        return looks(one, other)

    monkeypatch.setattr(kept_sign_in, "same_person", meanwhile)
    assert office.run("metadata").run.status is RunStatus.COMPLETED
    assert held(office) == newer


def test_rows_that_this_person_copied_or_corrected_count_though_the_service_signs_in_as_them(office: Office) -> None:
    newsletter = office.activated("Newsletter")
    as_admin(office)
    office.run("lists")
    people = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED]
    suppressed, copied, corrected, quiet = people[:4]
    for each in (suppressed, quiet):
        office.unsubscribe(each.address)
    office.run("suppressions")
    ours = "SELECT dyntui_suppressionid FROM dv_dyntui_suppression WHERE dyntui_address = ?"
    of_suppressed = office.sandbox.state.db.execute(ours, (suppressed.address,)).fetchone()[0]

    async def by_hand() -> None:
        dv = await office.resources.connections.dataverse()
        own = {"dyntui_origin": "dotdigital", "dyntui_key": "copied"}
        await dv_rows.create(dv, "dyntui_suppressions", {"dyntui_address": copied.address, **own})
        await dv_rows.update(dv, "dyntui_suppressions", of_suppressed, {"dyntui_address": corrected.address})

    office.wait(by_hand())
    run = office.run("lists")
    reasons = {each.person: each.reason for each in office.people(run.run.id)}
    assert {reasons[each.person] for each in people[:4]} == {"SUPPRESSED"}
    # Its own rows are no news to it, though it reads them.
    office.run("suppressions")
    _, calls = office.calls_between(lambda: office.run("suppressions"))
    assert writes(calls) == []
