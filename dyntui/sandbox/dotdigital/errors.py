"""How the service refuses: literal texts of v2 (2.2), bodies of v3 (2.5), and the pages that are no JSON."""

from dataclasses import dataclass, field

from dyntui.sandbox.request import Response, json_response, text_response

TEXTS = {
    "ERROR_CONTACT_SUPPRESSED": "Contact is suppressed. ERROR_CONTACT_SUPPRESSED",
    "ERROR_NON_UNIQUE_DATAFIELD": "Field already exists. ERROR_NON_UNIQUE_DATAFIELD",
    "ERROR_ADDRESSBOOK_DUPLICATE": "That name is in use already, please choose another. ERROR_ADDRESSBOOK_DUPLICATE",
    "ERROR_ADDRESSBOOK_NOTWRITABLE": "Address book cannot be written to via the API. ERROR_ADDRESSBOOK_NOTWRITABLE",
    "ERROR_IMPORT_REPORT_NOT_FOUND": (
        "Import is not processed yet or completed with error. ERROR_IMPORT_REPORT_NOT_FOUND"
    ),
    "ERROR_CAMPAIGN_SENDNOTPERMITTED": "Send not permitted at this time. ERROR_CAMPAIGN_SENDNOTPERMITTED",
    "ERROR_ENROLMENT_ALLOWANCE_EXCEEDED": "Error: ERROR_ENROLMENT_ALLOWANCE_EXCEEDED ",
    "ERROR_APIUSAGE_EXCEEDED": (
        "Your account has generated excess API activity and is being temporarily capped. Please contact support."
        " ERROR_APIUSAGE_EXCEEDED"
    ),
}
"""Texts known word for word; every other code is answered as `Error: CODE`. One ends in a blank, as the vendor's."""

EMAIL_NOT_VALID = "Email is not a valid email address. ERROR_PARAMETER_INVALID"
UNAUTHORISED = "Authorization has been denied for this request."
TOO_MANY_IMPORTS = (
    "There are too many active imports for this account, please try again later. ERROR_IMPORT_TOOMANYACTIVEIMPORTS"
)
"""The code arrives inside of a longer message (2.2); the words around it are ours."""


class Refusal(Exception):
    """A call ends in an error answer; everything it wrote is undone."""

    def response(self) -> Response:
        raise NotImplementedError


@dataclass
class V2Error(Refusal):
    """`{"message": text}`; the text follows from the code unless it is given."""

    code: str
    status: int = 400
    text: str = ""

    def response(self) -> Response:
        return json_response({"message": self.text or TEXTS.get(self.code, f"Error: {self.code}")}, self.status)


@dataclass
class V3Error(Refusal):
    """`{"errorCode", "description", "details"}`; details only where there are some."""

    code: str
    description: str
    status: int = 400
    details: list[tuple[str, str]] = field(default_factory=list)

    def response(self) -> Response:
        body: dict[str, object] = {"errorCode": self.code, "description": self.description}
        if self.details:
            body["details"] = [{"item": item, "description": text} for item, text in self.details]
        return json_response(body, self.status)


def parameter_invalid(text: str = "") -> V2Error:
    """400 ERROR_PARAMETER_INVALID with a sentence before the code."""
    return V2Error("ERROR_PARAMETER_INVALID", text=f"{text} ERROR_PARAMETER_INVALID".strip() if text else "")


def not_found(code: str) -> V2Error:
    """404 for an entity named in the path (2.3)."""
    return V2Error(code, 404)


def wrong_region() -> Response:
    """403 as a web server's page: its shape is undocumented and probably no JSON (1.1, [inferred])."""
    return text_response(
        "<!DOCTYPE html>\n<html><head><title>403 - Forbidden: Access is denied.</title></head>\n"
        "<body><h2>403 - Forbidden: Access is denied.</h2>\n"
        "<h3>You do not have permission to view this directory or page using the credentials that you supplied.</h3>"
        "</body></html>\n",
        403,
        "text/html",
    )


def unauthorised(v3: bool) -> Response:
    """401 (1.3). The body of v3 is undocumented: the same sentence in v3's shape ([inferred])."""
    headers = {"WWW-Authenticate": "Basic"}
    if v3:
        return json_response({"errorCode": "server:unauthorized", "description": UNAUTHORISED}, 401, headers)
    return json_response({"message": UNAUTHORISED}, 401, headers)
