"""Worlds that are built once and opened many times: a sandbox in the test's process, and what dyntui had kept of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from tests.simulation.sandbox import InProcessSandbox, Kept

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PEOPLE = 200
SEED = 7
_WORLD = "world.kept"


@contextmanager
def world(
    folder: Path, *, clock: datetime = NOW, people: int = PEOPLE, audience: bool = False, keep: bool = True
) -> Iterator[InProcessSandbox]:
    """A new world, which is kept in the folder when the block ends: one of a million people is too large for that.

    Nothing that time or chance does can tell two of them apart: they begin at one moment, and without an `audience`
    nobody reacts to mail.
    """
    with _open(InProcessSandbox.built(people, SEED, clock), folder, audience, keep=keep) as sandbox:
        yield sandbox


@contextmanager
def copied(kept: Path, folder: Path, store: Path, *, audience: bool = False) -> Iterator[InProcessSandbox]:
    """A world as it was kept, going on in a folder of its own, with dyntui's `store` beside it."""
    (folder / store).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(kept / store, folder / store)
    left = msgspec.msgpack.decode((kept / _WORLD).read_bytes(), type=Kept)
    with _open(InProcessSandbox.reopened(left), folder, audience) as sandbox:
        yield sandbox


@contextmanager
def _open(sandbox: InProcessSandbox, folder: Path, audience: bool, *, keep: bool = True) -> Iterator[InProcessSandbox]:
    sandbox.switch(dotdigital={"audience": audience})
    try:
        yield sandbox
        if keep:
            (folder / _WORLD).write_bytes(msgspec.msgpack.encode(sandbox.kept()))
    finally:
        sandbox.stop()
