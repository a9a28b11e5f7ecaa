"""JSON (RFC 8259) as tokens with their places in the text, so that what isn't touched stays as it was written.

Keys that stand twice, numbers that no double holds, layout and escapes: all of it is left to its author. Iterative, so
that depth costs no stack; strings are read by the standard library's scanner, in C.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from json.decoder import scanstring  # type: ignore[attr-defined]  # the stubs leave it out
from typing import Final

from interlock.errors import MalformedInput

MAX_DEPTH: Final = 512  # a path is written out for every value: depth times values

Step = str | int
_SPACE = re.compile(r"[ \t\n\r]*")
_SCALAR = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?|true|false|null")
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_\-]*\Z")


class TokenKind(Enum):
    """What a value is; objects and lists are told by their members' paths."""

    STRING = auto()
    NUMBER = auto()
    OTHER = auto()  # true, false, null
    KEY = auto()


@dataclass(slots=True)
class JsonToken:
    """A key or scalar. `start` and `end` slice the token, quotes included; `text` is what it means."""

    kind: TokenKind
    start: int
    end: int
    text: str
    path: tuple[Step, ...]
    key_start: int
    """Where the key of this member begins; `start` itself for what isn't a member."""
    owner: int
    """The number of the object or list that holds it."""


def json_tokens(source: str) -> Iterator[JsonToken]:
    """Keys and scalars in order. Raises `MalformedInput` at the first place where it isn't one JSON text."""
    path: list[Step] = []
    closing: list[str] = []
    owners: list[int] = []
    made = at = key_start = 0
    value_next = True
    at = _skip(source, at)
    while True:
        sign = source[at : at + 1]
        if value_next:
            if sign and sign in "{[":
                closing.append("}" if sign == "{" else "]")
                if len(closing) > MAX_DEPTH:
                    raise _malformed(at)
                made += 1
                owners.append(made)
                at = _skip(source, at + 1)
                if source.startswith(closing[-1], at):
                    value_next = False
                    path.append("")
                    continue
                if sign == "{":
                    path.append("")
                    token = _key(source, at, path, owners[-1])
                    key_start = at
                    yield token
                    at = _after_key(source, token.end)
                else:
                    path.append(0)
                    key_start = at
                continue
            in_object = bool(closing) and closing[-1] == "}"
            token = _scalar(source, at, tuple(path), key_start if in_object else at, owners[-1] if owners else 0)
            yield token
            at, value_next = _skip(source, token.end), False
            continue
        if not closing:
            if at != len(source):
                raise _malformed(at)
            return
        if sign == closing[-1]:
            closing.pop()
            owners.pop()
            path.pop()
            at = _skip(source, at + 1)
            continue
        if sign != ",":
            raise _malformed(at)
        at = _skip(source, at + 1)
        value_next = True
        if closing[-1] == "}":
            token = _key(source, at, path, owners[-1])
            key_start = at
            yield token
            at = _after_key(source, token.end)
        else:
            last = path[-1]
            path[-1] = last + 1 if isinstance(last, int) else 0


def path_text(path: tuple[Step, ...]) -> str:
    """`$.patient.name[0].family`; a key that isn't a plain word goes in quotes: `$["a b"]`."""
    out = ["$"]
    for step in path:
        if isinstance(step, int):
            out.append(f"[{step}]")
        elif _PLAIN_KEY.match(step):
            out.append(f".{step}")
        else:
            out.append('["' + step.replace("\\", "\\\\").replace('"', '\\"') + '"]')
    return "".join(out)


def _key(source: str, at: int, path: list[Step], owner: int) -> JsonToken:
    if not source.startswith('"', at):
        raise _malformed(at)
    text, end = _string(source, at)
    path[-1] = text
    return JsonToken(TokenKind.KEY, at, end, text, tuple(path), at, owner)


def _after_key(source: str, at: int) -> int:
    at = _skip(source, at)
    if not source.startswith(":", at):
        raise _malformed(at)
    return _skip(source, at + 1)


def _scalar(source: str, at: int, path: tuple[Step, ...], key_start: int, owner: int) -> JsonToken:
    if source.startswith('"', at):
        text, end = _string(source, at)
        return JsonToken(TokenKind.STRING, at, end, text, path, key_start, owner)
    found = _SCALAR.match(source, at)
    if found is None:
        raise _malformed(at)
    kind = TokenKind.OTHER if found[0] in ("true", "false", "null") else TokenKind.NUMBER
    return JsonToken(kind, at, found.end(), found[0], path, key_start, owner)


def _string(source: str, at: int) -> tuple[str, int]:
    try:
        text, end = scanstring(source, at + 1, True)
    except ValueError:
        raise _malformed(at) from None
    return text, end


def _skip(source: str, at: int) -> int:
    found = _SPACE.match(source, at)
    assert found is not None
    return found.end()


def _malformed(at: int) -> MalformedInput:
    return MalformedInput(f"not JSON from character {at} on")
