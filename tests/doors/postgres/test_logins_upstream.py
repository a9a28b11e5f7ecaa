"""Logging in at the protected server: each way by itself, at a real server and at one that plays tricks."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import shutil
import ssl
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from testkit.certificates import Authority
from testkit.postgres_messages import frame
from testkit.system_postgres import HOST, SystemPostgres, binaries
from tests.stores.a_store import ENTROPY

from interlock.doors import tls
from interlock.doors.postgres.logging_in import enter
from interlock.errors import UpstreamFailed
from interlock.model.secret import Secret
from interlock.model.settings import UpstreamPostgres
from interlock.wire.postgres.messages import AUTHENTICATION, FROM_SERVER

CA = Authority()
PASSWORD = "s3cret"

needs_server = pytest.mark.skipif(binaries() is None, reason="this machine has no PostgreSQL that speaks TLS")

HBA = [
    "hostssl all scram 127.0.0.1/32 scram-sha-256",
    "hostnossl all scram 127.0.0.1/32 scram-sha-256",
    "hostssl all md5 127.0.0.1/32 md5",
    "hostssl all cert 127.0.0.1/32 cert",
    "hostssl all twice 127.0.0.1/32 scram-sha-256 clientcert=verify-ca",
    "hostssl all trusted 127.0.0.1/32 trust",
    "hostssl all clear 127.0.0.1/32 password",
]


@dataclass(frozen=True)
class Real:
    server: SystemPostgres
    files: Path

    def upstream(self, user: str, **more: Any) -> UpstreamPostgres:
        whole: dict[str, Any] = {"tls": "verify-full", "ca": self.files / "ca.pem", **more}
        return UpstreamPostgres(HOST, self.server.port, "postgres", user, Secret(PASSWORD), **whole)


@pytest.fixture(scope="module")
def real() -> Iterator[Real]:
    directory = Path(tempfile.mkdtemp(prefix="interlock-tests-"))
    directory.chmod(0o711)
    try:
        CA.write(directory)
        CA.leaf("cert").write(directory, "client")
        with SystemPostgres.start(directory, CA, HBA) as server:
            with psycopg.connect(server.conninfo(), autocommit=True) as connection:
                for user in ("scram", "twice", "trusted", "clear", "cert"):
                    connection.execute(f"CREATE ROLE {user} LOGIN PASSWORD '{PASSWORD}'".encode())
                connection.execute("SET password_encryption = 'md5'")
                connection.execute(f"CREATE ROLE md5 LOGIN PASSWORD '{PASSWORD}'".encode())
            yield Real(server, directory)
    finally:
        shutil.rmtree(directory)


async def logs_in(to: UpstreamPostgres, asked: Mapping[str, str] | None = None) -> None:
    entered = await enter(to, asked or {}, ENTROPY)
    assert entered.key is not None and entered.status == b"I" and "server_version" in entered.parameters
    entered.link.close()
    await entered.link.lost.wait()


async def refused(to: UpstreamPostgres) -> str:
    with pytest.raises(UpstreamFailed) as caught:
        await enter(to, {}, ENTROPY)
    assert PASSWORD not in caught.value.sentence
    return caught.value.sentence


@needs_server
async def test_each_login_at_a_real_server(real: Real) -> None:
    own = {"certificate": real.files / "client.pem", "key": real.files / "client.key"}
    await logs_in(real.upstream("scram"))
    await logs_in(real.upstream("scram", channel_binding=True))
    await logs_in(real.upstream("scram", tls="disable", ca=None))
    await logs_in(real.upstream("md5", login="md5"))
    await logs_in(real.upstream("cert", login="certificate", **own))
    await logs_in(real.upstream("twice", channel_binding=True, **own))
    await logs_in(real.upstream("trusted", login="trust"))


@needs_server
@pytest.mark.parametrize(
    ("user", "login", "sentence"),
    [
        ("md5", "scram-sha-256", "other than SCRAM-SHA-256"),
        ("trusted", "scram-sha-256", "other than SCRAM-SHA-256"),
        ("clear", "scram-sha-256", "other than SCRAM-SHA-256"),
        ("clear", "md5", "other than md5"),
        ("scram", "md5", "other than md5"),
        ("scram", "trust", "asks for a password"),
        ("md5", "certificate", "asks for a password"),
        ("cert", "certificate", "refused our login (SQLSTATE 28000)"),
        ("twice", "scram-sha-256", "refused our login (SQLSTATE 28000)"),
    ],
)
async def test_only_the_login_that_the_settings_name(real: Real, user: str, login: str, sentence: str) -> None:
    assert sentence in await refused(real.upstream(user, login=login))


@needs_server
async def test_a_wrong_password_and_a_strange_certificate(real: Real, tmp_path: Path) -> None:
    assert "28P01" in await refused(replace(real.upstream("scram"), password=Secret("another")))
    assert "TLS handshake" in await refused(real.upstream("scram", ca=Authority().write(tmp_path)))
    assert "TLS handshake" in await refused(replace(real.upstream("scram"), host="localhost"))  # not in its certificate
    missing = {"certificate": tmp_path / "none.pem", "key": tmp_path / "none.key"}
    assert "can't be read" in await refused(real.upstream("cert", login="certificate", **missing))


# -- a server that plays tricks --------------------------------------------------------------------------------------

READY = frame(b"S", b"server_version\x0018.0\0") + frame(b"K", (7).to_bytes(4) + b"abcd") + frame(b"Z", b"I")
OK = frame(b"R", (0).to_bytes(4))


def sasl(*mechanisms: str) -> bytes:
    return frame(b"R", (10).to_bytes(4) + b"".join(m.encode() + b"\0" for m in mechanisms) + b"\0")


@dataclass
class Scripted:
    """Says `hello` to a start-up packet; then, if it is asked to, does its side of SCRAM, bound to `channel`."""

    hello: bytes
    channel: bytes = b""
    offers_plus: bool = True
    context: ssl.SSLContext | None = None
    direct: bool = False
    heard: list[bytes] = field(default_factory=list)
    headers: list[bytes] = field(default_factory=list)
    mechanisms: list[bytes] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._serve(reader, writer)
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        packet = await self._packet(reader)
        if packet[:4] == (80877103).to_bytes(4):
            writer.write(b"S")
            assert self.context is not None
            await writer.start_tls(self.context)
            packet = await self._packet(reader)
        self.heard.append(packet)
        writer.write(self.hello)
        first = await self._message(reader)
        mechanism, _, rest = first.partition(b"\0")
        self.mechanisms.append(mechanism)
        if mechanism.startswith(b"SCRAM"):
            await self._scram(reader, writer, rest[4:])
            writer.write(OK + READY)
            await reader.read()

    async def _scram(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, first: bytes) -> None:
        """The server's side of RFC 5802, apart from the gateway's code."""
        flag, _, bare = first.split(b",", 2)
        header = first[: len(first) - len(bare)]
        self.headers.append(header)
        nonce = bare.rpartition(b"r=")[2] + b"more"
        server_first = b"r=" + nonce + b",s=" + base64.b64encode(b"salt") + b",i=4096"
        writer.write(frame(b"R", (11).to_bytes(4) + server_first))
        final = await self._message(reader)
        without, _, proof = final.rpartition(b",p=")
        salted = hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), b"salt", 4096)
        client_key = hmac.digest(salted, b"Client Key", "sha256")
        signed = bare + b"," + server_first + b"," + without
        signature = hmac.digest(hashlib.sha256(client_key).digest(), signed, "sha256")
        key = bytes(a ^ b for a, b in zip(base64.b64decode(proof), signature, strict=True))
        bound = base64.b64decode(without.split(b",")[0][2:])
        downgraded = self.offers_plus and flag == b"y"
        expected = header + (self.channel if flag.startswith(b"p=") else b"")
        if key != client_key or bound != expected or downgraded:
            raise ConnectionError
        server = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), signed, "sha256")
        writer.write(frame(b"R", (12).to_bytes(4) + b"v=" + base64.b64encode(server)))

    async def _packet(self, reader: asyncio.StreamReader) -> bytes:
        return await reader.readexactly(int.from_bytes(await reader.readexactly(4)) - 4)

    async def _message(self, reader: asyncio.StreamReader) -> bytes:
        head = await reader.readexactly(5)
        assert head[:1] == b"p"
        return await reader.readexactly(int.from_bytes(head[1:]) - 4)


@asynccontextmanager
async def running(script: Scripted) -> AsyncIterator[UpstreamPostgres]:
    context = script.context if script.direct else None
    server = await asyncio.start_server(script.serve, HOST, 0, ssl=context)
    try:
        port = int(server.sockets[0].getsockname()[1])
        yield UpstreamPostgres(HOST, port, "postgres", "etl", Secret(PASSWORD))
    finally:
        server.close()


def with_tls(directory: Path) -> tuple[ssl.SSLContext, dict[str, Any]]:
    """A server's context, and what a gateway's settings need for it."""
    ca = CA.write(directory)
    files = CA.leaf("127.0.0.1", addresses=["127.0.0.1"]).write(directory, "server")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
    return context, {"tls": "verify-full", "ca": ca}


def digest_of(directory: Path) -> bytes:
    """tls-server-end-point of the server's certificate: it is signed with SHA-256."""
    pem = x509.load_pem_x509_certificate((directory / "server.pem").read_bytes())
    return hashlib.sha256(pem.public_bytes(Encoding.DER)).digest()


