"""Sessions: sealed, limited, and with a CSRF token of their own."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.web.in_memory import Clock, Sealer

from interlock.model.names import KeyId, PersonId
from interlock.web.sealed_cookies import MAX_COOKIE, SealedCookies
from interlock.web.session import Began, Login, Sessions, origin_of, same

LOGIN = Login(KeyId("k"), Clock().now())


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sessions(clock: Clock) -> Sessions:
    return Sessions(Sealer(), clock)


def test_a_session_says_who_and_ends_after_eight_hours_whatever_was_done(sessions: Sessions, clock: Clock) -> None:
    cookie = sessions.start(PersonId("priya"), Login(KeyId("link-1"), clock.now()))
    session = sessions.read(cookie)
    assert session is not None
    assert (session.person, session.key) == ("priya", "link-1")
    assert session.expires_at == clock.now() + timedelta(hours=8)
    clock.pass_time(timedelta(hours=8) - timedelta(seconds=1))
    assert sessions.read(cookie) is not None
    clock.pass_time(timedelta(seconds=1))
    assert sessions.read(cookie) is None


def test_no_changed_byte_is_accepted(sessions: Sessions, clock: Clock) -> None:
    cookie = sessions.start(PersonId("priya"), Login(KeyId("link-1"), clock.now()))
    raw = base64.urlsafe_b64decode(cookie + "=" * (-len(cookie) % 4))
    for at in range(len(raw)):
        changed = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
        assert sessions.read(base64.urlsafe_b64encode(changed).decode()) is None


def test_a_session_says_how_it_began_and_when_the_login_behind_it_was(sessions: Sessions, clock: Clock) -> None:
    before = clock.now() - timedelta(minutes=40)
    login = Login(KeyId("oidc:sso:1"), before, Began.OIDC, "sso", "s" * 255)
    session = sessions.read(sessions.start(PersonId("priya"), login))
    assert session is not None
    assert (session.began, session.provider, session.subject) == (Began.OIDC, "sso", "s" * 255)
    assert session.signed_in_at == before
    assert session.expires_at == clock.now() + timedelta(hours=8)


@pytest.mark.parametrize("cookie", ["", "a", "priya", "{}", "é", "=" * 40, "A" * (MAX_COOKIE + 1), "A" * 40])
def test_what_is_no_cookie_of_ours_is_nobody(sessions: Sessions, cookie: str) -> None:
    assert sessions.read(cookie) is None


def test_a_seal_for_something_else_is_no_session(clock: Clock) -> None:
    sealer = Sealer()
    other = sealer.seal("interlock/card/v1/x", b'{"at":1,"key":"k","person":"priya","until":99999999999}')
    assert Sessions(sealer, clock).read(base64.urlsafe_b64encode(other).decode()) is None


def test_each_session_has_its_own_csrf_token(sessions: Sessions) -> None:
    one, two = (sessions.read(sessions.start(PersonId("priya"), LOGIN)) for _ in range(2))
    assert one is not None and two is not None
    assert one.csrf != two.csrf
    assert same(one.csrf, one.csrf)
    assert not same(one.csrf, two.csrf)
    assert not same(one.csrf, "é\udcff")


def test_a_csrf_token_is_the_same_each_time_and_isnt_made_of_the_cookie(clock: Clock) -> None:
    sealer = Sealer()
    cookie = Sessions(sealer, clock).start(PersonId("priya"), Login(KeyId("k"), clock.now()))
    first, again = Sessions(sealer, clock).read(cookie), Sessions(sealer, clock).read(cookie)
    assert first is not None and again is not None and first.csrf == again.csrf
    # It stands within the seal: only the installation's key brings it out.
    raw = base64.urlsafe_b64decode(cookie + "=" * (-len(cookie) % 4))
    assert first.csrf.encode() in sealer.open("console-session", raw).reveal()
    assert first.csrf not in {
        hashlib.sha256(cookie.encode()).hexdigest(),
        hmac.new(cookie.encode(), b"interlock/console-csrf/v1", hashlib.sha256).hexdigest(),
        first.mark,
    }


def test_a_session_of_an_earlier_version_is_none(clock: Clock) -> None:
    sealer = Sealer()
    for was in (
        b'{"at":1,"key":"k","person":"priya","until":9999999999}',
        b'{"at":1,"csrf":"c","key":"k","person":"priya","until":9999999999}',
    ):
        old = sealer.seal("console-session", was)
        assert Sessions(sealer, clock).read(base64.urlsafe_b64encode(old).decode()) is None


def test_an_ended_session_is_ended_for_every_copy_of_its_cookie(sessions: Sessions) -> None:
    cookie, other = (sessions.start(PersonId("priya"), LOGIN) for _ in range(2))
    session = sessions.read(cookie)
    assert session is not None and sessions.is_live(session)
    sessions.end(session)
    assert not sessions.is_live(session)
    assert sessions.read(cookie) is None
    assert sessions.read(cookie + "=" * (-len(cookie) % 4)) is None
    assert sessions.read(cookie.replace("-", "+").replace("_", "/")) is None
    assert sessions.read(other) is not None


def test_ended_cookies_are_forgotten_when_they_would_have_ended_and_beyond_a_limit(clock: Clock) -> None:
    kept = SealedCookies(Sealer(), clock, "a test", most_ended=2)
    cookies = []
    for number in range(3):
        cookies.append(kept.seal({"n": number}, timedelta(hours=8)))
        found = kept.read(cookies[-1])
        assert found is not None
        kept.end(found.mark, found.until)
        clock.pass_time(timedelta(minutes=1))
    assert [kept.read(cookie) is None for cookie in cookies] == [False, True, True]
    clock.pass_time(timedelta(hours=8))
    late = kept.read(kept.seal({}, timedelta(hours=8)))
    assert late is not None
    kept.end(late.mark, late.until)
    assert list(kept._ended) == [late.mark]


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("https://Gate.Example.org:443/sub/", "https://gate.example.org"),
        ("http://localhost:80", "http://localhost"),
        ("https://[::1]:8443", "https://[::1]:8443"),
    ],
)
def test_origins_are_written_as_browsers_do(url: str, origin: str) -> None:
    assert origin_of(url) == origin


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_hostile_cookies_are_nobody(cookie: str) -> None:
    assert Sessions(Sealer(), Clock()).read(cookie) is None
