"""A POST's body read strictly, and held against the headers that speak of it.

What is handed on is written anew from what was read here, so that no second parser can take it for something else. What
is decided is decided on the body; headers may only agree with it (MCP 2026-07-28, "Streamable HTTP").
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

import orjson
from mcp.shared.inbound import NAME_BEARING_METHODS, decode_header_value
from mcp_types import HEADER_MISMATCH, INVALID_REQUEST, PARSE_ERROR, PROTOCOL_VERSION_META_KEY
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS

from interlock.doors.mcp.seams import Object
from interlock.doors.mcp.task_shapes import NAMED_BY
from interlock.errors import MalformedInput
from interlock.model import jcs

MAX_BODY: Final = 4 * 1024 * 1024  # bytes, as the SDK's own servers take
MOST_VALUES: Final = 50_000  # of one message
MAX_DEPTH: Final = 64  # an argument may be nested half as deep (`jcs.MAX_DEPTH`)
MAX_ID: Final = 256  # characters of a request's id
MAX_METHOD: Final = 128

VERSION_HEADER: Final = b"mcp-protocol-version"
METHOD_HEADER: Final = b"mcp-method"
NAME_HEADER: Final = b"mcp-name"
SESSION_HEADER: Final = b"mcp-session-id"
_PARAM_PREFIX: Final = b"mcp-param-"
_LAST_EVENT: Final = b"last-event-id"
# Headers of which two would let two readers see two requests.
_ONCE: Final = frozenset(
    {VERSION_HEADER, METHOD_HEADER, NAME_HEADER, SESSION_HEADER}
    | {b"authorization", b"content-type", b"content-encoding", b"host", b"origin", _LAST_EVENT}
)
_RESERVED_IDS: Final = frozenset({"_GET_stream"})  # how the SDK calls the stream that belongs to no request

Headers = Sequence[tuple[bytes, bytes]]


class Kind(Enum):
    """What a message is (JSON-RPC 2.0 sections 4 and 5)."""

    REQUEST = "request"
    NOTIFICATION = "notification"
    RESPONSE = "response"


class Unacceptable(Exception):
    """A message that isn't taken, as the protocol's own error tells it: `code` and `sentence` for the client, `status`
    of HTTP, and the stable word under which it is on record."""

    def __init__(self, word: str, sentence: str, *, code: int = INVALID_REQUEST, status: int = 400) -> None:
        super().__init__(sentence)
        self.word, self.sentence, self.code, self.status = word, sentence, code, status
        self.id: str | int | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it was read; `text` is what is handed on in its place. `method` is "" for a response."""

    kind: Kind
    id: str | int | None
    method: str
    params: Object
    text: bytes


def read(body: bytes) -> Message:
    """The one message of a body; raises `Unacceptable`."""
    try:
        value: Any = jcs.read(body, limit=MAX_BODY, most_values=MOST_VALUES)
    except MalformedInput as malformed:
        raise Unacceptable("mcp_malformed", f"Parse error: {malformed.sentence}.", code=PARSE_ERROR) from None
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH and _is_deep(value):
        raise Unacceptable("mcp_malformed", "Parse error: JSON nested too deep.", code=PARSE_ERROR)
    if not isinstance(value, dict):
        raise Unacceptable("mcp_malformed", "The body must be one JSON-RPC message; batches aren't taken.")
    if value.get("jsonrpc") != "2.0":
        raise Unacceptable("mcp_malformed", "This isn't a JSON-RPC 2.0 message.")
    try:
        return _message(value)
    except Unacceptable as refused:
        refused.id = _safe_id(value.get("id"))
        raise


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [inner for each in level for inner in _within(each) if isinstance(inner, dict | list)]
        if not level:
            return False
    return True


def _within(value: Any) -> Any:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def _message(value: dict[str, Any]) -> Message:
    params = value.get("params", {})
    if not isinstance(params, dict):
        raise Unacceptable("mcp_malformed", "The params of a message must be an object.")
    kind, method = _kind(value), value.get("method", "")
    id = _checked_id(value["id"]) if kind is not Kind.NOTIFICATION else None
    try:
        text = orjson.dumps(value)
    except TypeError:  # an integer beyond 64 bits, which no double holds exactly either
        raise Unacceptable("mcp_malformed", "Parse error: a number that isn't taken.", code=PARSE_ERROR) from None
    return Message(kind, id, method, params, text)


