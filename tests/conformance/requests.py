"""Requests made from a description: valid by what it says, about things that exist.

Values come from the schema; where a name says what is meant (`campaignId`, `email`), one of the things that exist is
taken instead, so that calls reach further than "not found".
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from tests.conformance.description import Operation

Things = Mapping[str, Sequence[Any]]
_OPTIONAL_SHARE = 0.6
_NULL_SHARE = 0.2


class Maker:
    """Makes requests for operations; `things` are values by the name of a parameter or property, in lower case."""

    def __init__(self, things: Things, seed: int) -> None:
        self._things = things
        self._draw = random.Random(seed)
        self._made = 0

    def target(self, operation: Operation) -> str:
        """Path and options of a call."""
        path = operation.template
        for each in operation.parameters_in("path"):
            value = self._parameter(operation, each, f"{_family(path, each['name'])}{each['name']}")
            path = path.replace(f"{{{each['name']}}}", quote(value, safe="@:"))
        options = []
        for each in operation.parameters_in("query"):
            if each.get("required") or self._draw.random() < _OPTIONAL_SHARE / 2:
                options.append((each["name"], self._parameter(operation, each, each["name"])))
        return f"{path}?{urlencode(options, safe='~:')}" if options else path

    def body(self, operation: Operation) -> tuple[str, bytes]:
        """Content type and body of a call; both empty where none is described."""
        if operation.body is None:
            return "", b""
        kind, content = next(iter(operation.body["content"].items()))
        schema = operation.description.meant(content.get("schema", {}))
        return kind, json.dumps(self._value(schema, "", required=True)).encode()

    def _parameter(self, operation: Operation, parameter: Mapping[str, Any], name: str) -> str:
        schema = operation.description.meant(parameter.get("schema", {}))
        if schema.get("type") == "array":
            schema = schema.get("items", {})
        value = self._value(schema, name, required=True)
        return str(value).lower() if isinstance(value, bool) else str(value)

    def _value(self, schema: Mapping[str, Any], name: str, *, required: bool) -> Any:
        known = self._things.get(name.lower())
        choices = schema.get("anyOf") or schema.get("oneOf")
        if choices and not known:
            null = {"enum": [None]}
            likely = [each for each in choices if each != null or self._draw.random() < _NULL_SHARE]
            return self._value(self._draw.choice(likely), name, required=required)
        if "enum" in schema:
            return self._draw.choice(schema["enum"])
        kind = schema.get("type", "object" if "properties" in schema else "string")
        if schema.get("nullable") and not required and self._draw.random() < _NULL_SHARE:
            return None
        if kind == "array":
            size = max(schema.get("minItems", 0), self._draw.randrange(4))
            return [self._value(schema.get("items", {}), _singular(name), required=True) for _ in range(size)]
        if kind == "object":
            return self._object(schema, name)
        if known:
            return self._fitting(self._draw.choice(known), kind)
        return self._plain(schema, kind)

    def _object(self, schema: Mapping[str, Any], around: str) -> dict[str, Any]:
        """An object; what its property `id` is the id of is told by the name `around` it."""
        needed = set(schema.get("required", ()))
        return {
            name: self._value(inner, f"{around} id" if name == "id" else name, required=name in needed)
            for name, inner in schema.get("properties", {}).items()
            if name in needed or (not inner.get("readOnly") and self._draw.random() < _OPTIONAL_SHARE)
        }

    def _fitting(self, value: Any, kind: str) -> Any:
        if kind == "integer":
            return value if isinstance(value, int) else self._draw.randrange(1, 50)
        return str(value) if kind == "string" else value

    def _plain(self, schema: Mapping[str, Any], kind: str) -> Any:
        if kind == "boolean":
            return self._draw.random() < 0.5
        if kind in {"integer", "number"}:
            least = schema.get("minimum", 0)
            return self._draw.randint(least, min(schema.get("maximum", 100), least + 100))
        self._made += 1
        by_format = {
            "date-time": "2026-03-01T00:00:00Z",
            "date": "2026-03-01",
            "guid": "00000000-0000-4000-8000-000000000000",
            "uuid": "00000000-0000-4000-8000-000000000000",
            "byte": "RW1haWwKYUBiLmV4YW1wbGUK",
            "ipv4": "192.0.2.7",
            "ipv6": "2001:db8::7",
            "uri": "https://www.kestrel.example/",
            "email": f"made{self._made}@kestrel.example",
        }
        return by_format.get(schema.get("format", ""), f"Made{self._made}")


def _family(template: str, name: str) -> str:
    """What a bare `{id}` is the id of, by the part of the path before it: `address-books `."""
    match = re.search(rf"/([\w-]+)/\{{{re.escape(name)}\}}", template)
    special = {"key": "transactional ", "email": "known "}.get(name.lower())
    if special:
        return special
    return f"{match[1]} " if match and name.lower() in {"id", "name"} else ""


def _singular(name: str) -> str:
    return re.sub(r"(?i)ids$", "Id", name)
