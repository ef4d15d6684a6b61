"""What becomes of strangers: contacts of a marketing list's address book that are not on the list (spec section 10)."""

from __future__ import annotations

import enum
from collections.abc import Mapping

import msgspec

from dyntui.model.people import Entity


class MembershipAction(enum.StrEnum):
    """The five membership actions; the value names one in commands and in the store."""

    IGNORE = "ignore"
    REMOVE = "remove"
    KNOWN = "known"
    LEADS = "leads"
    CONTACTS = "contacts"


class About(msgspec.Struct, frozen=True):
    """`title` as people read it; `means` in one sentence; `code`: the value of the choice column in Dynamics."""

    title: str
    means: str
    code: int


ACTIONS: Mapping[MembershipAction, About] = {
    MembershipAction.IGNORE: About(
        "Ignore", "Strangers stay in the address book and are not added to the list.", 727000000
    ),
    MembershipAction.REMOVE: About("Remove", "Strangers leave the address book; they are not deleted.", 727000001),
    MembershipAction.KNOWN: About(
        "Allow known contacts",
        "A stranger whose address one active record of the list's type has joins the list; the others stay strangers.",
        727000002,
    ),
    MembershipAction.LEADS: About(
        "Known leads or create", "As above with leads; a stranger whom no lead matches becomes a new lead.", 727000003
    ),
    MembershipAction.CONTACTS: About(
        "Known contacts or create",
        "As above with contacts; a stranger whom no contact matches becomes a new contact.",
        727000004,
    ),
}
OF_CODE = {about.code: action for action, about in ACTIONS.items()}

# Actions that make records, and of which type.
CREATES: Mapping[MembershipAction, Entity] = {
    MembershipAction.LEADS: Entity.LEAD,
    MembershipAction.CONTACTS: Entity.CONTACT,
}

# Actions by which strangers join the list.
TAKE_IN = frozenset((MembershipAction.KNOWN, *CREATES))


def offered(member_type: str, dynamic: bool) -> tuple[MembershipAction, ...]:
    """The actions that fit a list, in the order of `ACTIONS`. Who is on a dynamic list says its query: nobody can be
    added to it, and its strangers leave."""
    if dynamic:
        return (MembershipAction.REMOVE,)
    return tuple(each for each in MembershipAction if CREATES.get(each, member_type) == member_type)


def default(dynamic: bool) -> MembershipAction:
    """The action of a list for which nobody has chosen one."""
    return MembershipAction.REMOVE if dynamic else MembershipAction.IGNORE


def in_force(chosen: str, dynamic: bool) -> MembershipAction:
    """The action of a list whose setting reads `chosen` (`""`: nobody has chosen). ValueError for no action at all."""
    return default(dynamic) if dynamic or not chosen else MembershipAction(chosen)
