"""The subscription filter of a marketing list: who of its members is kept out of the address book (spec section 10).

A filter is made of any of its parts; nobody gets past it who does not get past all of them. It only ever narrows:
whoever has opted out, is suppressed or unsubscribed stays out whatever the filter says, and so does an inactive record
(decision 0015).
"""

from __future__ import annotations

import msgspec

from dyntui.model.guids import guid_of
from dyntui.model.opt_in import OptIn, opt_in_of
from dyntui.model.people import Gate

NONE = "none"
_BULK, _EMAIL, _ACTIVE, _OPT_IN, _VIEW = "bulk", "email", "active", "opt-in", "view"
PARTS = (NONE, _BULK, _EMAIL, _ACTIVE, f"{_OPT_IN}:TYPE", f"{_VIEW}:ID")


class SubscriptionFilter(msgspec.Struct, frozen=True, kw_only=True):
    """`bulk`: skip *do not allow bulk emails*; `email`: skip *do not allow emails*; `active`: active records only;
    `opt_in`: this type or a stronger one (Unknown: any); `view`: the id of the saved view that has to find them."""

    bulk: bool = False
    email: bool = False
    active: bool = False
    opt_in: OptIn = OptIn.UNKNOWN
    view: str = ""


DEFAULT = SubscriptionFilter(bulk=True)


def against(asked: SubscriptionFilter, opt_in: int, *, in_view: bool, view: str) -> list[Gate]:
    """What a filter has against somebody with this opt-in type, in the order of reasons; `in_view`: whether the saved
    view (by its name) finds them. What it says of opt-outs and of inactive records is a gate of the record itself."""
    gates: list[Gate] = []
    if opt_in < asked.opt_in:
        gates.append(Gate("OPT_IN_TOO_WEAK", f"{OptIn(opt_in).title}, at least {asked.opt_in.title} is asked for"))
    if asked.view and not in_view:
        gates.append(Gate("FILTERED", f"not found by the view {view}"))
    return gates


class NoFilter(ValueError):
    """A text that is no subscription filter; says what of it is none."""


def text_of(chosen: SubscriptionFilter) -> str:
    """As the column of the list and the command line spell it: its parts joined with `,`; `none` where it has none."""
    parts = [name for name, on in ((_BULK, chosen.bulk), (_EMAIL, chosen.email), (_ACTIVE, chosen.active)) if on]
    if chosen.opt_in:
        parts.append(f"{_OPT_IN}:{chosen.opt_in.title}")
    if chosen.view:
        parts.append(f"{_VIEW}:{chosen.view}")
    return ",".join(parts) or NONE


def filter_of(text: str) -> SubscriptionFilter:
    """The filter that a text spells, in whatever order and case; the default one for an empty text.

    Raises NoFilter.
    """
    if not text.strip():
        return DEFAULT
    chosen = SubscriptionFilter()
    for part in (each.strip() for each in text.split(",")):
        name, _, value = part.lower().partition(":")
        value = value.strip()
        opt_in = opt_in_of(value) if name == _OPT_IN else None
        if part.lower() in (_BULK, _EMAIL, _ACTIVE):
            chosen = msgspec.structs.replace(chosen, **{part.lower(): True})
        elif opt_in is not None:
            chosen = msgspec.structs.replace(chosen, opt_in=max(opt_in, chosen.opt_in))
        elif name == _VIEW and (view := guid_of(value)) and chosen.view in ("", view):
            chosen = msgspec.structs.replace(chosen, view=view)
        elif part.lower() != NONE:
            raise NoFilter(part)
    return chosen
