"""What is sent for a record."""

from __future__ import annotations

from decimal import Decimal

from dyntui.model import exact_json
from dyntui.model.columns import Column, by_name
from dyntui.model.conversion import Direction
from dyntui.model.labels import DataLabel, LabelType
from dyntui.model.mapping import PROVISIONED, DataMapping
from dyntui.model.payloads import Feeds, feeds_of, fingerprint, payload
from dyntui.model.people import Entity

CONTACT = Entity.CONTACT
TEXTS = ("firstname", "lastname", "fullname", "description")
COLUMNS = by_name(
    [
        *(Column(entity="contact", logical_name=name, type="String") for name in TEXTS),
        Column(entity="contact", logical_name="creditlimit", type="Money", precision=4),
    ]
)
LABELS = [
    *(DataLabel(name=name, type=LabelType.STRING, synchronised=True) for name in ("FIRSTNAME", "LASTNAME", "FULLNAME")),
    DataLabel(name="LIMIT", type=LabelType.NUMERIC, synchronised=True),
    DataLabel(name="NEW", type=LabelType.STRING),
]
LIMIT = DataMapping("LIMIT", CONTACT, "creditlimit")


def feeds(*more: DataMapping) -> Feeds:
    return feeds_of(CONTACT, (*PROVISIONED, *more), LABELS, COLUMNS)


def test_empty_travels_as_a_clear_in_the_order_of_the_labels() -> None:
    assert payload(feeds().feeds, ["Ada", "", None]).fields == {"FIRSTNAME": "Ada", "FULLNAME": None, "LASTNAME": None}


def test_what_the_first_version_has_sent_is_not_sent_again() -> None:
    """The hash that it kept of these values."""
    sent = payload(feeds().feeds, ["Ada", "Ada L", None]).fields
    assert list(sent) == ["FIRSTNAME", "FULLNAME", "LASTNAME"]
    assert fingerprint("ada@example.org", sent) == "433e6dfb7e3d098071194077"


def test_a_value_that_is_refused_is_named_and_left_out() -> None:
    made = payload(feeds(LIMIT).feeds, ["x" * 1001, "Ada L", "L", Decimal("0.00000000001")])
    assert made.fields == {"FULLNAME": "Ada L", "LASTNAME": "L"}
    assert [each.column for each in made.rejected] == ["firstname", "creditlimit"]


def test_what_cannot_be_carried_out_is_left_out_by_name() -> None:
    found = feeds(
        DataMapping("NEW", CONTACT, "description"),
        DataMapping("LIMIT", CONTACT, "gone"),
        DataMapping("LIMIT", CONTACT, "description"),
        DataMapping("LIMIT", CONTACT, "creditlimit", Direction.TO_DYNAMICS),
        DataMapping("LIMIT", CONTACT, "creditlimit", enabled=False),
        DataMapping("LIMIT", Entity.LEAD, "creditlimit"),
    )
    assert [each.label for each in found.feeds] == ["FIRSTNAME", "FULLNAME", "LASTNAME"]
    assert [each.split(":")[0] for each in found.left_out] == [
        "NEW <- contact.description",
        "LIMIT <- contact.gone",
        "LIMIT <- contact.description",
    ]


def test_numbers_keep_every_digit_in_json() -> None:
    number = Decimal("123456789012345678.123456789")
    text = exact_json.encode_text({"LIMIT": number})
    assert text == '{"LIMIT":123456789012345678.123456789}'
    assert exact_json.decode(text) == {"LIMIT": number}
    assert fingerprint("a", {"LIMIT": number}) != fingerprint("a", {"LIMIT": number + Decimal("0.000000001")})
