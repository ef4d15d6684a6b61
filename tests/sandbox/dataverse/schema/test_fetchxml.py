"""What FetchXML finds, page by page."""

# ruff: noqa: E501 - a query reads best in one line

from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import quoteattr

import pytest

from dyntui.sandbox.dataverse import fetchxml, fetchxml_cookie, storage
from dyntui.sandbox.dataverse.call import Call
from dyntui.sandbox.dataverse.errors import DataverseError
from dyntui.sandbox.dataverse.fetchxml_parse import parse
from dyntui.sandbox.dataverse.tables import Column, Option
from dyntui.sandbox.state import State
from tests.sandbox.dataverse.schema.conftest import People

Calling = Callable[..., Call]


def fetch(inside: str, table: str = "contact", **attributes: Any) -> str:
    written = "".join(f" {name.replace('_', '-')}={quoteattr(str(value))}" for name, value in attributes.items())
    return f'<fetch{written}><entity name="{table}">{inside}</entity></fetch>'


def page_of(call: Call, text: str, table: str = "contact") -> fetchxml.Page:
    return fetchxml.run(call, call.schema.tables[table], parse(text))


def rows(call: Call, text: str, table: str = "contact") -> list[dict[str, Any]]:
    return page_of(call, text, table).rows


def last_names(call: Call, text: str) -> list[str]:
    return [row["lastname"] for row in rows(call, text)]


def where(condition: str, kind: str = "and") -> str:
    return fetch(f'<attribute name="lastname"/><order attribute="lastname"/><filter type="{kind}">{condition}</filter>')


@pytest.fixture
def crowd(people: People) -> dict[str, str]:
    owner = people.user("Olga Owner", "Basic User")
    account = people.row("account", owner, name="Example Ltd")
    return {
        "owner": owner,
        "account": account,
        "Abel": people.row(
            "contact",
            owner,
            lastname="Abel",
            emailaddress1="abel@example.org",
            createdon="2026-03-04T01:00:00Z",
            parentcustomerid=account,
            parentcustomeridtype="account",
            creditlimit=100.0,
            numberofchildren=1,
        ),
        "Baker": people.row(
            "contact",
            owner,
            lastname="Baker",
            emailaddress1="BAKER@example.org",
            createdon="2026-03-03T10:00:00Z",
            creditlimit=300.0,
            numberofchildren=4,
            statecode=1,
            statuscode=2,
        ),
        "Çelik": people.row(
            "contact", owner, lastname="Çelik", createdon="2026-02-20T10:00:00Z", birthdate="1990-05-06"
        ),
        "Dorn": people.row("contact", owner, lastname="Dorn", createdon="2025-01-15T10:00:00Z", donotbulkemail=1),
    }


