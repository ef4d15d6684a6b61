"""Insight data, of which web behaviour tracking (WebInsight) is a collection: reads of v2 and v3 (9.2, 9.3)."""

# ruff: noqa: S608 - what is put together are constants; every value is a parameter

from collections.abc import Sequence
from typing import Any

from dyntui.sandbox.dotdigital import codec, contact_store, contacts_v3, dates
from dyntui.sandbox.dotdigital.audience import AGENTS
from dyntui.sandbox.dotdigital.call import Call, v3_date
from dyntui.sandbox.dotdigital.errors import V2Error, V3Error, not_found
from dyntui.sandbox.request import Response
from dyntui.sandbox.state import State

WEB = "WebInsight"
LIMIT = 5000
_RECENT = 100
_V2_COLUMNS = "SELECT i.key, coalesce(c.email, i.contact_id, ''), i.document FROM dd_insight i"
_JOIN = " LEFT JOIN dd_contact c ON c.id = i.contact_id"


# -- v2 --------------------------------------------------------------------------------------------------------------


def _collection(call: Call) -> str:
    name = call.args["collectionName"]
    row = call.state.db.execute("SELECT name FROM dd_collection WHERE name = ?", (name,)).fetchone()
    if row is None:
        raise V2Error("ERROR_TRANSACTIONAL_DATA_COLLECTION_DOES_NOT_EXIST", 404)
    return str(row[0])


def _v2_record(row: Sequence[Any]) -> dict[str, Any]:
    """A v2 record: its json is a string."""
    return {"key": row[0], "contactIdentifier": str(row[1]), "json": row[2]}


def of_contact_v2(call: Call) -> Response:
    """GET /v2/contacts/{id or e-mail}/transactional-data/{collectionName}: the 100 most recent, by key."""
    contact = contact_store.require(contact_store.by_key(call.state, call.args["id"]))
    rows = call.state.db.execute(
        f"{_V2_COLUMNS}{_JOIN} WHERE i.id IN (SELECT id FROM dd_insight WHERE contact_id = ? AND collection = ?"
        " ORDER BY updated DESC LIMIT ?) ORDER BY i.key",
        (contact.id, _collection(call), _RECENT),
    )
    return codec.answer([_v2_record(row) for row in rows])


def of_contacts_v2(call: Call) -> Response:
    """GET /v2/contacts/transactional-data/{collectionName}?fromId&take: records in the order of their number."""
    take = call.integer("take", 1000)
    rows = call.state.db.execute(
        f"{_V2_COLUMNS}{_JOIN} WHERE i.collection = ? AND i.contact_id IS NOT NULL AND i.id >= ? ORDER BY i.id LIMIT ?",
        (_collection(call), call.integer("fromId", 0), max(1, min(take, 1000))),
    )
    return codec.answer([_v2_record(row) for row in rows])


def one_v2(call: Call) -> Response:
    """GET /v2/contacts/transactional-data/{collectionName}/{key}."""
    row = call.state.db.execute(
        f"{_V2_COLUMNS}{_JOIN} WHERE i.collection = ? AND i.key = ?", (_collection(call), call.args["key"])
    ).fetchone()
    if row is None:
        raise not_found("ERROR_TRANSACTIONAL_DATA_DOES_NOT_EXIST")
    return codec.answer(_v2_record(row))


def of_account_v2(call: Call) -> Response:
    """GET /v2/transactional-data/{collectionName}: records that belong to no contact, at most 100 a page."""
    page = call.page(_RECENT, _RECENT)
    rows = call.state.db.execute(
        f"{_V2_COLUMNS}{_JOIN} WHERE i.collection = ? AND i.contact_id IS NULL ORDER BY i.id LIMIT ? OFFSET ?",
        (_collection(call), page.select, page.skip),
    )
    return codec.answer([_v2_record(row) for row in rows])


def collections_v2(call: Call) -> Response:
    """GET /v2/contacts/transactional-data-collections."""
    page = call.page()
    rows = call.state.db.execute(
        "SELECT name FROM dd_collection ORDER BY name LIMIT ? OFFSET ?", (page.select, page.skip)
    )
    return codec.answer([{"name": name} for (name,) in rows])


# -- v3 --------------------------------------------------------------------------------------------------------------


def _collection_v3(call: Call) -> tuple[str, str, str]:
    row = call.state.db.execute(
        "SELECT name, type, scope FROM dd_collection WHERE name = ?", (call.args["collectionName"],)
    ).fetchone()
    if row is None:
        raise V3Error("insightData:collectionNotFound", "The collection was not found", 404)
    return str(row[0]), str(row[1]), str(row[2])


def list_v3(call: Call) -> Response:
    """GET /insightData/v3/contacts/{collectionName}?~modified=gte::...&limit&marker: records of all contacts."""
    return _page(call, "contact_id IS NOT NULL", ())


