"""`dyntui service`: the service as one of the machine's, run by systemd for everybody who may use it."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from dyntui.cli.lazy import Group, choices
from dyntui.cli.output import say
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.plain import plain
from dyntui.service.profile import MACHINE_HOME, open_profile
from dyntui.service.unit import PASSPHRASE_CREDENTIAL, Unit, UnitFile, fits

_PASSPHRASE_BYTES = 32
_USER_NAME = re.compile(r"[a-z_][a-z0-9_-]{0,30}")


@click.group(cls=Group)
def command() -> None:
    """The service as one of the machine's, run by systemd under a user of its own for everybody who may use it."""


@command.command()
@click.option("--print", "only_print", is_flag=True, help="Show every file and command, and change nothing.")
@click.option("--user", default="dyntui", metavar="NAME", help="The user and group of the service.")
@click.pass_context
def install(context: click.Context, only_print: bool, user: str) -> int:
    """Write what systemd needs, and start the service. Run as root.

    Its secrets are in a file that a passphrase opens; that is made by chance and encrypted by systemd-creds for this
    machine alone. Running it again writes the unit anew, after an upgrade for example, and leaves the passphrase.
    """
    unit = _unit(choices(context).profile, user)
    commands = (
        ("systemd-sysusers", unit.user_file.path.name if unit.packaged else str(unit.user_file.path)),
        ("systemctl", "daemon-reload"),
        ("systemctl", "enable", "--now", unit.name),
    )
    if only_print:
        for each in unit.files:
            _show(each)
        for words in commands:
            click.echo(f"$ {plain(' '.join(words))}")
        if unit.in_a_home():
            say(f"{unit.executable} is in somebody's home: the unit would not find it.")
        return int(Exit.DONE)
    _require_root()
    if unit.in_a_home():
        raise DyntuiError(
            "SERVICE_IN_A_HOME",
            f"{unit.executable} is in somebody's home, which is hidden from the service.",
            not_done="Nothing was written.",
            remedy="Install dyntui for everybody, for example with `pipx install --global dyntui`, and run that one.",
            exit=Exit.USAGE,
        )
    if not unit.packaged:
        _write(unit.user_file)
    _run(*commands[0])
    _write_passphrase(unit)
    if not unit.packaged:
        _write(unit.unit_file)
    for words in commands[1:]:
        _run(*words)
    say(f"{unit.name} runs. Whoever may use it goes into the group {user} (`usermod -aG {user} NAME`), then signs in.")
    say("Then `dyntui setup` connects it, and `dyntui sign-in` says who somebody is in Dynamics.")
    return int(Exit.DONE)


@command.command()
@click.option("--print", "only_print", is_flag=True, help="Show what would be taken away, and change nothing.")
@click.option("--user", default="dyntui", metavar="NAME", help="The user and group of the service.")
@click.pass_context
def uninstall(context: click.Context, only_print: bool, user: str) -> int:
    """Stop the service and take away what systemd was given. Run as root. Its data and its passphrase stay."""
    unit = _unit(choices(context).profile, user)
    stop = ("systemctl", "disable", "--now", unit.name)
    # Another profile's service runs as the same user.
    files = (unit.unit_file,) if unit.others() else (unit.unit_file, unit.user_file)
    going = [] if unit.packaged else [each.path for each in files]
    if only_print:
        click.echo(f"$ {plain(' '.join(stop))}")
        for path in going:
            click.echo(f"rm {plain(str(path))}")
        click.echo("$ systemctl daemon-reload")
    else:
        _require_root()
        if unit.packaged or unit.unit_file.path.exists():
            _run(*stop)
        for path in going:
            path.unlink(missing_ok=True)
        _run("systemctl", "daemon-reload")
    say(f"What stays: {MACHINE_HOME} with the store and the secrets, {unit.credential_file.path}, and the user {user}.")
    return int(Exit.DONE)


def _unit(profile: str, user: str) -> Unit:
    open_profile(profile)
    program = shutil.which(sys.argv[0]) or str(Path(sys.executable).parent / "dyntui")
    executable = str(Path(program).absolute())
    if not fits(executable):
        raise DyntuiError(
            "SERVICE_PATH_UNUSABLE",
            f"systemd cannot run {plain(executable)}: the path has characters that it does not take.",
            not_done="Nothing was written.",
            remedy="Install dyntui in a folder with a plain name, and run that one.",
            exit=Exit.USAGE,
        )
    return Unit(profile=profile, executable=executable, user=_name(user))


def _name(user: str) -> str:
    """Raises DyntuiError where it cannot be a user's name (systemd.io/USER_NAMES): it goes into a unit's file."""
    if _USER_NAME.fullmatch(user) is None:
        raise DyntuiError(
            "SERVICE_USER_INVALID",
            f"{user[:40]!r} cannot be the name of a user.",
            not_done="Nothing was written.",
            remedy="Use small letters, digits, - and _, and begin with a letter.",
            exit=Exit.USAGE,
        )
    return user


def _show(file: UnitFile) -> None:
    click.echo(f"# {plain(str(file.path))} (mode {file.mode:04o}): {file.about}")
    if file.content:
        click.echo(file.content)
    else:
        click.echo(f"$ systemd-creds encrypt --name={PASSPHRASE_CREDENTIAL} - {plain(str(file.path))}\n")


def _require_root() -> None:
    if os.geteuid() != 0:
        raise DyntuiError(
            "SERVICE_NEEDS_ROOT",
            "Only root may write what systemd reads.",
            not_done="Nothing was written.",
            remedy="Run it with sudo; `--print` shows what it would write.",
            exit=Exit.NOT_PERMITTED,
        )


def _write(file: UnitFile) -> None:
    file.path.parent.mkdir(parents=True, exist_ok=True)
    file.path.write_text(file.content, encoding="utf-8")
    file.path.chmod(file.mode)
    say(f"wrote {file.path}")


def _write_passphrase(unit: Unit) -> None:
    """Made once: another one would lock the secrets that are there. It goes by a pipe, never by an argument."""
    file = unit.credential_file
    if file.path.exists():
        say(f"kept {file.path}")
        return
    file.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    passphrase = secrets.token_urlsafe(_PASSPHRASE_BYTES)
    _run("systemd-creds", "encrypt", f"--name={PASSPHRASE_CREDENTIAL}", "-", str(file.path), text=passphrase)
    file.path.chmod(file.mode)
    say(f"wrote {file.path}")


def _run(*words: str, text: str | None = None) -> None:
    try:
        done = subprocess.run(  # noqa: S603
            words, input=text, capture_output=True, text=True, check=False, env=_plain_environment()
        )
    except OSError as error:
        raise _refused(words, error.strerror or str(error)) from error
    if done.returncode:
        raise _refused(words, done.stderr.strip()[-300:])


def _plain_environment() -> dict[str, str]:
    """Nothing of dyntui's or of anybody's secrets."""
    return {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "LC_ALL", "TERM")}


def _refused(words: Sequence[str], why: str) -> DyntuiError:
    return DyntuiError(
        "SERVICE_NOT_INSTALLED",
        f"`{' '.join(words)}` failed: {plain(why)}.",
        not_done="It stopped there; what was written before is named above.",
        remedy="Mend what it says and run the same command again: it goes on from there.",
    )
