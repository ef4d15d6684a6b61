"""Two email accounts in one organisation: connected one after the other, lists of their own, people in common."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from sqlalchemy import delete

from dyntui.dataverse import rows as dv_rows
from dyntui.model import solution
from dyntui.model.errors import DyntuiError
from dyntui.model.forms import NewRespondents
from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.sandbox.dotdigital import contact_store
from dyntui.sandbox.dotdigital import storage as dd_storage
from dyntui.sandbox.entra.directory import find_person
from dyntui.service.contract import lists as lists_contract
from dyntui.service.contract.accounts import (
    ACCOUNT_ADD,
    ACCOUNT_DISCONNECT,
    ACCOUNT_EDIT,
    ACCOUNTS_LIST,
    AccountRow,
    DisconnectAccount,
    EditAccount,
)
from dyntui.service.contract.campaigns import CampaignRow
from dyntui.service.contract.health import HEALTH_CHECK
from dyntui.service.contract.lists import ListRow
from dyntui.service.contract.results import CompareCampaigns
from dyntui.service.contract.session import HELLO, Nothing
from dyntui.service.contract.setup import EmailAccountInput
from dyntui.service.contract.suppressions import AddSuppression
from dyntui.service.identity import Identities
from dyntui.service.setup import Setup
from dyntui.service.suppressions import Suppressions
from dyntui.store import accounts, suppressions
from dyntui.store.schema import admin_change, list_unsubscribe, schedule, watermark
from dyntui.sync import last_look
from dyntui.sync.connections import account_secret
from tests.scenarios.office import Office, status_there
from tests.scenarios.test_forms import answered
from tests.scenarios.test_role_self_test import Desk, with_roles
from tests.scenarios.test_strangers import CONTACTS, records, strangers_of
from tests.scenarios.test_subscribing_again import contact_of, made_anew
from tests.scenarios.test_suppressions import resubscribed
from tests.thorough import keeping

NUMBER = 24_818


def manager_upn() -> str:
    found = find_person("manager")
    assert found is not None
    return found.upn


class Two:
    """An office with two accounts, `Main` and `Second`. `second`: what has the other one."""

    def __init__(self, office: Office) -> None:
        self.office = office
        with_roles(office)
        self.desk = Desk(office, "manager")
        self.second = office.sandbox.beside(NUMBER, people=300, seed=7)
        self.row: AccountRow = self.desk.ask(ACCOUNT_ADD, self.asked())

    def asked(self, name: str = "Second") -> EmailAccountInput:
        info = self.second.info
        return EmailAccountInput(
            name=name,
            api_user=info["api_user"],
            api_password=info["api_password"],
            dotdigital_url=info["dotdigital_url"],
            double_opt_in="off",
            is_default=False,
        )

    def accounts(self) -> dict[str, AccountRow]:
        return {each.name: each for each in self.desk.ask(ACCOUNTS_LIST, Nothing()).rows}

    def activated(self, name: str) -> ListRow:
        row = self.office.list_named(name)
        asked = lists_contract.Activate(id=row.id, account="Second", link=True)
        return self.office.activate(asked).row

    def there(self, address: str) -> None:
        """The other account has a contact."""
        state = self.second.state
        made = {"opt_in": "Unknown", "email_type": "Html", "status": "Subscribed", "data": {}}
        with state.transaction():
            contact_store.insert(state, address, dd_storage.now(state), **made)

    def unsubscribe_there(self, address: str, reason: str = "Unsubscribed") -> None:
        body = {"address": address, "reason": reason}
        self.second.control.post("/unsubscribe", json=body).raise_for_status()

    def suppressed(self, address: str) -> dict[str, str]:
        """The accounts in which the store knows the address to be suppressed, with its status."""
        names = {each.id: each.name for each in self.accounts().values()}
        with self.office.db.read() as c:
            return {names[key]: each.status for key, each in suppressions.of_address(c, address).items()}

    def told(self, address: str) -> list[str]:
        """The accounts that suppress the address by the rows in Dynamics."""
        query = "SELECT dyntui_emailaccountid FROM dv_dyntui_suppression WHERE dyntui_address = ?"
        rows = self.office.sandbox.state.db.execute(query, (address,)).fetchall()
        names = {each.id: each.name for each in self.accounts().values()}
        return sorted(names[row[0]] for row in rows)


@pytest.fixture
def two(office: Office) -> Iterator[Two]:
    opened = Two(office)
    yield opened
    opened.second.stop()


def test_what_is_learnt_of_an_account_while_its_settings_are_saved_stays(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    update = dv_rows.update

    async def update_and_learn(*asked: Any, **more: Any) -> Any:
        with two.office.db.write() as c:
            known = next(each for each in accounts.accounts(c) if each.name == "Second")
            accounts.put_account(c, msgspec.structs.replace(known, double_opt_in="all", api_user="replaced"))
        return await update(*asked, **more)

    monkeypatch.setattr(dv_rows, "update", update_and_learn)
    two.desk.ask(ACCOUNT_EDIT, EditAccount(account="Second", name="Scotland"))
    with two.office.db.read() as c:
        kept = next(each for each in accounts.accounts(c) if each.name == "Scotland")
    assert (kept.double_opt_in, kept.api_user) == ("all", "replaced")


def test_an_account_is_called_only_what_can_be_shown_and_typed(two: Two) -> None:
    office, desk = two.office, two.desk
    setup, request = Setup(office.resources, office.worker.reconnect), office.setup_request()
    for name in ("", " ", "Two\nlines", "\x1b[2JMain", "\u202eniaM", "n" * 101):
        with pytest.raises(DyntuiError, match=r"ACCOUNT_INVALID.*name"):
            desk.ask(ACCOUNT_ADD, two.asked(name))
        with pytest.raises(DyntuiError, match=r"ACCOUNT_INVALID.*name"):
            desk.ask(ACCOUNT_EDIT, EditAccount(account="Second", name=name))
        asked = msgspec.structs.replace(request, accounts=(msgspec.structs.replace(request.accounts[0], name=name),))
        with pytest.raises(DyntuiError, match=r"SETUP_INVALID.*name"):
            office.wait(setup.apply(office.context, asked))
    assert list(two.accounts()) == ["Main", "Second"]
    # Nobody types the blanks around one again.
    assert desk.ask(ACCOUNT_EDIT, EditAccount(account="Second", name=" Scotland ")).name == "Scotland"
    # A command that names it is one that can be typed.
    desk.ask(ACCOUNT_EDIT, EditAccount(account="Scotland", name="North & South"))
    with pytest.raises(DyntuiError) as refused:
        desk.ask(ACCOUNT_ADD, two.asked("Third"))
    assert "`dyntui accounts show 'North & South'`" in refused.value.remedy


def test_setup_renames_no_account_and_takes_no_name_that_another_one_has(two: Two) -> None:
    office = two.office
    setup = Setup(office.resources, office.worker.reconnect)
    two.desk.ask(ACCOUNT_EDIT, EditAccount(account="Second", name="Scotland"))
    request = office.setup_request()
    both = msgspec.structs.replace(request, accounts=(*request.accounts, two.asked()))
    told = office.wait(setup.apply(office.context, both))
    assert list(two.accounts()) == ["Main", "Scotland"]
    assert [each.partition(" at ")[0] for each in told.accounts] == ["Main", "Scotland"]

    two.desk.ask(ACCOUNT_DISCONNECT, DisconnectAccount(account="Scotland"))
    two.desk.ask(ACCOUNT_EDIT, EditAccount(account="Main", name="second"))
    with pytest.raises(DyntuiError, match=r"ACCOUNT_NAME_TAKEN.*'Second'"):
        office.wait(setup.apply(office.context, both))
    assert list(two.accounts()) == ["second"]


def test_a_setup_that_makes_another_account_the_default_says_so_of_the_one_before_in_dynamics_too(
    two: Two, tmp_path: Path
) -> None:
    office = two.office
    request = office.setup_request()
    second = msgspec.structs.replace(two.asked(), is_default=True)
    setup = Setup(office.resources, office.worker.reconnect)
    office.wait(setup.apply(office.context, msgspec.structs.replace(request, accounts=(second,))))
    assert {name: row.is_default for name, row in two.accounts().items()} == {"Main": False, "Second": True}
    assert defaults_in_dynamics(office) == [("Main", False), ("Second", True)]
    # Another machine takes it over from there.
    (tmp_path / "laptop").mkdir()
    with closing(Office(office.sandbox, tmp_path / "laptop")) as laptop:
        unsaid = msgspec.structs.replace(two.asked(), is_default=None)
        both = msgspec.structs.replace(request, accounts=(*request.accounts, unsaid))
        laptop.wait(Setup(laptop.resources, laptop.worker.reconnect).apply(laptop.context, both))
        with laptop.db.read() as c:
            assert [each.name for each in accounts.accounts(c) if each.is_default] == ["Second"]


def defaults_in_dynamics(office: Office) -> list[tuple[str, bool]]:
    async def ask() -> list[tuple[str, bool]]:
        dv = await office.resources.connections.dataverse()
        names = ("dyntui_name", "dyntui_isdefault")
        found = await dv_rows.find_rows(dv, solution.EMAIL_ACCOUNT.entity_set, dict, select=names)
        return sorted((each["dyntui_name"], bool(each["dyntui_isdefault"])) for each in found)

    return office.wait(ask())


def test_a_second_account_is_connected_shown_and_edited(two: Two) -> None:
    office, desk = two.office, two.desk
    assert [each.name for each in desk.ask(HELLO, Nothing()).accounts] == ["Main", "Second"]
    rows = two.accounts()
    assert rows["Main"].is_default and not rows["Second"].is_default
    assert (rows["Second"].platform_id, rows["Second"].copies_suppressions) == (NUMBER, True)
    with pytest.raises(DyntuiError, match="ACCOUNT_NAME_TAKEN"):
        desk.ask(ACCOUNT_ADD, two.asked("main"))
    with pytest.raises(DyntuiError, match=r"ACCOUNT_CONNECTED.*as 'Second'"):
        desk.ask(ACCOUNT_ADD, two.asked("Third"))
    with pytest.raises(DyntuiError, match=r"ACCOUNT_INVALID.*api_password"):
        desk.ask(ACCOUNT_ADD, EmailAccountInput(name="Third", api_user="somebody", api_password=""))
    with pytest.raises(DyntuiError, match="DOTDIGITAL_SIGN_IN_REFUSED"):
        wrong = EmailAccountInput(
            name="Third", api_user="x@y.z", api_password="no", dotdigital_url=two.second.info["dotdigital_url"]
        )
        desk.ask(ACCOUNT_ADD, wrong)
    assert list(two.accounts()) == ["Main", "Second"]
    edited = desk.ask(ACCOUNT_EDIT, EditAccount(account="Second", name="Scotland", make_default=True))
    assert edited.is_default and not two.accounts()["Main"].is_default
    assert defaults_in_dynamics(office) == [("Main", False), ("Scotland", True)]
    # Setup for the first account leaves what was said of the other one.
    desk.ask(ACCOUNT_EDIT, EditAccount(account="Scotland", copies_suppressions=False))
    limits = {
        "removal_people": 3,
        "removal_percent": 25,
        "budget_percent": 60,
        "lead_topic": "From {list}",
        "last_name": "Unknown",
        "record_owner": manager_upn(),
    }
    desk.ask(ACCOUNT_EDIT, EditAccount(account="Main", sync_level="SUMMARY", **limits))
    office.set_up()
    assert two.accounts()["Scotland"].copies_suppressions is False
    main = two.accounts()["Main"]
    # It is told nothing of the sync level, nor which is the default one.
    assert two.accounts()["Scotland"].is_default and defaults_in_dynamics(office) == [
        ("Main", False),
        ("Scotland", True),
    ]
    assert main.sync_level == "SUMMARY" and {name: getattr(main, name) for name in limits} == limits
    with pytest.raises(DyntuiError, match=r"ACCOUNT_INVALID.*no user 'nobody@"):
        desk.ask(ACCOUNT_EDIT, EditAccount(account="Main", record_owner="nobody@kestrel-outdoor.example"))
    with pytest.raises(DyntuiError, match=r"ACCOUNT_INVALID.*sync level"):
        desk.ask(ACCOUNT_EDIT, EditAccount(account="Main", sync_level="SOME"))
    for wrong in ({"last_name": "{nope} {local}"}, {"lead_topic": "{nope}"}):
        with pytest.raises(DyntuiError, match=r"ACCOUNT_INVALID.*\{nope\}.*\{list\}, \{address\}, \{local\}"):
            desk.ask(ACCOUNT_EDIT, EditAccount(account="Main", **wrong))
    assert {name: getattr(two.accounts()["Main"], name) for name in limits} == limits


def test_what_is_found_of_the_other_account_is_mended_there(two: Two) -> None:
    for name in ("Main", "Second"):
        two.office.run("suppressions", account=name)
    with two.office.db.write() as c:
        c.execute(delete(watermark).where(watermark.c.feed == "suppressed-since", watermark.c.account_id == two.row.id))
    found = [each for each in two.desk.ask(HEALTH_CHECK, Nothing()).findings if each.code == "SUPPRESSIONS_OLD"]
    assert [(each.part, each.account) for each in found] == [("Second", two.row.id)]
    two.office.run(found[0].mended_by, account=found[0].account)
    again = two.desk.ask(HEALTH_CHECK, Nothing()).findings
    assert not [each for each in again if each.code == "SUPPRESSIONS_OLD"]


def test_an_account_is_disconnected_when_nothing_needs_it_and_comes_back_as_it_was(two: Two) -> None:
    office, desk = two.office, two.desk
    with pytest.raises(DyntuiError, match=r"ACCOUNT_IN_USE.*it is the default one"):
        desk.ask(ACCOUNT_DISCONNECT, DisconnectAccount(account="Main"))
    trade = two.activated("Winter leads")
    with pytest.raises(DyntuiError, match=r"ACCOUNT_IN_USE.*1 marketing list is activated"):
        desk.ask(ACCOUNT_DISCONNECT, DisconnectAccount(account="Second"))
    office.run("suppressions", account="Second")
    known = two.accounts()["Second"].suppressed
    assert known
    newsletter = office.activated("Newsletter")
    office.run("lists", account="Main")
    bounces = next(
        each.address
        for each in office.members(newsletter.id)
        if each.outcome is Outcome.ADDED and status_there(two.second, each.address) == "Subscribed"
    )
    two.unsubscribe_there(bounces, reason="HardBounced")
    office.run("suppressions", account="Second")
    known = two.accounts()["Second"].suppressed
    office.run("lists", account="Second")
    leaver = next(each for each in office.members(trade.id) if each.outcome is Outcome.ADDED)
    # Nobody has read this when the account is disconnected.
    late = next(
        each.address
        for each in office.members(newsletter.id)
        if each.outcome is Outcome.ADDED and status_there(two.second, each.address) == "Subscribed"
    )
    two.unsubscribe_there(late)
    office.deactivate(trade.id)
    body = {"address": leaver.address, "book": office.book_of(trade.id)}
    two.second.control.post("/unsubscribe", json=body).raise_for_status()
    assert office.coming(account="Second").runs
    left = desk.ask(ACCOUNT_DISCONNECT, DisconnectAccount(account="Second"))
    assert [each.name for each in left.rows] == ["Main"]
    assert account_secret(two.row.id) not in office.secrets.held
    assert office.run("suppressions").run.status is RunStatus.COMPLETED
    assert office.coming().account == "Main"
    with pytest.raises(DyntuiError, match="ACCOUNT_UNKNOWN"):
        office.coming(account="Second")
    with office.db.read() as c:
        assert {row.account_id for row in c.execute(schedule.select())} == {left.rows[0].id}
    # What was known of opt-outs was not forgotten, and keeps people out as before.
    office.activate(lists_contract.Activate(id=trade.id, account="Main", link=True))
    office.run("lists")
    left_it = next(each for each in office.members(trade.id) if each.person == leaver.person)
    assert (left_it.outcome, left_it.reason) == (Outcome.EXCLUDED, "UNSUBSCRIBED_LIST")
    # The number of its book there says nothing of the one that it has here.
    with office.db.read() as c:
        assert {row.book_id for row in c.execute(list_unsubscribe.select())} == {0}
    became = {each.address: (each.outcome, each.reason) for each in office.members(newsletter.id)}
    assert became[bounces] == (Outcome.EXCLUDED, "SUPPRESSED_OTHER_ACCOUNT")
    assert became[late] == (Outcome.EXCLUDED, "SUPPRESSED_OTHER_ACCOUNT")
    assert "SUPPRESSED_OTHER_ACCOUNT" in str(office.why(bounces).verdicts)
    again = desk.ask(ACCOUNT_ADD, two.asked())
    assert (again.id, again.suppressed) == (two.row.id, known + 1)
    # One that takes its password no more can be disconnected as well, and the history says what is not known.
    two.second.control.post("/settings", json={"dotdigital": {"api_password": "other"}}).raise_for_status()
    desk.ask(ACCOUNT_DISCONNECT, DisconnectAccount(account="Second"))
    with office.db.read() as c:
        told = [row.after for row in c.execute(admin_change.select().where(admin_change.c.subject == "accounts"))]
    assert "disconnected" in told
    assert any(each.startswith("disconnected; ") and "DOTDIGITAL_SIGN_IN_REFUSED" in each for each in told)


def test_an_account_that_was_closed_in_dotdigital_is_disconnected_once_its_last_sends_books_time_is_over(
    two: Two,
) -> None:
    """Nobody can empty these books any more."""
    office, desk = two.office, two.desk
    trade = two.activated("Winter leads")
    for account in ("Main", "Second"):
        office.run("suppressions", account=account)
    office.run("lists", account="Second")
    office.run("campaigns", account="Second")
    campaign = office.campaign_named("Newsletter March")
    office.target(campaign, trade.id)
    assert office.send(office.count(campaign)).state == "Sent"
    office.deactivate(trade.id)
    two.second.control.post("/settings", json={"dotdigital": {"api_password": "closed"}}).raise_for_status()
    with pytest.raises(DyntuiError, match=r"ACCOUNT_IN_USE.*for two weeks after a send"):
        desk.ask(ACCOUNT_DISCONNECT, DisconnectAccount(account="Second"))
    office.let_pass(days=15)
    left = desk.ask(ACCOUNT_DISCONNECT, DisconnectAccount(account="Second"))
    assert [each.name for each in left.rows] == ["Main"]


def test_lists_belong_to_one_account_and_runs_are_the_accounts_own(two: Two) -> None:
    office = two.office
    newsletter = office.activated("Newsletter")
    with pytest.raises(DyntuiError, match="LIST_ACTIVATED"):
        two.activated("Newsletter")
    trade = two.activated("Winter leads")
    assert (newsletter.account, trade.account) == ("Main", "Second")
    for account in ("Main", "Second"):
        assert office.run("suppressions", account=account).run.status is RunStatus.COMPLETED
    run = office.run("lists", account="Second").run
    assert (run.account, run.status) == ("Second", RunStatus.COMPLETED)
    added = [each for each in office.members(trade.id) if each.outcome is Outcome.ADDED]
    assert added and status_there(two.second, added[0].address) == "Subscribed"
    assert not [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED]
    assert [each.name for each in two.accounts().values() if each.lists] == ["Main", "Second"]


def test_a_send_of_one_account_mails_nobody_whom_the_other_suppresses_and_nobody_through_the_other(two: Two) -> None:
    office = two.office
    trade = two.activated("Winter leads")
    for account in ("Main", "Second"):
        office.run("suppressions", account=account)
    office.run("lists", account="Second")
    office.run("campaigns", account="Second")
    added = [each for each in office.members(trade.id) if each.outcome is Outcome.ADDED]
    campaign = office.campaign_named("Newsletter March")
    office.target(campaign, trade.id)
    count = office.count(campaign)
    opted = added[0].address
    # Somebody opts out of the other account's mails between the count and the send.
    here = office.sandbox.state
    with here.transaction():
        made = {"opt_in": "Unknown", "email_type": "Html", "status": "Subscribed", "data": {}}
        contact_store.insert(here, opted, dd_storage.now(here), **made)
    office.unsubscribe(opted)
    sent = office.send(count)
    mailed = {each["address"] for each in two.second.control.get("/mailed").json()}
    assert sent.state == "Sent" and mailed and opted not in mailed
    assert office.sandbox.control.get("/mailed").json() == []
    excluded = {each.address: each.reason for each in office.people(sent.run) if each.outcome is Outcome.EXCLUDED}
    assert excluded[opted] in ("SUPPRESSED", "SUPPRESSED_OTHER_ACCOUNT")


def test_campaigns_of_two_accounts_with_one_number_are_compared(two: Two) -> None:
    office = two.office
    for account in ("Main", "Second"):
        office.run("campaigns", account=account)
    sent = [(row.account, row.id) for row in office.all_campaigns() if row.sent]
    assert len({number for _, number in sent}) < len(sent)
    found = office.wait(office._results.compare(office.context, CompareCampaigns())).reports
    assert sorted((each.row.account, each.row.id) for each in found) == sorted(sent)


def test_who_unsubscribes_from_one_account_is_suppressed_in_the_other_and_mailed_by_neither(two: Two) -> None:
    office = two.office
    newsletter = office.activated("Newsletter")
    for account in ("Main", "Second"):
        office.run("suppressions", account=account)
    office.run("lists")
    both = [
        each.address
        for each in office.members(newsletter.id)
        if each.outcome is Outcome.ADDED and status_there(two.second, each.address) == "Subscribed"
    ]
    leaves, bounces, later = both[:3]
    two.unsubscribe_there(leaves)
    two.unsubscribe_there(bounces, reason="HardBounced")
    office.let_pass(minutes=20)
    office.run("suppressions", account="Second")
    run = office.run("suppressions", account="Main").run
    assert run.status is RunStatus.COMPLETED
    assert status_there(office.sandbox, leaves) != "Subscribed"
    assert set(two.suppressed(leaves)) == {"Main", "Second"}
    copied = {each.address: each.detail for each in office.people(run.id) if each.outcome is Outcome.ADDED}
    assert copied[leaves] == "copied from Second: Unsubscribed"
    # That a mail could not be delivered is each account's own matter; dyntui does not mail them all the same.
    assert set(two.suppressed(bounces)) == {"Second"}
    assert status_there(office.sandbox, bounces) == "Subscribed"
    office.run("lists")
    became = {each.address: each for each in office.members(newsletter.id)}
    assert (became[leaves].outcome, became[leaves].reason) == (Outcome.EXCLUDED, "SUPPRESSED")
    assert (became[bounces].outcome, became[bounces].reason) == (Outcome.EXCLUDED, "SUPPRESSED_OTHER_ACCOUNT")
    # Nothing is left to copy, and nothing is asked for.
    _, calls = office.calls_between(lambda: office.run("suppressions", account="Main"))
    assert not [each for each in calls if each["system"] == "dotdigital" and each["writes"]]
    two.desk.ask(ACCOUNT_EDIT, EditAccount(account="Second", copies_suppressions=False))
    two.unsubscribe_there(later)
    office.let_pass(hours=25)
    for account in ("Second", "Main"):
        office.run("suppressions", account=account)
    assert set(two.suppressed(later)) == {"Second"}
    assert status_there(office.sandbox, later) == "Subscribed"


@pytest.mark.parametrize("before", ["secret", "device-code"])
def test_rows_that_the_service_wrote_as_another_user_ask_for_nothing_in_the_other_accounts(
    two: Two, before: str
) -> None:
    office = two.office
    two.desk.ask(ACCOUNT_EDIT, EditAccount(account="Second", copies_suppressions=False))
    left, copied = "left@only.example", "copied@only.example"
    for address in (left, copied):
        two.there(address)
    two.unsubscribe_there(left)
    office.run("suppressions", account="Second")
    # Setup has connected as somebody else since.
    with office.db.write() as c:
        known = accounts.organisation(c)
        assert known is not None
        accounts.put_organisation(c, msgspec.structs.replace(known, service_user_id=str(uuid.uuid4()), auth=before))

    async def by_hand() -> None:
        dv = await office.resources.connections.dataverse()
        own = {"dyntui_origin": "dotdigital", "dyntui_key": "copied"}
        await dv_rows.create(dv, "dyntui_suppressions", {"dyntui_address": copied, **own})

    office.wait(by_hand())
    for account in ("Second", "Main"):
        assert office.run("suppressions", account=account).run.status is RunStatus.COMPLETED
    assert set(two.suppressed(left)) == {"Second"}
    assert set(two.suppressed(copied)) == {"Main", "Second"}


def test_who_unsubscribed_from_one_account_a_moment_ago_gets_no_test_by_the_other_and_becomes_no_record(
    two: Two,
) -> None:
    office = two.office
    newsletter = office.activated("Newsletter")
    office.run("lists")
    asked = EditAccount(account="Main", new_respondents=NewRespondents.LEAD)
    two.desk.ask(ACCOUNT_EDIT, asked)
    office.edit(lists_contract.EditList(id=newsletter.id, membership_action=CONTACTS))
    answers_no, says_no, stays = "answers@stranger.example", "no@stranger.example", "yes@stranger.example"
    for address in (answers_no, says_no):
        two.there(address)
    for address in (answers_no, stays):
        answered(office, address, "Lovelace")
    two.unsubscribe_there(answers_no)
    office.run("forms")
    assert records(office, "lead", stays) and not records(office, "lead", answers_no)
    for address in (says_no, stays):
        office.put_into_book(newsletter.id, address)
    two.unsubscribe_there(says_no)
    office.run("lists")
    assert records(office, "contact", stays) and not records(office, "contact", says_no)
    # An account that cannot be asked is a matter of those who would become records, and of nobody else.
    key = account_secret(two.accounts()["Second"].id)
    secret = office.secrets.held.pop(key)
    office.worker.reconnect()
    assert office.run("lists").run.status is RunStatus.COMPLETED
    office.put_into_book(newsletter.id, "later@stranger.example")
    waits = strangers_of(office, office.run("lists"), newsletter.id)["later@stranger.example"]
    assert (waits.outcome, waits.reason) == (Outcome.EXCLUDED, "NOT_SYNCED") and "could be asked" in waits.detail
    assert not records(office, "contact", "later@stranger.example")
    office.secrets.held[key] = secret
    office.run("lists")
    assert records(office, "contact", "later@stranger.example")
    office.run("campaigns")
    campaign = office.campaign_named("Newsletter March")
    leaves = next(
        each.address
        for each in office.members(newsletter.id)
        if each.outcome is Outcome.UNCHANGED and status_there(two.second, each.address) == "Subscribed"
    )
    two.unsubscribe_there(leaves)
    with pytest.raises(DyntuiError, match="TEST_OPTED_OUT"):
        office.test_send(campaign, leaves)
    assert office.sandbox.control.get("/mailed").json() == []


def test_who_subscribes_again_in_one_account_is_not_suppressed_by_what_the_other_had_copied(two: Two) -> None:
    office = two.office
    newsletter = office.activated("Newsletter")
    for account in ("Main", "Second"):
        office.run("suppressions", account=account)
    office.run("lists")
    again = next(
        each.address
        for each in office.members(newsletter.id)
        if each.outcome is Outcome.ADDED and status_there(two.second, each.address) == "Subscribed"
    )
    office.unsubscribe(again)
    office.let_pass(minutes=20)
    for account in ("Main", "Second"):
        office.run("suppressions", account=account)
    assert set(two.suppressed(again)) == set(two.told(again)) == {"Main", "Second"}
    resubscribed(office, again)
    for account in ("Main", "Second", "Main"):
        office.let_pass(hours=25)
        office.run("suppressions", account=account)
    assert status_there(office.sandbox, again) == "Subscribed"
    # In the other account the copy stays until dotdigital says otherwise there, so dyntui mails them by neither.
    assert set(two.suppressed(again)) == {"Second"}
    # Dynamics says of each account what is so there, and keeps the flag that the other one still wants.
    assert two.told(again) == ["Second"]
    assert office.records_where("contact", emailaddress1=again, donotbulkemail=0) == set()
    office.run("lists")
    became = {each.address: each.reason for each in office.members(newsletter.id)}
    assert became[again] == "SUPPRESSED_OTHER_ACCOUNT"


def _ready_to_send(office: Office) -> tuple[ListRow, CampaignRow]:
    """The first account's list, synchronised, and a campaign that it is the target of."""
    newsletter = office.activated("Newsletter")
    for account in ("Main", "Second"):
        office.run("suppressions", account=account)
    office.run("lists", account="Main")
    office.run("campaigns", account="Main")
    campaign = office.campaign_named("Newsletter March")
    office.target(campaign, newsletter.id)
    return newsletter, campaign


