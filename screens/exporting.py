"""The rows of a grid into a new file: where to, in which form, and how many there were."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec
from textual.notifications import SeverityLevel
from textual.widget import Widget

from dyntui.model.errors import DyntuiError
from dyntui.service.contract.paging import Window
from dyntui.service.new_files import NewFile, new_file
from dyntui.service.row_cells import cells_of
from dyntui.service.row_files import SUFFIXES, row_file

from .base import FramedScreen
from .dialogs import Dialog
from .facts_question import FactsQuestion, following
from .new_file import free, not_written, refusal, whole
from .widgets.grid import Grid
from .widgets.line import Line, Part
from .widgets.paging import Source
from .wording import number
from .working import start

T = TypeVar("T", bound=msgspec.Struct)

_TITLE = "Export"
_FORM, _FILE, _WRITE = "form", "file", "write"
_FORMS = {".csv": "CSV, for any spreadsheet", ".xlsx": "Excel workbook", ".json": "JSON, for programs"}
_AT_ONCE = 5000
# So long a notice stays that names a path.
_READABLE = 20.0


class _Where(FactsQuestion[Path]):
    """Asks for the file; its ending is the form."""

    WORD = "Line"

    def __init__(self, title: str, name: str) -> None:
        super().__init__(title)
        self._base = name
        self._file = free(name, ".csv")

    def facts(self) -> Sequence[tuple[str, str, str]]:
        """The form, the file, and to write it."""
        return [(_FORM, "Form", _FORMS[_suffix(self._file)]), (_FILE, "File", self._file), (_WRITE, "Write it", "")]

    def meaning(self, key: str) -> str:
        """What a line means."""
        return {
            _FORM: "Enter chooses another one. No spreadsheet takes any of it for a formula.",
            _FILE: f"A new file, in {whole('')} where no folder is named. It ends in {', '.join(SUFFIXES)}.",
            _WRITE: f"All of it goes into {whole(self._file)}.",
        }[key]

    def change(self, key: str) -> None:
        """Another form, the file is typed, or it is written."""
        if key == _FORM:
            self._file = free(self._base, following(_suffix(self._file), _FORMS))
        elif key == _FILE:
            self.type_in(_FILE, self._file)
        else:
            self.dismiss(whole(self._file))

    def typed(self, key: str, text: str) -> str:
        """Takes the file."""
        if _suffix(text) not in SUFFIXES:
            return f"Its name has to end in {', '.join(SUFFIXES)}."
        if why := refusal(text):
            return why
        self._file, self._base = text, str(Path(text).with_suffix(""))
        return ""


class _StoppedError(Exception):
    """Somebody has pressed Escape meanwhile."""


class _Writing(Dialog[tuple[bool, str]], Generic[T]):
    """Writes the rows while it is open; answers with whether they are there, and what to tell."""

    def __init__(
        self, title: str, file: Path, grid: Grid[T], source: Source[T], asked: Window, rows: Sequence[T], of: int
    ) -> None:
        """`rows`: these alone, where there are any; else all of the `of` that the source has."""
        super().__init__(title)
        self._file, self._source, self._asked, self._rows, self._of = file, source, asked, rows, of
        self._wording = grid.wording
        self._more = False
        self._line = Line()
        self._stopped = False

    def compose_body(self) -> Iterable[Widget]:
        """How far it is."""
        yield self._line

    def on_mount(self) -> None:
        """Begins."""
        self._tell(0)
        start(self, "export", self._write)

    def refresh_hints(self) -> None:
        """Draws the one key there is."""
        self.show_keys(("Esc", "Stop"))

    def do_dialog_close(self) -> None:
        """Stops it; nothing of the file stays."""
        self._stopped = True

    def _tell(self, done: int) -> None:
        self._line.show(Part(f"{number(done)} of {number(self._of)} written"))

    async def _write(self) -> None:
        try:
            done = await self._into_file()
        except _StoppedError:
            self.dismiss((False, "Stopped. Nothing was written."))
        except OSError as error:
            self.dismiss((False, not_written(self._file, error)))
        except DyntuiError as error:
            self.dismiss((False, f"{error.message} Nothing was written. {error.remedy}"))
        else:
            self.dismiss((True, self._told(done)))

    def _told(self, done: int) -> str:
        many = self._wording.of(done)
        if self._more:
            return f"The first {many} are in {self._file}; more of the search leads to the others."
        return f"{many} {'is' if done == 1 else 'are'} in {self._file}."

    async def _into_file(self) -> int:
        """How many rows were written. Raises _StoppedError, OSError, DyntuiError."""
        done = 0
        with new_file(NewFile(self._file)) as part, ExitStack() as open_file:
            write = None
            async for rows in self._pages():
                if write is None:
                    cells: Sequence[Any] = cells_of(type(rows[0]))
                    write = open_file.enter_context(row_file(part, cells, "Rows"))
                # Beside the screen: a workbook takes its time.
                await asyncio.to_thread(write, rows)
                done += len(rows)
                self._tell(done)
                if self._stopped:
                    raise _StoppedError
            await asyncio.to_thread(open_file.close)
        return done

    async def _pages(self) -> AsyncIterator[Sequence[T]]:
        if self._rows:
            yield self._rows
            return
        done, still = 0, secrets.token_hex(8)
        while True:
            page = await self._source(msgspec.structs.replace(self._asked, offset=done, limit=_AT_ONCE, still=still))
            self._more = page.more
            if page.rows:
                yield page.rows
            done += len(page.rows)
            if not page.rows or done >= page.matching:
                return


def export(screen: FramedScreen, grid: Grid[T], source: Source[T]) -> None:
    """Asks where to, writes the marked rows or all that the grid lists, and says how many are where."""
    marked = tuple(grid.marks.values())
    of = len(marked) or grid.listing.matching
    if not of:
        screen.notify("There are no rows to export.", title=_TITLE, severity="warning", markup=False)
        return
    what = grid.wording.of(of)
    asked = Window(search=grid.listing.search, sort=grid.listing.sort)
    title = f"Export {what}{' that you marked' if marked else ''}"

    def answered(file: Path | None) -> None:
        if file is not None:
            screen.app.push_screen(_Writing(title, file, grid, source, asked, marked, of), told)

    def told(answer: tuple[bool, str] | None) -> None:
        if answer is not None:
            there, text = answer
            title = "Exported" if there else _TITLE
            loud: SeverityLevel = "information" if there else "warning"
            screen.notify(text, title=title, severity=loud, timeout=_READABLE, markup=False)

    screen.app.push_screen(_Where(title, grid.wording.many.replace(" ", "-")), answered)


def _suffix(file: str) -> str:
    return Path(file).suffix.lower()
