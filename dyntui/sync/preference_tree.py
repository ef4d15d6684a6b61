"""The preferences that an email account offers: into the store, and as rows to Dynamics where they differ from what was
written before."""

from __future__ import annotations

import functools
import hashlib

import msgspec
from sqlalchemy import Connection

from dyntui.dataverse import rows as dv_rows
from dyntui.dataverse.errors import DataverseError
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.rows import bind
from dyntui.dotdigital import preferences as dd_preferences
from dyntui.dotdigital.http import Dotdigital
from dyntui.model import solution
from dyntui.model.lengths import cut
from dyntui.model.outcomes import RunStatus
from dyntui.model.preferences import Preference
from dyntui.store import preferences
from dyntui.store.preferences import Known
from dyntui.sync.connector_rows import KEY, upsert_rows
from dyntui.sync.refused_rows import name_refused
from dyntui.sync.run_context import RunContext

_ITEM = "tree"
_NAME = 255
_NAMED = 10


async def read(ctx: RunContext, dd: Dotdigital) -> None:
    """What is offered now: an item of the run, which says what is new and what is not offered any more. Where something
    of the tree cannot be read, or it is empty all of a sudden, nothing is taken for gone."""
    await ctx.begin_item(_ITEM, kind="preferences", name="Preferences offered", place=0)
    leaves, odd = await dd_preferences.tree(dd)
    before = {each.preference.id: each.preference for each in await ctx.read(_all(ctx))}
    now = [
        Preference(id=each.id, name=cut(each.name, _NAME), category=cut(each.category, _NAME), public=each.public)
        for each in leaves
    ]
    offered = {each.id for each in now}
    missing = [each for each in before.values() if each.id not in offered and not each.gone]
    unsure = bool(odd) or (not now and bool(missing))
    gone = [] if unsure else [msgspec.structs.replace(each, gone=True) for each in missing]
    back = [each.id for each in now if each.id in before and before[each.id].gone]
    notes = [
        f"{len(now)} preferences",
        *_words("new", [each.title for each in now if before and each.id not in before]),
        *_words("offered again", [before[each].title for each in back]),
        *_words("not offered any more", [each.title for each in gone]),
        *(f"cannot be read: {each.reason}; received: {each.received}" for each in odd),
        *(["dotdigital told none, which is not believed"] if unsure and not odd else []),
    ]
    status = RunStatus.COMPLETED_WITH_ERRORS if unsure else None

    def keep(c: Connection) -> None:
        preferences.record(c, ctx.account_id, [*now, *gone])
        preferences.wake(c, ctx.account_id, back)
        ctx.close_item(c, _ITEM, read=0, note="; ".join(notes), status=status)

    await ctx.save(ctx.cursor, stage="Reading preferences", work=keep)


def _all(ctx: RunContext) -> functools.partial[list[Known]]:
    return functools.partial(preferences.all_of, account_id=ctx.account_id)


def _words(word: str, titles: list[str]) -> list[str]:
    more = f" and {len(titles) - _NAMED} more" if len(titles) > _NAMED else ""
    return [f"{word}: {', '.join(titles[:_NAMED])}{more}"] if titles else []


async def tell_dynamics(ctx: RunContext, dv: Dataverse) -> None:
    """Rows of preferences that differ from what was written before; then their row ids, for lookups."""
    known = await ctx.read(_all(ctx))
    rows = {each.preference.id: _columns(ctx.account_id, each.preference) for each in known}
    prints = {key: hashlib.blake2b(msgspec.json.encode(row), digest_size=12).hexdigest() for key, row in rows.items()}
    changed = [each.preference for each in known if prints[each.preference.id] != each.fingerprint]
    if not changed:
        return
    results = await upsert_rows(dv, solution.PREFERENCE, [rows[each.id] for each in changed])
    refused: list[tuple[str, DataverseError]] = []
    there = []
    for each, result in zip(changed, results, strict=True):
        if result.error is None:
            there.append(each.id)
        else:
            refused.append((f"{each.title} ({each.id})", result.error))
    ids = await _row_ids(dv, [str(rows[each][KEY]) for each in there])
    # One that does not show yet is written and looked for again by the next run.
    found = [(each, prints[each], ids.get(str(rows[each][KEY]), "")) for each in there]
    written = [(key, mark, row_id) for key, mark, row_id in found if row_id]
    keep = functools.partial(preferences.written, account_id=ctx.account_id, rows=written)
    await ctx.save(ctx.cursor, stage="Writing preferences to Dynamics", work=keep)
    await name_refused(ctx, "rows of preferences", "preferences", "Rows of preferences in Dynamics", refused)


async def look_for_rows(ctx: RunContext, dv: Dataverse) -> None:
    """Rows that somebody has deleted in Dynamics are made anew by the next run: no choice can be written without."""
    known = {f"{ctx.account_id}-{each.preference.id}": each for each in await ctx.read(_all(ctx)) if each.row_id}
    there = await _row_ids(dv, list(known))
    gone = [(each.preference.id, "", "") for key, each in known.items() if key not in there]
    await ctx.write(functools.partial(preferences.written, account_id=ctx.account_id, rows=gone))


def _columns(account_id: str, each: Preference) -> dict[str, object]:
    return {
        KEY: f"{account_id}-{each.id}",
        "dyntui_name": each.name,
        "dyntui_preferencenumber": each.id,
        "dyntui_category": each.category or None,
        "dyntui_ispublic": each.public,
        "dyntui_isgone": each.gone,
        "dyntui_EmailAccountId@odata.bind": bind(solution.EMAIL_ACCOUNT.entity_set, account_id),
    }


class _RowId(msgspec.Struct, frozen=True, rename={"row": "dyntui_preferenceid", "key": KEY}):
    row: str
    key: str = ""


async def _row_ids(dv: Dataverse, keys: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    async for page in dv_rows.pages_where_any(
        dv, solution.PREFERENCE.entity_set, _RowId, KEY, keys, orderby=("dyntui_preferenceid",)
    ):
        found.update((row.key, row.row) for row in page.rows)
    return found
