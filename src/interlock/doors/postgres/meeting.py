"""What a client is told when its session begins, also while there is no session with the server yet.

The server's parameters (ParameterStatus) and facts are the same for each session with the same start-up settings, until
somebody changes the server's or the login's defaults. So they are remembered from the last real session; when another
one is opened, whatever came out otherwise is told to the client, and its texts are judged by the new facts.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from interlock.doors.postgres.application import SETTING, shown, upstream_name
from interlock.doors.postgres.facts import Facts
from interlock.doors.postgres.preparing import Preparing
from interlock.doors.postgres.upstream import Upstream
from interlock.doors.relay import Link
from interlock.model.actor import Actor
from interlock.wire.postgres import answers

MAX_REMEMBERED = 64  # different start-up settings of one connection


@dataclass(frozen=True, slots=True)
class Welcome:
    """What a real session of this connection was like."""

    parameters: Mapping[str, str]
    facts: Facts


class Welcomes:
    """One connection's, by the start-up settings that clients asked for."""

    def __init__(self) -> None:
        self._known: OrderedDict[frozenset[tuple[str, str]], Welcome] = OrderedDict()

    def of(self, asked: Mapping[str, str]) -> Welcome | None:
        """The last one with these settings."""
        return self._known.get(_key(asked))

    def remember(self, asked: Mapping[str, str], welcome: Welcome) -> None:
        """Takes what a session with these settings turned out to be."""
        key = _key(asked)
        self._known[key] = welcome
        self._known.move_to_end(key)
        if len(self._known) > MAX_REMEMBERED:
            self._known.popitem(last=False)


class Meeting:
    """Brings one client together with the server's sessions, each time that one is opened for it.

    `preparing` is what judges the client's texts, as soon as there is one: it learns each session's facts.
    """

    def __init__(self, up: Upstream, down: Link, asked: Mapping[str, str], welcomes: Welcomes) -> None:
        self.preparing: Preparing | None = None
        self._up, self._down, self._asked, self._welcomes = up, down, asked, welcomes
        self._told: dict[str, str] = {}
        up.on_open = self._opened

    async def begin(self) -> Facts:
        """What the session will be like: as the last one was, or by opening one. Raises as `Upstream.ready`."""
        known = self._welcomes.of(self._asked)
        if known is None:
            await self._up.ready()
            known = self._welcomes.of(self._asked)
            assert known is not None, "the session that was opened is remembered"
        self._up.parameters = dict(known.parameters)
        return known.facts

    def welcome(self) -> bytes:
        """The ParameterStatus messages of the client's welcome; what a later session has otherwise is told then."""
        return self._news(self._up.parameters)

    async def _opened(self) -> None:
        """Looks at the session that was just opened, before anything of the client's is asked in it."""
        facts = await self._up.facts()
        facts.demand_readable()
        self._welcomes.remember(self._asked, Welcome(dict(self._up.parameters), facts))
        if self.preparing is not None:
            self.preparing.facts = facts
            self.preparing.facts_of = self.preparing.definitions.snapshot.version
            self._down.write(self._news(self._up.parameters))

    def _news(self, parameters: Mapping[str, str]) -> bytes:
        """ParameterStatus messages for what the client doesn't know yet, or knows otherwise."""
        now = {name: shown(name, value) for name, value in parameters.items()}
        new = {name: value for name, value in now.items() if self._told.get(name) != value}
        self._told |= new
        return b"".join(answers.write_parameter_status(name, value) for name, value in new.items())


def upstream_settings(asked: Mapping[str, str], actor: Actor) -> dict[str, str]:
    """The client's start-up settings as they go upstream."""
    return {**asked, SETTING: upstream_name(actor, asked.get(SETTING, ""))}


def _key(asked: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    return frozenset((name, value) for name, value in asked.items() if name != SETTING)
