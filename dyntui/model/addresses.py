"""Which e-mail addresses are taken for sending: one rule, decided here, before anything is sent.

dotdigital refuses an address without a top-level domain and publishes no further rule (dotdigital_api.md 3.3). What is
checked here is the dot-atom form of RFC 5321 in ASCII, the part that every mail system takes: an address that passes is
not refused later for its form, and one that fails is BAD_EMAIL, whatever else is known of the person. Reading an
opt-out is generous instead (`dyntui.model.people`).
"""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

LONGEST = 254
LONGEST_LOCAL = 64

_LOCAL = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~.-]+")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_TOP_LEVEL = re.compile(r"[a-z]{2,63}|xn--[a-z0-9-]{1,59}")


class Rule(msgspec.Struct, frozen=True):
    """One condition on a normalised address. `broken` in a few words, as the person's detail says it; `meaning` and
    `example` (an address that breaks this rule first) for the reference."""

    broken: str
    meaning: str
    example: str
    holds: Callable[[str], bool]


def _parts(address: str) -> tuple[str, str]:
    local, _, domain = address.rpartition("@")
    return local, domain


NOT_ASCII = "a character outside of ASCII"
# The first one broken is named.
RULES: tuple[Rule, ...] = (
    Rule(
        "not exactly one @",
        "There is exactly one `@`, with something on both sides.",
        "ann.example.org",
        lambda address: address.count("@") == 1 and all(_parts(address)),
    ),
    Rule(
        NOT_ASCII,
        "All characters are ASCII; a domain with other letters is written in its `xn--` form.",
        "x@exämple.org",
        str.isascii,
    ),
    Rule(
        "too long",
        f"At most {LONGEST} characters, at most {LONGEST_LOCAL} of them before the `@`.",
        f"{'a' * (LONGEST_LOCAL + 1)}@example.org",
        lambda address: len(address) <= LONGEST and len(_parts(address)[0]) <= LONGEST_LOCAL,
    ),
    Rule(
        "a character that may not stand before the @",
        "Before the `@` stand letters, digits and ``! # $ % & ' * + - / = ? ^ _ ` { | } ~ .``; no quotes, blanks or "
        "brackets.",
        "ann lee@example.org",
        lambda address: _LOCAL.fullmatch(_parts(address)[0]) is not None,
    ),
    Rule(
        "a dot out of place before the @",
        "A dot before the `@` stands neither first nor last nor beside another one.",
        "ann..lee@example.org",
        lambda address: all(_parts(address)[0].split(".")),
    ),
    Rule(
        "no top-level domain",
        "The domain has at least two parts with a dot between them.",
        "ann@localhost",
        lambda address: "." in _parts(address)[1],
    ),
    Rule(
        "a part of the domain that no domain can have",
        "Each part of the domain has 1 to 63 letters, digits and hyphens, and neither begins nor ends with a hyphen.",
        "ann@-example-.org",
        lambda address: all(_LABEL.fullmatch(each) is not None for each in _parts(address)[1].split(".")),
    ),
    Rule(
        "a top-level domain that cannot exist",
        "The last part of the domain has two letters or more and nothing else, or is in `xn--` form.",
        "ann@192.168.1.7",
        lambda address: _TOP_LEVEL.fullmatch(_parts(address)[1].rpartition(".")[2]) is not None,
    ),
)


def fault(address: str) -> str:
    """What is wrong with the form of a normalised address, as `Rule.broken`; `""` when it is taken for sending."""
    return next((rule.broken for rule in RULES if not rule.holds(address)), "")
