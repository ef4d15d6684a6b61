"""What the service asks of the C library."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

# A large answer was read, and now smaller ones are, between which something lives on. How much is left, in MB.
_READING = """
import sys
from dyntui.service import memory
if sys.argv[1] == "little":
    assert memory.keep_little()
answer = bytearray(30_000_000)
answer = None
pieces, kept = [], []
for _ in range(40):
    pieces.append(bytearray(1_000_000))
    kept.append(bytes(700))
del pieces
resident = int(open("/proc/self/statm").read().split()[1]) * 4096 / 1e6
print(resident)
"""


def _left(how: str) -> float:
    done = subprocess.run([sys.executable, "-c", _READING, how], capture_output=True, text=True, check=True)
    return float(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries have other habits")
def test_memory_of_large_pieces_is_given_back_although_small_ones_live_on() -> None:
    assert _left("little") < _left("as it is") - 10
