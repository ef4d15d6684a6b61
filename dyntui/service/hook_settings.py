"""Who is told of what happens while nobody looks, as the settings say."""

from __future__ import annotations

import shlex
from urllib.parse import urlsplit

import msgspec

from dyntui.model.notices import NoticeEvent

_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


class HookSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is told of what happens while nobody looks: a `command`, which gets each notice as JSON on its standard
    input, or a `url`, to which it is posted. `events`: `failed` (a run failed), `held` (removals are held), `budget` (a
    limit of calls runs out)."""

    command: str = ""
    url: str = ""
    events: tuple[NoticeEvent, ...] = tuple(NoticeEvent)

    def __post_init__(self) -> None:
        if self.command and self.url:
            raise ValueError("a hook is a command or a url, not both")
        if self.url:
            parts = urlsplit(self.url)
            here = parts.scheme == "http" and parts.hostname in _THIS_MACHINE
            if not parts.hostname or parts.username or parts.password or not (parts.scheme == "https" or here):
                raise ValueError("the url of a hook begins with https:// and has no user and password in it")
            # Here, as it takes its time: most profiles have no such hook.
            import httpx

            try:
                # Its port is none, its host no address, or there is a line break in it.
                _ = parts.port, httpx.URL(self.url).host
            except (ValueError, httpx.InvalidURL) as error:
                raise ValueError(f"the url of the hook cannot be read: {error}") from None
        try:
            words = shlex.split(self.command)
        except ValueError as error:
            raise ValueError(f"the command of the hook cannot be read: {error}") from None
        if self.command and not words:
            raise ValueError("the command of the hook is empty; leave it away where nobody is to be told")

    @property
    def wanted(self) -> bool:
        """Whether anybody is to be told."""
        return bool(self.command or self.url) and bool(self.events)

    @property
    def where(self) -> str:
        """The hook in a word, without what may be a secret in an address's path."""
        if self.command:
            return f"the command {shlex.split(self.command)[0]}"
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.hostname}"
