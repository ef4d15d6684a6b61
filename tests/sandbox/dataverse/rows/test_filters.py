"""$filter and $orderby: what every operator and function means."""

from datetime import timedelta

import pytest

from dyntui.sandbox.state import State

from .api import Answer, Client


@pytest.fixture
def people(admin: Client) -> Client:
    """Four contacts, two of them in an account of their own."""
    account = admin.create("accounts", name="Äland Ltd", accountnumber="A1")
    admin.create("contacts", firstname="Ada", lastname="Àlvarez", emailaddress1="ada@example.org", numberofchildren=2,
                 parentcustomerid_account__bind=f"/accounts({account})", anniversary="2020-01-01")  # fmt: skip
    admin.create("contacts", firstname="Bob", lastname="O'Neil", emailaddress1="BOB@example.org", donotemail=True,
                 parentcustomerid_account__bind=f"/accounts({account})", numberofchildren=5)  # fmt: skip
    admin.create("contacts", firstname="Cem", lastname="100%", jobtitle="Cem")
    admin.create("contacts", firstname="Dia", lastname="Zürn", emailaddress1="dia@example.net", birthdate="1980-02-29")
    return admin


def names(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.text
    return [row["firstname"] for row in answer.rows]


def found(client: Client, condition: str) -> str:
    return "".join(name[0] for name in names(client.get(f"contacts?$filter={condition}&$orderby=firstname")))


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("firstname eq 'ada'", "A"),
        ("lastname eq 'àlvarez'", "A"),
        ("lastname eq 'ÀLVAREZ  '", "A"),
        ("lastname eq 'alvarez'", ""),
        ("lastname eq 'O''Neil'", "B"),
        ("firstname ne 'Ada'", "BCD"),
        ("emailaddress1 eq null", "C"),
        ("emailaddress1 ne null", "ABD"),
        ("emailaddress1 ne 'ada@example.org'", "BCD"),
        ("numberofchildren gt 2", "B"),
        ("numberofchildren ge 2 and numberofchildren le 5", "AB"),
        ("2 lt numberofchildren", "B"),
        ("numberofchildren lt 3 or firstname eq 'Dia'", "AD"),
        ("not (firstname eq 'Ada' or firstname eq 'Bob')", "CD"),
        ("not contains(firstname,'a')", "BC"),
        ("donotemail eq true", "B"),
        ("donotemail eq false", "ACD"),
        ("contains(emailaddress1,'EXAMPLE.ORG')", "AB"),
        ("startswith(firstname,'d')", "D"),
        ("endswith(emailaddress1,'.net')", "D"),
        ("contains(lastname,'ZÜR')", "D"),
        ("contains(lastname,'_neil')", "B"),
        ("startswith(firstname,'[a-c]')", "ABC"),
        ("startswith(firstname,'[^a-c]')", "D"),
        ("contains(firstname,'a') eq false", "BC"),
        ("firstname eq jobtitle", "C"),
        ("birthdate eq 1980-02-29", "D"),
        ("birthdate lt 1990-01-01", "D"),
        ("createdon ge 2026-03-04T08:10:44Z", "ABCD"),
        ("createdon gt 2026-03-04T08:10:44Z", ""),
        ("createdon le 2026-03-04T10:10:44%2B02:00", "ABCD"),
        ("createdon lt 2026-03-04T08:10:44.5Z", "ABCD"),
        ("createdon ge 2026-03-04", "ABCD"),
        ("statecode eq 0 and statuscode eq 1", "ABCD"),
        ("parentcustomerid_account/name eq 'äland ltd'", "AB"),
        ("parentcustomerid_account/name eq null", "CD"),
        ("parentcustomerid_account/name ne 'Other'", "ABCD"),
        ("contains(parentcustomerid_account/name,'land')", "AB"),
        ("owninguser/fullname eq 'Ada Tester'", "ABCD"),
    ],
)
def test_an_operator_finds_the_right_people(people: Client, condition: str, expected: str) -> None:
    assert found(people, condition) == expected


