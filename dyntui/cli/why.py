"""`dyntui why`: why somebody is mailed, or not."""

from __future__ import annotations

import click

from dyntui.cli.lazy import Command, choices
from dyntui.cli.naming import campaign_ref
from dyntui.cli.output import moment, print_facts, print_json, say
from dyntui.cli.service_call import with_service
from dyntui.cli.together import only_with
from dyntui.model.outcomes import Outcome
from dyntui.service.client import ServiceClient
from dyntui.service.contract.campaigns import CampaignRef
from dyntui.service.contract.people import PEOPLE_WHY, ClosedGate, Verdict, WhyAnswer, WhyQuery


@click.command(cls=Command)
@click.argument("address")
@click.option("--campaign", default="", metavar="NAME", help="A send of this campaign to its target lists.")
@click.option("--account", default="", help="The email account that the campaign is of.")
@click.pass_context
def command(context: click.Context, address: str, campaign: str, account: str) -> None:
    """Why whoever has ADDRESS would be mailed, or not: the gates between them and the mail, in their order.

    Without --campaign it says so for each activated list they are on.
    """

    only_with("--campaign", campaign, account=account)

    async def read(client: ServiceClient) -> WhyAnswer:
        of = await campaign_ref(client, campaign, account) if campaign else CampaignRef(0, account)
        return await client.call(PEOPLE_WHY, WhyQuery(address=address, campaign=of.id, account=of.account))

    answer = with_service(choices(context), read)
    if choices(context).json:
        print_json(answer)
        return
    if answer.note:
        say(answer.note)
    for place, verdict in enumerate(answer.verdicts):
        if place:
            click.echo()
        print_verdict(verdict)
    for each in answer.known:
        say(f"Also {each.entity} {each.person} {each.name}, on other lists.")


def print_verdict(verdict: Verdict) -> None:
    """Whether a record would be mailed, its closed gates with what each rests on, and what was looked at."""
    sendable = verdict.outcome is Outcome.ADDED
    print_facts(
        [
            ("person", verdict.name or verdict.address),
            ("address", verdict.address if verdict.name else ""),
            ("record", f"{verdict.entity} {verdict.person}"),
            ("by a send to", verdict.where),
            ("would be mailed", "yes" if sendable else "no"),
            ("note", verdict.detail if sendable else ""),
            *((f"gate {place}", line) for place, gate in enumerate(verdict.gates, 1) for line in gate_lines(gate)),
            *(
                ("looked at", f"{each.source}, {moment(each.as_of) if each.as_of else 'never'}")
                for each in verdict.asked
            ),
        ]
    )


def gate_lines(gate: ClosedGate) -> tuple[str, ...]:
    """A closed gate in two lines: what it is, rests on and since when; who can mend it and how."""
    times = (
        f"since {moment(gate.since)}" if gate.since else "",
        f"learned {moment(gate.learned_on)}" if gate.learned_on else "",
    )
    return (
        ", ".join(filter(None, (f"{gate.title} ({gate.code})", gate.detail, *times))),
        f"{gate.who}: {gate.remedy}",
    )
