"""Plans in files: what `dyntui plan --out` writes, and `dyntui apply` reads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.plans import PlannedChange
from dyntui.service.contract.plans import PlanDetail


class _File(msgspec.Struct, frozen=True, kw_only=True):
    plan: PlanDetail
    changes: tuple[PlannedChange, ...]


def write_plan(file: Path, plan: PlanDetail, changes: Sequence[PlannedChange]) -> None:
    """Writes the plan with all of its changes, as JSON. Raises OSError."""
    kept = msgspec.json.encode(_File(plan=plan, changes=tuple(changes)))
    file.write_bytes(msgspec.json.format(kept) + b"\n")


def read_plan(file: Path) -> tuple[str, str]:
    """The run and the digest of a plan that was written to a file. Raises DyntuiError PLAN_UNREADABLE."""
    try:
        kept = msgspec.json.decode(file.read_bytes(), type=_File)
    except (OSError, msgspec.DecodeError, RecursionError) as error:
        raise unusable(str(file), str(error)) from error
    return kept.plan.run.id, kept.plan.plan.digest


def unusable(named: str, why: str) -> DyntuiError:
    """A file that cannot be carried out."""
    return DyntuiError(
        "PLAN_UNREADABLE",
        f"{named} is no plan that can be carried out: {why}.",
        not_done="Nothing was started.",
        remedy="Make it again: `dyntui plan lists --out FILE`.",
        exit=Exit.USAGE,
    )
