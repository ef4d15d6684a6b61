"""What a connection's Dynamics answers to what is assumed of it. Some forty calls, which read; one tries two
writes that change nothing.

`probes(dv, me, as_person) -> {id: Probe}`, `version(dv) -> str`. Each probe stands below under its assumption's id.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from dyntui.dataverse import changes, consent, fetchxml, lists, rows, security, sight
from dyntui.dataverse.batch import ChangeSet, Part, run
from dyntui.dataverse.errors import DUPLICATE, GONE, SQL_DEADLOCK, SQL_ERROR, DataverseError, sql_number
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.query import any_of, guid, literal, query
from dyntui.dataverse.sign_in import SignIn
from dyntui.model import solution
from dyntui.model.errors import Exit
from dyntui.model.first_connection import Seen
from dyntui.sync.first_connection.asking import Probe, no, told, unknown, yes
from dyntui.sync.sight import CONSENT_COLUMNS, READ

_PEOPLE: Final = ("contacts", "leads", "accounts")
_TRACKED: Final = ("account", "contact", "lead", "list")
_CONSENT_TABLE: Final = "msdynmkt_contactpointconsent4"
_VALUES: Final = 1500
_MEMBER_ACTIONS: Final = ("AddListMembersList", "RemoveListMembersList")
_KEYED_SET, _KEY_COLUMN, _KEY_ACTIVE = "dyntui_suppressions", "dyntui_key", "Active"
_MERGED: Final = 20
_JOBS: Final = 20
_GROUP_TEAMS: Final = "teamtype eq 2 or teamtype eq 3"
_Row = dict[str, Any]


async def version(dv: Dataverse) -> str:
    """Dataverse's own version."""
    return str((await dv.get("RetrieveVersion()", _Row)).get("Version", ""))


def probes(dv: Dataverse, me: str, as_person: str, people: SignIn) -> Mapping[str, Probe]:
    """Every probe by its assumption. `me`: the service's user; `as_person`: the Entra object id of whoever asks;
    `people`: how people sign in."""
    return {
        "DV-01": lambda: _opt_outs(dv),
        "DV-02": lambda: _sees_everybody(dv, me),
        "DV-03": lambda: _sees_columns(dv, me),
        "DV-04": lambda: _own_queries(dv),
        "DV-05": lambda: _group_teams(dv),
        "DV-06": lambda: _count_of_largest(dv),
        "DV-07": lambda: _ways_of_reading(dv),
        "DV-08": lambda: _dates_of_members(dv),
        "DV-09": lambda: _tracking(dv),
        "DV-10": lambda: _no_changes(dv),
        "DV-11": lambda: _definitions(dv),
        "DV-12": lambda: _acting_for(dv, me, as_person),
        "DV-13": lambda: _links(dv),
        "DV-14": lambda: _many_values(dv),
        "DV-15": lambda: _keys_carried(dv),
        "DV-16": lambda: _bulk(dv),
        "DV-17": lambda: _capitals(dv),
        "DV-18": lambda: _unequal(dv),
        "DV-19": lambda: _own_changes(dv, me),
        "DV-20": lambda: _merged_members(dv),
        "DV-21": lambda: _list_can_grow(dv),
        "DV-22": lambda: _prefixes(dv),
        "DV-23": lambda: _keys_active(dv),
        "DV-25": lambda: _sql_errors(dv),
        "DV-26": lambda: _links_twice(dv),
        "DV-27": lambda: _member_actions(dv),
        "DV-28": lambda: _device_code(people),
        "DV-29": lambda: _link_again(dv),
        "DV-32": lambda: _can_be_tracked(dv),
    }


async def _number(dv: Dataverse, entity_set: str, condition: str) -> rows.Count:
    return await rows.count_rows(dv, entity_set, filter=condition)


