"""E-mail: people are told with a link that votes never; no header is anybody's but ours; nothing goes out in clear."""

from __future__ import annotations

import re
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from testkit.certificates import Authority
from testkit.smtp import SmtpFault, SmtpService
from tests.an_office import DIRECTORY
from tests.channels.a_told_review import CANARY, PUBLIC, Told, told
from tests.web.in_memory import Sealer

from interlock.channels.email import Email
from interlock.channels.mail_text import host_of, unlinked
from interlock.channels.readers import DeskReaders
from interlock.channels.smtp import deliver, tls_context
from interlock.errors import DeliveryUnsure, DestinationGone, ServiceAway
from interlock.identity.directory import Directory
from interlock.model.channel_settings import EmailSettings
from interlock.model.channels import Channel, Copy
from interlock.model.names import PersonId
from interlock.model.review import ReviewState, Verdict
from interlock.model.secret import Secret
from interlock.web.control import control_app
from interlock.web.sign_on import Means

ADDRESS = "dana@clinic.test"
ADDRESSES = {PersonId("dana"): ADDRESS, PersonId("remy"): "remy@clinic.test"}
SENDER = "interlock@clinic.test"
MAIL = b"Subject: hello\r\n\r\n.one\r\n..two\r\nthree\r\n"


@dataclass
class Place:
    told: Told
    server: SmtpService
    email: Email

    @property
    def copy(self) -> Copy:
        return self.told.copy(Channel.EMAIL, "person/dana")

    @property
    def messages(self) -> list[EmailMessage]:
        return [mail.message for mail in self.server.mails]


def email(
    about: Told,
    server: SmtpService,
    addresses: dict[PersonId, str] | None = None,
    readers: DeskReaders | None = None,
) -> Email:
    settings = EmailSettings("127.0.0.1", server.port, "none", SENDER)
    return Email(
        settings,
        addresses=addresses or ADDRESSES,
        public_url=PUBLIC,
        notices=about.notices,
        readers=readers or DeskReaders(about.office.desk),
        clock=about.office.clock,
    )


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    server = SmtpService()
    async with told(tmp_path, ticket="JIRA-7 at evil.example") as about, server.running():
        yield Place(about, server, email(about, server))


def text(message: EmailMessage, kind: str = "plain") -> str:
    part = message.get_body((kind,))
    assert part is not None
    content = part.get_content()
    assert isinstance(content, str)
    return content


async def test_a_thread_from_the_first_mail_to_the_last(place: Place) -> None:
    copy = replace(place.copy, handle=await place.email.send(place.copy))
    assert await place.email.update(copy) == copy.handle
    await place.email.remind(replace(copy, reminders=1))
    await place.email.remind(replace(copy, reminders=2))
    await place.told.sign()
    settled = replace(copy, handle=await place.email.update(copy))
    assert await place.email.update(settled) == settled.handle
    await place.told.run()
    assert await place.email.update(settled) == settled.handle
    await place.email.remind(replace(settled, reminders=3))  # nobody is asked any more
    first, *rest = place.messages
    assert len(rest) == 3 and first["Message-ID"] == copy.handle and first["In-Reply-To"] is None
    assert all(mail["In-Reply-To"] == mail["References"] == copy.handle for mail in rest)
    assert len({mail["Message-ID"] for mail in place.messages}) == 4
    assert "needs nothing more of you" in text(rest[-1]) and "Reminder 2" in text(rest[1])


