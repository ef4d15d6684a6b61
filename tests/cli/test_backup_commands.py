"""`dyntui backup`: a store is put back as it was, and nothing in it begins by itself afterwards."""

from __future__ import annotations

import json
import resource
import shutil
import sqlite3
import sys
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from dyntui.model.backups import Backup
from dyntui.model.consent_sources import MARKETING
from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import RunStatus
from dyntui.service.config import read_config
from dyntui.service.contract.backups import BACKUP_MAKE, BACKUPS_LIST, Backups, MakeBackup
from dyntui.service.lock import only_service
from dyntui.service.profile import Profile
from dyntui.store import backups, consent_sources, environment, runs, watermarks
from dyntui.store.database import open_store
from dyntui.store.runs import NewRun
from dyntui.store.schema import send
from tests.cli.conftest import Done
from tests.cli.scripted_service import ScriptedService
from tests.empty_store import lay_empty_store

NOW = "2026-11-22T12:00:00Z"
Cli = Callable[..., Done]


def store_at_work(profile: Profile) -> Path:
    """Its run is queued, one send waits for its hour and another has begun."""
    file = profile.data / "dyntui.db"
    lay_empty_store(file)
    with closing(open_store(profile.store_url)) as opened, opened.write() as c:
        watermarks.put(c, "account", "feed", "as it was")
        runs.create(c, NewRun(id="r-1", kind="lists", title="Lists", account_id="a", sync_key="lists a", queued_on=NOW))
        for number, state in enumerate(("Scheduled", "Preparing", "Sent")):
            values = {"id": f"s-{number}", "campaign_id": 7, "state": state, "lists": [], "list_ids": []}
            c.execute(insert(send).values(values))
    return file


def changed(profile: Profile) -> None:
    with closing(open_store(profile.store_url)) as opened, opened.write() as c:
        watermarks.put(c, "account", "feed", "changed")


def test_a_store_is_put_back_and_nothing_in_it_begins_by_itself(profile: Profile, dyntui: Cli, tmp_path: Path) -> None:
    file = store_at_work(profile)
    profile.config_file.write_text("[audit]\nkeep_days = 90\n")
    made = backups.make(file, "by hand", NOW, {"config.toml": profile.config_file.read_bytes()})
    profile.config_file.write_text("[audit]\nkeep_days = 3\n")
    archive = backups.folder_of(file) / f"{made.name}.zip"
    assert made.name == "20261122T120000Z-by-hand" and archive.stat().st_mode & 0o777 == 0o600
    changed(profile)

    assert "CONFIRMATION_MISSING" in dyntui("backup", "restore", made.name).err
    with only_service(profile):
        assert dyntui("backup", "restore", made.name, "--yes").code == 7
    (tmp_path / "none.zip").write_bytes(archive.read_bytes()[:5000])
    assert "BACKUP_UNREADABLE" in dyntui("backup", "restore", str(tmp_path / "none.zip"), "--yes").err
    assert "BACKUP_UNREADABLE" in dyntui("backup", "restore", "nothing", "--yes").err

    done = dyntui("backup", "restore", made.name, "--yes", "--json")
    assert done.code == 0, done.err
    told = json.loads(done.out)
    assert told["at_rest"] == {"runs": 1, "sends": 2} and told["settings"] is False
    assert "keep_days = 3" in profile.config_file.read_text()
    with closing(open_store(profile.store_url)) as opened, opened.read() as c:
        assert watermarks.get(c, "account", "feed") == "as it was"
        run = runs.get(c, "r-1")
        assert run is not None and (run.status, run.error_code) == (RunStatus.FAILED, "STORE_PUT_BACK")
        states = c.execute(select(send.c.state, send.c.doubt).order_by(send.c.id)).all()
    assert [tuple(each) for each in states] == [("Cancelled", ""), ("Failed", "unproved"), ("Sent", "")]

    # And back again; from anywhere, with the settings.
    again = dyntui("backup", "restore", told["kept"], "--yes")
    assert again.code == 0, again.err
    with closing(open_store(profile.store_url)) as opened, opened.read() as c:
        assert watermarks.get(c, "account", "feed") == "changed"
    elsewhere = shutil.copy(archive, tmp_path / "elsewhere.zip")
    assert dyntui("backup", "restore", str(elsewhere), "--yes", "--settings").code == 0
    assert "keep_days = 90" in profile.config_file.read_text()
    assert sorted(each.name for each in profile.data.iterdir()) == ["backups", "dyntui.db", "dyntui.db.lock"]


