"""Where a profile keeps its things, and its settings."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

import msgspec
import pytest
from platformdirs.unix import Unix

from dyntui.model.errors import DyntuiError, Exit
from dyntui.service.config import (
    AuditSettings,
    Config,
    KeyringSettings,
    ServiceSettings,
    StoreSettings,
    read_config,
    write_config,
    write_store_url,
)
from dyntui.service.profile import SOCKET_PATH_LIMIT, Profile, open_profile


def test_every_directory_is_its_owners_alone(profile: Profile):
    for directory in (profile.config, profile.data, profile.state, profile.runtime):
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_a_directory_that_others_could_read_is_closed_to_them(profile: Profile):
    profile.data.chmod(0o755)
    profile.prepare()

    assert stat.S_IMODE(profile.data.stat().st_mode) == 0o700


def test_a_link_in_place_of_a_directory_is_refused(profile: Profile, tmp_path: Path):
    profile.runtime.rmdir()
    profile.runtime.symlink_to(tmp_path)

    with pytest.raises(DyntuiError, match="PROFILE_NOT_PRIVATE"):
        profile.prepare()


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path):
    (tmp_path / "file").write_text("")
    profile = open_profile("x", {"DYNTUI_HOME": str(tmp_path / "file")})

    with pytest.raises(DyntuiError, match="PROFILE_NOT_WRITABLE") as raised:
        profile.prepare()
    assert str(tmp_path / "file") in raised.value.message


def test_profiles_have_nothing_in_common(tmp_path: Path):
    environ = {"DYNTUI_HOME": str(tmp_path)}
    one, other = open_profile("one", environ), open_profile("other", environ)

    assert {one.config, one.data, one.state, one.runtime}.isdisjoint(
        {other.config, other.data, other.state, other.runtime}
    )


@pytest.mark.parametrize("name", ["", "..", "a/b", ".hidden", "-x", "a b", "x" * 65, "nul\0"])
def test_a_name_that_could_leave_the_profiles_directory_is_refused(name: str):
    with pytest.raises(DyntuiError) as raised:
        open_profile(name, {"DYNTUI_HOME": "/nowhere"})

    assert raised.value.exit is Exit.USAGE


def test_a_long_path_gets_a_short_socket_that_every_client_finds(tmp_path: Path):
    environ = {"DYNTUI_HOME": str(tmp_path / ("x" * 120))}
    profile = open_profile("deep", environ)

    assert len(os.fsencode(profile.socket)) < SOCKET_PATH_LIMIT
    assert open_profile("deep", environ).socket == profile.socket
    assert open_profile("deeper", environ).socket != profile.socket


def test_without_a_home_of_its_own_the_platforms_directories_are_used():
    profile = open_profile("default", {})

    assert profile.config.parts[-2:] == ("dyntui", "default")
    assert len({profile.config, profile.data, profile.state, profile.runtime}) == 4


def test_where_the_system_made_no_directory_for_the_session_the_socket_has_one_place_however_often_it_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(Unix, "_default_runtime_dir", Unix._temp_runtime_dir)
    tmp_path.joinpath(f"runtime-{os.getuid()}").mkdir(mode=0o700)

    first, second = open_profile("default", {}), open_profile("default", {})

    assert first.socket == second.socket
    assert tmp_path not in first.socket.parents


def test_settings_are_the_defaults_until_there_is_a_file(profile: Profile):
    assert read_config(profile) == Config()


def test_settings_come_back_as_they_were_written(profile: Profile):
    config = Config(
        store=StoreSettings(url="postgresql://db/dyntui"),
        keyring=KeyringSettings(backend="file"),
        service=ServiceSettings(idle_seconds=5.0),
        audit=AuditSettings(keep_days="for ever"),
    )
    write_config(profile, config)

    assert read_config(profile) == config
    assert stat.S_IMODE(profile.config_file.stat().st_mode) == 0o600
    assert [file.name for file in profile.config.iterdir()] == ["config.toml"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[service\n", "line 1"),
        ("[service]\nidle_seconds = soon\n", "line 2"),
        ("[service]\nidle_seconds = -5\n", "line 2"),
        # From the folder of each process it would be another file, and in memory nothing would be kept.
        ('[audit]\n[store]\nurl = "sqlite:///store.db"\n', "line 2"),
        ('[store]\nurl = "sqlite://"\n', "line 1"),
        ("[service]\nidle_seconds = nan\n", "line 2"),
        ('[store]\nurl = "x"\n[service]\n\nidle_seconds = "soon"\n', "line 5"),
        ('[store]\nurl = "x"\nurll = "y"\n', "line 3"),
        ("[servce]\n", "line 1"),
        ("[audit]\nkeep_days = 0\n", "line 2"),
        ('[audit]\nkeep_days = "long"\n', "line 2"),
        ('[audit]\n[created_records]\ntopic = "From {lists}"\n', "line 2"),
    ],
)
def test_a_mistake_is_named_with_file_line_and_remedy(profile: Profile, text: str, line: str):
    profile.config_file.write_text(text)
    with pytest.raises(DyntuiError) as raised:
        read_config(profile)

    assert raised.value.code == "CONFIG_UNREADABLE"
    assert str(profile.config_file) in raised.value.message
    assert line in raised.value.message
    assert raised.value.remedy
    assert profile.config_file.read_text() == text


def test_settings_that_are_not_text_are_refused(profile: Profile):
    profile.config_file.write_bytes(b"\xff\xfe\x00")

    with pytest.raises(DyntuiError, match="CONFIG_UNREADABLE"):
        read_config(profile)


def test_whatever_the_umask_nobody_else_can_write_on_the_way_to_a_profile(tmp_path: Path):
    before = os.umask(0)
    try:
        made = open_profile("default", {"DYNTUI_HOME": str(tmp_path / "a" / "b")})
        made.prepare()
    finally:
        os.umask(before)
    for directory in (made.data, *made.data.parents[:3]):
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700, directory


def test_a_parent_that_everybody_can_write_to_is_refused_and_dyntuis_own_is_closed(tmp_path: Path):
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    with pytest.raises(DyntuiError) as refused:
        open_profile("default", {"DYNTUI_HOME": str(shared / "home")}).prepare()
    assert refused.value.code == "PROFILE_NOT_PRIVATE" and str(shared) in refused.value.message
    shared.chmod(0o1777)
    open_profile("default", {"DYNTUI_HOME": str(shared / "home")}).prepare()
    own = tmp_path / "dyntui"
    own.mkdir()
    own.chmod(0o777)
    open_profile("default", {"DYNTUI_HOME": str(own)}).prepare()
    assert stat.S_IMODE(own.stat().st_mode) == 0o700


def test_settings_with_a_byte_order_mark_are_read(profile: Profile):
    profile.prepare()
    profile.config_file.write_text("[service]\nidle_seconds = 5.0\n", encoding="utf-8-sig")
    assert read_config(profile).service.idle_seconds == 5.0


@pytest.mark.parametrize(
    ("text", "url", "after"),
    [
        (
            "# ours\n[audit]\nkeep_days = 90  # law\n",
            "postgresql://db/x",
            '# ours\n[audit]\nkeep_days = 90  # law\n\n[store]\nurl = "postgresql://db/x"\n',
        ),
        (
            '[store]  # where\n# not here\nurl = "postgresql://db/x"\n\n[audit]\nkeep_days = 90  # law\n',
            "",
            "[store]  # where\n# not here\n\n[audit]\nkeep_days = 90  # law\n",
        ),
        (
            '[store]\nurl = "postgresql://db/x"\n[metrics]\nport = 1',
            "postgresql://db/y",
            '[store]\nurl = "postgresql://db/y"\n[metrics]\nport = 1',
        ),
        ("", "postgresql://db/x", '\n[store]\nurl = "postgresql://db/x"\n'),
        # Written in a way that is not followed, they are written anew.
        ('store.url = "postgresql://db/x"\n', "", ""),
        ('store = {url = "postgresql://db/x"}\n', "postgresql://db/y", '[store]\nurl = "postgresql://db/y"\n'),
    ],
)
def test_another_store_is_named_and_every_other_line_stays(profile: Profile, text: str, url: str, after: str):
    profile.config_file.write_text(text)
    before = read_config(profile)
    write_store_url(profile, url)
    assert profile.config_file.read_text() == after
    assert read_config(profile) == msgspec.structs.replace(before, store=StoreSettings(url=url))