def of_contact_v3(call: Call) -> Response:
    """GET /insightData/v3/contacts/{identifier}/{value}/{collectionName}."""
    return _page(call, "contact_id = ?", (contacts_v3.find(call).id,))


def of_account_v3(call: Call) -> Response:
    """GET /insightData/v3/account/{collectionName}."""
    return _page(call, "contact_id IS NULL", ())


def _page(call: Call, where: str, values: tuple[int, ...]) -> Response:
    name, _, _ = _collection_v3(call)
    limit, after = contacts_v3.paging(call, LIMIT, "insightData:badRequest")
    modified = call.option("~modified")
    since = v3_date(modified, "insightData:invalidFilter") if modified else 0
    rows = call.state.db.execute(
        "SELECT id, key, document, created, updated, contact_id FROM dd_insight WHERE collection = ? AND id > ?"
        f" AND updated >= ? AND {where} ORDER BY id LIMIT ?",
        (name, after, since, *values, limit + 1),
    ).fetchall()
    marker = rows[limit - 1][0] if len(rows) > limit else None
    items = [
        {
            "key": key,
            "json": codec.decode(document),
            "created": dates.iso(created),
            "updated": dates.iso(updated),
            "ownerContactId": contact_id,
        }
        for _, key, document, created, updated, contact_id in rows[:limit]
    ]
    return codec.answer({"_links": contacts_v3.links(call, marker), "_items": items})


def collections_v3(call: Call) -> Response:
    """GET /insightData/v3/collections: all of them, each with its number of records."""
    rows = call.state.db.execute(
        "SELECT name, type, scope, (SELECT count(*) FROM dd_insight i WHERE i.collection = c.name) FROM dd_collection c"
        " ORDER BY name"
    )
    return codec.answer([{**_described(name, kind, scope), "recordCount": count} for name, kind, scope, count in rows])


def collection_v3(call: Call) -> Response:
    """GET /insightData/v3/collections/{collectionName}."""
    return codec.answer(_described(*_collection_v3(call)))


def _described(name: str, kind: str, scope: str) -> dict[str, Any]:
    return {"collectionName": name, "collectionType": kind, "collectionScope": scope}


def schema_v3(call: Call) -> Response:
    """GET /insightData/v3/collections/{collectionName}/schema. The real one of WebInsight is unknown ([inferred])."""
    name, kind, _ = _collection_v3(call)
    text, number = {"type": "string"}, {"type": "number"}
    page = {"type": "object", "properties": {"title": text, "url": text, "time": text}}
    sessions: dict[str, Any] = dict.fromkeys(("site", "startTime", "userAgent", "ipAddress"), text)
    sessions |= {"duration": number, "pageCount": number, "pages": {"type": "array", "items": page}}
    schema = {"type": "object", "properties": sessions if name == WEB else {}}
    return codec.answer({"collectionName": name, "collectionType": kind, "schema": schema})


# -- sessions --------------------------------------------------------------------------------------------------------


def session(pages: Sequence[tuple[str, int]], ip: str, agent: int) -> dict[str, Any]:
    """A WebInsight record of pages (address, moment); duration in minutes. The inner shape is ours ([inferred])."""
    first, last = pages[0][1], pages[-1][1]
    return {
        "site": "/".join(pages[0][0].split("/")[:3]),
        "startTime": dates.iso(first),
        "duration": round((last - first) / 60_000, 1),
        "pageCount": len(pages),
        "userAgent": AGENTS[agent][2],
        "ipAddress": ip,
        "pages": [{"title": _title(url), "url": url, "time": dates.iso(at)} for url, at in pages],
    }


def _title(url: str) -> str:
    return url.partition("?")[0].rstrip("/").rsplit("/", 1)[-1].replace("-", " ").capitalize()


def record_sessions(state: State, now: int) -> None:
    """Turns the page views which are about to be applied into sessions, one per contact and campaign."""
    if not state.config.dotdigital.web_tracking:
        return
    rows = state.db.execute(
        "SELECT contact_id, campaign_id, detail, at, ip, agent FROM dd_event WHERE applied = 0 AND due <= ?"
        " AND kind = 'page' ORDER BY contact_id, campaign_id, at",
        (now,),
    )
    visits: dict[tuple[int, int], list[tuple[str, int, str, int]]] = {}
    for contact, campaign, url, at, ip, agent in rows:
        visits.setdefault((contact, campaign), []).append((url, at, ip, agent))
    state.db.executemany(
        "INSERT INTO dd_insight (collection, key, contact_id, document, created, updated) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        [
            (
                WEB,
                f"{contact}-{pages[0][1]}",
                contact,
                codec.text(session([page[:2] for page in pages], pages[0][2], pages[0][3])),
                pages[0][1],
                pages[-1][1],
            )
            for (contact, _), pages in visits.items()
        ],
    )
