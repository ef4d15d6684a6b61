"""The dialog about another secret, certificate or password in place of what the service signs in with."""

from __future__ import annotations

from collections.abc import Sequence

from dyntui.model.sign_in import SignInBy
from dyntui.service import certificate_file
from dyntui.service.contract.credentials import DYNAMICS, CredentialRow, ReplaceCredential

from .facts_question import FactsQuestion, following
from .new_file import unusable, whole

BY_CODE, _SECRET, _CERTIFICATE = (
    each.in_words for each in (SignInBy.DEVICE_CODE, SignInBy.SECRET, SignInBy.CERTIFICATE)
)
_PASSWORD = "API password"  # noqa: S105 - a word
_HOW, _TYPED, _FILE, _OF_KEY, _USER, _GO = "how", "typed", "file", "key", "user", "go"
_MEANS = {
    _HOW: "Enter goes to the next. What is used now stays in use until the other one has been proved.",
    _TYPED: "Nothing is shown of what is typed. It goes to where the service keeps secrets, and nowhere else.",
    _FILE: "The certificate with its key, PEM or PFX, on the machine of this console.",
    _OF_KEY: "Of a key that is protected by one. Nothing is shown of what is typed.",
    _USER: "Where the API user is another one too.",
    _GO: "It is proved by signing in with it. Runs go on: what they call next is called with it.",
}


def named(row: CredentialRow) -> str:
    """What it is for: commands name Dynamics in small letters."""
    return "Dynamics" if row.of == DYNAMICS else row.of


class CredentialQuestion(FactsQuestion[ReplaceCredential]):
    """Asks for what takes the place of a row. An answer for Dynamics with neither secret nor certificate in it says
    that the person signs in again."""

    WORD = "Line"

    def __init__(self, row: CredentialRow) -> None:
        super().__init__(f"Replace what signs in to {named(row)}", told=_MEANS[_HOW if row.of == DYNAMICS else _USER])
        self._of = row.of
        by_person = (BY_CODE,) if row.kind == BY_CODE else ()
        self._ways = (*by_person, _SECRET, _CERTIFICATE) if row.of == DYNAMICS else (_PASSWORD,)
        self._way = row.kind if row.kind in self._ways else self._ways[0]
        self._user = row.user
        self._api_user = row.user
        self._secret = self._file = self._password = ""

    def facts(self) -> Sequence[tuple[str, str, str]]:
        """How, and what that needs."""
        hidden = "typed" if self._secret else "–"
        lines: list[tuple[str, str, str]] = []
        if len(self._ways) > 1:
            lines.append((_HOW, "Signs in by", self._way))
        if self._way == _PASSWORD:
            lines.append((_USER, "API user", self._api_user))
        if self._way in (_PASSWORD, _SECRET):
            lines.append((_TYPED, f"New {self._way}", hidden))
        if self._way == _CERTIFICATE:
            lines.append((_FILE, "File", self._file or "–"))
            if self._file and certificate_file.needs_password(str(whole(self._file))):
                lines.append((_OF_KEY, "Password of its key", "typed" if self._password else "–"))
        return (*lines, (_GO, "Sign in with a code" if self._way == BY_CODE else "Prove it and use it", ""))

    def meaning(self, key: str) -> str:
        """What a line is."""
        if key == _GO and self._way == BY_CODE:
            return "The person as whom the service acts signs in again, in any browser. Runs go on with that."
        return _MEANS[key]

    def change(self, key: str) -> None:
        """The next way, a field, or it is proved."""
        if key == _HOW:
            self._way = following(self._way, self._ways)
        elif key == _USER:
            self.type_in(_USER, self._api_user)
        elif key == _FILE:
            self.type_in(_FILE, self._file)
        elif key in (_TYPED, _OF_KEY):
            self.type_in(key, "", hidden=True)
        else:
            self._answer()

    def typed(self, key: str, text: str) -> str:
        """Takes what was typed."""
        if not text:
            return "Nothing was typed."
        if key == _FILE and (why := unusable(text)):
            return why
        if key == _TYPED:
            self._secret = text
        elif key == _USER:
            self._api_user = text
        elif key == _OF_KEY:
            self._password = text
        else:
            self._file, self._password = text, ""
        return ""

    def _answer(self) -> None:
        """Raises nothing: what is missing, or cannot be used, is told."""
        if self._way == BY_CODE:
            self.dismiss(ReplaceCredential(of=self._of))
        elif self._way == _CERTIFICATE:
            try:
                pem = certificate_file.usable(str(whole(self._file)), self._password)
            except ValueError as wrong:
                self._not_yet(str(wrong) if self._file else "Name the file of the certificate.")
            else:
                self.dismiss(ReplaceCredential(of=self._of, certificate=pem))
        elif not self._secret:
            self._not_yet(f"Type the new {self._way} first.")
        elif self._way == _SECRET:
            self.dismiss(ReplaceCredential(of=self._of, client_secret=self._secret))
        else:
            another = self._api_user if self._api_user != self._user else ""
            self.dismiss(ReplaceCredential(of=self._of, api_password=self._secret, api_user=another))

    def _not_yet(self, why: str) -> None:
        self.console.notify(why, title="Not yet", severity="warning", markup=False)
