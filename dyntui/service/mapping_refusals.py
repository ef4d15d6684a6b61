"""Why mappings are not saved: what is wrong with them, what somebody has to know, what was saved since."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.mapping import Finding
from dyntui.model.mapping_versions import MappingChange, MappingVersion

# Of what is wrong so much is told in one error; `dyntui mappings validate` tells all.
_TOLD = 20
_ABOUT, _LINE = 120, 600


def require(found: Sequence[Finding], before: Sequence[Finding], acknowledge: bool) -> None:
    """Raises MAPPINGS_INVALID where there are errors, MAPPINGS_UNACKNOWLEDGED where there are warnings that the
    mappings before did not have."""
    errors = [each for each in found if not each.warning]
    if errors:
        raise invalid("The mappings cannot be saved", errors)
    known = {(each.about, each.code) for each in before}
    warnings = [each for each in found if each.warning and (each.about, each.code) not in known]
    if warnings and not acknowledge:
        raise DyntuiError(
            "MAPPINGS_UNACKNOWLEDGED",
            f"Somebody has to know this first: {_told(warnings)}",
            not_done="No mapping was changed.",
            remedy="Where that is meant, say --acknowledge.",
            exit=Exit.USAGE,
        )


def invalid(what: str, found: Sequence[Finding]) -> DyntuiError:
    return DyntuiError(
        "MAPPINGS_INVALID",
        f"{what}: {_told(found)}",
        not_done="No mapping was changed.",
        remedy="Correct what is named; `dyntui mappings validate` checks without changing anything.",
        exit=Exit.USAGE,
    )


def _told(found: Sequence[Finding]) -> str:
    lines = [_line(each) for each in found[:_TOLD]]
    if len(found) > _TOLD:
        lines.append(f"and {len(found) - _TOLD} more.")
    return " ".join(lines)


def _line(found: Finding) -> str:
    """One of them; names are as long as somebody makes them."""
    line = f"row {found.row} ({found.about[:_ABOUT]}): {found.code}: {found.message} {found.remedy}"
    return line if len(line) <= _LINE else f"{line[: _LINE - 1]}…"


class BasedOn(NamedTuple):
    """The version that was changed or compared, and the one that counted when a file was written; None: whatever counts
    now."""

    compared: int | None
    written: int | None = None


def require_unchanged(current: MappingVersion, based_on: BasedOn, found: Sequence[MappingChange]) -> None:
    """Raises MAPPINGS_CHANGED where another version counts than was changed, and something would be overwritten."""
    if not found:
        return
    if based_on.compared not in (None, current.version):
        raise changed_meanwhile(current)
    if based_on.written not in (None, current.version):
        raise DyntuiError(
            "MAPPINGS_CHANGED",
            f"The file was written while version {based_on.written} of the mappings counted; version {current.version}"
            f" counts now{f', which {current.made_by} has saved' if current.made_by else ''}.",
            not_done="No mapping was changed.",
            remedy=(
                "Export them anew and make your changes there; or take the line `based_on` out of the file to put it in"
                " place of whatever counts."
            ),
            exit=Exit.LOCKED,
        )


def changed_meanwhile(current: MappingVersion) -> DyntuiError:
    return DyntuiError(
        "MAPPINGS_CHANGED",
        f"{current.made_by or 'Somebody'} has saved version {current.version} of the mappings meanwhile.",
        not_done="No mapping was changed.",
        remedy="Look at the mappings as they are now, and try again.",
        exit=Exit.LOCKED,
    )
