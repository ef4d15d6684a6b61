"""Who is at the other end of a Unix socket, as the kernel says."""

from __future__ import annotations

import socket
import struct

import msgspec

from dyntui.model.errors import DyntuiError

# struct ucred of <sys/socket.h>: pid, uid, gid.
_UCRED = struct.Struct("3i")


class Peer(msgspec.Struct, frozen=True):
    """A connected process and the operating-system user it runs as."""

    process: int
    uid: int


def peer_of(connection: socket.socket) -> Peer:
    """The peer of a connected Unix socket (SO_PEERCRED, unix(7)).

    Raises DyntuiError PEER_UNKNOWN elsewhere than on Linux.
    """
    if not hasattr(socket, "SO_PEERCRED"):
        raise DyntuiError(
            "PEER_UNKNOWN",
            "This operating system does not say who connects.",
            not_done="The connection was refused.",
            remedy="Run the service on Linux.",
        )
    process, uid, _gid = _UCRED.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))
    return Peer(process, uid)
