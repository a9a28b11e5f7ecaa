"""A client that sends whatever bytes it is told to, in any order."""

from __future__ import annotations

import asyncio

from testkit.postgres_messages import Message, cut, frame

from interlock.model.secret import Secret

SECONDS = 20.0


class RawClient:
    """One connection to the door. `login` first, for most purposes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self._rest = b""

    @classmethod
    async def open(cls, port: int) -> RawClient:
        """Connects and says nothing."""
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    def send(self, *messages: tuple[bytes, bytes]) -> None:
        """Sends messages in one piece."""
        self.writer.write(b"".join(frame(type_, body) for type_, body in messages))

    async def login(self, key: Secret[str], user: str = "etl", **more: str) -> list[Message]:
        """Start-up and password; the answers up to ReadyForQuery or the end."""
        parameters = {"user": user, "database": "clinic", **more}
        pairs = b"".join(k.encode() + b"\0" + v.encode() + b"\0" for k, v in parameters.items())
        body = (3 << 16).to_bytes(4) + pairs + b"\0"
        self.writer.write((len(body) + 4).to_bytes(4) + body)
        self.send((b"p", key.reveal().encode() + b"\0"))
        return await self.until_ready()

    async def until_ready(self) -> list[Message]:
        """The answers up to and with the next ReadyForQuery, or to the end of the connection."""
        return await self.until(b"Z")

    async def until(self, last: bytes) -> list[Message]:
        """The answers up to and with the next one of this type, or to the end of the connection."""
        found: list[Message] = []
        async with asyncio.timeout(SECONDS):
            while not (found and found[-1].type == last):
                messages, self._rest = cut(self._rest)
                for number, message in enumerate(messages):
                    found.append(message)
                    if message.type == last:
                        self._rest = b"".join(frame(m.type, m.body) for m in messages[number + 1 :]) + self._rest
                        break
                else:
                    data = await self.reader.read(65536)
                    if not data:
                        return found
                    self._rest += data
        return found

    async def ended(self) -> bool:
        """Whether the door closes the connection, reading whatever still comes."""
        async with asyncio.timeout(SECONDS):
            try:
                while await self.reader.read(65536):
                    continue
            except ConnectionError:
                return True
        return True

    def close(self) -> None:
        """Goes."""
        self.writer.close()


def fields(message: Message) -> dict[str, str]:
    """The fields of an ErrorResponse or NoticeResponse, by their letter."""
    parts = [part for part in message.body.split(b"\0") if part]
    return {part[:1].decode(): part[1:].decode() for part in parts}
