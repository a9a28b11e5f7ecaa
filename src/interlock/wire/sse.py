"""Streams of events (`text/event-stream`; HTML standard, section 9.2, "Server-sent events"): bytes to events and back.

A reader takes bytes in any pieces and gives the events that are whole; what an event says doesn't depend on where the
stream was cut. Lines end with LF, CR or CR LF. UTF-8 is strict, unlike in browsers: what isn't text can't be looked
into.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from interlock.errors import MalformedInput

MAX_EVENT: Final = 16 << 20  # characters of one event, its field names included

_BOM: Final = "\ufeff"
_MESSAGE: Final = "message"


@dataclass(frozen=True, slots=True)
class Event:
    """One event. `data`: its lines, joined by LF. `id`: its own, None where it has none (that of an earlier event isn't
    repeated). `retry`: milliseconds."""

    data: str
    event: str = _MESSAGE
    id: str | None = None
    retry: int | None = None

    def encode(self) -> bytes:
        """As it goes out. Raises `MalformedInput` for a name or id that would begin another line."""
        if any(end in text for text in (self.event, self.id or "") for end in ("\r", "\n", "\0")):
            raise MalformedInput("an event's name and id are one line each")
        lines = [] if self.event == _MESSAGE else [f"event: {self.event}"]
        lines += [f"data: {line}" for line in _lines_of(self.data)]
        lines += [] if self.id is None else [f"id: {self.id}"]
        lines += [] if self.retry is None else [f"retry: {self.retry}"]
        try:
            return ("\n".join(lines) + "\n\n").encode()
        except UnicodeEncodeError:
            raise MalformedInput("half of a surrogate pair isn't text") from None


class EventReader:
    """Reads one stream, which must not go on after an error."""

    def __init__(self, limit: int = MAX_EVENT) -> None:
        """`limit`: characters of one event, those of lines that say nothing included."""
        self._decode = codecs.getincrementaldecoder("utf-8")("strict").decode
        self._limit = limit
        self._begun = False
        self._after_cr = False
        self._line: list[str] = []  # pieces of a line without its end
        self._size = 0  # characters of this event by now
        self._data: list[str] = []
        self._name = ""
        self._id: str | None = None
        self._retry: int | None = None

    def feed(self, data: bytes) -> Iterator[Event]:
        """The events that end in these bytes; to be read to its end. Raises `MalformedInput`."""
        for line in self._whole_lines(self._text(data)):
            event = self._field(line)
            if event is not None:
                yield event

    def end(self) -> None:
        """The stream is over. Raises `MalformedInput` when it ended in the middle of an event, which is then lost: half
        of one was never meant (the standard leaves it out too, without a word)."""
        self._text(b"", final=True)
        if self._line or self._data or self._name:
            raise MalformedInput("the stream ends within an event")

    def _text(self, data: bytes, *, final: bool = False) -> str:
        try:
            text = self._decode(data, final)
        except UnicodeDecodeError:
            raise MalformedInput("the stream isn't UTF-8") from None
        if text and not self._begun:
            self._begun = True
            return text.removeprefix(_BOM)
        return text

    def _whole_lines(self, text: str) -> Iterator[str]:
        start = 0
        while start < len(text):
            if self._after_cr:  # CR LF is one end, also where the stream was cut between them
                self._after_cr = False
                if text[start] == "\n":
                    start += 1
                    continue
            stop = _end_of_line(text, start)
            piece = text[start : len(text) if stop is None else stop]
            self._line.append(piece)
            self._size += len(piece) + 1
            if self._size > self._limit:
                raise MalformedInput("an event is longer than is taken")
            if stop is None:
                return
            self._after_cr = text[stop] == "\r"
            start = stop + 1
            line = "".join(self._line)
            self._line.clear()
            yield line

    def _field(self, line: str) -> Event | None:
        if not line:
            return self._dispatched()
        name, colon, value = line.partition(":")
        if colon and value.startswith(" "):
            value = value[1:]
        match name:
            case "data":
                self._data.append(value)
            case "event":
                self._name = value
            case "id" if "\0" not in value:
                self._id = value
            case "retry" if value.isascii() and value.isdecimal() and len(value) <= 9:
                self._retry = int(value)
            case _:  # a comment, or a field that nobody knows
                pass
        return None

    def _dispatched(self) -> Event | None:
        event = Event("\n".join(self._data), self._name or _MESSAGE, self._id, self._retry) if self._data else None
        self._data, self._name, self._id, self._retry, self._size = [], "", None, None, 0
        return event


def _end_of_line(text: str, start: int) -> int | None:
    found = [at for at in (text.find("\n", start), text.find("\r", start)) if at >= 0]
    return min(found, default=None)


def _lines_of(data: str) -> list[str]:
    return data.replace("\r\n", "\n").replace("\r", "\n").split("\n")
