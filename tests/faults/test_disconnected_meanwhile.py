"""An email account that is disconnected while somebody else begins to use it: one of the two is told that the other was
first, and nothing uses an account that is not there any more."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from dyntui.model.mapping import ConflictRule
from dyntui.model.outcomes import RunStatus
from dyntui.service.accounts import EmailAccounts
from dyntui.service.contract.accounts import DisconnectAccount
from dyntui.service.contract.credentials import ReplaceCredential
from dyntui.service.contract.lists import Activate
from dyntui.service.contract.runs import StartRun
from dyntui.service.credentials import CredentialUseCases
from dyntui.service.identity import Identities
from dyntui.store import accounts
from dyntui.store.schema import marketing_list, run
from dyntui.sync.connections import account_secret
from tests.faults import second_account
from tests.faults.cut_short import Call, CutShort
from tests.faults.job import office_from
from tests.faults.second_account import NAME, Account
from tests.faults.side_by_side import TwoWorkers
from tests.thorough import but


def run_something(office: TwoWorkers, second: Account) -> Call:
    return lambda: office._runs.start(office.context, StartRun(sync_type="suppressions", account=NAME))


def activate(office: TwoWorkers, second: Account) -> Call:
    chosen = office.list_named("Winter leads")
    return lambda: office._lists.activate(office.context, Activate(id=chosen.id, account=NAME, link=True))


def replace_its_password(office: TwoWorkers, second: Account) -> Call:
    use_cases = CredentialUseCases(office.resources, Identities(office.resources), office.worker.renew, "memory")
    asked = ReplaceCredential(of=NAME, api_password=second.sandbox.info["api_password"])
    return lambda: use_cases.replace(office.context, asked)


def disconnect(office: TwoWorkers, second: Account) -> Call:
    use_cases = EmailAccounts(office.resources, office.reconnect)
    return lambda: use_cases.disconnect(office.context, DisconnectAccount(account=NAME))


def uses_of(office: TwoWorkers, account: str) -> list[str]:
    """The lists that are activated for an account, and the runs of it that are to be carried out."""
    listed, runs = marketing_list.c, run.c
    activated = select(listed.name).where(listed.account_id == account, listed.activated.is_(True))
    queued = select(runs.title).where(runs.account_id == account, runs.status == RunStatus.QUEUED.value)
    with office.db.read() as c:
        return [*c.execute(activated).scalars(), *c.execute(queued).scalars()]


def ids_of(office: TwoWorkers) -> dict[str, str]:
    with office.db.read() as c:
        return {name: id for id, name in accounts.names(c).items()}


USED = (run_something, activate, replace_its_password)


@pytest.mark.parametrize("used", but(USED, activate), ids=lambda each: each.__name__)
def test_an_account_that_is_disconnected_while_it_begins_to_be_used_is_used_or_gone(
    used: Callable[[TwoWorkers, Account], Call], connected: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut, step, steps = CutShort(monkeypatch), 0, 1
    while step <= steps:
        step += 1
        with office_from(connected, tmp_path / str(step), TwoWorkers) as office:
            second = second_account.connected(office, ConflictRule.DOTDIGITAL)
            account = ids_of(office)[NAME]
            said = cut.both(office, used(office, second), disconnect(office, second), step)
            steps = cut.steps
            there = NAME in ids_of(office)
            assert (account_secret(account) in office.secrets.held) is there, said
            assert there or not uses_of(office, account), said
            codes = [each for each in said if isinstance(each, str)]
            assert codes in ([], ["ACCOUNT_UNKNOWN"], ["ACCOUNT_IN_USE"]) and ("ACCOUNT_IN_USE" in codes) <= there, said
            second.sandbox.stop()
