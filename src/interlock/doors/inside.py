"""Connections within the process: one door asks another as a client of it, by the other's own protocol.

What comes this way goes the other door's whole path. Two things differ: it needs no TLS, since nothing lies between,
and who is at the other end is told by the door that asks, as its own transport showed it.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable

from interlock.doors.relay import Link
from interlock.model.peer import Peer

Dial = Callable[[Peer], Awaitable[Link]]
"""Connects to a door on behalf of a peer of ours; raises `OSError` when no descriptor is left."""


class InsideLink(Link):
    """One end of such a connection. `peer` is who is at the other door's client's end."""

    def __init__(self, peer: Peer, on_connect: Callable[[Link], None] | None = None) -> None:
        super().__init__(on_connect)
        self._peer = peer

    @property
    def inside(self) -> bool:
        """It is."""
        return True

    @property
    def peer(self) -> Peer:
        """As the other door's transport showed it."""
        return self._peer


async def dial_inside(on_connect: Callable[[Link], None], peer: Peer) -> Link:
    """A connection to a door whose `on_connect` gets the other end; raises `OSError`.

    The ends are joined in a task of its own: cut off in the middle, a loop may keep a socket that nobody has.
    """
    joining = asyncio.ensure_future(_joined(on_connect, peer))
    try:
        return await asyncio.shield(joining)
    except asyncio.CancelledError:
        joining.add_done_callback(_abandon)
        raise


async def _joined(on_connect: Callable[[Link], None], peer: Peer) -> Link:
    loop = asyncio.get_running_loop()
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.setblocking(False)
    _, link = await loop.connect_accepted_socket(lambda: InsideLink(peer), ours)
    await loop.connect_accepted_socket(lambda: InsideLink(peer, on_connect), theirs)
    return link


def _abandon(joining: asyncio.Task[Link]) -> None:
    """Nobody waits for it any more."""
    if not joining.cancelled() and joining.exception() is None:
        joining.result().abort()
