"""Workloads at the PostgreSQL door: tokens, client certificates over TLS, and keys bound to them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from testkit.certificates import Authority, Leaf
from testkit.issuer import Issuer
from tests.a_gateway import URL, Gateway, gateway
from tests.an_office import ACTORS, PEOPLE
from tests.postgres_fixture import Database
from tests.stores.a_store import ENTROPY, HandClock

from interlock.actions.from_bundle import ITSELF
from interlock.doors.mcp.own.speaking import Refused, speaking
from interlock.doors.mcp.seams import Asker
from interlock.doors.postgres.door import PostgresDoor
from interlock.identity.directory import Directory
from interlock.model.change import Unit
from interlock.model.entry import Draft, EntryType
from interlock.model.names import ActorId, ConnectionName, EntryId, PersonId
from interlock.model.peer import Peer
from interlock.model.secret import Secret
from interlock.model.settings import IssuerSettings, JwtMatch, Limits, Listen, TlsFiles
from interlock.registry import Registry
from interlock.registry.credentials import Issuers
from interlock.upstreams.key_sets import KeySets
from interlock.upstreams.outgoing import Allowed, Outgoing

CA, STRANGERS = Authority(), Authority("strangers")
SVID = CA.leaf("etl", uris=["spiffe://acme.test/etl"])
PLAIN = CA.leaf("other")
SUBJECT = "system:serviceaccount:data:etl"
AUDIENCE = "interlock"
OWN, FAR = "https://gateway.acme.test/mcp/interlock", "https://gateway.acme.test/mcp/tracker"


@dataclass
class House:
    """A gateway with a TLS door for workloads beside its plain one."""

    gateway: Gateway
    door: PostgresDoor
    registry: Registry
    issuer: Issuer
    directory: Path
    clock: HandClock

    def token(self, **claims: Any) -> str:
        now = self.clock.now().timestamp()
        return self.issuer.token(now=now, **{"sub": SUBJECT, "aud": AUDIENCE, **claims})

    async def connect(
        self, password: str = "", *, leaf: Leaf | None = None, user: str = "etl"
    ) -> psycopg.AsyncConnection[Any]:
        conninfo: dict[str, Any] = {"host": "127.0.0.1", "port": self.door.port, "dbname": "clinic", "user": user}
        conninfo |= {"sslmode": "verify-full", "sslrootcert": str(self.directory / "ca.pem"), "gssencmode": "disable"}
        # Files that aren't there: else libpq looks in the home of whoever runs the tests.
        conninfo |= {"sslcert": str(self.directory / "none.pem"), "sslkey": str(self.directory / "none.key")}
        if leaf is not None:
            certificate, key = leaf.write(self.directory, "client")
            conninfo |= {"sslcert": str(certificate), "sslkey": str(key)}
        return await psycopg.AsyncConnection.connect(**conninfo, password=password or None, autocommit=True)

    async def one(self, password: str = "", *, leaf: Leaf | None = None, user: str = "etl") -> object:
        async with await self.connect(password, leaf=leaf, user=user) as connection:
            row = await (await connection.execute("SELECT name FROM cities")).fetchone()
            assert row is not None
            return row[0]

    async def refused(self, password: str = "", *, leaf: Leaf | None = None, user: str = "etl") -> str:
        with pytest.raises(psycopg.OperationalError) as caught:
            await (await self.connect(password, leaf=leaf, user=user)).close()
        return str(caught.value)

    async def owner(self, what: str, actor: str, person: str) -> None:
        d = {"what": what, "subject": actor, "person": person, "by": person}
        draft = Draft(EntryId(ENTROPY.uuid7()), EntryType.IDENTITY_CHANGED, d, obj=actor)
        await self.gateway.office.store.commit(Unit((draft,)))


@asynccontextmanager
async def opened(tmp_path: Path, database: Database) -> AsyncIterator[House]:
    database.execute("CREATE TABLE cities (name text)", "INSERT INTO cities VALUES ('Ulm')")
    database.execute("GRANT SELECT ON cities TO PUBLIC")
    CA.write(tmp_path)
    certificate, key = CA.leaf("127.0.0.1", addresses=["127.0.0.1"]).write(tmp_path, "server")
    listen = Listen("127.0.0.1", 0, TlsFiles(certificate, key), tmp_path / "ca.pem")
    etl = replace(ACTORS[ActorId("etl")], jwt=(JwtMatch("k8s", SUBJECT, {}),), spiffe=("spiffe://acme.test/etl",))
    with Issuer() as issuer:
        async with gateway(tmp_path, database, "") as running:
            office = running.office
            mine = IssuerSettings("k8s", issuer.url, AUDIENCE, "discovery", ("ES256",))
            outgoing = Outgoing([Allowed(issuer.url + "/")])
            key_sets = KeySets([mine], outgoing, office.clock)
            issuers = Issuers(
                {issuer.url: mine}, key_sets, resources={ITSELF.name: OWN, ConnectionName("tracker"): FAR}
            )
            directory = Directory(PEOPLE, {**ACTORS, etl.id: etl}, office.authority.roster)
            registry = replace(office.registry, issuers=issuers, directory=directory)
            gate = replace(office.gate, registry=registry, desk=replace(office.desk, registry=registry))
            door = PostgresDoor(
                listen=listen,
                connections={ConnectionName("clinic"): running.definitions},
                gate=gate,
                registry=registry,
                clock=office.clock,
                entropy=ENTROPY,
                public_url=URL,
                limits=Limits(),
            )
            await door.start()
            house = House(running, door, registry, issuer, tmp_path, office.clock)
            try:
                await house.owner("owner_accepted", "etl", "olivia")
                yield house
            finally:
                await door.stop(5)
                await outgoing.close()


@pytest.fixture
async def house(tmp_path: Path, empty_database: Database) -> AsyncIterator[House]:
    async with opened(tmp_path, empty_database) as found:
        yield found


async def test_a_token_is_a_password(house: House) -> None:
    assert await house.one(house.token()) == "Ulm"
    released = [body for body in await house.gateway.bodies() if b'"type":"action.released"' in body]
    assert released and all(b'"authn":"jwt"' in body and b'"id":"etl"' in body for body in released)
    assert not any(SUBJECT.encode() in body for body in await house.gateway.bodies())


async def test_refusals_dont_say_what_was_wrong(house: House) -> None:
    good = house.token()
    refusals = [
        await house.refused(house.token(aud="another")),
        await house.refused(house.token(sub="nobody")),
        await house.refused(house.token(lasts=-60)),
        await house.refused(good[:-4] + "AAAA"),
        await house.refused(good, user="other"),
        await house.refused("ilk_" + "0" * 16 + "_" + "a" * 43),
        await house.refused(good + "x" * 8_200),
    ]
    assert len({told.split("FATAL:")[-1].strip() for told in refusals[:6]}) == 1
    assert "wasn't accepted" in refusals[0]
    assert await house.one(good) == "Ulm"


async def test_keys_rotate_and_issuers_fall_silent(house: House) -> None:
    assert await house.one(house.token()) == "Ulm"
    house.issuer.rotate()
    house.clock.at += timedelta(seconds=11)
    assert await house.one(house.token()) == "Ulm"
    house.issuer.down = True
    assert await house.one(house.token()) == "Ulm"


async def test_an_expired_token_ends_what_the_session_may_do(house: House) -> None:
    async with await house.connect(house.token()) as connection:
        await connection.execute("SELECT name FROM cities")
        house.clock.at += timedelta(seconds=700)
        with pytest.raises(psycopg.DatabaseError, match="isn't accepted any more"):
            await connection.execute("SELECT name FROM cities")


async def test_an_owner_has_to_accept(house: House) -> None:
    await house.owner("owner_declined", "etl", "olivia")
    assert "hasn't accepted" in await house.refused(house.token())
    assert "hasn't accepted" in await house.refused(leaf=SVID)
    assert "hasn't accepted" not in await house.refused(house.token(aud="another"))


async def test_a_certificate_is_enough(house: House) -> None:
    assert await house.one(leaf=SVID) == "Ulm"
    assert any(b'"authn":"x509"' in body for body in await house.gateway.bodies())


async def test_a_certificate_that_tells_another_or_nobody(house: House) -> None:
    await house.refused(leaf=PLAIN)
    await house.refused(leaf=SVID, user="other")
    _, key = await house.registry.issue_key("etl", PersonId("olivia"), None)
    assert await house.one(key.reveal(), leaf=PLAIN) == "Ulm"


async def test_a_certificate_of_strangers_ends_the_handshake(house: House) -> None:
    forged = STRANGERS.leaf("etl", uris=["spiffe://acme.test/etl"])
    await house.refused(house.token(), leaf=forged)
    await house.refused(leaf=CA.leaf("etl", uris=["spiffe://acme.test/etl"], lasts=timedelta(hours=-1)))


async def test_a_key_bound_to_a_certificate(house: House) -> None:
    _, key = await house.registry.issue_key("etl", PersonId("olivia"), None, PLAIN.sha256)
    assert await house.one(key.reveal(), leaf=PLAIN) == "Ulm"
    told = await house.refused(key.reveal())
    assert "wasn't accepted" in told
    assert await house.refused(key.reveal(), leaf=CA.leaf("another")) != ""


async def test_a_key_bound_to_a_network(house: House) -> None:
    _, here = await house.registry.issue_key("etl", PersonId("olivia"), None, "", ["127.0.0.0/8"])
    _, elsewhere = await house.registry.issue_key("etl", PersonId("olivia"), None, "", ["10.2.0.0/16"])
    assert await house.one(here.reveal()) == "Ulm"
    assert "wasn't accepted" in await house.refused(elsewhere.reveal())


async def test_a_token_for_our_own_mcp_server_is_good_through_it_and_nowhere_else(house: House) -> None:
    own, far, both = (house.token(aud=aud) for aud in (OWN, FAR, [AUDIENCE, FAR]))
    actor = (await house.registry.admit_at(ITSELF.name, Secret(own))).actor

    async def inside(token: str) -> bool:
        try:
            async with speaking(house.door.dial, Asker(actor, Secret(token), Peer()), ConnectionName("clinic")):
                return True
        except Refused as refused:
            assert refused.said.sqlstate == "28P01", refused.said
            return False

    assert [await inside(token) for token in (own, house.token(), far, both)] == [True, True, False, False]
    assert "wasn't accepted" in await house.refused(own)
    assert "wasn't accepted" in await house.refused(far)
    assert await house.one(both) == "Ulm"  # it names us in general, too


async def test_many_at_once(house: House) -> None:
    found = await asyncio.gather(*(house.one(house.token(jti=str(i))) for i in range(8)))
    assert found == ["Ulm"] * 8
    assert sum(house.issuer.asked.values()) == 2
