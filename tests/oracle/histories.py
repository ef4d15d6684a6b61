"""Random histories: a small world, and rounds of edits, synchronisations, counts and sends; all of it from a seed."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from tests.oracle.addresses import plain
from tests.oracle.edits import BAD, SPELLINGS, Edit, address
from tests.oracle.rows import CONTACTS, IGNORE, KNOWN, LEADS, REMOVE

CAMPAIGNS = (4, 5, 6)
"""Campaigns of the sandbox's world that nobody has sent."""

STATUSES = (
    *("Unsubscribed", "Unsubscribed", "Suppressed", "HardBounced", "SoftBounced", "IspComplained", "MailBlocked"),
    *("DomainSuppression", "SharedSuppression", "NotAllowed", "NoMxRecord"),
)

OPT_IN_TYPES = ("Unknown", "Single", "Double", "VerifiedDouble")

_GUIDES = (
    '<fetch version="1.0" mapping="logical" distinct="false"><entity name="{0}"><attribute name="{0}id"/>'
    '<filter type="and"><condition attribute="jobtitle" operator="eq" value="guide"/></filter></entity></fetch>'
)


@dataclass(frozen=True)
class Round:
    """`before` happens before the lists are synchronised, `again`: at once a second time,
    `suppressions_first`: the suppressions in a run of their own; `opt_in`: opt-in types, before the lists. `joined`
    happens before a second count, `during` between the count and the send. `campaign` 0: nothing is counted."""

    before: tuple[Edit, ...]
    targets: tuple[str, ...]
    campaign: int
    joined: tuple[Edit, ...]
    during: tuple[Edit, ...]
    send: bool
    again: bool
    suppressions_first: bool
    opt_in: bool = False


@dataclass(frozen=True)
class History:
    """`world` is made before anything is activated."""

    seed: int
    world: tuple[Edit, ...]
    lists: tuple[str, ...]
    rounds: tuple[Round, ...]


def history(seed: int, *, about_consent: bool = False) -> History:
    """The history of a seed. `about_consent`: more people say no, and to most of them something happens afterwards that
    must not make anybody forget it."""
    return (_AboutConsent if about_consent else _Drawing)(seed).history()


