"""The settings of a marketing list, kept on its row in Dynamics, and which of them fit which list (spec section 10)."""

from __future__ import annotations

import msgspec

from dyntui.model.membership_actions import ACTIONS, MembershipAction, in_force, offered
from dyntui.model.people import Entity
from dyntui.model.subscription_filters import DEFAULT, NoFilter, SubscriptionFilter, filter_of

# The order of a list for which nobody has chosen one, and what people may choose.
ORDER = 1000
LOWEST, HIGHEST = 0, 1_000_000


class ListSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`membership_action`: what becomes of strangers; `clear_on_send`: whether the list is emptied once a campaign was
    sent to it; `sync_order`: lower first, then by name; `manual_only`: left out unless a person names it."""

    membership_action: MembershipAction
    subscription_filter: SubscriptionFilter = DEFAULT
    clear_on_send: bool = False
    sync_order: int = ORDER
    manual_only: bool = False


class Misfit(ValueError):
    """A setting that cannot be, or does not fit the list; says why, in a sentence."""


def settings_of(
    *, action: str, filter_text: str, clear_on_send: bool, sync_order: int, manual_only: bool, dynamic: bool
) -> ListSettings:
    """What the columns of a list's row say; `""` where nobody has chosen. Raises Misfit."""
    try:
        chosen = in_force(action, dynamic)
    except ValueError:
        raise Misfit(f"Its membership action {action!r} is none.") from None
    try:
        asked = filter_of(filter_text)
    except NoFilter as wrong:
        raise Misfit(f"Its subscription filter is none: {str(wrong)!r}.") from None
    return ListSettings(
        membership_action=chosen,
        subscription_filter=asked,
        clear_on_send=clear_on_send,
        sync_order=sync_order,
        manual_only=manual_only,
    )


def check(settings: ListSettings, member_type: str, dynamic: bool) -> None:
    """Raises Misfit for what does not fit a list of this kind."""
    kind = f"{'dynamic' if dynamic else 'static'} list of {member_type}s"
    fitting = offered(member_type, dynamic)
    if settings.membership_action not in fitting:
        names = ", ".join(ACTIONS[each].title for each in fitting)
        raise Misfit(
            f"The membership action {ACTIONS[settings.membership_action].title} does not fit a {kind}: {names}."
        )
    if settings.subscription_filter.opt_in and member_type == Entity.ACCOUNT:
        raise Misfit("An account has no opt-in type: the filter does not fit a list of accounts.")
    if settings.clear_on_send and dynamic:
        raise Misfit("A dynamic list cannot be cleared: its query says who is on it.")
