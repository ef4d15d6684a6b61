"""Data labels and mappings on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dyntui.model.conversion import Direction
from dyntui.model.mapping import PROVISIONED, ConflictRule, DataMapping, Finding
from dyntui.model.mapping_file import written
from dyntui.model.mapping_rows import LabelRow, mapping_rows
from dyntui.model.mapping_versions import MappingVersion
from dyntui.model.outcomes import RunStatus
from dyntui.model.people import Entity
from dyntui.service.contract.labels import (
    LABEL_CREATE,
    LABEL_DELETE,
    LABELS_PAGE,
    CreateLabel,
    DeleteLabel,
    LabelDeleted,
)
from dyntui.service.contract.mappings import (
    MAPPINGS_DIFF,
    MAPPINGS_EXPORT,
    MAPPINGS_GET,
    MAPPINGS_HISTORY,
    MAPPINGS_IMPORT,
    MAPPINGS_PAGE,
    MAPPINGS_PREVIEW,
    MAPPINGS_RESTORE,
    MAPPINGS_SAVE,
    MAPPINGS_VALIDATE,
    ImportMappings,
    MappingDifferences,
    MappingFile,
    MappingHistory,
    MappingsChecked,
    MappingSet,
    MappingsPreview,
    MappingsSaved,
    PreviewPerson,
    PreviewValue,
    RestoreMappings,
    SaveMappings,
    VersionRow,
)
from dyntui.service.contract.runs import RUN_GET, RUN_START, RunDetail
from tests.cli.scripted_service import ScriptedService, a_run, page_of

Cli = Callable[..., Any]
LABEL = LabelRow(
    name="CITY",
    type="String",
    default_value="",
    visibility="Private",
    description="Where",
    synchronised=False,
    conflict="Date",
    mapped=("CITY <- contact.address1_city",),
)
VERSION = MappingVersion(version=3, made_by="Mira", made_on="2026-11-28T10:00:00Z", why="", mappings=PROVISIONED)
CITY = DataMapping("CITY", Entity.CONTACT, "address1_city")
ERROR = Finding(3, "CITY <- contact.nosuch", "MAPPING_COLUMN_UNKNOWN", "There is no such column.", "Check the name.")


def test_labels_are_listed_made_synchronised_and_deleted(dyntui: Cli, service: ScriptedService) -> None:
    service.answers(LABELS_PAGE, page_of(LABEL))
    service.answers(LABEL_CREATE, LABEL)
    service.answers(LABEL_DELETE, LabelDeleted(name="CITY", in_dotdigital=True))
    service.answers(RUN_START, a_run(RunStatus.QUEUED))
    service.answers(RUN_GET, RunDetail(run=a_run(RunStatus.COMPLETED), items=()))
    assert "conflict: Date" in dyntui("labels", "list").out
    assert dyntui("labels", "create", "City", "string", "--public", "--default", "x").code == 0
    assert service.requests(LABEL_CREATE) == [
        CreateLabel(name="City", type="String", default_value="x", visibility="Public")
    ]
    assert dyntui("labels", "synchronise").code == 0
    assert [each.sync_type for each in service.requests(RUN_START)] == ["labels"]
    assert dyntui("labels", "delete", "CITY").code == 2
    assert dyntui("--yes", "labels", "delete", "CITY").code == 0
    assert service.requests(LABEL_DELETE) == [DeleteLabel(name="CITY", confirm="CITY")]


def answering(service: ScriptedService, people: int = 0) -> None:
    service.answers(MAPPINGS_GET, MappingSet(account="Main", version=VERSION, columns_read_on=""))
    service.answers(MAPPINGS_VALIDATE, MappingsChecked(findings=(), people=people, imports=1, seconds=10, based_on=3))
    service.answers(MAPPINGS_SAVE, MappingsSaved(version=4, changes=("+ CITY",), people=people))
    service.answers(MAPPINGS_IMPORT, MappingsSaved(version=4, changes=("+ CITY",)))
    service.answers(MAPPINGS_RESTORE, MappingsSaved(version=4, changes=()))


def test_a_mapping_is_made_edited_and_deleted_in_the_set_that_counts(dyntui: Cli, service: ScriptedService) -> None:
    answering(service)
    created = dyntui("mappings", "create", "city", "contact", "address1_city", "--direction", "to-dynamics")
    assert "+ CITY" in created.out and "Version 4" in created.err
    edited = (
        "mappings",
        "edit",
        "firstname",
        "contact",
        "--to-column",
        "nickname",
        "--conflict",
        "newest",
        "--disable",
    )
    assert dyntui(*edited).code == 0
    assert dyntui("mappings", "delete", "FIRSTNAME", "lead").code == 0
    made, changed, gone = service.requests(MAPPINGS_SAVE)
    assert isinstance(made, SaveMappings) and made.based_on == 3
    assert made.mappings == (*PROVISIONED, DataMapping("CITY", Entity.CONTACT, "address1_city", Direction.TO_DYNAMICS))
    place = next(at for at, each in enumerate(PROVISIONED) if each.words == "FIRSTNAME <- contact.firstname")
    wanted = DataMapping("FIRSTNAME", Entity.CONTACT, "nickname", conflict=ConflictRule.NEWEST, enabled=False)
    assert changed.mappings == (*PROVISIONED[:place], wanted, *PROVISIONED[place + 1 :])
    assert set(PROVISIONED) - set(gone.mappings) == {DataMapping("FIRSTNAME", Entity.LEAD, "firstname")}
    assert "MAPPING_UNKNOWN" in dyntui("mappings", "delete", "NOSUCH", "lead").err
    two = (*PROVISIONED, DataMapping("FIRSTNAME", Entity.CONTACT, "firstname", Direction.TO_DYNAMICS))
    service.answers(
        MAPPINGS_GET,
        MappingSet(
            account="Main",
            version=MappingVersion(version=3, made_by="", made_on="", why="", mappings=two),
            columns_read_on="",
        ),
    )
    assert "MAPPING_AMBIGUOUS" in dyntui("mappings", "delete", "FIRSTNAME", "contact").err
    assert dyntui("mappings", "delete", "FIRSTNAME", "contact", "--direction", "to-dynamics").code == 0
    assert service.requests(MAPPINGS_SAVE)[-1].mappings == PROVISIONED


def test_nobody_is_sent_again_without_a_yes(dyntui: Cli, service: ScriptedService) -> None:
    answering(service, people=12_000)
    refused = dyntui("mappings", "create", "CITY", "contact", "address1_city")
    assert refused.code == 2 and "12,000 people are sent again" in refused.err
    assert service.requests(MAPPINGS_SAVE) == []
    assert dyntui("--yes", "mappings", "create", "CITY", "contact", "address1_city").code == 0


def test_files_are_written_checked_and_taken(dyntui: Cli, service: ScriptedService, tmp_path: Path) -> None:
    answering(service)
    text = written(PROVISIONED)
    service.answers(MAPPINGS_EXPORT, MappingFile(account="Main", version=3, file=text))
    assert dyntui("mappings", "export").out == text
    file = tmp_path / "mappings.toml"
    assert dyntui("mappings", "export", str(file), "--version", "2").code == 0
    assert file.read_text(encoding="utf-8") == text
    assert dyntui("mappings", "validate", str(file)).code == 0
    assert dyntui("mappings", "import", str(file)).code == 0
    # What it was compared with: nothing that somebody saves meanwhile is overwritten.
    assert service.requests(MAPPINGS_IMPORT) == [
        ImportMappings(file=text, why="Imported from mappings.toml", based_on=3)
    ]
    service.answers(MAPPINGS_VALIDATE, MappingsChecked(findings=(ERROR,)))
    done = dyntui("mappings", "validate", str(file))
    assert done.code == 1 and "MAPPING_COLUMN_UNKNOWN" in done.out and "1 error, 0 warnings." in done.err
    assert "MAPPING_FILE_UNREADABLE" in dyntui("mappings", "import", str(tmp_path / "nosuch")).err
    # A byte order mark is none of the text; what is no text is named by its row.
    file.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert dyntui("mappings", "import", str(file)).code == 0
    assert service.requests(MAPPINGS_IMPORT)[-1].file == text
    parts = text.encode().split(b"[[mapping]]")
    parts[2] = parts[2].replace(b'"', b'"\xff', 1)
    file.write_bytes(b"[[mapping]]".join(parts))
    wrong = dyntui("mappings", "import", str(file))
    assert wrong.code == 2 and "row 2: it is no text in UTF-8" in wrong.err
    assert len(service.requests(MAPPINGS_IMPORT)) == 2


def test_versions_are_shown_compared_and_restored(dyntui: Cli, service: ScriptedService) -> None:
    answering(service)
    row = VersionRow(
        version=3, made_by="Mira", made_on="2026-11-28T10:00:00Z", why="Towns", mappings=11, changes=("+ CITY",)
    )
    service.answers(MAPPINGS_HISTORY, MappingHistory(account="Main", versions=(row,)))
    assert "Towns" in dyntui("mappings", "history").out
    found = MappingDifferences(before=1, after=3, changes=(), words=())
    service.answers(MAPPINGS_DIFF, found)
    assert dyntui("mappings", "diff", "1").code == 0
    assert dyntui("mappings", "restore", "2", "--why", "back").code == 0
    assert dyntui("mappings", "reset").code == 0
    assert service.requests(MAPPINGS_RESTORE) == [
        RestoreMappings(version=2, why="back", based_on=3),
        RestoreMappings(version=0, based_on=3),
    ]


def test_what_mappings_make_of_people_is_printed(dyntui: Cli, service: ScriptedService, tmp_path: Path) -> None:
    value = PreviewValue(
        label="CITY",
        column="address1_city",
        direction="to dotdigital",
        given="Oslo",
        before="",
        after="Oslo",
        changes=True,
    )
    person = PreviewPerson(
        person="1", entity="contact", name="Ann", address="ann@x.org", in_dotdigital=False, values=(value,)
    )
    service.answers(MAPPINGS_PREVIEW, MappingsPreview(people=(person,)))
    done = dyntui("mappings", "preview", "contact", "--address", "ann@x.org")
    assert "Ann <ann@x.org>, not in dotdigital" in done.out and "changes" in done.out
    file = tmp_path / "mappings.toml"
    file.write_text("[[mapping]]\n", encoding="utf-8")
    assert "row 1" in dyntui("mappings", "preview", "contact", "--file", str(file)).err


def test_mappings_are_listed_with_what_is_wrong(dyntui: Cli, service: ScriptedService) -> None:
    service.answers(MAPPINGS_PAGE, page_of(*mapping_rows([*PROVISIONED, CITY], [], {})))
    done = dyntui("mappings", "list")
    assert "has no column 'address1_city'" in done.out
    assert json.loads(dyntui("--json", "mappings", "list").out)["rows"][-1]["label"] == "CITY"


def test_a_default_value_is_said_to_be_what_a_mail_shows_and_not_what_contacts_have(dyntui: Callable):
    shown = " ".join(dyntui("labels", "create", "--help").out.split())
    assert "What a mail shows where a contact has no value; the contact gets none." in shown
