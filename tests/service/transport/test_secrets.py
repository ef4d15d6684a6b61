"""Where secrets are kept, and that they appear nowhere else."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import logging
import stat
import threading
from pathlib import Path

import keyring.backend
import keyring.errors
import pytest

from dyntui.model.errors import DyntuiError
from dyntui.service import encrypted_file
from dyntui.service.config import Config, KeyringSettings
from dyntui.service.logfile import log_to
from dyntui.service.profile import Profile
from dyntui.service.redaction import hide, redact
from dyntui.service.secret_store import Memory, SecretStore, open_secrets
from dyntui.service.system_keyring import SystemKeyring

NAME = "organisation/client-secret"

# Seconds that a process which does not lock is waited for.
_PATIENCE = 5.0


def with_passphrase(profile: Profile, passphrase: str = "correct horse") -> SecretStore:
    return open_secrets(profile, Config(), {"DYNTUI_KEYRING_PASSPHRASE": passphrase})


async def test_an_encrypted_file_gives_its_secrets_to_the_next_service_with_the_passphrase(profile: Profile):
    await with_passphrase(profile).set(NAME, "s3cret-value")

    assert await with_passphrase(profile).get(NAME) == "s3cret-value"
    assert await with_passphrase(profile).get("another") is None


async def test_the_encrypted_file_shows_neither_secret_nor_name_and_is_its_owners_alone(profile: Profile):
    await with_passphrase(profile).set(NAME, "s3cret-value")

    content = profile.secrets_file.read_bytes()
    assert b"s3cret-value" not in content
    assert b"client-secret" not in content
    assert stat.S_IMODE(profile.secrets_file.stat().st_mode) == 0o600


async def test_a_wrong_passphrase_opens_nothing_and_destroys_nothing(profile: Profile):
    await with_passphrase(profile).set(NAME, "s3cret-value")
    before = profile.secrets_file.read_bytes()

    for attempt in (
        with_passphrase(profile, "wrong").get(NAME),
        with_passphrase(profile, "wrong").set(NAME, "other-value"),
    ):
        with pytest.raises(DyntuiError, match="KEYRING_PASSPHRASE_WRONG"):
            await attempt
    assert profile.secrets_file.read_bytes() == before


async def test_a_forgotten_secret_is_gone_and_the_others_stay(profile: Profile):
    store = with_passphrase(profile)
    await store.set(NAME, "s3cret-value")
    await store.set("account/1", "other-value")
    await store.delete(NAME)
    await store.delete(NAME)

    assert await store.get(NAME) is None
    assert await store.get("account/1") == "other-value"


@pytest.mark.parametrize("kept_in", ["memory", "file"])
async def test_what_is_kept_in_place_of_another_takes_no_third_ones_place(profile: Profile, kept_in: str):
    environ = {"DYNTUI_KEYRING": kept_in, "DYNTUI_KEYRING_PASSPHRASE": "correct horse"}
    store = open_secrets(profile, Config(), environ)
    await store.set(NAME, "first-value")
    await store.set(NAME, "renewed-value", instead_of="first-value")
    assert await store.get(NAME) == "renewed-value"
    await store.set(NAME, "replaced-value")
    await store.set(NAME, "renewed-again", instead_of="renewed-value")
    assert await store.get(NAME) == "replaced-value"
    await store.delete(NAME)
    await store.set(NAME, "renewed-again", instead_of="replaced-value")
    assert await store.get(NAME) is None


async def test_two_processes_that_keep_something_at_once_lose_nothing(
    profile: Profile, monkeypatch: pytest.MonkeyPatch
):
    begun, waits, write, lock = threading.Event(), threading.Event(), encrypted_file.write_private, fcntl.flock

    def once_another_waits(file: Path, content: bytes) -> None:
        if not begun.is_set():
            begun.set()
            waits.wait(_PATIENCE)
        write(file, content)

    def locking(descriptor: int, how: int) -> None:
        if begun.is_set():
            waits.set()
        lock(descriptor, how)

    monkeypatch.setattr(encrypted_file, "write_private", once_another_waits)
    monkeypatch.setattr(encrypted_file.fcntl, "flock", locking)
    first = asyncio.create_task(with_passphrase(profile).set(NAME, "renewed-value"))
    await asyncio.to_thread(begun.wait)
    await with_passphrase(profile).set("account/1", "replaced-value")
    await first
    store = with_passphrase(profile)
    assert (await store.get(NAME), await store.get("account/1")) == ("renewed-value", "replaced-value")


async def test_a_file_that_cannot_be_written_or_read_is_told_and_nothing_is_lost(
    profile: Profile, monkeypatch: pytest.MonkeyPatch
):
    await with_passphrase(profile).set(NAME, "s3cret-value")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch, pytest.raises(DyntuiError, match="KEYRING_REFUSED") as raised:
        patch.setattr(encrypted_file, "write_private", full)
        await with_passphrase(profile).set(NAME, "other-value")
    assert "No space left on device" in raised.value.message and str(profile.secrets_file.parent) in raised.value.remedy
    assert await with_passphrase(profile).get(NAME) == "s3cret-value"
    profile.secrets_file.unlink()
    profile.secrets_file.mkdir()
    with pytest.raises(DyntuiError, match="KEYRING_REFUSED"):
        await with_passphrase(profile).get(NAME)


class Slow(Memory):
    """A keyring that answers once it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.answers = threading.Event()

    def get(self, name: str) -> str | None:
        assert self.answers.wait(_PATIENCE * 4)
        return f"secret of {name}"


