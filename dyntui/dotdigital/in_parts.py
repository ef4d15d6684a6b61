"""Calls about many people at once, of which nobody says how many they take (dotdigital_api.md 3.2, 3.5: no limit is
documented), nor what one address among them does that dotdigital takes for none.

    ask_for_all(dd, people, most, ask) -> refused
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from dyntui.dotdigital.errors import DotdigitalError
from dyntui.dotdigital.http import Dotdigital

Person = dict[str, object]
"""By `id` or by `email`."""
_ABOUT_PEOPLE: Final = frozenset({"ERROR_PARAMETER_INVALID", "ERROR_INVALID_EMAIL", "ERROR_CONTACT_INVALID"})
# More that are refused alone are no odd addresses: the call itself is not as dotdigital wants it.
_MOST_ODD: Final = 20


async def ask_for_all(
    dd: Dotdigital, people: Sequence[Person], most: int, ask: Callable[[Sequence[Person]], Awaitable[object]]
) -> list[Person]:
    """Asks about everybody, at most so many a call, in halves where a call is refused because of its people or their
    number; how many were taken then is remembered for the connection. Those whose address is refused even alone.

    Raises DotdigitalError for every other refusal.
    """
    odd: list[Person] = []
    taken, narrowed = 0, False
    waiting = [people[start : start + most] for start in range(0, len(people), most)][::-1]
    while waiting:
        some = waiting.pop()
        limit = dd.most_together or most
        if len(some) > limit:
            waiting += [some[limit:], some[:limit]]
            continue
        try:
            await ask(some)
        except DotdigitalError as error:
            if not _is_about_people(error):
                raise
            if len(some) > 1:
                narrowed = True
                half = (len(some) + 1) // 2
                waiting += [some[half:], some[:half]]
            elif "email" not in some[0] or len(odd) >= _MOST_ODD:
                raise
            else:
                odd.append(some[0])
        else:
            taken = max(taken, len(some))
    if narrowed and not odd:
        dd.most_together = taken
    return odd


def _is_about_people(error: DotdigitalError) -> bool:
    return error.status == 413 or (error.status == 400 and error.platform_code in _ABOUT_PEOPLE)
