"""A service's OpenAPI description, and what in a request or an answer is otherwise than it says.

    description = load(path)                        a .json or .yaml file, OpenAPI 3.0 or 3.1
    operation = description.operation("GET", "/v2/contacts/5")
    operation.request_faults("/v2/contacts/5", query, content_type, body)      -> [Fault]
    operation.answer_faults(status, content_type, body)                        -> [Fault]

What JSON Schema says is judged by openapi-schema-validator; here stand only the parts around it: which operation a call
is, where its parameters are, which answer is meant. Two habits of the generator that wrote the larger descriptions say
less than it meant, and are read the way they were meant (`meant`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import yaml
from jsonschema import FormatChecker
from jsonschema.exceptions import ValidationError, best_match
from openapi_schema_validator import OAS30Validator, OAS31Validator, oas30_format_checker, oas31_format_checker

_METHODS = ("get", "put", "post", "delete", "patch", "head", "options")
_INDEX = re.compile(r"\[\d+\]")
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
Json = Any
# What stands between the values of a parameter that is written once, by its style.
_DELIMITERS = {"pipeDelimited": "|", "spaceDelimited": " "}


@dataclass(frozen=True, slots=True)
class Fault:
    """One difference: where it is (`query select`, `body $[*].name`, `answer 200 $.id`) and what is wrong."""

    place: str
    text: str


class Description:
    """One description, its operations by method."""

    def __init__(self, name: str, document: Mapping[str, Json]) -> None:
        self.name = name
        self.document = document
        self._meant: dict[int, Json] = {}
        newer = str(document["openapi"]).startswith("3.1")
        self._validator = OAS31Validator if newer else OAS30Validator
        self._formats = _formats(oas31_format_checker if newer else oas30_format_checker)
        self.operations = [
            Operation(self, method.upper(), template, {**_shared(item), **item[method]})
            for template, item in document["paths"].items()
            for method in _METHODS
            if method in item
        ]

    def operation(self, method: str, path: str) -> Operation | None:
        """The operation of a call; where several templates fit, the one that its parameters fit best."""
        fitting = [each for each in self.operations if each.method == method and each.pattern.fullmatch(path)]
        fitting.sort(key=lambda each: (each.template.count("{"), len(each.path_faults(path))))
        return fitting[0] if fitting else None

    def meant(self, schema: Json) -> Json:
        """A schema of this description as its writer meant it."""
        if not schema:
            return {}
        if id(schema) not in self._meant:
            self._meant[id(schema)] = meant(schema, self.document)
        return self._meant[id(schema)]

    def faults(self, schema: Json, value: Json, place: str) -> list[Fault]:
        """What a schema of this description says against a value."""
        validator = self._validator(self.meant(schema), format_checker=self._formats)
        return [Fault(f"{place} {_path(error)}", _text(error)) for error in validator.iter_errors(value)]


class Operation:
    """One operation of a description."""

    def __init__(self, description: Description, method: str, template: str, definition: Mapping[str, Json]) -> None:
        self.description = description
        self.method = method
        self.template = template
        self.definition = definition
        self.parameters = [_resolved(each, description.document) for each in definition.get("parameters", ())]
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(template.rstrip("/") or "/"))
        self.pattern = re.compile(pattern + "/?", re.IGNORECASE)

    @property
    def name(self) -> str:
        return f"{self.method} {self.template}"

    def parameters_in(self, where: str) -> Iterator[Mapping[str, Json]]:
        return (each for each in self.parameters if each["in"] == where)

    @property
    def body(self) -> Mapping[str, Json] | None:
        """The described body of the request, None without one."""
        body = self.definition.get("requestBody")
        return None if body is None else _resolved(body, self.description.document)

    def path_faults(self, path: str) -> list[Fault]:
        match = self.pattern.fullmatch(path)
        given = {name: unquote(value) for name, value in (match.groupdict() if match else {}).items()}
        return [
            fault
            for each in self.parameters_in("path")
            for fault in self._parameter_faults(each, [given[each["name"]]], f"path {each['name']}")
            if each["name"] in given
        ]

    def request_faults(
        self, path: str, query: Sequence[tuple[str, str]], content_type: str, body: bytes
    ) -> list[Fault]:
        """What is wrong with a request: parameters, unknown options, and its body."""
        faults = self.path_faults(path)
        known = {each["name"]: each for each in self.parameters_in("query")}
        for name in dict.fromkeys(name for name, _ in query):
            if name not in known:
                faults.append(Fault(f"query {name}", "is not described"))
            else:
                values = [value for key, value in query if key == name]
                faults += self._parameter_faults(known[name], values, f"query {name}")
        given = {name for name, _ in query}
        faults += [
            Fault(f"query {name}", "is required")
            for name, each in known.items()
            if each.get("required") and name not in given
        ]
        return faults + self._body_faults(content_type, body)

    def _parameter_faults(self, parameter: Mapping[str, Json], values: Sequence[str], place: str) -> list[Fault]:
        schema = _resolved(parameter.get("schema", {}), self.description.document)
        if schema.get("type") == "array":
            between = _DELIMITERS.get(parameter.get("style", "form"), ",")
            given = values if parameter.get("explode", True) else values[-1].split(between)
            value: Json = [_cast(each, _resolved(schema.get("items", {}), self.description.document)) for each in given]
        else:
            value = _cast(values[-1], schema)
        return self.description.faults(schema, value, place)

    def _body_faults(self, content_type: str, body: bytes) -> list[Fault]:
        described = self.body
        if described is None:
            return [Fault("body", "is not described")] if body.strip() else []
        if not body.strip():
            return [Fault("body", "is required")] if described.get("required") else []
        return self._content_faults(described["content"], content_type, body, "body")

    def answer_faults(self, status: int, content_type: str, body: bytes) -> list[Fault]:
        """What is wrong with an answer: its status, content type and body."""
        answers = self.definition["responses"]
        found = answers.get(str(status), answers.get(f"{status // 100}XX", answers.get("default")))
        if found is None:
            described = ", ".join(answers)
            return [Fault(f"answer {status}", f"is not described (but {described})")]
        content = _resolved(found, self.description.document).get("content")
        place = f"answer {status}"
        if not content:
            return [Fault(f"{place} body", "is not described")] if body.strip() and status < 400 else []
        return self._content_faults(content, content_type, body, place)

    def _content_faults(self, content: Mapping[str, Json], content_type: str, body: bytes, place: str) -> list[Fault]:
        kind = content_type.partition(";")[0].strip().lower()
        described = content.get(kind) or content.get("*/*")
        if described is None:
            return [Fault(f"{place} content type", f"{kind or 'none'} is not described (but {', '.join(content)})")]
        schema = described.get("schema")
        if schema is None or kind != "application/json":
            return []
        try:
            value = json.loads(body)
        except ValueError:
            return [Fault(place, "is no JSON")]
        return self.description.faults(schema, value, place)


def load(path: Path) -> Description:
    """Reads a description. Raises OSError, or ValueError for what is none."""
    text = path.read_text("utf-8")
    document = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    if not isinstance(document, dict) or "openapi" not in document:
        raise ValueError(f"{path} is no OpenAPI 3 description")
    return Description(path.name, document)


def _shared(item: Mapping[str, Json]) -> dict[str, Json]:
    return {"parameters": item["parameters"]} if "parameters" in item else {}


def _resolved(value: Mapping[str, Json], document: Mapping[str, Json]) -> Mapping[str, Json]:
    while "$ref" in value:
        found: Json = document
        for part in value["$ref"].removeprefix("#/").split("/"):
            found = found[part.replace("~1", "/").replace("~0", "~")]
        value = found
    return value


# -- what the generator meant ----------------------------------------------------------------------------------------


def meant(schema: Json, document: Mapping[str, Json], inside: tuple[str, ...] = ()) -> Json:
    """A schema without references, `nullable` effective beside `oneOf`, and closed objects of one `allOf` joined.

    OpenAPI 3.0 gives `nullable` a meaning only beside `type`; and an object that may have no more properties than its
    own can never be part of an `allOf` with another. The generator writes both where it means "or null" and "and".
    What contains itself (`inside` names the references around it) is open from its second level on.
    """
    if isinstance(schema, list):
        return [meant(each, document, inside) for each in schema]
    if not isinstance(schema, Mapping):
        return schema
    if "$ref" in schema:
        if inside.count(schema["$ref"]) > 1:
            return {}
        inside = (*inside, schema["$ref"])
        schema = _resolved(schema, document)
    read = {key: _read(key, value, document, inside) for key, value in schema.items()}
    if "allOf" in read:
        read = _joined(read)
    if not read.pop("nullable", False):
        return read
    if "enum" in read and None not in read["enum"]:
        read["enum"] = [*read["enum"], None]
    return {**read, "nullable": True} if "type" in read else {"anyOf": [read, {"enum": [None]}]}


def _read(key: str, value: Json, document: Mapping[str, Json], inside: tuple[str, ...]) -> Json:
    if key == "properties":
        return {name: meant(each, document, inside) for name, each in value.items()}
    if key in {"example", "examples", "default", "enum", "required"}:
        return value
    return meant(value, document, inside)


def _joined(schema: dict[str, Json]) -> dict[str, Json]:
    """The parts of an `allOf` as one object, closed when one of them is."""
    parts = [*schema.pop("allOf"), schema]
    joined: dict[str, Json] = {}
    for part in parts:
        for key, value in part.items():
            if key == "properties":
                joined[key] = _together(joined.get(key, {}), value)
            elif key == "required":
                joined[key] = [*joined.get(key, ()), *value]
            elif key == "additionalProperties" and joined.get(key) is False:
                continue
            else:
                joined[key] = value
    return joined


def _together(one: dict[str, Json], other: Mapping[str, Json]) -> dict[str, Json]:
    """Properties of two parts; those that both name have to be as both say."""
    both = {}
    for name in one.keys() & other.keys():
        first, second = one[name], other[name]
        objects = all(isinstance(each, dict) and "properties" in each for each in (first, second))
        both[name] = _joined({"allOf": [first, second]}) if objects else {**first, **second}
    return {**one, **other, **both}


# -- values and words ------------------------------------------------------------------------------------------------


def _cast(text: str, schema: Mapping[str, Json]) -> Json:
    """The value which a parameter's text stands for; the text itself where it is none of the described type."""
    try:
        if schema.get("type") == "integer":
            return int(text)
        if schema.get("type") == "number":
            return float(text)
    except ValueError:
        return text
    if schema.get("type") == "boolean":
        return {"true": True, "false": False}.get(text.lower(), text)
    return text


def _formats(checker: FormatChecker) -> FormatChecker:
    """Formats of the descriptions: those the library knows, the ranges of integers, and GUIDs."""
    known = FormatChecker(formats=())
    known.checkers = dict(checker.checkers)
    known.checkers["int32"] = (lambda value: not _is_int(value) or -(2**31) <= value < 2**31, ())
    known.checkers["int64"] = (lambda value: not _is_int(value) or -(2**63) <= value < 2**63, ())
    known.checkers["guid"] = (lambda value: not isinstance(value, str) or bool(_GUID.fullmatch(value)), ())
    return known


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _path(error: ValidationError) -> str:
    return _INDEX.sub("[*]", error.json_path)


def _text(error: ValidationError) -> str:
    """The reason in short: of the alternatives of an `anyOf`, the one that came nearest."""
    nearest = best_match([error]) if error.context else error
    within = f" at {_path(nearest)}" if nearest is not None and nearest is not error else ""
    message = (nearest or error).message
    return f"{message[:160]}{within}"
