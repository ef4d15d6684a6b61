"""Scores, forms, preferences, consent, programs and web behaviour."""

import csv
import io
import json
from typing import Any

import pytest

from dyntui.sandbox.dotdigital import bulk_load, dates, extras

from .conftest import START, Account

NOW = dates.milliseconds(START)
LONG_AGO = "2020-01-01T00:00:00Z"


@pytest.fixture
def world(account: Account) -> Account:
    people = [bulk_load.Contact(f"p{n}@b.example", {}, NOW) for n in range(200)]
    bulk_load.contacts(account.state, people)
    extras.seed(account.state, 1)
    return account


def test_scores_are_listed_and_fed_in_the_order_of_their_change(world: Account):
    rows = world.ok("GET", "/v2/contacts/score")
    assert 20 < len(rows) < 80
    changed = [row["dateModified"] for row in world.ok("GET", f"/v2/contacts/score/modified-since/{LONG_AGO}")]
    assert changed == sorted(changed)
    assert world.ok("GET", f"/v2/contacts/{rows[0]['email']}/score") == rows[0]
    assert world.ok("GET", f"/v2/contacts/{rows[0]['contactId']}/score") == rows[0]


def test_scores_of_a_book_are_those_of_its_members(world: Account):
    scored = world.ok("GET", "/v2/contacts/score")[0]["email"]
    book = bulk_load.book(world.state, "Walkers", [scored])
    assert [row["email"] for row in world.ok("GET", f"/v2/address-books/{book}/contacts/score")] == [scored]


def test_without_the_feature_scores_are_refused(world: Account):
    world.settings.scoring_active = False
    assert world.refused("GET", "/v2/contacts/score") == (403, "Error: ERROR_FEATURENOTACTIVE")


def test_who_clicks_becomes_more_engaged_and_leaves_a_web_session(world: Account):
    world.settings.click_share = world.settings.open_share = 1.0
    before = {row["email"]: row["engagement"] for row in world.ok("GET", "/v2/contacts/score")}
    book = bulk_load.book(world.state, "Everyone", before)
    html = '<a href="https://shop.example/boots">x</a> $UNSUB$'
    mailing = bulk_load.campaign(world.state, "Spring", "S", html, "T")
    world.ok("POST", "/v2/campaigns/send", {"campaignId": mailing, "addressBookIds": [book]})
    world.advance(days=4)
    risen = world.ok("GET", "/v2/contacts/score/modified-since/2026-03-03")
    assert risen
    assert all(row["engagement"] > before[row["email"]] or row["engagement"] == 100 for row in risen)
    sessions = world.ok("GET", "/insightData/v3/contacts/WebInsight?~modified=gte::2026-03-02T09:00:00Z")["_items"]
    assert {page["url"].split("/")[2] for item in sessions for page in item["json"]["pages"]} == {"shop.example"}


def test_a_survey_counts_its_responses_and_answers_choices_by_id(world: Account):
    survey = world.ok("GET", "/v2/surveys")[0]
    rows = world.ok("GET", f"/v2/surveys/{survey['id']}/responses")
    assert survey["totalCompleteResponses"] == sum(row["complete"] for row in rows) > 0
    assert survey["totalIncompleteResponses"] == sum(not row["complete"] for row in rows)
    assert world.ok("GET", f"/v2/surveys/{survey['id']}") == survey
    (page,) = world.ok("GET", f"/v2/surveys/{survey['id']}/fields")
    choices = {choice["id"] for field in page["fields"] for choice in field["choices"]}
    given = {a["value"] for row in rows for a in row["givenAnswers"] if a["fieldId"] == 2}
    assert given <= choices


def test_surveys_with_activity_have_a_response_since(world: Account):
    assert len(world.ok("GET", f"/v2/surveys/with-activity-since/{LONG_AGO}")) == 2
    assert world.ok("GET", "/v2/surveys/with-activity-since/2026-03-03") == []
    survey = world.ok("GET", "/v2/surveys")[0]["id"]
    assert world.ok("GET", f"/v2/surveys/{survey}/responses/with-activity-since/2026-03-03") == []
    assert world.refused("GET", "/v2/surveys?select=501")[0] == 400


def test_choices_of_preferences_stay_unless_mentioned(world: Account):
    contact = world.contact("new@b.example")
    category = world.ok("GET", "/v2/preferences")[0]
    first, second = (leaf["id"] for leaf in category["preferences"][:2])

    def choose(*nodes: dict[str, Any]) -> set[int]:
        tree = world.ok("PUT", f"/v2/contacts/{contact}/preferences", [{"id": category["id"], "preferences": nodes}])
        return {leaf["id"] for node in tree for leaf in node["preferences"] if leaf["isOptedIn"]}

    assert choose({"id": first, "isOptedIn": True}) == {first}
    assert choose({"id": second, "isOptedIn": True}) == {first, second}
    assert {"id": contact, "email": "new@b.example"} in world.ok("GET", f"/v2/contacts/with-preference/{first}")
    (row,) = world.ok("GET", f"/v2/contacts/with-preference/{first}/opt-ins-since/2026-03-02T09:00:00Z")
    assert row["marketingPreferenceOptIns"][0]["dateModifed"] == "2026-03-02T09:00:00.000Z"


