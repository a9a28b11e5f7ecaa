"""An SMTP server by aiosmtpd: plain, with STARTTLS or in TLS from the start. It keeps all mail, and fails when told."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from enum import Enum, auto

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


class SmtpFault(Enum):
    """What happens to the next mail."""

    REFUSE_RECIPIENT = auto()  # 550 to RCPT
    RECIPIENT_LATER = auto()  # 451 to RCPT
    SERVICE_CLOSES = auto()  # 421 to RCPT
    NO_DATA = auto()  # 451 to DATA, before the mail is sent
    REFUSE_MAIL = auto()  # 554 once the mail was sent
    MAIL_LATER = auto()  # 452 once the mail was sent
    BREAK_BEFORE_DATA = auto()  # the connection breaks at RCPT
    LOST_ANSWER = auto()  # the mail is taken, and the connection breaks before the answer
    HANG = auto()  # the mail is taken, and nothing is said


@dataclass(frozen=True)
class Taken:
    """A mail as it was handed over, the envelope beside it."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        """The mail, read."""
        message = message_from_bytes(self.raw, policy=default)
        assert isinstance(message, EmailMessage)
        return message


class SmtpService:
    """Mails go into `mails`. With `context` it speaks TLS: from the start if `implicit`, else after STARTTLS.

    `user` and `password`: who must log in, if anybody.
    """

    def __init__(
        self, *, context: ssl.SSLContext | None = None, implicit: bool = False, user: str = "", password: str = ""
    ) -> None:
        self.mails: list[Taken] = []
        self.faults: deque[SmtpFault | None] = deque()
        self.connections = 0
        self.encrypted: list[bool] = []  # for each mail: whether it came over TLS
        self.port = 0
        self._context, self._implicit = context, implicit
        self._user, self._password = user, password
        self._server: asyncio.Server | None = None
        self._transports: set[asyncio.BaseTransport] = set()
        self._fault: SmtpFault | None = None

    @property
    def everything(self) -> bytes:
        """Every byte of every mail."""
        return b"\n".join(mail.raw for mail in self.mails)

    async def start(self) -> None:
        """Listens; at the same port as before."""
        loop, context = asyncio.get_running_loop(), self._context if self._implicit else None
        self._server = await loop.create_server(self._session, "127.0.0.1", self.port, ssl=context)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Breaks every connection and listens no more; what it has it keeps."""
        if self._server is not None:
            self._server.close()
        for transport in tuple(self._transports):
            if isinstance(transport, asyncio.WriteTransport):
                with contextlib.suppress(AttributeError):  # CPython 3.11: a TLS transport that ended by itself just now
                    transport.abort()
        self._transports.clear()
        await asyncio.sleep(0)
        self._server = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Serves until the end of the block."""
        await self.start()
        try:
            yield
        finally:
            await self.stop()

    # -- what aiosmtpd calls ------------------------------------------------------------------------------------------

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Takes a recipient, or not."""
        if self._user and not session.authenticated:
            return "530 Log in first"
        self._fault = self.faults.popleft() if self.faults else None
        match self._fault:
            case SmtpFault.REFUSE_RECIPIENT:
                return "550 No such mailbox: dana's canary"
            case SmtpFault.RECIPIENT_LATER:
                return "451 Try later"
            case SmtpFault.SERVICE_CLOSES:
                return "421 Closing"
            case SmtpFault.BREAK_BEFORE_DATA:
                _break(server)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Takes a mail, or not."""
        match self._fault:
            case SmtpFault.REFUSE_MAIL:
                return "554 No"
            case SmtpFault.MAIL_LATER:
                return "452 Try later"
        content = envelope.content
        assert isinstance(content, bytes) and envelope.mail_from is not None
        self.mails.append(Taken(envelope.mail_from, tuple(envelope.rcpt_tos), content))
        self.encrypted.append(session.ssl is not None or self._implicit)
        if self._fault is SmtpFault.HANG:
            await asyncio.Event().wait()
        if self._fault is SmtpFault.LOST_ANSWER:
            _break(server)
        return "250 Taken"

    def _session(self) -> SMTP:
        self.connections += 1
        starttls = self._context is not None and not self._implicit
        session = _Session(
            self,
            hostname="mail.test",
            tls_context=self._context if starttls else None,
            require_starttls=starttls,
            auth_require_tls=False,
            authenticator=self._authenticate if self._user else None,
            loop=asyncio.get_running_loop(),
        )
        session.service = self
        return session

    def _authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        right = isinstance(data, LoginPassword) and (data.login, data.password) == (
            self._user.encode(),
            self._password.encode(),
        )
        return AuthResult(success=right, handled=right)

    def opened(self, transport: asyncio.BaseTransport) -> None:
        """Remembers a connection, to break it on `stop`."""
        self._transports.add(transport)

    @property
    def refuses_data(self) -> bool:
        """Whether DATA itself is refused now."""
        return self._fault is SmtpFault.NO_DATA


class _Session(SMTP):
    service: SmtpService

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.service.opened(transport)

    async def smtp_DATA(self, arg: str) -> None:
        if self.service.refuses_data:
            await self.push("451 Try later")
            return
        await super().smtp_DATA(arg)


def _break(server: SMTP) -> None:
    transport = server.transport
    if isinstance(transport, asyncio.WriteTransport):
        transport.abort()
