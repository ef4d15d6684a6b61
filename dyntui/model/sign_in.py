"""By what the service signs in to Dynamics."""

from __future__ import annotations

from enum import StrEnum


class SignInBy(StrEnum):
    """A secret that the keyring holds (the first two), or who the machine is by its platform (the others)."""

    SECRET = "secret"  # noqa: S105 - a word
    CERTIFICATE = "certificate"
    WORKLOAD_IDENTITY = "workload-identity"
    MANAGED_IDENTITY = "managed-identity"

    @property
    def keeps_a_secret(self) -> bool:
        """Whether the keyring has to hold one for it."""
        return self in (SignInBy.SECRET, SignInBy.CERTIFICATE)

    @property
    def in_words(self) -> str:
        """As people read it."""
        return {SignInBy.SECRET: "client secret"}.get(self, self.value.replace("-", " "))