def test_preferences_left_out_of_a_put_with_consent_are_opted_out(world: Account):
    contact = world.contact("new@b.example")
    leaves = [leaf["id"] for node in world.ok("GET", "/v2/preferences") for leaf in node["preferences"]]
    body = [{"id": leaf, "isOptedIn": True} for leaf in leaves]
    world.ok("PUT", f"/v2/contacts/{contact}/preferences", body)
    put = {"contact": {"email": "new@b.example"}, "preferences": body[:1]}
    shown = world.ok("PUT", f"/v2/contacts/{contact}/with-consent-and-preferences", put)
    opted = [leaf["id"] for node in shown["preferences"] for leaf in node["preferences"] if leaf["isOptedIn"]]
    assert opted == leaves[:1]


def test_every_consent_written_is_one_record_more(account: Account):
    for text in ("Yes", "Yes again"):
        body = {
            "contact": {"email": "a@b.example"},
            "consentFields": [{"fields": [{"key": "TEXT", "value": text}, {"key": "URL", "value": "https://x"}]}],
        }
        account.ok("POST", "/v2/contacts/with-consent", body)
    shown = account.ok("GET", "/v2/contacts/a@b.example/with-consent")
    texts = [next(f["value"] for f in r["fields"] if f["key"] == "TEXT") for r in shown["consentFields"]]
    assert texts == ["Yes", "Yes again"]


def test_an_enrolment_is_processing_then_reports_suppressed_contacts_in_the_vendors_spelling(world: Account):
    gone = world.contact("gone@b.example")
    world.ok("POST", "/v2/contacts/unsubscribe", {"email": "gone@b.example"})
    active = next(program for program in world.ok("GET", "/v2/programs") if program["status"] == "Active")
    started = world.ok("POST", "/v2/programs/enrolments", {"programId": active["id"], "contacts": [gone]})
    path = f"/v2/programs/enrolments/{started['id']}"
    assert world.refused("GET", f"{path}/report-faults") == (400, "Error: ERROR_ENROLMENT_IS_PROCESSING")
    world.advance(seconds=30)
    assert world.ok("GET", path)["status"] == "Finished"
    lines = list(csv.reader(io.StringIO(world.call("GET", f"{path}/report-faults").body.decode("utf-8-sig"))))
    assert lines[1] == [str(gone), "gone@b.example", "", "Unsubcribed"]


def test_the_21st_enrolment_of_an_hour_is_refused_with_a_text_that_ends_in_a_blank(world: Account):
    contact = world.contact("new@b.example")
    active = next(program for program in world.ok("GET", "/v2/programs") if program["status"] == "Active")
    body = {"programId": active["id"], "contacts": [contact]}
    for _ in range(20):
        world.ok("POST", "/v2/programs/enrolments", body)
    refused = world.refused("POST", "/v2/programs/enrolments", body)
    assert refused == (400, "Error: ERROR_ENROLMENT_ALLOWANCE_EXCEEDED ")
    world.advance(hours=1)
    world.ok("POST", "/v2/programs/enrolments", body)


def test_a_program_that_is_not_active_is_422(world: Account):
    draft = next(program for program in world.ok("GET", "/v2/programs") if program["status"] == "Draft")
    refused = world.refused("POST", "/v2/programs/enrolments", {"programId": draft["id"], "contacts": [1]})
    assert refused == (422, "Error: ERROR_PROGRAM_NOT_ACTIVE")


def test_web_sessions_are_read_per_contact_and_over_all_with_markers(world: Account):
    first = world.ok("GET", "/insightData/v3/contacts/WebInsight?limit=5")
    assert len(first["_items"]) == 5
    target = first["_links"]["next"]["link"].removeprefix(world.state.urls.dotdigital["r2"])
    second = world.ok("GET", target)
    assert {item["key"] for item in first["_items"]}.isdisjoint(item["key"] for item in second["_items"])
    item = first["_items"][0]
    own = world.ok("GET", f"/insightData/v3/contacts/contactId/{item['ownerContactId']}/WebInsight")["_items"]
    assert own == [item]
    (old,) = world.ok("GET", f"/v2/contacts/{item['ownerContactId']}/transactional-data/WebInsight")
    assert json.loads(old["json"]) == item["json"]


def test_collections_of_insight_data_are_told_with_their_type_and_their_records(world: Account):
    (web,) = [each for each in world.ok("GET", "/insightData/v3/collections") if each["collectionName"] == "WebInsight"]
    assert (web["collectionType"], web["collectionScope"]) == ("webInsight", "contact")
    assert web["recordCount"] > 0
    schema = world.ok("GET", "/insightData/v3/collections/webinsight/schema")
    assert schema.keys() == {"collectionName", "collectionType", "schema"} and schema["schema"]["properties"]["pages"]


def test_the_world_is_seeded_once_and_the_same_way(world: Account):
    before = world.ok("GET", "/v2/contacts/score")
    extras.seed(world.state, 2)
    assert world.ok("GET", "/v2/contacts/score") == before
