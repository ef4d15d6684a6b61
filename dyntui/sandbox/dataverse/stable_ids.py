"""Ids which are the same in every organisation, as those of standard tables, columns and privileges are."""

import functools
from uuid import UUID, uuid5

_NAMESPACE = UUID("2d1c0f1e-7d5a-4b7e-9a39-0b0f6f1f4a10")


@functools.lru_cache(maxsize=65536)
def stable_id(name: str) -> str:
    """The id of the thing called `name`: always the same one."""
    return str(uuid5(_NAMESPACE, name))