def test_a_backup_that_this_version_cannot_open_changes_nothing(profile: Profile, dyntui: Cli, tmp_path: Path) -> None:
    file = store_at_work(profile)
    with closing(sqlite3.connect(file)) as c:
        c.execute("UPDATE store_version SET version_num = '9999'")
        c.commit()
    newer = backups.make(file, "newer", NOW)
    with closing(sqlite3.connect(file)) as c:
        c.execute("UPDATE store_version SET version_num = '0001'")
        c.commit()
        before = list(c.iterdump())
    assert "STORE_NEWER" in dyntui("backup", "restore", newer.name, "--yes").err
    with closing(sqlite3.connect(file)) as c:
        assert list(c.iterdump()) == before
    assert not list(profile.data.glob(".*"))


def test_what_is_marked_as_not_production_stays_so_whatever_is_put_back(profile: Profile, dyntui: Cli) -> None:
    file = store_at_work(profile)
    with closing(open_store(profile.store_url)) as opened, opened.write() as c:
        environment.allow(c, ["@real.example", "me@test.example"], "Ann", NOW)
    made = backups.make(file, "by hand", NOW)
    with closing(open_store(profile.store_url)) as opened, opened.write() as c:
        environment.mark(c, "", "Ann", NOW)
        environment.disallow(c, ["@real.example"])
    done = dyntui("backup", "restore", made.name, "--yes")
    assert done.code == 0 and "marked as not production, as until now" in done.err
    with closing(open_store(profile.store_url)) as opened, opened.read() as c:
        assert watermarks.get(c, "account", "feed") == "as it was"
        assert [(each.account_id, each.marked_by) for each in environment.marks(c)] == [("", "Ann")]
        assert [each.entry for each in environment.allow_list(c)] == ["me@test.example"]


def test_a_send_that_dotdigital_has_is_not_forgotten_by_putting_a_backup_back(profile: Profile, dyntui: Cli) -> None:
    file = store_at_work(profile)
    before = backups.make(file, "before", NOW)
    with closing(open_store(profile.store_url)) as opened, opened.write() as c:
        c.execute(update(send).where(send.c.id == "s-0").values(state="Handed over", campaign_name="Spring"))
    after = backups.make(file, "after", NOW)

    refused = dyntui("backup", "restore", before.name, "--yes")
    assert refused.code == 1 and "HANDED_SEND_FORGOTTEN" in refused.err and "Spring (s-0)" in refused.err
    with closing(open_store(profile.store_url)) as opened, opened.read() as c:
        assert c.execute(select(send.c.state).where(send.c.id == "s-0")).scalar_one() == "Handed over"
    # One that knows it has it looked after.
    assert dyntui("backup", "restore", after.name, "--yes").code == 0
    with closing(open_store(profile.store_url)) as opened, opened.write() as c:
        assert c.execute(select(send.c.state).where(send.c.id == "s-0")).scalar_one() == "Handed over"
        c.execute(update(send).where(send.c.id == "s-0").values(state="Sent"))
    assert dyntui("backup", "restore", before.name, "--yes").code == 0


def test_what_counted_as_an_opt_out_counts_whatever_is_put_back(profile: Profile, dyntui: Cli) -> None:
    file = store_at_work(profile)
    with closing(open_store(profile.store_url)) as opened, opened.write() as c:
        consent_sources.put_answer(c, ())
    made = backups.make(file, "by hand", NOW)
    with closing(open_store(profile.store_url)) as opened, opened.write() as c:
        consent_sources.put_answer(c, (MARKETING,))
    assert dyntui("backup", "restore", made.name, "--yes").code == 0
    with closing(open_store(profile.store_url)) as opened, opened.read() as c:
        assert consent_sources.answer(c) == (MARKETING,)


def test_settings_that_are_put_back_name_no_other_store(profile: Profile, dyntui: Cli, tmp_path: Path) -> None:
    file = store_at_work(profile)
    elsewhere = f'[store]\nurl = "sqlite:///{tmp_path / "moved.db"}"\n\n[audit]\nkeep_days = 90\n'
    made = backups.make(file, "by hand", NOW, {"config.toml": elsewhere.encode()})
    assert dyntui("backup", "restore", made.name, "--yes", "--settings").code == 0
    config = read_config(profile)
    assert (config.store.url, config.audit.keep_days) == ("", 90)


def is_no_database(file: Path) -> None:
    file.write_bytes(b"this is not a database. " * 2000)


def has_lost_its_end(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:9000])


def has_lost_everything(file: Path) -> None:
    file.write_bytes(b"")


def lose_table(file: Path, table: str) -> None:
    """The page where its rows begin is overwritten."""
    with closing(sqlite3.connect(file)) as c:
        c.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        root, size = (
            c.execute(f"SELECT rootpage FROM sqlite_master WHERE name = '{table}'").fetchone()[0],
            c.execute("PRAGMA page_size").fetchone()[0],
        )
    with file.open("r+b") as opened:
        opened.seek((root - 1) * size)
        opened.write(b"\xff" * size)