async def test_the_binding_is_used_wherever_it_is_offered(tmp_path: Path) -> None:
    context, settings = with_tls(tmp_path)
    both = sasl("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256")
    async with running(Scripted(both, digest_of(tmp_path), context=context)) as to:
        await logs_in(replace(to, **settings))
    script = Scripted(both, b"of another certificate", context=context)
    async with running(script) as to:
        assert "closed the connection" in await refused(replace(to, **settings))
    assert script.mechanisms == [b"SCRAM-SHA-256-PLUS"]
    assert script.headers == [b"p=tls-server-end-point,,"]


async def test_taking_plus_out_of_the_offer_breaks_the_login(tmp_path: Path) -> None:
    """The flag says that we could have bound: a server that did offer it knows that somebody stands between."""
    context, settings = with_tls(tmp_path)
    script = Scripted(sasl("SCRAM-SHA-256"), context=context, offers_plus=True)
    async with running(script) as to:
        assert "closed the connection" in await refused(replace(to, **settings))
    assert script.headers == [b"y,,"]
    async with running(Scripted(sasl("SCRAM-SHA-256"), context=context, offers_plus=False)) as to:
        await logs_in(replace(to, **settings))
        assert "channel_binding demands" in await refused(replace(to, **settings, channel_binding=True))


