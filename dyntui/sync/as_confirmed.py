"""Whether a send may still go out as somebody confirmed it: the campaign and its target lists are what they saw, and
where it was held or goes out in waves they still have the role for it.

Who is on a list may change until the hour, that is what a list is for (decision 0022). What decides who that is, and
what is mailed, may not. It is asked when a send that waited begins, and of every send with the last look.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from dyntui.dataverse.errors import DataverseError
from dyntui.dataverse.fetchxml import relative_to_caller
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.views import saved_view
from dyntui.dotdigital import campaigns
from dyntui.dotdigital.campaigns import CampaignDetails
from dyntui.dotdigital.errors import DotdigitalError
from dyntui.dotdigital.http import Dotdigital
from dyntui.model.errors import DyntuiError
from dyntui.model.roles import Ability, roles_with
from dyntui.model.subscription_filters import text_of
from dyntui.store import campaigns as campaign_store
from dyntui.store import lists as list_store
from dyntui.store import sends as send_store
from dyntui.store import target_people
from dyntui.store.lists import StoredList
from dyntui.store.sends import Send
from dyntui.sync import list_state, user_roles
from dyntui.sync.list_state import ListNow
from dyntui.sync.run_context import RunContext
from dyntui.sync.together import together

# As what dotdigital has of the campaign can be sent.
SENDABLE = ("unsent", "sent", "sending")
_NOT_DONE = "Nothing was sent, and no send was created."
_AGAIN = "If it is still wanted as it is now, count the campaign's targets and send it again."

_QUERY, _FILTER = "the query of ", "the subscription filter of "
_OWNER, _VIEW = "in whose name it is asked who is on ", "the saved view in the subscription filter of "


async def marks(dv: Dataverse, dd: Dotdigital, campaign_id: int, targets: Sequence[StoredList]) -> dict[str, str]:
    """What the campaign and the lists are at this moment: a mark of each part; that of a list is named by its id, as a
    list may be renamed. Raises as `seen`."""
    return (await seen(dv, dd, campaign_id, targets))[1]


async def seen(
    dv: Dataverse, dd: Dotdigital, campaign_id: int, targets: Sequence[StoredList]
) -> tuple[CampaignDetails, dict[str, str]]:
    """The campaign at this moment, and the marks of it and of the lists.

    Raises CAMPAIGN_GONE, CAMPAIGN_NOT_SENDABLE, what `list_state.as_it_is` does, DotdigitalError, DataverseError.
    """
    campaign, *lists = await together(campaign_now(dd, campaign_id), *(_as_it_is(dv, each) for each in targets))
    found = _marks_of(campaign)
    for each, (now, view) in zip(targets, lists, strict=True):
        found[f"{_QUERY}{each.id}"] = _mark(now.row.query)
        found[f"{_FILTER}{each.id}"] = _mark(text_of(now.settings.subscription_filter))
        if now.caller is not None:
            found[f"{_OWNER}{each.id}"] = _mark(now.caller)
        if now.settings.subscription_filter.view:
            found[f"{_VIEW}{each.id}"] = view
    return campaign, found


async def _as_it_is(dv: Dataverse, target: StoredList) -> tuple[ListNow, str]:
    """The list, and a mark of the saved view in its filter, which says by its own conditions who is mailed."""
    try:
        now = await list_state.as_it_is(dv, target)
        return now, await _view_mark(dv, now)
    except (DataverseError, DotdigitalError):
        raise
    except DyntuiError as error:
        raise of_the_list(target, error) from error


async def _view_mark(dv: Dataverse, now: ListNow) -> str:
    asked = now.settings.subscription_filter.view
    view = await saved_view(dv, asked) if asked else None
    if view is None:
        return ""
    with contextlib.suppress(DataverseError):
        if relative_to_caller(view.query):
            return _mark(view.query, now.row.owner_id)
    # One that is no query says so when the list is synchronised.
    return _mark(view.query)


def of_the_list(chosen: StoredList, error: DyntuiError) -> DyntuiError:
    """What fails a send with one of its target lists, with the list's name."""
    named = repr(chosen.name) in error.message
    said = error.message if named else f"The target list {chosen.name!r} could not be synchronised: {error.message}"
    return not_sent(error, said)


def not_sent(error: DyntuiError, message: str = "") -> DyntuiError:
    """The error as that of a send, of which nothing has left."""
    return DyntuiError(
        error.code,
        message or error.message,
        not_done=_NOT_DONE,
        remedy=error.remedy,
        exit=error.exit,
        detail=error.detail,
    )


async def require_role(dv: Dataverse, whole: Send) -> None:
    """Whoever confirmed the send may send still. Raises SEND_NOT_PERMITTED."""
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


def targets_of(c: Connection, whole: Send) -> list[StoredList]:
    """The target lists of the send, all of them targets still and activated for email in its account. Raises
    SEND_TARGETS_CHANGED."""
    targets = list_store.stored(c, whole.list_ids)
    wanted = campaign_store.targets(c, whole.account_id, whole.campaign_id)
    if dropped := [each.name for each in targets if each.id not in wanted]:
        raise DyntuiError(
            "SEND_TARGETS_CHANGED",
            f"No target of {whole.campaign_name!r} any more: {', '.join(dropped)}.",
            not_done=_NOT_DONE,
            remedy=_AGAIN,
        )
    for each in targets:
        if not each.activated:
            raise of_the_list(each, list_state.not_activated(each.name))
        if each.account_id != whole.account_id:
            raise of_the_list(each, list_state.of_another_account(each.name))
    return targets


async def require(ctx: RunContext, dv: Dataverse, dd: Dotdigital, whole: Send) -> None:
    """The campaign and the target lists, of the send as a whole.

    Raises SEND_TARGETS_CHANGED, SEND_CHANGED, and what `marks` does.
    """
    targets = await ctx.read(lambda c: targets_of(c, whole))
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


async def otherwise(ctx: RunContext, dv: Dataverse, dd: Dotdigital, this: Send) -> DyntuiError | None:
    """Why a send is not what somebody confirmed any more; None: it is. Raises DataverseError, DotdigitalError."""
    try:
        await require(ctx, dv, dd, await ctx.read(lambda c: whole(c, this)))
    except (DataverseError, DotdigitalError):
        raise
    except DyntuiError as why:
        return why
    return None


def holds(c: Connection, this: Send) -> bool:
    """Whether nothing was changed in dyntui since everybody was looked at last: what the send goes to, and who may be
    mailed at all. Otherwise the next proof leaves out whom it concerns, or ends the send by name."""
    try:
        targets_of(c, whole(c, this))
    except DyntuiError:
        return False
    return not target_people.forbidden(c, this.account_id, this.count_id)


def whole(c: Connection, this: Send) -> Send:
    """The send that somebody confirmed: of a wave the one that it is of."""
    found = send_store.get(c, this.waves_of) if this.waves_of else None
    return this if found is None else found


def _said(part: str, names: Mapping[str, str]) -> str:
    """A part as people call it."""
    for what in (_QUERY, _FILTER, _OWNER, _VIEW):
        if part.startswith(what):
            list_id = part.removeprefix(what)
            return f"{what}{names.get(list_id, list_id)!r}"
    return part


async def campaign_now(dd: Dotdigital, campaign_id: int) -> CampaignDetails:
    """The campaign as dotdigital has it. Raises CAMPAIGN_GONE, CAMPAIGN_NOT_SENDABLE."""
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
