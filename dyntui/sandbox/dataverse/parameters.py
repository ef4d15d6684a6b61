"""Parameters of functions in addresses: `Name(Target=@t,PrivilegeName='x')?@t={...}`."""

import re
from typing import Any

import msgspec

from dyntui.sandbox.dataverse.call import Call
from dyntui.sandbox.dataverse.errors import bad_request
from dyntui.sandbox.dataverse.expand import split
from dyntui.sandbox.dataverse.lists import read_guid

_ENUM = re.compile(r"[\w.]+'(.*)'", re.DOTALL)


def read(call: Call, text: str | None) -> dict[str, Any]:
    """The parameters in parentheses as plain values: text, numbers, bool, None, lists and dicts from JSON.

    Raises DataverseError for a literal that cannot be understood or an alias without a value.
    """
    found = {}
    for part in split(text or "", ","):
        if not part.strip():
            continue
        name, separator, literal = part.partition("=")
        if not separator:
            raise bad_request(f"The function parameter '{part}' must be named.")
        found[name.strip()] = value(call, literal.strip())
    return found


def value(call: Call, literal: str) -> Any:
    """The value of a literal, or of the alias that it is."""
    if literal.startswith("@"):
        if literal not in call.aliases:
            raise bad_request(f"The parameter alias '{literal}' has no value.")
        literal = call.aliases[literal].strip()
    if len(literal) >= 2 and literal[0] == literal[-1] == "'":
        return literal[1:-1].replace("''", "'")
    if literal[:1] in {"[", "{"} or literal in {"true", "false", "null"} or re.fullmatch(r"-?\d+(\.\d+)?", literal):
        try:
            return msgspec.json.decode(literal)
        except msgspec.DecodeError as error:
            raise bad_request(f"The parameter value '{literal}' is no valid JSON.") from error
    enum = _ENUM.fullmatch(literal)
    return enum[1] if enum else literal


def text(given: dict[str, Any], name: str) -> str:
    """A parameter that must be text."""
    found = given.get(name)
    if not isinstance(found, str):
        raise bad_request(f"The parameter '{name}' is missing or is no text.")
    return found


def guid(given: dict[str, Any], name: str) -> str:
    """A parameter that must be a GUID, in lower case."""
    return read_guid(given.get(name), name)


def texts(given: dict[str, Any], name: str) -> list[str]:
    """A parameter that must be a list of texts."""
    found = given.get(name)
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise bad_request(f"The parameter '{name}' must be a list of texts.")
    return found