async def test_what_a_mail_says(place: Place) -> None:
    handle = await place.email.send(place.copy)
    (taken,) = place.server.mails
    mail = taken.message
    assert (taken.sender, taken.recipients, mail["To"]) == (SENDER, (ADDRESS,), ADDRESS)
    assert mail["From"] == f"Interlock <{SENDER}>" and mail["Auto-Submitted"] == "auto-generated"
    assert mail["Subject"] == "Interlock: etl asks to export and read: clinic (production)"
    assert mail["Message-ID"] == f"<{place.copy.id.replace('/', '.')}@interlock.clinic.test>" == handle
    assert mail["List-Id"] == "Interlock reviews <reviews.interlock.clinic.test>" and mail["Bcc"] is None
    url = f"{PUBLIC}/reviews/{place.told.review.id}"
    for kind in ("plain", "html"):
        said = text(mail, kind)
        assert url in said and "1 of officers" in said and "nobody has verified it" in said
        assert CANARY not in said and "SELECT" not in said
        assert "evil.example" not in said and "evil[.]example" in said and "https[:]//evil" in said
    assert re.findall(r'href="([^"]*)"', text(mail, "html")) == [url]
    assert CANARY.encode() not in place.server.everything
    assert max(map(len, taken.raw.split(b"\r\n"))) <= 998 and all(byte < 128 for byte in taken.raw)


async def test_fetching_every_link_of_a_mail_votes_never(place: Place) -> None:
    """As mail scanners do, and with the session of somebody whose vote would count."""
    await place.email.send(place.copy)
    (mail,) = place.messages
    links = {link for kind in ("plain", "html") for link in re.findall(r"https?://[^\s\"<>]+", text(mail, kind))}
    office = place.told.office
    app = control_app(
        office.desk,
        office.registry,
        Sealer(),
        office.clock,
        PUBLIC,
        False,
        "0",
        lambda: None,
        means=Means(),
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=PUBLIC) as browser:
        token = await office.registry.issue_sign_in(PersonId("dana"))
        entered = await browser.post("/sign-in", data={"token": token.reveal()}, headers={"Origin": PUBLIC})
        assert entered.status_code == 303
        for link in links:
            for end in ("", "?verdict=approve", "/vote", "/approve", "/votes?verdict=approve"):
                for method in ("GET", "HEAD"):
                    answer = await browser.request(method, link + end)
                    assert end or method == "HEAD" or answer.status_code == 200
    assert links == {f"{PUBLIC}/reviews/{place.told.review.id}"}
    assert (await office.desk.review(place.told.review.id)).state is ReviewState.PENDING
    assert not await place.told.votes()


@pytest.mark.parametrize("kind", ["reason", "ticket"])
async def test_nothing_that_the_asker_writes_gets_into_a_header_or_into_markup(tmp_path: Path, kind: str) -> None:
    wrote = 'x\r\nBcc: all@evil.example\r\n\r\n<a href="https://evil.example">here</a>\u2028<img src=x>\x00\u202eoops'
    server = SmtpService()
    async with told(tmp_path, **{kind: wrote}) as about, server.running():
        await email(about, server).send(about.copy(Channel.EMAIL, "person/dana"))
    (taken,) = server.mails
    assert taken.recipients == (ADDRESS,) and taken.message["Bcc"] is None
    assert len(taken.message.keys()) == 10 and "evil" not in str(taken.message.items())
    html = text(taken.message, "html")
    assert "<img" not in html and html.count("<a ") == 1 and "\u202e" not in html and "\x00" not in html


@pytest.mark.parametrize(
    "address", ["dana@clinic.test\r\nBcc: all@evil.example", "dana@clinic.test>\nRCPT TO:<x@y", "a@b, c@d", "dana", ""]
)
async def test_an_address_that_is_none_gets_nothing(place: Place, address: str) -> None:
    courier = email(place.told, place.server, {PersonId("dana"): address})
    with pytest.raises(DestinationGone):
        await courier.send(place.copy)
    assert not place.server.mails


