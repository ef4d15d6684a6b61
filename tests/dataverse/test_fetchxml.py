"""Stored queries: rewritten for our columns, paged by cookie, counted."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit
from xml.etree.ElementTree import fromstring

import msgspec
import pytest

from dyntui.dataverse import fetchxml
from dyntui.dataverse.errors import DataverseError
from tests.dataverse.conversation import Conversation, ok

# The annotation of the reference's sample (data/sample_responses.json, fetchxml_page1).
COOKIE = (
    '<cookie pagenumber="2" pagingcookie="%253ccookie%2520page%253d%25221%2522%253e%253ccontactid%2520last%253d%2522'
    "%257b00000016-0000-4000-8000-000000000016%257d%2522%2520first%253d%2522%257b00000015-0000-4000-8000-000000000015"
    '%257d%2522%2520%252f%253e%253c%252fcookie%253e" istracking="False" />'
)
STORED = """<fetch version="1.0" count="50" page="3" returntotalrecordcount="true"><entity name="contact">
<all-attributes/><attribute name="fullname"/><order attribute="fullname"/>
<filter><condition attribute="statecode" operator="eq" value="0"/></filter>
<link-entity name="account" from="accountid" to="parentcustomerid" alias="a"><attribute name="name"/>
<order attribute="name"/><filter><condition attribute="name" operator="like" value="A&amp;B%"/></filter></link-entity>
</entity></fetch>"""


class Person(msgspec.Struct, frozen=True, rename={"id": "contactid", "email": "emailaddress1"}):
    id: str
    email: str | None = None


def asked(talk: Conversation, place: int = -1):
    url = str(talk.requests[place].url)
    return fromstring(parse_qs(urlsplit(url).query)["fetchXml"][0])


def test_a_stored_query_keeps_its_rows_and_takes_our_columns():
    root = fromstring(fetchxml.with_columns(STORED, ["emailaddress1", "contactid"], "contactid"))
    entity = root.find("entity")
    assert entity is not None
    assert [each.get("name") for each in entity.findall("attribute")] == ["contactid", "emailaddress1"]
    assert [each.get("attribute") for each in root.iter("order")] == ["contactid"]
    assert root.find(".//all-attributes") is None
    assert root.find(".//link-entity/attribute") is None
    assert [each.get("value") for each in root.iter("condition")] == ["0", "A&B%"]
    assert root.get("distinct") == "true"
    assert not {"page", "count", "returntotalrecordcount"} & set(root.attrib)


def test_a_query_for_the_first_few_keeps_the_order_that_decides_them():
    few = '<fetch top="10"><entity name="lead"><order attribute="createdon" descending="true"/></entity></fetch>'
    root = fromstring(fetchxml.with_columns(few, ["emailaddress1"], "leadid"))
    assert root.get("top") == "10"
    assert [each.get("attribute") for each in root.iter("order")] == ["createdon"]


@pytest.mark.parametrize(
    "text",
    ["", "not xml", "<fetch/>", "<other/>", '<!DOCTYPE f [<!ENTITY e "x">]><fetch><entity name="&e;"/></fetch>'],
)
def test_what_is_no_query_or_a_hostile_one_is_refused(text: str):
    with pytest.raises(DataverseError) as raised:
        fetchxml.entity_of(text)
    assert raised.value.code == "DATAVERSE_QUERY_INVALID"


async def test_pages_follow_the_cookie_decoded_twice():
    first = {
        "value": [{"contactid": "1"}, {"contactid": "2", "emailaddress1": "b@x.org"}],
        "@Microsoft.Dynamics.CRM.fetchxmlpagingcookie": COOKIE,
        "@Microsoft.Dynamics.CRM.morerecords": True,
    }
    talk = Conversation(ok(first), ok({"value": [], "@Microsoft.Dynamics.CRM.morerecords": False}))
    async with talk.client() as dv:
        pages = [page async for page in fetchxml.fetch_pages(dv, "contacts", Person, STORED, pagesize=2)]
    assert [row.email for row in pages[0].rows] == [None, "b@x.org"]
    assert (asked(talk, 0).get("page"), asked(talk, 0).get("count")) == ("1", "2")
    assert asked(talk, 1).get("page") == "2"
    assert asked(talk, 1).get("paging-cookie") == (
        '<cookie page="1"><contactid last="{00000016-0000-4000-8000-000000000016}"'
        ' first="{00000015-0000-4000-8000-000000000015}" /></cookie>'
    )
    assert pages[0].cursor is not None
    assert pages[1].cursor is None


async def test_a_page_whose_cookie_is_that_of_the_one_before_ends_the_listing_by_name():
    again = {
        "value": [{"contactid": "1"}],
        "@Microsoft.Dynamics.CRM.fetchxmlpagingcookie": COOKIE,
        "@Microsoft.Dynamics.CRM.morerecords": True,
    }
    async with Conversation(ok(again), forever=True).client() as dv:
        with pytest.raises(DataverseError, match="DATAVERSE_PAGE_REPEATS"):
            async for _ in fetchxml.fetch_pages(dv, "contacts", Person, STORED):
                pass


async def test_a_listing_goes_on_from_a_stored_cursor():
    first = {
        "value": [],
        "@Microsoft.Dynamics.CRM.fetchxmlpagingcookie": COOKIE,
        "@Microsoft.Dynamics.CRM.morerecords": "true",
    }
    talk = Conversation(ok(first), ok({"value": []}))
    async with talk.client() as dv:
        pages = fetchxml.fetch_pages(dv, "contacts", Person, STORED)
        cursor = (await anext(pages)).cursor
        await pages.aclose()  # type: ignore[attr-defined]
        async for _ in fetchxml.fetch_pages(dv, "contacts", Person, STORED, resume=cursor):
            pass
    assert asked(talk).get("page") == "2"
    assert asked(talk).get("paging-cookie")


async def test_a_long_query_travels_in_a_batch():
    values = "".join(f"<value>someone.{n:05}@a-long-domain.example.org</value>" for n in range(600))
    condition = f'<condition attribute="emailaddress1" operator="in">{values}</condition>'
    query = f'<fetch><entity name="contact"><filter>{condition}</filter></entity></fetch>'
    boundary = "batchresponse_1"
    part = (
        "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
        'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"value":[{"contactid":"1"}]}'
    )
    answer = f"--{boundary}\r\n{part}\r\n--{boundary}--\r\n"
    import httpx

    talk = Conversation(
        httpx.Response(200, content=answer.encode(), headers={"Content-Type": f"multipart/mixed; boundary={boundary}"})
    )
    async with talk.client() as dv:
        pages = [page async for page in fetchxml.fetch_pages(dv, "contacts", Person, query)]
    assert [row.id for row in pages[0].rows] == ["1"]
    assert talk.calls == [("read", "POST $batch")]


async def test_a_count_is_made_by_the_server_over_distinct_rows():
    talk = Conversation(ok({"value": [{"dyntui_rows": 4711}]}))
    async with talk.client() as dv:
        assert await fetchxml.count(dv, "contacts", STORED, "contactid") == 4711
    root = asked(talk)
    assert root.get("aggregate") == "true"
    attribute = root.find("entity/attribute")
    assert attribute is not None
    assert (attribute.get("aggregate"), attribute.get("distinct")) == ("countcolumn", "true")
    assert list(root.iter("order")) == []


def test_the_columns_that_a_query_asks_about_are_told_with_their_tables() -> None:
    query = """<fetch><entity name="contact">
      <attribute name="lastname"/>
      <filter type="or"><condition attribute="jobtitle" operator="null"/>
        <filter><condition attribute="revenue" entityname="firm" operator="gt" value="1"/></filter></filter>
      <link-entity name="account" from="accountid" to="parentcustomerid" alias="firm">
        <filter><condition attribute="primarycontactidname" operator="eq" valueof="lead.subject"/></filter>
        <link-entity name="lead" from="customerid" to="accountid"/>
      </link-entity></entity></fetch>"""
    assert fetchxml.asked_about(query) >= {
        *("contact.jobtitle", "account.revenue", "account.primarycontactid", "lead.subject"),
    }
    assert not any("lastname" in each or each.startswith("contact.revenue") for each in fetchxml.asked_about(query))
