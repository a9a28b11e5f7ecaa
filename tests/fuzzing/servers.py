"""What a server says: the runs of its stream, each message's reader, its complaints, and the login."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Hashable
from random import Random
from types import ModuleType
from typing import Any

from tests.fuzzing.judging import Target, attempt, cuts, demand, shape, silent, size_of
from tests.fuzzing.kernels import VARIANTS
from tests.fuzzing.streams import CANARY, Streams

from interlock.errors import MalformedInput, UpstreamFailed
from interlock.model.secret import Secret
from interlock.wire.postgres import answers, backend, denial, sentences
from interlock.wire.postgres.body import frame as frame_bytes
from interlock.wire.postgres.body import i32, u32
from interlock.wire.postgres.md5_password import md5_response
from interlock.wire.postgres.scram import Binding, ClientFirst, prepared

_TYPES = [bytes((code,)) for code in b"RKZTtCEDdcHGWNASIVns123v\0\xff"]
_LIMITS = (0, 20, 1_000, 2**20, 2**31)
_NONCE = "rOprNGfwEbeRWgbNEkqO"


def _normal(pieces: list[Any]) -> list[tuple[str, bytes]]:
    """Pieces so that the same stream gives the same, however it was cut: batches by the message, runs joined."""
    found: list[tuple[str, bytes]] = []
    for piece in pieces:
        name = type(piece).__name__
        if name == "Frame":
            found.append((name, piece.type + piece.body))
        elif name == "Batch":
            at = 0
            while at < len(piece.data):
                stop = at + 1 + int.from_bytes(piece.data[at + 1 : at + 5])
                demand(piece.data[at : at + 1] == piece.type, "a batch holds another type")
                demand(stop <= len(piece.data), "a batch holds a message in part")
                found.append((name, piece.data[at:stop]))
                at = stop
        elif found and found[-1][0] == name:
            found[-1] = (name, found[-1][1] + bytes(piece.data))
        else:
            found.append((name, bytes(piece.data)))
    return found


def _joined(pieces: list[Any]) -> bytes:
    return b"".join(frame_bytes(p.type, p.body) if type(p).__name__ == "Frame" else bytes(p.data) for p in pieces)


def _run(module: ModuleType, said: list[bytes], how: Random, *, changing: bool) -> tuple[list[Any], str, Any]:
    reader = module.RunReader(
        how.sample(_TYPES, how.randrange(8)), how.choice(_LIMITS), how.sample(_TYPES, how.randrange(3))
    )
    pieces: list[Any] = []
    for chunk in said:
        got = attempt(reader.feed, chunk)
        if isinstance(got, str):
            return pieces, got, reader
        pieces += got
        held = getattr(reader, "_held", b"")
        demand(len(held) <= reader.limit + 5, "more is held than one message")
        if changing and how.random() < 0.3:
            reader.wanted = how.sample(_TYPES, how.randrange(8))
            reader.gathered = how.sample(_TYPES, how.randrange(3))
    return pieces, "", reader


def check_runs(data: bytes, random: Random) -> Hashable:
    """The pieces joined are the stream; no cut changes what is read; compiled or not, it is the same."""
    seed = random.getrandbits(32)
    told: list[tuple[str, list[tuple[str, bytes]], object]] = []
    parts = cuts(data, random)
    for module in VARIANTS["frames"]:
        for said in ([data], parts):
            pieces, error, reader = _run(module, said, Random(seed), changing=False)
            joined = _joined(pieces)
            demand(data.startswith(joined), "the pieces joined aren't the stream")
            if error:
                told.append((error, [], None))
                continue
            demand(len(joined) == len(data) or reader.mid_message, "something of the stream is missing")
            told.append(("", _normal(pieces), (reader.passed, reader.mid_message)))
        pieces, error, _ = _run(module, parts, Random(seed), changing=True)
        demand(data.startswith(_joined(pieces)), "the pieces joined aren't the stream")
    demand(all(each == told[0] for each in told), "a cut, or compiling, changes what a server said")
    kinds = told[0][1]
    return told[0][0], shape((name, data[:1]) for name, data in kinds), size_of(kinds)


def _same(body: bytes, written: bytes, kind: bytes) -> None:
    demand(written == frame_bytes(kind, body), "a message written again is another one")


def _complaint(body: bytes) -> object:
    read = backend.read_complaint(body)
    silent(repr(read), "a repr")
    demand(len(read.fields) <= 255, "more fields than there are codes")
    for said in (denial.upstream_error(read), denial.upstream_notice(read)):
        silent(said, "a complaint as a client sees it")
        again = backend.read_complaint(said[5:])
        demand(again.sqlstate == sentences.known_sqlstate(again.sqlstate), "an unknown code goes on")
        demand(said[:1] in (b"E", b"N") and len(again.sqlstate) == 5, "a complaint that can't be")
    return read


def _row_description(body: bytes) -> object:
    read = backend.read_row_description(body)
    _same(body, answers.write_row_description(read), b"T")
    return read


def _parameter_description(body: bytes) -> object:
    read = backend.read_parameter_description(body)
    _same(body, answers.write_parameter_description(read), b"t")
    return read


def _tag(body: bytes) -> object:
    read = backend.read_command_complete(body)
    _same(body, answers.write_command_complete(read), b"C")
    demand(0 <= backend.rows_in(read) < 10**19, "a count that can't be")
    return read


def _status(body: bytes) -> object:
    read = backend.read_parameter_status(body)
    _same(body, answers.write_parameter_status(read.name, read.value), b"S")
    return read


def _key(body: bytes) -> object:
    read = backend.read_backend_key_data(body)
    _same(body, answers.write_backend_key_data(read.pid, read.key), b"K")
    return read


def _ready(body: bytes) -> object:
    _same(body, answers.write_ready_for_query(backend.read_ready_for_query(body).status), b"Z")
    return None


def _copy(body: bytes) -> object:
    read = backend.read_copy_out_response(body)
    _same(body, answers.write_copy_out_response(len(read.columns), bool(read.format)), b"H")
    _same(body, answers.write_copy_in_response(len(read.columns), bool(read.format)), b"G")
    return read.format


def _notification(body: bytes) -> object:
    read = backend.read_notification(body)
    if CANARY.decode() not in read.channel:
        silent(repr(read), "a repr")
    _same(body, answers.write_notification(read.pid, read.channel, read.payload), b"A")
    return read


READERS: tuple[tuple[bytes, Callable[[bytes], object]], ...] = (
    (b"R", backend.read_authentication),
    (b"S", _status),
    (b"K", _key),
    (b"Z", _ready),
    (b"T", _row_description),
    (b"t", _parameter_description),
    (b"C", _tag),
    (b"E", _complaint),
    (b"N", _complaint),
    (b"H", _copy),
    (b"G", backend.read_copy_in_response),
    (b"A", _notification),
    (b"v", backend.read_negotiate_protocol_version),
)


def check_messages(data: bytes, random: Random) -> Hashable:
    """Each reader by itself: the first byte chooses it. What is read and written again is the message that came."""
    if not data:
        return None
    number = data[0] % len(READERS)
    read = attempt(READERS[number][1], data[1:])
    return number, read if isinstance(read, str) and read.startswith("MalformedInput: ") else type(read).__name__


def check_scram(data: bytes, random: Random) -> Hashable:
    """Both server messages, the second behind a NUL: nothing but the right signature is ever believed."""
    first, _, final = data.partition(b"\0")
    rounds = re.search(rb"i=(\d+)", first)
    if rounds and len(rounds.group(1)) > 4 and random.random() > 0.002:
        return None  # each is an HMAC
    asked = ClientFirst(_NONCE, "", random.choice((Binding.CANNOT, Binding.NOT_OFFERED)))
    answer = attempt(asked.answer, Secret("pencil"), first)
    if isinstance(answer, str):
        return answer
    demand(answer.message.startswith((b"c=biws,r=", b"c=eSws,r=")), "an answer that can't be")
    right = b"v=" + base64.b64encode(answer.server_signature)
    demand(attempt(answer.verify, right) is None, "the right signature is refused")
    for told in (final, right[:-1] + final, final + right, right + b"\n", b"v=" + base64.b64encode(final)):
        verdict = attempt(answer.verify, told, allowed=(MalformedInput, UpstreamFailed))
        if verdict is None:
            believed = base64.b64decode(told[2:])
            demand(believed == answer.server_signature, "a server is believed that proved nothing")
    return "answered", attempt(answer.verify, final, allowed=(MalformedInput, UpstreamFailed))


def check_passwords(data: bytes, random: Random) -> Hashable:
    """SASLprep and MD5 with any password that settings could hold."""
    text = data[4:].decode(errors=random.choice(("replace", "surrogateescape")))
    ready = attempt(prepared, text)
    if isinstance(ready, str):
        return ready
    digest = md5_response(text, Secret(text), data[:4]).reveal()
    demand(len(digest) == 35 and digest.startswith("md5"), "a digest that can't be")
    return ready == text.encode(), text.isascii()


def _streams(streams: Streams) -> list[bytes]:
    return list(streams.answered)


def _bodies(streams: Streams) -> list[bytes]:
    found = [
        bytes((number,)) + message.body
        for message in streams.messages_answered()
        for number, (kind, _) in enumerate(READERS)
        if kind == message.type
    ]
    negotiated = bytes((12,)) + u32(3 << 16) + u32(1) + b"_pq_.x\0"
    md5 = bytes((0,)) + i32(5) + b"salt"
    return [*dict.fromkeys(found), negotiated, md5]


def _logins(streams: Streams) -> list[bytes]:
    bodies = [m.body for m in streams.messages_answered() if m.type == b"R"]
    firsts = [body[4:] for body in bodies if body[:4] == i32(11)]
    finals = [body[4:] for body in bodies if body[:4] == i32(12)]
    ours = [re.sub(rb"^r=[^,]{18}", b"r=" + _NONCE.encode(), first) for first in firsts]
    return list(dict.fromkeys(a + b"\0" + b for a, b in zip(ours, finals, strict=False)))[:20]


def _passwords(streams: Streams) -> list[bytes]:
    words = ("a-password", "pa\u00dfw\u00f6rt", "\u00a0\u00ad\u2168", "\u0627\u0031\u0628", "\u0627a", "\ufb01\u1680")
    return [b"salt" + word.encode() for word in words]


TARGETS = (
    Target("server-runs", _streams, check_runs, 3.0),
    Target("server-messages", _bodies, check_messages, 2.0),
    Target("scram", _logins, check_scram, 0.3),
    Target("passwords", _passwords, check_passwords, 0.3),
)
