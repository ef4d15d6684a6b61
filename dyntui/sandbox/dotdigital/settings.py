"""Switches of the simulated dotdigital."""

from dataclasses import dataclass


@dataclass(slots=True)
class DotdigitalSettings:
    """How the simulated dotdigital behaves where its real behaviour is inferred or can be chosen."""
