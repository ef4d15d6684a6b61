"""Values between columns and data labels: the table of the specification, and that nothing changes on the way."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dyntui.model.columns import Column, Leads, Option, by_name, column_at
from dyntui.model.conversion import ChoiceAs, Converted, Direction, Rejected, convert, exact, fits, loses, unless_empty
from dyntui.model.labels import LabelType, fault_of_name

OUT, IN = Direction.TO_DOTDIGITAL, Direction.TO_DYNAMICS
STRING, NUMERIC, DATE, BOOLEAN = LabelType.STRING, LabelType.NUMERIC, LabelType.DATE, LabelType.BOOLEAN
COLOURS = (Option(1, "Red"), Option(2, "Green"), Option(3, "Blue"), Option(4, "Blue"), Option(5, "2"))


def column(type: str, **more: Any) -> Column:
    return Column(entity="contact", logical_name="c", type=type, **more)


TEXT = column("String", max_length=10)
MEMO = column("Memo", max_length=2000)
WHOLE = column("Integer", minimum=-100.0, maximum=100.0)
MONEY = column("Money", precision=2, minimum=-1e9, maximum=1e9)
DOUBLE = column("Double", precision=5)
COLOUR = column("Picklist", options=COLOURS)
UNNAMED = column("Picklist", options=(Option(3, " "),))
COLOURS_CHOSEN = column("MultiSelectPicklist", options=COLOURS)
DAY = column("DateTime", format="DateOnly", behaviour="DateOnly")
MOMENT = column("DateTime", format="DateAndTime", behaviour="UserLocal")
SHOWN_AS_DAY = column("DateTime", format="DateOnly", behaviour="UserLocal")
ZONELESS = column("DateTime", format="DateAndTime", behaviour="TimeZoneIndependent")
FLAG = column("Boolean")
CUSTOMER = column("Customer", targets=("account", "contact"))

BY_LABEL, BY_VALUE = ChoiceAs.LABEL, ChoiceAs.VALUE
CARRIED = [
    (TEXT, OUT, "Ada", "Ada"),
    (TEXT, OUT, " Ada\n", " Ada\n"),
    (MEMO, OUT, "x" * 1000, "x" * 1000),
    (TEXT, IN, "x" * 10, "x" * 10),
    (WHOLE, OUT, 7, 7),
    (WHOLE, IN, 7, 7),
    (WHOLE, IN, 7.0, 7),
    (WHOLE, IN, "7", 7),
    (WHOLE, IN, Decimal("7.000"), 7),
    (MONEY, OUT, Decimal("1.10"), Decimal("1.1")),
    (MONEY, OUT, 0.1, Decimal("0.1")),
    (MONEY, OUT, Decimal("123456789012345678.123456789"), Decimal("123456789012345678.123456789")),
    (MONEY, IN, "1.1", Decimal("1.1")),
    (MONEY, IN, Decimal("1.100"), Decimal("1.1")),
    (DOUBLE, IN, Decimal("0.12345"), Decimal("0.12345")),
    (FLAG, OUT, False, False),
    (FLAG, IN, True, True),
    (FLAG, IN, "False", False),
    (COLOUR, OUT, 1, "Red"),
    (COLOUR, IN, "1", 1),
    (COLOUR, IN, "Red", 1),
    (COLOUR, IN, "2", 2),
    (COLOURS_CHOSEN, OUT, "2,1", "Red; Green"),
    (column("State", options=(Option(0, "Active"),)), OUT, 0, "Active"),
    (CUSTOMER, OUT, "Contoso", "Contoso"),
    (column("Uniqueidentifier"), OUT, "5a96bc79-19a7-4544-973b-e2da0c9136f9", "5a96bc79-19a7-4544-973b-e2da0c9136f9"),
    (DAY, OUT, "2026-03-04", "2026-03-04T00:00:00Z"),
    (DAY, IN, "2026-03-04T00:00:00.000Z", "2026-03-04"),
    (DAY, IN, "2026-03-04T02:00:00+02:00", "2026-03-04"),
    (MOMENT, OUT, "2026-03-04T23:30:00Z", "2026-03-04T23:30:00Z"),
    (MOMENT, IN, "2026-03-04T23:30:00.999Z", "2026-03-04T23:30:00Z"),
    (MOMENT, IN, "2026-03-04T01:30:00+02:00", "2026-03-03T23:30:00Z"),
    (MOMENT, IN, "2026-03-04", "2026-03-04T00:00:00Z"),
    (SHOWN_AS_DAY, OUT, "2026-03-03T23:00:00Z", "2026-03-03T23:00:00Z"),
    (ZONELESS, IN, "2026-03-04T10:00:00Z", "2026-03-04T10:00:00Z"),
    (column("Decimal", source=1), OUT, Decimal("2.5"), Decimal("2.5")),
    (column("Double", minimum=-1.7976931348623157e308, maximum=float("inf")), IN, Decimal("-2.5"), Decimal("-2.5")),
    (column("Decimal", minimum=0.1, maximum=float("nan")), IN, Decimal("0.1"), Decimal("0.1")),
]


def _type(of: Column) -> LabelType:
    return next(each for each in LabelType if fits(of, each))


@pytest.mark.parametrize(("of", "direction", "value", "expected"), CARRIED)
def test_a_value_arrives_as_the_other_side_takes_it(
    of: Column, direction: Direction, value: object, expected: object
) -> None:
    found = convert(value, of, _type(of), direction)
    assert found == Converted(expected)  # type: ignore[arg-type]
    assert type(found.value) is type(expected)


REFUSED = [
    (MEMO, OUT, "x" * 1001, "1001 characters are more than the 1000"),
    (MEMO, OUT, "\U0001f600" * 501, "1002 characters are more than the 1000"),
    (TEXT, IN, "x" * 11, "11 characters are more than the 10 that the column takes"),
    (TEXT, OUT, 7, "7 is no text"),
    (WHOLE, IN, Decimal("7.5"), "7.5 is no whole number"),
    (WHOLE, IN, "7,5", "'7,5' is no number"),
    (WHOLE, IN, 101, "101 is outside the column's limits"),
    (column("Integer"), IN, 2**31, "beyond what the column takes"),
    (WHOLE, OUT, True, "True is no number"),
    (MONEY, OUT, 10**18, "more than 18 digits before the point"),
    (MONEY, OUT, Decimal("0.0000000001"), "more than 9 digits after the point"),
    (MONEY, OUT, float("nan"), "nan is no number"),
    (MONEY, IN, Decimal("1E+999999999"), "is no number"),
    (MONEY, IN, Decimal("1.001"), "more than the 2 decimals"),
    (DOUBLE, IN, Decimal("12345678901234567"), "more than the 15 digits"),
    (FLAG, IN, "perhaps", "'perhaps' is neither true nor false"),
    (FLAG, IN, 0, "0 is neither true nor false"),
    (COLOUR, IN, "red", "'red' is none of the column's choices"),
    (COLOUR, IN, "Blue", "'Blue' is several of the column's choices"),
    (COLOUR, OUT, 9, "the choice 9 is none that is known here: `dyntui sync metadata`"),
    (UNNAMED, OUT, 3, "the choice 3 has no label"),
    (COLOURS_CHOSEN, OUT, "1;2", "are no choices"),
    (DAY, IN, "2026-03-04T10:00:00Z", "has a time of day"),
    (DAY, IN, "1700-01-01", "is before 1753"),
    (DAY, OUT, "04/03/2026", "'04/03/2026' is no date"),
    (MOMENT, IN, "2026-02-30T00:00:00Z", "is no date"),
    (COLOURS_CHOSEN, IN, "Red", "do not go to Dynamics"),
    (CUSTOMER, IN, "Contoso", "do not go to Dynamics"),
    (column("Status"), IN, "1", "do not go to Dynamics"),
    (column("Decimal", source=2), IN, 1, "do not go to Dynamics"),
    (column("String", writable=False), IN, "x", "do not go to Dynamics"),
]


@pytest.mark.parametrize(("of", "direction", "value", "why"), REFUSED)
def test_a_value_that_cannot_be_carried_is_refused_and_never_changed(
    of: Column, direction: Direction, value: object, why: str
) -> None:
    found = convert(value, of, _type(of), direction)
    assert isinstance(found, Rejected)
    assert why in found.why
    assert found.gate.reason == "VALUE_REJECTED" and found.gate.detail.startswith("c: ")


WRITABLE = [TEXT, MEMO, WHOLE, MONEY, DOUBLE, COLOUR, DAY, MOMENT, SHOWN_AS_DAY, ZONELESS, FLAG]
READABLE = [*WRITABLE, COLOURS_CHOSEN, CUSTOMER, column("Status"), column("Uniqueidentifier")]
NOTHING = [None, "", "  ", "\t\n"]
NO_DATE = ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00+02:00", "1753-01-01", "1900-01-01T00:00:00"]


def test_empty_stays_empty_in_both_directions() -> None:
    for value in NOTHING:
        for each in READABLE:
            assert convert(value, each, _type(each), OUT) == Converted(None)
        for each in WRITABLE:
            assert convert(value, each, _type(each), IN) == Converted(None)
    for text in NO_DATE:
        for direction in Direction:
            assert convert(text, MOMENT, DATE, direction) == Converted(None)
            assert convert(text, DAY, DATE, direction) == Converted(None)


def test_a_column_goes_with_one_type_of_label() -> None:
    for each in READABLE:
        assert sum(bool(fits(each, kind)) for kind in LabelType) == 1
    for kind in ("PartyList", "EntityName", "ManagedProperty", "Virtual", "Image", "File", "Whatever"):
        assert not any(fits(column(kind), each) for each in LabelType)


def _there_and_back(value: object, of: Column, choice: ChoiceAs = BY_LABEL) -> None:
    out = convert(value, of, _type(of), OUT, choice=choice)
    if isinstance(out, Rejected):
        return
    back = convert(out.value, of, _type(of), IN, choice=choice)
    assert back == Converted(value), (value, out, back)  # type: ignore[arg-type]


@given(st.text(max_size=40).filter(str.strip))
def test_text_comes_back_as_it_went(text: str) -> None:
    _there_and_back(text, MEMO)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**14), max_value=10**14))
def test_decimals_come_back_to_the_last_digit(number: Decimal) -> None:
    _there_and_back(exact(number), column("Money", precision=4))
    _there_and_back(exact(number), column("Decimal", precision=10))


@given(st.integers(-(2**31), 2**31 - 1))
def test_whole_numbers_come_back(number: int) -> None:
    _there_and_back(number, column("Integer"))


@given(st.booleans())
def test_true_stays_true_and_false_false(value: bool) -> None:
    _there_and_back(value, FLAG)


@given(st.datetimes(datetime(1754, 1, 1), datetime(9999, 12, 31)).filter(lambda each: each.year != 1900))
def test_dates_and_times_come_back_to_the_second(moment: datetime) -> None:
    whole = moment.replace(microsecond=0)
    _there_and_back(f"{whole.isoformat()}Z", MOMENT)
    _there_and_back(f"{whole.isoformat()}Z", ZONELESS)
    _there_and_back(whole.date().isoformat(), DAY)


LABELS = st.sampled_from(["Red", "Blue", "1", "2", "", " ", "Rot"])


@given(st.lists(LABELS, min_size=1, max_size=4), st.sampled_from(ChoiceAs), st.data())
def test_a_choice_comes_back_or_the_column_says_that_it_may_not(
    labels: list[str], choice: ChoiceAs, data: st.DataObject
) -> None:
    of = column("Picklist", options=tuple(Option(place, label) for place, label in enumerate(labels)))
    chosen = data.draw(st.sampled_from([each.value for each in of.options]))
    if not loses(of, choice):
        _there_and_back(chosen, of, choice)


@given(st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.none(), st.decimals(), st.lists(st.text())))
def test_no_value_at_all_breaks_a_conversion(value: object) -> None:
    for each in READABLE:
        for direction in Direction:
            for kind in LabelType:
                convert(value, each, kind, direction)


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30))
def test_equal_numbers_have_one_form(number: Decimal) -> None:
    assert exact(number) == number
    longer = Decimal(f"{number:f}000" if "." in f"{number:f}" else f"{number:f}.000")
    assert repr(exact(number)) == repr(exact(longer))
    assert isinstance(exact(number), int) is (number == number.to_integral_value())


@pytest.mark.parametrize(
    ("path", "type"),
    [
        ("firstname", "String"),
        ("primarycontactid.emailaddress1", "String"),
        ("parentcustomerid.account.name", "String"),
        ("parentcustomerid.name", None),
        ("parentcustomerid.lead.name", None),
        ("firstname.name", None),
        ("nosuch", None),
        ("primarycontactid.nosuch", None),
        ("primarycontactid.parentcustomerid.account.name", None),
        ("primarycontactid.parentcustomerid", None),
        ("", None),
    ],
)
def test_a_path_leads_over_one_lookup_to_a_column_that_can_only_be_read(path: str, type: str | None) -> None:
    columns = by_name(
        [
            Column(entity="contact", logical_name="firstname", type="String"),
            Column(entity="contact", logical_name="emailaddress1", type="String"),
            Column(
                entity="contact",
                logical_name="primarycontactid",
                type="Lookup",
                targets=("contact",),
                leads=(Leads("contact", "contactid", "primarycontactid"),),
            ),
            Column(
                entity="contact",
                logical_name="parentcustomerid",
                type="Customer",
                targets=("account", "contact"),
                leads=(Leads("account", "accountid", "parentcustomerid_account"),),
            ),
            Column(entity="account", logical_name="name", type="String"),
        ]
    )
    found = column_at(columns, "contact", path)
    assert (found and found.type) == type
    if found is not None and "." in path:
        assert found.logical_name == path and not found.takes_values


@pytest.mark.parametrize("name", ["", "x" * 21, "A B", "Ä", "email", "CampaignId", "A\n"])
def test_names_that_dotdigital_refuses_are_refused_here(name: str) -> None:
    assert fault_of_name(name)


@pytest.mark.parametrize("name", ["A", "x" * 20, "a-b_C9"])
def test_other_names_are_taken(name: str) -> None:
    assert not fault_of_name(name)


def test_the_time_of_a_date_is_utc() -> None:
    now = datetime(2026, 3, 4, 8, 10, 44, tzinfo=UTC)
    assert convert(now.isoformat(), MOMENT, DATE, OUT) == Converted("2026-03-04T08:10:44Z")


@pytest.mark.parametrize(
    ("value", "label_type", "held"),
    [
        ("0001-01-01T00:00:00", DATE, None),
        ("1753-01-01", DATE, None),
        ("1899-12-31T23:30:00-01:00", DATE, None),
        ("1901-01-01T00:00:00Z", DATE, "1901-01-01T00:00:00Z"),
        ("soon", DATE, "soon"),
        ("1900-01-01", STRING, "1900-01-01"),
        (" \n", STRING, None),
        (0, NUMERIC, 0),
        (False, BOOLEAN, False),
    ],
)
def test_a_data_field_holds_nothing_where_it_is_blank_or_in_a_year_that_stands_for_no_date(
    value: Any, label_type: LabelType, held: Any
) -> None:
    assert unless_empty(value, label_type) == held
