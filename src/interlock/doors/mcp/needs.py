"""What the door's own side needs of its neighbours, as Protocols: calls, pins, masks, bounds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from interlock.doors.mcp.seams import Asker, Client, Link, McpRefused, Object, Progress, Words
from interlock.gate import Cleared
from interlock.model.actor import Actor
from interlock.model.release import Outcome
from interlock.model.tool import Tool


class Calls(Protocol):
    """What runs calls and reads through the gate, for one connection."""

    async def call(
        self,
        asker: Asker,
        client: Client,
        link: Link,
        params: Object,
        *,
        session: str | None,
        progress: Progress | None,
        task: Object | None,
    ) -> Object:
        """Answers tools/call."""

    async def document(
        self,
        asker: Asker,
        client: Client,
        link: Link,
        method: str,
        params: Object,
        *,
        session: str | None,
        progress: Progress | None,
    ) -> Object:
        """Answers resources/read, prompts/get and completion/complete."""

    async def subscribe(self, asker: Asker, uri: str) -> Cleared | None:
        """See `listening.Decides`, as the next two."""

    def subscribed(self, cleared: Cleared, outcome: Outcome) -> None: ...

    def may_still(self, cleared: Cleared) -> bool: ...


class Pins(Protocol):
    """The tools that people signed for."""

    def tool(self, name: str) -> Tool | None:
        """The definition in force."""

    async def fresh(self) -> None:
        """Sees to it that what the server lists is known, and not long ago; raises `UpstreamFailed`."""

    def available(self, asker: Asker) -> Sequence[Tool]:
        """Those that this asker can call now, as far as policy can say without arguments."""


class ResultMasks(Protocol):
    """What takes values out of a server's words."""

    async def text(self, text: str) -> str:
        """One text."""

    async def error(self, refused: McpRefused) -> McpRefused:
        """An error."""

    async def params(self, method: str, params: Object) -> Object:
        """What a server sends by itself."""

    def recalling(self, words: Words) -> Words:
        """The same, also looking for what that call was given."""


class Bounds(Protocol):
    """How fast somebody may ask or guess. Each answer is how many seconds to wait, 0 for not at all."""

    def guess(self, address: str, credential: str) -> int:
        """Before a credential is looked at."""

    def wrong(self, address: str, credential: str) -> None:
        """It wasn't accepted."""

    def right(self, credential: str) -> None:
        """It was."""

    def take(self, who: str) -> int:
        """Counts one request of somebody who was admitted."""

    def may_record(self, who: str) -> bool:
        """Whether one more refusal of theirs is put on record; a flood of them isn't."""


class Tasks(Protocol):
    """Calls that were handed out as tasks."""

    @property
    def methods(self) -> frozenset[str]:
        """Those that are answered here."""

    async def answer(self, asker: Asker, client: Client, method: str, params: Object) -> Object:
        """Answers one of them."""

    async def tool_of(self, id_: object, actor: Actor) -> str | None:
        """The tool whose call it is that a task of that id gives the result of, "" where that isn't known; None where
        there is no such task of this asker's."""


class Measures(Protocol):
    """What operators can measure of calls."""

    def called(self, connection: str, outcome: str, seconds: float) -> None:
        """A call was answered: "answered", "failed", "held", "denied" or "cancelled"."""


class Unmeasured:
    """Nobody measures."""

    def called(self, connection: str, outcome: str, seconds: float) -> None:
        """Nothing."""
