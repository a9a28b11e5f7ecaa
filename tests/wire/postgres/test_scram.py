from __future__ import annotations

import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.errors import MalformedInput, UpstreamFailed
from interlock.model.secret import Secret
from interlock.wire.postgres.scram import MAX_ITERATIONS, Binding, ClientFinal, ClientFirst, prepared

# RFC 7677 section 3.
FIRST = ClientFirst("rOprNGfwEbeRWgbNEkqO", user="user")
PASSWORD = Secret("pencil")
SERVER_FIRST = b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
SERVER_FINAL = b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
CLIENT_FINAL = (
    b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
)


def test_the_example_of_rfc_7677() -> None:
    assert FIRST.message == b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
    final = FIRST.answer(PASSWORD, SERVER_FIRST)
    assert final.message == CLIENT_FINAL
    final.verify(SERVER_FINAL)


def test_postgresql_leaves_the_user_empty_and_others_are_escaped() -> None:
    assert ClientFirst("abc").message == b"n,,n=,r=abc"
    assert ClientFirst("abc", user="a=b,c").message == b"n,,n=a=3Db=2Cc,r=abc"


@pytest.mark.parametrize(
    "server_first",
    [
        b"",
        b"r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",  # nothing of its own
        b"r=another%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        b"s=W22ZaJ0SNY7soEsUEjb6gQ==,r=rOprNGfwEbeRWgbNEkqOx,i=4096",
        b"m=ext,r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        b"r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,x=1",
        b"r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ=,i=4096",
        b"r=rOprNGfwEbeRWgbNEkqOx,s====,i=4096",
        b"r=rOprNGfwEbeRWgbNEkqOx,s=,i=4096",
        b"r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=0",
        b"r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=-1",
        b"r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i= 1",
        b"r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1\n",
        b"r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=%d" % (MAX_ITERATIONS + 1),
        b"r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=99999999999999",
        b"r=rOprNGfwEbeRWgbNEkqO\x00,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
    ],
)
def test_odd_server_first_messages_are_malformed(server_first: bytes) -> None:
    with pytest.raises(MalformedInput):
        FIRST.answer(PASSWORD, server_first)


FINAL = ClientFinal(b"", b"s" * 32)


def test_a_wrong_signature_is_another_server() -> None:
    FINAL.verify(b"v=" + base64.b64encode(b"s" * 32))
    for signature in (b"t" * 32, b"s" * 31, b"s" * 33):
        with pytest.raises(UpstreamFailed):
            FINAL.verify(b"v=" + base64.b64encode(signature))


def test_an_error_of_the_server_doesnt_show_its_text() -> None:
    with pytest.raises(UpstreamFailed) as caught:
        FINAL.verify(b"e=canary")
    assert "canary" not in caught.value.sentence


@pytest.mark.parametrize("data", [b"", b"v=", b"v=!!!!", b"v====", b"v=c3M=,x=1", b"x=c3M="])
def test_odd_server_final_messages_are_malformed(data: bytes) -> None:
    with pytest.raises(MalformedInput):
        FINAL.verify(data)


@given(st.binary(max_size=80))
def test_any_server_messages_are_malformed_or_not_believed(data: bytes) -> None:
    for tail in (data, b"r=rOprNGfwEbeRWgbNEkqOx,s=" + data):
        with pytest.raises(MalformedInput):
            FIRST.answer(PASSWORD, tail)
    for final in (data, b"v=" + data):
        with pytest.raises((MalformedInput, UpstreamFailed)):
            FINAL.verify(final)


@pytest.mark.parametrize(
    ("password", "expected"),
    [
        ("pencil", "pencil"),
        ("a\x07b", "a\x07b"),  # ASCII isn't looked at
        ("I\u00adX", "IX"),  # RFC 4013 section 3, example 1
        ("\u2168", "IX"),  # example 5
        ("\u00aa", "a"),  # example 4
        ("a\u00a0b\u3000", "a b "),
        ("\u00ad", "\u00ad"),  # nothing left: raw
        ("é\x07", "é\x07"),  # prohibited: raw
        ("\u0627\u0031", "\u0627\u0031"),  # example 7: raw
        ("\u0627\u0031\u0628", "\u0627\u0031\u0628"),
        ("\u0627a\u0628", "\u0627a\u0628"),
        ("e\u0301", "é"),
        ("\u0221\u2168", "\u0221\u2168"),  # unassigned in Unicode 3.2: raw
    ],
)
def test_passwords_are_prepared_as_postgresql_does(password: str, expected: str) -> None:
    assert prepared(password) == expected.encode()


@given(st.text())
def test_any_password_is_prepared_or_malformed(password: str) -> None:
    try:
        prepared(password)
    except MalformedInput:
        password.encode(errors="surrogatepass")


def test_nothing_secret_shows() -> None:
    assert "biws" not in repr(FIRST.answer(PASSWORD, SERVER_FIRST))


@given(st.text(st.characters(codec="utf-8"), max_size=20), st.binary(min_size=1, max_size=20), st.integers(1, 50))
def test_a_server_that_knows_the_password_agrees(password: str, salt: bytes, iterations: int) -> None:
    """The server's side, worked out from the stored keys alone (RFC 5802 section 3)."""
    salted = hashlib.pbkdf2_hmac("sha256", prepared(password), salt, iterations)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    first = ClientFirst("client-nonce")
    server_first = b"r=client-nonce-and-more,s=" + base64.b64encode(salt) + b",i=%d" % iterations
    final = first.answer(Secret(password), server_first)
    without_proof, _, proof = final.message.rpartition(b",p=")
    signed = first.message[3:] + b"," + server_first + b"," + without_proof
    signature = hmac.digest(stored, signed, "sha256")
    key = bytes(a ^ b for a, b in zip(base64.b64decode(proof), signature, strict=True))
    assert hashlib.sha256(key).digest() == stored
    final.verify(b"v=" + base64.b64encode(hmac.digest(server_key, signed, "sha256")))


# RFC 7677's example, with another header: what the header changes is the "c" attribute and so the proof (RFC 5802
# section 5.1). RFC 5802 itself gives "biws" for "n,," and section 6 the flags.
@pytest.mark.parametrize(
    ("binding", "channel", "header", "attribute", "mechanism"),
    [
        (Binding.CANNOT, b"", b"n,,", b"c=biws", "SCRAM-SHA-256"),
        (Binding.NOT_OFFERED, b"", b"y,,", b"c=eSws", "SCRAM-SHA-256"),
        (
            Binding.END_POINT,
            bytes(range(32)),
            b"p=tls-server-end-point,,",
            b"c=" + base64.b64encode(b"p=tls-server-end-point,," + bytes(range(32))),
            "SCRAM-SHA-256-PLUS",
        ),
    ],
)
def test_the_header_tells_whether_the_channel_is_bound(
    binding: Binding, channel: bytes, header: bytes, attribute: bytes, mechanism: str
) -> None:
    first = ClientFirst("rOprNGfwEbeRWgbNEkqO", user="user", binding=binding, channel=channel)
    assert first.message == header + b"n=user,r=rOprNGfwEbeRWgbNEkqO"
    assert first.mechanism == mechanism
    final = first.answer(PASSWORD, SERVER_FIRST)
    assert final.message.split(b",")[0] == attribute
    assert (final.message == CLIENT_FINAL) == (binding is Binding.CANNOT)


def test_a_binding_without_anything_to_bind_to_is_our_own_mistake() -> None:
    with pytest.raises(AssertionError):
        ClientFirst("abc", binding=Binding.END_POINT)
    with pytest.raises(AssertionError):
        ClientFirst("abc", channel=b"x")
