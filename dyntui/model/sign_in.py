"""By what the service signs in to Dynamics."""

from __future__ import annotations

from enum import StrEnum


class SignInBy(StrEnum):
    """A secret that the keyring holds (the first two), who the machine is by its platform (the next two), or a person
    who signed in by device code, and as whom the service acts."""

    SECRET = "secret"  # noqa: S105 - a word
    CERTIFICATE = "certificate"
    WORKLOAD_IDENTITY = "workload-identity"
    MANAGED_IDENTITY = "managed-identity"
    DEVICE_CODE = "device-code"

    @property
    def keeps_a_secret(self) -> bool:
        """Whether the keyring has to hold one for it."""
        return self in (SignInBy.SECRET, SignInBy.CERTIFICATE, SignInBy.DEVICE_CODE)

    @property
    def in_words(self) -> str:
        """As people read it."""
        return {SignInBy.SECRET: "client secret"}.get(self, self.value.replace("-", " "))
