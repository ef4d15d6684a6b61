"""Backups of a store that is a file: made while it is in use, kept beside it, and put back.

A backup is a zip archive for its owner alone: the store as it was at one moment (`dyntui.db`), the mappings of every
email account (`mappings/<name>.toml`), files of the caller's (`config.toml`), and what it is (`backup.json`). It holds
no secret: those are in the keyring.

Public: `folder_of(file) -> Path`, `make(file, reason, now, more, automatic=) -> Backup`, `found(folder) -> [Backup]`,
`unpack(archive, target) -> (Backup, settings)`.
"""

from __future__ import annotations

import os
import re
import sqlite3
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Final

import msgspec

from dyntui.model.backups import Backup
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.mapping import DataMapping
from dyntui.model.mapping_file import written
from dyntui.store import failures
from dyntui.store.migrations import VERSION_TABLE

_STORE: Final = "dyntui.db"
_ABOUT: Final = "backup.json"
# Of the backups that dyntui makes by itself so many are kept.
_KEPT: Final = 10
# What reading an archive of which some bytes are others raises besides OSError.
_DAMAGED: Final = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, UnicodeDecodeError)
# A file's name has at most 255 bytes; the whole reason stands in the archive.
_WORDS: Final = 80
# A store of a million people is written in a few seconds with this one, and is half the size.
_LEVEL: Final = 1


def folder_of(file: Path) -> Path:
    """Where the backups of a store are."""
    return file.parent / "backups"


def make(
    file: Path,
    reason: str,
    now: str,
    more: Mapping[str, bytes] | None = None,
    *,
    automatic: bool = False,
    spared: str = "",
) -> Backup:
    """Copies the store as it is at this moment; writers go on meanwhile. `now`: ISO 8601 UTC; `more`: further files by
    their names in the archive. Of `automatic` ones the oldest are forgotten, but never the one named `spared`. Raises
    DyntuiError BACKUP_NOT_MADE; STORE_CORRUPT and STORE_FOREIGN where there is no store to be copied."""
    folder = folder_of(file)
    stamp, words = re.sub(r"[-:]", "", now), re.sub(r"[^a-z0-9]+", "-", reason.lower())[:_WORDS].strip("-")
    temporary = ""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        target = _free_name(folder, f"{stamp}-{words}")
        descriptor, temporary = tempfile.mkstemp(dir=folder, prefix=".", suffix=".db")
        os.close(descriptor)
        _copy(file, Path(temporary))
        if VERSION_TABLE not in _tables(Path(temporary)):
            raise failures.foreign(str(file))
        about = _about(Path(temporary), target.stem, reason, now, automatic)
        with zipfile.ZipFile(f"{temporary}.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
            Path(f"{temporary}.zip").chmod(0o600)
            archive.write(temporary, _STORE)
            for name, content in {**_mappings(Path(temporary)), **(more or {})}.items():
                archive.writestr(name, content)
            archive.writestr(_ABOUT, msgspec.json.encode(about))
        Path(f"{temporary}.zip").replace(target)
    except (OSError, sqlite3.Error) as error:
        if failures.is_damage(error):
            raise failures.corrupt(str(file), str(error)) from error
        raise DyntuiError(
            "BACKUP_NOT_MADE",
            f"The store at {file} could not be copied to {folder}: {error}.",
            not_done="No backup was made.",
            remedy="Make room there, or look at the folder's rights.",
        ) from error
    finally:
        for name in (temporary, f"{temporary}.zip"):
            if temporary:
                Path(name).unlink(missing_ok=True)
    if automatic:
        for each in [each for each in found(folder) if each.automatic and each.name != spared][_KEPT:]:
            (folder / f"{each.name}.zip").unlink(missing_ok=True)
    return msgspec.structs.replace(about, size=target.stat().st_size)


def _free_name(folder: Path, name: str) -> Path:
    names = (f"{name}.zip", *(f"{name}-{number}.zip" for number in range(2, 1000)))
    return next(folder / each for each in names if not (folder / each).exists())


def _copy(file: Path, target: Path) -> None:
    """SQLite's own way, which sees one moment of the store while others write (sqlite.org/backup.html)."""
    source = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=120)
    with closing(source), closing(sqlite3.connect(target)) as copied:
        source.backup(copied)


