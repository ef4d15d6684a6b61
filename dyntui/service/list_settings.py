"""The settings of a marketing list as people change them: what they choose, against what fits the list."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.views import saved_views
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.list_settings import ListSettings, Misfit, check
from dyntui.model.membership_actions import ACTIONS, default
from dyntui.model.subscription_filters import NONE, PARTS, NoFilter, SubscriptionFilter, filter_of, text_of
from dyntui.service.contract.lists import EditList
from dyntui.service.list_definitions import only_view
from dyntui.store.lists import StoredList

_VIEW = "view:"
_NOT_DONE = "The list keeps its settings."


def told(known: StoredList) -> tuple[ListSettings | None, str]:
    """A list's settings as last read, and what is wrong with them where they are none, or do not fit the list."""
    try:
        settings = known.settings
        check(settings, known.member_type, known.dynamic)
    except Misfit as wrong:
        return None, str(wrong)
    return settings, ""


_SETTINGS = ("membership_action", "clear_on_send", "sync_order", "manual_only")


def asked_for(request: EditList) -> bool:
    """Whether a setting is to be another one."""
    return any(getattr(request, name) is not None for name in (*_SETTINGS, "subscription_filter"))


async def chosen(dv: Dataverse, known: StoredList, request: EditList) -> ListSettings:
    """The settings that a list is to have. One that reads as none gives way to the usual one where it is not replaced.
    Raises LIST_SETTING_MISFIT, VIEW_UNKNOWN, VIEW_AMBIGUOUS."""
    before, _ = told(known)
    settings = before or ListSettings(
        membership_action=default(known.dynamic), sync_order=known.sync_order, manual_only=known.manual_only
    )
    changed = {name: value for name in _SETTINGS if (value := getattr(request, name)) is not None}
    if request.subscription_filter is not None:
        changed["subscription_filter"] = await _filter(dv, known, request.subscription_filter)
    settings = msgspec.structs.replace(settings, **changed)
    try:
        check(settings, known.member_type, known.dynamic)
    except Misfit as wrong:
        raise DyntuiError(
            "LIST_SETTING_MISFIT",
            f"The marketing list {known.name!r} cannot have this setting. {wrong}",
            not_done=_NOT_DONE,
            remedy="Choose one that fits the list.",
            exit=Exit.USAGE,
        ) from wrong
    return settings


def columns(settings: ListSettings) -> dict[str, object]:
    """The settings as the columns of the list's row hold them."""
    return {
        "dyntui_membershipaction": ACTIONS[settings.membership_action].code,
        "dyntui_subscriptionfilter": text_of(settings.subscription_filter),
        "dyntui_clearonsend": settings.clear_on_send,
        "dyntui_syncorder": settings.sync_order,
        "dyntui_manualonly": settings.manual_only,
    }


async def _filter(dv: Dataverse, known: StoredList, spelled: Sequence[str]) -> SubscriptionFilter:
    """The filter that its parts spell, where a view may be named by its name."""
    parts = [each.strip() for each in spelled] or [NONE]
    for place, part in enumerate(parts):
        if part.lower().startswith(_VIEW):
            named = part[len(_VIEW) :].strip()
            views = await saved_views(dv, known.member_type)
            parts[place] = f"{_VIEW}{only_view(named, views, known.member_type, _NOT_DONE).id}"
    try:
        return filter_of(",".join(parts))
    except NoFilter as wrong:
        raise DyntuiError(
            "LIST_SETTING_MISFIT",
            f"{str(wrong)!r} is no part of a subscription filter.",
            not_done=_NOT_DONE,
            remedy=f"Its parts are: {', '.join(PARTS)}.",
            exit=Exit.USAGE,
        ) from wrong
