"""The organisation itself: its row, business units and currency, and the publishers and solutions it begins with."""

from dyntui.sandbox.dataverse import (
    business_units,
    choices,
    definition_log,
    key_indexes,
    privileges,
    roles,
    sdk_messages,
    security,
    system_rows,
)
from dyntui.sandbox.dataverse.business_units import SYSTEM_USER_NAME
from dyntui.sandbox.state import State

DEFAULT_PUBLISHER_PREFIX = "new"
DEFAULT_OPTION_PREFIX = 10000


def install(state: State) -> None:
    """Writes the rows a new organisation has: one business unit, one currency, no human users yet."""
    settings = state.config.dataverse
    currency = system_rows.insert(
        state,
        "transactioncurrency",
        {
            "currencyname": "Euro",
            "isocurrencycode": "EUR",
            "currencysymbol": "€",
            "currencyprecision": 2,
            "exchangerate": 1.0,
        },
    )
    organisation = system_rows.insert(
        state,
        "organization",
        {
            "name": settings.organization_unique_name,
            "languagecode": settings.base_language,
            "localeid": settings.base_language,
            "basecurrencyid": currency,
            "expirechangetrackingindays": settings.delta_token_days,
            "expiresubscriptionsindays": 90,
        },
    )
    unit = system_rows.insert(
        state,
        "businessunit",
        {"name": settings.organization_unique_name, "organizationid": organisation, "isdisabled": 0},
    )
    system_rows.insert(
        state,
        "systemuser",
        {
            "fullname": SYSTEM_USER_NAME,
            "lastname": SYSTEM_USER_NAME,
            "businessunitid": unit,
            "organizationid": organisation,
            "isdisabled": 1,
            "accessmode": 3,
        },
    )
    add_default_team(state, unit, settings.organization_unique_name)
    privileges.install(state)
    roles.install(state)
    _install_publishers(state, organisation)
    sdk_messages.install(state)
    security.install(state)
    choices.install(state)
    key_indexes.install(state)
    definition_log.install(state)


def add_default_team(state: State, unit: str, name: str) -> str:
    """The team that every business unit has and that all its users belong to."""
    return system_rows.insert(
        state,
        "team",
        {
            "name": name,
            "businessunitid": unit,
            "isdefault": 1,
            "teamtype": 0,
            "organizationid": business_units.organization_id(state),
        },
    )


def _install_publishers(state: State, organisation: str) -> None:
    name = state.config.dataverse.organization_unique_name
    default = system_rows.insert(
        state,
        "publisher",
        {
            "uniquename": f"DefaultPublisher{name}",
            "friendlyname": f"Default Publisher for {name}",
            "customizationprefix": DEFAULT_PUBLISHER_PREFIX,
            "customizationoptionvalueprefix": DEFAULT_OPTION_PREFIX,
            "isreadonly": 0,
        },
    )
    microsoft = system_rows.insert(
        state,
        "publisher",
        {
            "uniquename": "MicrosoftCorporation",
            "friendlyname": "MicrosoftCorporation",
            "customizationprefix": "none",
            "isreadonly": 1,
        },
    )
    for unique, friendly, publisher, managed, visible in (
        ("Active", "Active Solution", default, 0, 0),
        ("Default", "Default Solution", default, 0, 1),
        ("Cr" + name[3:8], "Common Data Services Default Solution", default, 0, 1),
        ("msdynce_MarketingSales", "Sales and Marketing", microsoft, 1, 1),
    ):
        system_rows.insert(
            state,
            "solution",
            {
                "uniquename": unique,
                "friendlyname": friendly,
                "version": "1.0.0.0",
                "publisherid": publisher,
                "ismanaged": managed,
                "isvisible": visible,
                "organizationid": organisation,
            },
        )