async def test_without_tls_there_is_nothing_to_bind_to() -> None:
    script = Scripted(sasl("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"))
    async with running(script) as to:
        await logs_in(to)
        assert "channel_binding demands" in await refused(replace(to, channel_binding=True))
    assert script.headers == [b"n,,"] and script.mechanisms[0] == b"SCRAM-SHA-256"


async def test_direct_tls(tmp_path: Path) -> None:
    context, settings = with_tls(tmp_path)
    script = Scripted(sasl("SCRAM-SHA-256-PLUS"), digest_of(tmp_path), context=context, direct=True)
    async with running(script) as to:
        assert "doesn't take direct TLS" in await refused(replace(to, **settings, direct_tls=True))  # no ALPN
        context.set_alpn_protocols(["postgresql"])
        await logs_in(replace(to, **settings, direct_tls=True))


@pytest.mark.parametrize("login", ["scram-sha-256", "md5"])
@pytest.mark.parametrize("hello", [READY, OK + READY, frame(b"Z", b"I")], ids=["no R", "ok", "ready"])
async def test_a_server_that_proves_nothing_isnt_believed(login: str, hello: bytes) -> None:
    async with running(Scripted(hello)) as to:
        assert "protected system" in await refused(replace(to, login=login))


async def test_every_type_of_message_but_three_ends_a_login() -> None:
    """N is passed over, R has its kinds, E is a refusal; nothing else is taken before AuthenticationOk."""
    for number in range(256):
        code = bytes([number])
        if code in (b"R", b"N"):
            continue
        async with running(Scripted(frame(code, b"C28000\0\0"))) as to:
            sentence = await refused(to)
        assert ("SQLSTATE 28000" in sentence) == (code == b"E"), code
        assert ("something unknown" in sentence) == (code != b"E"), code
    assert b"v" in FROM_SERVER  # and so the negotiation that we never ask for


@pytest.mark.parametrize("login", ["scram-sha-256", "md5", "certificate", "trust"])
async def test_every_kind_of_authentication(login: str) -> None:
    """What the table refuses is refused whatever the settings say."""
    for kind in AUTHENTICATION:
        if kind.treatment.value == "refuse":
            async with running(Scripted(frame(b"R", kind.number.to_bytes(4)))) as to:
                assert await refused(replace(to, login=login))
    known = {kind.number for kind in AUTHENTICATION}
    async with running(Scripted(frame(b"R", (max(known) + 1).to_bytes(4)))) as to:
        assert await refused(replace(to, login=login))


SIGNED: list[tuple[Any, Callable[[bytes], bytes]]] = [
    (hashes.SHA256(), lambda der: hashlib.sha256(der).digest()),
    (hashes.SHA384(), lambda der: hashlib.sha384(der).digest()),
    (hashes.SHA512(), lambda der: hashlib.sha512(der).digest()),
]


def _self_signed(key: Any, algorithm: Any) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "db")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1))
    return made.sign(key, algorithm).public_bytes(Encoding.DER)


@pytest.mark.parametrize(("algorithm", "expected"), SIGNED, ids=lambda each: getattr(each, "name", ""))
def test_the_binding_takes_the_signatures_own_hash(algorithm: Any, expected: Callable[[bytes], bytes]) -> None:
    der = _self_signed(ec.generate_private_key(ec.SECP256R1()), algorithm)
    assert tls.end_point(der) == expected(der)


def test_a_signature_without_a_hash_binds_to_nothing() -> None:
    assert tls.end_point(_self_signed(ed25519.Ed25519PrivateKey.generate(), None)) is None
