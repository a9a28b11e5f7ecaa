"""Sessions: sealed, limited, and with a CSRF token of their own."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.web.in_memory import Clock, Sealer

from interlock.model.names import KeyId, PersonId
from interlock.web.session import MAX_COOKIE, Sessions, csrf_token, origin_of, same


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sessions(clock: Clock) -> Sessions:
    return Sessions(Sealer(), clock)


def test_a_session_says_who_and_ends_after_eight_hours_whatever_was_done(sessions: Sessions, clock: Clock) -> None:
    cookie = sessions.start(PersonId("priya"), KeyId("link-1"))
    session = sessions.read(cookie)
    assert session is not None
    assert (session.person, session.key) == ("priya", "link-1")
    assert session.expires_at == clock.now() + timedelta(hours=8)
    clock.pass_time(timedelta(hours=8) - timedelta(seconds=1))
    assert sessions.read(cookie) is not None
    clock.pass_time(timedelta(seconds=1))
    assert sessions.read(cookie) is None


def test_no_changed_byte_is_accepted(sessions: Sessions) -> None:
    cookie = sessions.start(PersonId("priya"), KeyId("link-1"))
    raw = base64.urlsafe_b64decode(cookie + "=" * (-len(cookie) % 4))
    for at in range(len(raw)):
        changed = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
        assert sessions.read(base64.urlsafe_b64encode(changed).decode()) is None


@pytest.mark.parametrize("cookie", ["", "a", "priya", "{}", "é", "=" * 40, "A" * (MAX_COOKIE + 1), "A" * 40])
def test_what_is_no_cookie_of_ours_is_nobody(sessions: Sessions, cookie: str) -> None:
    assert sessions.read(cookie) is None


def test_a_seal_for_something_else_is_no_session(clock: Clock) -> None:
    sealer = Sealer()
    other = sealer.seal("interlock/card/v1/x", b'{"at":1,"key":"k","person":"priya","until":99999999999}')
    assert Sessions(sealer, clock).read(base64.urlsafe_b64encode(other).decode()) is None


def test_each_session_has_its_own_csrf_token(sessions: Sessions) -> None:
    one, two = (sessions.start(PersonId("priya"), KeyId("k")) for _ in range(2))
    assert csrf_token(one) != csrf_token(two)
    assert same(csrf_token(one), csrf_token(one))
    assert not same(csrf_token(one), csrf_token(two))
    assert not same(csrf_token(one), "é\udcff")


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
