"""Streams of events: read the same however they are cut, within limits, and nothing but `MalformedInput` raised."""

from __future__ import annotations

import json

import httpx2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from interlock.errors import MalformedInput
from interlock.wire.sse import Event, EventReader

WHOLE = (
    "\ufeff: hello\n"
    "data: one\n\n"
    "event: delta\r\ndata: two\r\ndata:  lines\r\n\r\n"
    "id: 7\rretry: 10\rdata\r\r"
    "data: ein Wort – naïve 患者\n\n"
    "nobody: knows\nevent: lost\n\n"
    "data: [DONE]\n\n"
).encode()
EVENTS = [
    Event("one"),
    Event("two\n lines", "delta"),
    Event("", id="7", retry=10),
    Event("ein Wort – naïve 患者"),
    Event("[DONE]"),
]


def read(*pieces: bytes, limit: int = 10_000) -> list[Event]:
    """All events of a stream that came in these pieces."""
    reader = EventReader(limit)
    found = [event for piece in pieces for event in reader.feed(piece)]
    reader.end()
    return found


def test_what_the_standard_says() -> None:
    assert read(WHOLE) == EVENTS


@pytest.mark.parametrize("at", range(len(WHOLE) + 1))
def test_wherever_it_is_cut(at: int) -> None:
    assert read(WHOLE[:at], WHOLE[at:]) == EVENTS


def test_byte_by_byte() -> None:
    assert read(*(WHOLE[n : n + 1] for n in range(len(WHOLE)))) == EVENTS


@pytest.mark.parametrize(
    ("sent", "because"),
    [
        (b"data: \xff\n\n", "UTF-8"),
        (b"data: \xc3", "UTF-8"),
        (b"data: cut off", "within an event"),
        (b"data: cut off\n", "within an event"),
        (b"event: cut off\n", "within an event"),
        (b"data: " + b"x" * 100, "longer"),
        (b"data: x\n" * 20, "longer"),
        (b": nothing\n" * 20, "longer"),
    ],
)
def test_what_is_no_stream(sent: bytes, because: str) -> None:
    with pytest.raises(MalformedInput, match=because):
        read(sent, limit=99)


def test_ids_with_a_nul_and_times_that_are_none_say_nothing() -> None:
    assert read(b"id: a\0b\nretry: soon\nretry: -1\nretry: 9999999999\ndata: x\n\n") == [Event("x")]


@pytest.mark.parametrize("event", [Event("x", "a\nb"), Event("x", id="a\rb"), Event("x", id="\0"), Event("\ud800")])
def test_what_would_be_another_event_isnt_written(event: Event) -> None:
    with pytest.raises(MalformedInput):
        event.encode()


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
LINES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0"), max_size=10)


@given(st.lists(st.tuples(TEXTS, LINES, st.none() | LINES, st.none() | st.integers(0, 10**6)), max_size=4), st.data())
def test_what_is_written_is_read(told: list[tuple[str, str, str | None, int | None]], data: st.DataObject) -> None:
    events = [Event(text, name or "message", id_, retry) for text, name, id_, retry in told]
    sent = b"".join(event.encode() for event in events)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(sent)), max_size=5)))
    pieces = [sent[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(sent)], strict=True)]
    meant = [Event(e.data.replace("\r\n", "\n").replace("\r", "\n"), e.event, e.id, e.retry) for e in events]
    assert read(*pieces) == meant


@given(st.binary(max_size=200), st.integers(0, 200))
@example(b"data: a\r\n\r\n", 8)
def test_any_bytes_say_the_same_however_cut(sent: bytes, at: int) -> None:
    def said(*pieces: bytes) -> list[Event] | str:
        try:
            return read(*pieces, limit=50)
        except MalformedInput as error:
            return error.sentence

    whole, cut = said(sent), said(sent[:at], sent[at:])
    assert whole == cut or (isinstance(whole, str) and isinstance(cut, str)), "an error is one wherever it is found"


@settings(max_examples=50)
@given(st.lists(st.dictionaries(TEXTS, TEXTS, max_size=2), max_size=5))
def test_another_reader_understands_what_is_written(told: list[dict[str, str]]) -> None:
    sent = b"".join(Event(json.dumps(each), "delta").encode() for each in told)
    asked = httpx2.Request("POST", "http://vendor.test")
    response = httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=sent, request=asked)
    assert [json.loads(event.data) for event in httpx2.EventSource(response)] == told