async def _opt_outs(dv: Dataverse) -> Seen:
    tables = await consent.existing(dv, ("contact", "lead", "account"), "donotsendmm", _CONSENT_TABLE)
    alone = "donotsendmm eq true and donotbulkemail ne true and donotemail ne true and emailaddress1 ne null"
    used = {
        table: (await _number(dv, f"{table}s", alone)).rows
        for table in ("contact", "lead", "account")
        if tables.get(table)
    }
    seen = ", ".join(f"{number} {table}s" for table, number in used.items() if number)
    has_rows = _CONSENT_TABLE in tables
    return told(
        not seen and not has_rows,
        f"donotsendmm alone keeps out {seen or 'nobody'}; {_CONSENT_TABLE} is {'' if has_rows else 'not '}there",
    )


async def _sees_everybody(dv: Dataverse, me: str) -> Seen:
    short = await sight.short_reads(dv, me, READ)
    return no(f"not for the organisation: {', '.join(short)}") if short else yes(f"{len(READ)} privileges are Global")


async def _sees_columns(dv: Dataverse, me: str) -> Seen:
    hidden = await sight.hidden_columns(dv, me, CONSENT_COLUMNS)
    return no(f"hidden: {', '.join(hidden)}") if hidden else yes("none is hidden")


async def _own_queries(dv: Dataverse) -> Seen:
    relative, unreadable, all_of_them = 0, 0, 0
    for each in await rows.find_rows(dv, "lists", _Row, select=["query"], filter="type eq true"):
        all_of_them += 1
        try:
            relative += bool(fetchxml.relative_to_caller(each.get("query") or ""))
        except DataverseError:
            unreadable += 1
    odd = f", {unreadable} cannot be read" if unreadable else ""
    return told(not relative, f"{relative} of {all_of_them} dynamic lists mean their caller{odd}")


async def _group_teams(dv: Dataverse) -> Seen:
    teams = await _number(dv, "teams", _GROUP_TEAMS)
    return told(not teams.rows, f"{teams.rows} teams stand for groups of Entra ID")


async def _largest(dv: Dataverse) -> lists.MarketingList | None:
    static: list[lists.MarketingList] = await lists.marketing_lists(dv, filter="type eq false and statecode eq 0")
    return max(static, key=lambda each: each.member_count or 0, default=None)


async def _count_of_largest(dv: Dataverse) -> Seen:
    largest = await _largest(dv)
    if largest is None or largest.member_count is None:
        return unknown("there is no static list with members")
    counted = await lists.count_members(dv, largest)
    return told(counted == largest.member_count, f"membercount {largest.member_count}, counted {counted}")


async def _ways_of_reading(dv: Dataverse) -> Seen:
    largest = await _largest(dv)
    if largest is None:
        return unknown("there is no static list")
    key = largest.table.key
    ids = [each async for some in lists.member_ids(dv, largest) for each in some]
    people: list[str] = []
    async for page in rows.pages(dv, _members_of(largest), _Row, select=[key], orderby=[key]):
        people += [str(each[key]) for each in page.rows]
    counted = await lists.count_members(dv, largest)
    same = len(set(people)) == len(people) == counted and set(people) <= set(ids)
    return told(same, f"association {len(people)}, rows of listmember {len(ids)}, counted {counted}")


def _members_of(ml: lists.MarketingList) -> str:
    return f"lists({ml.id})/list{ml.table.logical_name}_association"


async def _dates_of_members(dv: Dataverse) -> Seen:
    found = await rows.find_rows(
        dv, "listmembers", _Row, select=["listmemberid"], filter="overriddencreatedon ne null", top=1
    )
    return told(not found, "some memberships were entered with an earlier date" if found else "none was entered so")


async def _tracking(dv: Dataverse) -> Seen:
    names = " or ".join(f"LogicalName eq {literal(each)}" for each in _TRACKED)
    path = "EntityDefinitions" + query(select=["LogicalName", "ChangeTrackingEnabled"], filter=names)
    tracked = {each["LogicalName"]: each.get("ChangeTrackingEnabled") for each in (await dv.get(path, _Row))["value"]}
    off = [each for each in _TRACKED if not tracked.get(each)]
    life = await changes.tracking_life(dv)
    link = "" if "list" in off else await _first_link(dv)
    seen = f"changes are kept {life.days} days; {'no ' if not link else 'a '}link for changes of lists"
    return told(not off and bool(link), f"not tracked: {', '.join(off)}; {seen}" if off else seen)


