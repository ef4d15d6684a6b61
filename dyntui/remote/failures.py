"""The errors of calls that ended without an answer that can be used."""

from __future__ import annotations

from dyntui.model.errors import Exit
from dyntui.remote.budget import UsedUp
from dyntui.remote.calls import Call
from dyntui.remote.errors import READ_NOT_DONE, RemoteError, System, asking_to_wait
from dyntui.remote.patience import NoAnswer


def given_up(system: System, origin: str, call: Call, failure: NoAnswer) -> RemoteError:
    """The error of a call whose last attempt got no answer: an unknown outcome for a write that may have been made,
    else what the system said last, else that it cannot be reached."""
    said = failure.error
    detail = f"{call.route}: {failure}"
    if call.writes and call.doubtful:
        return system.unknown_outcome(
            f"{system.prefix}_UNKNOWN_OUTCOME",
            f"The connection to {system.name} broke while a change was being made.",
            not_done="It is not known whether the change was made.",
            remedy="It is read back before anything is repeated; if this persists, check the network.",
            exit=Exit.UNREACHABLE,
            detail=detail,
            status=said.status if said is not None else 0,
            platform_code=said.platform_code if said is not None else "",
            repeated=True,
        )
    if said is not None:
        return said
    return system.error(
        f"{system.prefix}_UNREACHABLE",
        f"{system.name} at {origin} could not be reached.",
        not_done=system.not_done(writes=call.writes),
        remedy="Check the URL, the network and, for a private certificate authority, the ca_file setting.",
        exit=Exit.UNREACHABLE,
        detail=detail,
    )


def used_up(system: System, busy: UsedUp, *, writes: bool) -> RemoteError:
    """The error of a call that was not sent, as a limit of the system would have refused it."""
    return system.error(
        f"{system.prefix}_BUDGET",
        asking_to_wait(f"The {busy.limit} that {system.name} allows are used up.", busy.seconds),
        not_done=system.not_done(writes=writes),
        remedy="Wait: runs go on by themselves. `dyntui status` shows who has used what.",
    )


def unreadable(system: System, detail: str, status: int = 200) -> RemoteError:
    """The error of an answer that is of another shape than is understood."""
    return system.error(
        f"{system.prefix}_ANSWER_UNREADABLE",
        f"{system.name} answered in a shape that is not understood.",
        not_done=READ_NOT_DONE,
        remedy="See the log; a proxy may have answered in its place.",
        detail=detail,
        status=status,
    )
