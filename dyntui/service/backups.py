"""Backups of the profile's store: made and listed while the service runs, put back while none does.

A store on a PostgreSQL server is backed up by PostgreSQL's own tools.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from sqlalchemy import Connection

from dyntui.model.backups import Backup
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.moments import text_of
from dyntui.model.sync_types import LISTS
from dyntui.service.answering import answers
from dyntui.service.config import check_config, read_config, write_private, write_store_url
from dyntui.service.contract.backups import BACKUP_MAKE, BACKUPS_LIST, Backups, MakeBackup
from dyntui.service.contract.session import Nothing
from dyntui.service.lock import let_private_end, only_service
from dyntui.service.parts import Parts
from dyntui.service.permission import CallContext
from dyntui.service.profile import Profile
from dyntui.service.resources import Resources
from dyntui.service.store_lock import only_service_of
from dyntui.store import backups, dialects, failures, lists, put_back, schedules
from dyntui.store.database import open_store, sqlite_url
from dyntui.store.put_back import AtRest, Marked

BY_HAND = "by hand"


class BackupUseCases:
    """The calls of `backups.*`."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    @answers(BACKUPS_LIST)
    async def list(self, context: CallContext, request: Nothing) -> Backups:
        """Raises STORE_ON_A_SERVER."""
        folder = backups.folder_of(_file_of(self._resources))
        rows = await asyncio.to_thread(backups.found, folder)
        return Backups(folder=str(folder), rows=tuple(rows))

    @answers(BACKUP_MAKE)
    async def make(self, context: CallContext, request: MakeBackup) -> Backup:
        """Raises STORE_ON_A_SERVER, BACKUP_NOT_MADE."""
        return await _made(self._resources, request.reason or BY_HAND, automatic=False)


def use_cases(parts: Parts) -> BackupUseCases:
    """What answers these calls."""
    return BackupUseCases(parts.resources)


async def before(resources: Resources, what: str) -> None:
    """A backup before something that changes much; nothing where the store is on a server. Raises BACKUP_NOT_MADE."""
    if resources.db.engine.dialect.name == "sqlite":
        await _made(resources, f"before {what}", automatic=True)


async def before_first_lists(resources: Resources, account_id: str) -> None:
    """A backup before the first list of an account is synchronised ever, whoever starts that: the store as it was set
    up can be put back. One that fails and is tried again has its backup already. Raises BACKUP_NOT_MADE."""

    def is_first(c: Connection) -> bool:
        books = lists.with_books(c, account_id)
        never = bool(books) and not any(each.last_synced for each in books)
        return never and LISTS.id not in schedules.last_runs(c, account_id)

    if await resources.read(is_first):
        await before(resources, "the initial synchronisation")


async def _made(resources: Resources, reason: str, *, automatic: bool) -> Backup:
    file, settings = _file_of(resources), _settings(resources.profile)
    return await asyncio.to_thread(backups.make, file, reason, resources.now(), settings, automatic=automatic)


def _file_of(resources: Resources) -> Path:
    if resources.db.engine.dialect.name != "sqlite":
        raise _on_a_server(resources.db.where)
    return Path(resources.db.where)


def _settings(profile: Profile) -> Mapping[str, bytes]:
    return {"config.toml": profile.config_file.read_bytes()} if profile.config_file.exists() else {}


# -- without a service -----------------------------------------------------------------------------------------------


class PutBack(msgspec.Struct, frozen=True, kw_only=True):
    """What was put back. `kept`: the backup of the store as it was until then; `""` where there was none. `aside`: the
    file that was in its place and could not be read as a store, under its new name. `at_rest`: runs and sends that do
    not begin or go on by themselves. `still_marked`: as not production, which stays. `unread`: what the store so far
    could not tell, and what therefore is as in the backup (see `unread`). `settings`: whether config.toml was put back
    too."""

    backup: Backup
    kept: str
    aside: str
    at_rest: AtRest
    still_marked: bool
    unread: tuple[str, ...]
    settings: bool


def unread(profile: Profile) -> tuple[str, ...]:
    """What would be as in a backup that is put back, as the store in its place cannot tell it: ENVIRONMENT, OPT_OUTS,
    HANDED_SENDS. Raises DyntuiError SERVICE_SHARED, STORE_ON_A_SERVER."""
    profile.prepare_store()
    return put_back.marked(_own_file(profile)).unread


