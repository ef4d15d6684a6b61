"""`dyntui accounts`: what it asks the service for, and what it prints."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from dyntui.model.accounts import AccountRow
from dyntui.model.suppression_flags import SuppressionFlags
from dyntui.service.contract.accounts import ACCOUNT_ADD, ACCOUNT_EDIT, ACCOUNTS_LIST, Accounts, EditAccount
from dyntui.service.contract.environment import ENVIRONMENT_MARK, Environment
from dyntui.service.contract.held import HELD_LISTS, HeldLists
from dyntui.service.contract.lists import LISTS_PAGE
from dyntui.service.contract.paging import Page
from dyntui.service.contract.users import USERS_LIST, Users
from tests.cli.scripted_service import ScriptedService

MAIN = AccountRow(
    id="a1",
    name="Main",
    description="Everybody",
    is_default=True,
    platform_id=24817,
    region="r1",
    endpoint="https://r1-api.dotdigital.com",
    api_user="apiuser-1@apiconnector.com",
    sync_level="DETAILED",
    double_opt_in="off",
    copies_suppressions=True,
    lists=3,
    suppressed=1204,
    read_on="2026-11-22T14:05:09Z",
)


def test_accounts_are_listed_and_shown(dyntui: Callable, service: ScriptedService):
    service.answers(ACCOUNTS_LIST, Accounts(rows=(MAIN,)))
    listed = dyntui("accounts", "list")
    assert listed.code == 0
    for said in ("Main", "24817, r1", "1,204"):
        assert said in listed.out
    shown = dyntui("accounts", "show", "Main")
    assert "apiuser-1@apiconnector.com" in shown.out
    assert json.loads(dyntui("accounts", "show", "a1", "--json").out)["lists"] == 3
    unknown = dyntui("accounts", "show", "Nobody")
    assert unknown.code == 2
    assert "ACCOUNT_UNKNOWN" in unknown.err


@pytest.mark.parametrize("form", ["toml", "json"])
def test_an_account_is_added_from_a_file_whose_password_is_never_printed(
    dyntui: Callable, service: ScriptedService, tmp_path: Path, form: str
):
    service.answers(ACCOUNTS_LIST, Accounts(rows=(MAIN,)))
    service.answers(ACCOUNT_ADD, msgspec.structs.replace(MAIN, id="a2", name="Second", is_default=False))
    values = {"name": "Second", "api_user": "u@x.y", "api_password": "hush", "double_opt_in": "off"}
    lines = "\n".join(f'{key} = "{value}"' for key, value in values.items())
    file = tmp_path / f"account.{form}"
    file.write_text(json.dumps(values) if form == "json" else lines)
    done = dyntui("accounts", "add", "--from", str(file))
    assert done.code == 0
    assert "Second" in done.out and "hush" not in done.out + done.err
    asked = service.requests(ACCOUNT_ADD)[-1]
    assert (asked.name, asked.api_password, asked.is_default) == ("Second", "hush", False)
    keys = 'name = "Third"\napi_user = "u"\napi_password = "hush"\n'
    file.write_text(f'{keys}suppression_flags = "none"\n')
    assert dyntui("accounts", "add", "--from", str(file)).code == 0
    assert service.requests(ACCOUNT_ADD)[-1].suppression_flags is SuppressionFlags.NONE
    file.write_text(f'{keys}suppression_flags = "everything"\n')
    refused = dyntui("accounts", "add", "--from", str(file))
    assert refused.code == 2 and "suppression_flags" in refused.err
    file.write_text('name = "x"\npasword = "hush"')
    wrong = dyntui("accounts", "add", "--from", str(file))
    assert wrong.code == 2
    assert "ACCOUNT_INPUT_INVALID" in wrong.err and "pasword" in wrong.err and "hush" not in wrong.err
    nobody = dyntui("accounts", "add")
    assert nobody.code == 2
    assert "ACCOUNT_INPUT_MISSING" in nobody.err


def test_settings_are_changed_one_by_one(dyntui: Callable, service: ScriptedService):
    service.answers(ACCOUNT_EDIT, MAIN)
    assert dyntui("accounts", "edit", "Main", "--no-copy-suppressions").code == 0
    assert service.requests(ACCOUNT_EDIT)[-1] == EditAccount(account="Main", copies_suppressions=False)
    shown = dyntui("accounts", "edit", "Main", "--suppression-flags", "none")
    assert service.requests(ACCOUNT_EDIT)[-1] == EditAccount(account="Main", suppression_flags=SuppressionFlags.NONE)
    assert "Do not allow bulk emails" in shown.out, "as the service answers"
    assert dyntui("accounts", "edit", "Main", "--suppression-flags", "all").code == 2
    assert dyntui("accounts", "edit", "Main", "--default", "--name", "One").code == 0
    assert service.requests(ACCOUNT_EDIT)[-1] == EditAccount(account="Main", name="One", make_default=True)
    shown = dyntui("accounts", "edit", "Main", "--no-roi", "--opens", "--sync-level", "DETAILED")
    assert service.requests(ACCOUNT_EDIT)[-1] == EditAccount(
        account="Main", reads_roi=False, reads_opens=True, sync_level="DETAILED"
    )
    assert [line.split()[-1] for line in shown.out.splitlines() if line.startswith("ROI")] == ["DETAILED"]


def test_the_account_that_is_named_once_is_meant_by_whatever_names_none(
    dyntui: Callable, service: ScriptedService, monkeypatch: pytest.MonkeyPatch
):
    service.answers(LISTS_PAGE, Page(rows=(), matching=0, total=0))
    service.answers(HELD_LISTS, HeldLists(rows=()))
    service.answers(ENVIRONMENT_MARK, Environment(marks=(), allowed=()))
    dyntui("--account", "Second", "lists", "list")
    dyntui("held", "list", "--account", "Second")
    monkeypatch.setenv("DYNTUI_ACCOUNT", "Third")
    dyntui("lists", "list")
    dyntui("lists", "list", "--account", "Second")
    dyntui("--account", "Second", "lists", "list")
    assert [each.account for each in service.requests(LISTS_PAGE)] == ["Second", "Third", "Second", "Second"]
    assert [each.account for each in service.requests(HELD_LISTS)] == ["Second"]
    # Without an account this one is about the whole organisation.
    assert dyntui("environment", "not-production").code == 0
    assert [each.account for each in service.requests(ENVIRONMENT_MARK)] == [""]


def test_nobody_to_be_mapped_is_an_answer_too(dyntui: Callable, service: ScriptedService):
    service.answers(USERS_LIST, Users(account="Main", rows=(), candidates=()))
    done = dyntui("users", "map", "--suggested", "--json")
    assert done.code == 0 and json.loads(done.out)["account"] == "Main" and "Nobody who is not mapped" in done.err


def test_an_account_whose_suppressions_were_never_read_says_so(dyntui: Callable, service: ScriptedService):
    service.answers(ACCOUNTS_LIST, Accounts(rows=(msgspec.structs.replace(MAIN, read_on=""),)))
    assert "never read" in dyntui("accounts", "show", "Main").out
