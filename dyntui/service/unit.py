"""The service as one of the machine's: what systemd is given, so that everybody uses one, under a user of its own.

Hardened as far as the service's work allows (systemd.exec(5); `systemd-analyze security` weighs it). Two restrictions
are left out on purpose: PrivateUsers= would hide which user is at the other end of the socket, on which the rights of
people rest, and PrivateNetwork= would cut off Dynamics and dotdigital.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from dyntui.service.profile import MACHINE_HOME, SHARED, SOCKET_DIRECTORY

PASSPHRASE_CREDENTIAL = "dyntui.passphrase"  # noqa: S105 - the credential's name
# Where a package of the system puts its units and users, below the root.
PACKAGED_UNITS, PACKAGED_USERS = Path("usr/lib/systemd/system"), Path("usr/lib/sysusers.d")
# Below these a unit with ProtectHome= finds nothing.
_HOMES = ("/home", "/root", "/run/user")

_UNIT = """\
# Given by dyntui (`dyntui service install --print`).
[Unit]
Description=dyntui between Dynamics 365 and dotdigital, profile {profile}
Wants=network-online.target
After=network-online.target

[Service]
Type=notify
NotifyAccess=main
ExecStart={executable} --profile {profile} serve
Restart=on-failure
RestartSec=5
TimeoutStopSec=60
User={user}
Group={user}
StateDirectory=dyntui
StateDirectoryMode=0700
RuntimeDirectory=dyntui/{profile}
RuntimeDirectoryMode=0750
UMask=0077
Environment=DYNTUI_HOME={home} {socket_directory}={sockets}/{profile} DYNTUI_KEYRING=file
LoadCredentialEncrypted={credential}:{credential_file}

AmbientCapabilities=
CapabilityBoundingSet=
DevicePolicy=closed
LockPersonality=yes
MemoryDenyWriteExecute=yes
NoNewPrivileges=yes
PrivateDevices=yes
PrivateIPC=yes
PrivateMounts=yes
PrivateTmp=yes
ProcSubset=pid
ProtectClock=yes
ProtectControlGroups=yes
ProtectHome=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProtectSystem=strict
RemoveIPC=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallErrorNumber=EPERM
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources

[Install]
WantedBy=multi-user.target
"""

_USER = """\
# Given by dyntui: the user that the service runs as, and the group of those who may use it.
u {user} - "dyntui's service" {home}
"""


_NO_PROGRAM = "\"'\\$;"


def fits(path: str) -> bool:
    """Whether a unit can name this program: systemd takes no path with quotes, backslashes or control characters."""
    return path.isprintable() and not any(each in path for each in _NO_PROGRAM)


def _quoted(path: str) -> str:
    """A path as a command line of a unit has it (systemd.service(5), "Command lines"; systemd.unit(5))."""
    text = path.replace("%", "%%")
    return f'"{text}"' if " " in text else text


class UnitFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that is written. `content`: `""` where it is a secret that is made on the way, encrypted."""

    path: Path
    mode: int
    content: str
    about: str


class Unit(msgspec.Struct, frozen=True, kw_only=True):
    """The service of a profile for everybody on this machine, below `root` (`/`, but for tests and packages)."""

    profile: str
    executable: str
    user: str = "dyntui"
    root: Path = Path("/")

    @property
    def name(self) -> str:
        """As `systemctl` calls it."""
        return "dyntui.service" if self.profile == "default" else f"dyntui-{self.profile}.service"

    @property
    def unit_file(self) -> UnitFile:
        """What systemd runs."""
        content = _UNIT.format(
            profile=self.profile,
            executable=_quoted(self.executable),
            user=self.user,
            home=MACHINE_HOME,
            socket_directory=SOCKET_DIRECTORY,
            sockets=SHARED,
            credential=PASSPHRASE_CREDENTIAL,
            credential_file=self._credential_path,
        )
        path = self.root / "etc/systemd/system" / self.name
        return UnitFile(path=path, mode=0o644, content=content, about="what systemd runs")

    @property
    def user_file(self) -> UnitFile:
        """Whom it runs as."""
        content = _USER.format(user=self.user, home=MACHINE_HOME)
        path = self.root / "etc/sysusers.d/dyntui.conf"
        return UnitFile(path=path, mode=0o644, content=content, about="whom it runs as")

    @property
    def credential_file(self) -> UnitFile:
        """What opens the service's secrets: a passphrase made by chance that nobody sees, encrypted by
        systemd-creds(1) under this machine's own key or TPM."""
        return UnitFile(
            path=self.root / str(self._credential_path).lstrip("/"),
            mode=0o600,
            content="",
            about="the passphrase of the service's secrets: made by chance, encrypted for this machine alone",
        )

    @property
    def packaged(self) -> bool:
        """Whether a package of the system has brought unit and user: then they are its own to replace."""
        return (self.root / PACKAGED_UNITS / self.name).exists()

    @property
    def files(self) -> tuple[UnitFile, ...]:
        """All that is written, in order."""
        if self.packaged:
            return (self.credential_file,)
        return (self.user_file, self.credential_file, self.unit_file)

    @property
    def _credential_path(self) -> Path:
        name = PASSPHRASE_CREDENTIAL if self.profile == "default" else f"{PASSPHRASE_CREDENTIAL}.{self.profile}"
        return Path("/etc/credstore.encrypted", name)

    def others(self) -> list[Path]:
        """Units of other profiles, which have the same user."""
        return sorted(each for each in self.unit_file.path.parent.glob("dyntui*.service") if each.name != self.name)

    def in_a_home(self) -> bool:
        """Whether the unit would not find the program: it lives in somebody's home, which is hidden from it."""
        return any(Path(self.executable).resolve().is_relative_to(each) for each in _HOMES)
