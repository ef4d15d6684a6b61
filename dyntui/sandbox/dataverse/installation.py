"""Puts an organisation into a state: the one place that knows what all is installed, and in which order."""

from dyntui.sandbox.dataverse import standard_tables, storage, truth
from dyntui.sandbox.state import State


def install(state: State) -> None:
    """Makes the organisation kept in the database usable, or a new one with the standard tables. Idempotent."""
    storage.prepare(state)
    if not storage.schema_of(state).tables:
        standard_tables.install(state)
    truth.index_opt_outs(state)
    state.opted_out = lambda addresses: truth.opted_out(state, addresses)