CRM = "Microsoft.Dynamics.CRM"


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (f"{CRM}.In(PropertyName='firstname',PropertyValues=['ada','Dia'])", "AD"),
        (f"{CRM}.In(PropertyName='firstname',PropertyValues=['ada'])", "A"),
        (f"{CRM}.NotIn(PropertyName='numberofchildren',PropertyValues=['2','5'])", "CD"),
        (f"{CRM}.Between(PropertyName='numberofchildren',PropertyValues=['1','4'])", "A"),
        (f"{CRM}.NotBetween(PropertyName='numberofchildren',PropertyValues=['1','4'])", "BCD"),
        (f"{CRM}.Today(PropertyName='createdon')", "ABCD"),
        (f"{CRM}.Yesterday(PropertyName='createdon')", ""),
        (f"{CRM}.LastXDays(PropertyName='createdon',PropertyValue=7)", "ABCD"),
        (f"{CRM}.LastXDays(PropertyName='createdon',PropertyValue='7') and firstname eq 'Ada'", "A"),
        (f"{CRM}.Last7Days(PropertyName='createdon')", "ABCD"),
        (f"{CRM}.NextXMonths(PropertyName='birthdate',PropertyValue=3)", ""),
        (f"{CRM}.OnOrAfter(PropertyName='birthdate',PropertyValue='1980-02-29')", "D"),
        (f"{CRM}.OnOrBefore(PropertyName='birthdate',PropertyValue='1980-02-28')", ""),
        (f"{CRM}.On(PropertyName='createdon',PropertyValue='2026-03-04')", "ABCD"),
        (f"{CRM}.NotOn(PropertyName='createdon',PropertyValue='2026-03-04')", ""),
        (f"{CRM}.EqualUserId(PropertyName='ownerid')", "ABCD"),
        (f"{CRM}.NotUserId(PropertyName='ownerid')", ""),
        (f"{CRM}.EqualBusinessId(PropertyName='owningbusinessunit')", "ABCD"),
        (f"not {CRM}.In(PropertyName='firstname',PropertyValues=['Ada','Bob'])", "CD"),
    ],
)
def test_a_query_function_finds_the_right_people(people: Client, condition: str, expected: str) -> None:
    assert found(people, condition) == expected


def test_collections_are_searched_with_any_and_all(people: Client) -> None:
    def accounts(condition: str) -> list[str]:
        answer = people.get(f"accounts?$filter={condition}")
        assert answer.status == 200, answer.text
        return [row["name"] for row in answer.rows]

    people.create("accounts", name="Empty")
    inside = "contact_customer_accounts"
    assert accounts(f"{inside}/any()") == ["Äland Ltd"]
    assert accounts(f"{inside}/any(c:c/firstname eq 'Bob')") == ["Äland Ltd"]
    assert accounts(f"{inside}/any(c:c/firstname eq 'Dia')") == []
    assert sorted(accounts(f"{inside}/all(c:c/numberofchildren gt 1)")) == ["Empty", "Äland Ltd"]
    assert accounts(f"{inside}/all(c:c/numberofchildren gt 2)") == ["Empty"]


def test_members_of_a_list_are_found_through_the_n_to_n_relationship(people: Client) -> None:
    newsletter = people.create("lists", listname="Newsletter", createdfromcode=2)
    bob = people.get("contacts?$filter=firstname eq 'Bob'").rows[0]["contactid"]
    address = f"{people.state.urls.dataverse}/api/data/v9.2/contacts({bob})"
    people.post(f"lists({newsletter})/listcontact_association/$ref", {"@odata.id": address})
    assert found(people, f"listcontact_association/any(l:l/listid eq {newsletter})") == "B"


def test_hierarchies_are_searched_up_and_down(people: Client) -> None:
    top = people.create("accounts", name="Top")
    middle = people.create("accounts", name="Middle", parentaccountid__bind=f"/accounts({top})")
    people.create("accounts", name="Bottom", parentaccountid__bind=f"/accounts({middle})")

    def accounts(function: str, row_id: str) -> list[str]:
        condition = f"{CRM}.{function}(PropertyName='accountid',PropertyValue='{row_id}')"
        return [row["name"] for row in people.get(f"accounts?$filter={condition}&$orderby=name").rows]

    assert accounts("Under", top) == ["Bottom", "Middle"]
    assert accounts("UnderOrEqual", middle) == ["Bottom", "Middle"]
    assert accounts("Above", middle) == ["Top"]


