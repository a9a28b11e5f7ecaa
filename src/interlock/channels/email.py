"""E-mail: people who may sign are told with a link to the review (docs/howto/be-told-by-mail.md).

One mail when it waits, one for each reminder, one when it is settled; none for each vote. A GET of the link never
votes: mail scanners fetch links.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from email.errors import MessageError
from typing import Final

from interlock.channels.calling import Pace
from interlock.channels.details import Details, Notices, details_of
from interlock.channels.mail_text import Mail, composed, host_of
from interlock.channels.readers import Readers, not_theirs
from interlock.channels.smtp import deliver, tls_context
from interlock.errors import DeliveryUnsure, DestinationGone
from interlock.model.channel_settings import EmailSettings
from interlock.model.channels import Channel, Copy
from interlock.model.names import PersonId
from interlock.ports import Clock

PER_RECIPIENT: Final = (1, 1.0)  # mails within seconds: more looks like a flood, to servers and to people
IN_ALL: Final = (20, 1.0)
_PERSON: Final = "person/"
_SETTLED: Final = "settled"


class Email:
    """The courier of `[email]`. `tls`: what its server must prove; None for the system's authorities."""

    def __init__(
        self,
        settings: EmailSettings,
        *,
        addresses: Mapping[PersonId, str],
        public_url: str,
        notices: Notices,
        readers: Readers,
        clock: Clock,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._settings, self._addresses = settings, addresses
        self._host = host_of(public_url)
        self._notices, self._readers, self._clock = notices, readers, clock
        self._tls = tls or tls_context()
        self._pace = Pace(*IN_ALL)
        self._paces: dict[PersonId, Pace] = {}  # of those in the settings' addresses, no others

    @property
    def channel(self) -> Channel:
        """E-mail."""
        return Channel.EMAIL

    def service_of(self, copy: Copy) -> str:
        """One server."""
        return ""

    def pause(self, copy: Copy) -> float:
        """Until the next mail, to this person and in all."""
        now, own = self._clock.now(), self._paces.get(_person(copy))
        return max(self._pace.pause(now), own.pause(now) if own is not None else 0.0)

    async def send(self, copy: Copy) -> str:
        """The first mail; none where the review is settled already, since it asks nobody any more."""
        details = await self._details(copy)
        if not details.waits:
            return Mail(copy, _SETTLED, self._host).id
        return await self._mail(copy, "", details)

    async def find(self, copy: Copy) -> str | None:
        """Nobody can be asked whether a mail went out."""
        raise DeliveryUnsure("A mail was being sent when the gateway stopped; it may have gone out.")

    async def update(self, copy: Copy) -> str:
        """One further mail once it is settled; nothing before, and nothing after."""
        settled = Mail(copy, _SETTLED, self._host)
        if copy.handle == settled.id:
            return copy.handle
        details = await self._details(copy)
        return copy.handle if details.waits else await self._mail(copy, _SETTLED, details)

    async def remind(self, copy: Copy) -> None:
        """Another mail in the same thread, while it waits."""
        details = await self._details(copy)
        if details.waits:
            await self._mail(copy, f"r{copy.reminders}", details)

    async def _details(self, copy: Copy) -> Details:
        """What there is to say to this person; raises `DestinationGone` where they may not see it (any more)."""
        self._address(copy)
        details = await details_of(self._notices, copy.review)
        if not await self._readers.may_see(copy.review, _person(copy)):
            raise not_theirs()
        return details

    async def _mail(self, copy: Copy, kind: str, details: Details) -> str:
        mail, to, now = Mail(copy, kind, self._host), self._address(copy), self._clock.now()
        try:
            message = composed(mail, details, self._settings.sender, to, now).as_bytes()
        except (ValueError, IndexError, MessageError):  # what the library says of an address that can't be one
            raise DestinationGone("There is no writing to this address.", code="bad_address") from None
        self._pace.made(now)
        self._paces.setdefault(_person(copy), Pace(*PER_RECIPIENT)).made(now)
        await deliver(self._settings, self._tls, to, message)
        return mail.id

    def _address(self, copy: Copy) -> str:
        address = self._addresses.get(_person(copy))
        if not copy.destination.address.startswith(_PERSON) or address is None:
            raise DestinationGone("The settings have no mail address for this person.", code="no_address")
        return address


def _person(copy: Copy) -> PersonId:
    return PersonId(copy.destination.address.removeprefix(_PERSON))
