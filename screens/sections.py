"""The top-level screens: each is loaded when it is first gone to, and kept."""

from __future__ import annotations

from collections.abc import Callable

from textual.screen import Screen


def _home() -> Screen[None]:
    from .home import HomeScreen

    return HomeScreen()


def _lists() -> Screen[None]:
    from .lists import ListsScreen

    return ListsScreen()


def _campaigns() -> Screen[None]:
    from .campaigns import CampaignsScreen

    return CampaignsScreen()


def _audit() -> Screen[None]:
    from .audit import AuditScreen

    return AuditScreen()


def _suppressions() -> Screen[None]:
    from .suppressions import SuppressionsScreen

    return SuppressionsScreen()


MODES: dict[str, str | Callable[[], Screen[None]]] = {
    "home": _home,
    "lists": _lists,
    "campaigns": _campaigns,
    "audit": _audit,
    "suppressions": _suppressions,
}
