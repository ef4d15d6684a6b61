"""Change tracking: all rows once, then only what changed or was deleted since.

Source: use-change-tracking-synchronize-data-external-systems. A token is `<version>!<MM/dd/yyyy HH:mm:ss>`; where a
page ends in the middle of the changes, the place is in the $skiptoken.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from dyntui.sandbox.dataverse import paging, privileges, query, rows, security, storage
from dyntui.sandbox.dataverse.access import Depth
from dyntui.sandbox.dataverse.call import Call
from dyntui.sandbox.dataverse.clause import Clause, Value
from dyntui.sandbox.dataverse.errors import DataverseError, bad_request
from dyntui.sandbox.dataverse.preferences import MAX_PAGE_SIZE
from dyntui.sandbox.dataverse.tables import Table
from dyntui.sandbox.request import Response

_FORBIDDEN = ("$filter", "$orderby", "$expand", "$top", "$apply", "$count")
_TIME = "%m/%d/%Y %H:%M:%S"
_CHANGED, _DELETED = 0, 1


@dataclass(frozen=True, slots=True)
class Token:
    """What the holder of a delta link knows: changes up to `version`, as of `moment`."""

    version: int
    moment: datetime

    def text(self) -> str:
        return f"{self.version}!{self.moment.strftime(_TIME)}"


def is_asked(call: Call) -> bool:
    """Whether a query is one of change tracking."""
    return call.prefer.track_changes or "$deltatoken" in call.options


def run(call: Call, table: Table) -> Response:
    """One page of all rows (first call) or of the changes since a token; the delta link is on the last page."""
    _check(call, table)
    token = _read_token(call, call.options["$deltatoken"]) if "$deltatoken" in call.options else None
    return _everything(call, table) if token is None else _changes(call, table, token)


def count(call: Call, table: Table) -> Response:
    """`/$count?$deltatoken=`: the number of changes since a token."""
    _check(call, table)
    token = _read_token(call, call.options.get("$deltatoken", "")) or Token(0, call.state.clock.now())
    changed = query.of_table(call, table).narrowed(Clause("t.versionnumber > ?", (token.version,))).select("count(*)")
    number = call.state.db.execute(changed.text, changed.params).fetchone()[0]
    number += call.state.db.execute(
        "SELECT count(*) FROM dv_tombstone WHERE table_name = ? AND version > ?", (table.logical_name, token.version)
    ).fetchone()[0]
    return Response(200, {"Content-Type": "text/plain"}, str(number).encode())


def _check(call: Call, table: Table) -> None:
    for name in _FORBIDDEN:
        if name in call.options:
            raise bad_request(f'The "{name}" query parameter isn\'t supported when Change Tracking is enabled.')
    query.check_options(call)
    if not table.change_tracking:
        raise DataverseError("0x80072491", f"Change tracking is not enabled for the entity {table.logical_name}.")
    security.check(call.state, call.caller, "Read", table)
    privilege = privileges.name_for(call.state, table, "Read")
    if (
        call.state.config.dataverse.delta_needs_organization_read
        and privilege is not None
        and call.caller.depth(privilege) is not Depth.GLOBAL
    ):
        raise DataverseError(
            "0x80040220",
            f"Change tracking needs {privilege} with organization depth for entity '{table.logical_name}'.",
        )


def _read_token(call: Call, text: str) -> Token | None:
    """The token of a delta link; None when it is so old that it means everything (setting `old_delta_link`).

    Raises DataverseError 0x80044352 for one that is too old.
    """
    version, _, moment = text.partition("!")
    try:
        token = Token(int(version), datetime.strptime(moment, _TIME).replace(tzinfo=UTC))
    except ValueError as error:
        raise bad_request("The $deltatoken is not valid.") from error
    days = call.state.config.dataverse.delta_token_days
    known = 0 <= token.version <= storage.current_version(call.state)
    if not known or token.moment < call.state.clock.now() - timedelta(days=days):
        if known and call.state.config.dataverse.old_delta_link == "everything":
            return None
        raise DataverseError(
            "0x80044352",
            "Version stamp associated with the client has expired. Please perform a full sync.",
        )
    return token


def _everything(call: Call, table: Table) -> Response:
    chosen = rows.shape(call, table, call.options.get("$select"))
    size = call.prefer.page_size or MAX_PAGE_SIZE
    source = query.of_table(call, table)
    # What changes while the pages are read has a later version than the one kept from the first page on.
    version = storage.current_version(call.state)
    after: Value = None
    page = 1
    if "$skiptoken" in call.options:
        place = paging.read_token(call.options["$skiptoken"])
        page = place.page
        if place.after is None or len(place.after) != 2:
            raise DataverseError("0x8004112a", "The paging cookie is not valid.")
        version, after = _whole(place.after[0]), place.after[1]
    key = paging.SortKey(source.key, unique=True)
    if after is not None:
        source = source.narrowed(paging.after([key], [after]))
    statement = source.select(chosen.select_list("t"), f"ORDER BY {source.key} LIMIT ?", (size + 1,))
    found = call.state.db.execute(statement.text, statement.params).fetchall()
    result: dict[str, Any] = {"@odata.context": rows.context(call, table, call.options.get("$select"))}
    more = len(found) > size
    value = rows.encode(call, chosen, found[:size])
    moment = _moment(call)
    if more:
        _next(call, result, paging.Place(page + 1, (version, found[size - 1][0]), tracking=True))
    else:
        _delta_link(call, result, Token(version, moment))
    result["value"] = value
    return call.reply(result, headers=call.prefer.applied("annotations", "track-changes", "maxpagesize"))


def _changes(call: Call, table: Table, token: Token) -> Response:
    """Changed rows by version, then deleted ones, both up to the version at the time of the first page."""
    select = call.options.get("$select")
    chosen = rows.shape(call, table, select)
    size = call.prefer.page_size or MAX_PAGE_SIZE
    until, phase, after = storage.current_version(call.state), _CHANGED, token.version
    page = 1
    if "$skiptoken" in call.options:
        place = paging.read_token(call.options["$skiptoken"])
        page = place.page
        if place.after is None or len(place.after) != 3:
            raise DataverseError("0x8004112a", "The paging cookie is not valid.")
        until, phase, after = (_whole(each) for each in place.after)
    value: list[dict[str, Any]] = []
    following: paging.Place | None = None
    if phase == _CHANGED:
        # Nothing is a multiple of a number beyond every version.
        gap = call.state.config.dataverse.delta_leaves_out or until + 1
        span = Clause("t.versionnumber > ? AND t.versionnumber <= ? AND t.versionnumber % ? <> 0", (after, until, gap))
        changed = query.of_table(call, table).narrowed(span)
        statement = changed.select(chosen.select_list("t"), "ORDER BY t.versionnumber LIMIT ?", (size + 1,))
        found = call.state.db.execute(statement.text, statement.params).fetchall()
        value = rows.encode(call, chosen, found[:size])
        if len(found) > size:
            following = paging.Place(page + 1, (until, _CHANGED, found[size - 1][1]), tracking=True)
        after = token.version
    if following is None:
        room = size - len(value)
        gone = call.state.db.execute(
            "SELECT id, version FROM dv_tombstone WHERE table_name = ? AND version > ? AND version <= ?"
            " ORDER BY version LIMIT ?",
            (table.logical_name, after, until, room + 1),
        ).fetchall()
        context = f"{call.base}/$metadata#{table.entity_set}/$deletedEntity"
        value += [{"@odata.context": context, "id": row_id, "reason": "deleted"} for row_id, _version in gone[:room]]
        if len(gone) > room:
            last = gone[room - 1][1] if room else after
            following = paging.Place(page + 1, (until, _DELETED, last), tracking=True)
    if not value and following is None and call.state.config.dataverse.empty_delta == "none":
        return call.reply({}, headers=call.prefer.applied("annotations", "track-changes", "maxpagesize"))
    result: dict[str, Any] = {"@odata.context": f"{rows.context(call, table, select)}/$delta"}
    if following is not None:
        _next(call, result, following)
    else:
        _delta_link(call, result, Token(until, _moment(call)))
    result["value"] = value
    return call.reply(result, headers=call.prefer.applied("annotations", "track-changes", "maxpagesize"))


def _whole(value: Value) -> int:
    if not isinstance(value, int):
        raise DataverseError("0x8004112a", "The paging cookie is not valid.")
    return value


def _moment(call: Call) -> datetime:
    return call.state.clock.now().replace(microsecond=0)


def _next(call: Call, result: dict[str, Any], place: paging.Place) -> None:
    token = paging.write_token(place)
    result["@odata.nextLink"] = paging.next_link(call.here(), call.request.raw_query, token)


def _delta_link(call: Call, result: dict[str, Any], token: Token) -> None:
    if call.prefer.annotations and not call.state.config.dataverse.delta_with_annotations:
        return
    select = call.options.get("$select")
    options = f"$select={quote(select, safe=',')}&" if select else ""
    result["@odata.deltaLink"] = f"{call.here()}?{options}$deltatoken={quote(token.text(), safe='')}"
