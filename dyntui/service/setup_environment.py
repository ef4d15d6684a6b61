"""What the environment says already of the answers that setup needs; nothing of it is asked.

First what systemd hands over (`$CREDENTIALS_DIRECTORY`, systemd.exec(5)) and dyntui's own variables of secrets, then an
XRM connection string (learn.microsoft.com, "Use connection strings in XRM tooling to connect to Microsoft Dataverse"),
then the variables of the Azure libraries (learn.microsoft.com, "EnvironmentCredential", "WorkloadIdentityCredential",
"ManagedIdentityCredential", and "DefaultAzureCredential" for their order) and those of dotdigital.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from dyntui.service import certificate_file
from dyntui.service.setup_questions import (
    CERTIFICATE,
    MANAGED,
    NONE,
    SECRET,
    WORKLOAD,
    Question,
    checked,
    of_account,
    questions,
)

CREDENTIALS = "CREDENTIALS_DIRECTORY"
_OURS = "DYNTUI_SECRET_"
# Who becomes the first Manager: by the user name in Dynamics, or `-` where somebody is.
MANAGER = "DYNTUI_MANAGER"
_STRINGS = ("DATAVERSE_CONNECTION_STRING", "XRM_CONNECTION_STRING")
_AZURE_HOST = "AZURE_AUTHORITY_HOST"
# The app registration, where AZURE_CLIENT_ID is the client id of a managed identity.
_APPLICATION = "DYNTUI_CLIENT_ID"
_TOKEN_FILE = "AZURE_FEDERATED_TOKEN_FILE"  # noqa: S105 - a variable's name
_CHOSEN = "AZURE_TOKEN_CREDENTIALS"
_WORKLOAD_CREDENTIAL, _MANAGED_CREDENTIAL = "workloadidentitycredential", "managedidentitycredential"
_AZURE_SECRET, _AZURE_FILE, _AZURE_PASSWORD = (
    "AZURE_CLIENT_SECRET",
    "AZURE_CLIENT_CERTIFICATE_PATH",
    "AZURE_CLIENT_CERTIFICATE_PASSWORD",
)
_DOTDIGITAL = {
    "DOTDIGITAL_NAME": "name",
    "DOTDIGITAL_ENDPOINT": "url",
    "DOTDIGITAL_REGION": "url",
    "DOTDIGITAL_USER": "user",
    "DOTDIGITAL_API_USER": "user",
    "DOTDIGITAL_PASSWORD": "password",
    "DOTDIGITAL_API_PASSWORD": "password",
}

# The words of a connection string, without spaces and in small letters, and the answers that they are.
_WORDS = {
    "url": "url",
    "serviceuri": "url",
    "server": "url",
    "clientid": "client_id",
    "appid": "client_id",
    "applicationid": "client_id",
    "clientsecret": "client_secret",
    "secret": "client_secret",
    "tenantid": "tenant",
}
_WITHOUT_MEANING_HERE = {
    "authtype", "requirenewinstance", "skipdiscovery", "loginprompt", "redirecturi", "replyurl", "integratedsecurity",
    "tokencachestorepath",
}  # fmt: skip
_PART = re.compile(r"""\s*([^=;]+?)\s*=\s*("(?:[^"]|"")*"|'(?:[^']|'')*'|[^;]*?)\s*(?:;|$)""")
_REGION = re.compile(r"r?([1-9])", re.IGNORECASE)


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """An answer, and where it stands: a variable or a credential. `shown`: the answer, `""` where it is a secret."""

    key: str
    text: str
    shown: str
    source: str


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """All that the environment says. `left`: what was not taken, by its name, and why; never with its value."""

    answers: dict[str, str]
    taken: tuple[Taken, ...]
    left: tuple[tuple[str, str], ...] = ()

    def __repr__(self) -> str:
        return f"Said({', '.join(each.source for each in self.taken)})"


class _Reading:
    """Collects answers: of two for one question the first one counts."""

    def __init__(self) -> None:
        self.answers: dict[str, str] = {}
        self.sources: dict[str, str] = {}
        self.left: list[tuple[str, str]] = []

    def take(self, key: str, value: str, source: str) -> None:
        if key in self.answers:
            if self.answers[key] != value:
                self.left.append((source, f"{self.sources[key]} goes before it"))
            return
        question = _question(key, self.answers)
        try:
            self.answers[key] = checked(question, value, self.answers)
        except ValueError as wrong:
            # The value is not repeated: it may be a secret in the wrong place.
            self.left.append((source, "it is not an answer that setup takes" if question.hidden else str(wrong)))
            return
        self.sources[key] = source

    def signs_in(self) -> bool:
        return "client_secret" in self.answers or "certificate" in self.answers


