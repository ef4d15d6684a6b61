"""Email accounts as people see them."""

from __future__ import annotations

import msgspec

from dyntui.model.lengths import units
from dyntui.model.plain import plain

# The column of its row in Dynamics takes so many characters.
LONGEST_NAME = 100


def name_fault(name: str) -> str:
    """Why an email account cannot be called so, `""` where it can: lists, commands and messages name it."""
    if not name.strip():
        return "it needs a name"
    if plain(name) != name:
        return "its name has control characters"
    return f"its name has more than {LONGEST_NAME} characters" if units(name) > LONGEST_NAME else ""


class AccountRow(msgspec.Struct, frozen=True, kw_only=True):
    """A connected email account. `platform_id`: dotdigital's number; `lists`: activated for it; `suppressed`: how many
    addresses are known to be suppressed in it; `read_on`: when its suppressions were read last (ISO 8601 UTC);
    `copies_suppressions`: whom it suppresses is suppressed in the other accounts too; `suppression_flags`: what is set
    on their records in Dynamics: `bulk`, `email`, `both` or `none`; `takes_off_unsubscribed`: who unsubscribes from a
    static list leaves it in Dynamics too; `takes_off_suppressed`: who is suppressed leaves the static lists that a
    campaign is sent to. `double_opt_in`: `off`, `single`,
    `all`, or `""` while nobody knows. `new_respondents`: what becomes of who answers a form and is not known in
    Dynamics: `ignore`, `contact` or `lead`. `sync_level` and the switches `reads_opens` (sends as well),
    `reads_clicks`, `reads_page_views`, `reads_roi`: how much is read of the results of campaigns
    (`dyntui.model.campaign_results`). Removals are held where they are more than `removal_people` and more than
    `removal_percent` of the book; `budget_percent`: of its calls dyntui may use no more; `lead_topic` and `last_name`:
    of records that are made of strangers, `""` as config.toml says; `record_owner`: the user of Dynamics (principal
    name) whose they are, `""` the owner of the list."""

    id: str
    name: str
    description: str
    is_default: bool
    platform_id: int
    region: str
    endpoint: str
    api_user: str
    sync_level: str
    double_opt_in: str
    copies_suppressions: bool
    new_respondents: str = "ignore"
    removal_people: int = 10
    removal_percent: int = 10
    budget_percent: int = 100
    lead_topic: str = ""
    last_name: str = ""
    record_owner: str = ""
    reads_opens: bool = True
    reads_clicks: bool = True
    reads_page_views: bool = True
    reads_roi: bool = True
    suppression_flags: str = "bulk"
    takes_off_unsubscribed: bool = False
    takes_off_suppressed: bool = False
    lists: int
    suppressed: int
    read_on: str = ""
