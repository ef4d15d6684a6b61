"""A profile's settings: `config.toml`, read with the standard library, written whole or not at all."""

from __future__ import annotations

import os
import tempfile
import tomllib
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from dyntui.model.budgets import OPERATIONS_A_DAY
from dyntui.model.created_records import CreatedDefaults, placeholder_fault
from dyntui.model.errors import DyntuiError, Exit
from dyntui.service.hook_settings import HookSettings
from dyntui.service.profile import Profile


class StoreSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`url`: a SQLAlchemy address; `""` means the profile's own SQLite file."""

    url: str = ""

    def __post_init__(self) -> None:
        # From its folder on another file is meant by each process, and without one nothing is kept.
        if self.url.startswith("sqlite:") and not self.url.startswith("sqlite:////"):
            raise ValueError("a store in a file is named by its whole path, as in sqlite:////srv/dyntui/store.db")


class KeyringSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`backend`: `auto` is the system's keyring or, where a passphrase is in the environment, the encrypted file."""

    backend: Literal["auto", "system", "file", "memory"] = "auto"


class ServiceSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`idle_seconds`: how long a private service waits, without client or run, before it ends; 0: it ends with its last
    client."""

    idle_seconds: Annotated[float, msgspec.Meta(ge=0)] = 60.0
    log_level: Literal["debug", "info", "warning", "error"] = "info"


class AuditSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`keep_days`: how long runs are kept after they ended, with what became of everybody in them; sends always are."""

    keep_days: Annotated[int, msgspec.Meta(ge=1, le=36_500)] | Literal["for ever"] = 30


class BudgetSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`dynamics_operations_a_day`: the requests that Dynamics allows the connector's user in 24 hours, by the tenant's
    licences: 500,000 at least with Dynamics 365 Enterprise or Professional, 25,000 with Power Apps alone."""

    dynamics_operations_a_day: Annotated[int, msgspec.Meta(ge=1000, le=1_000_000_000)] = OPERATIONS_A_DAY


class ReadingSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How answers that say only what changed earn trust. `prove_days`: for how long after the first of its kind each is
    followed by a reading of everybody; `proof_hours`: how old such a reading may become after that."""

    prove_days: Annotated[float, msgspec.Meta(ge=0, le=36_500)] = 14
    proof_hours: Annotated[float, msgspec.Meta(ge=1, le=168)] = 24


class CreatedSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What records say that are made of strangers: the `topic` of a lead, and the `last_name` of whom dotdigital knows
    none. `{list}`, `{address}` and `{local}` stand for the list's name, the address, and what stands before its `@`."""

    topic: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] = CreatedDefaults().topic
    last_name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] = CreatedDefaults().last_name

    def __post_init__(self) -> None:
        for pattern in (self.topic, self.last_name):
            if fault := placeholder_fault(pattern):
                raise ValueError(fault)


class MetricsSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Measurements for Prometheus: `port` is where `http://127.0.0.1:PORT/metrics` answers; 0: nowhere."""

    port: Annotated[int, msgspec.Meta(ge=0, le=65_535)] = 0


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings, each with its default."""

    store: StoreSettings = StoreSettings()
    keyring: KeyringSettings = KeyringSettings()
    service: ServiceSettings = ServiceSettings()
    audit: AuditSettings = AuditSettings()
    budgets: BudgetSettings = BudgetSettings()
    reading: ReadingSettings = ReadingSettings()
    created_records: CreatedSettings = CreatedSettings()
    hook: HookSettings = HookSettings()
    metrics: MetricsSettings = MetricsSettings()
    # Other keys for the console's actions (`dyntui.service.contract.keymap`).
    keys: dict[str, str | list[str]] = {}


def read_config(profile: Profile) -> Config:
    """The profile's settings; the defaults where there is no file.

    Raises DyntuiError CONFIG_UNREADABLE, which names the file and the line.
    """
    file = profile.config_file
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return Config()
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(file, str(error)) from error
    try:
        return _settings(text)
    except ValueError as error:
        raise _unreadable(file, str(error)) from error


