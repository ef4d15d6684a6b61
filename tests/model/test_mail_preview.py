"""A mail's HTML as text, and its links."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dyntui.model.mail_preview import preview, problem_of

MAIL = """<html><head><title>Hidden</title><style>p {color: red}</style></head><body>
<h1>Våren&nbsp;på fjället</h1><p>Hello @FIRSTNAME@,<br>the tents&amp;poles are <b>here</b>.</p>
<ul><li>One</li><li><a href="https://shop.example/two">Two</a></li></ul>
<table><tr><td>A</td><td>1</td></tr><tr><td>B</td><td>2</td></tr></table>
<img src="x.png" alt="A tent"><script>alert(1)</script>
<p><a href="http://$UNSUB$">Unsubscribe</a> <a href="http://plain.example/">http://other.example/</a></p></body></html>"""


def test_html_becomes_the_text_that_a_reader_sees_with_numbered_links() -> None:
    seen = preview(MAIL)
    assert seen.text.splitlines() == [
        "Våren på fjället",
        "",
        "Hello @FIRSTNAME@,",
        "the tents&poles are here.",
        "",
        "- One",
        "- Two[1]",
        "",
        "A 1",
        "B 2",
        "",
        "[picture: A tent]",
        "",
        "Unsubscribe[2] http://other.example/[3]",
    ]
    assert [(each.number, each.url, each.problem) for each in seen.links] == [
        (1, "https://shop.example/two", ""),
        (2, "http://$UNSUB$", ""),
        (3, "http://plain.example/", "shows another address than it leads to"),
    ]
    assert seen.unsubscribes and not preview("<p>No way out</p>").unsubscribes


@pytest.mark.parametrize(
    ("url", "text", "problem"),
    [
        ("", "Here", "leads nowhere"),
        ("#", "Here", "leads nowhere"),
        ("#top", "Up", ""),
        ("www.example.org", "Here", "is no complete address"),
        ("javascript:alert(1)", "Here", "opens with javascript:"),
        ("mailto:ann@example.org", "Write", ""),
        ("http://example.org", "Here", "is not encrypted"),
        ("https://www.example.org/x", "https://example.org", ""),
        ("$FORWARD$", "Tell a friend", ""),
    ],
)
def test_a_link_is_looked_at_as_it_is_written(url: str, text: str, problem: str) -> None:
    assert problem_of(url, text) == problem


@example("<![;")
@example("<![if mso]>a<![endif]>")
@given(st.text(alphabet="<>/a=\"' !-p[]&#;x\n", max_size=200))
def test_any_html_can_be_read(html: str) -> None:
    assert isinstance(preview(html).text, str)


def test_a_mail_that_never_closes_anything_is_read_at_once() -> None:
    assert len(preview("<a href='https://e.example'>x" * 20_000).links) <= 500
    assert preview("<div><p>" * 50_000 + "end").text == "end"
