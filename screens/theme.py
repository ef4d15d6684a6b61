"""The console's own looks, beside Textual's."""

from __future__ import annotations

from dataclasses import replace

from textual.theme import BUILTIN_THEMES, Theme

DARK = Theme(
    name="dyntui-dark",
    primary="#7aa2f7",
    secondary="#7dcfc5",
    accent="#5fd7c0",
    warning="#e8b45a",
    error="#f07a80",
    success="#8fce7a",
    foreground="#d5dbe8",
    background="#12161f",
    surface="#171c27",
    panel="#202738",
    dark=True,
    variables={"scrollbar": "#2e374b", "scrollbar-background": "#12161f", "scrollbar-hover": "#3d4964"},
)

LIGHT = Theme(
    name="dyntui-light",
    primary="#2456b8",
    secondary="#0f766e",
    accent="#0d7a6b",
    warning="#9a5b00",
    error="#b3261e",
    success="#2f7d1f",
    foreground="#1e2533",
    background="#fbfaf7",
    surface="#f3f1ec",
    panel="#e6e3db",
    dark=False,
    variables={"scrollbar": "#cfcabd", "scrollbar-background": "#fbfaf7", "scrollbar-hover": "#b8b2a2"},
)

# Blue on black is too dark to read in most terminals, and what has the focus is said with this colour.
ANSI_DARK = replace(BUILTIN_THEMES["ansi-dark"], primary="ansi_cyan")

OWN = (DARK, LIGHT, ANSI_DARK)

# What the "next theme" action goes through: light and dark of our own, then the terminal's own sixteen colours.
ROUND = (DARK.name, LIGHT.name, ANSI_DARK.name, "ansi-light")


def first_theme(asked: str | None, no_color: bool) -> str:
    """The theme to start with: the one asked for (`TEXTUAL_THEME`), the terminal's colours where no colour is wanted
    (only an ANSI theme then sends none at all), else our dark one."""
    if asked:
        return asked
    return ANSI_DARK.name if no_color else DARK.name


def next_theme(now: str) -> str:
    """The theme after this one."""
    return ROUND[(ROUND.index(now) + 1) % len(ROUND)] if now in ROUND else ROUND[0]
