"""Walking through one message body, strictly."""

from __future__ import annotations

from struct import Struct

from interlock.errors import MalformedInput

_U16 = Struct(">H")
_I16 = Struct(">h")
_U32 = Struct(">I")
_I32 = Struct(">i")


class Body:
    """A cursor over a message body: each call takes the next field, `end()` demands that nothing is left.

    Every method raises `MalformedInput` where the body is too short for what is asked of it.
    """

    __slots__ = ("_at", "_data")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, size: int) -> bytes:
        """The next `size` bytes."""
        stop = self._at + size
        if size < 0 or stop > len(self._data):
            raise MalformedInput("a message is shorter than its own lengths say")
        piece = self._data[self._at : stop]
        self._at = stop
        return piece

    def rest(self) -> bytes:
        """Everything that is left."""
        return self.take(len(self._data) - self._at)

    def cstring(self) -> bytes:
        """Bytes up to the next NUL, which is taken too."""
        stop = self._data.find(b"\0", self._at)
        if stop < 0:
            raise MalformedInput("a string in a message has no terminator")
        piece = self._data[self._at : stop]
        self._at = stop + 1
        return piece

    def text(self) -> str:
        """A NUL-terminated string in UTF-8."""
        return utf8(self.cstring())

    def u8(self) -> int:
        """An unsigned byte."""
        return self.take(1)[0]

    def u16(self) -> int:
        """An unsigned 16-bit number."""
        return int(_U16.unpack(self.take(2))[0])

    def i16(self) -> int:
        """A signed 16-bit number."""
        return int(_I16.unpack(self.take(2))[0])

    def u32(self) -> int:
        """An unsigned 32-bit number, such as an OID."""
        return int(_U32.unpack(self.take(4))[0])

    def i32(self) -> int:
        """A signed 32-bit number."""
        return int(_I32.unpack(self.take(4))[0])

    def value(self) -> bytes | None:
        """A length and that many bytes; a length of -1 is NULL."""
        size = self.i32()
        return None if size == -1 else self.take(size)

    def format(self) -> int:
        """A format code: 0 text, 1 binary; there are no others."""
        code = self.u16()
        if code > 1:
            raise MalformedInput("a format code is neither 0 nor 1")
        return code

    def formats(self) -> tuple[int, ...]:
        """A count and that many format codes."""
        return tuple(self.format() for _ in range(self.u16()))

    def at_end(self) -> bool:
        """Whether nothing is left."""
        return self._at == len(self._data)

    def end(self) -> None:
        """Raises `MalformedInput` when bytes are left over."""
        if not self.at_end():
            raise MalformedInput("a message is longer than its contents")


def utf8(data: bytes) -> str:
    """`data` as UTF-8; raises `MalformedInput` when it isn't."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise MalformedInput("a string in a message isn't UTF-8") from None


def cstring(text: str | bytes) -> bytes:
    """`text` and its terminator, for sending; raises `MalformedInput` if it holds a NUL, which would end it early."""
    data = text.encode() if isinstance(text, str) else text
    if b"\0" in data:
        raise MalformedInput("a string with a NUL inside can't be sent")
    return data + b"\0"


def u16(number: int) -> bytes:
    """`number` as an unsigned 16-bit number."""
    return _U16.pack(number)


def i32(number: int) -> bytes:
    """`number` as a signed 32-bit number."""
    return _I32.pack(number)


def u32(number: int) -> bytes:
    """`number` as an unsigned 32-bit number."""
    return _U32.pack(number)


def value(data: bytes | None) -> bytes:
    """`data` behind its length; None is a length of -1."""
    return i32(-1) if data is None else i32(len(data)) + data


def frame(kind: bytes, body: bytes = b"") -> bytes:
    """A whole message: type byte, length (which counts itself), body."""
    return kind + _U32.pack(len(body) + 4) + body
