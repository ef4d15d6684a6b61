"""What must never be written down: secrets this process has seen, and whatever looks like one.

Kept for the whole process, because a secret must stay out of every log whichever way it came.
"""

from __future__ import annotations

import re

_MASK = "[redacted]"

# Shorter values would mask ordinary words; the platforms' own secrets are far longer.
_SHORTEST = 6

_seen: set[str] = set()

_LOOKS_SECRET = re.compile(
    r"""(?ix)
    (\bauthorization\b["']?\s*[:=]\s*["']?(?:bearer|basic)\s+ | \bbearer\s+) [A-Za-z0-9\-._~+/]{8,}=*
    | (["']?\b(?:client_secret|client_assertion|password|api_password|passphrase|access_token|refresh_token|id_token
        |device_code|assertion)\b["']?\s*[:=]\s*["']?) [^\s"'&,}]+
    | (://[^\s:/@]+:) [^\s/@]+ (?=@)
    """
)


def hide(secret: str) -> None:
    """From now on this value is masked wherever this process writes."""
    if len(secret) >= _SHORTEST:
        _seen.add(secret)


def redact(text: str) -> str:
    """`text` without any hidden value, token, password or credential in an address."""
    for secret in _seen:
        text = text.replace(secret, _MASK)
    return _LOOKS_SECRET.sub(lambda found: f"{found[1] or found[2] or found[3]}{_MASK}", text)