def said_by(environ: Mapping[str, str]) -> Said:
    """What an environment says."""
    reading = _Reading()
    _credentials(environ, reading)
    _secrets_of_ours(environ, reading)
    of_a_string = _connection_strings(environ, reading)
    _azure(environ, reading, of_a_string)
    _dotdigital(environ, reading)
    if manager := environ.get(MANAGER, "").strip():
        reading.take("manager", manager, MANAGER)
    if reading.signs_in():
        reading.answers["sign_in"] = SECRET if "client_secret" in reading.answers else CERTIFICATE
    else:
        _platform(environ, reading)
    return Said(answers=reading.answers, taken=tuple(_taken(reading)), left=tuple(reading.left))


def in_connection_string(text: str, source: str) -> Said:
    """What a connection string says. `source`: how it is called in words."""
    reading = _Reading()
    _connection_string(text, source, reading)
    return Said(answers=reading.answers, taken=tuple(_taken(reading)), left=tuple(reading.left))


def without_secrets(environ: Mapping[str, str]) -> dict[str, str]:
    """An environment for another process: what setup takes from it goes there by the socket, not by inheritance."""
    secret = {_AZURE_SECRET, _AZURE_PASSWORD, *_STRINGS}
    secret |= {name for name, what in _DOTDIGITAL.items() if what == "password"}
    return {name: value for name, value in environ.items() if name not in secret}


def _question(key: str, answers: Mapping[str, str]) -> Question:
    """The question with this key, whichever way of signing in is answered."""
    for way in (SECRET, CERTIFICATE, MANAGED):
        for each in questions({**answers, "sign_in": way}):
            if each.key == key:
                return each
    return Question(key=key, text="Password of the certificate's key", about="dynamics", hidden=True)


def _taken(reading: _Reading) -> Iterator[Taken]:
    for each in questions(reading.answers):
        if source := reading.sources.get(each.key):
            value = reading.answers[each.key]
            hidden = each.hidden or certificate_file.is_text(value)
            yield Taken(key=each.key, text=each.text.partition(" (")[0], shown="" if hidden else value, source=source)


def _credentials(environ: Mapping[str, str], reading: _Reading) -> None:
    directory = environ.get(CREDENTIALS, "")
    if not directory:
        return
    for name, key in (("dyntui.dataverse", "client_secret"), ("dyntui.dotdigital", of_account(1, "password"))):
        file = Path(directory, name)
        try:
            value = file.read_text(encoding="utf-8").rstrip("\r\n")
        except FileNotFoundError:
            continue
        except (OSError, UnicodeDecodeError):
            reading.left.append((f"credential {name}", "it cannot be read"))
            continue
        if key == "client_secret" and certificate_file.is_text(value):
            reading.take("certificate", str(file), f"credential {name}")
        else:
            reading.take(key, value, f"credential {name}")


def _secrets_of_ours(environ: Mapping[str, str], reading: _Reading) -> None:
    name = f"{_OURS}DATAVERSE"
    if value := environ.get(name, ""):
        reading.take("certificate" if certificate_file.is_text(value) else "client_secret", value, name)
    passwords = [each for each in sorted(environ) if each.startswith(f"{_OURS}DOTDIGITAL_") and environ[each]]
    if len(passwords) == 1:
        reading.take(of_account(1, "password"), environ[passwords[0]], passwords[0])


def _connection_strings(environ: Mapping[str, str], reading: _Reading) -> bool:
    """Whether one of them names the application."""
    for name in _STRINGS:
        if text := environ.get(name, "").strip():
            _connection_string(text, name, reading)
            if reading.sources.get("client_id") == name:
                return True
    return False