@pytest.mark.parametrize("damaged", [is_no_database, has_lost_its_end, has_lost_everything])
def test_a_backup_takes_the_place_of_a_store_that_is_damaged(
    profile: Profile, dyntui: Cli, damaged: Callable[[Path], None]
) -> None:
    file = store_at_work(profile)
    made = backups.make(file, "by hand", NOW)
    damaged(file)
    there = file.read_bytes()
    done = dyntui("backup", "restore", made.name, "--yes", "--json")
    assert done.code == 0, done.err
    told = json.loads(done.out)
    assert told["kept"] == "" and Path(told["aside"]).read_bytes() == there
    with closing(open_store(profile.store_url)) as opened, opened.read() as c:
        assert watermarks.get(c, "account", "feed") == "as it was"


@pytest.mark.parametrize("damaged", [is_no_database, has_lost_its_end, has_lost_everything, Path.unlink])
def test_what_a_damaged_store_can_not_tell_is_said_before_a_backup_takes_its_place(
    profile: Profile, dyntui: Cli, damaged: Callable[[Path], None]
) -> None:
    file = store_at_work(profile)
    made = backups.make(file, "by hand", NOW)
    with closing(open_store(profile.store_url)) as opened, opened.write() as c:
        environment.mark(c, "", "Ann", NOW)
        c.execute(update(send).where(send.c.id == "s-0").values(state="Handed over", campaign_name="Spring"))
    damaged(file)
    asked = dyntui("backup", "restore", made.name)
    assert "CONFIRMATION_MISSING" in asked.err
    done = dyntui("backup", "restore", made.name, "--yes", "--json")
    assert done.code == 0, done.err
    for said in (asked.err, done.err):
        assert "`dyntui environment not-production`" in said and "Campaigns > Email > Outbox" in said
        assert "`dyntui suppressions sources`" in said
    assert json.loads(done.out)["unread"] == ["environment", "opt-outs", "handed sends"]


def test_what_can_be_read_of_a_damaged_store_is_kept(profile: Profile, dyntui: Cli) -> None:
    file = store_at_work(profile)
    made = backups.make(file, "by hand", NOW)
    with closing(open_store(profile.store_url)) as opened, opened.write() as c:
        environment.mark(c, "", "Ann", NOW)
        consent_sources.put_answer(c, (MARKETING,))
    lose_table(file, "send")
    done = dyntui("backup", "restore", made.name, "--yes", "--json")
    assert done.code == 0, done.err
    told = json.loads(done.out)
    assert told["unread"] == ["handed sends"] and told["still_marked"]
    assert "Outbox" in done.err and "not-production" not in done.err
    with closing(open_store(profile.store_url)) as opened, opened.read() as c:
        assert [each.account_id for each in environment.marks(c)] == [""]


