"""Values that say what users may do. How they are read and asked is in `security`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum


class Depth(IntEnum):
    """How far a privilege reaches: own rows, the business unit, it and its children, the organisation."""

    BASIC = 0
    LOCAL = 1
    DEEP = 2
    GLOBAL = 3

    @property
    def label(self) -> str:
        """The PrivilegeDepth member, as the Web API writes it."""
        return self.name.capitalize()

    @property
    def mask(self) -> int:
        """privilegedepthmask in rows of roleprivileges [inferred: 1, 2, 4, 8]."""
        return 1 << self.value

    @classmethod
    def of_label(cls, label: str) -> "Depth":
        """The depth of a PrivilegeDepth member. Raises ValueError."""
        for depth in cls:
            if depth.label == label:
                return depth
        raise ValueError(label)

    @classmethod
    def of_mask(cls, mask: int) -> "Depth":
        return cls(mask.bit_length() - 1)


@dataclass(frozen=True, slots=True)
class Grant:
    """One way in which a privilege is held: how far it reaches, seen from which business unit, for which owners."""

    depth: Depth
    business_unit: str
    owners: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Access:
    """What a user holds, directly and through teams: privilege name -> the ways in which it is held."""

    user_id: str
    business_unit: str
    teams: tuple[str, ...]
    role_count: int
    access_mode: int
    grants: Mapping[str, tuple[Grant, ...]]


@dataclass(frozen=True, slots=True)
class Caller:
    """For whom a request is carried out.

    `user_id` is the user whose rights count and who becomes createdby; `on_behalf_by` is the one who really called,
    when somebody else is impersonated, and becomes createdonbehalfby. `limits` are that one's rights.
    """

    access: Access
    on_behalf_by: str | None = None
    limits: Access | None = None

    @property
    def user_id(self) -> str:
        return self.access.user_id

    @property
    def business_unit_id(self) -> str:
        return self.access.business_unit

    @property
    def teams(self) -> tuple[str, ...]:
        return self.access.teams

    def grants(self, privilege: str) -> tuple[Grant, ...]:
        """The ways in which the caller holds a privilege; impersonation never reaches further than the real caller."""
        held = self.access.grants.get(privilege, ())
        if self.limits is None:
            return held
        ceiling = max((grant.depth for grant in self.limits.grants.get(privilege, ())), default=None)
        if ceiling is None:
            return ()
        return tuple(Grant(min(grant.depth, ceiling), grant.business_unit, grant.owners) for grant in held)

    def depth(self, privilege: str) -> Depth | None:
        """The furthest depth that the caller holds a privilege with."""
        return max((grant.depth for grant in self.grants(privilege)), default=None)


@dataclass(slots=True)
class SecurityCache:
    """What has been read about users, with the time and the generation of the security rows it was read from."""

    accesses: dict[str, tuple[Access, int, datetime]] = field(default_factory=dict)
    units: tuple[int, dict[str, tuple[str, ...]]] = (-1, {})