async def turns() -> None:
    """Whoever could go on meanwhile has."""
    for _ in range(20):
        await asyncio.to_thread(int)


async def test_the_service_and_its_runs_ask_at_once_each_on_an_event_loop_of_its_own():
    keyring_ = Slow()
    secrets = SecretStore(keyring_, {})

    async def of_a_run() -> str | None:
        asking = asyncio.create_task(secrets.get(NAME))
        await turns()
        keyring_.answers.set()
        return await asking

    of_the_service = [asyncio.create_task(secrets.get(NAME)) for _ in range(2)]
    await turns()
    answers = [await asyncio.to_thread(asyncio.run, of_a_run()), *await asyncio.gather(*of_the_service)]
    assert answers == [f"secret of {NAME}"] * 3


async def test_without_any_keyring_the_alternatives_are_named(profile: Profile):
    store = open_secrets(profile, Config(keyring=KeyringSettings(backend="file")), {})
    with pytest.raises(DyntuiError) as raised:
        await store.set(NAME, "s3cret-value")

    assert raised.value.code == "KEYRING_UNAVAILABLE"
    for way in ("DYNTUI_KEYRING_PASSPHRASE", "DYNTUI_SECRET_ORGANISATION_CLIENT_SECRET", "systemd"):
        assert way in raised.value.remedy
    assert "s3cret-value" not in str(raised.value) + raised.value.remedy


async def test_a_secret_from_the_environment_is_used_and_never_kept(profile: Profile):
    store = open_secrets(
        profile,
        Config(keyring=KeyringSettings(backend="file")),
        {"DYNTUI_SECRET_ORGANISATION_CLIENT_SECRET": "given-value"},
    )
    await store.set(NAME, "given-value")

    assert await store.get(NAME) == "given-value"
    assert not profile.secrets_file.exists()


@pytest.mark.parametrize("backend", ["file", "memory"])
async def test_a_secret_that_the_environment_provides_otherwise_is_not_kept_in_vain(profile: Profile, backend: str):
    store = open_secrets(
        profile,
        Config(keyring=KeyringSettings(backend=backend)),
        {"DYNTUI_SECRET_ORGANISATION_CLIENT_SECRET": "old-value"},
    )
    for attempt in (store.check(NAME, "new-value"), store.set(NAME, "new-value")):
        with pytest.raises(DyntuiError, match="SECRET_PROVIDED") as raised:
            await attempt
        assert "DYNTUI_SECRET_ORGANISATION_CLIENT_SECRET" in raised.value.message
    assert await store.get(NAME) == "old-value"


async def test_a_systemd_credential_is_used(profile: Profile, tmp_path: Path):
    (tmp_path / "dyntui.organisation_client_secret").write_text("credential-value\n")
    store = open_secrets(profile, Config(), {"CREDENTIALS_DIRECTORY": str(tmp_path), "DYNTUI_KEYRING": "memory"})

    assert await store.get(NAME) == "credential-value"


async def test_memory_keeps_a_secret_for_this_process(profile: Profile):
    store = open_secrets(profile, Config(), {"DYNTUI_KEYRING": "memory"})
    await store.set(NAME, "s3cret-value")

    assert await store.get(NAME) == "s3cret-value"
    assert list(profile.data.iterdir()) == []


