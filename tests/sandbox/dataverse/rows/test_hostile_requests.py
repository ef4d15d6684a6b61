"""Nothing that a client can send breaks the simulated organisation: every answer is one of its own."""

import json
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .api import Client

WORDS = st.sampled_from(
    [
        *("firstname", "numberofchildren", "createdon", "birthdate", "donotemail", "ownerid", "_ownerid_value"),
        *("eq", "ne", "gt", "and", "or", "not", "(", ")", ",", "/", "null", "true", "in", "@p1", "[", "]", "desc"),
        *("'x'", "'ü'", "''", "'[z-a]'", "'[a-'", "5", "-1", "1e400", "9" * 25, "2026-03-04", "2026-13-45"),
        *("2026-03-04T08:10:44Z", "9999-12-31T23:59:59-10:00", "00000063-0000-4000-8000-000000000063"),
        *("contains(firstname", "contact_customer_accounts/any(", "parentcustomerid_account/name", "$count as n"),
        "Microsoft.Dynamics.CRM.LastXYears(PropertyName='createdon',PropertyValue=5000)",
        "Microsoft.Dynamics.CRM.In(PropertyName='numberofchildren',PropertyValues=['99999999999999999999'])",
        *("groupby((", "))", "aggregate(", "with sum as"),
    ]
)
OPTIONS = st.sampled_from(
    ["$filter", "$orderby", "$select", "$expand", "$apply", "$top", "$count", "$skiptoken", "$deltatoken", "fetchXml"]
)
VALUES: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=60),
    st.sampled_from(["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "/accounts(", "$1", "/contacts(x=1)"]),
    st.lists(st.dictionaries(st.sampled_from(["lastname", "nosuch"]), st.integers(), max_size=2), max_size=2),
)
NAMES = st.sampled_from(
    [
        *("lastname", "birthdate", "numberofchildren", "donotemail", "statecode", "statuscode", "overriddencreatedon"),
        *("parentcustomerid_account@odata.bind", "ownerid@odata.bind", "contact_customer_contacts", "contactid", "x@y"),
    ]
)
once_per_state = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@once_per_state
@given(option=OPTIONS, words=st.lists(WORDS, max_size=7))
def test_any_query_is_answered(admin: Client, option: str, words: list[str]) -> None:
    answer = admin.get(f"contacts?{option}={' '.join(words)}")
    assert answer.status in {200, 400, 403, 404}


@once_per_state
@given(body=st.dictionaries(NAMES, VALUES, max_size=3))
def test_any_body_is_answered(admin: Client, body: dict[str, Any]) -> None:
    assert admin.post("contacts", body).status in {204, 400, 404, 412}
    targets = [{"@odata.type": "Microsoft.Dynamics.CRM.contact", **body}]
    assert admin.post("contacts/Microsoft.Dynamics.CRM.UpsertMultiple", {"Targets": targets}).status in {
        204,
        400,
        404,
        412,
    }


@pytest.mark.parametrize(
    "path",
    [
        "contacts(')",
        "contacts(((",
        "contacts(a=b)",
        "contacts()",
        "contacts(1)/x/y",
        "$batch",
        "contacts/$ref",
        "%00",
        "a/b/c",
    ],
)
def test_any_address_is_answered(admin: Client, path: str) -> None:
    assert admin.get(path).status in {400, 404, 405}


def test_numbers_and_dates_beyond_all_ranges_find_nothing_or_are_refused(admin: Client) -> None:
    admin.create("contacts", lastname="x", numberofchildren=1)
    assert admin.get(f"contacts?$filter=numberofchildren eq {'9' * 25}").rows == []
    assert len(admin.get(f"contacts?$filter=numberofchildren lt {'9' * 25}").rows) == 1
    assert admin.get("contacts?$filter=createdon lt 9999-12-31T23:59:59-10:00").status == 400
    assert admin.post("contacts", {"overriddencreatedon": "9999-12-31T23:59:59-14:00"}).status == 400
    assert admin.get("contacts?$filter=contains(lastname,'[z-a]')").rows == []


@pytest.mark.parametrize("value", [10**30, -(10**30), 1.5, "x", None, [1], {"a": 1}, True])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_any_token_of_a_next_link_is_answered(admin: Client, value: Any, count: int) -> None:
    since = "$deltatoken=2751000!03%2F04%2F2026%2008:10:44"
    inner = f"<cookie page='1'>{''.join(f'<k{n} last={quoteattr(json.dumps(value))}/>' for n in range(count))}</cookie>"
    encoded = quote(quote(inner, safe=""), safe="")
    token = quote(f'<cookie pagenumber="2" pagingcookie="{encoded}" istracking="True" />', safe="")
    for query in (
        f"$skiptoken={token}",
        f"$orderby=numberofchildren&$skiptoken={token}",
        f"{since}&$skiptoken={token}",
    ):
        assert admin.get(f"contacts?{query}").status in {200, 400}, query
        assert admin.get(f"contacts?{query}", Prefer="odata.track-changes").status in {200, 400}, query


@pytest.mark.parametrize("version", ["-1", "9" * 25, "-" + "9" * 25])
def test_any_delta_token_is_answered(admin: Client, version: str) -> None:
    for moment in ("01%2F01%2F0001%2008:10:44", "12%2F31%2F9999%2023:59:59"):
        for path in (f"contacts?$deltatoken={version}!{moment}", f"contacts/$count?$deltatoken={version}!{moment}"):
            assert admin.get(path).code == "0x80044352"


def test_numbers_and_words_of_any_size_are_answered(admin: Client) -> None:
    admin.create("contacts", lastname="x", creditlimit=5, donotemail=True)
    for column in ("creditlimit", "numberofchildren", "donotemail", "versionnumber"):
        assert admin.get(f"contacts?$filter={column} lt {'9' * 400}").status in {200, 400}
        for value in ("9" * 400, "1e999", "-1e999", "nan", "²", ""):
            for operator in ("eq", "in", "like", "between"):
                both = f"<value>{value}</value><value>{value}</value>"
                query = (
                    f'<fetch><entity name="contact"><filter><condition attribute="{column}" operator="{operator}">'
                    f"{both}</condition></filter></entity></fetch>"
                )
                for values in (both, f"<value>{value}</value>"):
                    written = quote(query.replace(both, values))
                    assert admin.get(f"contacts?fetchXml={written}").status in {200, 400}
    assert len(admin.get(f"contacts?$filter=creditlimit lt {'9' * 400}").rows) == 1


def test_a_lead_is_not_qualified_with_a_status_that_does_not_exist(admin: Client) -> None:
    lead = admin.create("leads", subject="s", lastname="x")
    for status in (10**30, 99, True, "3"):
        answer = admin.post(f"leads({lead})/Microsoft.Dynamics.CRM.QualifyLead", {"Status": status})
        assert answer.status == 400, answer.text
