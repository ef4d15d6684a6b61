"""Builds the whole world of a state, once."""

from dyntui.sandbox.clock import Clock
from dyntui.sandbox.dotdigital import extras
from dyntui.sandbox.entra.directory import PEOPLE, TENANT_DOMAIN, TENANT_NAME
from dyntui.sandbox.state import State
from dyntui.sandbox.world import audience, campaigns, company, customers, lists

_MANAGED_USERS = ("manager", "professional")


def dress(state: State) -> None:
    """Gives the simulated organisation and account the company's name; to be done before anything is installed."""
    dataverse, dotdigital = state.config.dataverse, state.config.dotdigital
    dataverse.organization_name = TENANT_NAME
    dataverse.organization_unique_name = "unqskarnfjall"
    dotdigital.account_name = TENANT_NAME
    dotdigital.main_email = f"marketing@{TENANT_DOMAIN}"
    dotdigital.managed_users = tuple(person.upn for person in PEOPLE if person.part in _MANAGED_USERS)
    dotdigital.time_zone = "Europe/Stockholm"
    dotdigital.currency = "SEK"


def is_built(state: State) -> bool:
    """Whether the state has its world already."""
    return state.db.execute("SELECT 1 FROM core_position WHERE name = 'people'").fetchone() is not None


def build(state: State, people: int) -> None:
    """Writes a world of `people` contacts and leads for the state's seed.

    The clock stands at a whole second while the world is built, so that worlds of one seed, size and start are
    identical however fast the machine is. Everything happens or nothing does.
    """
    running, seed = state.clock, state.ids.seed
    state.clock = Clock.standing_at(running.now().replace(microsecond=0))
    try:
        with state.transaction():
            there = company.build(state)
            customers.build(state, there, seed, people)
            lists.build(state, there, seed)
            audience.build(state, seed, people)
            campaigns.build(state)
            audience.add_segments(state)
            extras.seed(state, seed)
            state.db.execute("INSERT INTO core_position (name, value) VALUES ('people', ?)", (people,))
    finally:
        state.clock = running
    state.db.execute("ANALYZE")