class _Drawing:
    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.draw = random.Random(f"history/{seed}")
        self.joining = random.Random(f"joining/{seed}")
        self.opting = random.Random(f"opting/{seed}")
        draw = self.draw
        contacts, leads, accounts = draw.randint(8, 22), draw.randint(2, 10), draw.randint(0, 4)
        self.contacts = [f"c{n}" for n in range(contacts)]
        self.leads = [f"l{n}" for n in range(leads)]
        self.accounts = [f"a{n}" for n in range(accounts)]
        self.people = self.contacts + self.leads + self.accounts
        # Fewer addresses than people: some share one.
        self.addresses = [address(n) for n in range(max(6, int(len(self.people) * draw.uniform(0.6, 1.1))))]
        # Two that the vendor refuses whoever asks.
        self.addresses += draw.choice(((), (), ("noreply@north.example",), ("someone@spamtrap.test",)))
        self.spare = [f"spare{n}@north.example" for n in range(6)]
        self.lists: dict[str, str] = {}
        self.number = 0

    def history(self) -> History:
        world = tuple(self._world())
        rounds = tuple(self._round(n) for n in range(self.draw.randint(2, 4)))
        return History(self.seed, world, tuple(self.lists), rounds)

    # -- the world -------------------------------------------------------------------------------------------------

    def _world(self) -> list[Edit]:
        draw, made = self.draw, []
        for symbol in self.people:
            job = draw.choice(("guide", "buyer"))
            made.append(("record", symbol, self._typed(symbol), draw.randrange(0, 20 * 1440, 720), job))
            if draw.random() < 0.12:
                made.append(("second", symbol, draw.choice((2, 3)), self._spelled(draw.choice(self.addresses))))
            if draw.random() < 0.12:
                made.append(("flag", symbol, draw.choice(("donotemail", "donotbulkemail")), 1))
            if draw.random() < 0.06:
                made.append(("state", symbol, draw.choice((1, 2))))
            if self.joining.random() < 0.5:
                made.append(("opt_in", symbol, 727000000 + self.joining.randrange(4)))
        for n in range(draw.randint(1, 4)):
            made += self._list(f"L{n}")
        for each in self.addresses:
            if draw.random() < 0.08:
                made.append(("suppress", each, draw.choice(STATUSES)))
            elif draw.random() < 0.04:
                made.append(("pending", each))
        return made

    def _typed(self, symbol: str) -> str:
        chance = self.draw.random()
        if chance < 0.05:
            return ""
        if chance < 0.12:
            return self.draw.choice(BAD).format(symbol)
        plain = self.draw.choice(self.addresses)
        return self.draw.choice((plain, plain, plain, plain.upper(), f" {plain} "))

    def _spelled(self, plain: str) -> str:
        return self.draw.choice(SPELLINGS)(plain)

    def _list(self, symbol: str) -> list[Edit]:
        kind = self.draw.choice(("contact", "contact", "contact", "lead", "lead", "account"))
        dynamic = kind != "account" and self.draw.random() < 0.25
        self.lists[symbol] = kind
        if dynamic:
            return [("list", symbol, kind, _GUIDES.format(kind))]
        share = self.draw.uniform(0.4, 1.0)
        members = [each for each in self._of(kind) if self.draw.random() < share]
        made: list[Edit] = [("list", symbol, kind)]
        made += [("join", symbol, each) for each in members]
        if self.draw.random() < 0.3:
            made.append(("action", symbol, REMOVE))
        elif self.joining.random() < 0.6:
            made.append(("action", symbol, self._action(kind)))
        if self.joining.random() < 0.2:
            made.append(("filter", symbol, self._filter(kind)))
        if self.draw.random() < 0.3:
            made.append(("join", symbol, self.draw.choice(self.people)))
        if self.draw.random() < 0.2:
            made.append(("stray", symbol, self.draw.randrange(9)))
        return made

    def _action(self, kind: str) -> int:
        makes = {"contact": (CONTACTS,), "lead": (LEADS,)}.get(kind, ())
        return self.joining.choice((IGNORE, KNOWN, *makes, *makes))

    def _filter(self, kind: str) -> str:
        # An account has no opt-in type.
        by_opt_in = () if kind == "account" else ("bulk,opt-in:single", "opt-in:double")
        return self.joining.choice(("bulk", "none", *by_opt_in))

    def _joining(self) -> Edit:
        """Strangers come into a book, and lists say something else of them."""
        draw, of = self.joining, self.joining.choice(sorted(self.lists))
        return draw.choice(
            (
                ("put_into_book", of, draw.choice(self.addresses)),
                ("put_into_book", of, draw.choice(self.spare)),
                ("put_into_book", of, draw.choice(self.spare)),
                ("action", of, self._action(self.lists[of])),
                ("filter", of, self._filter(self.lists[of])),
                ("opt_in", draw.choice(self.people), 727000000 + draw.randrange(4)),
            )
        )

    def _of(self, kind: str) -> list[str]:
        return {"contact": self.contacts, "lead": self.leads, "account": self.accounts}[kind]

    # -- what happens ----------------------------------------------------------------------------------------------

    def _round(self, number: int) -> Round:
        draw = self.draw
        before = [self._edit() for _ in range(draw.randint(2, 9))] if number else []
        before += [self._joining() for _ in range(self.joining.randint(0, 4))] if number else []
        before += [self._opting() for _ in range(self.opting.randint(0, 5))]
        targets = tuple(sorted(draw.sample(sorted(self.lists), draw.randint(1, len(self.lists)))))
        campaign = draw.choice(CAMPAIGNS) if draw.random() < 0.85 else 0
        joined = [self._moving() for _ in range(draw.randint(1, 4))] if draw.random() < 0.4 else []
        during = [self._between() for _ in range(draw.randint(0, 4))]
        send, again = bool(campaign) and draw.random() < 0.6, draw.random() < 0.25
        first, opt_in = draw.random() < 0.3, self.opting.random() < 0.6
        return Round(tuple(before), targets, campaign, tuple(joined), tuple(during), send, again, first, opt_in)

    def _opting(self) -> Edit:
        """Somebody agrees to be mailed in dotdigital, more or less than before."""
        return ("opt_in_there", self.opting.choice(self.addresses), self.opting.choice(OPT_IN_TYPES))

    def _edit(self) -> Edit:
        kinds = (self._moving, self._saying_no, self._saying_yes, self._keeping, self._by_other_hands, self._rare)
        return self.draw.choices(kinds, (4, 4, 3, 5, 3, 1))[0]()

    def _moving(self) -> Edit:
        """Joining and leaving lists."""
        draw, of = self.draw, self.draw.choice(sorted(self.lists))
        somebody = draw.choice(self._of(self.lists[of]) or self.people)
        return draw.choice(
            (
                ("join", of, somebody),
                ("join", of, somebody),
                ("leave", of, somebody),
                ("leave", of, somebody),
                ("job", draw.choice(self.contacts + self.leads), draw.choice(("guide", "buyer"))),
            )
        )

    def _saying_no(self) -> Edit:
        draw, somebody, where = self.draw, self.draw.choice(self.people), self.draw.choice(self.addresses)
        self.number += 1
        return draw.choice(
            (
                ("flag", somebody, "donotemail", 1),
                ("flag", somebody, "donotbulkemail", 1),
                ("type", self.number, self._spelled(where)),
                ("type", self.number, self._spelled(where)),
                ("suppress", where, draw.choice(STATUSES)),
                ("suppress", where, draw.choice(STATUSES)),
                ("leave_book", draw.choice(sorted(self.lists)), where),
                ("leave_send", draw.choice(CAMPAIGNS), where),
                ("pending", where),
            )
        )

    def _between(self) -> Edit:
        """What happens while a send is waiting: mostly somebody says no, sometimes something else."""
        kinds = (self._saying_no, self._moving, self._keeping, self._sending)
        return self.draw.choices(kinds, (10, 2, 2, 1))[0]()

    def _sending(self) -> Edit:
        return ("others_send", self.draw.choice(CAMPAIGNS), self.draw.choice(sorted(self.lists)))

    def _saying_yes(self) -> Edit:
        draw, somebody, where = self.draw, self.draw.choice(self.people), self.draw.choice(self.addresses)
        return draw.choice(
            (
                ("flag", somebody, "donotemail", 0),
                ("flag", somebody, "donotbulkemail", 0),
                ("resubscribe", where),
                ("rejoin_book", draw.choice(sorted(self.lists)), where),
                ("confirm", where),
                ("untype", draw.randint(1, max(1, self.number))),
            )
        )

    def _keeping(self) -> Edit:
        """Everyday keeping of records."""
        draw, somebody = self.draw, self.draw.choice(self.people)
        other = draw.choice([each for each in self.people if each[0] == somebody[0]])
        return draw.choice(
            (
                ("rename", somebody, draw.randrange(99)),
                ("readdress", somebody, self._typed(somebody)),
                ("readdress", somebody, draw.choice(self.spare)),
                ("swap", somebody, draw.choice(self.people)),
                ("second", somebody, draw.choice((2, 3)), self._spelled(draw.choice(self.addresses))),
                ("state", somebody, draw.choice((0, 0, 1, 2))),
                ("delete", somebody),
                ("anew", somebody, draw.randrange(0, 20 * 1440, 720)),
                ("merge", somebody, other, draw.random() < 0.5),
            )
        )

    def _by_other_hands(self) -> Edit:
        draw, where, of = self.draw, self.draw.choice(self.addresses), self.draw.choice(sorted(self.lists))
        return draw.choice(
            (
                ("take_out_of_book", of, where),
                ("put_into_book", of, where),
                ("put_into_book", of, draw.choice(self.spare)),
                ("erase", where),
                ("remake", where),
            )
        )

    def _rare(self) -> Edit:
        draw, of = self.draw, self.draw.choice(sorted(self.lists))
        return draw.choice(
            (
                ("mass_leave", of, draw.choice((60, 90, 100))),
                ("mass_leave", of, draw.choice((60, 90, 100))),
                ("list_state", of, 1),
                ("list_state", of, 0),
                ("list_name", of),
                ("email_off", of),
                ("email_on", of),
                ("others_send", draw.choice(CAMPAIGNS), of),
                ("stray", of, draw.randrange(9)),
                ("join", of, draw.choice(self.people)),
            )
        )


