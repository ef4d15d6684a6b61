"""Style sheets that are parsed once for each process of tests, and not again for every console that a test starts.

Textual keeps what it has parsed with the one application that it belongs to. A person starts the console once; tests
start hundreds.
"""

from __future__ import annotations

import functools
from typing import Any

from textual.css.stylesheet import Stylesheet


def share_parsed_styles() -> None:
    """From now on, among all consoles of this process that have the same colours and other variables."""
    parsed: dict[tuple[Any, ...], Any] = {}
    parse = Stylesheet._parse_rules

    @functools.wraps(parse)
    def once(self: Stylesheet, *arguments: Any, **named: Any) -> Any:
        of = (tuple(sorted(self._variables.items())), arguments, tuple(sorted(named.items())))
        if of not in parsed:
            parsed[of] = parse(self, *arguments, **named)
        return parsed[of]

    Stylesheet._parse_rules = once  # type: ignore[method-assign]
