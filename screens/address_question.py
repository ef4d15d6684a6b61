"""A dialog that asks for one address of one's own."""

from __future__ import annotations

from collections.abc import Sequence

from dyntui.model.people import is_address, normalise

from .facts_question import FactsQuestion

_TAKE = "take"


class AddressQuestion(FactsQuestion[str]):
    """`told` says what becomes of it, `take` is the line that takes it over, which means `follows`; `whose` says which
    address is wanted."""

    WORD = "Line"

    def __init__(self, title: str, *, told: str, take: str, follows: str, whose: str) -> None:
        super().__init__(title, told=told)
        self._take, self._follows, self._whose = take, follows, whose
        self._address = ""

    def begin(self) -> None:
        """The address cannot be missing."""
        self.begin_with("address")

    def facts(self) -> Sequence[tuple[str, str, str]]:
        """The address."""
        return [("address", "To", self._address), (_TAKE, self._take, "")]

    def meaning(self, key: str) -> str:
        """What is meant."""
        return self._follows if key == _TAKE else self._whose

    def change(self, key: str) -> None:
        """The address is typed."""
        if key == _TAKE and self._address:
            self.dismiss(self._address)
        else:
            self.type_in("address", self._address)

    def typed(self, key: str, text: str) -> str:
        """An address."""
        if not is_address(normalise(text)):
            return "That is no address that can be mailed."
        self._address = normalise(text)
        return ""
