"""Setup in an organisation that has customisations of its own, or what an earlier setup has left half done."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dyntui.dataverse import customisation, rows, security
from dyntui.model import solution
from dyntui.model.errors import DyntuiError
from dyntui.model.roles import Role
from dyntui.sandbox.dataverse import key_indexes, solutions, storage
from dyntui.sandbox.dataverse.storage import schema_of
from tests.scenarios.office import Office
from tests.scenarios.test_doctor import found
from tests.scenarios.test_setting_up import states_of


def privileges(office: Office, role: Role) -> dict[str, str]:
    async def ask() -> dict[str, str]:
        dv = await office.resources.connections.dataverse()
        return await security.role_privileges(dv, role.value) or {}

    return office.wait(ask())


@pytest.mark.parametrize("role", list(Role))
def test_a_role_that_the_organisation_has_under_the_same_name_keeps_what_it_may(office: Office, role: Role) -> None:
    """The connector by dotdigital makes four roles of these names."""
    office.give_roles("application", "System Administrator")
    own = {"prvReadAccount": security.DEEP, "prvDeleteContact": security.LOCAL, "prvReadUserQuery": security.BASIC}

    async def as_it_was() -> None:
        dv = await office.resources.connections.dataverse()
        role_id = await security.ensure_role(dv, role.value, own)
        # It is no part of dyntui's solution.
        solutions.forget_component(office.sandbox.state, role_id)

    office.wait(as_it_was())
    assert states_of(office.plan_setup())[f"privileges of the role {role}"] == "missing"
    assert states_of(office.set_up())[f"privileges of the role {role}"] == "done"
    held = privileges(office, role)
    assert held["prvdeletecontact"] == security.LOCAL and "prvreadaccount" in held
    office.give_roles("application", "System Administrator")
    assert set(states_of(office.set_up()).values()) <= {"there", "done"}
    assert states_of(office.plan_setup())[f"role {role}"] == "there"


def test_a_key_whose_index_failed_is_built_again_once_the_duplicates_are_gone(office: Office) -> None:
    """Rows were brought into a table of a setup that had not come to its key."""
    state = office.sandbox.state
    table = schema_of(state).tables[solution.SUPPRESSION.logical_name]
    (key,) = table.keys.values()
    storage.drop_key(state, table, key)

    async def bring() -> list[str]:
        dv = await office.resources.connections.dataverse()
        row = {"dyntui_key": "the same", "dyntui_address": "one@example.org"}
        return [await rows.create(dv, solution.SUPPRESSION.entity_set, row) for _ in range(2)]

    async def delete(row_id: str) -> None:
        dv = await office.resources.connections.dataverse()
        await dv.request("DELETE", f"{solution.SUPPRESSION.entity_set}({row_id})")

    _, second = office.wait(bring())
    key_indexes.start(state, table, key)
    office.give_roles("application", "System Administrator")
    for _ in range(2):
        with pytest.raises(DyntuiError) as refused:
            office.set_up()
        assert refused.value.code == "DATAVERSE_KEY_FAILED" and "duplicates" in refused.value.remedy
    office.wait(delete(second))
    steps = states_of(office.set_up())
    assert [name for name, each in steps.items() if each == "done" and name.startswith("key")] == [
        "key Email Suppression: dyntui_Key"
    ]
    assert states_of(office.plan_setup())["key Email Suppression: dyntui_Key"] == "there"


@pytest.mark.parametrize(
    ("table", "column", "kind", "wanted"),
    [
        ("contact", "dyntui_score", "String", "Contact: Score"),
        ("list", "dyntui_membershipaction", "Integer", "Marketing List: Membership action"),
        ("dyntui_emailcampaign", "dyntui_emailaccountid", "String", "Email Campaign: Email Account"),
    ],
)
def test_a_column_of_the_same_name_and_another_type_is_named_and_nothing_rests_on_it(
    office: Office, table: str, column: str, kind: str, wanted: str
) -> None:
    as_another_type(office, table, column, kind)
    office.give_roles("application", "System Administrator")
    for ask in (office.plan_setup, office.set_up):
        with pytest.raises(DyntuiError) as refused:
            ask()
        assert refused.value.code == "SETUP_COLUMN_TAKEN"
        assert f"{table}.{column}" in refused.value.message and kind in refused.value.message
        assert wanted in refused.value.message
    assert "This profile stays connected." in refused.value.not_done
    assert "delete" in refused.value.remedy.lower() and "dyntui setup" in refused.value.remedy
    assert found(office)["SETUP_COLUMN_TAKEN"].text == refused.value.message


def as_another_type(office: Office, table: str, column: str, kind: str) -> None:
    """What an earlier solution of the same prefix has left behind."""
    state = office.sandbox.state
    for relationship in list(schema_of(state).one_to_many.values()):
        if (relationship.referencing, relationship.referencing_attribute) == (table, column):
            storage.drop_one_to_many(state, relationship)
    known = schema_of(state).tables[table]
    if column in known.columns:
        storage.drop_column(state, known, known.columns[column])
    office.give_roles("application", "System Administrator")

    async def make() -> None:
        dv = await office.resources.connections.dataverse()
        spec = solution.ColumnSpec(schema_name=column, label="Of before", kind=kind)
        await customisation.Customisation(dv, solution.UNIQUE_NAME).ensure_column(table, spec)

    office.wait(make())


def test_a_key_of_another_name_over_the_same_column_is_the_one_that_is_needed(office: Office) -> None:
    state = office.sandbox.state
    table = schema_of(state).tables[solution.SUPPRESSION.logical_name]
    (key,) = table.keys.values()
    storage.drop_key(state, table, key)
    office.give_roles("application", "System Administrator")

    async def make() -> None:
        dv = await office.resources.connections.dataverse()
        made = customisation.Customisation(dv, solution.UNIQUE_NAME)
        await made.ensure_key(table.logical_name, "dyntui_ByKey", "dyntui_key", "By key")

    office.wait(make())
    begun = office.sandbox.now()
    assert set(states_of(office.set_up()).values()) <= {"there", "done"}
    assert (office.sandbox.now() - begun).total_seconds() < 300
    assert [each.schema_name for each in schema_of(state).tables[table.logical_name].keys.values()] == ["dyntui_ByKey"]
    assert office.run("suppressions").run.error_code == ""


SUPPRESSIONS, LISTS_OF = solution.SUPPRESSION.logical_name, solution.CAMPAIGN_LISTS.schema_name


def refusal(office: Office, ask: Callable[[], object]) -> DyntuiError:
    """What setup says, before anything that waits."""
    begun = office.sandbox.now()
    with pytest.raises(DyntuiError) as refused:
        ask()
    assert (office.sandbox.now() - begun).total_seconds() < 60
    assert "dyntui setup" in refused.value.remedy
    return refused.value


def test_a_key_of_the_same_name_over_another_column_is_named(office: Office) -> None:
    state = office.sandbox.state
    table = schema_of(state).tables[SUPPRESSIONS]
    (key,) = table.keys.values()
    storage.drop_key(state, table, key)
    office.give_roles("application", "System Administrator")

    async def make() -> None:
        dv = await office.resources.connections.dataverse()
        made = customisation.Customisation(dv, solution.UNIQUE_NAME)
        await made.ensure_key(SUPPRESSIONS, key.schema_name, "dyntui_address", "Of before")

    office.wait(make())
    for ask in (office.plan_setup, office.set_up):
        error = refusal(office, ask)
        assert error.code == "SETUP_KEY_TAKEN" and f"{SUPPRESSIONS}.{key.schema_name}" in error.message
        assert "dyntui_address" in error.message
    assert found(office)["SETUP_KEY_TAKEN"].text == error.message


@pytest.mark.parametrize("spec", [solution.CAMPAIGN_LISTS, solution.LIST_LOOKUPS[0]])
def test_a_relationship_of_the_same_name_between_others_is_named(
    office: Office, spec: solution.ManyToManySpec | solution.LookupSpec
) -> None:
    state = office.sandbox.state
    schema = schema_of(state)
    if isinstance(spec, solution.ManyToManySpec):
        name, wanted = spec.schema_name, "Target marketing lists"
        storage.drop_many_to_many(state, schema.many_to_many[name])
    else:
        name, wanted = spec.relationship, spec.label
        relationship = schema.one_to_many[name]
        storage.drop_one_to_many(state, relationship)
        referencing = schema.tables[relationship.referencing]
        storage.drop_column(state, referencing, referencing.columns[relationship.referencing_attribute])
    office.give_roles("application", "System Administrator")

    async def make() -> None:
        dv = await office.resources.connections.dataverse()
        other = solution.LookupSpec(schema_name="dyntui_other", label="Other", referenced="contact", relationship=name)
        await customisation.Customisation(dv, solution.UNIQUE_NAME).ensure_lookup("lead", other)

    office.wait(make())
    for ask in (office.plan_setup, office.set_up):
        error = refusal(office, ask)
        assert error.code == "SETUP_RELATIONSHIP_TAKEN"
        assert name in error.message and "contact and lead" in error.message and wanted in error.message
    assert found(office)["SETUP_RELATIONSHIP_TAKEN"].text == error.message
