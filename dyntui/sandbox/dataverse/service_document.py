"""The service document and $metadata: which entity sets, properties and actions this organisation has."""

from xml.sax.saxutils import quoteattr

from dyntui.sandbox.dataverse import addresses, bound, bulk, functions
from dyntui.sandbox.dataverse.call import Call
from dyntui.sandbox.dataverse.filter import edm_type
from dyntui.sandbox.dataverse.tables import Table
from dyntui.sandbox.request import Response


def _tables(call: Call) -> list[Table]:
    now, sales = call.now, addresses.has_sales_app(call)
    return [
        table
        for table in sorted(call.schema.tables.values(), key=lambda each: each.entity_set)
        if table.entity_set and table.visible_at <= now and (sales or table.app != "sales")
    ]


def sets(call: Call) -> Response:
    """`GET /api/data/v9.2/`: the entity sets."""
    call.route = "/"
    value = [{"name": each.entity_set, "kind": "EntitySet", "url": each.entity_set} for each in _tables(call)]
    return call.reply({"@odata.context": f"{call.base}/$metadata", "value": value})


def metadata(call: Call) -> Response:
    """`GET $metadata`: entity types, sets and operations as CSDL; bound operations say so with IsBound.

    With the option annotations=true sets with change tracking are marked.
    """
    marked = call.options.get("annotations") == "true"
    tables = _tables(call)
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>',
        '<Schema Namespace="Microsoft.Dynamics.CRM" Alias="mscrm" xmlns="http://docs.oasis-open.org/odata/ns/edm">',
    ]
    for table in tables:
        lines += _entity_type(call, table)
        lines += _bound_operations(call, table)
    lines += [f"<Function Name={quoteattr(name)} />" for name in sorted(functions.FUNCTIONS)]
    lines += [
        f"<Action Name={quoteattr(name)} />" for name in sorted(functions.ACTIONS) if functions.is_known(call, name)
    ]
    lines.append('<EntityContainer Name="System">')
    for table in tables:
        name, kind = quoteattr(table.entity_set), quoteattr(f"Microsoft.Dynamics.CRM.{table.logical_name}")
        if marked and table.change_tracking:
            lines.append(
                f"<EntitySet Name={name} EntityType={kind}>"
                '<Annotation Term="Org.OData.Capabilities.V1.ChangeTracking" Bool="true" /></EntitySet>'
            )
        else:
            lines.append(f"<EntitySet Name={name} EntityType={kind} />")
    lines += ["</EntityContainer>", "</Schema>", "</edmx:DataServices></edmx:Edmx>"]
    return Response(200, {"Content-Type": "application/xml"}, "\n".join(lines).encode())


def _bound_operations(call: Call, table: Table) -> list[str]:
    one = f"mscrm.{table.logical_name}"
    actions, bound_functions = bound.operations(call, table)
    found = [("Action", name, f"Collection({one})") for name in bulk.offered(call, table)]
    found += [("Action", name, one) for name in actions] + [("Function", name, one) for name in bound_functions]
    return [
        f'<{kind} Name={quoteattr(name)} IsBound="true">'
        f'<Parameter Name="entity" Type={quoteattr(binding)} Nullable="false" /></{kind}>'
        for kind, name, binding in found
    ]


def _entity_type(call: Call, table: Table) -> list[str]:
    lines = [
        f"<EntityType Name={quoteattr(table.logical_name)}>",
        f"<Key><PropertyRef Name={quoteattr(table.primary_id)} /></Key>",
    ]
    now = call.now
    for name, column in call.schema.properties(table).items():
        if column.visible_at <= now:
            lines.append(f"<Property Name={quoteattr(name)} Type={quoteattr(edm_type(column))} />")
    for name, (_column, targets) in call.schema.lookups(table).items():
        kind = targets[0] if len(targets) == 1 else "principal"
        lines.append(f"<NavigationProperty Name={quoteattr(name)} Type={quoteattr(f'mscrm.{kind}')} />")
    for name, collection in call.schema.collections(table).items():
        kind = f"Collection(mscrm.{collection.target})"
        lines.append(f"<NavigationProperty Name={quoteattr(name)} Type={quoteattr(kind)} />")
    lines.append("</EntityType>")
    return lines
