"""Switches of the simulated Dataverse."""

from dataclasses import dataclass


@dataclass(slots=True)
class DataverseSettings:
    """How the simulated Dataverse behaves where its real behaviour is inferred or can be chosen."""