async def _first_link(dv: Dataverse) -> str:
    link = ""
    async for page in changes.changes(dv, "lists", _Row, select=["listid"]):
        link = page.delta_link or ""
    return link


async def _no_changes(dv: Dataverse) -> Seen:
    link = await _first_link(dv)
    if not link:
        return unknown("there is no link for changes")
    # As it is answered: `changes` makes up for a link that is missing.
    answer = await dv.get(link, _Row, prefer=["odata.track-changes"])
    following, changed = answer.get("@odata.deltaLink"), len(answer.get("value", []))
    return told(bool(following), f"{changed} changes at once after a reading, {'a' if following else 'no'} new link")


async def _definitions(dv: Dataverse) -> Seen:
    refused: list[str] = []
    for path in (
        "sdkmessagefilters?$select=sdkmessagefilterid&$top=1",
        "EntityDefinitions(LogicalName='contact')?$select=MetadataId",
    ):
        try:
            await dv.get(path, _Row)
        except DataverseError as error:
            if error.status != 403:
                raise
            refused.append(path.partition("?")[0].partition("(")[0])
    return told(not refused, f"refused: {', '.join(refused)}" if refused else "both can be read")


async def _acting_for(dv: Dataverse, me: str, as_person: str) -> Seen:
    if not as_person:
        return unknown("whoever asked has not signed in")
    try:
        found = await security.who_am_i(dv, caller=as_person)
    except DataverseError as error:
        if error.status != 403:
            raise
        return no("the service may not act for somebody else")
    return told(
        found.user_id.lower() != me.lower(), "WhoAmI names " + ("the person" if found.user_id != me else "the service")
    )


async def _links(dv: Dataverse) -> Seen:
    path = "systemusers?$select=systemuserid"
    answer = await dv.get(path, _Row, prefer=["odata.maxpagesize=1"])
    link = answer.get("@odata.nextLink")
    if not link:
        return unknown("one page held everybody")
    same = urlsplit(str(link)).netloc.lower() == urlsplit(dv.origin).netloc.lower()
    return told(same, "the address that was asked" if same else "another address")


async def _many_values(dv: Dataverse) -> Seen:
    condition = any_of("contactid", [str(uuid.uuid4()) for _ in range(_VALUES)])
    try:
        async for _ in rows.pages(dv, "contacts", _Row, select=["contactid"], filter=condition):
            pass
    except DataverseError as error:
        if not 400 <= error.status <= 500:
            raise
        return no(f"{_VALUES} ids: HTTP {error.status}")
    return yes(f"{_VALUES} ids were taken")


async def _bulk(dv: Dataverse) -> Seen:
    condition = "sdkmessageid/name eq 'UpdateMultiple' and primaryobjecttypecode eq 'contact'"
    found = await rows.find_rows(dv, "sdkmessagefilters", _Row, select=["sdkmessagefilterid"], filter=condition, top=1)
    return told(bool(found), "offered" if found else "not offered")


async def _capitals(dv: Dataverse) -> Seen:
    some = await rows.find_rows(dv, "contacts", _Row, select=["emailaddress1"], filter="emailaddress1 ne null", top=1)
    if not some:
        return unknown("no contact has an address")
    address = str(some[0]["emailaddress1"])
    small, large = [
        (await _number(dv, "contacts", f"emailaddress1 eq {literal(each)}")).rows
        for each in (address.lower(), address.upper())
    ]
    return told(small == large, f"{small} in small letters, {large} in capitals")


async def _unequal(dv: Dataverse) -> Seen:
    unequal, false, empty = [
        await _number(dv, "contacts", f"donotbulkemail {each}") for each in ("ne true", "eq false", "eq null")
    ]
    if unequal.capped or false.capped or empty.capped:
        return unknown("there are more contacts than are counted")
    if not empty.rows:
        return unknown("no contact has an empty donotbulkemail")
    return told(
        unequal.rows == false.rows + empty.rows, f"ne true {unequal.rows}, false {false.rows}, empty {empty.rows}"
    )


