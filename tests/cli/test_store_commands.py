"""`dyntui store`: looked at, and moved to a server and back."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing

import pytest

from dyntui.model.workers import WORKER
from dyntui.service.config import read_config
from dyntui.service.lock import only_service
from dyntui.service.profile import Profile
from dyntui.store import watermarks
from dyntui.store.database import open_store
from dyntui.sync.worker_lease import WorkerLease
from tests import postgresql
from tests.cli.conftest import Done
from tests.empty_store import lay_empty_store

pytestmark = pytest.mark.xdist_group("postgresql")


def kept(url: str) -> str:
    with closing(open_store(url)) as opened, opened.read() as c:
        return watermarks.get(c, "account", "feed")


def test_a_store_moves_to_a_server_and_back_and_only_where_there_is_none(
    profile: Profile, dyntui: Callable[..., Done]
) -> None:
    file = profile.data / "dyntui.db"
    lay_empty_store(file)
    with closing(open_store(profile.store_url)) as opened, opened.write() as c:
        watermarks.put(c, "account", "feed", "kept\0ö")
    with postgresql.database() as server:
        assert dyntui("store", "move", server).err.count("CONFIRMATION_MISSING") == 1
        with only_service(profile):
            assert "LOCKED" in dyntui("store", "move", server, "--yes").err
        assert "STORE_SAME" in dyntui("store", "move", "own", "--yes").err
        assert "STORE_ADDRESS" in dyntui("store", "move", "mysql://u:secret@host/db", "--yes").err
        assert "WORKER_STORE_IN_A_FILE" in dyntui("worker").err
        assert file.exists() and not profile.config_file.exists()

        done = dyntui("store", "move", server, "--yes", "--json")
        assert done.code == 0, done.err
        moved = json.loads(done.out)
        assert done.code == 0 and {each["table"]: each["rows"] for each in moved["tables"]}["watermark"] == 1
        assert read_config(profile).store.url == server
        assert kept(server) == "kept\ufffdö"
        assert not file.exists()
        assert "STORE_MOVED" in dyntui("store", "move", moved["kept"], "--yes").err
        shown = json.loads(dyntui("store", "show", "--json").out)
        assert (shown["kind"], shown["size"] > 1_000_000) == ("PostgreSQL", True)

        with closing(open_store(server)) as opened:
            lease = WorkerLease(opened, WORKER, "dyntui here")
            lease.start()
            assert "STORE_IN_USE" in dyntui("store", "move", "own", "--yes").err
            lease.stop()
        assert "WORKER_NAME_INVALID" in dyntui("worker", "--name", "../x").err

        lay_empty_store(file)
        with closing(open_store(profile.store_url)) as opened, opened.write() as c:
            watermarks.put(c, "account", "feed", "another store")
        assert "STORE_NOT_EMPTY" in dyntui("store", "move", "own", "--yes").err
        assert read_config(profile).store.url == server
        file.unlink()

        back = dyntui("store", "move", "own", "--yes")
        assert back.code == 0 and "nothing differs" in back.err
        assert read_config(profile).store.url == "" and kept(profile.store_url) == "kept\ufffdö"
        assert "STORE_MOVED" in dyntui("store", "move", server, "--yes").err
        assert "dyntui.db" in dyntui("store", "show").out
