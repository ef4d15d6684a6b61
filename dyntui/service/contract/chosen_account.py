"""The email account that a person has chosen, in the console or for a command: requests that name none are about it.

A request in which no account means something else says so with `NONE_IS_ALL`.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

Q = TypeVar("Q", bound=msgspec.Struct)


def of_account(request: Q, account: str) -> Q:
    """The request, about the chosen `account` (id or name; `""`: none is chosen) where it can name one and names
    none."""
    if not account or getattr(request, "account", None) != "" or getattr(request, "NONE_IS_ALL", False):
        return request
    return msgspec.structs.replace(request, account=account)