def test_a_list_that_passes_to_another_account_takes_its_unsubscribes_along_and_touches_nothing_in_the_one_before(
    two: Two,
) -> None:
    office = two.office
    newsletter, campaign = _ready_to_send(office)
    held = office.schedule_send(office.count(campaign), office.sandbox.now() + timedelta(hours=1))
    run = next(each for each in office.audit().rows if each.kind == "lists")
    in_it = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED]
    # After the list was read for the last time here.
    office.unsubscribe(in_it[0].address, book=office.book_of(newsletter.id))
    office.deactivate(newsletter.id)
    office.activate(lists_contract.Activate(id=newsletter.id, account="Second", link=True))
    # Of the number that its book has there another one is somebody's here.
    number, here = office.book_of(newsletter.id), office.sandbox.state
    others = {"number": number, "contact": max(row[0] for row in here.db.execute("SELECT id FROM dd_contact"))}
    here.db.execute("INSERT INTO dd_book (id, name, name_key) VALUES (:number, 'Somebody', 'somebody')", others)
    here.db.execute("INSERT INTO dd_member (book_id, contact_id, added) VALUES (:number, :contact, 0)", others)
    office.run("lists", account="Second")
    left = next(each for each in office.members(newsletter.id) if each.person == in_it[0].person)
    assert (left.outcome, left.reason) == (Outcome.EXCLUDED, "UNSUBSCRIBED_LIST")
    with pytest.raises(DyntuiError, match=r"LIST_OF_ANOTHER_ACCOUNT.*Newsletter"):
        office.target(campaign, newsletter.id)
    (target,) = office.count(campaign).lists
    assert (target.ready, target.reason) == (False, "LIST_OF_ANOTHER_ACCOUNT")
    office.let_pass(hours=1)
    office.look_at_sends()
    ended = office.send_row(held.id)
    assert (ended.state, office.detail(ended.run).run.error_code) == ("Failed", "LIST_OF_ANOTHER_ACCOUNT")
    undone = office.undo(run.id)
    assert undone.run.status is RunStatus.FAILED and "LIST_OF_ANOTHER_ACCOUNT" in str(undone.items)
    members_here = here.db.execute("SELECT contact_id FROM dd_member WHERE book_id = :number", others).fetchall()
    assert [row[0] for row in members_here] == [others["contact"]] and not office.mailed(campaign)


