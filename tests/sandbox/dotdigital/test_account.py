"""Credentials, regions and what the account tells about itself."""

import json
import re

import pytest

from dyntui.sandbox.dotdigital import absent

from .conftest import Account


@pytest.mark.parametrize("template", [*absent.ACCOUNTS, *absent.FEATURES])
def test_what_the_account_does_not_have_is_refused_in_the_documented_shape(account: Account, template: str):
    method, path = template.split(" ")
    status, message = account.refused(method, re.sub(r"\{\w+\}", "7", path), {})
    assert (status, message.split()[0]) == (403, "Error:")
    assert message.removeprefix("Error: ") in {"ERROR_FEATURENOTACTIVE", "ERROR_CANNOT_PERFORM_OPERATION_ON_ACCOUNT"}


def test_a_wrong_password_is_refused_with_the_vendors_sentence(account: Account):
    answer = account.call("GET", "/v2/account-info", password="wrong")
    assert answer.status == 401
    assert json.loads(answer.body) == {"message": "Authorization has been denied for this request."}


def test_account_info_of_another_region_is_answered_by_r1_and_names_the_right_host(account: Account):
    answer = account.call("GET", "/v2/account-info", region="r1")
    properties = {item["name"]: item["value"] for item in json.loads(answer.body)["properties"]}
    assert properties["ApiEndpoint"] == account.state.urls.dotdigital["r2"] + "/"


def test_every_other_call_on_the_wrong_host_is_a_403_that_is_no_json(account: Account):
    for region, target in (("r1", "/v2/contacts"), ("r3", "/v2/account-info"), ("r1", "/contacts/v3")):
        answer = account.call("GET", target, region=region)
        assert answer.status == 403
        assert answer.headers["Content-Type"].startswith("text/html")


def test_account_info_lists_the_managed_users_and_the_calls_left_as_strings(account: Account):
    account.settings.calls_in_last_hour, account.settings.calls_remaining = 15, 1985
    listed = {item["name"]: item for item in account.ok("GET", "/v2/account-info")["properties"]}
    assert listed["ListManagedUsers"]["value"].count(", ") == len(account.settings.managed_users) - 1
    assert listed["ApiCallsInLastHour"] == {"name": "ApiCallsInLastHour", "type": "Int", "value": "15"}
    assert listed["ApiCallsRemaining"]["value"] == "1985"


def test_server_time_needs_no_credentials(account: Account):
    assert account.call("GET", "/v2/server-time", password="wrong").body == b'"2026-03-02T09:00:00.000000Z"'


def test_paths_match_in_any_letter_case_and_with_a_slash_at_the_end(account: Account):
    assert account.ok("GET", "/V2/Address-Books/")[0]["name"] == "Test"


def test_an_unknown_path_is_404_and_a_known_one_with_another_method_405(account: Account):
    assert account.refused("GET", "/v2/nothing")[0] == 404
    assert account.refused("DELETE", "/v2/data-fields")[0] == 405


def test_answers_carry_the_route_template_and_whether_they_write(account: Account):
    read = account.call("GET", "/v2/contacts/retrieve-collection", {"contacts": [{"id": 1}]})
    write = account.call("POST", "/v2/contacts", {"email": "a@b.example"})
    assert (read.route, read.writes) == ("GET /v2/contacts/retrieve-collection", False)
    assert (write.route, write.writes) == ("POST /v2/contacts", True)