async def test_who_may_not_see_it_any_more_gets_no_mail(place: Place) -> None:
    copy = replace(place.copy, handle=await place.email.send(place.copy))
    left = Directory({id_: each for id_, each in DIRECTORY.people.items() if id_ != "dana"}, DIRECTORY.actors)
    readers = DeskReaders(place.told.office.with_directory(left).desk)
    gone = email(place.told, place.server, readers=readers)
    for call in (gone.send(place.copy), gone.remind(replace(copy, reminders=1))):
        with pytest.raises(DestinationGone):
            await call
    await place.told.office.vote(place.told.review, "remy")
    with pytest.raises(DestinationGone) as caught:
        await gone.update(copy)
    assert caught.value.code == "not_theirs" and len(place.messages) == 1


@pytest.mark.parametrize("address", ["person/olivia", "dana@clinic.test", "person/dana@clinic.test", "people", "dana"])
async def test_only_people_with_an_address_in_the_settings(place: Place, address: str) -> None:
    with pytest.raises(DestinationGone) as caught:
        await place.email.send(place.told.copy(Channel.EMAIL, address))
    assert caught.value.code == "no_address" and not place.server.connections


async def test_who_is_asked_nothing_any_more_is_told_nothing(place: Place) -> None:
    await place.told.sign(Verdict.DENY)
    handle = await place.email.send(place.copy)
    assert await place.email.update(replace(place.copy, handle=handle)) == handle
    assert not place.server.mails


async def test_what_was_cut_off_is_unsure(place: Place) -> None:
    with pytest.raises(DeliveryUnsure):
        await place.email.find(place.copy)


@pytest.mark.parametrize(
    ("fault", "expected", "taken", "whole"),
    [
        (SmtpFault.REFUSE_RECIPIENT, DestinationGone, 0, None),
        (SmtpFault.RECIPIENT_LATER, ServiceAway, 0, False),
        (SmtpFault.SERVICE_CLOSES, ServiceAway, 0, True),
        (SmtpFault.NO_DATA, ServiceAway, 0, False),
        (SmtpFault.BREAK_BEFORE_DATA, ServiceAway, 0, True),
        (SmtpFault.REFUSE_MAIL, DestinationGone, 0, None),
        (SmtpFault.MAIL_LATER, ServiceAway, 0, False),
        (SmtpFault.LOST_ANSWER, DeliveryUnsure, 1, None),
    ],
)
async def test_what_the_server_says_and_leaves_unsaid(
    place: Place, fault: SmtpFault, expected: type[Exception], taken: int, whole: bool | None
) -> None:
    place.server.faults.append(fault)
    with pytest.raises((ServiceAway, DestinationGone, DeliveryUnsure)) as caught:
        await place.email.send(place.copy)
    assert type(caught.value) is expected and len(place.server.mails) == taken
    assert getattr(caught.value, "whole", None) is whole  # whether others have to wait as well
    assert "canary" not in caught.value.sentence  # what a server writes may quote addresses
    await place.email.send(place.copy)
    assert len(place.server.mails) == taken + 1


async def test_a_server_that_says_nothing_is_left(place: Place) -> None:
    place.server.faults.append(SmtpFault.HANG)
    settings = EmailSettings("127.0.0.1", place.server.port, "none", SENDER)
    with pytest.raises(DeliveryUnsure):
        await deliver(settings, tls_context(), ADDRESS, MAIL, seconds=0.5)


async def test_a_server_that_is_away_and_comes_back(place: Place) -> None:
    await place.server.stop()
    with pytest.raises(ServiceAway):
        await place.email.send(place.copy)
    await place.server.start()
    await place.email.send(place.copy)
    assert len(place.server.mails) == 1


async def test_full_stops_and_line_ends_arrive_as_they_were(place: Place) -> None:
    settings = EmailSettings("127.0.0.1", place.server.port, "none", SENDER)
    await deliver(settings, tls_context(), ADDRESS, MAIL)
    assert place.server.mails[0].raw == MAIL


