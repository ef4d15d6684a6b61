"""Starting work beside the screen."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, cast

from textual.dom import DOMNode


def start(
    node: DOMNode, group: str, work: Callable[..., Coroutine[Any, Any, None]], *asked: object, exclusive: bool = False
) -> None:
    """Runs `work(*asked)` in a worker of the node. It is called only once the worker runs: where the screen went away
    before that, nothing is left behind."""
    # Textual types the callable narrower than what it takes.
    node.run_worker(cast("Any", partial(work, *asked)), group=group, exclusive=exclusive)