def _kind(value: Mapping[str, Any]) -> Kind:
    known = {"jsonrpc", "id", "method", "params", "result", "error"}
    if not value.keys() <= known:
        raise Unacceptable("mcp_malformed", "The message has members that JSON-RPC doesn't know.")
    if "method" not in value:
        if "id" not in value or ("result" in value) is ("error" in value) or "params" in value:
            raise Unacceptable("mcp_malformed", "This is neither a request, a notification nor a response.")
        return Kind.RESPONSE
    if "result" in value or "error" in value:
        raise Unacceptable("mcp_malformed", "A message can't be both a request and a response.")
    method = value["method"]
    if not isinstance(method, str) or not 0 < len(method) <= MAX_METHOD:
        raise Unacceptable("mcp_malformed", "A method is a text.")
    return Kind.REQUEST if "id" in value else Kind.NOTIFICATION


def _checked_id(id: object) -> str | int:
    safe = _safe_id(id)
    if safe is None or safe in _RESERVED_IDS:
        raise Unacceptable("mcp_malformed", "An id is a short text or an integer.")
    return safe


def _safe_id(id: object) -> str | int | None:
    if isinstance(id, str):
        return id if len(id) <= MAX_ID else None
    return id if isinstance(id, int) and not isinstance(id, bool) else None


def header(headers: Headers, name: bytes) -> str | None:
    """A header's value; of what may come once only."""
    return next((value.decode("latin-1") for key, value in headers if key == name), None)


def check_once(headers: Headers) -> None:
    """Raises `Unacceptable` for a header that decides something and came twice, or asks for what was missed."""
    times = Counter(key for key, _ in headers)
    for key, count in times.items():
        if count > 1 and (key in _ONCE or key.startswith(_PARAM_PREFIX)):
            told = key.decode("latin-1")
            raise Unacceptable("mcp_headers", f"The header {told} came more than once.", code=HEADER_MISMATCH)
    if _LAST_EVENT in times:
        # Our events have no ids, and the SDK answers nothing at all where it has no store for them.
        raise Unacceptable(
            "mcp_resumption", "Streams that broke off aren't taken up again: open one anew, and ask again."
        )


def check_agreement(headers: Headers, message: Message) -> None:
    """Raises `Unacceptable` where a header says something else than the body.

    The SDK holds them together in the era that demands them; here they are held together wherever they come, and a body
    of that era can't be sent with the headers of another.
    """
    try:
        _check_version(header(headers, VERSION_HEADER), message)
        if message.kind is not Kind.RESPONSE:
            _check_same(header(headers, METHOD_HEADER), message.method, "mcp-method")
        key = NAME_BEARING_METHODS.get(message.method) or NAMED_BY.get(message.method)
        if key is not None:
            _check_same(header(headers, NAME_HEADER), message.params.get(key), "mcp-name")
    except Unacceptable as refused:
        refused.id = message.id
        raise


def is_modern(headers: Headers) -> bool:
    """Whether the request says that it stands alone (2026-07-28 and later); the SDK goes by the same header."""
    version = header(headers, VERSION_HEADER)
    return version is not None and version not in HANDSHAKE_PROTOCOL_VERSIONS


def _check_version(told: str | None, message: Message) -> None:
    if message.kind is not Kind.REQUEST:
        return
    meta = message.params.get("_meta")
    claimed = meta.get(PROTOCOL_VERSION_META_KEY) if isinstance(meta, dict) else None
    if claimed is not None and claimed != told:
        raise _mismatch("mcp-protocol-version")


def _check_same(told: str | None, meant: object, name: str) -> None:
    if told is None:
        return  # where it is required, the SDK misses it
    if decode_header_value(told) != meant:
        raise _mismatch(name)


def _mismatch(name: str) -> Unacceptable:
    return Unacceptable("mcp_headers", f"The header {name} doesn't match the body.", code=HEADER_MISMATCH)


def error_body(id: str | int | None, code: int, message: str) -> bytes:
    """A JSON-RPC error response."""
    return orjson.dumps({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}})


def is_json(content_type: str | None) -> bool:
    """Whether it is `application/json`, in UTF-8 if it says so."""
    kind, _, rest = (content_type or "").partition(";")
    return kind.strip().lower() == "application/json" and rest.strip().lower().replace('"', "") in ("", "charset=utf-8")
