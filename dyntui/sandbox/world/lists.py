"""The company's marketing lists and views in Dataverse."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zlib import crc32

from dyntui.sandbox.dataverse import system_rows
from dyntui.sandbox.dataverse.bulk_load import insert_rows
from dyntui.sandbox.dataverse.storage import timestamp
from dyntui.sandbox.state import State
from dyntui.sandbox.world import hostile
from dyntui.sandbox.world.company import Company
from dyntui.sandbox.world.names import NORDIC

_ACCOUNT, _CONTACT, _LEAD = 1, 2, 4
_TABLES = {_ACCOUNT: "account", _CONTACT: "contact", _LEAD: "lead"}
_PERSON = '<attribute name="firstname"/><attribute name="lastname"/><attribute name="emailaddress1"/>'


def _fetch(table: str, columns: str, conditions: str, order: str) -> str:
    key = f'<attribute name="{table}id"/>'
    return (
        f'<fetch version="1.0" mapping="logical" distinct="false"><entity name="{table}">{key}{columns}'
        f'<order attribute="{order}" descending="false"/><filter type="and">{conditions}</filter></entity></fetch>'
    )


def _where(attribute: str, operator: str, value: str | int | None = None) -> str:
    tail = "/>" if value is None else f' value="{value}"/>'
    return f'<condition attribute="{attribute}" operator="{operator}"{tail}'


_NORDIC_CONDITION = (
    '<condition attribute="address1_country" operator="in">'
    + "".join(f"<value>{country}</value>" for country in NORDIC)
    + "</condition>"
)
_ACTIVE = _where("statecode", "eq", 0)
_NORDIC_CONTACTS = _fetch("contact", _PERSON, _ACTIVE + _NORDIC_CONDITION, "fullname")
_OPEN_LEADS = _fetch("lead", _PERSON, _ACTIVE + _where("emailaddress1", "not-null"), "fullname")
_GERMAN_ACCOUNTS = _fetch(
    "account", '<attribute name="name"/>', _ACTIVE + _where("address1_country", "eq", "Germany"), "name"
)
_OWN_CONTACTS = _fetch("contact", _PERSON, _ACTIVE + _where("ownerid", "eq-userid"), "fullname")


@dataclass(frozen=True, slots=True)
class _List:
    """`percent` of the rows of the member type are members of a static list; `query` makes it a dynamic one."""

    name: str
    member_type: int
    percent: float = 0.0
    query: str | None = None
    locked: bool = False
    active: bool = True
    purpose: str | None = None


_LISTS = (
    _List("Newsletter", _CONTACT, 75.0, purpose="Monthly newsletter"),
    _List("Alpine Club", _CONTACT, 8.0, purpose="Members of the Alpine Club"),
    _List("Winter leads", _LEAD, 60.0, purpose="Leads of the winter campaign"),
    _List("Trade accounts", _ACCOUNT, 70.0, purpose="Retailers"),
    _List("Active contacts in Nordic countries", _CONTACT, query=_NORDIC_CONTACTS),
    _List("Open leads with e-mail", _LEAD, query=_OPEN_LEADS),
    _List("Accounts in Germany", _ACCOUNT, query=_GERMAN_ACCOUNTS),
    _List("My own contacts", _CONTACT, query=_OWN_CONTACTS, purpose="Whoever asks sees their own"),
    _List("Autumn fair", _CONTACT, purpose="Nobody yet"),
    _List("Board members", _CONTACT, 0.2, locked=True),
    _List("Newsletter 2019", _CONTACT, 20.0, active=False),
    _List(hostile.LIST_NAME, _CONTACT, 1.0),
)


def build(state: State, company: Company, seed: int) -> None:
    """Writes lists with their members, saved views and personal views."""
    for number, each in enumerate(_LISTS):
        _add_list(state, company, seed, number, each)
    for name, table, query, default in _VIEWS:
        _add_view(state, name, table, query, default)
    for owner, name, table, query in _PERSONAL_VIEWS:
        _add_personal_view(state, company, owner, name, table, query)


def _add_list(state: State, company: Company, seed: int, number: int, wanted: _List) -> None:
    owner = company.users["professional" if number % 3 == 1 else "manager"]
    created = timestamp(state.clock.now() - timedelta(days=900 - 40 * number))
    list_id = system_rows.insert(
        state,
        "list",
        {
            "listname": wanted.name,
            "purpose": wanted.purpose,
            "createdfromcode": wanted.member_type,
            "membertype": wanted.member_type,
            "type": int(wanted.query is not None),
            "query": wanted.query,
            "lockstatus": int(wanted.locked),
            "statecode": int(not wanted.active),
            "statuscode": int(not wanted.active),
            "membercount": 0 if wanted.query is None else None,
            "ownerid": owner.id,
            "owneridtype": owner.table,
            "owninguser": owner.id,
            "owningbusinessunit": owner.business_unit,
            "createdon": created,
            "createdby": owner.id,
            "modifiedby": owner.id,
        },
    )
    if wanted.percent:
        members = _members(state, seed, wanted, list_id, owner.id, created)
        insert_rows(state, "listmember", _MEMBER_COLUMNS, members)
        state.db.execute(
            "UPDATE dv_list SET membercount = (SELECT count(*) FROM dv_listmember WHERE listid = ?1) WHERE listid = ?1",
            (list_id,),
        )


_MEMBER_COLUMNS = (
    *("listmemberid", "listid", "entityid", "entityidtype", "entitytype"),
    *("createdon", "modifiedon", "createdby", "modifiedby"),
)


def _members(
    state: State, seed: int, wanted: _List, list_id: str, user: str, created: str
) -> Iterator[tuple[Any, ...]]:
    """The rows whose id falls under the share; somebody who is inactive today was active when added."""
    table = _TABLES[wanted.member_type]
    reader = state.db.cursor()
    salt = f"{seed}/{wanted.name}/"
    limit = int(wanted.percent * 100)
    query = f"SELECT {table}id FROM dv_{table} ORDER BY rowid"  # noqa: S608 - a constant of this module
    for (row_id,) in reader.execute(query):
        if crc32((salt + row_id).encode()) % 10_000 < limit:
            yield (state.ids.guid(), list_id, row_id, table, table, created, created, user, user)


_VIEWS = (
    ("Active Contacts", "contact", _fetch("contact", _PERSON, _ACTIVE, "fullname"), True),
    ("My Active Contacts", "contact", _OWN_CONTACTS, False),
    ("Contacts in the Nordic countries", "contact", _NORDIC_CONTACTS, False),
    (
        "Contacts who may be mailed",
        "contact",
        _fetch(
            "contact", _PERSON, _ACTIVE + _where("donotbulkemail", "eq", 0) + _where("donotemail", "eq", 0), "fullname"
        ),
        False,
    ),
    ("Open Leads", "lead", _fetch("lead", _PERSON, _ACTIVE, "fullname"), True),
    ("Active Accounts", "account", _fetch("account", '<attribute name="name"/>', _ACTIVE, "name"), True),
    (
        "Active Marketing Lists",
        "list",
        _fetch("list", '<attribute name="listname"/><attribute name="createdfromcode"/>', _ACTIVE, "listname"),
        True,
    ),
)
_PERSONAL_VIEWS = (
    (
        "manager",
        "Contacts without e-mail",
        "contact",
        _fetch("contact", _PERSON, _ACTIVE + _where("emailaddress1", "null"), "lastname"),
    ),
    (
        "professional",
        "Mountain guides",
        "contact",
        _fetch("contact", _PERSON, _where("jobtitle", "eq", "Mountain guide"), "lastname"),
    ),
)


def _layout(table: str, first_column: str) -> str:
    return (
        f'<grid name="resultset" object="1" jump="{first_column}" select="1" icon="1" preview="1">'
        f'<row name="result" id="{table}id"><cell name="{first_column}" width="300"/></row></grid>'
    )


_FIRST_COLUMNS = {"contact": "fullname", "lead": "fullname", "account": "name", "list": "listname"}


def _add_view(state: State, name: str, table: str, query: str, default: bool) -> None:
    system_rows.insert(
        state,
        "savedquery",
        {
            "name": name,
            "returnedtypecode": table,
            "fetchxml": query,
            "layoutxml": _layout(table, _FIRST_COLUMNS[table]),
            "querytype": 0,
            "isdefault": int(default),
            "isquickfindquery": 0,
            "isuserdefined": 0,
            "ismanaged": 1,
        },
    )


def _add_personal_view(state: State, company: Company, part: str, name: str, table: str, query: str) -> None:
    owner = company.users[part]
    system_rows.insert(
        state,
        "userquery",
        {
            "name": name,
            "returnedtypecode": table,
            "fetchxml": query,
            "layoutxml": _layout(table, _FIRST_COLUMNS[table]),
            "querytype": 0,
            "ownerid": owner.id,
            "owneridtype": owner.table,
            "owninguser": owner.id,
            "owningbusinessunit": owner.business_unit,
        },
    )