class _AboutConsent(_Drawing):
    """In each round some people say no, by whichever way; in the next one they take another address, are merged into
    somebody else, are made anew, or leave the list among many others."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.saying = random.Random(f"consent/{seed}")
        self.at: dict[str, str] = {}
        self.following: list[Edit] = []

    def _world(self) -> list[Edit]:
        made = super()._world()
        said = {each[1]: plain(each[2]) for each in made if each[0] == "record"}
        self.at = {symbol: typed for symbol, typed in said.items() if typed in self.addresses}
        return made

    def _round(self, number: int) -> Round:
        drawn, following, said = super()._round(number), self.following, list[Edit]()
        self.following = []
        for _ in range(self.saying.randint(2, 5)):
            no, then = self._no_and_then()
            said.append(no)
            self.following.append(then)
        # Of who is held, is back since and has another address by now a count knows the old one.
        return replace(drawn, before=(*drawn.before, *following, *said), joined=())

    def _no_and_then(self) -> tuple[Edit, Edit]:
        say = self.saying
        somebody = say.choice(sorted(self.at))
        where, of = self.at[somebody], say.choice(sorted(self.lists))
        self.number += 1
        no = say.choice(
            (
                ("flag", somebody, "donotemail", 1),
                ("type", self.number, where),
                ("suppress", where, "Unsubscribed"),
                ("suppress", where, "IspComplained"),
                ("leave_book", of, where),
            )
        )
        others = [each for each in self.people if each[0] == somebody[0] and each != somebody]
        then = say.choice(
            (
                ("readdress", somebody, say.choice(self.spare)),
                ("readdress", somebody, say.choice(self.spare)),
                ("merge", somebody, say.choice(others or [somebody]), say.random() < 0.3),
                ("merge", somebody, say.choice(others or [somebody]), False),
                ("remake", where),
                ("anew", somebody, say.randrange(0, 20 * 1440, 720)),
                ("leave", of, somebody),
                ("mass_leave", of, 100),
            )
        )
        return no, then
