"""The bridge between a client on stdio and a gateway over streamable HTTP: messages pass as they are, ids too.

    a line in -> one POST -> its answer, or the events of its stream, as lines out

Both eras pass: with a session (until 2025-11-25: its id, and a stream of its own for what the server says by itself),
or each request alone (2026-07-28: the headers that mirror the body are made here, and giving a request up closes its
stream). It ends when standard input does.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Final

import httpx
from mcp.shared.inbound import (
    MCP_METHOD_HEADER,
    MCP_NAME_HEADER,
    MCP_PROTOCOL_VERSION_HEADER,
    NAME_BEARING_METHODS,
    encode_header_value,
    find_invalid_x_mcp_header,
    mcp_param_headers,
    x_mcp_header_map,
)
from mcp_types import INTERNAL_ERROR, PARSE_ERROR, PROTOCOL_VERSION_META_KEY

from interlock.model.secret import Secret
from interlock.review.visible import visible

LONGEST_LINE: Final = 8 * 1024 * 1024  # bytes of one message in either direction
AGAIN_SECONDS: Final = 1.0  # until a session's own stream is opened again
SESSION_HEADER: Final = "mcp-session-id"
_TIMEOUT: Final = httpx.Timeout(30.0, read=None)  # a call may wait for people as long as the client does
_WORDS: Final[Mapping[int, str]] = {
    401: "The gateway doesn't accept this credential; it may have expired or been revoked.",
    403: "The gateway doesn't take requests from here.",
    404: "The gateway has no such connection, or the session is over.",
    429: "The gateway says that this is too fast, or too many sessions.",
}

Object = dict[str, Any]


async def serve_stdio(url: str, token: Secret[str]) -> None:
    """Relays until standard input ends."""
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader(limit=LONGEST_LINE)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    headers = {"Authorization": f"Bearer {token.reveal()}"}
    # Nothing of the environment's is asked: neither a proxy nor a netrc file has business with this.
    async with httpx.AsyncClient(headers=headers, timeout=_TIMEOUT, trust_env=False) as http:
        await Bridge(http, url, _write, _complain).run(lines)


def _write(line: bytes) -> None:
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()


def _complain(sentence: str) -> None:
    print(visible(sentence), file=sys.stderr, flush=True)


class Bridge:
    """One client. `out` writes a line to it; `complain` tells whoever looks at the process's errors."""

    def __init__(
        self, http: httpx.AsyncClient, url: str, out: Callable[[bytes], None], complain: Callable[[str], None]
    ) -> None:
        self._http, self._url, self._out, self._complain = http, url, out, complain
        self._asked: dict[str, asyncio.Task[None]] = {}
        self._own: asyncio.Task[None] | None = None
        self._session = self._version = ""
        self._mirrored: dict[str, dict[tuple[str, ...], str]] = {}  # of a tool, its arguments that go into headers

    async def run(self, lines: asyncio.StreamReader) -> None:
        """Until the lines end; then nothing of this client is left at the gateway."""
        try:
            while line := await self._line(lines):
                await self._take(line.strip())
        finally:
            await self._leave()

    async def _line(self, lines: asyncio.StreamReader) -> bytes:
        try:
            return await lines.readline()
        except ValueError:
            self._complain("A message of the client's is longer than is taken; the connection ends.")
            return b""

    async def _take(self, line: bytes) -> None:
        if not line:
            return
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            message = None
        if not isinstance(message, dict):
            self._tell_error(None, PARSE_ERROR, "This isn't one JSON-RPC message.")
        elif "method" not in message or "id" not in message:
            await self._pass_on(message, line)
        elif message["method"] == "initialize":
            await self._ask(message, line)  # whatever follows belongs to the session that this begins
        else:
            task = asyncio.ensure_future(self._ask(message, line))
            key = _key(message["id"])
            self._asked[key] = task
            task.add_done_callback(lambda _: self._asked.pop(key, None))

    async def _pass_on(self, message: Object, line: bytes) -> None:
        """A notification, or the client's answer to what the server asked."""
        if not self._session:
            if message.get("method") == "notifications/cancelled":
                params = message.get("params")
                task = self._asked.get(_key(params.get("requestId") if isinstance(params, dict) else None))
                if task is not None:
                    task.cancel()  # which closes the request's stream, and that is how it is cancelled
            return
        try:
            answer = await self._http.post(self._url, content=line, headers=self._headers(message))
        except httpx.HTTPError as error:
            self._complain(f"The gateway can't be reached ({type(error).__name__}).")
            return
        if not answer.is_success:
            self._complain(_WORDS.get(answer.status_code, f"The gateway answered {answer.status_code}."))
        if message.get("method") == "notifications/initialized" and self._own is None:
            self._own = asyncio.ensure_future(self._listen())

    async def _ask(self, message: Object, line: bytes) -> None:
        """One request, and everything that comes back for it."""
        id, answered = message["id"], False
        try:
            asked = self._http.stream("POST", self._url, content=line, headers=self._headers(message))
            async with asked as answer:
                async for each in _messages(answer):
                    answered |= self._passed(message, answer, each)
                if not answered:
                    sentence = _WORDS.get(answer.status_code, "The gateway gave no answer.")
                    self._complain(sentence)
                    self._tell_error(id, INTERNAL_ERROR, sentence)
        except (httpx.HTTPError, ValueError) as error:
            self._complain(f"The gateway can't be reached, or went away ({type(error).__name__}).")
            if not answered:
                self._tell_error(id, INTERNAL_ERROR, "The gateway can't be reached, or went away.")

    def _passed(self, asked: Object, answer: httpx.Response, each: Object) -> bool:
        """Hands a message to the client; whether it was the answer."""
        answers = "method" not in each and ("result" in each or "error" in each)
        if answers and each.get("id") is None:
            each["id"] = asked["id"]  # an error from before the gateway had read it
        if answers and not answer.is_success and answer.status_code in _WORDS:
            self._complain(_WORDS[answer.status_code])
        if answers and isinstance(each.get("result"), dict):
            self._learn(asked, answer, each["result"])
        self._out(json.dumps(each, separators=(",", ":")).encode())
        return answers

    def _learn(self, asked: Object, answer: httpx.Response, result: Object) -> None:
        if asked["method"] == "initialize":
            self._session = answer.headers.get(SESSION_HEADER, "")
            self._version = str(result.get("protocolVersion", ""))
        if asked["method"] == "tools/list":
            for tool in result.get("tools", ()):
                schema = tool.get("inputSchema")
                if find_invalid_x_mcp_header(schema) is None:
                    self._mirrored[str(tool.get("name"))] = x_mcp_header_map(schema)

    def _headers(self, message: Object) -> dict[str, str]:
        told = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
        if self._session:
            return {**told, SESSION_HEADER: self._session, MCP_PROTOCOL_VERSION_HEADER: self._version}
        params = message.get("params")
        params = params if isinstance(params, dict) else {}
        meta = params.get("_meta")
        version = meta.get(PROTOCOL_VERSION_META_KEY) if isinstance(meta, dict) else None
        method = message.get("method")
        if not isinstance(version, str) or not isinstance(method, str):
            return told
        told |= {MCP_PROTOCOL_VERSION_HEADER: version, MCP_METHOD_HEADER: method}
        name = params.get(NAME_BEARING_METHODS.get(method, ""))
        if isinstance(name, str):
            told[MCP_NAME_HEADER] = encode_header_value(name)
        arguments = params.get("arguments")
        if method == "tools/call" and isinstance(arguments, dict):
            told |= mcp_param_headers(self._mirrored.get(str(name), {}), arguments)
        return told

    async def _listen(self) -> None:
        """The session's own stream: what the server says without being asked."""
        while True:
            try:
                async with self._http.stream("GET", self._url, headers=self._headers({})) as answer:
                    if not answer.is_success:
                        return
                    async for each in _messages(answer):
                        self._out(json.dumps(each, separators=(",", ":")).encode())
            except (httpx.HTTPError, ValueError):
                pass  # opened again; the next request tells whether the gateway is there
            await asyncio.sleep(AGAIN_SECONDS)

    async def _leave(self) -> None:
        tasks = [*self._asked.values(), *([self._own] if self._own is not None else [])]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        if self._session:
            with contextlib.suppress(httpx.HTTPError):
                await self._http.delete(self._url, headers=self._headers({}))

    def _tell_error(self, id: object, code: int, sentence: str) -> None:
        told = {"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": sentence}}
        self._out(json.dumps(told, separators=(",", ":")).encode())