def _connection_string(text: str, source: str, reading: _Reading) -> None:
    parts = {_word(name): (name, _unquoted(value)) for name, value in _PART.findall(text)}
    if not parts:
        reading.left.append((source, "it is not a connection string: names and values, with semicolons between them"))
        return
    way = parts.get("authtype", ("", ""))[1].casefold()
    if way not in ("clientsecret", "certificate"):
        reading.left.append((source, "setup signs in as an application: AuthType=ClientSecret is what it can use"))
        return
    for word, (name, value) in parts.items():
        if word in ("thumbprint", "certthumbprint", "certstorename", "storename"):
            why = f"only the certificate store of Windows knows a {name}: give {_AZURE_FILE}"
            reading.left.append((f"{name} in {source}", why))
        elif word in _WORDS:
            if value:
                reading.take(_WORDS[word], value, source)
        elif word not in _WITHOUT_MEANING_HERE:
            reading.left.append((f"{name[:40]} in {source}", "setup does not know it"))


def _word(name: str) -> str:
    return name.replace(" ", "").replace("_", "").casefold()


def _unquoted(value: str) -> str:
    mark = value[:1]
    if len(value) > 1 and mark in "\"'" and value.endswith(mark):
        return value[1:-1].replace(mark * 2, mark)
    return value


def _azure(environ: Mapping[str, str], reading: _Reading, of_a_string: bool) -> None:
    """`of_a_string`: the application is named by a connection string, and its secret is no other's."""
    if tenant := environ.get("AZURE_TENANT_ID", "").strip():
        host = environ.get(_AZURE_HOST, "").strip().rstrip("/")
        host = host if "://" in host or not host else f"https://{host}"
        reading.take("tenant", f"{host}/{tenant}" if host else tenant, "AZURE_TENANT_ID")
    application = environ.get("AZURE_CLIENT_ID", "").strip()
    if of_a_string and application != reading.answers.get("client_id"):
        for name in ("AZURE_CLIENT_ID", _AZURE_SECRET, _AZURE_FILE):
            if environ.get(name):
                reading.left.append((name, "the connection string names another application"))
        return
    if application:
        reading.take("client_id", application, "AZURE_CLIENT_ID")
    # The Azure libraries take the secret where both are there.
    for name, key in ((_AZURE_SECRET, "client_secret"), (_AZURE_FILE, "certificate")):
        value = environ.get(name, "")
        if not value:
            continue
        if reading.signs_in():
            first = reading.sources.get("client_secret") or reading.sources.get("certificate", "")
            if reading.answers.get(key) != value:
                reading.left.append((name, f"{first} goes before it"))
        else:
            reading.take(key, value, name)
    if "certificate" in reading.answers and (password := environ.get(_AZURE_PASSWORD, "")):
        reading.take("certificate_password", password, _AZURE_PASSWORD)


def _platform(environ: Mapping[str, str], reading: _Reading) -> None:
    """Where there is no secret: the machine's identity, as far as the environment shows that there is one. On a virtual
    machine nothing does but `AZURE_TOKEN_CREDENTIALS`."""
    chosen = environ.get(_CHOSEN, "").strip().casefold()
    if environ.get(_TOKEN_FILE) and chosen in ("", _WORKLOAD_CREDENTIAL):
        reading.take("sign_in", WORKLOAD, _TOKEN_FILE)
    elif chosen == _MANAGED_CREDENTIAL:
        reading.take("sign_in", MANAGED, _CHOSEN)
    elif not chosen and environ.get("IDENTITY_ENDPOINT") and environ.get("IDENTITY_HEADER"):
        reading.take("sign_in", MANAGED, "IDENTITY_ENDPOINT")
    if reading.answers.get("sign_in") != MANAGED:
        return
    if identity := environ.get("AZURE_CLIENT_ID", "").strip():
        # To the Azure libraries it is then the identity's, by which no person can sign in.
        if reading.sources.get("client_id") == "AZURE_CLIENT_ID":
            del reading.answers["client_id"], reading.sources["client_id"]
        reading.take("managed_identity", identity, "AZURE_CLIENT_ID")
    else:
        reading.answers["managed_identity"] = NONE
    if application := environ.get(_APPLICATION, "").strip():
        reading.take("client_id", application, _APPLICATION)


def _dotdigital(environ: Mapping[str, str], reading: _Reading) -> None:
    for name, what in _DOTDIGITAL.items():
        if value := environ.get(name, "").strip():
            if name == "DOTDIGITAL_REGION":
                region = _REGION.fullmatch(value)
                value = f"https://r{region[1]}-api.dotdigital.com" if region else value
            reading.take(of_account(1, what), value, name)
    for name in sorted(environ):
        if name.startswith("DOTDIGITAL_") and name not in _DOTDIGITAL:
            reading.left.append((name, "setup does not know it"))
