"""Imports of v2: files into the account or a book, and JSON collections; their reports and faults (5.1 to 5.4)."""

import base64
import binascii
import csv
import email.parser
import email.policy
import io
from typing import Any

from dyntui.sandbox.dotdigital import addresses, codec, contact_store, field_values, import_queue, memberships, upsert
from dyntui.sandbox.dotdigital.call import Call, fold, integers_of, objects_of
from dyntui.sandbox.dotdigital.data_fields import choice
from dyntui.sandbox.dotdigital.errors import TOO_MANY_IMPORTS, V2Error, parameter_invalid
from dyntui.sandbox.dotdigital.numbers import whole_number
from dyntui.sandbox.dotdigital.upsert import Row
from dyntui.sandbox.request import Response, text_response
from dyntui.sandbox.state import State

SIZE = 10 * 1024 * 1024
"""Largest file in bytes (5.1)."""
MERGE = ("Overwrite", "OnlyOverwriteIfNotEmpty", "OnlyOverwriteIfContactDataNotPopulated")

_REPORT = (
    *("newContacts", "updatedContacts", "globallySuppressed", "invalidEntries", "duplicateEmails", "blocked"),
    *("unsubscribed", "hardBounced", "softBounced", "ispComplaints", "mailBlocked", "domainSuppressed"),
    *("pendingDoubleOptin", "failures", "suppressedContacts"),
)

# Failure -> counter of the report, wording of the documentation, wording of vendor code (5.4).
_FAULTS = {
    "GloballySuppressed": ("globallySuppressed", "Globally Suppressed", "Globally Suppressed"),
    "InvalidEmail": ("invalidEntries", "Invalid Email", "Invalid Entries"),
    "Duplicate": ("duplicateEmails", "Duplicate", "Duplicate"),
    "Blocker": ("blocked", "Blocker", "Blocked"),
    "SuppressedByDomain": ("domainSuppressed", "Suppressed by Domain", "Domain Suppressed"),
    "status:Unsubscribed": ("unsubscribed", "Unsubscribed", "Unsubscribed"),
    "status:HardBounced": ("hardBounced", "Hard bounced", "Hard Bounced"),
    "status:SoftBounced": ("softBounced", "Soft bounced", "Soft Bounced"),
    "status:IspComplained": ("ispComplaints", "Complained to ISP", "Isp Complaints"),
    "status:DirectComplaint": ("ispComplaints", "Complained to ISP", "Isp Complaints"),
    "status:MailBlocked": ("mailBlocked", "Mail blocked", "Mail Blocked"),
    "status:DomainSuppression": ("domainSuppressed", "Suppressed by Domain", "Domain Suppressed"),
    "status:SharedSuppression": ("globallySuppressed", "Globally Suppressed", "Globally Suppressed"),
    "status:NotAllowed": ("blocked", "Blocker", "Blocked"),
    "status:PendingOptIn": ("pendingDoubleOptin", "Pending optin", "Pending optin"),
    "status:Suppressed": ("suppressedContacts", "Suppressed by you", "Suppressed by you"),
}
_FAILURES = ("failures", "Failures", "Failures")
_CONSENT = {"CONSENTTEXT": "TEXT", "CONSENTURL": "URL", "CONSENTDATETIME": "DATETIMECONSENTED"} | {
    "CONSENTIP": "IPADDRESS",
    "CONSENTUSERAGENT": "USERAGENT",
}


# -- starting --------------------------------------------------------------------------------------------------------


def start_file(call: Call) -> Response:
    """POST /v2/contacts/import[/with-merge-option/{mergeOption}]: a file into the account."""
    return _start_file(call, [])


def start_file_into_book(call: Call) -> Response:
    """POST /v2/address-books/{id}/contacts/import[/with-merge-option/{mergeOption}]."""
    book_id = call.number("id", "ERROR_ADDRESSBOOK_NOT_FOUND")
    memberships.writable(call.state, book_id)
    return _start_file(call, [book_id])


def _start_file(call: Call, books: list[int]) -> Response:
    merge = _merge(call.args.get("mergeOption", "Overwrite"))
    name, content = _file(call)
    if len(content) > SIZE:
        if call.settings.v2_import_too_large == "status":
            return text_response("Request Entity Too Large", 413, "text/html")
        raise V2Error("ERROR_IMPORT_UNSUPPORTED_FORMAT")
    if not name.lower().endswith((".csv", ".xls", ".xlsx", ".txt")):
        raise V2Error("ERROR_IMPORT_UNSUPPORTED_FORMAT")
    table = _table(content)
    if table is not None and "email" not in [cell.strip().lower() for cell in table[0]]:
        raise V2Error("ERROR_NO_EMAIL_COLUMN")
    return _start(call, "file", content, merge, books)