def test_null_columns_are_left_out_and_the_key_is_always_shown(calling: Calling, crowd: dict[str, str]) -> None:
    [row] = rows(calling(), where('<condition attribute="lastname" operator="eq" value="dorn"/>'))
    assert row == {"@odata.etag": row["@odata.etag"], "lastname": "Dorn", "contactid": crowd["Dorn"]}
    [without] = rows(
        calling(),
        fetch(
            f'<attribute name="emailaddress1"/><filter><condition attribute="contactid" operator="eq" value="{{{crowd["Dorn"].upper()}}}"/></filter>'
        ),
    )
    assert set(without) == {"@odata.etag", "contactid"}


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ('<condition attribute="lastname" operator="ne" value="Abel"/>', ["Baker", "Dorn", "Çelik"]),
        ('<condition attribute="emailaddress1" operator="ne" value="abel@example.org"/>', ["Baker", "Dorn", "Çelik"]),
        ('<condition attribute="emailaddress1" operator="like" value="%EXAMPLE.org"/>', ["Abel", "Baker"]),
        ('<condition attribute="emailaddress1" operator="not-like" value="a%"/>', ["Baker", "Dorn", "Çelik"]),
        ('<condition attribute="lastname" operator="eq" value="çELIK"/>', ["Çelik"]),
        ('<condition attribute="lastname" operator="in"><value>Abel</value><value>ÇELIK</value></condition>', ["Abel", "Çelik"]),
        ('<condition attribute="lastname" operator="not-in"><value>Abel</value><value>Dorn</value></condition>', ["Baker", "Çelik"]),
        ('<condition attribute="emailaddress1" operator="null"/>', ["Dorn", "Çelik"]),
        ('<condition attribute="emailaddress1" operator="not-null"/>', ["Abel", "Baker"]),
        ('<condition attribute="creditlimit" operator="between"><value>50</value><value>200</value></condition>', ["Abel"]),
        ('<condition attribute="numberofchildren" operator="ge" value="2"/>', ["Baker"]),
        ('<condition attribute="lastname" operator="begins-with" value="b"/>', ["Baker"]),
        ('<condition attribute="lastname" operator="ends-with" value="n"/>', ["Dorn"]),
        ('<condition attribute="statecode" operator="eq" value="1"/>', ["Baker"]),
        ('<condition attribute="donotbulkemail" operator="eq" value="true"/>', ["Dorn"]),
        ('<condition attribute="donotbulkemail" operator="eq" value="1"/>', ["Dorn"]),
        ('<condition attribute="createdon" operator="today"/>', ["Abel"]),
        ('<condition attribute="createdon" operator="yesterday"/>', ["Baker"]),
        ('<condition attribute="createdon" operator="last-x-days" value="1"/>', ["Abel", "Baker"]),
        ('<condition attribute="createdon" operator="this-month"/>', ["Abel", "Baker"]),
        ('<condition attribute="createdon" operator="last-month"/>', ["Çelik"]),
        ('<condition attribute="createdon" operator="last-year"/>', ["Dorn"]),
        ('<condition attribute="createdon" operator="olderthan-x-months" value="2"/>', ["Dorn"]),
        ('<condition attribute="createdon" operator="olderthan-x-minutes" value="480"/>', ["Baker", "Dorn", "Çelik"]),
        ('<condition attribute="createdon" operator="olderthan-x-hours" value="24"/>', ["Dorn", "Çelik"]),
        ('<condition attribute="createdon" operator="olderthan-x-days" value="5"/>', ["Dorn", "Çelik"]),
        ('<condition attribute="createdon" operator="olderthan-x-weeks" value="3"/>', ["Dorn"]),
        ('<condition attribute="createdon" operator="olderthan-x-years" value="1"/>', ["Dorn"]),
        ('<condition attribute="birthdate" operator="in-fiscal-period" value="2"/>', ["Çelik"]),
        ('<condition attribute="createdon" operator="in-fiscal-period" value="1"/>', ["Abel", "Baker", "Dorn", "Çelik"]),
        ('<condition attribute="createdon" operator="in-or-after-fiscal-period-and-year"><value>1</value><value>2026</value></condition>', ["Abel", "Baker", "Çelik"]),
        ('<condition attribute="createdon" operator="in-or-before-fiscal-period-and-year"><value>2</value><value>2025</value></condition>', ["Dorn"]),
        ('<condition attribute="createdon" operator="on" value="2026-03-03"/>', ["Baker"]),
        ('<condition attribute="createdon" operator="on-or-before" value="2026-02-20"/>', ["Dorn", "Çelik"]),
        ('<condition attribute="createdon" operator="on-or-after" value="2026-03-03"/>', ["Abel", "Baker"]),
        ('<condition attribute="birthdate" operator="on" value="1990-05-06"/>', ["Çelik"]),
        ('<condition attribute="parentcustomeridname" operator="like" value="exam%"/>', ["Abel"]),
        ('<condition attribute="creditlimit" operator="gt" valueof="numberofchildren"/>', ["Abel", "Baker"]),
        (
            '<filter type="or"><condition attribute="lastname" operator="eq" value="Abel"/>'
            '<filter><condition attribute="lastname" operator="eq" value="Dorn"/></filter></filter>',
            ["Abel", "Dorn"],
        ),
    ],
)  # fmt: skip
def test_a_condition_finds_who_it_is_about(
    calling: Calling, crowd: dict[str, str], condition: str, found: list[str]
) -> None:
    assert last_names(calling(), where(condition)) == found


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ('<condition attribute="emailaddress1" operator="ne" value="abel@example.org"/>', ["Baker"]),
        ('<condition attribute="emailaddress1" operator="not-like" value="a%"/>', ["Baker"]),
        ('<condition attribute="emailaddress1" operator="not-in"><value>abel@example.org</value></condition>', ["Baker"]),
        ('<condition attribute="emailaddress1" operator="not-begin-with" value="a"/>', ["Baker"]),
        ('<condition attribute="emailaddress1" operator="not-end-with" value="z"/>', ["Abel", "Baker"]),
        ('<condition attribute="creditlimit" operator="not-between"><value>50</value><value>200</value></condition>', ["Baker"]),
    ],
)  # fmt: skip
def test_with_the_switch_off_negated_operators_pass_over_empty_columns(
    calling: Calling, crowd: dict[str, str], state: State, condition: str, found: list[str]
) -> None:
    with_nulls = last_names(calling(), where(condition))
    assert set(with_nulls) > set(found)
    state.config.dataverse.not_equal_includes_null = False
    assert last_names(calling(), where(condition)) == found


