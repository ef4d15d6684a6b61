"""What if something were mended that keeps people out of a count."""

from __future__ import annotations

import pytest

from dyntui.model.reasons import BY_CODE, SUPPRESSIONS
from dyntui.model.what_if import MENDABLE, ClosedBy, opened

CLOSED = (
    ClosedBy(("NO_EMAIL",), 7),
    ClosedBy(("NO_EMAIL", "DO_NOT_EMAIL"), 3),
    ClosedBy(("INACTIVE", "NO_EMAIL"), 2),
    ClosedBy(("SUPPRESSED",), 9),
)


@pytest.mark.parametrize(
    ("mended", "more"),
    [((), 0), (("NO_EMAIL",), 7), (("INACTIVE",), 0), (("NO_EMAIL", "INACTIVE"), 9), (("FILTERED",), 0)],
)
def test_only_whom_nothing_else_keeps_out_would_be_mailed(mended: tuple[str, ...], more: int) -> None:
    assert opened(CLOSED, mended) == more


@pytest.mark.parametrize("code", ["SUPPRESSED", "DO_NOT_EMAIL", "UNSUBSCRIBED_LIST", "COMPLAINED", "ALREADY_SENT"])
def test_consent_is_nobodys_to_mend(code: str) -> None:
    with pytest.raises(ValueError, match=code):
        opened(CLOSED, (code,))


def test_what_can_be_mended_is_in_the_catalogue() -> None:
    assert BY_CODE.keys() >= MENDABLE
    assert {"HARD_BOUNCED", "NO_MAIL_SERVER"} == MENDABLE & SUPPRESSIONS
