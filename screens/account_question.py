"""Dialogs about an email account: its settings, and how a new one is reached."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from dyntui.model.campaign_results import LEVELS
from dyntui.model.forms import NewRespondents
from dyntui.model.suppression_flags import SuppressionFlags
from dyntui.service.contract.accounts import AccountRow, EditAccount
from dyntui.service.contract.setup import EmailAccountInput
from dyntui.service.setup_questions import account_questions, checked, of_account

from .facts_question import FactsQuestion, following
from .wording import number

_KEEP = "keep"
_MEANS = {
    "name": "What the account is called in dyntui.",
    "description": "A word about it, for those who choose among accounts.",
    "sync_level": "Of campaigns: nothing, totals, or what every recipient did. Enter goes to the next.",
    "opens": "At the level DETAILED: who was mailed, bounced and opened, in Dynamics as well.",
    "clicks": "At the level DETAILED: who clicked which link.",
    "page_views": "At the level DETAILED: who saw which page after a click.",
    "roi": "At the level DETAILED: what a campaign brought, by the markers of the account.",
    "copies": "Whether whom this account suppresses is suppressed in the other accounts too.",
    "flags": "On contacts and leads with a suppressed address; nobody whom it suppresses is mailed, whatever is set.",
    "takes_off": "Who unsubscribes from a static list from now on leaves it in Dynamics too, with the next run.",
    "takes_off_suppressed": "Whom it suppresses leaves a static list in Dynamics when a campaign is sent to it.",
    "respondents": "What becomes of who answers a form and is not known in Dynamics.",
    "people": "Removals from an address book wait for a decision above so many people,",
    "percent": "and above this share of the book, in percent. Both have to be exceeded.",
    "calls": "Of the calls that dotdigital allows the account, in percent; the rest is left to other programs.",
    "topic": "Topic of leads that are made of strangers; {list}, {address} and {local} are filled in.",
    "last_name": "Last name of new records of whom dotdigital knows none; the same words are filled in.",
    "owner": "User of Dynamics, as name@organisation, whose new records are. Empty: the owner of the list.",
    "default": "The account that is meant where none is named. There is always one.",
    _KEEP: "They count from the next run on. Who changed what is kept.",
}
_SWITCHES = {
    "opens": ("Sends and opens", "reads_opens"),
    "clicks": ("Clicks", "reads_clicks"),
    "page_views": ("Page views", "reads_page_views"),
    "roi": ("ROI", "reads_roi"),
}
_NUMBERS = {"people": (0, 1_000_000), "percent": (0, 100), "calls": (1, 100)}
_SUPPRESSED = {True: "leaves the lists sent to", False: "stays on its lists"}
_USUAL = "as config.toml says"


class AccountQuestion(FactsQuestion[EditAccount]):
    """Asks what is to be changed of an account."""

    WORD = "Setting"

    def __init__(self, before: AccountRow) -> None:
        super().__init__(before.name, told=_MEANS["name"])
        self._before = before
        self._now = before
        self._default = before.is_default

    def facts(self) -> Sequence[tuple[str, str, str]]:
        """The settings."""
        now = self._now
        return (
            ("name", "Name", now.name),
            ("description", "Description", now.description or "–"),
            ("sync_level", "Sync level", now.sync_level),
            *((key, title, "read" if getattr(now, name) else "not read") for key, (title, name) in _SWITCHES.items()),
            ("copies", "Copies suppressions", "yes" if now.copies_suppressions else "no"),
            ("flags", "Set in Dynamics", SuppressionFlags(now.suppression_flags).in_short),
            ("respondents", "Who answers a form", now.new_respondents),
            ("people", "Removals held above", f"{number(now.removal_people)} people"),
            ("percent", "and above", f"{now.removal_percent} % of the book"),
            ("calls", "Calls that dyntui may use", f"{now.budget_percent} %"),
            ("topic", "Topic of new leads", now.lead_topic or _USUAL),
            ("last_name", "Last name of new records", now.last_name or _USUAL),
            ("owner", "Owner of new records", now.record_owner or "the owner of the list"),
            ("takes_off", "Who unsubscribes", "leaves the list" if now.takes_off_unsubscribed else "stays on the list"),
            ("takes_off_suppressed", "Who is suppressed", _SUPPRESSED[now.takes_off_suppressed]),
            ("default", "Default account", "yes" if self._default else "no"),
            (_KEEP, "Save", ""),
        )

    def meaning(self, key: str) -> str:
        """What a setting means."""
        return _MEANS[key]

    def change(self, key: str) -> None:
        """The next value, or a field; the last line answers with what differs."""
        now = self._now
        if key == _KEEP:
            self.dismiss(self._edit())
        elif key == "sync_level":
            self._now = msgspec.structs.replace(now, sync_level=following(now.sync_level, LEVELS))
        elif key in _SWITCHES:
            name = _SWITCHES[key][1]
            self._now = msgspec.structs.replace(now, **{name: not getattr(now, name)})
        elif key == "copies":
            self._now = msgspec.structs.replace(now, copies_suppressions=not now.copies_suppressions)
        elif key == "takes_off":
            self._now = msgspec.structs.replace(now, takes_off_unsubscribed=not now.takes_off_unsubscribed)
        elif key == "takes_off_suppressed":
            self._now = msgspec.structs.replace(now, takes_off_suppressed=not now.takes_off_suppressed)
        elif key == "flags":
            chosen = following(now.suppression_flags, [each.value for each in SuppressionFlags])
            self._now = msgspec.structs.replace(now, suppression_flags=chosen)
        elif key == "respondents":
            after = following(now.new_respondents, [each.value for each in NewRespondents])
            self._now = msgspec.structs.replace(now, new_respondents=after)
        elif key == "default":
            # It ceases to be one by making another one the default.
            self._default = True
        elif key in _NUMBERS:
            self.type_in(key, str(getattr(now, _FIELDS[key])), whole_number=True)
        else:
            self.type_in(key, getattr(now, _FIELDS[key]))

    def typed(self, key: str, text: str) -> str:
        """Takes what was typed."""
        if key in _NUMBERS:
            least, most = _NUMBERS[key]
            if not text.isdecimal() or not least <= int(text) <= most:
                return f"Type a whole number from {number(least)} to {number(most)}."
            self._now = msgspec.structs.replace(self._now, **{_FIELDS[key]: int(text)})
            return ""
        if key == "name" and not text:
            return "An email account needs a name."
        self._now = msgspec.structs.replace(self._now, **{_FIELDS[key]: text})
        return ""

    def _edit(self) -> EditAccount | None:
        """What differs; None where nothing does."""
        switches = (name for _, name in _SWITCHES.values())
        taken_off = ("takes_off_unsubscribed", "takes_off_suppressed")
        names = (*_FIELDS.values(), "sync_level", *switches, "copies_suppressions", *taken_off)
        changed = {name: getattr(self._now, name) for name in names}
        different = {name: value for name, value in changed.items() if value != getattr(self._before, name)}
        respondents = self._now.new_respondents != self._before.new_respondents
        flags = self._now.suppression_flags != self._before.suppression_flags
        makes_default = self._default and not self._before.is_default
        if not different and not respondents and not flags and not makes_default:
            return None
        return EditAccount(
            account=self._before.id,
            make_default=makes_default,
            new_respondents=NewRespondents(self._now.new_respondents) if respondents else None,
            suppression_flags=SuppressionFlags(self._now.suppression_flags) if flags else None,
            **different,
        )


_FIELDS = {
    "name": "name",
    "description": "description",
    "people": "removal_people",
    "percent": "removal_percent",
    "calls": "budget_percent",
    "topic": "lead_topic",
    "last_name": "last_name",
    "owner": "record_owner",
}


class NewAccount(FactsQuestion[EmailAccountInput]):
    """Asks how a new account is reached: the questions that setup asks about one."""

    WORD = "Answer"

    def __init__(self) -> None:
        self._questions = {each.key: each for each in account_questions(1, {}, more=False)}
        super().__init__("Connect an email account", told=self.meaning(next(iter(self._questions))))
        self._answers: dict[str, str] = {}
        for each in self._questions.values():
            if each.usual and each.key != of_account(1, "name"):
                self._answers[each.key] = each.usual

    def facts(self) -> Sequence[tuple[str, str, str]]:
        """The answers; a password is never shown."""
        rows = []
        for key, each in self._questions.items():
            value = self._answers.get(key, "")
            shown = ("typed" if value else "–") if each.hidden else (value or "–")
            rows.append((key, each.text.partition(" (")[0], shown))
        return (*rows, (_KEEP, "Sign in and connect", ""))

    def meaning(self, key: str) -> str:
        """What is asked."""
        question = self._questions.get(key)
        if question is None:
            return "It is signed in to before anything is kept."
        return question.hint or question.text

    def change(self, key: str) -> None:
        """The next choice, or a field; the last line answers."""
        question = self._questions.get(key)
        if question is None:
            self._connect()
        elif question.choices:
            self._answers[key] = following(self._answers.get(key, ""), question.choices)
        else:
            self.type_in(key, "" if question.hidden else self._answers.get(key, ""), hidden=question.hidden)

    def typed(self, key: str, text: str) -> str:
        """Takes what was typed."""
        try:
            self._answers[key] = checked(self._questions[key], text, {})
        except ValueError as wrong:
            return str(wrong)
        return ""

    def _connect(self) -> None:
        missing = [each.text.partition(" (")[0] for key, each in self._questions.items() if not self._answers.get(key)]
        if missing:
            self.console.notify(f"Answer first: {', '.join(missing)}.", title="Not yet", severity="warning")
            return
        answers = {key.rpartition(".")[2]: value for key, value in self._answers.items()}
        known = answers["double_opt_in"]
        self.dismiss(
            EmailAccountInput(
                name=answers["name"],
                dotdigital_url=answers["url"],
                api_user=answers["user"],
                api_password=answers["password"],
                double_opt_in="" if known == "unknown" else known,
                is_default=False,
            )
        )
