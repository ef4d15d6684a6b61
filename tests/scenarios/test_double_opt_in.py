"""Nobody is mailed by being imported: an account that asks everybody to confirm is found out first."""

from __future__ import annotations

import msgspec
import pytest

from dyntui.model.errors import DyntuiError
from dyntui.service.contract.setup import Canary
from dyntui.service.setup import Setup
from dyntui.store import accounts
from tests.scenarios.office import Office

MINE = "astrid+canary@skarnfjall.example"


def enforce(office: Office, double_opt_in: str) -> None:
    office.sandbox.control.post("/settings", json={"dotdigital": {"double_opt_in": double_opt_in}}).raise_for_status()


def forget(office: Office) -> None:
    """As in an installation whose administrator did not know the answer."""
    with office.db.write() as c:
        (account,) = accounts.accounts(c)
        accounts.put_account(c, msgspec.structs.replace(account, double_opt_in=""))


def mails(office: Office) -> list[str]:
    return [mail["address"] for mail in office.sandbox.control.get("/mailed").json()]


def fly(office: Office, address: str = MINE) -> str:
    setup = Setup(office.resources, office.worker.reconnect)
    return office.wait(setup.canary(office.context, Canary(address=address))).double_opt_in


def status_of(office: Office, list_id: str) -> str:
    return next(each for each in [office.list_named("Newsletter")] if each.id == list_id).sync_status


@pytest.mark.parametrize(("double_opt_in", "found"), [("off", "off"), ("single", "off"), ("all", "all")])
def test_a_canary_tells_before_anybody_else_is_imported(office: Office, double_opt_in: str, found: str) -> None:
    enforce(office, double_opt_in)
    forget(office)
    newsletter = office.activated("Newsletter")
    office.run("lists")
    assert "dyntui" not in status_of(office, newsletter.id)
    assert "not known whether" in status_of(office, newsletter.id)
    assert mails(office) == []
    assert fly(office) == found
    with pytest.raises(DyntuiError) as refused:
        fly(office)
    assert refused.value.code == "CANARY_KNOWN"
    run = office.run("lists").run
    assert mails(office) == ([MINE] if found == "all" else [])
    assert (run.tally.adds_up, "enforces double opt-in" in status_of(office, newsletter.id)) == (True, found == "all")


def test_a_wrong_answer_in_setup_stops_with_the_first_import(office: Office) -> None:
    enforce(office, "all")
    newsletter = office.activated("Newsletter")
    office.run("lists")
    assert "enforces double opt-in" in status_of(office, newsletter.id)
    mailed = len(mails(office))
    office.run("lists")
    assert len(mails(office)) == mailed
    enforce(office, "off")
    assert fly(office) == "off"
    office.run("lists")
    assert len(mails(office)) == mailed
