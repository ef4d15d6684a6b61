"""The log is a file of lines for people: what remote systems say cannot break out of it."""

from __future__ import annotations

import logging
import os
import re
import sys
import zipfile
from pathlib import Path

import httpx
import pytest

from dyntui.service import logfile, support_bundle
from dyntui.service.contract.health import Health
from dyntui.service.contract.session import Status
from dyntui.service.logfile import JournalFormatter, RedactingFormatter, to_the_journal
from dyntui.service.profile import open_profile

A_STATUS = Status(
    version="1",
    profile="default",
    process=1,
    started_on="",
    store="",
    checks=(),
    active_runs=0,
    held=0,
    dataverse_calls=0,
    dotdigital_calls=0,
)
HOSTILE = "\x1b]0;owned\x07\x1b[2J\r\n2026-01-01T00:00:00Z ERROR dyntui: forged \u202eline"


def written(record: logging.LogRecord) -> str:
    return RedactingFormatter("%(levelname)s %(message)s").format(record)


def record(text: str, exc_info: object = None) -> logging.LogRecord:
    return logging.LogRecord("dyntui", logging.WARNING, __file__, 1, "failed: %s", (text,), exc_info)  # type: ignore[arg-type]


def test_remote_text_can_neither_control_the_terminal_nor_forge_a_line() -> None:
    line = written(record(HOSTILE))
    assert "\n" not in line and line.isprintable()
    assert "forged" in line


def test_a_traceback_keeps_its_lines_and_nothing_else_of_the_text_in_it() -> None:
    try:
        raise ValueError(HOSTILE)
    except ValueError:
        text = written(record("x", sys.exc_info()))
    assert len(text.splitlines()) > 3
    assert all(line.isprintable() for line in text.split("\n"))


def test_the_journal_gets_the_level_of_every_line_and_the_time_from_nobody() -> None:
    form = JournalFormatter("%(name)s: %(message)s")
    assert form.format(record("x")) == "<4>dyntui: failed: x"
    try:
        raise ValueError(HOSTILE)
    except ValueError:
        lines = form.format(record("x", sys.exc_info())).split("\n")
    assert len(lines) > 3 and all(line.startswith("<4>") for line in lines)


def test_the_journal_is_known_by_the_stream_that_it_names(tmp_path: Path) -> None:
    with (tmp_path / "stream").open("w") as stream, (tmp_path / "other").open("w") as other:
        found = os.fstat(stream.fileno())
        told = {"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"}
        assert to_the_journal(stream.fileno(), told)
        assert not to_the_journal(other.fileno(), told)
        assert not to_the_journal(stream.fileno(), {})
        closed = other.fileno()
    assert not to_the_journal(closed, told)


def test_the_log_rotates_is_its_owners_alone_and_is_whole_for_support(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logfile, "MAX_BYTES", 2000)
    profile = open_profile("default", {"DYNTUI_HOME": str(tmp_path)})
    profile.log_file.parent.mkdir(parents=True)
    before = logging.getLogger().handlers[:]
    try:
        logfile.log_to(profile.log_file, "info")
        for number in range(200):
            logging.getLogger("dyntui.test").info("line %04d of many", number)
        logging.shutdown()
    finally:
        logging.getLogger().handlers[:] = before
    kept = sorted(profile.log_file.parent.glob(f"{profile.log_file.name}*"))
    assert len(kept) == 1 + logfile.KEPT and all(each.stat().st_size <= 2000 for each in kept)
    assert {each.stat().st_mode & 0o777 for each in kept} == {0o600}
    # What led up to now, also right after a rotation.
    bundle = tmp_path / "support.zip"
    health = Health(findings=(), looked_at=(), as_of="")
    support_bundle.write(bundle, profile, health, A_STATUS)
    with zipfile.ZipFile(bundle) as archive:
        told = archive.read("service.log").decode().splitlines()
    numbers = [int(line.split("line ")[1][:4]) for line in told]
    assert numbers == list(range(numbers[0], 200)) and len(told) == sum(
        len(each.read_text().splitlines()) for each in kept
    )


def test_the_log_that_tells_most_tells_of_requests_by_their_route(tmp_path: Path) -> None:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    file = tmp_path / "service.log"
    try:
        logfile.log_to(file, "debug")
        with httpx.Client(transport=httpx.MockTransport(lambda request: httpx.Response(204))) as client:
            client.post("https://hooks.example.com/services/T0/the-hooks-own-secret")
            client.get("https://r1-api.dotdigital.com/contacts/v3/email/ada%40example.org")
        logging.shutdown()
    finally:
        root.handlers[:] = before[0]
        root.setLevel(before[1])
        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.NOTSET)
    assert file.read_text() == ""


def test_what_goes_to_support_holds_no_secret_of_the_settings_and_no_address_of_a_request(tmp_path: Path) -> None:
    profile = open_profile("default", {"DYNTUI_HOME": str(tmp_path)})
    profile.prepare()
    profile.log_file.write_text("GET /contacts/v3/email/ada%2Bnews%40example.org, then ada+news@example.org again\n")
    bundle = tmp_path / "support.zip"
    for hook in (
        'url = "https://hooks.example.com/services/T0/the-secret"',
        "command = \"curl -H 'Authorization: Key the-secret' https://hooks.example.com\"",
    ):
        profile.config_file.write_text(
            f"""# the-secret, noted here
[store]
url = "postgresql://dyntui:the=secret,the-secret@db.example.com/dyntui?password=the-secret"
[hook]
{hook}
[audit]
keep_days = 90
"""
        )
        support_bundle.write(bundle, profile, Health(findings=(), looked_at=(), as_of=""), A_STATUS)
        with zipfile.ZipFile(bundle) as archive:
            config, log = archive.read("config.toml").decode(), archive.read("service.log").decode()
        assert "secret" not in config
        assert "keep_days = 90" in config
        assert "hooks.example.com" in config or '"curl ' in config
        assert "ada" not in log
        # One word for one address, however it is written.
        assert len(set(re.findall(r"person-\w+@masked", log))) == 1
    profile.config_file.write_text("[hook]\nurl = the-secret\n")
    support_bundle.write(bundle, profile, Health(findings=(), looked_at=(), as_of=""), A_STATUS)
    with zipfile.ZipFile(bundle) as archive:
        assert "secret" not in archive.read("config.toml").decode()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
def test_a_line_that_cannot_be_written_is_told_of_without_what_is_in_it(capfd: pytest.CaptureFixture[str]) -> None:
    handler = logfile.PrivateFile("/dev/full")
    handler.setFormatter(RedactingFormatter("%(message)s"))

    handler.handle(record("client_secret=hush-hush"))

    told = capfd.readouterr().err
    assert told == "A line of the log could not be written: OSError.\n"
