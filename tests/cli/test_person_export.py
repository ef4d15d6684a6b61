"""`dyntui people export` and `requests`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from dyntui.model.errors import Exit
from dyntui.service.contract.people import (
    PEOPLE_EXPORT,
    PEOPLE_REQUESTS,
    AdminChange,
    KnownPerson,
    PersonRef,
    SubjectExport,
    SubjectPart,
    TimelineEvent,
)
from tests.cli.scripted_service import ScriptedService, page_of

Cli = Callable[..., Any]
KNOWN = SubjectExport(
    person="ann@example.org",
    asked_by="Mira Sandahl",
    asked_on="2026-11-28T12:00:00Z",
    records=("p1",),
    addresses=("ann@example.org",),
    shared_with=(KnownPerson(person="p9", entity="lead", name="Bob", address="ann@example.org"),),
    parts=(
        SubjectPart(system="Dynamics", what="contacts", rows=({"fullname": "Ann\x1b[2J", "donotemail": False},)),
        SubjectPart(system="dyntui", what="recipient", rows=({"opens": 2}, {"opens": 3})),
    ),
    timeline=(TimelineEvent(happened_on="2026-11-27T12:00:00Z", kind="opened", where="Spring"),),
    not_read=(),
)


def test_everything_known_is_text_for_people_or_json_in_a_file_of_ones_own(
    dyntui: Cli, service: ScriptedService, tmp_path: Path
) -> None:
    service.answers(PEOPLE_EXPORT, KNOWN)
    done = dyntui("people", "export", "ann@example.org")
    assert (done.code, service.requests(PEOPLE_EXPORT)) == (0, [PersonRef(person="ann@example.org")])
    assert "== dyntui: recipient (2) ==" in done.out and "Opened  Spring" in done.out and "lead p9" in done.out
    assert "\x1b" not in done.out and "donotemail: false" in done.out

    file = tmp_path / "ann.json"
    assert dyntui("people", "export", "ann@example.org", "--output", str(file), "--json").code == 0
    assert json.loads(file.read_text(encoding="utf-8"))["parts"][1]["rows"] == [{"opens": 2}, {"opens": 3}]
    assert file.stat().st_mode & 0o777 == 0o600
    again = dyntui("people", "export", "ann@example.org", "--output", str(file))
    assert again.code == Exit.USAGE and "FILE_EXISTS" in again.err
    assert dyntui("people", "export", "a@b.org", "--json", "--text").code == Exit.USAGE


def test_what_could_not_be_read_is_named_and_is_no_success(dyntui: Cli, service: ScriptedService) -> None:
    service.answers(PEOPLE_EXPORT, msgspec.structs.replace(KNOWN, not_read=("dotdigital, Main: away",)))
    done = dyntui("people", "export", "ann@example.org")
    assert done.code == 1 and "NOT READ, and missing below: dotdigital, Main: away" in done.out
    assert "dotdigital, Main: away" in done.err


def test_who_asked_about_whom_is_a_table(dyntui: Cli, service: ScriptedService) -> None:
    asked = AdminChange(
        subject="people",
        thing="subject request",
        changed_by="Mira Sandahl",
        changed_on="2026-11-28T12:00:00Z",
        before="",
        after="ann@example.org",
    )
    service.answers(PEOPLE_REQUESTS, page_of(asked))
    out = dyntui("people", "requests").out
    assert "Mira Sandahl" in out and "ann@example.org" in out