async def _list_can_grow(dv: Dataverse) -> Seen:
    names = ["IsCustomizable", "CanCreateAttributes", "CanBeInManyToMany"]
    found = await dv.get("EntityDefinitions(LogicalName='list')" + query(select=names), _Row)
    cannot = [each for each in names if not (found.get(each) or {}).get("Value")]
    return told(not cannot, f"false: {', '.join(cannot)}" if cannot else "all three are true")


async def _prefixes(dv: Dataverse) -> Seen:
    taken = (
        f"customizationprefix eq {literal(solution.PREFIX)}"
        f" or customizationoptionvalueprefix eq {solution.OPTION_PREFIX}"
    )
    found = await rows.find_rows(dv, "publishers", _Row, select=["uniquename"], filter=taken)
    others = [each for each in found if each.get("uniquename") != solution.UNIQUE_NAME]
    return told(not others, f"{len(others)} other publishers have one of them" if others else "free, or dyntui's own")


async def _keys_carried(dv: Dataverse) -> Seen:
    """Of the rows that runs write by their key."""
    found = await _number(dv, _KEYED_SET, f"{_KEY_COLUMN} ne null")
    if not found.rows:
        return unknown("none was written yet")
    without = await _number(dv, _KEYED_SET, f"{_KEY_COLUMN} eq null")
    return told(not without.rows, f"{found.rows} rows carry it, {without.rows} do not")


async def _keys_active(dv: Dataverse) -> Seen:
    names = " or ".join(f"LogicalName eq {literal(each.logical_name)}" for each in solution.TABLES)
    expand = "Keys($select=SchemaName,EntityKeyIndexStatus)"
    answer = await dv.get("EntityDefinitions" + query(select=["LogicalName"], filter=names, expand=expand), _Row)
    states = [str(key.get("EntityKeyIndexStatus")) for table in answer["value"] for key in table.get("Keys", [])]
    if not states:
        return unknown("nothing was installed yet")
    waiting = [each for each in states if each != _KEY_ACTIVE]
    return told(not waiting, f"{len(states) - len(waiting)} of {len(states)} keys are active")


async def _own_changes(dv: Dataverse, me: str) -> Seen:
    activated = "dyntui_activated eq true and dyntui_lastsynced ne null"
    found = await rows.find_rows(dv, "lists", _Row, select=["_modifiedby_value"], filter=activated)
    if not found:
        return unknown("no list was synchronised yet")
    ours = sum(str(each.get("_modifiedby_value", "")).lower() == me.lower() for each in found)
    return told(not ours, f"{ours} of {len(found)} synchronised lists were changed last by the service")


async def _merged_members(dv: Dataverse) -> Seen:
    merged = await rows.find_rows(dv, "contacts", _Row, select=["contactid"], filter="merged eq true", top=_MERGED)
    if not merged:
        return unknown("no contact was merged into another")
    condition = " or ".join(f"_entityid_value eq {guid(str(each['contactid']))}" for each in merged)
    members = await rows.find_rows(dv, "listmembers", _Row, select=["_entityid_value"], filter=condition)
    still = len({str(each.get("_entityid_value")) for each in members})
    return told(not still, f"{still} of {len(merged)} merged contacts are members of a list still")


async def _member_actions(dv: Dataverse) -> Seen:
    """By the names in the service's own description, which is long and in XML: they are looked for as words."""
    described = (await dv.request("GET", "$metadata", headers={"Accept": "application/xml"})).body
    missing = [each for each in _MEMBER_ACTIONS if f'Name="{each}"'.encode() not in described]
    return told(not missing, f"not offered: {', '.join(missing)}" if missing else "both are offered")


