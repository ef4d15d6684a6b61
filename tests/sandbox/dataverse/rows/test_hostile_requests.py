"""Nothing that a client can send breaks the simulated organisation: every answer is one of its own."""

from typing import Any

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
