"""Secrets of the environment, handed by a starter to the service it starts through a pipe instead of by inheritance.

What a process is started with stays readable for as long as it lives (`/proc/<pid>/environ`, `ps e`), and everything
that it starts inherits it. Public: `parted(environ) -> (environment, secrets)`, `hand_over(descriptor, secrets)`,
`take_over(descriptor)`, `ENVIRONMENT`.
"""

from __future__ import annotations

import contextlib
import os
from collections import ChainMap
from collections.abc import Mapping

import msgspec

from dyntui.service.setup_environment import without_secrets

PASSPHRASE = "DYNTUI_KEYRING_PASSPHRASE"  # noqa: S105 - the variable's name
# How variables begin that provide a secret.
PROVIDED = "DYNTUI_SECRET_"

_HANDED: dict[str, str] = {}
ENVIRONMENT: Mapping[str, str] = ChainMap(_HANDED, os.environ)
"""This process's environment, and the secrets that were handed to it: what it starts inherits the first alone.
Libraries start processes, too: azure-identity asks `file` on what machine it is."""


def parted(environ: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """What another process may be started with, and what it is told in secret: the passphrase of the encrypted file,
    and secrets that the environment provides. What setup alone takes is in neither."""
    kept = without_secrets(environ)
    secret = {name: kept.pop(name) for name in list(kept) if name == PASSPHRASE or name.startswith(PROVIDED)}
    return kept, secret


def hand_over(descriptor: int, secrets: Mapping[str, str]) -> None:
    """Writes them to the pipe, and closes it. A process that is gone already has no use for them."""
    with contextlib.suppress(BrokenPipeError), os.fdopen(descriptor, "wb") as pipe:
        pipe.write(msgspec.json.encode(secrets))


def take_over(descriptor: int) -> None:
    """They are in `ENVIRONMENT` from now on."""
    with os.fdopen(descriptor, "rb") as pipe:
        _HANDED.update(msgspec.json.decode(pipe.read(), type=dict[str, str]))
