"""How the C library gives memory back: a service that lives for months and reads lists of a million people in pieces of
some megabytes should stay at the size of its largest piece.

glibc keeps an arena for each thread and, once large pieces have been freed, takes further ones from the arenas, where
small ones that live on keep them from being given back. Few arenas, and large pieces apart as from the beginning, cost
nothing that is noticed here (mallopt(3)).
"""

from __future__ import annotations

import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
_LARGE = 128 * 1024


def keep_little() -> bool:
    """For this process, before it begins threads. Whether the C library knows how; others have other habits."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    settings = ((_ARENA_MAX, 1), (_MMAP_THRESHOLD, _LARGE), (_TRIM_THRESHOLD, _LARGE))
    return all(mallopt(name, value) for name, value in settings)