@pytest.mark.parametrize("moment", keeping(["before the send", "at the last moment"], "at the last moment"))
def test_who_leaves_a_list_by_a_mail_of_the_account_before_is_not_mailed_by_the_next(
    moment: str, two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = two.office
    newsletter, first = _ready_to_send(office)
    assert office.send(office.count(first)).state == "Sent"
    (book,) = [each["id"] for each in _books(office) if each["name"].startswith("dyntui send")]
    office.deactivate(newsletter.id)
    office.activate(lists_contract.Activate(id=newsletter.id, account="Second", link=True))
    office.run("lists", account="Second")
    columns = "subject, from_name, from_id, html, text, reply_action, reply_to, type, tags"
    two.second.state.db.execute(
        f"INSERT INTO dd_campaign (id, name, {columns})"
        f" SELECT {NUMBER}, 'Of the second', {columns} FROM dd_campaign WHERE name = 'Newsletter March'"
    )
    office.run("campaigns", account="Second")
    again = office.campaign_named("Of the second")
    office.target(again, newsletter.id)
    count = office.count(again)
    leaver = office.count_people(count.id, sendable=True)[0].address
    if moment == "before the send":
        office.unsubscribe(leaver, book=book)
    else:
        looked = last_look.look

        async def look(*given: Any, **how: Any) -> Any:
            # Once, when all but the last look is behind the send.
            monkeypatch.setattr(last_look, "look", looked)
            body = {"address": leaver, "book": book}
            office.sandbox.control.post("/unsubscribe", json=body).raise_for_status()
            return await looked(*given, **how)

        monkeypatch.setattr(last_look, "look", look)
    sent = office.send(count)
    mailed = {each["address"] for each in two.second.control.get("/mailed").json()}
    assert sent.state == "Sent" and mailed and leaver not in mailed
    became = {each.address: each.reason for each in office.people(sent.run)}
    assert became[leaver] == "UNSUBSCRIBED_LIST"


def _books(office: Office) -> list[dict[str, Any]]:
    state, info = office.sandbox.state, office.sandbox.info
    url = state.urls.dotdigital[state.config.dotdigital.region] + "/v2/address-books"
    return list(office.sandbox.http.get(url, auth=(info["api_user"], info["api_password"])).json())


def test_a_list_that_passes_to_another_account_takes_along_who_is_named_there_by_a_contact_alone(two: Two) -> None:
    office = two.office
    newsletter = office.activated("Newsletter")
    office.run("lists", account="Main")
    leaver = next(each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED)
    # Somebody makes the contact anew: no synchronisation knows the new one.
    made_anew(office, leaver.address, office.book_of(newsletter.id))
    contact = contact_of(office, leaver.address)
    rows = [
        {"suppressedContact": {"id": number, "email": None}, "dateRemoved": "2026-11-22T12:00:00Z", "reason": "x"}
        for number in (contact, contact + 1_000)
    ]

    def named_by_id(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if "/unsubscribed-since/" not in request.url.path:
            return answer
        some = rows if request.url.params["skip"] == "0" else []
        return httpx.Response(200, headers={"Date": answer.headers["Date"]}, json=some)

    office.deactivate(newsletter.id)
    office.sandbox.doctor(named_by_id)
    office.activate(lists_contract.Activate(id=newsletter.id, account="Second", link=True))
    office.sandbox.doctor(lambda request, answer: answer)
    office.run("lists", account="Second")
    left = next(each for each in office.members(newsletter.id) if each.person == leaver.person)
    assert (left.outcome, left.reason) == (Outcome.EXCLUDED, "UNSUBSCRIBED_LIST")
    # Nobody can tell who the other one is: that is said.
    use_cases = Suppressions(office.resources, Identities(office.resources), office._runs)
    odd = office.wait(use_cases.odd(office.context, Nothing())).rows
    assert [f"contact {contact + 1_000}" in each.received for each in odd] == [True]


def test_a_list_that_was_asked_for_and_is_not_this_accounts_any_more_is_named(two: Two) -> None:
    office = two.office
    newsletter = office.activated("Newsletter")
    with pytest.raises(DyntuiError, match=r"LIST_OF_ANOTHER_ACCOUNT.*Newsletter"):
        office.run("lists", account="Second", lists=(newsletter.id,))
    queued = office.start("lists", account="Main", lists=(newsletter.id,))
    office.deactivate(newsletter.id)
    office.activate(lists_contract.Activate(id=newsletter.id, account="Second", link=True))
    office.engine.drain()
    run = office.detail(queued)
    (item,) = [each for each in run.items if each.id == newsletter.id]
    assert (run.run.status, item.status) == (RunStatus.FAILED, RunStatus.FAILED)
    assert "LIST_OF_ANOTHER_ACCOUNT" in item.note and "problem" not in office.list_named("Newsletter").sync_status


def test_a_contact_that_one_account_names_by_id_alone_is_none_of_the_others(two: Two) -> None:
    office = two.office
    newsletter = office.activated("Newsletter")
    for account in ("Main", "Second"):
        office.run("suppressions", account=account)
    office.run("lists", account="Main")
    there, here = two.second.state, office.sandbox.state
    mine = next(each.address for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED)
    (number,) = here.db.execute("SELECT id FROM dd_contact WHERE email = ?", (mine,)).fetchone()
    # In the other account the contact of this number, of somebody else, is suppressed and has no address any more.
    there.db.execute("DELETE FROM dd_contact WHERE id = ? OR email = ?", (number, mine))
    nameless = {"suppressedContact": {"id": number, "email": None}, "dateRemoved": "2026-11-22T12:00:00Z"}

    def named_by_id(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if "/suppressed-since/" not in request.url.path:
            return answer
        rows = [] if request.url.params["skip"] != "0" else [{**nameless, "reason": "Unsubscribed"}]
        return httpx.Response(200, headers={"Date": answer.headers["Date"]}, json=rows)

    office.sandbox.doctor(named_by_id)
    office.run("suppressions", account="Second")
    office.sandbox.doctor(lambda request, answer: answer)
    assert two.suppressed(mine) == {}
    office.run("lists", account="Main")
    assert next(each for each in office.members(newsletter.id) if each.address == mine).outcome is Outcome.UNCHANGED


def test_who_is_suppressed_by_hand_is_so_in_every_account_and_mailed_by_none(two: Two) -> None:
    office = two.office
    newsletter = office.activated("Newsletter")
    for account in ("Main", "Second"):
        office.run("suppressions", account=account)
    office.run("lists")
    asked_for = next(each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED)
    use_cases = Suppressions(office.resources, Identities(office.resources), office._runs)
    for address, reason, code in (
        (asked_for.address, " ", "SUPPRESSED_WITHOUT_REASON"),
        ("somebody", "asked for it", "NO_ADDRESS"),
    ):
        with pytest.raises(DyntuiError, match=code):
            office.wait(use_cases.add(office.context, AddSuppression(address=address, reason=reason)))
    asked = AddSuppression(address=f" {asked_for.address.upper()}", reason="asked for it by phone")
    added = office.wait(use_cases.add(office.context, asked))
    assert (added.address, added.already, len(added.runs)) == (asked_for.address, (), 2)
    office.engine.drain()
    assert set(two.suppressed(asked_for.address)) == {"Main", "Second"}
    for sandbox in (office.sandbox, two.second):
        assert status_there(sandbox, asked_for.address) != "Subscribed"
    columns = "dyntui_reason, dyntui_origin FROM dv_dyntui_suppression WHERE dyntui_address = ?"
    rows = office.sandbox.state.db.execute(f"SELECT {columns}", (asked_for.address,)).fetchall()
    assert ("asked for it by phone", "a person") in [tuple(row) for row in rows]
    run = office.run("lists")
    said = {each.person: each for each in office.people(run.run.id, item=newsletter.id)}[asked_for.person]
    assert (said.outcome, said.reason) == (Outcome.EXCLUDED, "SUPPRESSED")
    (told,) = office.sandbox.state.db.execute(
        "SELECT donotbulkemail FROM dv_contact WHERE contactid = ?", (asked_for.person,)
    ).fetchone()
    assert told
    with pytest.raises(DyntuiError, match="SUPPRESSED_ALREADY"):
        office.wait(use_cases.add(office.context, asked))


def test_a_plan_of_an_account_that_was_disconnected_since_is_carried_out_on_no_other_one(two: Two) -> None:
    plan = two.office.plan_of("address-books", account="Second")
    two.desk.ask(ACCOUNT_DISCONNECT, DisconnectAccount(account="Second"))
    with pytest.raises(DyntuiError) as refused:
        two.office.apply(plan)
    assert refused.value.code == "ACCOUNT_UNKNOWN" and "disconnected" in refused.value.message


def test_where_nothing_is_refused_the_account_that_was_looked_at_is_named(two: Two) -> None:
    with pytest.raises(DyntuiError, match=r"NOTHING_REFUSED.*email account 'Main'"):
        two.office.retry_refused()
