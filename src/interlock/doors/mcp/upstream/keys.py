"""Which askers may share an upstream session: those who are the same actor, on behalf of the same chain, by the same
credential. Nobody else ever."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from interlock.doors.mcp.seams import Asker, Client
from interlock.doors.mcp.upstream.greeting import Era, era_of
from interlock.model.actor import Actor

Who = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Key:
    """An upstream session's. `session`: the client's own, "" for one that an actor's requests share; `wanted`: the era
    that is tried first."""

    who: Who
    session: str
    wanted: Era


OURS: Who = ()
"""Our own asking, for lists: nobody's."""


def key_of(asker: Asker, client: Client, session: str | None, *, by_token: bool) -> Key:
    """The key for this request. `by_token`: what the asker presented goes into the upstream credential, so that another
    token of the same actor is another session."""
    wanted = era_of(client.protocol_version)
    own = (session or "") if wanted is Era.LEGACY else ""
    presented = hashlib.sha256(asker.presented.reveal().encode()).hexdigest() if by_token else ""
    # In a client's own session the asker's is that one; the request that begins it isn't in it yet.
    actor = replace(asker.actor, session="") if own else asker.actor
    return Key((*_who(actor), presented), own, wanted)


def _who(actor: Actor) -> Who:
    """Kind, id, credential, its session and owner, for the actor and everybody of its chain; a length before each
    chain, so that no two chains look alike."""
    told = (actor.kind.value, actor.id, actor.key, actor.authn, actor.session, actor.owner)
    return (*told, str(len(actor.chain)), *(part for one in actor.chain for part in _who(one)))