def restore(profile: Profile, wanted: str, *, settings: bool = False) -> PutBack:
    """Puts a backup in place of the profile's store: one by its name, or a file. The store so far becomes a backup; one
    that cannot be read is kept beside it under another name.

    Raises DyntuiError: SERVICE_SHARED; LOCKED or STORE_SERVED while a service runs; BACKUP_UNREADABLE,
    BACKUP_NOT_PUT_BACK, HANDED_SEND_FORGOTTEN, CONFIG_UNREADABLE, STORE_ON_A_SERVER, STORE_NEWER, STORE_CORRUPT;
    nothing has changed then.
    """
    profile.prepare_store()
    let_private_end(profile)
    with only_service(profile), only_service_of(_own_url(profile)):
        file = _own_file(profile)
        now = text_of(datetime.now(UTC))
        incoming = file.with_name(f".{file.name}.restoring")
        try:
            _remove(incoming)
            found, config = backups.unpack(_archive(file, wanted), incoming)
            if settings and config:
                check_config(config)
            before = put_back.marked(file)
            at_rest = _prepared(incoming, before, now)
            kept, aside = _kept(profile, file, now, found.name)
            # The write-ahead log and the engine's queue belong to the store that goes.
            for gone in (Path(f"{file}-wal"), Path(f"{file}-shm"), *_engine_of(profile)):
                gone.unlink(missing_ok=True)
            incoming.replace(file)
        finally:
            _remove(incoming)
        if settings and config:
            place = read_config(profile).store
            write_private(profile.config_file, config)
            # The store is where it was put back, wherever it was when the backup was made.
            write_store_url(profile, place.url)
        return PutBack(
            backup=found,
            kept=kept,
            aside=aside,
            at_rest=at_rest,
            still_marked=bool(before.marks),
            unread=before.unread,
            settings=bool(settings and config),
        )


def beside(profile: Profile) -> Backups:
    """The backups of the profile's store, also where that cannot be opened. Raises DyntuiError
    STORE_ON_A_SERVER, SERVICE_SHARED."""
    profile.prepare_store()
    folder = backups.folder_of(_own_file(profile))
    return Backups(folder=str(folder), rows=tuple(backups.found(folder)))


def _own_url(profile: Profile) -> str:
    return read_config(profile).store.url or profile.store_url


def _own_file(profile: Profile) -> Path:
    url = _own_url(profile)
    if not dialects.is_file(url):
        raise _on_a_server(dialects.place(url))
    return Path(dialects.place(url))


def _kept(profile: Profile, file: Path, now: str, wanted: str) -> tuple[str, str]:
    """The store as it was until now: as a backup, by its name; where it is none, the file under another name. The
    `wanted` one is not forgotten for it: somebody may need it again."""
    if not file.exists():
        return "", ""
    try:
        made = backups.make(file, "before a restore", now, _settings(profile), automatic=True, spared=wanted)
        return made.name, ""
    except DyntuiError as error:
        if error.code not in ("STORE_CORRUPT", "STORE_FOREIGN"):
            raise
    aside = file.with_suffix(f".damaged-{re.sub(r'[-:]', '', now)}.db")
    # What stands in the write-ahead log may be what somebody wants to save of it.
    for companion in ("-wal", "-shm", ""):
        with contextlib.suppress(FileNotFoundError):
            Path(f"{file}{companion}").replace(f"{aside}{companion}")
    return "", str(aside)


def _archive(file: Path, wanted: str) -> Path:
    here = backups.folder_of(file) / f"{wanted.removesuffix('.zip')}.zip"
    return here if os.sep not in wanted and here.is_file() else Path(wanted).expanduser()


def _prepared(incoming: Path, before: Marked, now: str) -> AtRest:
    """Opened as this version opens it, proved whole, at rest, and marked as the store `before` it; in one file
    afterwards."""
    opened = open_store(sqlite_url(incoming), copied=True)
    try:
        with opened.write() as c:
            if damage := dialects.damage(c):
                raise failures.corrupt(str(incoming), damage)
            if unknown := put_back.not_looked_after(c, before):
                raise _handed_over(unknown)
            put_back.keep_marks(c, before)
            return put_back.put_to_rest(c, now)
    finally:
        opened.close()


def _handed_over(unknown: list[str]) -> DyntuiError:
    return DyntuiError(
        "HANDED_SEND_FORGOTTEN",
        f"dotdigital has sends that it mails later, and the backup does not know them: {', '.join(unknown)}. Nobody "
        "would take out of them who opts out until then.",
        not_done="Nothing was put back.",
        remedy="Wait until they are out, or take them back with `dyntui sends cancel`; then put the backup back.",
    )


def _engine_of(profile: Profile) -> tuple[Path, ...]:
    engine = Path(dialects.place(profile.engine_url))
    return (engine, Path(f"{engine}-wal"), Path(f"{engine}-shm"))


def _remove(file: Path) -> None:
    for each in (file, Path(f"{file}-wal"), Path(f"{file}-shm")):
        each.unlink(missing_ok=True)


def _on_a_server(where: str) -> DyntuiError:
    return DyntuiError(
        "STORE_ON_A_SERVER",
        f"The store is at {where}: PostgreSQL backs it up and puts it back.",
        not_done="Nothing was copied.",
        remedy="Use pg_dump and pg_restore, and `dyntui mappings export` for the mappings alone.",
        exit=Exit.USAGE,
    )
