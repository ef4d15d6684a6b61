"""BulkDelete: a system job that deletes what queries find (bulkdelete action page).

Here the job is done at once; its row in asyncoperations says so.
"""

from typing import Any

from dyntui.sandbox.dataverse import deletion, query, system_rows
from dyntui.sandbox.dataverse.call import Call
from dyntui.sandbox.dataverse.clause import Clause, Value, all_of, any_of
from dyntui.sandbox.dataverse.errors import bad_request, invalid_argument, unknown_property
from dyntui.sandbox.dataverse.filter import like
from dyntui.sandbox.dataverse.filter_functions import stored_value
from dyntui.sandbox.dataverse.storage import quoted
from dyntui.sandbox.dataverse.tables import Table

_COMPARISONS = {
    "Equal": "=",
    "NotEqual": "<>",
    "GreaterThan": ">",
    "GreaterEqual": ">=",
    "LessThan": "<",
    "LessEqual": "<=",
}
_COMPLETED, _SUCCEEDED, _BULK_DELETE = 3, 30, 13


def run(call: Call, body: dict[str, Any]) -> str:
    """Deletes what the queries in `QuerySet` find and returns the id of the job."""
    queries = body.get("QuerySet")
    if not isinstance(queries, list) or not queries:
        raise invalid_argument("The parameter 'QuerySet' must be a list of queries.")
    for each in queries:
        table = call.schema.table(str(each.get("EntityName"))) if isinstance(each, dict) else None
        if table is None:
            raise invalid_argument("A query in 'QuerySet' has no known EntityName.")
        condition = _condition(call, table, each.get("Criteria"))
        found = query.of_table(call, table).narrowed(condition).select(f"t.{quoted(table.primary_id)}")
        for (row_id,) in call.state.db.execute(found.text, found.params).fetchall():
            deletion.remove(call, table, row_id)
    values: dict[str, Value] = {
        "name": str(body.get("JobName") or "Bulk deletion"),
        "operationtype": _BULK_DELETE,
        "statecode": _COMPLETED,
        "statuscode": _SUCCEEDED,
        "ownerid": call.caller.user_id,
        "createdby": call.caller.user_id,
        "completedon": call.now,
    }
    known = call.schema.tables["asyncoperation"].columns
    return system_rows.insert(
        call.state, "asyncoperation", {name: value for name, value in values.items() if name in known}
    )


def _condition(call: Call, table: Table, criteria: Any) -> Clause:
    """The meaning of a FilterExpression."""
    if not criteria:
        return Clause("1")
    if not isinstance(criteria, dict):
        raise bad_request("Criteria must be a FilterExpression.")
    parts = [_one(call, table, each) for each in criteria.get("Conditions") or []]
    parts += [_condition(call, table, each) for each in criteria.get("Filters") or []]
    if not parts:
        return Clause("1")
    return any_of(parts) if criteria.get("FilterOperator") == "Or" else all_of(parts)


def _one(call: Call, table: Table, condition: dict[str, Any]) -> Clause:
    name, operator = str(condition.get("AttributeName")), str(condition.get("Operator"))
    column = table.columns.get(name)
    if column is None or not column.is_stored or column.visible_at > call.now:
        raise unknown_property(name, table.logical_name)
    sql = f"t.{quoted(name)}"
    if operator in {"Null", "NotNull"}:
        return Clause(f"{sql} IS {'NOT ' if operator == 'NotNull' else ''}NULL")
    values = [str(each.get("Value") if isinstance(each, dict) else each) for each in condition.get("Values") or []]
    if operator in {"In", "NotIn"}:
        inside = Clause(
            f"{sql} IN ({', '.join('?' * len(values))})", tuple(stored_value(column, each) for each in values)
        )
        return inside if operator == "In" else inside.negated()
    if len(values) != 1:
        raise invalid_argument(f"The condition on '{name}' needs one value.")
    if operator == "Like":
        return like(sql, values[0])
    if operator not in _COMPARISONS:
        raise invalid_argument(f"The condition operator '{operator}' is not supported.")
    return Clause(f"{sql} {_COMPARISONS[operator]} ?", (stored_value(column, values[0]),))
