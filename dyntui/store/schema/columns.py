"""What the tables have in common: names of constraints, and columns that are never null."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Integer, MetaData, String, text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# Marks a table that is worked out from others: a store that moves leaves it behind.
DERIVED = {"derived": True}


def text_column(name: str, **more: object) -> Column[str]:
    """Text, `""` where there is none."""
    return Column(name, String, nullable=False, server_default="", **more)  # type: ignore[arg-type]


def flag_column(name: str) -> Column[bool]:
    """Yes or no; no at first."""
    return Column(name, Boolean, nullable=False, server_default=text("false"))


def number_column(name: str) -> Column[int]:
    """A whole number; 0 at first."""
    return Column(name, Integer, nullable=False, server_default="0")
