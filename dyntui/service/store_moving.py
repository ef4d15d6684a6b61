"""The profile's store carried over into another database: a file, or a PostgreSQL database that several machines share.

Public: `look(profile) -> Store`, `move(profile, target, told) -> Moved`, `address_of(text, profile) -> str`,
`place(url) -> str`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from dyntui.service.config import Config, read_config, write_store_url
from dyntui.service.lock import let_private_end, only_service
from dyntui.service.profile import Profile
from dyntui.service.store_lock import only_service_of
from dyntui.store import dialects, failures, moving
from dyntui.store.database import open_store, sqlite_url
from dyntui.store.dialects import place
from dyntui.store.moving import Copied

__all__ = ["Copied", "Moved", "Store", "address_of", "look", "move", "place"]


class Store(msgspec.Struct, frozen=True, kw_only=True):
    """The profile's store. `size`: in bytes."""

    where: str
    kind: str
    size: int


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """What was carried over. `kept`: the file that the store was in until now, under its new name; `""`: a server."""

    source: str
    target: str
    tables: tuple[Copied, ...]
    kept: str


def address_of(text: str, profile: Profile) -> str:
    """The address that somebody means: one as it is, the path of a file, or `""` for the profile's own file."""
    if not text:
        return profile.store_url
    return text if "://" in text else sqlite_url(Path(text).expanduser().absolute())


def look(profile: Profile) -> Store:
    """The store as it is, also while a service uses it; looking makes none. Raises `DyntuiError` as opening a store
    does, SERVICE_SHARED."""
    profile.prepare_store()
    url = read_config(profile).store.url or profile.store_url
    if dialects.is_file(url) and not Path(place(url)).exists():
        return Store(where=place(url), kind="SQLite", size=0)
    opened = open_store(url)
    try:
        with opened.read() as c:
            kind = "SQLite" if dialects.is_file(url) else "PostgreSQL"
            return Store(where=opened.where, kind=kind, size=dialects.size(c, opened.where))
    finally:
        opened.close()


def move(profile: Profile, target: str, told: Callable[[Copied], None] = lambda each: None) -> Moved:
    """Carries the store over to `target`, which must be new or empty, proves that nothing differs, and names it in the
    configuration. The store so far stays as it is, and is opened by nobody any more.

    Raises `DyntuiError`: SERVICE_SHARED; LOCKED while a service of the profile runs; STORE_SAME, STORE_NOT_EMPTY,
    STORE_DIFFERS, and those of opening a store; nothing has changed then.
    """
    profile.prepare_store()
    let_private_end(profile)
    with only_service(profile):
        config = read_config(profile)
        with only_service_of(config.store.url or profile.store_url):
            return _moved(profile, config, target, told)


def _moved(profile: Profile, config: Config, target: str, told: Callable[[Copied], None]) -> Moved:
    source = config.store.url or profile.store_url
    here, there = place(source), place(target)
    if here == there:
        raise failures.same(here)
    own_file = not config.store.url
    before = open_store(source)
    try:
        moving.prove_unused(before)
        after = open_store(target)
        try:
            tables = moving.copy(before, after, told)
        finally:
            after.close()
        moving.leave(before, there)
    finally:
        before.close()
    url = "" if target == profile.store_url else target
    write_store_url(profile, url)
    kept = _put_aside(Path(here)) if own_file else here if dialects.is_file(source) else ""
    return Moved(source=here, target=there, tables=tuple(tables), kept=str(kept))


def _put_aside(file: Path) -> Path:
    """Its name gets free for a store that comes back."""
    aside = file.with_suffix(f".moved-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.db")
    file.replace(aside)
    for companion in ("-wal", "-shm"):
        Path(f"{file}{companion}").unlink(missing_ok=True)
    return aside
