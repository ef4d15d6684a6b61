"""Rows that Dynamics refused, named in the audit and in the run's status: the others went on."""

from __future__ import annotations

from collections.abc import Sequence

from dyntui.dataverse.errors import DataverseError
from dyntui.model.errors import DyntuiError
from dyntui.sync.run_context import RunContext

# As many as a person reads; the log has all.
_NAMED = 5


async def name_refused(
    ctx: RunContext, item: str, kind: str, name: str, refused: Sequence[tuple[str, DataverseError]]
) -> None:
    """A failed part `item` of the run, where any row was `refused`: whose, and in Dynamics' own words."""
    if not refused:
        return
    rows = "; ".join(f"{whose}: {error.message}" for whose, error in refused[:_NAMED])
    more = f"; and {len(refused) - _NAMED:,} more" if len(refused) > _NAMED else ""
    await ctx.fail_part(
        item,
        DyntuiError(
            "DYNAMICS_REFUSED_ROWS",
            f"Dynamics refused {len(refused):,} row{'' if len(refused) == 1 else 's'}: {rows}{more}.",
            not_done="They were not written; all others were.",
            remedy="Correct what Dynamics names; the next run of this kind tries again.",
        ),
        kind=kind,
        name=name,
        place=0,
    )