def test_a_boolean_column_is_not_compared_with_another_word(calling: Calling, crowd: dict[str, str]) -> None:
    with pytest.raises(DataverseError) as caught:
        rows(calling(), where('<condition attribute="donotbulkemail" operator="eq" value="maybe"/>'))
    assert caught.value.code == "0x80040203"
    assert "maybe" in caught.value.message


def test_children_are_the_next_level_of_a_hierarchy(calling: Calling, people: People, crowd: dict[str, str]) -> None:
    top = people.row("account", crowd["owner"], name="Top")
    middle = people.row("account", crowd["owner"], name="Middle", parentaccountid=top)
    people.row("account", crowd["owner"], name="Bottom", parentaccountid=middle)

    def names(operator: str) -> list[str]:
        query = (
            f'<fetch><entity name="account"><attribute name="name"/><order attribute="name"/><filter>'
            f'<condition attribute="accountid" operator="{operator}" value="{top}"/></filter></entity></fetch>'
        )
        return [row["name"] for row in rows(calling(), query, "account")]

    assert names("child-of") == ["Middle"]
    assert names("under") == ["Bottom", "Middle"]
    assert "Top" in names("not-under")


def test_eq_userlanguage_is_the_language_of_whoever_asks(calling: Calling, state: State) -> None:
    query = (
        '<fetch><entity name="organization"><attribute name="name"/><filter>'
        '<condition attribute="languagecode" operator="eq-userlanguage"/></filter></entity></fetch>'
    )
    assert len(rows(calling(), query, "organization")) == 1
    state.config.dataverse.base_language = 1031
    assert rows(calling(), query, "organization") == []


def test_eq_userid_is_about_whoever_asks(calling: Calling, people: People, crowd: dict[str, str]) -> None:
    query = where('<condition attribute="ownerid" operator="eq-userid"/>')
    assert last_names(calling(), query) == []
    assert last_names(calling(people.caller(crowd["owner"])), query) == ["Abel", "Baker", "Dorn", "Çelik"]


def test_an_inner_link_restricts_and_shows_columns_under_its_alias(calling: Calling, crowd: dict[str, str]) -> None:
    link = '<link-entity name="account" from="accountid" to="parentcustomerid" alias="firm"><attribute name="name"/></link-entity>'
    [row] = rows(calling(), fetch(f'<attribute name="lastname"/>{link}'))
    assert (row["lastname"], row["firm.name"]) == ("Abel", "Example Ltd")


def test_an_outer_link_keeps_rows_without_partner_and_its_filter_belongs_to_the_join(
    calling: Calling, crowd: dict[str, str]
) -> None:
    link = (
        '<link-entity name="account" from="accountid" to="parentcustomerid" link-type="outer" alias="firm">'
        '<attribute name="name"/><filter><condition attribute="name" operator="eq" value="Other"/></filter></link-entity>'
    )
    found = rows(calling(), fetch(f'<attribute name="lastname"/>{link}'))
    assert len(found) == 4
    assert all("firm.name" not in row for row in found)


