"""What the security roles of solution `dyntui` may do in Dynamics (spec sections 2 and 13): privileges by name.

Plain data; `dyntui.sync.installation` makes sure that each role has them.
"""

from __future__ import annotations

from dyntui.model import solution
from dyntui.model.roles import Role

_CONNECTOR = tuple(table.schema_name for table in solution.TABLES)
_RIGHTS = ("Create", "Read", "Write", "Delete", "Append", "AppendTo", "Assign")


def _privileges(rights: tuple[str, ...], tables: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"prv{right}{table}" for table in tables for right in rights)


# Privileges of each role, by name, all at organisation depth: on the connector's tables; a person's ordinary roles
# decide the rest. The service role also reads and writes what a synchronisation touches.
ROLE_PRIVILEGES: dict[Role, tuple[str, ...]] = {
    Role.MANAGER: _privileges(("Create", "Read", "Write", "Append", "AppendTo"), _CONNECTOR),
    Role.PROFESSIONAL: (
        *_privileges(("Read",), _CONNECTOR),
        *_privileges(("Write", "Append", "AppendTo"), (solution.EMAIL_CAMPAIGN.schema_name,)),
        # Activating a list writes its lookup to the email account for the person.
        *_privileges(("AppendTo",), (solution.EMAIL_ACCOUNT.schema_name,)),
    ),
    Role.VIEWER: _privileges(("Read",), _CONNECTOR),
    Role.SERVICE: (
        *_privileges(_RIGHTS, _CONNECTOR),
        *_privileges(("Create", "Read", "Write", "Append", "AppendTo"), ("Account", "Contact", "Lead", "List")),
        *_privileges(("Read",), ("User", "Team", "BusinessUnit", "Role")),
        "prvActOnBehalfOfAnotherUser",
    ),
}

# Privileges of the service role where the organisation knows them: not every version has each. They let it read
# definitions (which columns are secured, which keys are ready), which messages a table offers, the organisation's
# settings, saved views, and whether the installation is complete.
OPTIONAL_PRIVILEGES: dict[Role, tuple[str, ...]] = {
    Role.SERVICE: _privileges(
        ("Read",),
        (
            *("Entity", "Attribute", "Relationship", "EntityKey", "OptionSet", "SdkMessage", "Organization"),
            *("Query", "TransactionCurrency", "Solution", "Publisher", "FieldSecurityProfile", "FieldPermission"),
            "msdynmkt_contactpointconsent4",
        ),
    )
}

# Privileges that Dynamics grants for one's own rows alone, where the organisation knows them: personal views are read
# in the name of the person whose they are, and who acts for somebody needs the privilege as well.
OWN_ROWS_PRIVILEGES: dict[Role, tuple[str, ...]] = {Role.SERVICE: _privileges(("Read",), ("UserQuery",))}