def test_an_answer_that_is_no_answer_any_more_is_said_not_to_be_kept(profile: Profile, dyntui: Cli) -> None:
    file = store_at_work(profile)
    made = backups.make(file, "by hand", NOW)
    with closing(open_store(profile.store_url)) as opened, opened.write() as c:
        watermarks.put(c, "", consent_sources.ANSWER, "[marke")
    done = dyntui("backup", "restore", made.name, "--yes", "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["unread"] == ["opt-outs"]


def test_nothing_is_said_of_a_store_that_can_be_read(profile: Profile, dyntui: Cli) -> None:
    made = backups.make(store_at_work(profile), "by hand", NOW)
    done = dyntui("backup", "restore", made.name, "--yes", "--json")
    assert done.code == 0 and json.loads(done.out)["unread"] == []
    assert "not-production" not in done.err and "Outbox" not in done.err


def test_a_store_that_is_damaged_is_not_copied_and_said_to_be_so(profile: Profile) -> None:
    file = store_at_work(profile)
    is_no_database(file)
    with pytest.raises(DyntuiError, match="STORE_CORRUPT") as damage:
        backups.make(file, "by hand", NOW)
    assert "`dyntui backup list`" in damage.value.remedy
    # Setting up anew does not know it either.
    assert "not production" in damage.value.remedy
    assert list(backups.folder_of(file).iterdir()) == []


def test_backups_are_listed_where_no_service_can_open_the_store(profile: Profile, dyntui: Cli) -> None:
    file = store_at_work(profile)
    made = backups.make(file, "by hand", NOW)
    is_no_database(file)
    listed = dyntui("backup", "list", "--json")
    assert listed.code == 0, listed.err
    assert [each["name"] for each in json.loads(listed.out)["rows"]] == [made.name]


def test_dyntui_keeps_ten_of_its_own_and_all_that_somebody_made(profile: Profile) -> None:
    file = store_at_work(profile)
    backups.make(file, "by hand", "2026-01-01T00:00:00Z")
    for day in range(1, 14):
        backups.make(file, "before an import", f"2026-11-{day:02}T12:00:00Z", automatic=True)
    same_moment = [backups.make(file, "x", NOW).name for _ in range(2)]
    found = backups.found(backups.folder_of(file))
    assert same_moment == ["20261122T120000Z-x", "20261122T120000Z-x-2"]
    assert len([each for each in found if each.automatic]) == 10 and found[-1].made_on.startswith("2026-01-01")
    with zipfile.ZipFile(backups.folder_of(file) / f"{same_moment[0]}.zip") as archive:
        assert archive.namelist() == ["dyntui.db", "backup.json"]


def test_what_is_put_back_stays_a_backup_and_is_copied_no_second_time(profile: Profile, dyntui: Cli) -> None:
    file = store_at_work(profile)
    with closing(sqlite3.connect(file)) as c:
        c.execute("UPDATE store_version SET version_num = '0075'")
        c.execute("ALTER TABLE shadow DROP COLUMN changed_on")
        c.commit()
    for day in range(1, 11):
        backups.make(file, "before an import", f"2026-11-{day:02}T12:00:00Z", automatic=True)
    oldest = backups.found(backups.folder_of(file))[-1].name
    for _ in range(2):
        assert dyntui("backup", "restore", oldest, "--yes").code == 0
    reasons = [each.reason for each in backups.found(backups.folder_of(file))]
    assert reasons == ["before a restore"] * 2 + ["before an import"] * 9


def test_backups_are_made_and_listed_by_the_service(dyntui: Cli, service: ScriptedService) -> None:
    row = Backup(name="b-1", made_on=NOW, reason="before it", automatic=True, revision="0001", size=2_500_000)
    service.answers(BACKUP_MAKE, row)
    service.answers(BACKUPS_LIST, Backups(folder="/data/backups", rows=(row,)))
    assert "b-1, 2.5 MB" in dyntui("backup", "create", "--reason", "before it").err
    assert service.requests(BACKUP_MAKE) == [MakeBackup(reason="before it")]
    listed = dyntui("backup", "list")
    assert "dyntui itself" in listed.out and "/data/backups" in listed.err


def test_an_archive_that_is_damaged_anywhere_is_named_as_such_and_passed_over_in_lists(
    profile: Profile, dyntui: Cli
) -> None:
    file = store_at_work(profile)
    folder = backups.folder_of(file)
    whole = backups.make(file, "whole", NOW)
    damaged = backups.make(file, "damaged", NOW)
    archive = folder / f"{damaged.name}.zip"
    content = archive.read_bytes()
    with zipfile.ZipFile(archive) as opened:
        ends = opened.start_dir
    seen: set[str] = set()
    for place in (*range(60, ends, ends // 40), *range(ends - 120, ends)):
        archive.write_bytes(content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :])
        assert whole.name in [each.name for each in backups.found(folder)], place
        try:
            backups.unpack(archive, profile.data / f"unpacked-{place}")
        except DyntuiError as error:
            seen.add(error.code)
    assert seen == {"BACKUP_UNREADABLE"}


def test_a_full_disk_is_not_called_a_damaged_backup(
    profile: Profile, dyntui: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = store_at_work(profile)
    made = backups.make(file, "by hand", NOW)
    changed(profile)
    before = file.read_bytes()
    # What is loaded under the limit would be kept compiled in part.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file.stat().st_size // 2, hard))
    try:
        done = dyntui("backup", "restore", made.name, "--yes")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert done.code == 1 and "BACKUP_NOT_PUT_BACK" in done.err and "File too large" in done.err
    assert file.read_bytes() == before
    assert not list(profile.data.glob(".*"))


def test_settings_that_cannot_be_read_are_refused_before_anything_is_put_back(profile: Profile, dyntui: Cli) -> None:
    file = store_at_work(profile)
    profile.config_file.write_text("[audit]\nkeep_days = 3\n")
    made = backups.make(file, "by hand", NOW, {"config.toml": b"[audit]\nkept_for = 90\n"})
    changed(profile)
    done = dyntui("backup", "restore", made.name, "--yes", "--settings")
    assert done.code == 1 and "CONFIG_UNREADABLE" in done.err and "kept_for" in done.err
    assert "without --settings" in done.err
    assert read_config(profile).audit.keep_days == 3
    with closing(open_store(profile.store_url)) as opened, opened.read() as c:
        assert watermarks.get(c, "account", "feed") == "changed"


def test_a_reason_of_any_length_is_kept_and_the_file_gets_a_name_that_fits(profile: Profile) -> None:
    file = store_at_work(profile)
    reason = "before the great clearing of everything " * 20
    made = backups.make(file, reason, NOW)
    assert [(each.name, each.reason) for each in backups.found(backups.folder_of(file))] == [(made.name, reason)]
