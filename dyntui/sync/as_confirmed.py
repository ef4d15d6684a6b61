"""Whether a send that was held, or goes out in waves, may still go out as somebody confirmed it: they still have the
role for it, and the campaign and its target lists are what they saw.

Who is on a list may change until the hour, that is what a list is for (decision 0022). What decides who that is, and
what is mailed, may not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from dyntui.dataverse.http import Dataverse
from dyntui.dotdigital import campaigns
from dyntui.dotdigital.campaigns import CampaignDetails
from dyntui.dotdigital.http import Dotdigital
from dyntui.model.errors import DyntuiError
from dyntui.model.roles import Ability, roles_with
from dyntui.model.subscription_filters import text_of
from dyntui.store import campaigns as campaign_store
from dyntui.store import lists as list_store
from dyntui.store.lists import StoredList
from dyntui.store.sends import Send
from dyntui.sync import list_state, user_roles
from dyntui.sync.run_context import RunContext

# As what dotdigital has of the campaign can be sent.
SENDABLE = ("unsent", "sent", "sending")
_NOT_DONE = "Nothing was sent, and no send was created."
_AGAIN = "If it is still wanted as it is now, count the campaign's targets and send it again."

_QUERY, _FILTER = "the query of ", "the subscription filter of "


async def marks(dv: Dataverse, dd: Dotdigital, campaign_id: int, targets: Sequence[StoredList]) -> dict[str, str]:
    """What the campaign and the lists are at this moment: a mark of each part; that of a list is named by its id, as a
    list may be renamed.

    Raises CAMPAIGN_GONE, CAMPAIGN_NOT_SENDABLE, what `list_state.as_it_is` does, DotdigitalError, DataverseError.
    """
    found = _marks_of(await _campaign(dd, campaign_id))
    for each in targets:
        now = await list_state.as_it_is(dv, each)
        found[f"{_QUERY}{each.id}"] = _mark(now.row.query)
        found[f"{_FILTER}{each.id}"] = _mark(text_of(now.settings.subscription_filter))
    return found


async def require(ctx: RunContext, dv: Dataverse, dd: Dotdigital, whole: Send) -> None:
    """The check, of the send as a whole.

    Raises SEND_NOT_PERMITTED, SEND_TARGETS_CHANGED, SEND_CHANGED, and what `marks` does.
    """
    await _require_role(dv, whole)
    targets = await ctx.read(lambda c: list_store.stored(c, whole.list_ids))
    wanted = await ctx.read(lambda c: campaign_store.targets(c, whole.account_id, whole.campaign_id))
    if dropped := [each.name for each in targets if each.id not in wanted]:
        raise DyntuiError(
            "SEND_TARGETS_CHANGED",
            f"No target of {whole.campaign_name!r} any more: {', '.join(dropped)}.",
            not_done=_NOT_DONE,
            remedy=_AGAIN,
        )
    if not whole.confirmed_as:
        await _campaign(dd, whole.campaign_id)
        return
    now = await marks(dv, dd, whole.campaign_id, targets)
    # A part that this version does not know, or that an earlier one did not keep, says nothing.
    changed = [part for part, mark in whole.confirmed_as.items() if now.get(part, mark) != mark]
    if changed:
        names = {each.id: each.name for each in targets}
        said = ", ".join(_said(part, names) for part in changed)
        raise DyntuiError(
            "SEND_CHANGED",
            f"Changed since somebody confirmed the send of {whole.campaign_name!r}: {said}.",
            not_done=_NOT_DONE,
            remedy=_AGAIN,
        )


def _said(part: str, names: Mapping[str, str]) -> str:
    """A part as people call it."""
    for what in (_QUERY, _FILTER):
        if part.startswith(what):
            list_id = part.removeprefix(what)
            return f"{what}{names.get(list_id, list_id)!r}"
    return part


async def _require_role(dv: Dataverse, whole: Send) -> None:
    if not whole.sender_id:
        return
    found = await user_roles.of_user(dv, whole.sender_id)
    if Ability.SEND in found.abilities:
        return
    has = f"has the roles {', '.join(found.roles)}" if found.roles else "has no role of Email Marketing, or is disabled"
    raise DyntuiError(
        "SEND_NOT_PERMITTED",
        f"{found.name or whole.created_by or 'Who confirmed the send'} {has} and may not send any more.",
        not_done=_NOT_DONE,
        remedy=f"Somebody with the role {' or '.join(roles_with(Ability.SEND))} counts the targets and sends again.",
    )


async def _campaign(dd: Dotdigital, campaign_id: int) -> CampaignDetails:
    found = await campaigns.campaign(dd, campaign_id)
    if found is None:
        raise DyntuiError(
            "CAMPAIGN_GONE",
            f"The email campaign {campaign_id} is not in dotdigital any more.",
            not_done=_NOT_DONE,
            remedy="Somebody deleted it there: choose another campaign.",
        )
    if found.status.casefold() not in SENDABLE:
        raise DyntuiError(
            "CAMPAIGN_NOT_SENDABLE",
            f"The email campaign {found.name!r} is {found.status} in dotdigital.",
            not_done=_NOT_DONE,
            remedy="Only campaigns that are Unsent or Sent there can be sent.",
        )
    return found


def _marks_of(campaign: CampaignDetails) -> dict[str, str]:
    sender = campaign.from_address.email if campaign.from_address is not None else ""
    versions = sorted(campaign.split_test_options or ()) if campaign.is_split_test else ()
    return {
        "the versions that its split test compares": _mark(str(campaign.is_split_test), *versions),
        "the campaign's subject": _mark(campaign.subject),
        "the campaign's sender": _mark(campaign.from_name, sender, campaign.reply_action, campaign.reply_to_address),
        "the campaign's text": _mark(campaign.html_content, campaign.plain_text_content),
    }


def _mark(*texts: str | None) -> str:
    joined = "\0".join(text or "" for text in texts)
    return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()[:32]
