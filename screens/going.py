"""Going about: to a section, to the page of a thing, to a gate."""

from __future__ import annotations

from typing import Any, TypeVar

from textual.app import App

from .base import FramedScreen, Page
from .places import Gate, Place, load

T = TypeVar("T")


def go(app: App[Any], section: str, view: str | None = None) -> None:
    """Goes to a section; going to where one is leads to its top. `view`: to its top, and to this view of it, whichever
    was left."""
    there = section == app.current_mode
    if not there:
        app.switch_mode(section)
    if there or view is not None:
        while len(app.screen_stack) > 1:
            app.pop_screen()
    if view is not None:
        top = app.screen
        assert isinstance(top, FramedScreen)
        top.led_to = view
        if top.is_mounted:
            top.begin()


def open_page(app: App[Any], place: Place[T], about: T, view: str | None = None) -> None:
    """Opens the page of a thing: the page of its kind in this section, made on first use and kept. `view`: in this view
    of it, whichever was left."""
    name = f"{app.current_mode}.{place.name}"
    if app.is_screen_installed(name):
        page = app.get_screen(name)
    else:
        page = load(place)()
        app.install_screen(page, name)
    assert isinstance(page, Page)
    page.led_to = view
    page.aim(about)
    if page in app.screen_stack:
        while app.screen is not page:
            app.pop_screen()
    else:
        app.push_screen(page)


def stand_before(app: App[Any], gate: Gate) -> None:
    """Leaves the sections for a gate."""
    screen = load(gate)()
    if app.current_mode in app.MODES:
        # Textual goes back to its own first mode only where that is among the known ones.
        app._modes.setdefault(app.DEFAULT_MODE, app.get_default_screen)
        app.switch_mode(app.DEFAULT_MODE)
    app.switch_screen(screen) if len(app.screen_stack) > 1 else app.push_screen(screen)
