"""What the service takes for an e-mail address, and how it keeps one."""

import re

# An address without a top-level domain is refused (3.3); quoted local parts and address literals count as invalid too.
_ASCII = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{1,59})",
    re.IGNORECASE,
)
_ANY = re.compile(r"[^\s@.\"(),:;<>\[\]\\]+(?:\.[^\s@.\"(),:;<>\[\]\\]+)*@(?:[^\s@.]+\.)+[^\W\d_]{2,63}")


def normal(text: str) -> str:
    """Lower case without surrounding blanks: the form in which the service keeps and compares addresses (3.3)."""
    return text.strip().lower()


def valid(text: str, internationalised: bool = False) -> bool:
    """Whether a normalised address is accepted; letters outside of ASCII only if `internationalised`."""
    if len(text) > 254 or len(text.partition("@")[0]) > 64:
        return False
    return bool((_ANY if internationalised else _ASCII).fullmatch(text))