def test_parameter_aliases_stand_for_values(people: Client) -> None:
    assert names(people.get("contacts?$filter=firstname eq @p1&@p1='Dia'")) == ["Dia"]
    assert people.get("contacts?$filter=firstname eq @p1").status == 400


def test_hundreds_of_alternatives_are_no_problem(people: Client) -> None:
    condition = " or ".join(f"firstname eq 'x{number}'" for number in range(600))
    assert found(people, f"{condition} or firstname eq 'Cem'") == "C"


@pytest.mark.parametrize(
    "condition",
    [
        "firstname eq",
        "firstname eq 5",
        "numberofchildren eq 'two'",
        "_parentcustomerid_value eq 'x'",
        "nosuch eq 1",
        "parentcustomerid_account/nosuch eq 1",
        "nosuch/name eq 'x'",
        "ownerid/fullname eq 'x'",
        "numberofchildren add 1 eq 2",
        "firstname in ('a','b')",
        "foo(firstname,'x')",
        f"{CRM}.Nonsense(PropertyName='firstname')",
        f"{CRM}.Today(PropertyName='nosuch')",
        "firstname eq jobtitle2",
        "firstname",
        "contacts/any(c:c/x eq 1)",
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(people: Client, condition: str) -> None:
    answer = people.get(f"contacts?$filter={condition}")
    assert (answer.status, answer.code) == (400, "0x80060888")


def test_values_never_reach_the_database_as_code(people: Client) -> None:
    assert found(people, "firstname eq '''; DROP TABLE dv_contact; --'") == ""
    assert found(people, "firstname ne null") == "ABCD"


def test_not_equal_may_leave_out_empty_columns_by_a_switch(people: Client, state: State) -> None:
    state.config.dataverse.not_equal_includes_null = False
    assert found(people, "emailaddress1 ne 'ada@example.org'") == "BD"
    assert found(people, f"{CRM}.NotIn(PropertyName='emailaddress1',PropertyValues=['ada@example.org'])") == "BD"


def test_text_may_tell_capitals_from_small_letters_by_a_switch(people: Client, state: State) -> None:
    equal = "emailaddress1 eq 'ADA@example.org'"
    among = f"{CRM}.In(PropertyName='emailaddress1',PropertyValues=['ADA@example.org'])"
    begins, holds = "startswith(emailaddress1,'ADA@')", "contains(emailaddress1,'DA@')"
    assert found(people, equal) == found(people, among) == found(people, begins) == found(people, holds) != ""
    state.config.dataverse.text_tells_case_apart = True
    assert found(people, equal) == found(people, among) == found(people, begins) == found(people, holds) == ""
    assert found(people, "emailaddress1 eq 'ada@example.org'") == found(people, "contains(emailaddress1,'da@')") != ""


def test_a_function_refuses_a_word_that_is_no_boolean(people: Client) -> None:
    answer = people.get(f"contacts?$filter={CRM}.In(PropertyName='donotemail',PropertyValues=['maybe'])")
    assert (answer.status, answer.code) == (400, "0x80040203")


def test_rows_older_than_a_span_are_found_by_its_function(people: Client, state: State) -> None:
    assert found(people, f"{CRM}.OlderThanXMinutes(PropertyName='createdon',PropertyValue=5)") == ""
    state.clock.advance(timedelta(minutes=6))
    assert found(people, f"{CRM}.OlderThanXMinutes(PropertyName='createdon',PropertyValue=5)") == "ABCD"


def test_rows_are_sorted_by_value_and_lookups_by_name(people: Client) -> None:
    assert names(people.get("contacts?$orderby=numberofchildren desc,firstname")) == ["Bob", "Ada", "Cem", "Dia"]
    assert names(people.get("contacts?$orderby=numberofchildren,firstname desc")) == ["Dia", "Cem", "Ada", "Bob"]
    other = people.create("accounts", name="Aaa")
    people.create("contacts", firstname="Eve", lastname="E", parentcustomerid_account__bind=f"/accounts({other})")
    by_name = names(people.get("contacts?$orderby=_parentcustomerid_value desc,firstname"))
    assert by_name == ["Ada", "Bob", "Eve", "Cem", "Dia"]
    assert people.get("contacts?$orderby=nosuch").status == 400
    assert people.get("contacts?$orderby=firstname sideways").status == 400
