"""A marketing list as the commands of `dyntui lists` print it."""

from __future__ import annotations

from dyntui.cli.following import print_tally
from dyntui.cli.lazy import Choices
from dyntui.cli.naming import list_id
from dyntui.cli.output import moment, number, print_facts, print_json, yes_no
from dyntui.cli.service_call import with_service
from dyntui.model.membership_actions import ACTIONS
from dyntui.model.outcomes import Tally
from dyntui.model.subscription_filters import text_of
from dyntui.service.client import ServiceClient
from dyntui.service.contract.lists import LIST_GET, ListDetail, ListRef, sync_words


def _settings(detail: ListDetail) -> list[tuple[str, str]]:
    known = detail.settings
    if known is None:
        return [("Settings", detail.misfit)]
    return [
        ("Action", f"{ACTIONS[known.membership_action].title} ({known.membership_action})"),
        ("Filter", text_of(known.subscription_filter)),
        ("Clear on send", yes_no(known.clear_on_send)),
        ("Sync order", str(known.sync_order)),
        ("Manual only", yes_no(known.manual_only)),
    ]


def detail_of(chosen: Choices, named: str) -> ListDetail:
    """The list of this id or name. Raises LIST_UNKNOWN, LIST_AMBIGUOUS."""

    async def ask(client: ServiceClient) -> ListDetail:
        return await client.call(LIST_GET, ListRef(await list_id(client, named)))

    return with_service(chosen, ask)


def print_detail(chosen: Choices, detail: ListDetail) -> None:
    """Its facts, its settings, and what became of its members."""
    if chosen.json:
        print_json(detail)
        return
    row = detail.row
    print_facts(
        [
            ("List", f"{row.name} ({row.id})"),
            ("Description", detail.description),
            ("Type", f"{row.member_type}, {'dynamic' if row.dynamic else 'static'}"),
            ("Members", number(row.members)),
            ("Locked", "yes" if row.locked else ""),
            ("Query", detail.query),
            ("Activated", f"yes, {row.account}" if row.activated else "no"),
            ("Address book", f"{detail.address_book} ({detail.address_book_id})" if detail.address_book_id else ""),
            ("Sync status", sync_words(row, detail.counts)),
            ("Last synced", moment(row.last_synced)),
            *_settings(detail),
            ("Owner", row.owner),
            ("Active run", detail.active_run),
            ("As read", moment(detail.as_of) if detail.as_of else ""),
        ]
    )
    print_tally(Tally(sum(count.people for count in detail.counts), detail.counts))
