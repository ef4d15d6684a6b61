"""What holds traffic against descriptions is held itself: by a small description and calls that fit it or do not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conformance import differences, every_route, recorded
from tests.conformance.artefacts import ARTEFACTS, Artefact
from tests.conformance.description import Description, load
from tests.conformance.differences import Comparison
from tests.conformance.requests import Maker
from tests.conformance.traffic import Exchange, exchanges

_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer", "format": "int32"}}
_SELECT = {"name": "select", "in": "query", "schema": {"type": "integer"}}
_KIND = {"name": "~kind", "in": "query", "schema": {"type": "array", "items": {"enum": ["Small", "Large"]}}}
_PARTS = {"name": "parts", "in": "query", "style": "pipeDelimited", "explode": False, "schema": _KIND["schema"]}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}


DOCUMENT = {
    "openapi": "3.0.0",
    "paths": {
        "/v2/books": {
            "get": {
                "parameters": [_SELECT, _KIND, _PARTS],
                "responses": {"200": _json({"type": "array", "items": {"$ref": "#/components/schemas/Book"}})},
            },
            "post": {
                "requestBody": {**_json({"$ref": "#/components/schemas/Book"}), "required": True},
                "responses": {"201": _json({"$ref": "#/components/schemas/Book"})},
            },
        },
        "/v2/books/{id}": {"get": {"parameters": [_ID], "responses": {"200": _json({"type": "object"})}}},
        "/v2/books/{email}": {
            "get": {
                "parameters": [{"name": "email", "in": "path", "required": True, "schema": {"type": "string"}}],
                "responses": {"200": {"content": {"application/octet-stream": {"schema": {"format": "binary"}}}}},
            }
        },
        "/v2/books/first": {"delete": {"responses": {"204": {}}}},
    },
    "components": {
        "schemas": {
            "Named": {
                "type": "object",
                "additionalProperties": False,
                "required": ["name"],
                "properties": {"name": {"type": "string", "minLength": 1}},
            },
            "Kind": {"type": "string", "enum": ["Small", "Large"]},
            "Book": {
                "allOf": [
                    {"$ref": "#/components/schemas/Named"},
                    {
                        "type": "object",
                        "additionalProperties": False,
                        "properties": {
                            "id": {"type": "integer", "format": "int32", "readOnly": True},
                            "key": {"type": "string", "format": "guid"},
                            "kind": {"nullable": True, "oneOf": [{"$ref": "#/components/schemas/Kind"}]},
                            "at": {"type": "string", "format": "date-time"},
                            "inside": {"type": "array", "items": {"$ref": "#/components/schemas/Book"}},
                        },
                    },
                ]
            },
        }
    },
}


@pytest.fixture
def described() -> Description:
    return Description("inline", DOCUMENT)


def call(
    method: str,
    target: str,
    body: Any = None,
    *,
    status: int | None = 200,
    answer: Any = None,
    kind: str = "application/json",
    sent_as: str = "application/json",
) -> Exchange:
    path, _, query = target.partition("?")
    options = [(name, value) for name, _, value in (each.partition("=") for each in query.split("&") if each)]
    data = answer if isinstance(answer, bytes) else b"" if answer is None else json.dumps(answer).encode()
    sent = b"" if body is None else json.dumps(body).encode()
    return Exchange(method, path, options, sent_as if sent else "", sent, status, kind if data else "", data)


def compared(described: Description, *calls: Exchange, artefacts: tuple[Artefact, ...] = ()) -> Comparison:
    comparison = Comparison([described], artefacts)
    comparison.compare(calls)
    return comparison


BOOK = {"name": "A", "id": 1, "key": "5A96BC79-19a7-4544-973b-e2da0c9136f9", "kind": None, "at": "2026-01-01T00:00:00Z"}


@pytest.mark.parametrize(
    "fits",
    [
        call("GET", "/v2/books?select=5&~kind=Small&~kind=Large", answer=[BOOK, {"name": "B", "kind": "Small"}]),
        call("GET", "/v2/books?parts=Small|Large", answer=[BOOK]),
        call("GET", "/v2/books/", answer=[{"name": "A", "inside": [{"name": "B", "inside": [{"name": "C"}]}]}]),
        call("GET", "/v2/books/7", answer={}),
        call("GET", "/v2/books/ada@x.example", answer=b"\x00", kind="application/octet-stream"),
        call("POST", "/v2/books", {"name": "A"}, status=201, answer=BOOK),
        call("POST", "/v2/books", {"name": "A"}, status=400, answer={"message": "Error: ERROR_X"}),
        call("DELETE", "/v2/books/first", status=204),
        call("GET", "/v2/books", status=None),
    ],
)
def test_what_is_as_described_is_no_difference(described: Description, fits: Exchange) -> None:
    assert compared(described, fits).clean, compared(described, fits).report()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (call("GET", "/v2/books?select=five", answer=[]), "query select"),
        (call("GET", "/v2/books?page=5", answer=[]), "query page | is not described"),
        (call("GET", "/v2/books?~kind=Tiny", answer=[]), "query ~kind"),
        (call("GET", "/v2/books?parts=Small,Large", answer=[]), "query parts"),
        (call("GET", "/v2/books", {"name": "A"}, answer=[]), "body | is not described"),
        (call("POST", "/v2/books", status=201, answer=BOOK), "body | is required"),
        (call("POST", "/v2/books", {"name": ""}, status=201, answer=BOOK), "body $.name"),
        (call("POST", "/v2/books", {"nam": "A"}, status=201, answer=BOOK), "'name' is a required property"),
        (call("POST", "/v2/books", {"name": "A", "id": 2**31}, status=201, answer=BOOK), "body $.id"),
        (call("POST", "/v2/books", {"name": "A"}, status=201, answer=BOOK, sent_as="text/xml"), "content type"),
    ],
)
def test_a_request_that_is_not_as_described_is_invalid(described: Description, wrong: Exchange, said: str) -> None:
    found = compared(described, wrong)
    assert len(found.invalid) >= 1 and not found.differing
    assert said in found.report()
    assert not found.clean


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (call("GET", "/v2/books", answer=[{**BOOK, "colour": "red"}]), "'colour' was unexpected"),
        (call("GET", "/v2/books", answer=[{**BOOK, "kind": "Tiny"}]), "$[*].kind"),
        (call("GET", "/v2/books", answer=[{**BOOK, "name": None}]), "$[*].name"),
        (call("GET", "/v2/books", answer=[{**BOOK, "key": "7"}]), "$[*].key"),
        (call("GET", "/v2/books", answer=[{**BOOK, "at": "2026-01-01 00:00:00"}]), "$[*].at"),
        (call("GET", "/v2/books", answer=[{"name": "A", "inside": [{}]}]), "$[*].inside[*]"),
        (call("GET", "/v2/books", answer={}), "answer 200 $"),
        (call("GET", "/v2/books", answer=b"[{"), "is no JSON"),
        (call("GET", "/v2/books", answer=b"<html>", kind="text/html"), "text/html is not described"),
        (call("GET", "/v2/books", status=202, answer=[]), "answer 202"),
        (call("GET", "/v2/books", status=404, answer=b"<html>", kind="text/html"), "answer 404"),
        (call("GET", "/v2/books", status=500, answer={"error": "x"}), "answer 500"),
        (call("DELETE", "/v2/books/first", status=204, answer={}), "body | is not described"),
    ],
)
def test_an_answer_that_is_not_as_described_differs(described: Description, wrong: Exchange, said: str) -> None:
    found = compared(described, wrong)
    assert found.differing and not found.invalid
    assert said in found.report()


def test_a_call_that_nothing_describes_is_named_and_another_system_passed_over(described: Description) -> None:
    found = compared(
        described, call("GET", "/v2/shelves", answer=[]), call("GET", "/api/data/v9.2/contacts", answer={})
    )
    assert found.report().startswith("not described 1x: GET /v2/shelves")
    assert not found.clean and (found.requests, found.answers) == (0, 0)


def test_an_artefact_is_counted_with_its_reason_and_nothing_else_is_excused(described: Description) -> None:
    artefact = Artefact(r"^GET /v2/books$", r"\.name$", r"^None", "The description is wrong there.")
    rows = [{"name": None}, {"name": "A", "colour": "red"}]
    found = compared(described, call("GET", "/v2/books", answer=rows), artefacts=(artefact,))
    assert "The description is wrong there." in found.report()
    assert [*found.differing.values()] == [1] and "colour" in found.report()


def test_a_hand_written_description_is_overruled_by_the_generated_one_of_the_same_operation() -> None:
    def saying(name: str, kind: str) -> Description:
        answers = {"200": _json({"type": kind})}
        return Description(name, {"openapi": "3.0.0", "paths": {"/v2/books": {"get": {"responses": answers}}}})

    generated, written = saying("dotdigital-v2-api-swagger.json", "array"), saying("books.yaml", "object")
    both, alone = Comparison([generated, written]), Comparison([written])
    for comparison in (both, alone):
        comparison.compare([call("GET", "/v2/books", answer=[])])
    assert both.clean and "contradicts the generated one: GET /v2/books | answer 200 $" in both.report()
    assert not alone.clean


def test_every_artefact_has_a_reason_and_names_an_operation() -> None:
    assert all(len(each.reason) > 40 and each.operation and each.place and each.text for each in ARTEFACTS)


def test_requests_made_from_a_description_are_valid_by_it_and_about_what_exists(described: Description) -> None:
    made = []
    for seed in range(20):
        maker = Maker({"books id": [41, 42], "known email": ["ada@x.example"]}, seed)
        for operation in described.operations:
            target = maker.target(operation)
            kind, body = maker.body(operation)
            path, _, query = target.partition("?")
            options = [(name, value) for name, _, value in (each.partition("=") for each in query.split("&") if each)]
            made.append(path)
            assert operation.request_faults(path, options, kind, body) == []
    assert {"/v2/books/41", "/v2/books/42", "/v2/books/ada@x.example"} <= set(made)


def test_a_recording_is_read_as_the_sandbox_writes_it() -> None:
    line = {
        "t": "2026-01-01T00:00:00+00:00",
        "method": "POST",
        "url": "https://localhost:1/v2/books/a%40b?select=1&~kind=",
        "request_headers": {"content-type": "application/json"},
        "request_body": "{}",
        "status": None,
        "response_headers": {},
        "response_body": None,
    }
    (read,) = exchanges([json.dumps(line)])
    assert read == Exchange(
        "POST", "/v2/books/a%40b", [("select", "1"), ("~kind", "")], "application/json", b"{}", None, "", b""
    )


def test_descriptions_are_read_as_json_and_as_yaml_and_nothing_else_is_taken_for_one(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(DOCUMENT))
    (tmp_path / "b.yaml").write_text(json.dumps(DOCUMENT))
    (tmp_path / "c.json").write_text('{"swagger": "2.0"}')
    names = [[each.name for each in load(tmp_path / name).operations] for name in ("a.json", "b.yaml")]
    assert names[0] == names[1] and "GET /v2/books/{id}" in names[0]
    with pytest.raises(ValueError, match="no OpenAPI 3 description"):
        load(tmp_path / "c.json")


@pytest.mark.parametrize("program", [recorded.main, every_route.main])
def test_without_descriptions_the_programs_say_so(
    program: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(differences.ENVIRONMENT, str(tmp_path / "nowhere"))
    monkeypatch.setattr("sys.argv", ["program"])
    assert program() == 2
    assert differences.ENVIRONMENT in capsys.readouterr().err


def test_every_simulated_operation_is_called_and_what_differs_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    wrong = {"200": _json({"type": "object", "required": ["colour"]})}
    document = {"openapi": "3.0.0", "paths": {"/v2/segments": {"get": {"responses": wrong}}}}
    called = [*every_route.calls([Description("inline", document)], rounds=2, seed=1)]
    comparison = compared(Description("inline", document), *(made for _, made in called))
    assert comparison.answers == len(called) == 2
    assert sum(comparison.differing.values()) == 2