async def test_the_pace(place: Place) -> None:
    other, clock = place.told.copy(Channel.EMAIL, "person/remy"), place.told.office.clock
    assert place.email.pause(place.copy) == 0
    await place.email.send(place.copy)
    assert place.email.pause(place.copy) == 1 and place.email.pause(other) == 0
    clock.forward(seconds=1)
    assert place.email.pause(place.copy) == 0
    for _ in range(20):
        await place.email.send(other)
    assert place.email.pause(place.copy) == 1  # so many in a second for all together
    clock.forward(seconds=1)
    assert place.email.pause(place.copy) == 0


# -- TLS and logins ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


def server_context(authority: Authority, directory: Path, address: str = "127.0.0.1") -> ssl.SSLContext:
    certificate, key = authority.leaf("mail.test", addresses=[address]).write(directory, "mail")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
async def test_mail_goes_out_over_tls(authority: Authority, tmp_path: Path, tls: str) -> None:
    server = SmtpService(
        context=server_context(authority, tmp_path), implicit=tls == "implicit", user="gate", password="a secret"
    )
    ours = tls_context(str(authority.write(tmp_path)))
    async with server.running():
        settings = EmailSettings("127.0.0.1", server.port, tls, SENDER, "gate", Secret("a secret"))
        await deliver(settings, ours, ADDRESS, MAIL)
        assert server.encrypted == [True]
        with pytest.raises(ServiceAway) as caught:
            await deliver(replace(settings, password=Secret("another")), ours, ADDRESS, MAIL)
        assert "another" not in caught.value.sentence
        with pytest.raises(ServiceAway):
            await deliver(settings, tls_context(), ADDRESS, MAIL)  # an authority that nobody here knows
    assert len(server.mails) == 1


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
async def test_a_certificate_of_another_host_is_refused(authority: Authority, tmp_path: Path, tls: str) -> None:
    server = SmtpService(context=server_context(authority, tmp_path, "127.0.0.2"), implicit=tls == "implicit")
    async with server.running():
        with pytest.raises(ServiceAway):
            settings = EmailSettings("127.0.0.1", server.port, tls, SENDER)
            await deliver(settings, tls_context(str(authority.write(tmp_path))), ADDRESS, MAIL)
    assert not server.mails


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
async def test_where_tls_isnt_offered_nothing_is_sent(tls: str) -> None:
    server = SmtpService()
    async with server.running():
        with pytest.raises(ServiceAway):
            settings = EmailSettings("127.0.0.1", server.port, tls, SENDER, "gate", Secret("canary"))
            await deliver(settings, tls_context(), ADDRESS, MAIL, seconds=3.0)
    assert not server.mails


# -- texts ------------------------------------------------------------------------------------------------------------


@given(st.text())
def test_nothing_becomes_a_link(written: str) -> None:
    shown = unlinked(written)
    assert "://" not in shown and "@" not in shown and not re.search(r"\w[.\u3002\uff0e\uff61][^\W\d_]", shown)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://interlock.acme.test:8443/x", "interlock.acme.test"),
        ("http://127.0.0.1:8080", "127.0.0.1"),
        ("http://[::1]:8080", "interlock.invalid"),
        ("https://a_b.test", "interlock.invalid"),
    ],
)
def test_whose_message_ids_they_are(url: str, host: str) -> None:
    assert host_of(url) == host


async def test_a_clock_that_is_set_back_stops_no_mail(place: Place) -> None:
    await place.email.send(place.copy)
    place.told.office.clock.forward(minutes=-50)
    assert place.email.pause(place.copy) == 1
    place.told.office.clock.forward(seconds=1)
    assert place.email.pause(place.copy) == 0


async def test_after_a_mail_that_may_have_gone_out_others_follow(place: Place) -> None:
    """A copy without a handle: the first mail isn't repeated, a reminder and the end are mails of their own."""
    assert await place.email.update(place.copy) == "" and not place.server.mails
    await place.email.remind(replace(place.copy, reminders=1))
    assert len(place.server.mails) == 1
    await place.told.office.vote(place.told.review, "dana", Verdict.DENY)
    assert await place.email.update(place.copy) and len(place.server.mails) == 2
