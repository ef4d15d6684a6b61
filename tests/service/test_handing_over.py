"""Secrets that a starter hands over are known to the service, and to nothing that it starts."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from dyntui.service.handing_over import PASSPHRASE, hand_over

_SERVICE = """
import subprocess, sys
from dyntui.service.config import Config
from dyntui.service.handing_over import take_over
from dyntui.service.profile import open_profile
from dyntui.service.secret_store import open_secrets
take_over(int(sys.argv[1]))
print(open_secrets(open_profile(), Config()).label)
subprocess.run(["env"], check=True)
"""


def test_what_a_service_starts_inherits_no_secret_that_was_handed_to_it(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    hand_over(writing, {PASSPHRASE: "correct horse", "DYNTUI_SECRET_ACCOUNT_1_PASSWORD": "battery staple"})
    environ = {**os.environ, "DYNTUI_HOME": str(tmp_path), "PYTHONUNBUFFERED": "1"}
    with closing(os.fdopen(reading, "rb")):
        done = subprocess.run(
            [sys.executable, "-c", _SERVICE, str(reading)],
            env=environ,
            pass_fds=[reading],
            capture_output=True,
            text=True,
            check=True,
        )
    label, _, inherited = done.stdout.partition("\n")
    assert label.startswith("the encrypted file")
    assert "DYNTUI_HOME=" in inherited
    assert "correct horse" not in inherited and "battery staple" not in inherited
