"""A second email account beside the first one, with a list of its own whose people are on lists of the first, too."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from dyntui.model.conversion import Direction
from dyntui.model.mapping import PROVISIONED, ConflictRule, DataMapping
from dyntui.model.people import Entity
from dyntui.sandbox.dotdigital import contact_store, storage
from dyntui.service.accounts import EmailAccounts
from dyntui.service.contract import lists
from dyntui.service.contract.setup import EmailAccountInput
from dyntui.store import accounts, mappings
from dyntui.sync.double_opt_in import mails_nobody
from tests.faults.job import CAMPAIGN
from tests.faults.side_by_side import TwoWorkers
from tests.simulation.sandbox import InProcessSandbox

NAME, NUMBER = "Second", 24_818
BOTH_WAYS = (("FIRSTNAME", "firstname"), ("LASTNAME", "lastname"))


@dataclass
class Account:
    """An email account of dyntui, and what has it in dotdigital. `campaigns`: whom each campaign is meant for, by
    number: the id of a marketing list."""

    name: str
    sandbox: InProcessSandbox
    campaigns: dict[int, str] = field(default_factory=dict)

    def ask(self, method: str, path: str) -> Any:
        """What somebody does in dotdigital itself."""
        info, state = self.sandbox.info, self.sandbox.state
        url = state.urls.dotdigital[state.config.dotdigital.region] + path
        return self.sandbox.http.request(method, url, auth=(info["api_user"], info["api_password"])).json()

    def new_campaigns(self, list_id: str, count: int) -> None:
        """So many copies of a campaign, for the people of a list."""
        (number,) = self.sandbox.state.db.execute("SELECT id FROM dd_campaign WHERE name = ?", (CAMPAIGN,)).fetchone()
        for _ in range(count):
            self.campaigns[int(self.ask("POST", f"/v2/campaigns/{number}/copy")["id"])] = list_id

    def change(self, address: str, **values: str) -> bool:
        """Somebody edits a contact there; whether there is one."""
        state = self.sandbox.state
        contact = contact_store.by_email(state, address)
        if contact is None:
            return False
        data = json.dumps({**contact_store.data_of(contact), **values})
        with state.transaction():
            row = (data, storage.now(state), contact.id)
            state.db.execute("UPDATE dd_contact SET data = ?, updated = ? WHERE id = ?", row)
        return True


def connected(office: TwoWorkers, rule: ConflictRule) -> Account:
    """The account, connected; names travel both ways in it, and of two changed ones that of the rule wins."""
    sandbox = office.sandbox.beside(NUMBER, people=0, seed=7)
    # dotdigital numbers campaigns over all accounts of a region.
    sandbox.state.db.execute("UPDATE sqlite_sequence SET seq = seq + ? WHERE name = 'dd_campaign'", (NUMBER,))
    sandbox.switch(dotdigital={"audience": False})
    info = sandbox.info
    asked = EmailAccountInput(
        name=NAME,
        api_user=info["api_user"],
        api_password=info["api_password"],
        dotdigital_url=info["dotdigital_url"],
        double_opt_in="off",
        is_default=False,
    )
    office.wait(EmailAccounts(office.resources, office.reconnect).add(office.context, asked))
    inward = tuple(
        DataMapping(label, Entity.CONTACT, column, Direction.TO_DYNAMICS, rule) for label, column in BOTH_WAYS
    )
    with office.db.write() as c:
        new = next(each for each in accounts.accounts(c) if each.name == NAME)
        mails_nobody(c, new.id, office.resources.now())
        told = {"by": "somebody", "now": office.resources.now(), "why": "both ways"}
        based_on = mappings.current(c, new.id).version
        assert mappings.save(c, new.id, (*PROVISIONED, *inward), based_on=based_on, **told)
    return Account(NAME, sandbox)


def list_of(office: TwoWorkers, name: str, people: list[str]) -> str:
    """A new marketing list of these contacts, activated in the second account; its id."""
    made = office.new_list(name=name, member_type="contact")
    office.join(made.row.id, people)
    return office.activate(lists.Activate(id=made.row.id, account=NAME, link=True)).row.id
