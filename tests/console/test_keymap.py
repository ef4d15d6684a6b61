"""Other keys than the usual ones, by `config.toml`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from dyntui.model.errors import DyntuiError
from dyntui.service.config import Config, read_config, write_config
from dyntui.service.contract.keymap import keymap_of, twice
from dyntui.service.profile import open_profile

from .driving import driving
from .worlds import Opening


def test_keys_are_written_as_people_write_them() -> None:
    said: dict[str, str | list[str]] = {"grid.filter": ["/", "Ctrl+f", "F7"], "app.help": "?", "grid.open": "Enter"}
    assert keymap_of(said) == {
        "grid.filter": ("slash", "ctrl+f", "f7"),
        "app.help": ("question_mark",),
        "grid.open": ("enter",),
    }
    assert twice({}) == []
    # What two actions exchange is not twice there.
    assert keymap_of({"grid.first": "G", "grid.last": "g"})


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"lists.fly": "f"}, "no action 'lists.fly'"),
        ({"lists.activate": "hyper+x"}, "is no key"),
        ({"lists.activate": ""}, "is no key"),
        ({"lists.activate": []}, "has no key"),
        ({"lists.activate": "j"}, "grid.down"),
        ({"lists.activate": "colon"}, "app.palette"),
        ({"app.help": "F"}, "people.find"),
    ],
)
def test_what_cannot_be_a_keymap_is_refused_by_name(said: Mapping[str, str | Sequence[str]], why: str) -> None:
    with pytest.raises(DyntuiError, match="KEYMAP_INVALID") as refused:
        keymap_of(said)
    assert why in str(refused.value)


def test_the_settings_keep_keys(tmp_path: object) -> None:
    profile = open_profile("keys", {"DYNTUI_HOME": str(tmp_path)})
    profile.config_file.parent.mkdir(parents=True)
    write_config(profile, Config(keys={"lists.activate": ["a", "f7"]}))
    assert read_config(profile).keys == {"lists.activate": ["a", "f7"]}


async def test_another_key_does_it_and_is_the_one_that_is_hinted_and_shown() -> None:
    async with driving(Opening("connected"), keymap=keymap_of({"app.palette": "ctrl+f", "go.lists": "0"})) as hand:
        await hand.press("colon")
        assert "Home" in hand.text
        await hand.press("0")
        assert "Marketing Lists" in hand.text and "Ctrl+f" in hand.text
        await hand.press("ctrl+f")
        await hand.type("marketing")
        assert "Marketing Lists  0" in hand.text
