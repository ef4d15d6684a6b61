"""Data mappings as a TOML file, written and read where the console runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from dyntui.model.counted import counted
from dyntui.service.contract.mappings import (
    MAPPINGS_EXPORT,
    MAPPINGS_IMPORT,
    MAPPINGS_VALIDATE,
    Finding,
    ImportMappings,
    MappingFile,
    MappingsChecked,
    MappingsOf,
    MappingsSaved,
    ValidateMappings,
)
from dyntui.service.new_files import NewFile, new_file

from .base import FramedScreen
from .dialogs import Confirm
from .facts_question import FactsQuestion
from .gone_on import ask_next
from .new_file import free, not_written, refusal, unusable, whole
from .wording import number

_TITLE: Final = "Data mappings"
_SHOWN: Final = 8
# A file of all the mappings that Dynamics and dotdigital allow is far smaller.
_MOST_BYTES: Final = 5_000_000
_GO: Final = "go"


class FileQuestion(FactsQuestion[Path]):
    """Asks for the path of a file; `word` is what is done with it then."""

    WORD = "Line"

    def __init__(self, title: str, word: str, *, usual: str, means: str, new: bool = False) -> None:
        """`new`: a file that is written, and takes the place of no other."""
        super().__init__(title, told=means)
        path = Path(usual)
        self._path = free(path.stem, path.suffix) if new else usual
        self._word, self._means_file, self._new = word, means, new

    def facts(self) -> Sequence[tuple[str, str, str]]:
        """The path."""
        return [("file", "File", self._path or "–"), (_GO, self._word, "")]

    def meaning(self, key: str) -> str:
        """What the file is."""
        return self._means_file

    def change(self, key: str) -> None:
        """The path is typed."""
        if key == _GO and self._path:
            self.dismiss(whole(self._path))
        else:
            self.type_in("file", self._path)

    def typed(self, key: str, text: str) -> str:
        """A path; of a new file one that is free."""
        why = refusal(text) if self._new else unusable(text)
        if not why:
            self._path = text
        return why


def export(screen: FramedScreen, account: str, version: int | None = None) -> None:
    """Asks where to, and writes the mappings that count, or an earlier version, there; never over another file."""

    def answered(file: Path | None) -> None:
        if file is not None:
            asked = MappingsOf(account=account, version=version)
            screen.ask(MAPPINGS_EXPORT, asked, lambda found: _write(screen, file, found))

    means = "TOML, which `dyntui mappings import` takes. A file that is there already stays as it is."
    usual = "mappings.toml" if version is None else f"mappings-{version}.toml"
    question = FileQuestion("Export the data mappings", "Write it", usual=usual, means=means, new=True)
    screen.app.push_screen(question, answered)


def _write(screen: FramedScreen, file: Path, found: MappingFile) -> None:
    try:
        with new_file(NewFile(file), private=False) as part:
            part.write_text(found.file, encoding="utf-8")
    except OSError as error:
        screen.notify(not_written(file, error), title=_TITLE, severity="warning", markup=False)
        return
    screen.notify(f"Version {found.version} of {found.account} is in {file}.", title=_TITLE, markup=False)


def bring_in(screen: FramedScreen, account: str, done: Callable[[], None]) -> None:
    """Asks which file, checks all of it, shows what it changes, and puts it in place of all mappings after a yes."""

    def answered(file: Path | None) -> None:
        if file is None:
            return
        text, why = _read(file)
        if why:
            screen.notify(f"{why} No mapping was changed.", title=_TITLE, severity="warning", markup=False)
            return
        check = ValidateMappings(account=account, file=text)
        screen.ask(MAPPINGS_VALIDATE, check, lambda checked: decide(file, text, checked))

    def decide(file: Path, text: str, checked: MappingsChecked) -> None:
        if any(not each.warning for each in checked.findings):
            lines = [*_lines(checked.findings), "No mapping was changed."]
            found = f"{file.name} cannot be imported"
            ask_next(screen, Confirm(found, lines, yes="Close", no="Close"), undone=found)
            return
        if not checked.changes:
            screen.notify(f"{file.name} holds the mappings that count.", title=_TITLE, markup=False)
            return
        asked = ImportMappings(
            account=account,
            file=text,
            based_on=checked.based_on,
            why=f"Imported from {file.name}",
            acknowledge=True,
        )

        def confirmed(yes: bool | None) -> None:
            if yes:
                screen.ask(MAPPINGS_IMPORT, asked, told)

        lines = [*what_changes(checked), *_lines([each for each in checked.findings if each.warning])]
        question = Confirm(f"Import {file.name}?", lines, yes="Import")
        ask_next(screen, question, confirmed, undone=f"{file.name} was not imported")

    def told(saved: MappingsSaved) -> None:
        screen.notify(f"Version {saved.version} counts.", title=_TITLE)
        done()

    means = "TOML, as `dyntui mappings export` writes it. All of it is checked before anything counts."
    question = FileQuestion("Import data mappings", "Check it", usual="mappings.toml", means=means)
    screen.app.push_screen(question, answered)


def what_changes(checked: MappingsChecked) -> list[str]:
    """What leads from the mappings that count to those that were checked, and what that costs, in lines."""
    lines = list(checked.changes[:_SHOWN])
    if len(checked.changes) > _SHOWN:
        lines.append(f"and {counted(len(checked.changes) - _SHOWN, 'more change')}")
    if checked.cost:
        lines.append(f"{checked.cost}, by the next synchronisation.")
    return lines


def _read(file: Path) -> tuple[str, str]:
    """The text, and why there is none."""
    try:
        if file.stat().st_size > _MOST_BYTES:
            return "", f"{file.name} is larger than 5 MB."
        return file.read_text(encoding="utf-8-sig"), ""
    except UnicodeDecodeError as error:
        row = error.object[: error.start].count(b"[[mapping]]")
        return "", f"{file.name}: row {row} is no text in UTF-8, at byte {error.start + 1}."
    except OSError as error:
        return "", f"{file}: {error.strerror or error}."


def _lines(findings: Sequence[Finding]) -> list[str]:
    lines = [f"row {each.row}, {each.about}: {each.message} {each.remedy}" for each in findings[:_SHOWN]]
    if len(findings) > _SHOWN:
        lines.append(f"and {number(len(findings) - _SHOWN)} more")
    return lines
