"""A profile: where one installation of dyntui keeps its configuration, data, state, log and socket.

Directories follow the platform's conventions (platformdirs); `DYNTUI_HOME` puts all of them under one root, which is
what tests and the demo do. Everything is readable by its owner alone.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from dyntui.model.errors import DyntuiError, Exit

if TYPE_CHECKING:
    from platformdirs import PlatformDirs

# sockaddr_un holds 108 bytes on Linux and 104 on macOS, the terminating zero included.
SOCKET_PATH_LIMIT = 100

# Where a service that the machine runs for everybody listens, in a directory for each profile: systemd makes it for the
# service's user (`dyntui service install`), and only root can make anything in /run.
SHARED = Path("/run/dyntui")
# Where such a service keeps everything: whoever that belongs to is the service's own user.
MACHINE_HOME = Path("/var/lib/dyntui")
# Where systemd is told of such services, also of those that are stopped.
UNIT_FOLDERS = (Path("/etc/systemd/system"), Path("/usr/lib/systemd/system"))
# Names the socket's directory to the service itself.
SOCKET_DIRECTORY = "DYNTUI_SOCKET_DIRECTORY"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class Profile(msgspec.Struct, frozen=True):
    """The places of one profile. Nothing exists on disk before `prepare`. `shared`: the service is one of the
    machine's, for all users of a group, and its socket's directory is made by systemd. `kept_by_another`: such a
    service keeps the store, running or stopped, and it is another user's."""

    name: str
    config: Path
    data: Path
    state: Path
    runtime: Path
    shared: bool = False
    kept_by_another: bool = False

    @property
    def config_file(self) -> Path:
        """Settings, TOML."""
        return self.config / "config.toml"

    @property
    def socket(self) -> Path:
        """Where the service listens."""
        return self.runtime / "service.sock"

    @property
    def lock_file(self) -> Path:
        """Held by the one service of the profile; contains its process id."""
        return self.state / "service.lock"

    @property
    def log_file(self) -> Path:
        """The service's log; older ones beside it with a number."""
        return self.state / "service.log"

    @property
    def console_file(self) -> Path:
        """What the console remembers of its looks, JSON."""
        return self.state / "console.json"

    @property
    def setup_file(self) -> Path:
        """Answers of a setup that was left, without its secrets, JSON."""
        return self.state / "setup.json"

    @property
    def secrets_file(self) -> Path:
        """Encrypted secrets, where the encrypted-file backend is chosen."""
        return self.data / "secrets.enc"

    @property
    def store_url(self) -> str:
        """The store's database, as SQLAlchemy names it, unless the configuration says otherwise."""
        return f"sqlite:///{self.data / 'dyntui.db'}"

    @property
    def engine_url(self) -> str:
        """The workflow engine's own database: a separate file keeps its writes out of the store's way."""
        return f"sqlite:///{self.data / 'engine.db'}"

    def prepare(self) -> None:
        """Creates the directories, for their owner alone.

        Raises DyntuiError PROFILE_NOT_PRIVATE when one belongs to somebody else, PROFILE_NOT_WRITABLE when one cannot
        be made.
        """
        self.prepare_own()
        if not self.shared:
            _make_private(self.runtime)
        elif self.runtime.stat().st_uid != os.getuid():
            raise DyntuiError(
                "SERVICE_SHARED",
                f"This machine runs the service of the profile {self.name} for everybody, under another user.",
                not_done="No service was started.",
                remedy="Use that one; `systemctl status dyntui` says how it is. For one of your own choose --profile.",
                exit=Exit.LOCKED,
            )

    def prepare_store(self) -> None:
        """As `prepare_own`, for who works with the store itself, beside the service. Raises SERVICE_SHARED too."""
        if self.kept_by_another:
            raise DyntuiError(
                "SERVICE_SHARED",
                f"The store of the profile {self.name} is kept by this machine's service, which is another user's.",
                not_done="Nothing was opened or changed.",
                remedy=f"Put `sudo -u {_owner_of(MACHINE_HOME)}` before the command; --profile names one of your own.",
                exit=Exit.NOT_PERMITTED,
            )
        self.prepare_own()

    def prepare_own(self) -> None:
        """Creates the directories of the person alone, and not that of the socket. Raises as `prepare`."""
        for directory in (self.config, self.data, self.state):
            _make_private(directory)


def open_profile(name: str = "default", environ: Mapping[str, str] = os.environ) -> Profile:
    """The profile of this name. Raises DyntuiError PROFILE_NAME_INVALID."""
    if _NAME.fullmatch(name) is None:
        raise DyntuiError(
            "PROFILE_NAME_INVALID",
            f"{name!r} cannot be the name of a profile.",
            not_done="Nothing was opened.",
            remedy="Use letters, digits, dots, hyphens and underscores, beginning with a letter or digit.",
            exit=Exit.USAGE,
        )
    home = environ.get("DYNTUI_HOME", "") or _home_of_the_machines_service()
    if home:
        root = Path(home).expanduser().absolute() / name
        places: tuple[Path, Path, Path, Path | None] = (root / "config", root / "data", root / "state", root / "run")
    else:
        from platformdirs import PlatformDirs

        dirs = PlatformDirs("dyntui", appauthor=False)
        places = (
            Path(dirs.user_config_dir, name),
            Path(dirs.user_data_dir, name),
            Path(dirs.user_state_dir, name),
            _runtime_directory(dirs, name),
        )
    config, data, state, runtime = places
    shared = _shared_directory(name, data, environ)
    if shared is not None:
        another = not environ.get(SOCKET_DIRECTORY) and not home
        return Profile(name, config, data, state, shared, shared=True, kept_by_another=another)
    if runtime is None or len(os.fsencode(runtime / "service.sock")) >= SOCKET_PATH_LIMIT:
        runtime = _short_stand_in(data)
    another = not home and not _has_a_store(data) and _is_the_machines(name)
    return Profile(name, config, data, state, runtime, kept_by_another=another)