def test_rows_without_partner_are_found_by_an_outer_link_and_a_null_condition(
    calling: Calling, crowd: dict[str, str]
) -> None:
    query = fetch(
        '<attribute name="lastname"/><order attribute="lastname"/><filter><condition entityname="firm" attribute="accountid" operator="null"/></filter>'
        '<link-entity name="account" from="accountid" to="parentcustomerid" link-type="outer" alias="firm"/>'
    )
    assert last_names(calling(), query) == ["Baker", "Dorn", "Çelik"]


def test_links_nest_over_intersect_tables(calling: Calling, people: People, crowd: dict[str, str]) -> None:
    query = fetch(
        '<attribute name="name"/><link-entity name="systemuserroles" from="roleid" to="roleid" intersect="true">'
        '<link-entity name="systemuser" from="systemuserid" to="systemuserid" alias="who"><attribute name="fullname"/>'
        '<filter><condition attribute="fullname" operator="eq" value="Olga Owner"/></filter></link-entity></link-entity>',
        table="role",
    )
    [row] = rows(calling(), query, "role")
    assert (row["name"], row["who.fullname"]) == ("Basic User", "Olga Owner")


def test_members_of_a_list_are_found_with_the_date_of_their_membership(
    calling: Calling, state: State, people: People, crowd: dict[str, str]
) -> None:
    marketing_list = people.row("list", crowd["owner"], listname="News", createdfromcode=2, type=0)
    for name in ("Abel", "Dorn"):
        people.row(
            "listmember", listid=marketing_list, entityid=crowd[name], entityidtype="contact", entitytype="contact"
        )
    inside = (
        f'<link-entity name="listmember" from="entityid" to="contactid" alias="lm"><attribute name="createdon"/>'
        f'<filter><condition attribute="listid" operator="eq" value="{marketing_list}"/></filter></link-entity>'
    )
    found = rows(calling(), fetch(f'<attribute name="lastname"/><order attribute="lastname"/>{inside}'))
    assert [(row["lastname"], row["lm.createdon"]) for row in found] == [
        ("Abel", "2026-03-04T08:10:44Z"),
        ("Dorn", "2026-03-04T08:10:44Z"),
    ]
    assert fetchxml.count(state, calling().caller, fetch(inside)) == 2


def test_distinct_shows_a_row_once_however_many_partners_it_has(
    calling: Calling, people: People, crowd: dict[str, str]
) -> None:
    for name in ("A", "B"):
        people.row(
            "contact", crowd["owner"], lastname=name, parentcustomerid=crowd["account"], parentcustomeridtype="account"
        )
    link = '<link-entity name="contact" from="parentcustomerid" to="accountid" alias="c"/>'
    attributes = '<attribute name="name"/><attribute name="accountid"/>'
    assert len(rows(calling(), fetch(f"{attributes}{link}", "account"), "account")) == 3
    assert len(rows(calling(), fetch(f"{attributes}{link}", "account", distinct="true"), "account")) == 1
    names_only = rows(calling(), fetch(f'<attribute name="name"/>{link}', "account", distinct="true"), "account")
    assert names_only == [{"name": "Example Ltd"}]


def test_pages_follow_each_other_by_the_cookie_without_gap_or_repetition(
    calling: Calling, people: People, crowd: dict[str, str]
) -> None:
    for number in range(23):
        people.row("contact", crowd["owner"], lastname=f"Group {number % 3}", numberofchildren=number % 5 or None)
    inside = '<attribute name="lastname"/><order attribute="numberofchildren" descending="true"/><order attribute="lastname"/>'
    seen: list[str] = []
    cookie, page = None, 1
    while True:
        attributes: dict[str, Any] = {"count": 5, "page": page} | ({"paging_cookie": cookie} if cookie else {})
        answer = page_of(calling(), fetch(inside, **attributes))
        seen += [row["contactid"] for row in answer.rows]
        if not answer.more:
            assert answer.cookie is None
            break
        assert answer.cookie is not None
        cookie, page = fetchxml_cookie.decode(answer.cookie), page + 1
    everything = [row["contactid"] for row in rows(calling(), fetch(inside))]
    assert seen == everything
    assert len(set(seen)) == 27


