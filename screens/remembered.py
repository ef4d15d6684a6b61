"""What the console remembers of a person from one time to the next: the theme, how grids are sorted, which view of them
was chosen, how wide their columns are, and which email account was chosen."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

import msgspec

log = logging.getLogger("dyntui.console")


class Remembered(msgspec.Struct):
    """`theme` by name, `""` for the first one; `sorts`: the column that a grid, by its id, is sorted by, `-` before it
    for descending; `views`: the view that was chosen of a grid; `widths`: the cells of those of its columns, by title,
    that somebody made wider or narrower; `account`: the id of the chosen email account, `""` for all."""

    theme: str = ""
    sorts: dict[str, str] = {}
    views: dict[str, str] = {}
    widths: dict[str, dict[str, int]] = {}
    account: str = ""


class Memory:
    """A file that holds it; None: nothing outlives the console. A file that cannot be read is as good as none, and one
    that cannot be written costs the memory alone: both are logged."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self.now = Remembered()

    def read(self) -> None:
        """Recalls what was kept."""
        if self._path is None or not self._path.exists():
            return
        try:
            self.now = msgspec.json.decode(self._path.read_bytes(), type=Remembered)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            log.warning("%s cannot be read: %s", self._path, error)

    def beside(self, name: str) -> Path | None:
        """Another file of what outlives the console; None where nothing does."""
        return self._path.with_name(name) if self._path is not None else None

    def keep_theme(self, name: str) -> None:
        """The theme that was chosen."""
        if name != self.now.theme:
            self.now.theme = name
            self._write()

    def keep_account(self, id: str) -> None:
        """The email account that was chosen; `""`: all of them."""
        if id != self.now.account:
            self.now.account = id
            self._write()

    def keep_sort(self, grid: str, by: str) -> None:
        """How a grid was sorted; `""`: in the listing's own order."""
        if self.now.sorts.get(grid, "") != by:
            self.now.sorts.pop(grid, None)
            if by:
                self.now.sorts[grid] = by
            self._write()

    def keep_view(self, grid: str, view: str) -> None:
        """The view that was chosen of a grid."""
        if self.now.views.get(grid) != view:
            self.now.views[grid] = view
            self._write()

    def keep_widths(self, grid: str, widths: Mapping[str, int]) -> None:
        """How wide somebody made columns of a grid; nothing: as wide as usual."""
        self.now.widths.pop(grid, None)
        if widths:
            self.now.widths[grid] = dict(widths)
        self._write()

    def _write(self) -> None:
        if self._path is None:
            return
        beside = self._path.with_name(self._path.name + ".new")
        try:
            beside.write_bytes(msgspec.json.encode(self.now))
            beside.replace(self._path)
        except OSError as error:
            log.warning("%s cannot be written: %s", self._path, error)
