"""Questions that are asked all at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any


async def together(*asked: Awaitable[Any]) -> list[Any]:
    """The answers of what is asked, all at once; where some fail, the first error once nothing is under way."""
    answers = await asyncio.gather(*asked, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
    return answers