def start_collection(call: Call) -> Response:
    """POST /v2/contacts/import-collection `{addressBookIds, mergeOption, contacts}`."""
    body = call.bound()
    contacts, books = objects_of(body.get("contacts")), integers_of(body.get("addressbookids"))
    if books is None:
        raise V2Error("ERROR_MALFORMED_REQUEST")
    if not contacts:
        raise V2Error("ERROR_CONTACTS_ARE_NOT_SPECIFIED")
    for book in books:
        memberships.writable(call.state, book, status=400)
    types = contact_store.field_types(call.state)
    for contact in contacts:
        objects_of(contact.get("consentfields"))
        if any(str(pair.get("key") or "").upper() not in types for pair in objects_of(contact.get("datafields"))):
            raise V2Error("ERROR_DATAFIELD_NOTFOUND")
    return _start(call, "collection", codec.encode(contacts), _merge(body.get("mergeoption", "Overwrite")), books)


def _start(call: Call, kind: str, payload: bytes, merge: str, books: list[int]) -> Response:
    if import_queue.full(call):
        raise V2Error("ERROR_IMPORT_TOOMANYACTIVEIMPORTS", text=TOO_MANY_IMPORTS)
    import_id = import_queue.start(call, kind, payload, merge, books)
    return codec.answer({"id": import_id, "status": "NotFinished"}, 202)


def _merge(value: Any) -> str:
    """A merge option by name or number (5.1)."""
    number = whole_number(value) if isinstance(value, str) else None
    merge = choice(value if number is None else number, MERGE)
    if merge is None:
        raise parameter_invalid("mergeOption is not valid.")
    return merge


def _file(call: Call) -> tuple[str, bytes]:
    """Name and content of the file: base64 in JSON, or the one file part of a form."""
    kind = call.request.headers.get("content-type", "")
    if kind.lower().startswith("multipart/form-data"):
        return _form_file(kind, call.request.body)
    body = call.bound()
    try:
        return str(body.get("filename") or ""), base64.b64decode(str(body.get("data") or ""), validate=True)
    except (binascii.Error, ValueError):
        raise V2Error("ERROR_MALFORMED_REQUEST") from None


def _form_file(kind: str, body: bytes) -> tuple[str, bytes]:
    parser = email.parser.BytesParser(policy=email.policy.HTTP)
    message = parser.parsebytes(b"Content-Type: " + kind.encode("latin-1", "replace") + b"\r\n\r\n" + body)
    files = [part for part in message.iter_parts() if part.get_filename()] if message.is_multipart() else []
    if len(files) > 1:
        raise V2Error("ERROR_MULTI_FILE_UPLOAD_NOT_ALLOWED")
    if not files:
        raise V2Error("ERROR_MALFORMED_REQUEST", text="file must be valid")
    content = files[0].get_payload(decode=True)
    return str(files[0].get_filename()), content if isinstance(content, bytes) else b""


def _table(content: bytes) -> list[list[str]] | None:
    """The lines of a CSV file; None for what is none, such as a workbook: the import ends in InvalidFileFormat."""
    try:
        lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    except (UnicodeDecodeError, csv.Error):
        return None
    return lines if lines and "\0" not in "".join(lines[0]) else None


# -- polling and reports ---------------------------------------------------------------------------------------------


def status(call: Call) -> Response:
    """GET /v2/contacts/import/{guid}."""
    found = import_queue.poll(call, call.args["importId"], v3=False)
    if found is None:
        if call.settings.v2_unknown_import == "error":
            raise V2Error("ERROR_IMPORT_NOT_FOUND", call.settings.import_not_found_status)
        found = "Unknown"
    return codec.answer({"id": call.args["importId"].lower(), "status": found})


def report(call: Call) -> Response:
    """GET /v2/contacts/import/{guid}/report."""
    row = call.state.db.execute(
        "SELECT report FROM dd_import WHERE id = ? AND kind <> 'v3'", (call.args["importId"].lower(),)
    ).fetchone()
    if row is None or row[0] is None:
        raise V2Error("ERROR_IMPORT_REPORT_NOT_FOUND", call.settings.import_not_found_status)
    return codec.answer(codec.decode(row[0]))


def faults(call: Call) -> Response:
    """GET /v2/contacts/import/{guid}/report-faults: CSV with a byte order mark, first column Reason."""
    row = call.state.db.execute(
        "SELECT faults FROM dd_import WHERE id = ? AND kind <> 'v3'", (call.args["importId"].lower(),)
    ).fetchone()
    if row is None or row[0] is None:
        raise V2Error("ERROR_IMPORT_REPORT_NOT_FOUND", call.settings.import_not_found_status)
    return Response(200, {"Content-Type": "application/octet-stream"}, b"\xef\xbb\xbf" + row[0].encode())


# -- applying --------------------------------------------------------------------------------------------------------


def rows(state: State, kind: str, payload: bytes, books: str) -> list[Row] | None:
    """The rows of a stored import; None when the file cannot be read."""
    lists = codec.decode(books)
    types = contact_store.field_types(state)
    if kind == "collection":
        return [_collection_row(fold(contact), types, lists) for contact in codec.decode(payload)]
    table = _table(payload)
    if table is None:
        return None
    header = [cell.strip() for cell in table[0]]
    return [_file_row(header, cells, types, lists) for cells in table[1:] if cells]


def _collection_row(contact: dict[str, Any], types: dict[str, str], lists: list[int]) -> Row:
    text = str(contact.get("email") or "")
    row = _row(text, lists, [text])
    row.opt_in = choice(contact.get("optintype"), contact_store.OPT_IN_TYPES)
    row.email_type = choice(contact.get("emailtype"), contact_store.EMAIL_TYPES)
    pairs = {str(pair.get("key")).upper(): pair.get("value") for pair in contact.get("datafields") or []}
    row.consents = _consents({str(one.get("key")): one.get("value") for one in contact.get("consentfields") or []})
    return _with_data(row, pairs, types)


def _file_row(header: list[str], cells: list[str], types: dict[str, str], lists: list[int]) -> Row:
    named = {name.upper(): cell for name, cell in zip(header, cells, strict=False)}
    row = _row(named.get("EMAIL", ""), lists, (header, cells))
    row.opt_in = choice(named.get("OPTINTYPE"), contact_store.OPT_IN_TYPES)
    row.email_type = choice(named.get("EMAILTYPE"), contact_store.EMAIL_TYPES)
    row.consents = _consents(named)
    # Columns that are no data field are ignored.
    return _with_data(row, {name: cell for name, cell in named.items() if name in types}, types)


def _row(text: str, lists: list[int], source: Any) -> Row:
    address = addresses.normal(text)
    row = Row("email", address, email=address, lists=lists, source=source)
    if not address:
        row.failure = "InvalidEmail"
    return row


def _consents(values: dict[str, Any]) -> list[dict[str, Any]]:
    consent = {_CONSENT[key.upper()]: value for key, value in values.items() if key.upper() in _CONSENT and value}
    return [consent] if consent else []


def _with_data(row: Row, values: dict[str, Any], types: dict[str, str]) -> Row:
    try:
        row.data = {name: field_values.convert(types[name], value) for name, value in values.items() if name in types}
    except (field_values.WrongType, field_values.Overflow):
        row.failure = row.failure or "Failures"
    return row


def apply(state: State, import_id: str, rows: list[Row], merge: str, at: int) -> None:
    """Writes the rows and stores report and faults. Rows of suppressed contacts are faults."""
    upsert.apply(state, rows, at, merge, undelete=False, refuse_suppressed=True)
    counts = dict.fromkeys(_REPORT, 0)
    output = io.StringIO()
    writer = csv.writer(output)
    wording = 2 if state.config.dotdigital.v2_fault_wording == "vendor" else 1
    table = next((row.source[0] for row in rows if isinstance(row.source, tuple)), ["email"])
    writer.writerow(["Reason", *table])
    for row in rows:
        if not row.failure:
            counts["newContacts" if row.created else "updatedContacts"] += 1
            continue
        fault = _FAULTS.get(row.failure, _FAILURES)
        counts[fault[0]] += 1
        writer.writerow([fault[wording], *(row.source[1] if isinstance(row.source, tuple) else row.source)])
    state.db.execute(
        "UPDATE dd_import SET report = ?, faults = ? WHERE id = ?", (codec.text(counts), output.getvalue(), import_id)
    )
