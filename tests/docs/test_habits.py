"""What `make check` and `make test` choose to run."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests import near
from tests.near import ROOT
from tests.sandbox_digest import digest


def test_near_a_module_are_the_tests_that_import_it_and_a_changed_test_itself() -> None:
    found = near.near({ROOT / "dyntui/model/reasons.py", ROOT / "tests/scenarios/test_sending.py"})
    names = [str(each.relative_to(ROOT)) for each in found]
    assert "tests/scenarios/test_sending.py" in names
    assert any(name.startswith("tests/model/") for name in names)
    assert not any(name.startswith("tests/faults/") for name in names)


def test_what_a_test_takes_out_of_a_package_may_be_a_module() -> None:
    text = "from dyntui.store import counts, leaving\nimport dyntui.service.client\n"
    assert near.imported(text) == {
        "dyntui.store",
        "dyntui.store.counts",
        "dyntui.store.leaving",
        "dyntui.service.client",
    }


def test_the_sandboxs_tests_run_again_when_one_letter_of_it_changes(tmp_path: Path) -> None:
    for name in ("dyntui/sandbox", "tests/sandbox"):
        shutil.copytree(ROOT / name, tmp_path / name)
    before = digest(tmp_path)
    assert digest(tmp_path) == before
    changed = next(iter(sorted((tmp_path / "dyntui/sandbox").rglob("*.py"))))
    changed.write_bytes(changed.read_bytes() + b"#")
    assert digest(tmp_path) != before
