"""Takes the pictures of the README from the app itself: `python docs/pictures.py`.

Plays the main job on a demo of its own, as a person would, and saves the screens as SVG in `docs/images/`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

from dyntui.screens.app import Console
from textual.pilot import Pilot

from dyntui.cli.demo import connect
from dyntui.cli.sandbox_process import Sandbox
from dyntui.cli.throw_away import service_ended_after, throw_away_profile
from dyntui.service.client import ServiceClient
from dyntui.service.profile import Profile
from dyntui.service.starting import attach_or_start

IMAGES = Path(__file__).parent / "images"
SIZE = (110, 34)
# Names a web font on a server elsewhere; a picture must look the same without a network.
_FONT_FACE = re.compile(r"@font-face\s*{[^}]*}\s*", re.S)
_PATIENCE = 600


async def _until(pilot: Pilot[None], seen: Callable[[str], bool]) -> str:
    """Waits until the screen shows something; the screen as text."""
    for _ in range(_PATIENCE):
        await pilot.pause(0.1)
        text = _text(pilot)
        if seen(text):
            await pilot.pause(0.3)
            return _text(pilot)
    raise TimeoutError(_text(pilot))


async def _while_time_passes(pilot: Pilot[None], sandbox: Sandbox, seen: Callable[[str], bool]) -> None:
    """A minute of the simulated systems in each half second, until the screen shows something."""
    for _ in range(_PATIENCE):
        if seen(_text(pilot)):
            return
        await asyncio.to_thread(sandbox.control, "POST", "/clock", {"advance_seconds": 60})
        await pilot.pause(0.5)
    raise TimeoutError(_text(pilot))


def _text(pilot: Pilot[None]) -> str:
    lines = pilot.app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in line) for line in lines)


def _save(pilot: Pilot[None], name: str) -> None:
    picture = _FONT_FACE.sub("", pilot.app.export_screenshot(title="dyntui"))
    (IMAGES / f"{name}.svg").write_text(picture, encoding="utf-8")


async def _play(profile: Profile, sandbox: Sandbox) -> None:
    async def attach() -> ServiceClient:
        return await attach_or_start(profile)

    app = Console(attach, first_steps=True)
    async with app.run_test(size=SIZE) as pilot:
        await _until(pilot, lambda text: "First steps" in text)
        _save(pilot, "home")
        await pilot.press("2", "slash", *"Newsletter", "enter", "enter")
        await _until(pilot, lambda text: "Not activated for email yet" in text)
        await pilot.press("a")
        await _until(pilot, lambda text: "Activate Newsletter" in text)
        await pilot.press("tab", "enter")
        await _until(pilot, lambda text: "activated for email" in text and "not activated for" not in text)
        await pilot.press("s")
        await _until(pilot, lambda text: "Added" in text)
        await pilot.press("escape")
        await _until(pilot, lambda text: "Members by outcome" in text and "Added" in text)
        _save(pilot, "list")
        await pilot.press("3", "s")
        await _until(pilot, lambda text: "Completed" in text)
        await pilot.press("escape", "slash", *"March", "enter", "enter")
        await _until(pilot, lambda text: "Target Marketing Lists" in text)
        await pilot.press("t")
        await _until(pilot, lambda text: "Add Existing" in text and "Newsletter " in text)
        await pilot.press("space", "enter")
        await _until(pilot, lambda text: "No target marketing list" not in text and "Add Existing" not in text)
        await pilot.press("w", "n")
        await _until(pilot, lambda text: "ready" in text)
        await pilot.press("n")
        await _until(pilot, lambda text: "potential" in text)
        _save(pilot, "counts")
        await pilot.press("n", "n")
        text = await _until(pilot, lambda text: "to confirm" in text)
        number = re.search(r"Type (\d+) to confirm", text)
        assert number
        await pilot.press(*number[1], "enter", "enter")
        await _while_time_passes(pilot, sandbox, lambda text: re.search(r"State +Sent\b", text) is not None)
        for _ in range(8):
            await asyncio.to_thread(sandbox.control, "POST", "/clock", {"advance_seconds": 6 * 3600})
        await pilot.press("escape")
        await _until(pilot, lambda text: re.search(r"Status +Sent\b", text) is not None)
        await pilot.press("s")
        await _until(pilot, lambda text: "Synchronisation Audit ›" in text and "Completed" in text)
        await pilot.press("escape")
        await _until(pilot, lambda text: "Target Marketing Lists" in text and "not read yet" not in text)
        await pilot.press("v")
        await _until(pilot, lambda text: "Links by clicks" in text and "No link" not in text)
        _save(pilot, "report")
        await pilot.press("escape", "m", "m", "enter")
        await _until(pilot, lambda text: "excluded ✓" in text)
        _save(pilot, "sent")
        await pilot.press("4")
        await _until(pilot, lambda text: "Synchronisation Audit" in text and "Newsletter" in text)
        _save(pilot, "audit")


def main() -> None:
    """Takes every picture."""
    IMAGES.mkdir(exist_ok=True)
    with (
        throw_away_profile(keep=False) as profile,
        Sandbox(2000, 1, profile.state / "sandbox.log", stay=False) as sandbox,
        service_ended_after(profile, keep=False),
    ):
        asyncio.run(connect(profile, sandbox, "manager", long_lived=False))
        asyncio.run(_play(profile, sandbox))


if __name__ == "__main__":
    main()
