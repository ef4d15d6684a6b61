"""What is said of a set of mappings before it is saved."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from dyntui.model.columns import Column, Leads, Option, by_name
from dyntui.model.conversion import ChoiceAs, Direction
from dyntui.model.labels import DataLabel, LabelType
from dyntui.model.mapping import PRIMARY_CONTACTS, PROVISIONED, DataMapping, faults, validate
from dyntui.model.mapping_file import read, written
from dyntui.model.people import Entity

IN = Direction.TO_DYNAMICS
CONTACT = Entity.CONTACT


def column(name: str, type: str = "String", entity: str = "contact", **more: Any) -> Column:
    return Column(entity=entity, logical_name=name, type=type, **more)


COLUMNS = by_name(
    [
        *(column(name, entity=entity) for entity in ("contact", "lead") for name in ("firstname", "lastname")),
        *(column("fullname", entity=entity, writable=False) for entity in ("contact", "lead")),
        column("name", entity="account"),
        column("description", "Memo", max_length=2000),
        column("revenue", "Money", precision=2),
        column("score", "Decimal", source=1),
        column("colour", "Picklist", options=(Option(1, "Red"), Option(2, "Red"))),
        column("size", "Picklist", options=(Option(1, "S"), Option(2, "M"))),
        column("unread", "Picklist"),
        column("secret", readable=False),
        column("statuscode", "Status"),
        column("parentid", "Lookup", targets=("account",), leads=(Leads("account", "accountid", "parentid"),)),
        column("picture", "Virtual"),
        column("born", "DateTime", format="DateOnly", behaviour="DateOnly"),
        column("wedding", "DateTime", format="DateOnly", behaviour="UserLocal"),
        column("opening", "DateTime", format="DateOnly", behaviour="TimeZoneIndependent"),
        column("called", "DateTime", format="DateAndTime", behaviour="UserLocal"),
        column("made", "DateTime", format="DateOnly", behaviour="UserLocal", creatable=False, writable=False),
    ]
)


def label(name: str, type: LabelType = LabelType.STRING, **more: Any) -> DataLabel:
    return DataLabel(name=name, type=type, **{"synchronised": True, **more})


LABELS = [
    label("FIRSTNAME"),
    label("LASTNAME"),
    label("FULLNAME"),
    label("A"),
    label("B"),
    label("N", LabelType.NUMERIC),
    label("D", LabelType.DATE),
    label("NEW", synchronised=False),
    label("ODD", synchronised=False, conflict="Date"),
]


def codes(*mappings: DataMapping) -> list[tuple[int, str, bool]]:
    return [(each.row, each.code, each.warning) for each in validate(mappings, LABELS, COLUMNS)]


def test_what_is_provisioned_is_right() -> None:
    assert codes(*PROVISIONED) == []
    for entity in (CONTACT, Entity.LEAD):
        out = {each.label: each.column for each in PROVISIONED if each.entity is entity}
        columns = ("emailaddress1", "firstname", "lastname", "fullname")
        assert out == dict(zip(("EMAIL", "FIRSTNAME", "LASTNAME", "FULLNAME"), columns, strict=True))
    assert {each.direction for each in PROVISIONED} == {Direction.TO_DOTDIGITAL}


@pytest.mark.parametrize(
    ("mapping", "code"),
    [
        (DataMapping("NOSUCH", CONTACT, "firstname"), "MAPPING_LABEL_UNKNOWN"),
        (DataMapping("NEW", CONTACT, "firstname"), "MAPPING_LABEL_NOT_SYNCHRONISED"),
        (DataMapping("ODD", CONTACT, "firstname"), "MAPPING_LABEL_CONFLICT"),
        (DataMapping("A", CONTACT, "nosuch"), "MAPPING_COLUMN_UNKNOWN"),
        (DataMapping("A", CONTACT, "picture"), "MAPPING_COLUMN_NOT_MAPPABLE"),
        (DataMapping("A", CONTACT, "revenue"), "MAPPING_TYPES_DIFFER"),
        (DataMapping("N", CONTACT, "firstname"), "MAPPING_TYPES_DIFFER"),
        (DataMapping("N", CONTACT, "score", IN), "MAPPING_COLUMN_NOT_WRITABLE"),
        (DataMapping("A", CONTACT, "fullname", IN), "MAPPING_COLUMN_NOT_WRITABLE"),
        (DataMapping("A", CONTACT, "parentid.name", IN), "MAPPING_COLUMN_NOT_WRITABLE"),
        (DataMapping("A", CONTACT, "statuscode", IN), "MAPPING_ONE_WAY"),
        (DataMapping("A", CONTACT, "secret"), "MAPPING_COLUMN_NOT_READABLE"),
        (DataMapping("A", CONTACT, "unread", IN), "MAPPING_CHOICES_UNKNOWN"),
        (DataMapping("EMAIL", CONTACT, "emailaddress1", IN), "MAPPING_ADDRESS_FIXED"),
        (DataMapping("EMAIL", CONTACT, "emailaddress2"), "MAPPING_ADDRESS_FIXED"),
        (DataMapping("EMAIL", CONTACT, PRIMARY_CONTACTS), "MAPPING_ADDRESS_FIXED"),
        (DataMapping("EMAIL", Entity.ACCOUNT, "primarycontactid.emailaddress2"), "MAPPING_ADDRESS_FIXED"),
    ],
)
def test_a_row_that_cannot_work_is_an_error_with_a_remedy(mapping: DataMapping, code: str) -> None:
    good = DataMapping("FIRSTNAME", CONTACT, "firstname")
    found = validate([good, mapping], LABELS, COLUMNS)
    assert [(each.row, each.about, each.code) for each in faults(found)] == [(2, mapping.words, code)]
    assert found[0].message.endswith(".") and found[0].remedy.endswith(".")
    off = msgspec.structs.replace(mapping, enabled=False)
    assert [each.code for each in faults(validate([off], LABELS, COLUMNS))] == [code]


def test_a_row_that_works_passes_even_over_a_lookup() -> None:
    assert codes(DataMapping("A", CONTACT, "parentid.name"), DataMapping("B", CONTACT, "statuscode")) == []
    through_contacts = DataMapping("EMAIL", Entity.ACCOUNT, PRIMARY_CONTACTS)
    assert codes(through_contacts) == [] and read(written([through_contacts])) == ([through_contacts], [])


def test_no_more_lookups_are_followed_than_dynamics_follows() -> None:
    tables = [f"t{number}" for number in range(16)]
    lookup = Column(
        entity="contact",
        logical_name="anyid",
        type="Lookup",
        targets=tuple(tables),
        leads=tuple(Leads(each, f"{each}id", f"anyid_{each}") for each in tables),
    )
    columns = by_name([lookup, *(Column(entity=each, logical_name="name", type="String") for each in tables)])
    labels = [label(f"L{number}") for number in range(16)]
    rows = [DataMapping(f"L{number}", CONTACT, f"anyid.{each}.name") for number, each in enumerate(tables)]
    assert not validate(rows[:15], labels, columns)
    assert [(each.row, each.code) for each in validate(rows, labels, columns)] == [(16, "MAPPING_TOO_MANY_LOOKUPS")]


def test_a_label_is_fed_once_and_a_column_is_written_once() -> None:
    twice = DataMapping("A", CONTACT, "firstname"), DataMapping("A", CONTACT, "lastname")
    assert codes(*twice) == [(2, "MAPPING_LABEL_TWICE", False)]
    assert codes(twice[0], msgspec.structs.replace(twice[1], enabled=False)) == []
    assert codes(twice[0], DataMapping("A", Entity.LEAD, "firstname"), DataMapping("A", CONTACT, "firstname", IN)) == []
    written = DataMapping("A", CONTACT, "firstname", IN), DataMapping("B", CONTACT, "firstname", IN)
    assert codes(*written) == [(2, "MAPPING_COLUMN_TWICE", False)]
    assert codes(DataMapping("A", CONTACT, "firstname"), DataMapping("B", CONTACT, "firstname")) == []


def test_a_pair_that_may_change_values_asks_to_be_acknowledged() -> None:
    there, back = DataMapping("A", CONTACT, "colour"), DataMapping("A", CONTACT, "colour", IN)
    assert codes(there) == []
    assert codes(there, back) == [(1, "MAPPING_LOSES", True), (2, "MAPPING_CHOICES_ALIKE", True)]
    by_value = msgspec.structs.replace(there, choice=ChoiceAs.VALUE)
    assert codes(by_value, back) == [(2, "MAPPING_CHOICES_ALIKE", True)]
    assert codes(DataMapping("A", CONTACT, "size"), DataMapping("A", CONTACT, "size", IN)) == []


def test_text_that_may_be_too_long_asks_to_be_acknowledged() -> None:
    assert codes(DataMapping("A", CONTACT, "description")) == [(1, "MAPPING_TEXT_LONGER", True)]


@pytest.mark.parametrize(("name", "asks"), [("born", 0), ("wedding", 1), ("opening", 0), ("called", 0), ("made", 0)])
def test_a_date_that_is_kept_as_somebodys_midnight_asks_to_be_acknowledged_whichever_way_it_goes(
    name: str, asks: int
) -> None:
    assert codes(DataMapping("D", CONTACT, name)) == [(1, "MAPPING_DATE_OF_A_ZONE", True)] * asks
    if name != "made":
        assert codes(DataMapping("D", CONTACT, name, IN)) == [(1, "MAPPING_DATE_OF_A_ZONE", True)] * asks
    said = [
        each.message
        for way in Direction
        for each in validate([DataMapping("D", CONTACT, "wedding", way)], LABELS, COLUMNS)
    ]
    assert "day before" in said[0] and "day before" in said[1] and said[0] != said[1]