class Desktop(keyring.backend.KeyringBackend):
    """A desktop's keyring; locked, it refuses like the Secret Service does."""

    priority = 5
    name = "Desktop"

    def __init__(self) -> None:
        self.secrets: dict[tuple[str, str], str] = {}
        self.locked = False

    def get_password(self, service: str, username: str) -> str | None:
        if self.locked:
            raise keyring.errors.KeyringLocked("locked")
        return self.secrets.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.locked:
            raise keyring.errors.KeyringLocked("locked")
        self.secrets[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.secrets[service, username]


async def test_the_systems_keyring_is_used_where_one_works(profile: Profile, monkeypatch: pytest.MonkeyPatch):
    desktop = Desktop()
    monkeypatch.setattr(keyring, "get_keyring", lambda: desktop)
    store = open_secrets(profile, Config(), {})
    await store.set(NAME, "s3cret-value")

    assert desktop.secrets == {("dyntui/tiny", NAME): "s3cret-value"}
    assert await store.get(NAME) == "s3cret-value"
    await store.delete(NAME)
    await store.delete(NAME)
    assert desktop.secrets == {}


async def test_a_keyring_that_locks_itself_is_named(profile: Profile, monkeypatch: pytest.MonkeyPatch):
    desktop = Desktop()
    monkeypatch.setattr(keyring, "get_keyring", lambda: desktop)
    store = open_secrets(profile, Config(), {})
    desktop.locked = True

    with pytest.raises(DyntuiError, match="KEYRING_REFUSED"):
        await store.get(NAME)
    with pytest.raises(DyntuiError, match="KEYRING_REFUSED"):
        await store.answers()
    desktop.locked = False
    await store.answers()
    assert await store.get(NAME) is None


async def test_a_keyring_that_is_locked_at_the_start_is_used_once_it_is_not(
    profile: Profile, monkeypatch: pytest.MonkeyPatch
):
    desktop = Desktop()
    desktop.locked = True
    monkeypatch.setattr(keyring, "get_keyring", lambda: desktop)
    store = open_secrets(profile, Config(), {})
    with pytest.raises(DyntuiError, match="KEYRING_REFUSED"):
        await store.answers()
    desktop.locked = False
    await store.answers()
    await store.set(NAME, "s3cret-value")
    assert desktop.secrets == {("dyntui/tiny", NAME): "s3cret-value"}


async def test_a_keyring_that_answers_with_an_error_of_its_own_is_none(
    profile: Profile, monkeypatch: pytest.MonkeyPatch
):
    def broken(self: Desktop, service: str, username: str) -> str | None:
        raise RuntimeError("the bus is gone")

    monkeypatch.setattr(Desktop, "get_password", broken)
    monkeypatch.setattr(keyring, "get_keyring", Desktop)
    assert SystemKeyring.find("dyntui/tiny") is None
    assert open_secrets(profile, Config(), {}).label == ""


async def test_a_secret_that_passed_through_the_store_never_reaches_the_log(profile: Profile):
    log_to(profile.log_file, "info")
    await open_secrets(profile, Config(), {"DYNTUI_KEYRING": "memory"}).set(NAME, "Zq8-passed-through")
    try:
        raise ValueError("the remote said Zq8-passed-through")
    except ValueError:
        logging.getLogger("dyntui.test").exception("call with %s failed", "Zq8-passed-through")
    logging.shutdown()

    logged = profile.log_file.read_text()
    assert "ValueError: the remote said [redacted]" in logged
    assert "Zq8" not in logged
    assert stat.S_IMODE(profile.log_file.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer eyJ0eXAiOiJKV1QiLCJhbGciOi",
        "authorization: basic dXNlcjpwYXNzd29yZA==",
        "client_secret=eyJ0eXAiOiJKV1Qi&scope=x",
        '{"access_token": "eyJ0eXAiOiJKV1Qi", "expires_in": 3599}',
        "{'api_password': 'eyJ0eXAiOiJKV1Qi'}",
        "postgresql://dyntui:eyJ0eXAiOiJKV1Qi@db/dyntui",
    ],
)
def test_what_looks_like_a_secret_is_masked(text: str):
    masked = redact(text)

    assert "[redacted]" in masked
    assert "eyJ0" not in masked
    assert "dXNlcjpw" not in masked


def test_ordinary_words_are_left_alone():
    hide("of")
    text = "12 of 3,401 people; https://example.crm4.dynamics.com:443/api; basic question; password reset asked"

    assert redact(text) == text


@pytest.mark.parametrize("named", ["no.such.Backend", "keyring.backends.null.NoSuch", "nonsense", ""])
def test_a_keyring_named_in_the_environment_that_cannot_be_loaded_is_named_with_its_variable(
    named: str, profile: Profile, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("keyring.core._keyring_backend", None)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", named)
    with pytest.raises(DyntuiError, match="KEYRING_UNUSABLE") as raised:
        open_secrets(profile, Config(), {})
    assert f"PYTHON_KEYRING_BACKEND names the keyring {named!r}" in raised.value.message
