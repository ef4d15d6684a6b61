"""Files that somebody names for what is exported: never in place of another one unless that was said, and whole or not
at all.
"""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

# What a disk says of a file that was opened already; the error does not name it.
_OF_THE_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS)
# People are for nobody else's eyes; what names nobody is as readable as any other file.
_FOR_THE_OWNER, _AS_USUAL = 0o600, 0o666


class NewFile(msgspec.Struct, frozen=True):
    """Where to, and whether a file that is there is replaced."""

    path: Path
    overwrite: bool = False

    def check(self) -> None:
        """Before anything is asked for it. Raises FileExistsError, and OSError where no file can be made there."""
        if self.path.is_file() and not self.overwrite:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(self.path))
        with _named(self.path):
            self.path.parent.stat()
        if not os.access(self.path.parent, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self.path))


@contextmanager
def new_file(file: NewFile, *, private: bool = True) -> Iterator[Path]:
    """Where to write: a file beside the one that is named, which takes its name when all of it is there; `private`: for
    its owner alone. Raises FileExistsError where somebody has made one meanwhile, OSError."""
    if file.path.exists() and not file.path.is_file():
        # A pipe or a terminal has nothing that could be lost.
        with _written(file.path):
            yield file.path
        return
    named = file.path.resolve() if file.overwrite else file.path
    part = named.with_name(f".{secrets.token_hex(6)}{named.suffix}")
    with _named(file.path):
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FOR_THE_OWNER if private else _AS_USUAL))
    try:
        with _written(file.path):
            yield part
        with _named(file.path):
            if file.overwrite:
                part.replace(named)
            else:
                _take_the_name(part, named)
    finally:
        part.unlink(missing_ok=True)


def _take_the_name(part: Path, named: Path) -> None:
    """Raises FileExistsError."""
    try:
        named.hardlink_to(part)
    except FileExistsError:
        raise
    except OSError:
        # A file system without links: what was not there a moment ago is not there now.
        if os.path.lexists(named):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(named)) from None
        part.rename(named)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """What goes wrong is said of the file that was named, not of the one beside it."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


@contextmanager
def _written(path: Path) -> Iterator[None]:
    """A disk that takes no more is named by the file, too; what else goes wrong meanwhile is none of its."""
    try:
        yield
    except OSError as error:
        if error.filename is None and error.errno in _OF_THE_DISK:
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise
