"""Admitting workloads: realistic tokens, certificates, bound keys, chains of delegation, and owners who accepted."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from testkit.certificates import Authority
from testkit.issuer import b64, compact, jwk
from tests.an_office import AGENTS, PEOPLE, Office, export, office
from tests.stores.a_store import ENTROPY

from interlock.errors import AuthenticationFailed, NotEntitled, NotFound
from interlock.gate import Denied, Held
from interlock.identity.directory import Directory
from interlock.identity.exclusion import excluded_people
from interlock.identity.grants import Grant
from interlock.identity.signing_keys import SigningKeys, read_key_set
from interlock.model.actor import Actor, ActorKind
from interlock.model.canonical import JsonValue
from interlock.model.change import Unit
from interlock.model.entry import Draft, EntryType
from interlock.model.names import ActorId, ConnectionName, EntryId, PersonId
from interlock.model.peer import Peer
from interlock.model.secret import Secret
from interlock.model.settings import AgentSettings, IssuerSettings, JwtMatch
from interlock.registry.credentials import Issuers

KEY = ec.generate_private_key(ec.SECP256R1())
KEYS = read_key_set(json.dumps({"keys": [jwk(KEY, "k1")]}).encode())
CA = Authority()
CERTIFICATE = CA.leaf("by-digest", lasts=timedelta(days=9000))
SVID = CA.leaf("svid", uris=["spiffe://acme.test/ns/data/sa/etl"], lasts=timedelta(days=9000))

K8S, GITHUB, SPIFFE, SSO, STS = (
    "https://kubernetes.default.svc.cluster.local",
    "https://token.actions.githubusercontent.com",
    "https://spire.acme.test",
    "https://login.acme.test/realms/acme",
    "https://sts.acme.test",
)
ALGORITHMS = ("ES256",)
ISSUERS = {
    issuer.issuer: issuer
    for issuer in (
        IssuerSettings("k8s", K8S, "interlock", "discovery", ALGORITHMS),
        IssuerSettings("github", GITHUB, "interlock", "discovery", ALGORITHMS),
        IssuerSettings("spire", SPIFFE, "interlock", "discovery", ALGORITHMS),
        IssuerSettings("sso", SSO, "interlock", "discovery", ALGORITHMS, delegates=True),
        IssuerSettings("sts", STS, "interlock", "discovery", ALGORITHMS, delegates=True),
    )
}


def agent(name: str, owner: str, *jwt: JwtMatch, kind: ActorKind = ActorKind.AGENT, **more: Any) -> AgentSettings:
    return AgentSettings(ActorId(name), kind, PersonId(owner), frozenset({AGENTS}), jwt, **more)


ACTORS = {
    each.id: each
    for each in (
        agent(
            "etl",
            "olivia",
            JwtMatch("k8s", "system:serviceaccount:data:etl", {}),
            spiffe=("spiffe://acme.test/ns/data/sa/etl",),
        ),
        agent(
            "deploy",
            "olivia",
            JwtMatch("github", "", {"repository": "acme/infra", "environment": "production"}),
            kind=ActorKind.SERVICE,
        ),
        agent(
            "mesh",
            "olivia",
            JwtMatch("spire", "spiffe://acme.test/ns/data/sa/mesh", {}),
            certificates=(CERTIFICATE.sha256,),
        ),
        agent("nightly", "remy", JwtMatch("sso", "", {"azp": "nightly"}), JwtMatch("sts", "nightly", {})),
        agent("planner", "dana", JwtMatch("sso", "planner", {}), JwtMatch("sts", "planner", {})),
        agent("twin-a", "dana", JwtMatch("sts", "twin", {})),
        agent("twin-b", "dana", JwtMatch("sts", "", {"sub": "twin"})),
    )
}


class Fixed:
    """Every issuer has the same keys; `there` says whether they can be had."""

    there = True

    async def keys(self, issuer: IssuerSettings, kid: str) -> SigningKeys | None:
        return KEYS if self.there else None


@dataclass
class House:
    """An office with issuers, where owners have to accept."""

    office: Office
    keys: Fixed

    def token(self, issuer: str, **claims: Any) -> str:
        now = int(self.office.clock.now().timestamp())
        said = {"iss": issuer, "aud": "interlock", "iat": now, "exp": now + 600, **claims}
        return compact({"alg": "ES256", "kid": "k1", "typ": "JWT"}, said, KEY)

    async def admit(self, issuer: str, **claims: Any) -> Actor:
        return await self.office.registry.admit(Secret(self.token(issuer, **claims)), session="s1")

    async def refused(self, issuer: str, **claims: Any) -> AuthenticationFailed:
        with pytest.raises(AuthenticationFailed) as caught:
            await self.admit(issuer, **claims)
        return caught.value

    async def record(self, type_: EntryType, obj: str, d: Mapping[str, JsonValue]) -> None:
        await self.office.store.commit(Unit((Draft(EntryId(ENTROPY.uuid7()), type_, d, obj=obj),)))

    async def changed(self, what: str, subject: str, who: str = "") -> None:
        about = {"person": who} if who else {}
        await self.record(
            EntryType.IDENTITY_CHANGED, subject, {"what": what, "subject": subject, "by": who or "operator", **about}
        )

    async def accept_all(self) -> None:
        for each in ACTORS.values():
            await self.changed("owner_accepted", each.id, each.owner)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with office(tmp_path) as plain:
        keys = Fixed()
        directory = Directory(PEOPLE, ACTORS, plain.authority.roster)
        issuers = Issuers(ISSUERS, keys, ("acme-sso", SSO), {("acme-sso", "00u-dana"): PersonId("dana")})
        settled = plain.with_directory(directory)
        registry = replace(settled.registry, issuers=issuers)
        desk = replace(settled.desk, registry=registry)
        gate = replace(settled.gate, desk=desk, registry=registry)
        found = House(replace(settled, registry=registry, desk=desk, gate=gate), keys)
        await found.accept_all()
        yield found


def kubernetes() -> dict[str, Any]:
    """What a projected service account token says (Kubernetes 1.32)."""
    return {
        "aud": ["interlock"],
        "jti": "0b9d2a1e-3a52-4a0c-8d0f-0f6f7a0c5c11",
        "kubernetes.io": {
            "namespace": "data",
            "node": {"name": "worker-3", "uid": "2f5c"},
            "pod": {"name": "etl-7d9c", "uid": "a1b2"},
            "serviceaccount": {"name": "etl", "uid": "c3d4"},
        },
        "sub": "system:serviceaccount:data:etl",
    }


def github() -> dict[str, Any]:
    """What a job of GitHub Actions gets."""
    return {
        "jti": "example-id",
        "sub": "repo:acme/infra:environment:production",
        "environment": "production",
        "repository": "acme/infra",
        "repository_id": "74",
        "ref": "refs/heads/main",
        "run_attempt": "2",
        "actor": "octocat",
        "job_workflow_ref": "acme/infra/.github/workflows/deploy.yml@refs/heads/main",
        "runner_environment": "github-hosted",
    }


async def test_a_kubernetes_service_account(house: House) -> None:
    actor = await house.admit(K8S, **kubernetes())
    assert (actor.id, actor.authn, actor.owner, actor.session) == ("etl", "jwt", "olivia", "s1")
    assert (actor.made_by, actor.held_by) == ("olivia", "olivia")
    assert actor.key.startswith("jwt:k8s:") and actor.expires_at is not None
    await house.refused(K8S, **{**kubernetes(), "sub": "system:serviceaccount:other:etl"})


async def test_a_job_of_github_actions(house: House) -> None:
    assert (await house.admit(GITHUB, **github())).kind is ActorKind.SERVICE
    await house.refused(GITHUB, **{**github(), "environment": "staging"})
    await house.refused(GITHUB, **{**github(), "environment": ["production"]})
    await house.refused(GITHUB, **{**github(), "repository": "acme/infra-fork"})


async def test_a_jwt_svid(house: House) -> None:
    assert (await house.admit(SPIFFE, sub="spiffe://acme.test/ns/data/sa/mesh")).id == "mesh"
    await house.refused(SPIFFE, sub="spiffe://acme.test/ns/data/sa/mesh", aud="another")
    await house.refused(K8S, sub="spiffe://acme.test/ns/data/sa/mesh")  # right subject, another issuer


async def test_client_credentials(house: House) -> None:
    claims = {"sub": "8d1b1c5e", "azp": "nightly", "scope": "read", "typ": "Bearer", "client_id": "nightly"}
    assert (await house.admit(SSO, **claims)).id == "nightly"
    await house.refused(SSO, **{**claims, "azp": "nightly2"})


async def test_a_token_that_tells_two_tells_nobody(house: House) -> None:
    await house.refused(STS, sub="twin")


async def test_refusals_are_all_alike(house: House) -> None:
    refusals = [
        await house.refused(K8S, sub="system:serviceaccount:data:nobody"),
        await house.refused("https://nobody.test", **kubernetes()),
        await house.refused(K8S, **{**kubernetes(), "aud": "x"}),
        await house.refused(K8S, **{**kubernetes(), "exp": 1}),
    ]
    house.keys.there = False
    refusals.append(await house.refused(K8S, **kubernetes()))
    assert len({(each.code, each.sentence) for each in refusals}) == 1


async def test_an_owner_who_hasnt_accepted(house: House) -> None:
    await house.changed("owner_declined", "etl", "olivia")
    told = await house.refused(K8S, **kubernetes())
    assert told.code == "owner_not_accepted" and "olivia" not in told.sentence
    assert (await house.refused(K8S, **{**kubernetes(), "exp": 1})).code == "authentication_failed"
    _, key = await house.office.registry.issue_key("etl", PersonId("olivia"), None)
    with pytest.raises(AuthenticationFailed) as caught:
        await house.office.registry.admit(key)
    assert caught.value.code == "owner_not_accepted"
    await house.changed("owner_accepted", "etl", "olivia")
    assert (await house.office.registry.admit(key)).id == "etl"


async def test_an_owner_of_before_isnt_the_owner_of_now(house: House) -> None:
    actor = await house.admit(K8S, **kubernetes())
    other = replace(ACTORS[ActorId("etl")], owner=PersonId("remy"))
    directory = Directory(PEOPLE, {**ACTORS, other.id: other}, house.office.authority.roster)
    assert house.office.with_directory(directory).registry.current(actor) is None


async def test_the_session_ends_with_its_token(house: House) -> None:
    actor = await house.admit(K8S, **kubernetes())
    registry = house.office.registry
    assert registry.current(actor) == actor
    held = await house.office.gate.ask(export(actor))
    assert isinstance(held, Held)
    house.office.clock.at += timedelta(seconds=631)
    assert registry.current(actor) is None
    answer = await house.office.gate.ask(export(actor))
    assert isinstance(answer, Denied) and answer.reasons[0].code == "credential_gone"


async def test_the_session_ends_when_the_owner_leaves(house: House) -> None:
    actor = await house.admit(K8S, **kubernetes())
    await house.changed("person_removed", "olivia")
    assert house.office.registry.current(actor) is None
    assert (await house.refused(K8S, **kubernetes())).code == "authentication_failed"


async def test_a_token_can_be_revoked(house: House) -> None:
    actor = await house.admit(K8S, **kubernetes())
    await house.office.registry.revoke_key(actor.key, PersonId("operator"), "leaked")
    assert house.office.registry.current(actor) is None
    await house.refused(K8S, **kubernetes())
    with pytest.raises(NotFound):
        await house.office.registry.revoke_key(actor.key, PersonId("operator"), "leaked")
    assert (await house.admit(K8S, **{**kubernetes(), "jti": "another"})).id == "etl"


# -- delegation (RFC 8693 section 4.1) ---------------------------------------------------------------------------------


async def test_who_asks_is_the_outermost_act_and_the_subject_comes_last(house: House) -> None:
    actor = await house.admit(SSO, sub="00u-dana", act={"sub": "8d1b", "azp": "nightly", "act": {"sub": "planner"}})
    assert (actor.id, [link.id for link in actor.chain]) == ("nightly", ["planner", "dana"])
    assert [link.kind for link in actor.chain] == [ActorKind.AGENT, ActorKind.PERSON]
    assert house.office.registry.current(actor) == actor


async def test_who_is_in_the_chain_doesnt_sign(house: House) -> None:
    actor = await house.admit(SSO, sub="00u-dana", act={"sub": "x", "azp": "nightly"})
    assert excluded_people(actor) == {"dana", "remy"}
    by_agents = await house.admit(STS, sub="planner", act={"sub": "nightly"})
    held = await house.office.gate.ask(export(by_agents))
    assert isinstance(held, Held) and {"dana", "remy"} <= held.review.excluded
    with pytest.raises(NotEntitled):
        await house.office.vote(held.review, "dana")


async def test_whoever_is_left_out_of_the_chain_makes_another_actor(house: House) -> None:
    alone = await house.admit(SSO, sub="x", azp="nightly")
    assert alone.chain == () and excluded_people(alone) == {"remy"}


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "planner", "act": {"sub": "nobody"}},
        {"sub": "nobody", "act": {"sub": "nightly"}},
        {"sub": "planner", "act": {"sub": "nightly", "act": {"sub": "nobody"}}},
        {"sub": "planner", "act": {"sub": "nightly", "act": {}}},
        {"sub": "planner", "act": {"sub": "nightly", "act": None}},
        {"sub": "planner", "act": "nightly"},
        {"sub": "planner", "act": [{"sub": "nightly"}]},
        {"sub": "planner", "act": {}},
        {"sub": "planner", "act": None},
        {"sub": "planner", "act": {"sub": "nightly", "iss": K8S}},
        {"sub": "planner", "act": {"sub": "nightly", "iss": 7}},
        {"sub": "planner", "act": {"sub": "nightly", "act": {"sub": "system:serviceaccount:data:etl", "iss": K8S}}},
        {"sub": "planner", "act": {"sub": "twin"}},
        {"sub": "00u-dana", "act": {"sub": "nightly"}},  # an account at another provider than the one that signs
    ],
)
async def test_a_chain_with_a_link_that_isnt_known(house: House, claims: dict[str, Any]) -> None:
    assert (await house.refused(STS, **claims)).code == "authentication_failed"


async def test_a_person_named_with_their_provider(house: House) -> None:
    inner = {"sub": "00u-dana", "iss": SSO}
    actor = await house.admit(STS, sub="planner", act={"sub": "nightly", "act": inner})
    assert [link.id for link in actor.chain] == ["dana", "planner"]


async def test_a_chain_of_five_and_not_of_six(house: House) -> None:
    act: dict[str, Any] = {"sub": "planner"}
    for _ in range(4):
        act = {"sub": "planner", "act": act}
    assert len((await house.admit(STS, sub="nightly", act=act)).chain) == 5
    await house.refused(STS, sub="nightly", act={"sub": "planner", "act": act})


async def test_only_issuers_that_may_delegate(house: House) -> None:
    await house.refused(K8S, **kubernetes(), act={"sub": "system:serviceaccount:data:etl"})


async def test_every_owner_in_the_chain_has_accepted(house: House) -> None:
    claims = {"sub": "planner", "act": {"sub": "nightly"}}
    actor = await house.admit(STS, **claims)
    await house.changed("owner_declined", "planner", "dana")
    assert house.office.registry.current(actor) is None
    assert (await house.refused(STS, **claims)).code == "owner_not_accepted"


async def test_a_link_that_was_taken_away(house: House) -> None:
    claims = {"sub": "00u-dana", "act": {"sub": "x", "azp": "nightly"}}
    assert (await house.admit(SSO, **claims)).chain[0].id == "dana"
    account = {"provider": "acme-sso", "subject": "00u-dana", "person": "dana", "by": "dana"}
    await house.record(EntryType.LINK_REMOVED, "dana", {**account, "because": "left"})
    await house.refused(SSO, **claims)
    await house.record(EntryType.LINK_MADE, "remy", {**account, "person": "remy", "by": "remy"})
    assert (await house.admit(SSO, **claims)).chain[0].id == "remy"


# -- certificates and bound credentials --------------------------------------------------------------------------------


async def test_certificates_tell_actors(house: House) -> None:
    registry = house.office.registry
    by_digest, svid = (registry.admit_certificate(Peer("", each.der)) for each in (CERTIFICATE, SVID))
    assert (by_digest.id, by_digest.key, by_digest.authn) == ("mesh", f"x509:{CERTIFICATE.sha256[:16]}", "x509")
    assert svid.id == "etl" and registry.current(svid) == svid
    await registry.revoke_key(svid.key, PersonId("operator"), "leaked")
    assert registry.current(svid) is None
    for der in (SVID.der, CA.leaf("stranger").der, b"nonsense", None):
        with pytest.raises(AuthenticationFailed):
            registry.admit_certificate(Peer("", der))


async def test_a_certificate_that_is_over(house: House) -> None:
    actor = house.office.registry.admit_certificate(Peer("", SVID.der))
    house.office.clock.at += timedelta(days=9001)
    assert house.office.registry.current(actor) is None
    with pytest.raises(AuthenticationFailed):
        house.office.registry.admit_certificate(Peer("", SVID.der))


async def test_a_key_bound_to_a_certificate_and_a_network(house: House) -> None:
    registry = house.office.registry
    _, key = await registry.issue_key("etl", PersonId("olivia"), None, SVID.sha256, ["10.2.0.0/16"])
    assert (await registry.admit(key, peer=Peer("10.2.9.9", SVID.der))).id == "etl"
    for peer in (Peer(), Peer("10.2.9.9"), Peer("10.2.9.9", CERTIFICATE.der), Peer("10.3.0.1", SVID.der)):
        with pytest.raises(AuthenticationFailed) as caught:
            await registry.admit(key, peer=peer)
        assert caught.value.code == "authentication_failed"
    with pytest.raises(AuthenticationFailed):
        registry.authenticate(key)


async def test_a_token_bound_to_a_certificate(house: House) -> None:
    token = Secret(house.token(K8S, **kubernetes(), cnf={"x5t#S256": b64(bytes.fromhex(SVID.sha256))}))
    assert (await house.office.registry.admit(token, peer=Peer("", SVID.der))).id == "etl"
    for peer in (Peer(), Peer("", CERTIFICATE.der)):
        with pytest.raises(AuthenticationFailed):
            await house.office.registry.admit(token, peer=peer)


async def test_at_a_connection_a_token_was_made_for_it_and_tells_its_grant(house: House) -> None:
    tracker, other = ConnectionName("tracker"), ConnectionName("other")
    resources = {name: f"https://gateway.acme.test/mcp/{name}" for name in (tracker, other)}
    registry = replace(house.office.registry, issuers=replace(house.office.registry.issuers, resources=resources))
    token = Secret(house.token(K8S, **{**kubernetes(), "aud": resources[tracker]}, scope="b a"))
    admitted = await registry.admit_at(tracker, token, session="s1")
    assert (admitted.actor.id, admitted.actor.session) == ("etl", "s1")
    assert admitted.grant == Grant(frozenset({"a", "b"}))
    for elsewhere in (registry.admit_at(other, token), registry.admit(token)):
        with pytest.raises(AuthenticationFailed, match="isn't accepted"):
            await elsewhere
    _, key = await registry.issue_key("etl", PersonId("olivia"), None)
    assert (await registry.admit_at(tracker, key)).grant is None


@pytest.mark.parametrize("claims", [{"scope": ["a"]}, {"scope": "a a"}, {"acr": 1}, {"auth_time": "now"}])
async def test_a_grant_that_cant_be_read_is_refused_as_all_else_is(house: House, claims: dict[str, Any]) -> None:
    token = Secret(house.token(K8S, **kubernetes(), **claims))
    with pytest.raises(AuthenticationFailed) as caught:
        await house.office.registry.admit_at(ConnectionName("tracker"), token)
    assert caught.value.sentence == (await house.refused(K8S, sub="nobody")).sentence
    assert (await house.office.registry.admit(token)).id == "etl"  # where nobody asks what it was granted for


async def test_without_issuers_no_token_is_taken(tmp_path: Path) -> None:
    async with office(tmp_path) as plain:
        with pytest.raises(AuthenticationFailed):
            await plain.registry.admit(Secret("e30.e30.e30"))
