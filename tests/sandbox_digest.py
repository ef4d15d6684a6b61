"""Says what the tests of the sandbox depend on, as one number: `make test` runs them when it has changed."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_WHAT = ("dyntui/sandbox", "tests/sandbox", "tests/conformance", "tests/conftest.py", "tests/sandbox_controls.py")
# What the conformance tests hold against the sandbox and the vendors' descriptions.
_CLIENTS = ("dyntui/remote", "dyntui/dataverse", "dyntui/dotdigital", "pyproject.toml")


def digest(root: Path = ROOT) -> str:
    """Of the names and contents of all those files."""
    found = hashlib.blake2b(digest_size=16)
    for name in (*_WHAT, *_CLIENTS):
        place = root / name
        files = [place] if place.is_file() else sorted(place.rglob("*"))
        for each in files:
            if each.is_file() and each.suffix != ".pyc":
                found.update(f"{each.relative_to(root)}\0".encode())
                found.update(hashlib.blake2b(each.read_bytes()).digest())
    return found.hexdigest()


if __name__ == "__main__":
    sys.stdout.write(f"{digest()}\n")