def _key(id: object) -> str:
    return json.dumps(id)


async def _messages(answer: httpx.Response) -> AsyncIterator[Object]:
    """The messages of a response: one, or those of an event stream (HTML, "Server-sent events"). Raises `ValueError`
    for what isn't any."""
    kind = answer.headers.get("content-type", "").partition(";")[0].strip()
    if kind == "text/event-stream":
        async for data in _events(answer):
            yield _message(data)
    elif kind == "application/json":
        body = await answer.aread()
        if body:
            yield _message(body)


def _message(data: bytes) -> Object:
    message = json.loads(data)
    if not isinstance(message, dict):
        raise ValueError("not a message")
    return message


async def _events(answer: httpx.Response) -> AsyncIterator[bytes]:
    """The data of each event. Lines end at LF or CRLF, as the gateway writes them; no other character ends one."""
    rest, data = b"", list[bytes]()
    async for chunk in answer.aiter_bytes():
        *lines, rest = (rest + chunk).split(b"\n")
        if len(rest) > LONGEST_LINE:
            raise ValueError("a line longer than is taken")
        for line in lines:
            line = line.removesuffix(b"\r")
            if line.startswith(b"data:"):
                data.append(line[5:].removeprefix(b" "))
            elif not line and data:
                if text := b"\n".join(data):
                    yield text
                data = []
