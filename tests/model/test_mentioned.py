"""An address is got out of whatever somebody typed: too many are harmless, one too few is a mail too many."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dyntui.model.mentioned import addresses_in, shown
from dyntui.model.people import is_address, normalise

A, B = "ann@a.example", "bob@b.example"


@pytest.mark.parametrize(
    "text",
    [
        A,
        " Ann@A.Example\t",
        "<ann@a.example>",
        "&lt;ann@a.example&gt;",
        "ann\u200b@a.example",
        "\ufeffann@a.example",
        "an\u00adn@a.exa\u2060mple",
        "ann@a.example\u200e",
        "ann@a\ufe0f.example",
        "mailto:ann@a.example",
        "MAILTO:ann@a.example?subject=Stop",
        "mailto:ann%40a.example",
        "ann%40a.example",
        "Ann Lee <ann@a.example>",
        '"Lee, Ann" <ann@a.example>',
        "Ann Lee (ann@a.example)",
        "[ann@a.example]",
        "[ann@a.example](mailto:ann@a.example)",
        "'ann@a.example'",
        "`ann@a.example`",
        '"ann@a.example"',
        "“ann@a.example”",
        "«ann@a.example»",
        '"ann"@a.example',
        "ann(private)@a.example",
        "ann@a.example.",
        "ann@a.example...",
        ".ann@a.example",
        "ann@a.example,",
        "ann@a.example!",
        "ann@a.example:",
        "ann @ a.example",
        "ann@ a.example",
        "e-mail: ann@a.example",
        "email=ann@a.example",
        "e-mail:ann@a.example",
        "ann@a.example (2026-03-01, phone)",
        "please never write to ann@a.example again",
        "ann@a.example\r\n",
        "ａｎｎ＠ａ．ｅｘａｍｐｌｅ",
        "ann@a。example",
        "ann [at] a.example",
        "ann (at) a (dot) example",
        "ann{at}a[dot]example",
        "ann at a.example",
        "Ann AT a dot example",
        "please never write to ann at a.example again",
        "ann\x00@a.example",
        "\x1b[31mann@a.example",
        "https://a.example/?unsubscribe=ann@a.example",
        "ann@a.example@",
        "x@ann@a.example",
        "1.ann@a.example",
        "_ann@a.example_",
        "邮箱ann@a.example",
        "ann@a.example不要",
        "ann@a.exampleです",
        "ann@@a.example",
        "ann@a..example",
        "ann@a. example",
        "ann @a .\nexample",
    ],
)
def test_the_address_is_got_out_of_whatever_is_around_it(text: str) -> None:
    assert A in addresses_in(text)


@pytest.mark.parametrize(
    "between",
    ["; ", ";", ",", " ", "\n", "/", " / ", "|", " und ", "\u2003", "；", "、", "&", "><", "+", "-", "_", "."],
)
def test_every_address_of_several_is_found(between: str) -> None:
    assert {A, B} <= set(addresses_in(f"{A}{between}{B}"))
    assert {A, B} <= set(addresses_in(f"Ann <{A}>{between}mailto:{B}"))


@pytest.mark.parametrize("text", ["x@exämple.org", "x@xn--exmple-cua.org", "X@EXÄMPLE.ORG", "x@exa\u0308mple.org"])
def test_a_domain_counts_as_it_is_written_and_as_the_domain_name_system_knows_it(text: str) -> None:
    assert set(addresses_in(text)) >= {"x@exämple.org", "x@xn--exmple-cua.org"}


def test_a_sharp_s_counts_as_either_rule_of_domain_names_writes_it() -> None:
    assert set(addresses_in("x@straße.example")) == {
        "x@straße.example",
        "x@xn--strae-oqa.example",
        "x@strasse.example",
    }


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        None,
        "n/a",
        "call him instead",
        "@",
        "@a.example",
        "ann@",
        "ann@localhost",
        "a@b.c",
        "\u200b",
        "www.a.org",
    ],
)
def test_a_text_without_an_address_gives_none(text: str | None) -> None:
    assert addresses_in(text) == ()


def test_what_may_belong_to_the_address_counts_both_ways() -> None:
    assert addresses_in("o'brien@a.example") == ("o'brien@a.example", "brien@a.example")
    assert addresses_in("ann+news@a.example") == ("ann+news@a.example",)


_LOCALS = st.text(
    st.characters(codec="ascii", exclude_categories=["Cc"], exclude_characters=' @<>()[],;:"\\'), min_size=1
)
_SENDABLE = st.builds(lambda local, host: normalise(f"{local}@{host}"), _LOCALS, st.just("mail.example")).filter(
    is_address
)


@given(
    _SENDABLE, st.sampled_from(["{}", "<{}>", " {} ", "Ann <{}>", "mailto:{}", "{};bob@b.example", "\ufeff{}", "{}."])
)
def test_every_address_that_can_be_mailed_is_found_as_it_is(address: str, written: str) -> None:
    found = addresses_in(written.format(address))
    assert address in found
    assert addresses_in(address)[0] == address


@given(st.text(st.sampled_from("ab@.é<>;, \u200b\x1b%4'\"/()[]&:")))
def test_what_is_found_is_an_address_in_one_spelling_without_blanks(text: str) -> None:
    for address in addresses_in(text):
        local, _, domain = address.rpartition("@")
        assert local and "." in domain and "@" not in local
        assert address == normalise(address) and not any(char.isspace() for char in address)
        assert address in addresses_in(address)


@given(st.text())
def test_any_text_is_read_and_can_be_shown(text: str) -> None:
    addresses_in(text)
    assert shown(text).isprintable() and len(shown(text)) <= 60


def test_a_long_text_is_read_once_through() -> None:
    assert addresses_in("x" * 200_000) == ()
    assert A in addresses_in("@".join(["y" * 100] * 2_000) + f" {A}")
    assert A in addresses_in("y" * 100_000 + " @ " + "y" * 100_000 + f" {A}")


def test_what_nobody_sees_is_spelled_out() -> None:
    assert shown("n\u200ba\x1b[2J") == "n\\u200ba\\u001b[2J"
    assert shown(None) == ""