async def _sql_errors(dv: Dataverse) -> Seen:
    """By the system jobs that ended with this code."""
    code = int(next(iter(SQL_ERROR)), 16) - (1 << 32)
    found = await rows.find_rows(
        dv,
        "asyncoperations",
        _Row,
        select=["message"],
        filter=f"errorcode eq {code}",
        orderby=["createdon desc"],
        top=_JOBS,
    )
    if not found:
        return unknown("no system job ended with one")
    numbers = [sql_number(str(each.get("message") or "")) for each in found]
    named = [each for each in numbers if each]
    deadlocks = named.count(SQL_DEADLOCK)
    return told(len(named) == len(found), f"{len(named)} of {len(found)} name it, {deadlocks} are deadlocks")


async def _links_twice(dv: Dataverse) -> Seen:
    """With a campaign and one of its target lists. Whatever is answered, nothing is changed: the last request of the
    change set cannot succeed, and undoes the one before; and a list that is nowhere has no link to lose."""
    campaigns, between = solution.EMAIL_CAMPAIGN, solution.CAMPAIGN_LISTS.schema_name
    key = f"{campaigns.logical_name}id"
    expand = f"{between}($select=listid;$top=1)"
    path = campaigns.entity_set + query(select=[key], filter=f"{between}/any()", expand=expand, top=1)
    linked = [each for each in (await dv.get(path, _Row))["value"] if each.get(between)]
    if not linked:
        return unknown("no campaign has a target list yet")
    own = f"{campaigns.entity_set}({guid(str(linked[0][key]))})/{between}"
    list_id, nowhere = str(linked[0][between][0]["listid"]), str(uuid.uuid4())
    undoes = Part("DELETE", f"{campaigns.entity_set}({uuid.uuid4()})")
    again = Part("POST", f"{own}/$ref", body={"@odata.id": f"{dv.api}lists({guid(list_id)})"})
    gone = Part("DELETE", f"{own}({nowhere})/$ref")
    answers = await run(dv, [ChangeSet([again, undoes]), gone])
    twice, missing = ["" if each.error is None else each.error.platform_code for each in answers]
    as_duplicate, not_found = twice in DUPLICATE, missing in GONE
    made_again = "made again" if twice in GONE else f"refused: {twice}"
    seen = f"{'refused as a duplicate' if as_duplicate else made_again}; one that is not there: {missing or 'nothing'}"
    return told(as_duplicate and not_found, seen)


async def _device_code(people: SignIn) -> Seen:
    """A sign-in is begun and given up: nobody types its code."""
    try:
        await people.begin()
    except DataverseError as error:
        if error.exit is Exit.UNREACHABLE:
            raise
        return no(f"refused: {error.code}")
    return yes("a code is given")


async def _link_again(dv: Dataverse) -> Seen:
    first = await dv.get("systemusers?$select=systemuserid", _Row, prefer=["odata.maxpagesize=1"])
    link = str(first.get("@odata.nextLink") or "")
    if not link:
        return unknown("one page held everybody")
    pages: list[list[object]] = []
    for _ in range(2):
        try:
            found = await dv.get(link, _Row, prefer=["odata.maxpagesize=1"])
        except DataverseError as error:
            if not pages or not 400 <= error.status < 500:
                raise
            return no(f"the second time: HTTP {error.status}")
        pages.append([each.get("systemuserid") for each in found.get("value", [])])
    return told(pages[0] == pages[1], "the same rows both times" if pages[0] == pages[1] else "other rows")


async def _can_be_tracked(dv: Dataverse) -> Seen:
    names = " or ".join(f"LogicalName eq {literal(each)}" for each in _TRACKED)
    wanted = ["LogicalName", "ChangeTrackingEnabled", "CanChangeTrackingBeEnabled"]
    answer = await dv.get("EntityDefinitions" + query(select=wanted, filter=names), _Row)
    cannot = [
        str(each["LogicalName"])
        for each in answer["value"]
        if not each.get("ChangeTrackingEnabled") and not (each.get("CanChangeTrackingBeEnabled") or {}).get("Value")
    ]
    return told(not cannot, f"not for {', '.join(cannot)}" if cannot else f"for all {len(answer['value'])} tables")
