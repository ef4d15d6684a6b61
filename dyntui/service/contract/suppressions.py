"""Suppressions as dyntui knows them."""

from __future__ import annotations

import msgspec

from dyntui.service.contract.bounds import Text
from dyntui.service.contract.paging import Window


class SuppressionsQuery(Window, frozen=True, kw_only=True):
    """A window on the suppressed addresses."""

    account: Text = ""


class SuppressionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A suppressed address in an email account (by name).

    The platform's status, the reason code it stands for, when the person did it and when dyntui learned it.
    """

    address: str
    account: str
    status: str
    reason: str
    suppressed_on: str
    learned_on: str


class LiftSuppression(msgspec.Struct, frozen=True, kw_only=True):
    """`address` may be mailed again, as far as that can be decided; `reason` is kept with who decided it."""

    address: Text
    reason: Text


class Lifted(msgspec.Struct, frozen=True, kw_only=True):
    """What ended, and what stays: each a line to be read, with what would end it."""

    address: str
    lifted: tuple[str, ...]
    stays: tuple[str, ...]


class OddRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row that asks for somebody not to be mailed, from which no address can be got."""

    source: str
    received: str
    learned_on: str


class OddRows(msgspec.Struct, frozen=True, kw_only=True):
    """All that nobody has mended yet."""

    rows: tuple[OddRow, ...]


class ConsentSources(msgspec.Struct, frozen=True, kw_only=True):
    """Where people opt out in this organisation besides `donotemail` and `donotbulkemail`.

    `found` are the columns and tables that it has (asked on `asked_on`), `counting` those that count. `answered`: an
    administrator has said so; until then all count.
    """

    found: tuple[str, ...]
    counting: tuple[str, ...]
    answered: bool
    asked_on: str


class AnswerConsentSources(msgspec.Struct, frozen=True, kw_only=True):
    """Which of `donotsendmm` and `msdynmkt_contactpointconsent4` are opt-outs of this organisation."""

    count: tuple[Text, ...]
