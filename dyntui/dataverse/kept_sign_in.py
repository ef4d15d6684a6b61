"""What is kept of a person's sign-in by device code, so that the service goes on acting as them: a keyring's text.

It holds MSAL's refresh token and account, and when that token was got; no access token. Entra ID gives another refresh
token each time that one is used, and each lasts 90 days ("Refresh tokens in the Microsoft identity platform"): the
newest is kept once a day, in place of one that is as old.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

_MARK: Final = "dyntui-sign-in:"
_KEPT: Final = ("RefreshToken", "Account", "AppMetadata")
_RENEWED_AFTER: Final = timedelta(days=1)

_Cache = Mapping[str, Mapping[str, Mapping[str, Any]]]


class _Kept(msgspec.Struct, frozen=True):
    kept_on: datetime
    cache: _Cache


def is_one(secret: str) -> bool:
    """Whether a kept secret is a person's sign-in."""
    return _read(secret) is not None


def text(cache: str, now: datetime) -> str:
    """The text for what MSAL's cache holds. Raises ValueError where Entra ID gave no refresh token."""
    whole: _Cache = msgspec.json.decode(cache)
    kept = {kind: whole[kind] for kind in _KEPT if whole.get(kind)}
    if not kept.get("RefreshToken"):
        raise ValueError("there is no refresh token")
    return _MARK + msgspec.json.encode(_Kept(now.astimezone(UTC), kept)).decode()


def cache_of(secret: str) -> str:
    """MSAL's cache out of the text; an empty one where it is none."""
    found = _read(secret)
    return msgspec.json.encode(found.cache if found else {}).decode()


def user_of(secret: str) -> str:
    """The user name (principal name) of who signed in; `""` where it is not known."""
    found = _read(secret)
    there = found.cache.get("Account", {}).values() if found else ()
    return next((str(each.get("username") or "") for each in there), "")


def secrets_in(secret: str) -> list[str]:
    """What must stand in no message and no log."""
    found = _read(secret)
    tokens = found.cache.get("RefreshToken", {}).values() if found else ()
    return [secret, *(str(each["secret"]) for each in tokens if each.get("secret"))]


def grows_old(secret: str, now: datetime) -> bool:
    """Whether the newest refresh token is to be kept in place of this one. False for what is no sign-in. Of one
    that was kept by a clock that went ahead nobody knows how old it is."""
    found = _read(secret)
    return found is not None and not timedelta() <= now - found.kept_on < _RENEWED_AFTER


def same_person(one: str, other: str) -> bool:
    """Whether two texts are sign-ins of one account."""
    a, b = _read(one), _read(other)
    return a is not None and b is not None and _accounts(a) == _accounts(b)


def _accounts(kept: _Kept) -> set[str]:
    return {str(each.get("home_account_id")) for each in kept.cache.get("RefreshToken", {}).values()}


def _read(secret: str) -> _Kept | None:
    if not secret.startswith(_MARK):
        return None
    try:
        found = msgspec.json.decode(secret[len(_MARK) :], type=_Kept)
    except msgspec.MsgspecError:
        return None
    return found if found.kept_on.tzinfo is not None else None
