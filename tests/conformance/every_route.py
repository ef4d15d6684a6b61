"""Every operation that the vendor describes, called on the sandbox with requests made from the description itself.

    python -m tests.conformance.every_route [--all] [--rounds N] [--seed N]

What the sandbox answers is held against what is described; routes that dyntui does not call are among them. Exit code
0: no answer differs but for named artefacts.
"""

from __future__ import annotations

import argparse
import base64
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

from dyntui.sandbox.clock import Clock
from dyntui.sandbox.dotdigital import bulk_load, dates, extras, routes, storage
from dyntui.sandbox.request import Headers, Request
from dyntui.sandbox.state import State, open_state
from tests.conformance.description import Description, Operation
from tests.conformance.differences import ENVIRONMENT, Comparison, descriptions, folder
from tests.conformance.requests import Maker, Things
from tests.conformance.traffic import Exchange

_START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
_PEOPLE = 60


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true", help="compare with the hand-written descriptions, too")
    parser.add_argument("--rounds", type=int, default=30, help="calls of each operation")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    where = folder()
    if where is None:
        sys.stderr.write(f"There are no descriptions: name their folder in {ENVIRONMENT}.\n")
        return 2
    described = descriptions(where, hand_written=options.all)
    comparison, statuses = Comparison(described, judges_requests=False), Counter[tuple[str, int]]()
    for operation, call in calls(described, options.rounds, options.seed):
        comparison.compare([call])
        statuses[operation.name, call.status or 0] += 1
    absent = [each.name for description in described for each in description.operations if not _simulated(each)]
    lines = [f"not simulated: {name}" for name in absent] + [_successes(statuses), comparison.report()]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0 if comparison.clean else 1


def _successes(statuses: Counter[tuple[str, int]]) -> str:
    names = {name for name, _ in statuses}
    silent = sorted(names - {name for name, status in statuses if status < 400})
    lines = [f"never succeeded ({_seen(statuses, name)}): {name}" for name in silent]
    return "\n".join([*lines, f"{len(names)} operations, {len(names) - len(silent)} of them with a success"])


def _seen(statuses: Counter[tuple[str, int]], name: str) -> str:
    return ", ".join(str(status) for each, status in sorted(statuses) if each == name)


def calls(described: Sequence[Description], rounds: int, seed: int) -> Iterator[tuple[Operation, Exchange]]:
    """Calls of every simulated operation, each round of them on an account of its own; what deletes comes last."""
    operations = [each for description in described for each in description.operations if _simulated(each)]
    operations.sort(key=_destroys)
    for number in range(seed, seed + rounds):
        state = populated(number)
        maker = Maker(things(state), number)
        for operation in operations:
            target = maker.target(operation)
            kind, body = maker.body(operation)
            yield operation, _called(state, operation.method, target, kind, body)


def _simulated(operation: Operation) -> bool:
    path = re.sub(r"\{\w+\}", "1", operation.template)
    return any(each.method == operation.method and each.pattern.fullmatch(path.rstrip("/")) for each in routes.ROUTES)


def _destroys(operation: Operation) -> bool:
    return operation.method == "DELETE" or "delete" in operation.template or "empty" in operation.template


def _called(state: State, method: str, target: str, kind: str, body: bytes) -> Exchange:
    settings = state.config.dotdigital
    secret = base64.b64encode(f"{settings.api_user}:{settings.api_password}".encode()).decode()
    headers = {"Authorization": f"Basic {secret}"} | ({"Content-Type": kind} if kind else {})
    path, _, query = target.partition("?")
    url = state.urls.dotdigital[settings.region] + target
    request = Request(method, path, query, Headers(headers), body, url, settings.region)
    answer = routes.handle(state, request, settings.region)
    answer_type = next((value for name, value in answer.headers.items() if name.lower() == "content-type"), "")
    options = parse_qsl(query, keep_blank_values=True)
    return Exchange(method, path, options, kind, body, answer.status, answer_type, answer.body)


def populated(seed: int) -> State:
    """An account in which something of everything exists, and a campaign has been read for two days."""
    state = open_state(seed=seed, clock=Clock.standing_at(_START))
    storage.install(state)
    at = dates.milliseconds(_START)
    people = [f"p{number}@kestrel.example" for number in range(_PEOPLE)]
    bulk_load.contacts(state, (bulk_load.Contact(each, {"FIRSTNAME": "Ada"}, at) for each in people))
    book, *_ = [bulk_load.book(state, name, people[:40]) for name in ("Walkers", "Runners", "Climbers", "Sailors")]
    bulk_load.segment(state, "Everybody", {})
    html = '<a href="https://www.kestrel.example/boots">Boots</a> <a href="http://$UNSUB$">x</a>'
    sent = bulk_load.campaign(state, "Spring", "S", html, "T $UNSUB$")
    bulk_load.campaign(state, "Summer", "S", html, "T $UNSUB$")
    bulk_load.campaign(state, "Autumn", "S", html, "T $UNSUB$", split_options=["S", "Other"])
    settings = state.config.dotdigital
    settings.open_share, settings.click_share, settings.hard_bounce_share = 0.9, 0.7, 0.05
    settings.reply_share, settings.unsubscribe_share = 0.2, 0.1
    _sent(state, sent, book)
    extras.seed(state, seed)
    _jobs(state, book)
    state.advance(timedelta(days=2))
    return state


