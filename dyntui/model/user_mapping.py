"""Which user of Dynamics a user of dotdigital is: chosen by a Manager, one to one, for each email account."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import urlsplit

import msgspec

from dyntui.model.people import normalise


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A user of Dynamics who holds one of the connector's roles. `address`: of the user, else the user name."""

    id: str
    name: str
    address: str
    user_name: str


class MappedUser(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody's choice, as it is kept: `dotdigital` is the address of the user there."""

    dotdigital: str
    user_id: str
    name: str
    address: str
    mapped_by: str
    mapped_on: str


class UserRow(msgspec.Struct, frozen=True, kw_only=True):
    """A user of dotdigital by address, and the user of Dynamics that was chosen (`""`: none). `suggested`: the name of
    the one with the same address, where none is chosen and nobody else has them; `suggested_id` goes with it. `gone`:
    dotdigital does not name this user any more, or the chosen one holds no role."""

    dotdigital: str
    user_id: str = ""
    name: str = ""
    address: str = ""
    suggested_id: str = ""
    suggested: str = ""
    mapped_by: str = ""
    mapped_on: str = ""
    gone: str = ""


def user_rows(users: Sequence[str], mapped: Mapping[str, MappedUser], candidates: Sequence[Candidate]) -> list[UserRow]:
    """Every user of dotdigital, and those who are mapped and gone there, by address."""
    there = {normalise(each): each for each in users}
    known = {each.id for each in candidates}
    taken = {each.user_id for each in mapped.values()}
    rows: list[UserRow] = []
    for address in sorted({*there, *mapped}):
        chosen = mapped.get(address)
        if chosen is None:
            found = suggestion(address, candidates, taken)
            rows.append(
                UserRow(
                    dotdigital=address,
                    suggested_id=found.id if found else "",
                    suggested=found.name if found else "",
                )
            )
            continue
        gone = "" if address in there else "dotdigital does not name this user any more"
        rows.append(
            UserRow(
                dotdigital=address,
                user_id=chosen.user_id,
                name=chosen.name,
                address=chosen.address,
                mapped_by=chosen.mapped_by,
                mapped_on=chosen.mapped_on,
                gone=gone or ("" if chosen.user_id in known else "the user in Dynamics holds no role any more"),
            )
        )
    return rows


def suggestion(address: str, candidates: Iterable[Candidate], taken: Iterable[str]) -> Candidate | None:
    """Who has this address, or this user name, and is nobody's yet; None where that is not exactly one."""
    found = [
        each
        for each in candidates
        if each.id not in set(taken) and address in (normalise(each.address), normalise(each.user_name))
    ]
    return found[0] if len(found) == 1 else None


def app_address(endpoint: str) -> str:
    """Where people sign in to dotdigital, by the API's address of the account's region: `-app` for `-api` (as the
    vendor's own Magento extension makes it); `""` where the address is none of dotdigital's."""
    host = (urlsplit(endpoint).hostname or "").lower()
    region, dot, rest = host.partition(".")
    if not region.endswith("-api") or rest not in ("dotdigital.com", "dotmailer.com"):
        return ""
    return f"https://{region.removesuffix('-api')}-app{dot}{rest}/"


def browser_is_here(platform: str, environ: Mapping[str, str]) -> bool:
    """Whether whoever sits at this terminal would see a browser that is opened on this machine."""
    screen = platform in ("darwin", "win32") or any(environ.get(each) for each in ("DISPLAY", "WAYLAND_DISPLAY"))
    return screen and not environ.get("SSH_CONNECTION")
