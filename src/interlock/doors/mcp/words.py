"""What a server says beside a result, masked: errors, progress, how a task stands, questions, log messages.

of no call                      what detection finds is masked
of a call (`ResultMasks.of_call`)    the same, and by the tool's map as its result is; and the call's own labelled
                                arguments are looked for: the gateway put some there itself, in place of pseudonyms
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import structlog

from interlock.doors.mcp import answers, messages
from interlock.doors.mcp.blocks import DROPPED, filled
from interlock.doors.mcp.leaves import MOST_DEPTH, MOST_LEAVES, TooMuch, Ways
from interlock.doors.mcp.seams import McpRefused, Object, Words
from interlock.doors.mcp.sheet import Sheet, aside
from interlock.masking.rules.content import UNREAD
from interlock.masking.tokens import token_of
from interlock.model.label import Label

MOST_BYTES: Final = 16 << 20  # of one message, counted in characters of its strings
MOST_RECALLED: Final = 1_024  # values of calls in one client's session

TOO_MUCH: Final = "[Interlock hides this answer: it is too large or nested too deep to be looked into. Ask for less.]"
FAILED: Final = "[Interlock hides this answer: it couldn't be looked into for values that may not leave.]"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Masked:
    """What may be passed on, and how much of it was masked, by label: for mask.applied."""

    result: Object
    counts: tuple[tuple[Label, int], ...] = ()


@dataclass(frozen=True, slots=True)
class ServerWords:
    """Masks a server's words by `ways`. `media`: whether pictures and sound pass."""

    ways: Ways
    media: bool = False

    async def text(self, text: str) -> str:
        """One text: its instructions, a message."""
        masked = await through(
            self.ways, {"text": text}, lambda sheet: {"text": sheet.text(text)}, {"text": token_of([UNREAD])}
        )
        return str(masked.result["text"])

    async def error(self, refused: McpRefused) -> McpRefused:
        """An error that the server answered with, without what only we say of a call."""
        data = refused.data
        if isinstance(data, Mapping) and answers.OURS in data:
            data = {key: value for key, value in data.items() if key != answers.OURS}

        def build(sheet: Sheet) -> dict[str, Any]:
            return {
                "message": sheet.text(str(refused.message)),
                "data": DROPPED if data is None else sheet.value(data),
            }

        raw = {"message": refused.message, "data": data}
        masked = await through(self.ways, raw, build, {"message": token_of([UNREAD])})
        return McpRefused(answers.theirs(refused.code), str(masked.result["message"]), masked.result.get("data"))

    async def params(self, method: str, params: Object) -> Object:
        """What it sends by itself (elicitation, sampling, log messages, progress, updates)."""
        masked = await through(
            self.ways, params, lambda sheet: messages.params_of(method, params, sheet, media=self.media), {}
        )
        return masked.result

    def recalling(self, words: Words) -> ServerWords:
        """The same, also looking for the arguments of that call: of what a server says in a client's session nobody
        can tell which call it is about. The last ones are known, within bounds."""
        assert isinstance(words, ServerWords), "of the same connection"
        given = tuple(dict.fromkeys([*self.ways.given, *words.ways.given]))[-MOST_RECALLED:]
        restored = (self.ways.restored | words.ways.restored) & {value for value, _ in given}
        return replace(self, ways=replace(self.ways, given=given, restored=restored))


async def through(ways: Ways, raw: Object, build: Callable[[Sheet], dict[str, Any]], hidden: dict[str, Any]) -> Masked:
    """The message built of slots, looked into, and filled; `hidden` in its place where that can't be."""
    try:
        size = _measured(raw)
        sheet = Sheet(ways)
        made = await aside(lambda: build(sheet), size)
        await sheet.settle()
        return Masked(await aside(lambda: filled(made), size), tuple(sorted(sheet.counts.items())))
    except TooMuch:
        return Masked(_said(hidden, TOO_MUCH), ((UNREAD, 1),))
    except Exception as error:  # a mistake of ours: nothing passes for it
        log.error("mcp.hidden", connection=ways.connection, because=type(error).__name__)
        return Masked(hidden, ((UNREAD, 1),))


def _said(hidden: dict[str, Any], sentence: str) -> dict[str, Any]:
    """The same with another sentence."""
    return json.loads(json.dumps(hidden).replace(json.dumps(FAILED)[1:-1], json.dumps(sentence)[1:-1]))  # type: ignore[no-any-return]


def _measured(raw: Any) -> int:
    """How many characters its strings have. Raises `TooMuch` for a message that isn't looked into at all."""
    size = count = 0
    stack: list[tuple[Any, int]] = [(raw, 0)]
    while stack:
        node, depth = stack.pop()
        count += 1
        if isinstance(node, str):
            size += len(node)
        elif isinstance(node, Mapping):
            size += sum(len(str(key)) for key in node)
            stack.extend((each, depth + 1) for each in node.values())
        elif isinstance(node, list | tuple):
            stack.extend((each, depth + 1) for each in node)
        if depth > MOST_DEPTH or count > MOST_LEAVES or size > MOST_BYTES or len(stack) > MOST_LEAVES:
            raise TooMuch
    return size + count
