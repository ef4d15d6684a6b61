"""Three users of one machine on its one service at once: each can do what their role allows, and nothing else."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from dyntui.model.roles import Ability
from dyntui.service.contract.subjects import CALLS

_NEEDED = ("unshare", "useradd", "groupadd", "mount")


def test_manager_professional_and_viewer_share_the_machines_service_each_with_exactly_their_rights() -> None:
    if os.geteuid() != 0:
        warnings.warn(
            "NOT SHOWN: three users of one machine. Only root can make them: run this test as root.", stacklevel=1
        )
        pytest.skip("only root can add users")
    missing = [each for each in _NEEDED if shutil.which(each) is None]
    assert not missing, f"three users of one machine cannot be shown without {', '.join(missing)}"
    words = ["unshare", "--mount", "--propagation", "private", sys.executable, "-m", "tests.service.shared_machine"]
    done = subprocess.run(words, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    told = json.loads(done.stdout)

    code, way_in = told["stranger"]
    assert code == "SERVICE_UNREACHABLE" and "group" in way_in
    assert told["installed"][1] == ["Mira Sandahl"]
    assert told["before"] == {
        "mira": ["NOT_SIGNED_IN", "Mira Sandahl"],
        "jonas": ["NOT_SIGNED_IN", "Jonas Brattli"],
        "noor": ["NOT_SIGNED_IN", "Noor van der Meer"],
    }

    of_each = told["at_once"]
    with_ability = [each for each in CALLS.values() if each.ability is not None]
    # The Manager may do everything but what nobody may.
    assert of_each["mira"]["asked"] == 0 and of_each["mira"]["did"] == "Mira Sandahl"
    assert of_each["jonas"]["did"] == "Completed by Jonas Brattli"
    assert of_each["noor"]["did"] == "1 list"
    assert of_each["noor"]["asked"] == len([each for each in with_ability if each.ability is not Ability.SEE])
    assert 0 < of_each["jonas"]["asked"] < of_each["noor"]["asked"]
    for name in ("jonas", "noor"):
        assert of_each[name]["refused"] == ["NOT_PERMITTED"] and of_each[name]["stop"] == "STOP_NOT_PERMITTED"