def _about(copied: Path, name: str, reason: str, now: str, automatic: bool) -> Backup:
    with closing(sqlite3.connect(copied)) as c:
        revision = c.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchone()[0]  # noqa: S608
    return Backup(name=name, made_on=now, reason=reason, automatic=automatic, revision=str(revision))


def _tables(copied: Path) -> set[str]:
    with closing(sqlite3.connect(copied)) as c:
        return {name for (name,) in c.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def _mappings(copied: Path) -> dict[str, bytes]:
    """The mappings that count, as files that `dyntui mappings import` takes; none of a store that has no versions."""
    asked = (
        "SELECT a.name, v.mappings FROM mapping_version v JOIN email_account a ON a.id = v.account_id WHERE v.version ="
        " (SELECT max(w.version) FROM mapping_version w WHERE w.account_id = v.account_id)"
    )
    tables = _tables(copied)
    with closing(sqlite3.connect(copied)) as c:
        rows = c.execute(asked).fetchall() if {"mapping_version", "email_account"} <= tables else []
    files: dict[str, bytes] = {}
    for place, (name, mappings) in enumerate(rows, start=1):
        kept = re.sub(r"[^A-Za-z0-9_-]+", "-", name) or "account"
        text = written(msgspec.json.decode(mappings, type=list[DataMapping]))
        files[f"mappings/{place}-{kept}.toml"] = text.encode()
    return files


def found(folder: Path) -> list[Backup]:
    """The backups in a folder, the newest first; what is none is passed over."""
    backups: list[Backup] = []
    for each in folder.glob("*.zip"):
        try:
            backups.append(_read(each))
        except DyntuiError:
            continue
    return sorted(backups, key=lambda each: (each.made_on, each.name), reverse=True)


def _read(archive: Path) -> Backup:
    try:
        with zipfile.ZipFile(archive) as opened:
            about = msgspec.json.decode(opened.read(_ABOUT), type=Backup)
            opened.getinfo(_STORE)
    except (OSError, KeyError, msgspec.MsgspecError, *_DAMAGED) as error:
        raise _no_backup(archive) from error
    return msgspec.structs.replace(about, name=archive.stem, size=archive.stat().st_size)


def unpack(archive: Path, target: Path) -> tuple[Backup, bytes]:
    """Writes the store of a backup to `target`, a new file for its owner alone; what the backup is, and its
    `config.toml` (`b""` without one). Raises DyntuiError BACKUP_UNREADABLE, BACKUP_NOT_PUT_BACK."""
    about = _read(archive)
    try:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            out.writelines(_parts(archive, _STORE))
            out.flush()
            os.fsync(out.fileno())
    except OSError as error:
        raise _not_put_back(target.parent, error) from error
    return about, b"".join(_parts(archive, "config.toml"))


def _parts(archive: Path, name: str) -> Iterator[bytes]:
    """A file of a backup, piece by piece; nothing where there is none. Raises DyntuiError BACKUP_UNREADABLE."""
    try:
        with zipfile.ZipFile(archive) as opened:
            if name in opened.namelist():
                with opened.open(name) as source:
                    while some := source.read(1 << 20):
                        yield some
    except (OSError, *_DAMAGED) as error:
        raise _no_backup(archive) from error


def _not_put_back(folder: Path, error: OSError) -> DyntuiError:
    return DyntuiError(
        "BACKUP_NOT_PUT_BACK",
        f"The store of the backup could not be written to {folder}: {error.strerror or error}.",
        not_done="Nothing was put back; the store is as it was.",
        remedy="Make room there, or look at the folder's rights.",
    )


def _no_backup(archive: Path) -> DyntuiError:
    return DyntuiError(
        "BACKUP_UNREADABLE",
        f"{archive} is no backup of dyntui, or it is damaged.",
        not_done="Nothing was put back.",
        remedy="`dyntui backup list` names those that can be.",
        exit=Exit.USAGE,
    )
