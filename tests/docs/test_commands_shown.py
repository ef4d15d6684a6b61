"""Every command that a page, a message or a remedy shows exists, with its options, and takes what stands behind it."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator

import click

from dyntui.cli.main import root
from tests.near import ROOT

# `dyntui sandbox` hands what it is given to another program.
_PASSED_ON = ("sandbox",)
_SHOWN = re.compile(r"`(?:sudo )?(dyntui [a-z-][^`]*)`")
_IN_A_BLOCK = re.compile(r"^ {4}(?:sudo )?(dyntui [a-z].*)$", re.MULTILINE)


def pages() -> Iterator[tuple[str, str]]:
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        text = page.read_text()
        for found in (*_SHOWN.findall(text), *_IN_A_BLOCK.findall(text)):
            yield str(page.relative_to(ROOT)), found


def messages() -> Iterator[tuple[str, str]]:
    """Of the product's own words; what is put into them is any word."""
    for module in sorted([*(ROOT / "dyntui").rglob("*.py"), *(ROOT / "screens").rglob("*.py")]):
        tree = ast.parse(module.read_text())
        for node in ast.walk(tree):
            for text in _text_of(node):
                for found in _SHOWN.findall(text):
                    yield f"{module.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}", found
            if isinstance(node, ast.keyword) and node.arg == "command" and isinstance(node.value, ast.Constant):
                yield f"{module.relative_to(ROOT)}:{node.value.lineno}", str(node.value.value)


def _text_of(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    if isinstance(node, ast.JoinedStr):
        yield "".join(str(each.value) if isinstance(each, ast.Constant) else "IT" for each in node.values)


def wrong_with(shown: str) -> str:
    """What the command line would not take of it; `""` where it takes all. One that is only named may lack what it
    needs."""
    words = [each.strip("[]") for each in shlex.split(shown.replace("\n", " "), comments=True)][1:]
    words = words[: next((place for place, each in enumerate(words) if each in ("|", ">", "<", "&&")), len(words))]
    command: click.Command = root
    while isinstance(command, click.Group) and words:
        if words[0].startswith("-"):
            option = _option(command, words[0])
            if option is None:
                return f"has no option {words[0]}"
            words = words[1 if option.is_flag else 2 :]
            continue
        below = command.get_command(click.Context(command), words[0])
        if below is None:
            return f"has no command {words[0]}"
        command, words = below, words[1:]
    if command.name in _PASSED_ON:
        return ""
    given = []
    while words:
        word, words = words[0], words[1:]
        if word.startswith("-") and len(word) > 1:
            name, _, value = word.partition("=")
            option = _option(command, name)
            if option is None:
                return f"has no option {name}"
            if not option.is_flag and not value:
                words = words[1:]
        else:
            given.append(word)
    taken = [each.nargs for each in command.params if isinstance(each, click.Argument)]
    if -1 not in taken and len(given) > sum(taken):
        return f"takes {sum(taken)} arguments, and is given {given}"
    return ""


def _option(command: click.Command, name: str) -> click.Option | None:
    if name in ("-h", "--help"):
        return click.Option(["--help"], is_flag=True)
    options = (each for each in command.params if isinstance(each, click.Option))
    return next((each for each in options if name in (*each.opts, *each.secondary_opts)), None)


def test_what_pages_and_messages_show_can_be_typed() -> None:
    shown = {*pages(), *messages()}
    assert len(shown) > 500
    wrong = {f"{where}: {command}: {fault}" for where, command in shown if (fault := wrong_with(command))}
    assert not wrong, "\n".join(sorted(wrong))
