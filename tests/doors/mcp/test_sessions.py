"""Who is still here: each credential by itself, whatever it is called."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from tests.doors.mcp.upstream.an_upstream import asker

from interlock.doors.mcp.seams import Asker
from interlock.doors.mcp.sessions import Exchange, Session, Sessions
from interlock.model.actor import Actor
from interlock.model.names import ConnectionName
from interlock.registry import Registry

TRACKER = ConnectionName("tracker")


class Frozen:
    """A registry for which everybody is here but those on whose behalf `names` act."""

    def __init__(self, *names: str) -> None:
        self._names = frozenset(names)

    def current(self, actor: Actor) -> Actor | None:
        """None for them."""
        return None if self._names & {each.id for each in (actor, *actor.chain)} else actor


def acting_for(name: str) -> Asker:
    """By a token whose name says nothing of for whom it is."""
    asking = asker("etl", authn="jwt")
    return replace(asking, actor=replace(asking.actor, chain=(asker(name).actor,)))


async def test_one_of_two_credentials_of_one_name_ends_and_the_other_stays() -> None:
    for order in (("kim", "lee"), ("lee", "kim")):
        sessions, ended = Sessions(cast(Registry, Frozen("lee")), 8), list[str]()

        async def end(ended: list[str] = ended) -> None:
            ended.append("one")

        exchanges = {name: Exchange(acting_for(name), TRACKER, modern=True) for name in order}
        for name, exchange in exchanges.items():
            sessions.began(name, Session(exchange.asker, TRACKER, {}, end))
        inside: list[Any] = [sessions.during(exchange) for exchange in exchanges.values()]
        for each in inside:
            each.__enter__()
        await sessions.look()
        assert {name: exchange.gone for name, exchange in exchanges.items()} == {"kim": False, "lee": True}
        assert sessions.get("kim") is not None and sessions.get("lee") is None and ended == ["one"]
        for each in inside:
            each.__exit__(None, None, None)
