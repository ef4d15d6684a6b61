"""System jobs that failed, as the platform writes them."""

from dyntui.sandbox.dataverse import system_rows
from dyntui.sandbox.state import State

_COMPLETED, _FAILED = 3, 31
_SQL_ERROR = -2147204784  # 0x80044150
_DOT_NET = -2146232060  # of every SqlException


def fail(state: State, number: int) -> str:
    """A job that SQL Server ended with this number; its id. The wording was seen of real organisations."""
    message = "Sql error: Generic SQL error."
    if state.config.dataverse.sql_errors_numbered:
        message = f"{message} CRM ErrorCode: {_SQL_ERROR} Sql ErrorCode: {_DOT_NET} Sql Number: {number}"
    owner = state.db.execute("SELECT systemuserid FROM dv_systemuser ORDER BY systemuserid LIMIT 1").fetchone()[0]
    return system_rows.insert(
        state,
        "asyncoperation",
        {
            "name": "A system job",
            "errorcode": _SQL_ERROR,
            "message": message,
            "statecode": _COMPLETED,
            "statuscode": _FAILED,
            "ownerid": owner,
            "createdby": owner,
        },
    )
