"""Everything known of a person into a file: which one, and as what."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from dyntui.model.subject_text import lines
from dyntui.service.contract.people import PEOPLE_EXPORT, PersonRef, SubjectExport
from dyntui.service.new_files import NewFile, new_file

from .base import FramedScreen
from .facts_question import FactsQuestion
from .new_file import free, not_written, refusal, whole
from .widgets.cells import single_line

_WRITE, _FILE = "write", "file"


class _Where(FactsQuestion[str]):
    """Asks for the file: one that ends in .json is JSON, any other text."""

    WORD = "Line"

    def __init__(self, file: str) -> None:
        told = "Both sides and what is stored here. That you asked is kept, with the time and the person."
        super().__init__("Export everything known of them", told=told)
        self._file = file

    def facts(self) -> Sequence[tuple[str, str, str]]:
        """The file."""
        return [(_FILE, "File", self._file), (_WRITE, "Write it", "")]

    def meaning(self, key: str) -> str:
        """What is meant."""
        if key == _FILE:
            return "A new file, which you alone may read: JSON where it ends in .json, else text."
        return "It is read from both systems now: nothing is cut, and what cannot be read is named."

    def change(self, key: str) -> None:
        """The file is typed; or it is written."""
        if key == _FILE:
            self.type_in(_FILE, self._file)
        else:
            self.dismiss(self._file)

    def typed(self, key: str, text: str) -> str:
        """Takes the file."""
        why = refusal(text)
        if not why:
            self._file = text
        return why


def export_person(screen: FramedScreen, person: str) -> None:
    """Asks where to, reads everything, writes it, and says what is missing in it."""

    def taken(answer: SubjectExport, file: Path) -> None:
        as_json = file.suffix.lower() == ".json"
        said = [msgspec.json.encode(answer).decode()] if as_json else [single_line(line) for line in lines(answer)]
        try:
            with new_file(NewFile(file)) as part, part.open("w", encoding="utf-8") as out:
                out.writelines(f"{line}\n" for line in said)
        except OSError as error:
            screen.notify(not_written(file, error), title="Not written", severity="error", markup=False)
            return
        missing = f" Missing: {'; '.join(answer.not_read)}" if answer.not_read else ""
        screen.notify(
            f"{file}.{missing}",
            title="Written",
            severity="warning" if missing else "information",
            markup=False,
        )

    def answered(file: str | None) -> None:
        if file is not None:
            path = whole(file)
            screen.ask(PEOPLE_EXPORT, PersonRef(person=person), lambda answer: taken(answer, path))

    name = "".join(each if each.isalnum() or each in "@.-" else "_" for each in person)
    screen.app.push_screen(_Where(free(f"known-of-{name}", ".txt")), answered)
