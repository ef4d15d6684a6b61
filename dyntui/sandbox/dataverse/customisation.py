"""What every change of definitions has in common: rights, the lock, the delay until others see it, publishing.

Customisations take an exclusive lock on the platform (0x80071151 for whoever comes second); requests here are served
one after the other, so that the lock is held for a time after a change instead. New tables and columns are usable at
once or after a delay; changes of existing definitions wait to be published
(create-update-entity-definitions-using-web-api).
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from dyntui.sandbox.dataverse import security, storage
from dyntui.sandbox.dataverse.call import Call
from dyntui.sandbox.dataverse.errors import DataverseError, invalid_argument
from dyntui.sandbox.dataverse.storage import timestamp
from dyntui.sandbox.dataverse.tables import Column, Table
from dyntui.sandbox.state import State

SCHEMA_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{1,7}_[A-Za-z0-9_]{0,88}[A-Za-z0-9]")
"""A customisation prefix of 2 to 8 characters, an underscore, a name."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_UNPUBLISHED = "unpublished"


@contextmanager
def change(call: Call, *privileges: str) -> Iterator[None]:
    """Everything inside is one customisation: allowed by `privileges`, alone, and undone as a whole when it fails.

    Whoever answers the request reads the schema again after a failure.

    Raises DataverseError 403 for a missing privilege, 0x80071151 while another customisation holds the lock.
    """
    for name in privileges:
        security.check_privilege(call.state, call.caller, name)
    state = call.state
    _enter(state)
    call.writes = True
    with state.transaction():
        yield
        _leave(state)


def _enter(state: State) -> None:
    row = state.db.execute("SELECT value FROM dv_counter WHERE name = 'customisation_lock'").fetchone()
    if row is not None and state.clock.now().timestamp() < row[0]:
        raise DataverseError(
            "0x80071151",
            "Cannot start the requested operation [Customization] because there is another [Customization] running at "
            "this moment. Use Solution History for more details.",
        )


def _leave(state: State) -> None:
    seconds = state.config.dataverse.customisation_lock_seconds
    if seconds:
        until = int((state.clock.now() + timedelta(seconds=seconds)).timestamp())
        state.db.execute(
            "INSERT INTO dv_counter VALUES ('customisation_lock', ?)"
            " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (until,),
        )


def visible_from(state: State) -> str:
    """When a table or column that is created now is served: world time, ISO 8601 with Z, or "" for at once."""
    seconds = state.config.dataverse.column_visibility_seconds
    return timestamp(state.clock.now() + timedelta(seconds=seconds)) if seconds else ""


def check_schema_name(name: Any) -> str:
    """A schema name with a customisation prefix. Raises DataverseError 0x8004700b for anything else."""
    if not isinstance(name, str) or not SCHEMA_NAME.fullmatch(name):
        raise DataverseError(
            "0x8004700b",
            f"'{name}' is not a valid SchemaName: it begins with a customization prefix of 2 to 8 characters and an "
            "underscore, and has letters, digits and underscores.",
        )
    return name


def check_name(name: Any) -> str:
    """A name of an entity set or a navigation property. Raises DataverseError 0x8004700b for anything else."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise DataverseError("0x8004700b", f"'{name}' is not a valid name: it has letters, digits and underscores.")
    return name


def keep(holder: Table | Column, changes: Mapping[str, Any]) -> None:
    """Keeps changes of a definition's own properties until it is published."""
    holder.extra = {**holder.extra, _UNPUBLISHED: {**holder.extra.get(_UNPUBLISHED, {}), **changes}}


def publish(state: State, names: frozenset[str] | None = None) -> None:
    """Makes kept changes real: those of the tables `names`, or all."""
    for table in list(state.config.dataverse.schema.tables.values()):
        if names is not None and table.logical_name not in names:
            continue
        holders: list[Table | Column] = [table, *table.columns.values()]
        waiting = [holder for holder in holders if _UNPUBLISHED in holder.extra]
        for holder in waiting:
            changes = holder.extra[_UNPUBLISHED]
            holder.extra = {name: value for name, value in holder.extra.items() if name != _UNPUBLISHED}
            for name, value in changes.items():
                if name == "labels":
                    holder.extra = {**holder.extra, "labels": {**holder.extra.get("labels", {}), **value}}
                else:
                    setattr(holder, name, value)
        if waiting:
            storage.save_table(state, table)


def tables_to_publish(text: str) -> frozenset[str]:
    """The tables in PublishXml's ParameterXml. Raises DataverseError for a document of another form."""
    try:
        root = fromstring(text, forbid_dtd=True)
    except (SyntaxError, DefusedXmlException, ValueError) as error:
        # ElementTree's ParseError is a SyntaxError.
        raise invalid_argument(f"ParameterXml cannot be read: {error}") from error
    if root.tag != "importexportxml":
        raise invalid_argument("ParameterXml must be an importexportxml document.")
    return frozenset((each.text or "").strip() for each in root.iter("entity"))


def moment(state: State) -> str:
    """World time, as CreatedOn and ModifiedOn of definitions show it."""
    return timestamp(state.clock.now())
