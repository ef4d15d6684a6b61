"""What the sandbox's command line cannot mean is refused in words, before anything is begun."""

from __future__ import annotations

import pytest

from dyntui.sandbox.main import main


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--port", "99999"), "no first of six ports"),
        # The last of its six would be none.
        (("--port", "65531"), "no first of six ports"),
        (("--port", "-1"), "no number from 0 on"),
        (("--people", "-1"), "no number from 0 on"),
        (("--latency", "1.5"), "no number from 0 on"),
    ],
)
def test_a_number_that_cannot_be_is_refused(
    words: tuple[str, str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as refused:
        main(list(words))
    assert refused.value.code == 2 and said in capsys.readouterr().err
