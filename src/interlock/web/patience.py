"""How long an HTTP port waits for a request's head: uvicorn itself waits for ever, and a place is taken all that time.

(RFC 9110 section 15.5.9 would answer 408; whoever sends nothing for so long gets a closed connection instead.)
"""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 10.0
CLIENT_CERTIFICATE = "interlock.client_certificate"  # an extension of the scope: {"der": bytes}


class HeadWithinSeconds(H11Protocol):
    """A connection is closed when a request's whole head hasn't come `head_seconds` after it began, counted from its
    first byte, or from connecting for the first. Between requests uvicorn's own `timeout_keep_alive` counts.

    What a client goes on to send of a body after its request was answered counts as the beginning of the next.
    """

    head_seconds: ClassVar[float] = HEAD_SECONDS
    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in H11Protocol
        """A client connected, and through TLS if there is any."""
        super().connection_made(transport)
        tls = transport.get_extra_info("ssl_object")
        der = tls.getpeercert(binary_form=True) if tls is not None else None
        if der is not None:
            self.app = _with_certificate(self.app, der)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Bytes came: whole heads have begun a request by the time the parser returns."""
        super().data_received(data)
        if self._answering():
            self._stop_waiting()
        else:
            self._wait()

    def on_response_complete(self) -> None:
        """An answer is out; a request that had come behind it has been begun too."""
        super().on_response_complete()
        if not self._answering() and self.conn.trailing_data[0]:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _wait(self) -> None:
        if self._waiting is None and not self.transport.is_closing():
            self._waiting = self.loop.call_later(self.head_seconds, self._give_up)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _give_up(self) -> None:
        self._waiting = None
        self.transport.abort()  # not close(): that would wait for a client that may not be reading either


def _with_certificate(app: Any, der: bytes) -> Any:
    """Tells the application which client certificate the handshake verified; uvicorn itself doesn't."""

    async def told(scope: Any, receive: Any, send: Any) -> None:
        extensions = {**scope.get("extensions", {}), CLIENT_CERTIFICATE: {"der": der}}
        await app({**scope, "extensions": extensions}, receive, send)

    return told
