"""Windows of the store, asked for in one line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection

from dyntui.model.paging import Page, Window

T = TypeVar("T")


def windowed(window: Callable[..., Page[T]], c: Connection, **asked: Any) -> Page[T]:
    """What a window holds; `asked` are the fields of `Window` and the window's own arguments together."""
    fields = {name: asked.pop(name) for name in Window.__struct_fields__ if name in asked}
    return window(c, Window(**fields), **asked)