def _jobs(state: State, book: int) -> None:
    """One of each thing that the service does in its own time, so that its status and report can be asked for."""
    contact = b'{"matchIdentifier":"email","identifiers":{"email":"%s@kestrel.example"}}'
    file = b'{"fileName":"a.csv","data":"RW1haWwKbmV3QGtlc3RyZWwuZXhhbXBsZQpub25lCg=="}'
    program = state.db.execute("SELECT id FROM dd_program WHERE status = 'Active'").fetchone()[0]
    for method, target, body in (
        ("PUT", "/contacts/v3/import", b'{"contacts":[%s,%s]}' % (contact % b"made", contact % b"not an address")),
        ("POST", "/v2/contacts/import", file),
        ("POST", f"/v2/address-books/{book}/contacts/delete", b"[1,2]"),
        ("POST", "/contacts/v3/delete", b'[{"contactId":3},{"contactId":999}]'),
        ("POST", "/v2/programs/enrolments", b'{"programId":%d,"contacts":[4]}' % program),
        ("POST", "/configuration/v3/customIdentifiers", b'{"name":"customerNo"}'),
        ("POST", "/v2/data-fields", b'{"name":"MADE","type":"String"}'),
        ("POST", "/v2/campaigns/2/attachments", b'{"id":7}'),
        ("POST", "/v2/contacts/unsubscribe", b'{"email":"p9@kestrel.example"}'),
    ):
        answer = _called(state, method, target, "application/json", body)
        assert answer.status is not None and answer.status < 300, (target, answer.answer)


def _sent(state: State, campaign: int, book: int) -> None:
    body = b'{"campaignId":%d,"addressBookIds":[%d]}' % (campaign, book)
    answer = _called(state, "POST", "/v2/campaigns/send", "application/json", body)
    assert answer.status == 202, answer.answer


def things(state: State) -> Things:
    """What exists in the account, by the names which the descriptions have for it."""

    def column(query: str) -> list[object]:
        return [row[0] for row in state.db.execute(f"{query} LIMIT 200")]

    contacts = column("SELECT id FROM dd_contact ORDER BY id")
    emails = column("SELECT email FROM dd_contact WHERE email IS NOT NULL ORDER BY id")
    books = column("SELECT id FROM dd_book WHERE kind = 'book' ORDER BY id")
    segments = column("SELECT id FROM dd_book WHERE kind = 'segment' ORDER BY id")
    campaigns = column("SELECT id FROM dd_campaign ORDER BY id")
    preferences = column("SELECT id FROM dd_preference WHERE is_preference ORDER BY id")
    imports = column("SELECT id FROM dd_import")
    programs = column("SELECT id FROM dd_program WHERE status = 'Active' ORDER BY id")
    surveys = column("SELECT id FROM dd_survey ORDER BY id")
    return {
        **dict.fromkeys(("contactid", "contacts id", "contactids", "contacts contactid"), contacts),
        "contactemail": emails,
        "known email": emails,
        "email": [*emails, *(f"new{number}@kestrel.example" for number in range(len(emails)))],
        **dict.fromkeys(("addressbookid", "address-books id", "addressbookids", "~listid", "lists"), books),
        **dict.fromkeys(("refresh id", "segments id", "~segmentid"), segments),
        **dict.fromkeys(("campaignid", "campaigns id"), campaigns),
        **dict.fromkeys(("preferenceid", "preferences id"), preferences),
        "surveys id": surveys,
        "programs id": programs,
        "programid": programs,
        "importid": imports,
        "deleteid": column("SELECT id FROM dd_bulk_delete"),
        "deletionrequestid": column("SELECT id FROM dd_removal"),
        "enrolmentid": column("SELECT id FROM dd_enrolment"),
        "sendid": column("SELECT id FROM dd_send"),
        "send id": column("SELECT id FROM dd_send"),
        "bookid": books,
        "customidentifiers name": ["customerNo"],
        "data-fields name": ["MADE"],
        "status": ["Processing", "Finished"],
        "collectionname": column("SELECT name FROM dd_collection"),
        "key": ["FIRSTNAME", "LASTNAME"],
        "transactional key": column("SELECT key FROM dd_insight"),
        "documentid": [7],
        "mobilenumber": ["447700900123"],
        "subjects": ["S", "Other"],
        "fromnames": ["F"],
        "htmlcontents": ['<a href="http://$UNSUB$">x</a>'],
        "text": ["I agree"],
        "data": ["RW1haWwKbmV3QGtlc3RyZWwuZXhhbXBsZQo="],
        "filename": ["a.csv"],
        "date": ["2026-03-01T00:00:00Z"],
        "sincedate": ["2026-03-01T00:00:00Z"],
        "identifier": ["email"],
        "value": emails,
        "htmlcontent": ['<a href="http://$UNSUB$">x</a>'],
        "plaintextcontent": ["T $UNSUB$"],
        "mergeoption": ["Overwrite", "OnlyOverwriteIfNotEmpty"],
        "~modified": ["gte::2026-03-01T00:00:00Z"],
        "~created": ["gte::2026-03-01T00:00:00Z"],
        "~type": ["Standard"],
        "~statuses": ["Sent", "Unsent"],
        "select": [5],
        "skip": [0, 3],
        "limit": [5, 50],
    }


if __name__ == "__main__":
    sys.exit(main())
