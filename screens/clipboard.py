"""Copying to the terminal's clipboard by OSC 52, within what terminals take."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import App

# Terminals cut or drop longer OSC 52 payloads (k9s settled on 74,994); counted after base64.
ENCODED_LIMIT = 74_000
_BYTES = ENCODED_LIMIT // 4 * 3


def fitting(lines: Sequence[str]) -> tuple[str, int]:
    """The text of as many whole lines as fit, and how many those are."""
    used = -1
    taken = 0
    for line in lines:
        used += len(line.encode("utf-8", "replace")) + 1
        if used > _BYTES:
            break
        taken += 1
    return "\n".join(lines[:taken]), taken


def copy(app: App[object], lines: Sequence[str], what: str) -> None:
    """Sends lines to the terminal and says so: whether the terminal took them cannot be known."""
    text, taken = fitting(lines)
    if not taken:
        app.notify("It is too long for a terminal's clipboard.", title="Not copied", severity="warning", markup=False)
        return
    app.copy_to_clipboard(text)
    if taken < len(lines):
        note = f"Only the first {taken:,} of {len(lines):,} rows fit."
        app.notify(f"{what}: sent to your terminal. {note}", title="Copied in part", severity="warning", markup=False)
    else:
        app.notify(f"{what}: sent to your terminal.", title="Copied", markup=False)