def test_the_cookie_has_the_platforms_form(calling: Calling, crowd: dict[str, str]) -> None:
    page = page_of(calling(), fetch('<attribute name="lastname"/>', count=2, page=1))
    assert page.more
    assert page.cookie is not None
    assert page.cookie.startswith(
        '<cookie pagenumber="2" pagingcookie="%253ccookie%2520page%253d%25221%2522%253e%253ccontactid%2520last'
    )
    assert fetchxml_cookie.decode(page.cookie).startswith('<cookie page="1"><contactid last="{')


def test_a_cookie_still_encoded_is_refused(calling: Calling, crowd: dict[str, str]) -> None:
    page = page_of(calling(), fetch("", count=2))
    with pytest.raises(DataverseError) as caught:
        rows(calling(), fetch("", count=2, page=2, paging_cookie=page.cookie))
    assert caught.value.code == "0x8004112a"


def test_paging_by_number_alone_ends_at_fifty_thousand_rows(calling: Calling) -> None:
    rows(calling(), fetch("", count=5000, page=10))
    with pytest.raises(DataverseError) as caught:
        rows(calling(), fetch("", count=5000, page=11))
    assert caught.value.code == "0x8004430a"


def test_a_query_ordered_by_a_linked_column_gives_no_cookie(calling: Calling, crowd: dict[str, str]) -> None:
    link = '<link-entity name="systemuser" from="systemuserid" to="owninguser" alias="u"><order attribute="fullname"/></link-entity>'
    page = page_of(calling(), fetch(link, count=2))
    assert (page.more, page.cookie) == (True, None)


def test_aggregates_count_sum_and_group(calling: Calling, crowd: dict[str, str]) -> None:
    query = fetch(
        '<attribute name="statecode" groupby="true" alias="state"/><attribute name="contactid" aggregate="count" alias="people"/>'
        '<attribute name="creditlimit" aggregate="sum" alias="credit"/><attribute name="emailaddress1" aggregate="countcolumn" alias="mails"/>'
        '<order alias="people" descending="true"/>',
        aggregate="true",
    )
    assert rows(calling(), query) == [
        {"state": 0, "people": 3, "credit": 100.0, "mails": 1},
        {"state": 1, "people": 1, "credit": 300.0, "mails": 1},
    ]


def test_dates_are_grouped_by_their_parts(calling: Calling, crowd: dict[str, str]) -> None:
    query = fetch(
        '<attribute name="createdon" groupby="true" dategrouping="year" alias="year"/>'
        '<attribute name="contactid" aggregate="count" alias="n"/><order alias="year"/>',
        aggregate="true",
    )
    assert rows(calling(), query) == [{"year": 2025, "n": 1}, {"year": 2026, "n": 3}]


def test_an_aggregate_of_too_many_rows_is_refused(calling: Calling, crowd: dict[str, str]) -> None:
    query = fetch('<attribute name="contactid" aggregate="count" alias="n"/>', aggregate="true", aggregatelimit=3)
    with pytest.raises(DataverseError) as caught:
        rows(calling(), query)
    assert caught.value.code == "0x8004e023"


