"""Switches of the simulated Entra ID."""

from dataclasses import dataclass


@dataclass(slots=True)
class EntraSettings:
    """How sign-in behaves; lifetimes are seconds of sandbox time."""

    access_token_seconds: int = 3599
    """Life of an access token: Entra issues 60 to 90 minutes and tells one second less than an hour."""
    device_code_seconds: int = 900
    """How long a device code may be approved."""
    device_code_interval: int = 5
    """Seconds which a client has to wait between two polls; a faster one is told `slow_down`."""
    device_code_blocked: bool = False
    """[inferred] A conditional access policy blocks the device code flow: approval ends in AADSTS53003."""
    managed_identity: bool = True
    """The machine has an identity of Azure's, whose application user is the world's; False: none is assigned."""
    refresh_token_seconds: int = 90 * 86400
    """Life of a refresh token."""
