"""Handing one mail to an SMTP server (RFC 5321), so that it is known whether it took it.

Until the whole mail is on its way nothing has been delivered, and trying again is safe. From then on only the server's
answer says whether it was; where that gets lost nobody can know.
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from typing import Final

import aiosmtplib

from interlock.errors import DeliveryUnsure, DestinationGone, ServiceAway
from interlock.model.channel_settings import EmailSettings

SECONDS: Final = 20.0  # for one step
WHOLE: Final = 45.0  # for one mail: less than the outbox gives an attempt, so that what happened is told from here
_QUIT: Final = 2.0
_START, _TAKEN, _LEAVING, _FOR_EVER, _NO_REPLY = 354, 250, 421, 500, -1


def tls_context(ca: str | None = None) -> ssl.SSLContext:
    """What mail servers must prove: the host's name, by the system's authorities or those in the file `ca`."""
    context = ssl.create_default_context(cafile=ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


async def deliver(
    settings: EmailSettings, tls: ssl.SSLContext, to: str, mail: bytes, *, seconds: float = WHOLE
) -> None:
    """Hands `mail` (with CRLF line ends) over for `to`.

    Raises `ServiceAway` where the server didn't take it and may later (`whole` but where it put off this recipient or
    mail alone, as greylisting does), `DestinationGone` where it never will for this
    recipient, `DeliveryUnsure` where its answer got lost. Where TLS is asked for nothing is sent without it.
    """
    client = aiosmtplib.SMTP(
        hostname=settings.host,
        port=settings.port,
        username=settings.user or None,
        password=settings.password.reveal() if settings.password is not None else None,
        local_hostname=settings.sender.rpartition("@")[2],
        timeout=min(SECONDS, seconds),
        use_tls=settings.tls == "implicit",
        start_tls=settings.tls == "starttls",  # False: none; True: an error where it isn't offered
        tls_context=None if settings.tls == "none" else tls,
    )
    handed_over = False
    try:
        async with asyncio.timeout(seconds):
            await _announce(client, settings.sender, to)
            handed_over = True
            await _hand_over(client, mail)
        await _leave(client)
    except (aiosmtplib.SMTPException, OSError, ValueError, TimeoutError) as error:
        if handed_over:
            raise DeliveryUnsure("The mail server's answer got lost; it may have taken the mail.") from None
        raise _away(error) from None
    finally:
        client.close()


async def _announce(client: aiosmtplib.SMTP, sender: str, to: str) -> None:
    """Everything up to the server's word that it waits for the mail."""
    await client.connect()
    await client.mail(sender)
    try:
        await client.rcpt(to)
    except aiosmtplib.SMTPRecipientRefused as error:
        if error.code >= _FOR_EVER:
            raise DestinationGone("The mail server takes nothing for this address.") from None
        raise
    answer = await client.execute_command(b"DATA")
    if answer.code != _START:
        raise aiosmtplib.SMTPDataError(answer.code, "")


async def _hand_over(client: aiosmtplib.SMTP, mail: bytes) -> None:
    """Sends the mail. Whatever goes wrong from here on leaves it unsure, but a clear answer of the server."""
    protocol = client.protocol
    if protocol is None or not protocol.is_connected:
        raise ServiceAway("The mail server went away before the mail was sent.")
    protocol.write(_stuffed(mail) + b".\r\n")
    answer = await protocol.read_response(timeout=SECONDS)
    if answer.code == _TAKEN:
        return
    if answer.code >= _FOR_EVER:
        raise DestinationGone("The mail server refused the mail.", code="refused")
    if 400 <= answer.code < _FOR_EVER:
        raise ServiceAway(f"The mail server doesn't take the mail now ({answer.code}).", whole=answer.code == _LEAVING)
    raise aiosmtplib.SMTPDataError(_NO_REPLY, "")


async def _leave(client: aiosmtplib.SMTP) -> None:
    """Says goodbye; the mail is delivered whatever comes of it."""
    with suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
        await client.quit(timeout=_QUIT)


def _stuffed(mail: bytes) -> bytes:
    """Lines that begin with a full stop get another one (RFC 5321 section 4.5.2)."""
    text = mail if mail.endswith(b"\r\n") else mail + b"\r\n"
    return (b"." if text.startswith(b".") else b"") + text.replace(b"\r\n.", b"\r\n..")


def _away(error: Exception) -> ServiceAway:
    """By kind alone: what servers write in their answers may quote addresses."""
    if isinstance(error, aiosmtplib.SMTPNotSupported):
        return ServiceAway("The mail server doesn't offer what the settings ask for (STARTTLS or a login).")
    if isinstance(error, aiosmtplib.SMTPResponseException):
        alone = isinstance(error, aiosmtplib.SMTPRecipientRefused | aiosmtplib.SMTPDataError)
        if alone and 400 <= error.code < _FOR_EVER and error.code != _LEAVING:
            return ServiceAway(f"The mail server puts this mail off (status {error.code}).", whole=False)
        return ServiceAway(f"The mail server doesn't let us in, or not now (status {error.code}).")
    return ServiceAway(f"The mail server can't be reached now ({type(error).__name__}).")
