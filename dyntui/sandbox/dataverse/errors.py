"""Errors as the platform words them: a code, a text and a status.

Codes: the platform's table (3,400 names, `web-service-error-codes`); statuses: compose-http-requests-handle-errors;
texts where no page quotes one are this simulator's, in the platform's tone.
"""

_STATUSES = {
    "0x80040217": 404,
    "0x80060891": 404,
    "0x80060892": 412,
    "0x80040237": 412,
    "0x80040333": 412,
    "0x80060882": 412,
    "0x80040220": 403,
    "0x80040231": 403,
    "0x80048306": 403,
    "0x8004020d": 403,
    "0x80048405": 403,
    "0x80042f09": 403,
    "0x8004a112": 403,
    "0x80041d40": 403,
    "0x8004a110": 403,
    "0x80072560": 403,
    "0x8004f502": 403,
    "0x8004f504": 403,
    "0x8004f507": 403,
    "0x80041d52": 401,
    "0x80044300": 401,
    "0x80044302": 401,
    "0x80072321": 429,
    "0x80072322": 429,
    "0x80072326": 429,
    "0x8005f103": 429,
    "0x80048544": 503,
    "0x8004023b": 405,
    "0x80040315": 405,
    "0x80040227": 405,
}


class DataverseError(Exception):
    """Ends a request with `{"error": {"code", "message"}}`.

    `status` is the documented one of the code (400 for all others) unless given; `headers` go into the reply.
    """

    def __init__(
        self, code: str, message: str, status: int | None = None, headers: dict[str, str] | None = None
    ) -> None:
        self.status = _STATUSES.get(code, 400) if status is None else status
        super().__init__(f"{self.status} {code} {message}")
        self.code = code
        self.message = message
        self.headers = headers or {}


def bad_request(message: str) -> DataverseError:
    """What the OData layer says about an address, an option or a literal it cannot understand."""
    return DataverseError("0x80060888", message)


def unknown_property(name: str, table: str) -> DataverseError:
    return bad_request(f"Could not find a property named '{name}' on type 'Microsoft.Dynamics.CRM.{table}'.")


def unknown_segment(segment: str) -> DataverseError:
    return DataverseError("0x80060888", f"Resource not found for the segment '{segment}'.", 404)


def invalid_payload(message: str) -> DataverseError:
    """A body with a property that cannot be understood (0x80048d19 comes from the OData layer)."""
    return DataverseError("0x80048d19", f"Error identified in Payload provided by the user for Entity :'', {message}")


def invalid_argument(message: str) -> DataverseError:
    return DataverseError("0x80040203", message)


def row_missing(display_name: str, row_id: str) -> DataverseError:
    return DataverseError("0x80040217", f"Entity '{display_name}' With Id = {row_id} Does Not Exist")


def no_row_for_key(table: str) -> DataverseError:
    return DataverseError("0x80060891", f"A record with the specified key values does not exist in {table} entity")


def version_mismatch() -> DataverseError:
    return DataverseError(
        "0x80060882", "The version of the existing record doesn't match the RowVersion property provided."
    )


def duplicate_row() -> DataverseError:
    return DataverseError("0x80040237", "A record with matching key values already exists.")


def duplicate_id() -> DataverseError:
    return DataverseError("0x80040237", "Cannot insert duplicate key.")


def duplicate_key(columns: str, key: str) -> DataverseError:
    return DataverseError(
        "0x80060892",
        f"A record that has the attribute values {columns} already exists. The entity key {key} requires that this"
        " set of attributes contains unique values. Select unique values and try again.",
    )


def unsupported(message: str) -> DataverseError:
    return DataverseError("0x80040315", message)


def not_allowed(message: str) -> DataverseError:
    return DataverseError("0x8004023b", message)