def _home_of_the_machines_service() -> str:
    """For the user of the machine's service, who has none of its environment: where it keeps everything. `""` for
    everybody else."""
    try:
        return str(MACHINE_HOME) if MACHINE_HOME.stat().st_uid == os.getuid() else ""
    except OSError:
        return ""


def _is_the_machines(name: str) -> bool:
    unit = "dyntui.service" if name == "default" else f"dyntui-{name}.service"
    # A package brings a unit that may never have run.
    return MACHINE_HOME.exists() and any((folder / unit).exists() for folder in UNIT_FOLDERS)


def _owner_of(directory: Path) -> str:
    try:
        return directory.owner()
    except (OSError, KeyError):
        return "dyntui"


def _has_a_store(data: Path) -> bool:
    """A store of their own is a file, or one on a server for which the engine keeps its file here."""
    return any((data / name).exists() for name in ("dyntui.db", "engine.db"))


def _shared_directory(name: str, data: Path, environ: Mapping[str, str]) -> Path | None:
    """Where the machine's service of this profile listens: as systemd tells the service itself; else where one does,
    unless the user has an installation of their own."""
    if told := environ.get(SOCKET_DIRECTORY, ""):
        return Path(told)
    if environ.get("DYNTUI_HOME") or (_has_a_store(data) and not data.is_relative_to(MACHINE_HOME)):
        return None
    there = SHARED / name
    return there if there.is_dir() else None


def _runtime_directory(dirs: PlatformDirs, name: str) -> Path | None:
    """The session's runtime directory, or the system's for this user; None where there is neither and the library would
    guess one below the TMPDIR of the moment."""
    with warnings.catch_warnings():
        # It warns of a guess once in a process: what it answers must not depend on how often it was asked.
        warnings.simplefilter("ignore")
        try:
            found = Path(dirs.user_runtime_dir, name)
        except PermissionError:
            return None
    return None if found.is_relative_to(Path(tempfile.gettempdir(), f"runtime-{os.getuid()}")) else found


def _short_stand_in(data: Path) -> Path:
    """A short directory that depends on the profile's own place alone."""
    mark = hashlib.blake2b(os.fsencode(data), digest_size=6).hexdigest()
    # Not the TMPDIR of the moment: a client must come to the same place as the service. Whose it is, is checked.
    return Path(f"/tmp/dyntui-{os.getuid()}-{mark}")  # noqa: S108


def _make_with_parents(directory: Path) -> None:
    """What is missing of the way is made for its owner alone, whatever the umask."""
    missing = [each for each in (directory, *directory.parents) if not each.exists() and not each.is_symlink()]
    for each in reversed(missing):
        each.mkdir(mode=0o700, exist_ok=True)
        each.chmod(0o700)


def _refuse_foreign_parents(directory: Path) -> None:
    """Who can write to a directory above can replace what is below, unless it is sticky, as /tmp is.

    dyntui's own directory, made under a careless umask by an earlier version, is closed. Raises PROFILE_NOT_PRIVATE.
    """
    for each in directory.resolve().parents:
        found = each.stat()
        open_to_all = bool(found.st_mode & stat.S_IWOTH) and not found.st_mode & stat.S_ISVTX
        if open_to_all and found.st_uid == os.getuid() and each.name == "dyntui":
            each.chmod(0o700)
        elif open_to_all or found.st_uid not in (0, os.getuid()):
            raise DyntuiError(
                "PROFILE_NOT_PRIVATE",
                f"{each} can be changed by others than you: they could replace {directory}.",
                not_done="Nothing was written there.",
                remedy=f"Close it with `chmod o-w {each}`, or choose another place with DYNTUI_HOME.",
            )


def _make_private(directory: Path) -> None:
    try:
        _make_with_parents(directory)
        _refuse_foreign_parents(directory)
        found = directory.lstat()
        if stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid():
            if stat.S_IMODE(found.st_mode) != 0o700:
                directory.chmod(0o700)
            return
    except OSError as error:
        raise DyntuiError(
            "PROFILE_NOT_WRITABLE",
            f"{directory} cannot be used: {error.strerror}.",
            not_done="Nothing was written.",
            remedy="Make the directory writable for you, or choose another place with DYNTUI_HOME.",
        ) from error
    raise DyntuiError(
        "PROFILE_NOT_PRIVATE",
        f"{directory} is not a directory of yours.",
        not_done="Nothing was written there: somebody else could read or replace it.",
        remedy="Remove it or let its owner do so, or choose another place with DYNTUI_HOME.",
    )
