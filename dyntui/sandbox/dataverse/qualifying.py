"""QualifyLead: a lead becomes an account and a contact.

Sources: the QualifyLead action's page; what is carried over follows the columns' standard maps [inferred]. Membership
of lists does not move [inferred]. The simulated organisation has no opportunities.
"""

from typing import Any

from dyntui.sandbox.dataverse import cascades, computed, security
from dyntui.sandbox.dataverse.call import Call
from dyntui.sandbox.dataverse.errors import DataverseError, bad_request, row_missing, unsupported
from dyntui.sandbox.dataverse.storage import quoted
from dyntui.sandbox.dataverse.tables import Table
from dyntui.sandbox.dataverse.writes import Writer

_QUALIFIED = 1
_OPEN = 0
_PREFERENCES = ("donotemail", "donotbulkemail", "donotphone", "donotfax", "donotpostalmail", "donotsendmm")
_SHARED = ("emailaddress1", "emailaddress2", "emailaddress3", "telephone1", *_PREFERENCES)
_TO_CONTACT = {name: name for name in ("firstname", "lastname", "jobtitle", "mobilephone", *_SHARED)}
_TO_ACCOUNT = {"companyname": "name", "websiteurl": "websiteurl", **{name: name for name in _SHARED}}


def qualify(call: Call, table: Table, lead_id: str, body: dict[str, Any]) -> list[dict[str, str]]:
    """Qualifies an open lead and answers the rows that were made.

    Raises DataverseError 0x80081018 for a lead that is not open, 0x80048408 for a status of another state.
    """
    wanted = {name: body.get(name, False) for name in ("CreateAccount", "CreateContact", "CreateOpportunity")}
    if not all(isinstance(value, bool) for value in wanted.values()):
        raise bad_request("CreateAccount, CreateContact and CreateOpportunity must be true or false.")
    if wanted["CreateOpportunity"]:
        raise unsupported("This simulated organisation has no opportunities: CreateOpportunity must be false.")
    lead = _lead(call, table, lead_id)
    status = body.get("Status", -1)
    if isinstance(status, bool) or not isinstance(status, int):
        raise bad_request("The parameter 'Status' must be a number.")
    if status == -1:
        status = computed.default_status(table, _QUALIFIED)
    else:
        if table.columns["statuscode"].option(status) is None:
            raise DataverseError("0x80048408", f"{status} is not a valid status code for the state Qualified.")
        computed.check_status(table, _QUALIFIED, status, lead_id)
    made: list[dict[str, str]] = []
    origin = {"originatingleadid@odata.bind": f"/leads({lead_id})"}
    if wanted["CreateAccount"]:
        account = {**_mapped(lead, _TO_ACCOUNT), **origin}
        account.setdefault("name", lead["fullname"] or "")
        made.append(_create(call, "account", account))
    if wanted["CreateContact"]:
        contact = {**_mapped(lead, _TO_CONTACT), **origin}
        if made:
            contact["parentcustomerid_account@odata.bind"] = f"/accounts({made[0]['accountid']})"
        made.append(_create(call, "contact", contact))
    cascades.store(call, table, lead_id, {"statecode": _QUALIFIED, "statuscode": status})
    return made


def _lead(call: Call, table: Table, lead_id: str) -> dict[str, Any]:
    columns = [name for name in {*_TO_CONTACT, *_TO_ACCOUNT, "fullname", "statecode"} if name in table.columns]
    found = call.state.db.execute(
        f"SELECT {', '.join(map(quoted, columns))} FROM dv_lead WHERE leadid = ?",  # noqa: S608 - names of the schema
        (lead_id,),
    ).fetchone()
    if found is None:
        raise row_missing(table.schema_name, lead_id)
    security.check(call.state, call.caller, "Write", table, lead_id)
    lead = dict(zip(columns, found, strict=True))
    if lead["statecode"] != _OPEN:
        raise DataverseError("0x80081018", f"The lead {lead_id} cannot be qualified: it is not open.")
    return {
        name: bool(value) if value is not None and table.columns[name].type == "Boolean" else value
        for name, value in lead.items()
    }


def _mapped(lead: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    return {target: lead[source] for source, target in names.items() if lead.get(source) is not None}


def _create(call: Call, name: str, body: dict[str, Any]) -> dict[str, str]:
    table = call.schema.tables[name]
    writer = Writer.of(call, table)
    writer.may_create()
    known = {column for column in body if "@" in column or column in table.columns}
    row_id = writer.create({column: value for column, value in body.items() if column in known})
    return {"@odata.type": f"#Microsoft.Dynamics.CRM.{name}", table.primary_id: row_id}
