"""The Dataverse client against the sandbox, over HTTPS, faults and limits included."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator

import msgspec
import pytest
from trustme import CA, KeyType

from dyntui.dataverse import batch, bulk, changes, fetchxml, lists, membership, rows, security
from dyntui.dataverse.batch import ChangeSet, ChangeSetReply, Part
from dyntui.dataverse.credentials import Certificate, ClientSecret, DeviceCode
from dyntui.dataverse.errors import DataverseError, UnknownOutcome
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.lists import MarketingList
from dyntui.dataverse.query import differs, literal
from dyntui.dataverse.sign_in import SignIn
from tests.sandbox_process import SandboxProcess, Waits

pytestmark = pytest.mark.xdist_group("sandbox-dataverse")
CONTACTS = bulk.Table("contacts", "contact", "contactid")


class Contact(msgspec.Struct, frozen=True, rename={"id": "contactid", "name": "lastname", "email": "emailaddress1"}):
    id: str
    name: str | None = None
    email: str | None = None


async def new_list(dv: Dataverse, name: str, member_code: int = 2) -> MarketingList:
    made = await rows.create(dv, "lists", {"listname": name, "createdfromcode": member_code, "type": False})
    found = await lists.marketing_list(dv, made)
    assert found is not None
    return found


async def new_contacts(dv: Dataverse, name: str, count: int) -> list[str]:
    people = [{"contactid": str(uuid.uuid4()), "lastname": name, "firstname": f"{n}"} for n in range(count)]
    results = await bulk.create_many(dv, CONTACTS, people)
    assert all(result.error is None for result in results)
    return [str(result.id) for result in results]


async def members(dv: Dataverse, ml: MarketingList, size: int = 5000) -> list[str]:
    return [row.id async for page in lists.member_pages(dv, ml, Contact, maxpagesize=size) for row in page.rows]


async def test_the_connection_learns_who_it_is_and_how_much_at_a_time(dv: Dataverse):
    me = await security.who_am_i(dv)
    user = await security.user(dv, me.user_id)
    assert user is not None
    assert user.application_id
    assert dv.dop_hint is not None
    assert "prvreadcontact" in await security.privileges_of(dv, me.user_id)
    assert await security.roles_of(dv, me.user_id)


async def test_a_certificate_signs_in_once_it_is_known(sandbox: SandboxProcess):
    issued = CA().issue_cert("dyntui.test", key_type=KeyType.RSA)
    pem = (issued.private_key_pem.bytes() + issued.cert_chain_pems[0].bytes()).decode()
    info = sandbox.info
    given = Certificate(info["tenant"], info["client_id"], pem, authority=info["authority"])
    with pytest.raises(DataverseError) as raised:
        await SignIn(given, info["dataverse_url"], ca_file=sandbox.ca_file).token()
    assert raised.value.code == "DATAVERSE_CERTIFICATE_REFUSED", raised.value.detail
    sandbox.control.post("/certificate", json={"pem": issued.cert_chain_pems[0].bytes().decode()}).raise_for_status()
    sign_in = SignIn(given, info["dataverse_url"], ca_file=sandbox.ca_file)
    async with Dataverse(info["dataverse_url"], sign_in, ca_file=sandbox.ca_file) as dv:
        await security.who_am_i(dv)


@pytest.mark.filterwarnings("ignore:Attempted too soon")
async def test_a_person_signs_in_by_device_code_and_is_a_dynamics_user(sandbox: SandboxProcess, waits: Waits):
    info = sandbox.info
    given = DeviceCode(info["tenant"], info["client_id"], info["authority"])
    sign_in = SignIn(given, info["dataverse_url"], ca_file=sandbox.ca_file, sleep=waits.sleep)
    prompt = await sign_in.begin()
    sandbox.control.post("/device", json={"user_code": prompt.user_code, "as": "manager"}).raise_for_status()
    identity = await sign_in.finish(prompt)
    async with Dataverse(info["dataverse_url"], sign_in, ca_file=sandbox.ca_file) as dv:
        user = await security.user_by_object_id(dv, identity.object_id)
        assert user is not None
        assert (await security.who_am_i(dv)).user_id == user.id


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"secret": "wrong"}, "DATAVERSE_SECRET_REFUSED"),
        ({"client_id": "00000000-0000-4000-8000-000000000099"}, "DATAVERSE_CLIENT_UNKNOWN"),
        ({"tenant": "00000000-0000-4000-8000-000000000098"}, "DATAVERSE_TENANT_UNKNOWN"),
    ],
)
async def test_wrong_credentials_are_told_apart(sandbox: SandboxProcess, changed: dict[str, str], code: str):
    info = sandbox.info
    given = ClientSecret(info["tenant"], info["client_id"], info["client_secret"], info["authority"])
    given = msgspec.structs.replace(given, **changed)
    with pytest.raises(DataverseError) as raised:
        await SignIn(given, info["dataverse_url"], ca_file=sandbox.ca_file).token()
    assert raised.value.code == code


async def test_without_the_sandboxs_authority_nothing_is_trusted(sandbox: SandboxProcess, sign_in: SignIn):
    async with Dataverse(sandbox.info["dataverse_url"], sign_in, attempts=1) as dv:
        with pytest.raises(DataverseError) as raised:
            await security.who_am_i(dv)
    assert raised.value.code == "DATAVERSE_UNREACHABLE"


async def test_every_list_counts_as_many_members_as_it_has(dv: Dataverse):
    found = await lists.marketing_lists(dv)
    assert {ml.member_code for ml in found} == {1, 2, 4}
    assert {ml.dynamic for ml in found} == {True, False}
    for ml in found:
        ids: list[str] = []
        async for page in lists.member_pages(dv, ml, dict, select=[ml.table.key], maxpagesize=50):
            ids += [str(row[ml.table.key]) for row in page.rows]
        assert len(ids) == len(set(ids)) == await lists.count_members(dv, ml), ml.name


async def test_members_are_added_and_removed_once_however_often(dv: Dataverse, name: str):
    ml = await new_list(dv, name)
    people = await new_contacts(dv, name, 30)
    for _ in range(2):
        assert (await membership.add_members(dv, ml, people)).done == people
    assert sorted(await members(dv, ml, size=7)) == sorted(people)
    assert sorted([each async for some in lists.member_ids(dv, ml, maxpagesize=7) for each in some]) == sorted(people)
    for _ in range(2):
        assert (await membership.remove_members(dv, ml, people[:10])).done == people[:10]
    assert sorted(await members(dv, ml)) == sorted(people[10:])


async def test_a_member_that_does_not_exist_keeps_nobody_else_out(dv: Dataverse, name: str):
    ml = await new_list(dv, name)
    people = await new_contacts(dv, name, 8)
    stranger = str(uuid.uuid4())
    changed = await membership.add_members(dv, ml, [*people[:4], stranger, *people[4:]])
    assert [each.id for each in changed.refused] == [stranger]
    assert sorted(await members(dv, ml)) == sorted(people)


async def test_a_locked_list_refuses_as_a_whole(dv: Dataverse, name: str):
    ml = await new_list(dv, name)
    people = await new_contacts(dv, name, 3)
    await rows.update(dv, "lists", ml.id, {"lockstatus": True})
    with pytest.raises(DataverseError) as raised:
        await membership.add_members(dv, ml, people)
    assert raised.value.code == "DATAVERSE_LIST_LOCKED"


@pytest.mark.parametrize("dynamic", [False, True])
async def test_a_listing_of_members_goes_on_where_it_stopped(dv: Dataverse, name: str, dynamic: bool):
    people = await new_contacts(dv, name, 25)
    ml = await new_list(dv, name)
    await membership.add_members(dv, ml, people)
    if dynamic:
        condition = f'<condition attribute="lastname" operator="eq" value="{name.replace("&", "&amp;")}"/>'
        query = f'<fetch><entity name="contact"><all-attributes/><filter>{condition}</filter></entity></fetch>'
        ml = msgspec.structs.replace(ml, dynamic=True, query=query)
    pages = lists.member_pages(dv, ml, Contact, maxpagesize=10)
    first = await anext(pages)
    await pages.aclose()  # type: ignore[attr-defined]
    assert first.next_link is not None
    rest = [
        row.id
        async for page in lists.member_pages(dv, ml, Contact, maxpagesize=10, resume=first.next_link)
        for row in page.rows
    ]
    assert sorted([*(row.id for row in first.rows), *rest]) == sorted(people)


async def test_changes_bring_what_is_new_changed_and_gone(dv: Dataverse, name: str):
    people = await new_contacts(dv, name, 3)
    link = None
    async for page in changes.changes(dv, "contacts", Contact, maxpagesize=50):
        link = page.delta_link or link
    assert link is not None
    await rows.update(dv, "contacts", people[0], {"emailaddress1": "ada@example.org"})
    await rows.delete(dv, "contacts", people[1])
    made = await rows.create(dv, "contacts", {"lastname": name})
    found = [page async for page in changes.changes(dv, "contacts", Contact, since=link)]
    changed = {row.id: row.email for page in found for row in page.rows}
    assert changed == {people[0]: "ada@example.org", made: None}
    assert [each for page in found for each in page.deleted] == [people[1]]
    assert found[-1].delta_link not in {None, link}


async def test_a_row_lives_through_create_read_update_and_delete(dv: Dataverse, name: str):
    hostile = "O'Hara & Söhne <b>%_[x]"
    made = await rows.create(dv, "contacts", {"lastname": hostile, "firstname": name})
    found = await rows.find_rows(dv, "contacts", Contact, filter=f"lastname eq {literal(hostile)}")
    assert made in [row.id for row in found]
    await rows.update(dv, "contacts", made, {"emailaddress1": "x@example.org"})
    row = await rows.get_row(dv, "contacts", made, Contact)
    assert row is not None
    assert row.email == "x@example.org"
    assert [await rows.delete(dv, "contacts", made) for _ in range(2)] == [True, False]
    assert await rows.get_row(dv, "contacts", made, Contact) is None
    with pytest.raises(DataverseError) as raised:
        await rows.update(dv, "contacts", made, {"jobtitle": "ghost"})
    assert raised.value.code == "DATAVERSE_ROW_GONE"


async def test_many_ids_are_read_in_few_calls(dv: Dataverse, sandbox: SandboxProcess, name: str):
    people = await new_contacts(dv, name, 700)
    sandbox.reset()
    wanted = [*people, *(str(uuid.uuid4()) for _ in range(50))]
    found = [
        row.id
        async for page in rows.pages_where_any(dv, "contacts", Contact, "contactid", wanted, orderby=["contactid"])
        for row in page.rows
    ]
    assert sorted(found) == sorted(people)
    assert sandbox.calls() == {"dataverse POST $batch": 1}


async def test_a_bulk_write_isolates_the_row_that_dynamics_refuses(dv: Dataverse, name: str):
    people = await new_contacts(dv, name, 20)
    changed = [{"contactid": each, "jobtitle": "x" * (5000 if n == 13 else 5)} for n, each in enumerate(people)]
    results = await bulk.update_many(dv, CONTACTS, changed)
    assert [n for n, result in enumerate(results) if result.error] == [13]
    titles = await rows.find_rows(
        dv, "contacts", dict, select=["jobtitle"], filter=f"lastname eq {literal(name)} and jobtitle eq 'xxxxx'"
    )
    assert len(titles) == 19


async def test_a_change_set_happens_as_a_whole_or_not_at_all(dv: Dataverse, name: str):
    good = Part("POST", "contacts", {"lastname": name})
    bad = Part("PATCH", f"contacts({uuid.uuid4()})", {"jobtitle": "x"}, {"If-Match": "*"})
    (failed,) = await batch.run(dv, [ChangeSet([good, bad])])
    assert isinstance(failed, ChangeSetReply)
    assert failed.error is not None
    assert await rows.find_rows(dv, "contacts", Contact, filter=f"lastname eq {literal(name)}") == []
    (done,) = await batch.run(dv, [ChangeSet([good, good])])
    assert isinstance(done, ChangeSetReply)
    assert len(await rows.find_rows(dv, "contacts", Contact, filter=f"lastname eq {literal(name)}")) == 2


async def test_a_query_too_long_for_a_url_is_answered_all_the_same(dv: Dataverse, name: str):
    people = await new_contacts(dv, name, 3)
    values = "".join(f"<value>{each}</value>" for each in [*people, *(str(uuid.uuid4()) for _ in range(450))])
    condition = f'<condition attribute="contactid" operator="in">{values}</condition>'
    query = f'<fetch><entity name="contact"><attribute name="contactid"/><filter>{condition}</filter></entity></fetch>'
    padded = query.replace("<filter>", f"<!-- {'x' * 20_000} --><filter>")
    found = [row.id async for page in fetchxml.fetch_pages(dv, "contacts", Contact, padded) for row in page.rows]
    assert sorted(found) == sorted(people)


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 503},
        {"kind": "html", "status": 502},
        {"kind": "drop_before"},
        {"kind": "drop_after"},
        {"kind": "truncate"},
    ],
)
async def test_a_listing_survives_every_kind_of_fault(
    dv: Dataverse, sandbox: SandboxProcess, name: str, fault: dict[str, object]
):
    people = await new_contacts(dv, name, 25)
    ml = await new_list(dv, name)
    await membership.add_members(dv, ml, people)
    sandbox.order({"system": "dataverse", "method": "GET", "route": "association", "times": 3, "after": 1, **fault})
    assert sorted(await members(dv, ml, size=10)) == sorted(people)


async def test_a_row_is_never_created_twice_when_the_answer_is_lost(dv: Dataverse, sandbox: SandboxProcess, name: str):
    sandbox.order({"system": "dataverse", "method": "POST", "route": "contacts$", "kind": "drop_after", "times": 2})
    with pytest.raises(UnknownOutcome):
        await rows.create(dv, "contacts", {"lastname": name})
    own = str(uuid.uuid4())
    assert await rows.create(dv, "contacts", {"lastname": name}, id_column="contactid", row_id=own) == own
    assert len(await rows.find_rows(dv, "contacts", Contact, filter=f"lastname eq {literal(name)}")) == 2


async def test_bulk_creation_converges_when_answers_are_lost(dv: Dataverse, sandbox: SandboxProcess, name: str):
    sandbox.order({"system": "dataverse", "route": "CreateMultiple", "kind": "drop_after", "times": 1})
    people = await new_contacts(dv, name, 60)
    assert len(await rows.find_rows(dv, "contacts", Contact, filter=f"lastname eq {literal(name)}")) == len(people)


async def test_service_protection_slows_down_and_never_fails(
    dv: Dataverse, sandbox: SandboxProcess, waits: Waits, name: str
):
    ml = (await lists.marketing_lists(dv, filter="listname eq 'Newsletter'"))[0]
    expected = await members(dv, ml)
    sandbox.control.post("/limits", json={"scheme": "flat", "dataverse": {"requests": 10}}).raise_for_status()
    try:
        assert await members(dv, ml, size=5) == expected
    finally:
        sandbox.control.post("/limits", json={"scheme": "off", "dataverse": {"requests": 6000}}).raise_for_status()
    assert waits.slept
    assert max(waits.slept) <= 300


async def test_acting_for_a_person_takes_that_persons_rights(dv: Dataverse):
    people = await rows.find_rows(
        dv, "systemusers", security.User, filter="applicationid eq null and isdisabled eq false"
    )
    seen = {}
    for person in people:
        if person.object_id:
            try:
                found = await lists.marketing_lists(dv, caller=person.object_id)
                seen[person.name] = len(found)
            except DataverseError as error:
                seen[person.name] = error.code
    assert len(set(seen.values())) > 1, seen
    assert (await security.who_am_i(dv, caller=people[0].object_id)).user_id == people[0].id


@pytest.fixture
def switched(sandbox: SandboxProcess) -> Iterator[Callable[..., None]]:
    """Sets switches of the simulated Dataverse for one test."""
    usual = {
        "link_host": "",
        "in_limit": 0,
        "in_limit_status": 400,
        "empty_delta": "value",
        "old_delta_link": "error",
        "not_equal_includes_null": True,
    }

    def switch(**values: object) -> None:
        sandbox.control.post("/settings", json={"dataverse": values}).raise_for_status()

    yield switch
    switch(**usual)


async def test_links_with_another_host_of_the_organisation_are_followed(
    dv: Dataverse, name: str, switched: Callable[..., None]
):
    people = await new_contacts(dv, name, 5)
    switched(link_host="https://contoso.api.crm4.dynamics.com")
    found = [
        row.id
        async for page in rows.pages(
            dv, "contacts", Contact, filter=f"lastname eq {literal(name)}", orderby=["contactid"], maxpagesize=2
        )
        for row in page.rows
    ]
    assert sorted(found) == sorted(people)
    # So many that the query travels in a batch.
    many = [*people, *people, *(str(uuid.uuid4()) for _ in range(200))]
    any_page = [
        row.id async for page in rows.pages_where_any(dv, "contacts", Contact, "contactid", many) for row in page.rows
    ]
    assert sorted(any_page) == sorted(people)
    link = None
    async for changed in changes.changes(dv, "contacts", Contact, maxpagesize=50):
        link = changed.delta_link or link
    await rows.delete(dv, "contacts", people[0])
    assert [page.deleted async for page in changes.changes(dv, "contacts", Contact, since=link)] == [[people[0]]]


@pytest.mark.parametrize("status", [400, 500])
async def test_a_limit_on_listed_values_is_found_out(
    dv: Dataverse, name: str, switched: Callable[..., None], status: int
):
    people = await new_contacts(dv, f"{name}"[:40] + str(status), 7)
    switched(in_limit=3, in_limit_status=status)
    found = [
        row.id async for page in rows.pages_where_any(dv, "contacts", Contact, "contactid", people) for row in page.rows
    ]
    assert sorted(found) == sorted(people)
    assert dv.most_values in {2, 3}


async def test_changes_are_read_whatever_an_empty_or_an_old_answer_looks_like(
    dv: Dataverse, name: str, switched: Callable[..., None]
):
    switched(empty_delta="none", old_delta_link="everything")
    link = None
    async for page in changes.changes(dv, "contacts", Contact):
        link = page.delta_link or link
    [none] = [page async for page in changes.changes(dv, "contacts", Contact, since=link)]
    assert (none.rows, none.deleted, none.delta_link) == ([], [], link)
    made = await rows.create(dv, "contacts", {"lastname": name})
    assert [
        [row.id for row in page.rows] async for page in changes.changes(dv, "contacts", Contact, since=none.delta_link)
    ] == [[made]]
    life = await changes.tracking_life(dv)
    with pytest.raises(DataverseError) as raised:
        async for _ in changes.changes(dv, "contacts", Contact, since=link, age=life, life=life):
            pass
    assert raised.value.code == "DATAVERSE_CHANGES_EXPIRED"


@pytest.mark.parametrize("includes_null", [True, False])
async def test_what_differs_is_found_whatever_ne_means(
    dv: Dataverse, name: str, switched: Callable[..., None], includes_null: bool
):
    last = f"{name}"[:40] + str(includes_null)
    for number, title in enumerate(("a", "b", None)):
        await rows.create(dv, "contacts", {"lastname": last, "firstname": str(number), "jobtitle": title})
    switched(not_equal_includes_null=includes_null)
    condition = f"lastname eq {literal(last)} and {differs('jobtitle', 'a')}"
    assert (await rows.count_rows(dv, "contacts", filter=condition)).rows == 2


async def test_a_cookie_with_an_ampersand_in_it_leads_to_the_next_page(dv: Dataverse, name: str):
    people = [f'A & B <{number}> "q"' for number in range(3)]
    for each in people:
        await rows.create(dv, "contacts", {"lastname": name, "firstname": each})
    stored = (
        '<fetch><entity name="contact"><attribute name="firstname"/><order attribute="firstname"/><filter>'
        f'<condition attribute="lastname" operator="eq" value="{name}"/></filter></entity></fetch>'
    )
    found: list[str] = []
    cursor = None
    while True:
        page = await anext(fetchxml.fetch_pages(dv, "contacts", dict, stored, pagesize=1, resume=cursor))
        found += [row["firstname"] for row in page.rows]
        cursor = page.cursor
        if cursor is None:
            break
    assert found == people
