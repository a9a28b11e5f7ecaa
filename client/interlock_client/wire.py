"""One HTTP/1.1 request as bytes, and the bytes of its answer read: no sockets here.

Each request has a connection of its own and asks for it to be closed, so nothing is shared by threads or forks.
Redirects are never followed: the token goes to the gateway's address and nowhere else. What comes back is read as if
from an enemy: bounded, and `Unavailable` for whatever isn't an answer of the gateway's.
"""

from __future__ import annotations

import http.client
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from interlock_client.errors import Unavailable
from interlock_client.settings import Settings

MAX_ANSWER: Final = 256 * 1024  # bytes, headers and all
VERSION: Final = "0.1.0"
_HEAD_END: Final = b"\r\n\r\n"
_JSON: Final = re.compile(r"application/(?:problem\+)?json(?:\s*;.*)?", re.IGNORECASE)
_RETRY: Final = re.compile(r"[0-9]{1,6}")

JUNK: Final = "The gateway's answer makes no sense, so the answer is no."
TOO_LARGE: Final = "The gateway's answer is too large, so the answer is no."
AWAY: Final = "The gateway can't be reached, so the answer is no."
TOO_SLOW: Final = "The gateway didn't answer in time, so the answer is no."
REDIRECTED: Final = "The gateway's address leads elsewhere, and no token is sent there: correct the address."


@dataclass(frozen=True, slots=True)
class Call:
    """A request to be made. `seconds` beyond those for any answer: how long the gateway was asked to wait."""

    method: str
    path: str
    body: bytes | None = field(default=None, repr=False)
    idempotency_key: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is a JSON object."""

    status: int
    body: Mapping[str, Any] = field(repr=False)
    retry_after: float | None = None


def written(call: Call, settings: Settings, bearer: str) -> bytes:
    """The request's bytes."""
    place = settings.place
    lines = [
        f"{call.method} {place.path}{call.path} HTTP/1.1",
        f"Host: {place.authority}",
        f"Authorization: Bearer {bearer}",
        "Accept: application/json",
        "Accept-Encoding: identity",
        "Connection: close",
        f"User-Agent: interlock-client/{VERSION}",
    ]
    if call.idempotency_key:
        lines.append(f"Idempotency-Key: {call.idempotency_key}")
    if call.body is not None or call.method == "POST":
        lines += ["Content-Type: application/json", f"Content-Length: {len(call.body or b'')}"]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + (call.body or b"")


class Reader:
    """Collects an answer's bytes; raises `Unavailable` as soon as there are too many."""

    def __init__(self, bearer: str) -> None:
        self._got = bytearray()
        self._bearer = bearer
        self._needs: int | None = None  # bytes in all, once that is known

    def feed(self, data: bytes) -> bool:
        """Takes the next bytes; whether it is all there, as far as can be told before the connection ends."""
        self._got += data
        if len(self._got) > MAX_ANSWER:
            raise Unavailable(TOO_LARGE, "too_large")
        if self._needs is None:
            head = self._got.find(_HEAD_END)
            if head < 0:
                return False
            self._needs = self._length(head + len(_HEAD_END))
        if self._needs < 0:  # in chunks; only the end tells
            return self._got.endswith(b"\r\n0" + _HEAD_END) and _read(bytes(self._got)) is not None
        return len(self._got) >= self._needs

    def answer(self) -> Answer:
        """What it says; raises `Unavailable`."""
        read = _read(bytes(self._got))
        if read is None:
            raise Unavailable(JUNK, "junk")
        answer = _answer(*read)
        if self._bearer in _texts(answer.body):  # it would end in somebody's log
            raise Unavailable(JUNK, "junk")
        return answer

    def _length(self, head: int) -> int:
        found = re.search(rb"\r\ncontent-length:[ \t]*([0-9]{1,9})[ \t]*\r\n", self._got[:head], re.IGNORECASE)
        return head + int(found[1]) if found else -1


class _Bytes:
    """Stands for the socket that the standard library's parser reads from."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, *_: object, **__: object) -> io.BytesIO:
        return io.BytesIO(self._data)


def _read(data: bytes) -> tuple[int, Mapping[str, str], bytes] | None:
    """Status, headers (names in lower case) and body; None for what can't be read, whatever the parser makes of it."""
    try:
        response = http.client.HTTPResponse(_Bytes(data))  # type: ignore[arg-type]  # it calls nothing but makefile
        response.begin()
        named = response.getheaders()
        headers = {name.lower(): value for name, value in named}
        if len(headers) != len(named) and sum(name.lower() == "content-length" for name, _ in named) > 1:
            return None
        return response.status, headers, response.read()
    except Exception:
        return None


def _answer(status: int, headers: Mapping[str, str], body: bytes) -> Answer:
    if 300 <= status < 400:
        raise Unavailable(REDIRECTED, "redirected")
    wait = headers.get("retry-after", "").strip()
    retry_after = float(wait) if _RETRY.fullmatch(wait) else None
    if _JSON.fullmatch(headers.get("content-type", "")) and "content-encoding" not in headers:
        value = _json(body)
        if isinstance(value, dict):
            return Answer(status, value, retry_after)
    if status in (401, 429) or status >= 500:
        return Answer(status, {}, retry_after)  # of something in between: a proxy, a load balancer
    raise Unavailable(JUNK, "junk")


def _json(text: bytes) -> object:
    """The value, or None for anything that isn't plain JSON without doubt."""
    try:
        return json.loads(text.decode("utf-8"), object_pairs_hook=_object, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None


def _texts(value: object) -> str:
    """Everything that a JSON value says, one after the other."""
    said, stack = [], [value]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            stack += [*node, *node.values()]
        elif isinstance(node, list):
            stack += node
        elif isinstance(node, str):
            said.append(node)
    return "\n".join(said)


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key that stands twice")
    return found


def _refuse(name: str) -> object:
    raise ValueError("no constants")
