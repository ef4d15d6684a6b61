"""Changing data labels and mappings, as people do it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from dyntui.model.conversion import Direction
from dyntui.model.errors import DyntuiError
from dyntui.model.mapping import PROVISIONED, DataMapping
from dyntui.model.mapping_file import written
from dyntui.model.outcomes import Outcome
from dyntui.model.people import Entity
from dyntui.service.backups import BackupUseCases
from dyntui.service.contract import labels as labels_contract
from dyntui.service.contract import mappings as contract
from dyntui.service.contract.lists import ListRow
from dyntui.service.contract.session import Nothing
from dyntui.service.identity import Identities
from dyntui.service.labels import Labels
from dyntui.service.mappings import Mappings
from tests.model.test_mapping_file import broken
from tests.scenarios.conftest import office_from
from tests.scenarios.office import Office, addresses, writes
from tests.scenarios.test_labels_and_metadata import create, fields
from tests.scenarios.test_manage_members import signed_in
from tests.scenarios.test_mapped_columns import in_dotdigital
from tests.scenarios.test_what_is_hidden import secure

TOWN = DataMapping("TOWN", Entity.CONTACT, "address1_city")
LINE = "TOWN <- contact.address1_city (conflicts: dotdigital, choices by label)"


class Admin:
    """Who administers an email account."""

    def __init__(self, office: Office) -> None:
        self.office = office
        people = Identities(office.resources)
        self.labels, self.mappings = Labels(office.resources, people), Mappings(office.resources, people)

    def label(self, name: str, type: str = "String", **more: Any) -> labels_contract.LabelRow:
        asked = labels_contract.CreateLabel(name=name, type=type, **more)
        return self.office.wait(self.labels.create(self.office.context, asked))

    def labelled(self) -> dict[str, labels_contract.LabelRow]:
        asked = labels_contract.LabelsQuery(limit=1000)
        return {each.name: each for each in self.office.wait(self.labels.page(self.office.context, asked)).rows}

    def delete(self, name: str, confirm: str) -> labels_contract.LabelDeleted:
        asked = labels_contract.DeleteLabel(name=name, confirm=confirm)
        return self.office.wait(self.labels.delete(self.office.context, asked))

    def now(self, version: int | None = None) -> contract.MappingVersion:
        return self.office.wait(self.mappings.get(self.office.context, contract.MappingsOf(version=version))).version

    def save(self, *mappings: DataMapping, based_on: int | None = None, **more: Any) -> contract.MappingsSaved:
        before = self.now().version if based_on is None else based_on
        asked = contract.SaveMappings(based_on=before, mappings=mappings, **more)
        return self.office.wait(self.mappings.save(self.office.context, asked))

    def check(self, **asked: Any) -> contract.MappingsChecked:
        return self.office.wait(self.mappings.validate(self.office.context, contract.ValidateMappings(**asked)))

    def export(self) -> str:
        return self.office.wait(self.mappings.export(self.office.context, contract.MappingsOf())).file

    def bring_in(self, text: str, based_on: int | None = None) -> contract.MappingsSaved:
        asked = contract.ImportMappings(file=text, based_on=based_on)
        return self.office.wait(self.mappings.import_(self.office.context, asked))

    def history(self) -> tuple[contract.VersionRow, ...]:
        return self.office.wait(self.mappings.history(self.office.context, contract.MappingsOf())).versions

    def restore(self, version: int, based_on: int | None = None) -> contract.MappingsSaved:
        asked = contract.RestoreMappings(version=version, based_on=based_on)
        return self.office.wait(self.mappings.restore(self.office.context, asked))


def whatever_counts(text: str) -> str:
    """The file as somebody makes it who wants it in place of whatever counts."""
    return text[text.index("[[mapping]]") :]


@pytest.fixture
def admin(office: Office) -> Admin:
    office.run("metadata")
    return Admin(office)


def refused(code: str, work: Any) -> DyntuiError:
    with pytest.raises(DyntuiError) as caught:
        work()
    assert caught.value.code == code
    return caught.value


def test_a_label_is_made_synchronised_mapped_and_sent(office: Office, newsletter: ListRow, admin: Admin) -> None:
    assert admin.label("Town", description="Where").synchronised is False
    refused("LABEL_EXISTS", lambda: admin.label("TOWN"))
    wrong = refused("LABEL_INVALID", lambda: admin.label("e mail", "Colour", visibility="Secret"))
    assert all(each in wrong.message for each in ("e mail", "Colour", "Secret"))
    early = refused("MAPPINGS_INVALID", lambda: admin.save(*PROVISIONED, TOWN))
    assert f"row {len(PROVISIONED) + 1}" in early.message and "MAPPING_LABEL_NOT_SYNCHRONISED" in early.message
    office.run("labels")
    assert admin.labelled()["TOWN"].synchronised and fields(office)["TOWN"].type == "String"
    cost = admin.check(mappings=(*PROVISIONED, TOWN))
    assert not cost.findings and cost.changes == (
        "+ TOWN <- contact.address1_city (conflicts: dotdigital, choices by label)",
    )
    saved = admin.save(*PROVISIONED, TOWN, why="Towns")
    added = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED]
    assert (saved.version, saved.people) == (1, len(added)) == (1, cost.people) and saved.imports == 1
    office.change_in_dynamics("contact", added[0].person, address1_city="Oslo")
    run = office.run("lists")
    assert addresses(office.people(run.run.id), Outcome.UPDATED) == {each.address for each in added}
    assert in_dotdigital(office, "TOWN")[added[0].address]["TOWN"] == "Oslo"
    assert office.run("lists").run.tally.of(Outcome.UPDATED) == 0
    assert admin.labelled()["TOWN"].mapped == ("TOWN <- contact.address1_city",)
    refused("LABEL_MAPPED", lambda: admin.delete("TOWN", "TOWN"))
    admin.save(*PROVISIONED)
    refused("LABEL_NOT_CONFIRMED", lambda: admin.delete("TOWN", ""))
    assert admin.delete("town", "TOWN").in_dotdigital and "TOWN" not in fields(office)
    assert "TOWN" not in admin.labelled()


def test_versions_are_kept_compared_and_restored(office: Office, admin: Admin) -> None:
    create(office, "TOWN", "String")
    office.run("labels")
    assert admin.save(*PROVISIONED, TOWN, why="one").version == 1
    assert admin.save(*PROVISIONED, TOWN).changes == () and admin.now().version == 1
    refused("MAPPINGS_CHANGED", lambda: admin.save(*PROVISIONED, based_on=0))
    assert admin.restore(0).version == 2 and admin.now().mappings == PROVISIONED
    assert admin.restore(1).version == 3 and admin.now().mappings == (*PROVISIONED, TOWN)
    found = [(each.version, each.why, each.changes) for each in admin.history()]
    assert found[:3] == [
        (3, "Restored version 1", (f"+ {LINE}",)),
        (2, "Reset to what is provisioned", (f"- {LINE}",)),
        (1, "one", (f"+ {LINE}",)),
    ]
    refused("MAPPING_VERSION_UNKNOWN", lambda: admin.restore(9))


def test_a_file_is_taken_as_a_whole_or_not_at_all(office: Office, admin: Admin) -> None:
    create(office, "TOWN", "String")
    office.run("labels")
    admin.save(*PROVISIONED, TOWN)
    text = admin.export()
    assert admin.bring_in(text).changes == () and admin.now().version == 1
    admin.restore(0)
    text = whatever_counts(text)
    assert admin.bring_in(text).version == 3 and whatever_counts(admin.export()) == text
    copies = office.wait(BackupUseCases(office.resources).list(office.context, Nothing())).rows
    assert [each.reason for each in copies].count("before a mapping import") == 2
    assert "before mappings are restored" in {each.reason for each in copies}
    before = admin.history()
    for seed in range(200):
        broken_text, row = broken(seed)
        error = refused("MAPPINGS_INVALID", lambda: admin.bring_in(broken_text))  # noqa: B023 - called at once
        assert f"row {row} " in error.message
    # Twice the same, a label that nobody knows, text that would control a terminal, and far too much.
    first = text.partition("\n[[mapping]]")[0]
    good = text.count("[[mapping]]")
    hostile = "\\u001b]52;c;x\\u0007[red]\\u202e"
    for more in (
        first,
        first.replace('label = "', 'label = "NOSUCH'),
        first.replace('label = "', f'label = "{hostile}'),
        first.replace('column = "', 'column = "' + "x" * 200_000),
        first.replace('column = "', f'column = "{hostile}'),
    ):
        error = refused("MAPPINGS_INVALID", lambda: admin.bring_in(f"{text}\n{more}\n"))  # noqa: B023 - called at once
        assert f"row {good + 1} " in error.message and len(error.message) < 5_000
    many = refused("MAPPINGS_INVALID", lambda: admin.bring_in(text + f"\n{first}\n" * 2_000))
    assert f"row {good + 1} " in many.message and len(many.message) < 20_000
    for wrong in ('column = "nosuch"', 'column = "statuscode"\ndirection = "to Dynamics"'):
        more = f'\n[[mapping]]\nlabel = "TOWN"\nentity = "lead"\n{wrong}\n'
        more += "" if "direction" in wrong else 'direction = "to dotdigital"\n'
        error = refused("MAPPINGS_INVALID", lambda: admin.bring_in(text + more))  # noqa: B023 - called at once
        assert f"row {good + 1} (TOWN" in error.message
    assert admin.history() == before
    # What is refused leaves nothing behind, a backup neither.
    assert office.wait(BackupUseCases(office.resources).list(office.context, Nothing())).rows == copies


def test_what_somebody_saves_while_another_edits_a_file_or_looks_at_a_version_is_not_overwritten(
    office: Office, admin: Admin
) -> None:
    create(office, "TOWN", "String")
    office.run("labels")
    fewer = written(PROVISIONED[1:])
    exported = admin.export()
    edited = "enabled = false".join(exported.rsplit("enabled = true", 1))
    assert edited != exported
    compared = admin.check(file=fewer).based_on
    admin.save(*PROVISIONED, TOWN, why="Towns")
    copies = office.wait(BackupUseCases(office.resources).list(office.context, Nothing())).rows
    for overwrites in (
        lambda: admin.bring_in(edited),
        lambda: admin.bring_in(fewer, based_on=compared),
        lambda: admin.restore(0, based_on=compared),
    ):
        error = refused("MAPPINGS_CHANGED", overwrites)
        assert "version 1" in error.message
    assert admin.now().mappings == (*PROVISIONED, TOWN)
    assert office.wait(BackupUseCases(office.resources).list(office.context, Nothing())).rows == copies
    # Twice the same is no harm, and what is compared with what counts now is taken.
    again = admin.export()
    assert admin.bring_in(whatever_counts(edited)).version == 2
    assert "`based_on`" in refused("MAPPINGS_CHANGED", lambda: admin.bring_in(again)).remedy
    assert admin.bring_in(edited).changes == ()
    assert admin.restore(0, based_on=admin.check(mappings=PROVISIONED).based_on).version == 3


def test_what_was_tried_in_one_system_is_taken_by_another_once_its_labels_are_there(
    office: Office, admin: Admin, connected: Path, tmp_path: Path
) -> None:
    create(office, "TOWN", "String")
    office.run("labels")
    admin.save(*PROVISIONED, TOWN)
    text = admin.export()
    with office_from(connected, tmp_path / "live") as live:
        live.run("metadata")
        there = Admin(live)
        # The other system is a copy, with the same account: the file's word of what counted means it too.
        refused("MAPPINGS_CHANGED", lambda: there.bring_in(text))
        text = whatever_counts(text)
        error = refused("MAPPINGS_INVALID", lambda: there.bring_in(text))
        assert f"row {len(PROVISIONED) + 1} (TOWN" in error.message and there.now().mappings == PROVISIONED
        create(live, "TOWN", "String")
        live.run("labels")
        assert there.bring_in(text).changes == (f"+ {LINE}",)
        assert whatever_counts(there.export()) == text
        newsletter = live.activated("Newsletter")
        person = live.members(newsletter.id)[0]
        live.change_in_dynamics("contact", person.person, address1_city="Oslo")
        live.run("lists")
        towns = {each["TOWN"] for each in in_dotdigital(live, "TOWN").values()}
        assert "Oslo" in towns


def test_a_mapping_that_is_switched_off_is_kept_and_moves_nothing_either_way(
    office: Office, newsletter: ListRow, admin: Admin
) -> None:
    create(office, "TOWN", "String")
    create(office, "JOB", "String")
    office.run("labels")
    job = DataMapping("JOB", Entity.CONTACT, "jobtitle", Direction.TO_DYNAMICS)
    ada, bob = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED][:2]
    office.change_in_dynamics("contact", ada.person, address1_city="Oslo", jobtitle="Guide")

    def synchronise(*, on: bool) -> None:
        pair = (replace(TOWN, enabled=on), replace(job, enabled=on))
        admin.save(*PROVISIONED, *pair)
        assert admin.now().mappings == (*PROVISIONED, *pair)
        office.let_pass(hours=2)
        office.run("address-books")
        office.change_in_dotdigital(bob.address, JOB="Pilot" if on else "Diver")
        for kind in ("address-books", "lists"):
            office.run(kind)

    def jobs(title: str) -> set[str]:
        return office.records_where("contact", jobtitle=title)

    synchronise(on=False)
    assert in_dotdigital(office, "TOWN")[ada.address]["TOWN"] is None and bob.person not in jobs("Diver")
    synchronise(on=True)
    assert in_dotdigital(office, "TOWN")[ada.address]["TOWN"] == "Oslo" and bob.person in jobs("Pilot")


def test_gender_goes_both_ways_by_a_mapping_for_each_direction(
    office: Office, newsletter: ListRow, admin: Admin
) -> None:
    office.run("labels")
    out = DataMapping("GENDER", Entity.CONTACT, "gendercode")
    back = replace(out, direction=Direction.TO_DYNAMICS)
    admin.save(*PROVISIONED, out, back, acknowledge=True)
    for kind in ("lists", "address-books"):
        office.run(kind)
        office.let_pass(hours=2)
    males, there = office.records_where("contact", gendercode=1), in_dotdigital(office, "GENDER")
    members = [each for each in office.members(newsletter.id) if each.outcome in (Outcome.UPDATED, Outcome.UNCHANGED)]
    ada, bob = [each for each in members if each.person in males and there[each.address]["GENDER"] == "Male"][:2]
    office.change_in_dynamics("contact", ada.person, gendercode=2)
    office.change_in_dotdigital(bob.address, GENDER="Female")
    # Before anything goes out, what was changed in dotdigital comes in.
    office.run("lists")
    office.until_told()
    assert {in_dotdigital(office, "GENDER")[each.address]["GENDER"] for each in (ada, bob)} == {"Female"}
    assert {ada.person, bob.person} <= office.records_where("contact", gendercode=2)
    office.let_pass(hours=2)
    assert writes(office.calls_between(lambda: office.run("lists"))[1]) == []


def test_a_pair_that_may_lose_values_has_to_be_acknowledged_once(office: Office, admin: Admin) -> None:
    create(office, "ABOUT", "String")
    office.run("labels")
    about = DataMapping("ABOUT", Entity.CONTACT, "description")
    error = refused("MAPPINGS_UNACKNOWLEDGED", lambda: admin.save(*PROVISIONED, about))
    assert "MAPPING_TEXT_LONGER" in error.message
    assert admin.save(*PROVISIONED, about, acknowledge=True).version == 1
    back = DataMapping("ABOUT", Entity.CONTACT, "description", Direction.TO_DYNAMICS)
    assert admin.save(*PROVISIONED, about, back).people == 0


def test_a_column_over_a_lookup_is_known_when_it_is_asked_for(office: Office, admin: Admin) -> None:
    create(office, "OWNER", "String")
    office.run("labels")
    good = DataMapping("OWNER", Entity.CONTACT, "owninguser.fullname")
    assert not admin.check(mappings=(*PROVISIONED, good)).findings
    bad = DataMapping("OWNER", Entity.CONTACT, "ownerid.nosuch.fullname")
    assert [each.code for each in admin.check(mappings=(bad,)).findings] == ["MAPPING_COLUMN_UNKNOWN"]


def test_what_mappings_would_make_of_people_is_shown_both_ways(office: Office, admin: Admin) -> None:
    newsletter = office.activated("Newsletter")
    create(office, "TOWN", "String")
    create(office, "KIDS", "Numeric")
    office.run("labels")
    office.run("lists")
    person = next(each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED)
    office.change_in_dynamics("contact", person.person, address1_city="Oslo", description="x" * 1500)
    kids = DataMapping("KIDS", Entity.CONTACT, "numberofchildren", Direction.TO_DYNAMICS)
    about = DataMapping("ABOUT", Entity.CONTACT, "description")
    admin.label("ABOUT")
    wanted = (*PROVISIONED, TOWN, kids, about)

    def shown(**asked: Any) -> tuple[contract.PreviewPerson, ...]:
        request = contract.PreviewMappings(entity=Entity.CONTACT, mappings=wanted, **asked)
        return office.wait(admin.mappings.preview(office.context, request)).people

    (found,), calls = office.calls_between(lambda: shown(addresses=(person.address.upper(),)))
    assert writes(calls) == [] and found.person == person.person and found.in_dotdigital
    values = {each.label: each for each in found.values}
    town = values["TOWN"]
    assert (town.given, town.before, town.after, town.changes) == ("Oslo", "", "Oslo", True)
    assert values["FIRSTNAME"].before == values["FIRSTNAME"].after and not values["FIRSTNAME"].changes
    assert values["ABOUT"].rejected.startswith("1500 characters") and not values["ABOUT"].changes
    assert not values["KIDS"].changes and values["KIDS"].direction == "to Dynamics"
    some, calls = office.calls_between(lambda: shown(limit=7))
    assert len(some) == 7 and sum(each["count"] for each in calls) <= 4


def test_of_people_somebody_is_shown_what_they_may_see_in_dynamics_and_no_more(office: Office, admin: Admin) -> None:
    newsletter = office.activated("Newsletter")
    office.run("lists")
    ada = next(each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED)
    office.change_in_dynamics("contact", ada.person, description="owes us money")
    admin.label("ABOUT")
    about = (*PROVISIONED, DataMapping("ABOUT", Entity.CONTACT, "description"))
    signed_in(office)

    def shown(*addresses: str) -> str:
        request = contract.PreviewMappings(entity=Entity.CONTACT, mappings=about, addresses=addresses, limit=100)
        people = office.wait(admin.mappings.preview(office.context, request)).people
        (found,) = [each for each in people if each.person == ada.person]
        return next(each.given for each in found.values if each.label == "ABOUT")

    assert shown(ada.address) == shown() == "owes us money"
    # The service may read the column; the person who asks may not.
    secure(office, {"contact.description": ["connector@skarnfjall.example"]})
    assert shown(ada.address) == shown() == ""
