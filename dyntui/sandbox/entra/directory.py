"""The invented tenant: its people and its app registration. All of it is public fiction."""

from dataclasses import dataclass

TENANT_ID = "5ca1ab1e-0f0e-4d1e-9a1c-0f7a11c0ffee"
TENANT_DOMAIN = "skarnfjall.example"
TENANT_NAME = "Skarnfjäll Friluft AB"

CLIENT_ID = "c11e47a9-5eed-4a11-8b0a-7d0e5a1e5f0e"
CLIENT_SECRET = "sandbox~only.not-a-secret_1234567890abcd"  # noqa: S105 - public fiction
SERVICE_PRINCIPAL_ID = "5e71ce00-90d1-4bea-b0a7-0d1e5c0de5e1"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can sign in. `part` is the short name by which tests and the demo ask for the person."""

    part: str
    oid: str
    upn: str
    first_name: str
    last_name: str
    title: str

    @property
    def name(self) -> str:
        """The display name."""
        return f"{self.first_name} {self.last_name}"


def _person(number: int, part: str, first_name: str, last_name: str, title: str) -> Person:
    upn = f"{first_name}.{last_name.replace(' ', '')}@{TENANT_DOMAIN}".lower()
    return Person(part, f"0a000000-5a4d-4b0c-8e01-{number:012}", upn, first_name, last_name, title)


PEOPLE = (
    _person(1, "admin", "Astrid", "Holmvik", "Systems administrator"),
    _person(2, "manager", "Mira", "Sandahl", "Marketing manager"),
    _person(3, "professional", "Jonas", "Brattli", "Marketing professional"),
    _person(4, "viewer", "Noor", "van der Meer", "Analyst"),
    _person(5, "trade", "Iris", "Calloway", "Trade sales"),
    _person(6, "nobody", "Tove", "Ekblad", "Intern"),
    _person(7, "outsider", "Sam", "Outsider", "Has no Dynamics user"),
)


def find_person(wanted: str) -> Person | None:
    """A person by part, user principal name (any letter case) or object id."""
    key = wanted.strip().lower()
    return next((person for person in PEOPLE if key in {person.part, person.upn, person.oid}), None)
