"""SQL that is compiled once for each process of tests, and not again for every store that a test opens.

SQLAlchemy keeps compiled statements with the engine that they were compiled for. A service has one engine for as long
as it runs; tests open a store each.
"""

from __future__ import annotations

import functools
from typing import Any

from dyntui.store import dialects


class _Compiled(dict[Any, Any]):
    """By the name of the dialect that begins a statement's key, in place of the one engine that it belongs to: all
    stores of a kind are opened the same way."""

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get((key[0].name, *key[1:]), default)

    def __setitem__(self, key: Any, compiled: Any) -> None:
        super().__setitem__((key[0].name, *key[1:]), compiled)


@functools.cache
def share_compiled_statements() -> None:
    """From now on, among all stores that are opened in this process."""
    options = {"compiled_cache": _Compiled()}
    dialects.create_engine = functools.partial(dialects.create_engine, execution_options=options)
