"""The sync types Data field labels and CRM metadata, as told by the sandbox afterwards."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec
import pytest

from dyntui.dotdigital import data_fields
from dyntui.dotdigital.data_fields import DataField
from dyntui.model.columns import Column
from dyntui.model.labels import DataLabel, LabelType
from dyntui.model.mapping import PROVISIONED, DataMapping
from dyntui.model.outcomes import RunStatus
from dyntui.model.people import Entity
from dyntui.store import crm_columns, mappings
from dyntui.store import labels as label_store
from tests.faults.every_step import EveryStep
from tests.scenarios.office import Office, writes
from tests.scenarios.test_mapped_columns import account_of

NOW = "2026-01-01T00:00:00Z"


def fields(office: Office) -> dict[str, DataField]:
    async def read() -> list[DataField]:
        return await data_fields.data_fields(await office.resources.connections.dotdigital(account_of(office)))

    return {each.name.upper(): each for each in office.wait(read())}


def create(office: Office, name: str, kind: str) -> None:
    async def make() -> None:
        dd = await office.resources.connections.dotdigital(account_of(office))
        await data_fields.create_data_field(dd, name, kind)

    office.wait(make())


def delete(office: Office, name: str) -> None:
    async def make() -> None:
        dd = await office.resources.connections.dotdigital(account_of(office))
        assert (await data_fields.delete_data_field(dd, name)).done

    office.wait(make())


def known(office: Office) -> dict[str, DataLabel]:
    with office.db.read() as c:
        return {each.name: each for each in label_store.labels(c, account_of(office))}


def put(office: Office, *labels: DataLabel) -> None:
    with office.db.write() as c:
        label_store.put(c, account_of(office), labels, NOW)


def map_(office: Office, *more: DataMapping) -> None:
    with office.db.write() as c:
        account = account_of(office)
        before = mappings.current(c, account).version
        mappings.save(c, account, (*PROVISIONED, *more), based_on=before, by="test", now=NOW, why="test")


def test_labels_and_fields_learn_from_each_other(office: Office) -> None:
    create(office, "Shoe", "Numeric")
    create(office, "Clash", "Date")
    put(
        office,
        DataLabel(name="MINE", type=LabelType.BOOLEAN, default_value="yes"),
        DataLabel(name="CLASH", type=LabelType.STRING),
    )
    run = office.run("labels")
    assert run.run.status is RunStatus.COMPLETED_WITH_ERRORS
    assert "CLASH: String here, Date in the email service; neither was changed" in run.items[0].note
    there, here = fields(office), known(office)
    assert there["MINE"].type == "Boolean" and there["MINE"].default_value is True and here["MINE"].synchronised
    assert here["SHOE"].type is LabelType.NUMERIC and here["SHOE"].synchronised
    assert there["CLASH"].type == "Date" and here["CLASH"].type is LabelType.STRING
    assert here["CLASH"].conflict == "Date" and not here["CLASH"].synchronised
    assert here.keys() == there.keys()
    again, calls = office.calls_between(lambda: office.run("labels"))
    assert writes(calls) == [] and "learned" not in again.items[0].note
    delete(office, "CLASH")
    map_(office, DataMapping("SHOE", Entity.CONTACT, "numberofchildren"))
    delete(office, "SHOE")
    assert office.run("labels").run.status is RunStatus.COMPLETED_WITH_ERRORS
    here = known(office)
    assert here["SHOE"].conflict == "deleted" and "SHOE" not in fields(office)
    # The conflict is gone with the field: the label that was made here becomes one.
    assert here["CLASH"].synchronised and fields(office)["CLASH"].type == "String"


def test_a_run_that_is_killed_before_each_of_its_steps_says_what_it_has_learned_and_created(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(office, "Shoe", "Numeric")
    put(office, DataLabel(name="MINE", type=LabelType.STRING), DataLabel(name="YOURS", type=LabelType.STRING))
    killing = EveryStep(monkeypatch)
    with killing.of(office):
        run = office.run("labels")
    assert killing.kills["labels"] > 3 and run.run.status is RunStatus.COMPLETED
    assert "SHOE" in run.items[0].note and run.items[0].note.endswith("created in the email service: MINE, YOURS")
    assert {"MINE", "YOURS"} <= fields(office).keys() and known(office)["YOURS"].synchronised


def test_a_field_that_dotdigital_refuses_delays_no_other(office: Office) -> None:
    put(office, *(DataLabel(name=name, type=LabelType.STRING) for name in ("ACCOUNT", "GOOD")))
    run = office.run("labels")
    assert run.run.status is RunStatus.COMPLETED_WITH_ERRORS and "ACCOUNT: " in run.items[0].note
    assert "GOOD" in fields(office) and known(office)["GOOD"].synchronised and not known(office)["ACCOUNT"].synchronised


def test_the_columns_of_the_three_tables_are_read_and_broken_mappings_named(office: Office) -> None:
    run = office.run("metadata")
    assert run.run.status is RunStatus.COMPLETED and [each.id for each in run.items] == ["account", "contact", "lead"]
    with office.db.read() as c:
        columns = crm_columns.columns(c)
        assert set(crm_columns.read_on(c)) == {"account", "contact", "lead"}
    gender = columns["contact", "gendercode"]
    assert gender.type == "Picklist" and {each.label for each in gender.options} >= {"Female", "Male"}
    assert columns["contact", "birthdate"].behaviour == "DateOnly"
    assert not columns["contact", "fullname"].writable and columns["contact", "firstname"].writable
    assert columns["account", "revenue"].precision is not None
    assert columns["contact", "parentcustomerid"].targets == ("account", "contact")
    again, calls = office.calls_between(lambda: office.run("metadata"))
    assert writes(calls) == [] and all("new" not in each.note for each in again.items)
    put(office, *label_store.STANDARD, DataLabel(name="X", type=LabelType.STRING, synchronised=True))
    map_(office, DataMapping("X", Entity.CONTACT, "nosuch"), DataMapping("X", Entity.LEAD, "owninguser.fullname"))
    run = office.run("metadata")
    assert run.run.status is RunStatus.COMPLETED_WITH_ERRORS
    notes = {each.id: each.note for each in run.items}
    assert "X <- contact.nosuch: MAPPING_COLUMN_UNKNOWN" in notes["contact"]
    assert "systemuser" in notes and office.run("metadata").items[2].note.count("MAPPING") == 0


def test_a_column_of_another_shape_is_told_however_often_the_run_is_killed(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.run("metadata")
    with office.db.write() as c:
        had = crm_columns.of_table(c, "contact")
        changed = [
            msgspec.structs.replace(each, max_length=7) if each.logical_name == "firstname" else each
            for each in had
            if each.logical_name != "lastname"
        ]
        crm_columns.replace(c, "contact", changed, NOW)
    killing = EveryStep(monkeypatch)
    with killing.of(office):
        note = office.run("metadata").items[1].note
    assert killing.kills["metadata"] > 3
    assert "new: lastname" in note and "changed: firstname" in note


def test_columns_that_dynamics_describes_oddly_or_not_at_all_stay_as_they_are_known(office: Office) -> None:
    office.run("metadata")

    def known() -> dict[str, Column]:
        with office.db.read() as c:
            return {each.logical_name: each for each in crm_columns.of_table(c, "contact")}

    before = known()
    odd: dict[str, dict[str, Any]] = {
        "firstname": {"SchemaName": {"deep": 1}},
        "lastname": {"MaxLength": "many"},
        "birthdate": {"ANewField": [2999]},
        "gendercode": {"OptionSet": 7},
    }
    how = {"rows": "odd"}

    def answers(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if "LogicalName='contact')/Attributes" not in request.url.path or answer.status_code != 200:
            return answer
        rows = answer.json()["value"]
        rows = [] if how["rows"] == "none" else [{**each, **odd.get(each["LogicalName"], {})} for each in rows]
        if how["rows"] == "nameless":
            rows = [each for each in rows if each["LogicalName"] not in odd] + [{"MetadataId": 7}]
        return httpx.Response(200, headers={"Date": answer.headers["Date"]}, json={"value": rows})

    office.sandbox.doctor(answers)
    for rows, said in (
        ("odd", ("firstname (", "lastname (", "gendercode (")),
        ("nameless", ("a column (",)),
        ("none", ("DYNAMICS_LISTS_NO_COLUMN",)),
    ):
        how["rows"] = rows
        run = office.run("metadata")
        item = next(each for each in run.items if each.id == "contact")
        assert run.run.status is RunStatus.COMPLETED_WITH_ERRORS and all(each in item.note for each in said), item.note
        assert "birthdate (" not in item.note and known() == before
        assert all(each.status is RunStatus.COMPLETED for each in run.items if each.id != "contact")