def check_config(content: bytes) -> None:
    """Raises DyntuiError CONFIG_UNREADABLE for settings of a backup that cannot be read any more."""
    try:
        _settings(content.decode("utf-8-sig"))
    except ValueError as error:
        raise DyntuiError(
            "CONFIG_UNREADABLE",
            f"config.toml of the backup cannot be read: {error}.",
            not_done="Nothing was put back.",
            remedy="Put the store back without --settings.",
        ) from error


def _settings(text: str) -> Config:
    """ValueError, with the line, for text that is no settings."""
    try:
        return msgspec.convert(tomllib.loads(text), Config)
    except msgspec.ValidationError as error:
        raise ValueError(_with_line(text, str(error))) from error
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def write_config(profile: Profile, config: Config) -> None:
    """Replaces the settings. A reader sees the old file or the new one, never part of one."""
    import tomli_w

    # Only what differs from the defaults is written, so that a default can still change with a new version.
    tables: dict[str, dict[str, object]] = {}
    default = Config()
    for table in Config.__struct_fields__:
        chosen, usual = msgspec.to_builtins(getattr(config, table)), msgspec.to_builtins(getattr(default, table))
        if different := {key: value for key, value in chosen.items() if value != usual.get(key)}:
            tables[table] = different
    write_private(profile.config_file, tomli_w.dumps(tables).encode())


def write_store_url(profile: Profile, url: str) -> None:
    """Names another store in the settings (`""`: the profile's own), and leaves everything else as somebody wrote it,
    remarks included. Raises DyntuiError CONFIG_UNREADABLE."""
    before = read_config(profile)
    wanted = msgspec.structs.replace(before, store=msgspec.structs.replace(before.store, url=url))
    if wanted == before:
        return
    try:
        text = _with_store_url(profile.config_file.read_text(encoding="utf-8-sig"), url)
        kept = _settings(text) == wanted
    except (FileNotFoundError, ValueError):
        # Tables can be written in more ways than one.
        kept = False
    if kept:
        write_private(profile.config_file, text.encode())
    else:
        write_config(profile, wanted)


def _with_store_url(text: str, url: str) -> str:
    import tomli_w

    line = tomli_w.dumps({"url": url}) if url else ""
    lines, found, inside = [], False, False
    for each in text.splitlines(keepends=True):
        if each.lstrip().startswith("["):
            inside = each.split("#")[0].strip() == "[store]"
        if not (inside and each.partition("=")[0].strip() == "url"):
            lines.append(each)
        if inside and not found:
            found = True
            lines.append(line)
    if not found and line:
        lines.append(f"\n[store]\n{line}" if text.endswith("\n") or not text else f"\n\n[store]\n{line}")
    return "".join(lines)


def write_private(file: Path, content: bytes) -> None:
    """Writes a file for its owner alone, whole or not at all, over a temporary file beside it."""
    descriptor, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        Path(temporary).replace(file)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _with_line(text: str, message: str) -> str:
    """The message with the line on which the key that msgspec names (`$.service.log_level`) stands."""
    path = message.rpartition("`$.")[2].rstrip("`").split(".") if "`$." in message else []
    unknown = message.partition("unknown field `")[2].partition("`")[0]
    wanted = [*path, unknown] if unknown else path
    table, key = (wanted[0] if len(wanted) > 1 else "", wanted[-1] if wanted else "")
    current = ""
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if stripped.startswith("["):
            current = stripped.strip("[] ")
            if key == current and not table:
                return f"{message} (line {number})"
        elif current == table and stripped.partition("=")[0].strip() == key:
            return f"{message} (line {number})"
    return message


def _unreadable(file: Path, why: str) -> DyntuiError:
    return DyntuiError(
        "CONFIG_UNREADABLE",
        f"{file} cannot be read: {why}.",
        not_done="Nothing was started, and the file was left as it is.",
        remedy="Correct the line, or move the file away to go on with the defaults.",
        exit=Exit.FAILED,
    )
