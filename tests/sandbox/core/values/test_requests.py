"""Calls as the simulated systems see them."""

import pytest

from dyntui.sandbox.request import Headers, Request, json_response


def test_headers_are_found_in_any_letter_case() -> None:
    headers = Headers([("Prefer", "a"), ("PREFER", "b"), ("If-Match", "*")])
    assert headers["prefer"] == "a, b"
    assert "IF-MATCH" in headers
    assert headers.get("Accept") is None


def test_a_plus_in_a_query_is_a_space_and_blank_options_are_kept() -> None:
    request = Request("GET", "/x", "$filter=name+eq+'a%2Bb'&$count=")
    assert request.query == [("$filter", "name eq 'a+b'"), ("$count", "")]


def test_a_byte_order_mark_in_front_of_json_is_passed_over() -> None:
    assert Request("POST", "/x", body=b'\xef\xbb\xbf{"a": 1}').json() == {"a": 1}


def test_a_body_that_is_no_json_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="Expecting"):
        Request("POST", "/x", body=b"a=1").json()


def test_json_answers_name_their_content_type_unless_told_otherwise() -> None:
    assert json_response({"é": 1}).body == '{"é":1}'.encode()
    assert json_response([], headers={"Content-Type": "application/json; odata"}).headers == {
        "Content-Type": "application/json; odata"
    }