def test_annotations_describe_own_and_linked_columns(calling: Calling, crowd: dict[str, str]) -> None:
    link = '<link-entity name="account" from="accountid" to="parentcustomerid" alias="firm"><attribute name="ownerid"/></link-entity>'
    [row] = rows(calling(None, "*"), fetch(f'<attribute name="parentcustomerid"/><attribute name="statecode"/>{link}'))
    assert row["_parentcustomerid_value@OData.Community.Display.V1.FormattedValue"] == "Example Ltd"
    assert row["_parentcustomerid_value@Microsoft.Dynamics.CRM.lookuplogicalname"] == "account"
    assert row["statecode@OData.Community.Display.V1.FormattedValue"] == "Active"
    assert row["firm.ownerid"] == crowd["owner"]
    assert row["firm.ownerid@OData.Community.Display.V1.FormattedValue"] == "Olga Owner"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("<fetch><entity name='contact'>", "0x80040201"),
        ("<!DOCTYPE x [<!ENTITY a 'b'>]><fetch><entity name='contact'/></fetch>", "0x80040201"),
        ("<fetch/>", "0x80041102"),
        ("<fetch><entity name='contact'><surprise/></entity></fetch>", "0x8004111c"),
        (fetch('<attribute name="nothing"/>'), "0x80041103"),
        (fetch('<filter><condition attribute="nothing" operator="null"/></filter>'), "0x80041103"),
        (fetch('<order attribute="nothing"/>'), "0x8004111e"),
        (fetch('<link-entity name="nothing" from="a" to="b"/>'), "0x80041102"),
        (fetch('<filter><condition attribute="lastname" operator="resembles" value="x"/></filter>'), "0x80041106"),
        (fetch('<filter><condition attribute="statecode" operator="eq" value="Active"/></filter>'), "0x80040203"),
        (fetch("", top=5, count=5), "0x80040203"),
        (fetch('<link-entity name="account" from="accountid" to="parentcustomerid"/>' * 16), "0x8004430d"),
        (fetch('<filter>' + '<condition attribute="lastname" operator="null"/>' * 501 + '</filter>'), "0x8004430c"),
        (fetch("", table="account"), "0x80060888"),
    ],
)  # fmt: skip
def test_a_wrong_query_is_refused_with_the_platforms_code(calling: Calling, text: str, code: str) -> None:
    with pytest.raises(DataverseError) as caught:
        rows(calling(), text)
    assert caught.value.code == code


def test_hostile_names_and_values_stay_values(calling: Calling, state: State, crowd: dict[str, str]) -> None:
    hostile = "x'); DROP TABLE dv_contact; --"
    assert (
        last_names(calling(), where(f'<condition attribute="lastname" operator="eq" value={quoteattr(hostile)}/>'))
        == []
    )
    with pytest.raises(DataverseError):
        rows(calling(), fetch(f"<attribute name={quoteattr(hostile)}/>"))
    assert state.db.execute("SELECT COUNT(*) FROM dv_contact").fetchone()[0] == 4


def test_only_rows_the_caller_may_read_are_found_in_linked_tables_too(
    calling: Calling, people: People, crowd: dict[str, str]
) -> None:
    stranger = people.caller(people.user("Sven Stranger", "Basic User"))
    assert rows(calling(stranger), fetch("")) == []
    people.row(
        "contact", stranger.user_id, lastname="Own", parentcustomerid=crowd["account"], parentcustomeridtype="account"
    )
    link = '<link-entity name="account" from="accountid" to="parentcustomerid" link-type="{}"><attribute name="name"/></link-entity>'
    assert rows(calling(stranger), fetch(link.format("inner"))) == []
    [row] = rows(calling(stranger), fetch(link.format("outer")))
    assert "account1.name" not in row


def test_several_choices_are_in_values_when_they_are_exactly_these(
    calling: Calling, people: People, state: State
) -> None:
    table = calling().schema.tables["contact"]
    column = Column("ddg_topics", "ddg_Topics", "MultiSelectPicklist", options=[Option(n, str(n)) for n in (1, 2, 3)])
    storage.add_column(state, table, column)
    owner = people.user("Olga", "Basic User")
    for name, chosen in (("A", "1,3"), ("B", "1"), ("C", "1,2,3"), ("D", None)):
        people.row("contact", owner, lastname=name, ddg_topics=chosen)

    def found(operator: str, *values: str) -> str:
        written = "".join(f"<value>{value}</value>" for value in values)
        condition = f'<condition attribute="ddg_topics" operator="{operator}">{written}</condition>'
        return "".join(last_names(calling(), where(condition)))

    assert (found("in", "3", "1"), found("in", "1"), found("eq", "1")) == ("A", "B", "B")
    assert found("not-in", "1", "3") == "BCD"
    assert found("contain-values", "3") == "AC"
    with pytest.raises(DataverseError):
        found("in", "x")
