"""A held export, people of several groups, and what they do to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tests.an_office import ACTORS, OFFICERS, OWNERS, POLICY, Office, OneBundle, bundle, export, person
from tests.stores.a_store import ENTROPY

from interlock.desk.rules import DeskRules
from interlock.desk.signatures import BY_CHANNEL
from interlock.errors import AuthenticationFailed
from interlock.gate import Held
from interlock.identity.directory import Directory
from interlock.ledger.authorised import account_of
from interlock.ledger.fields import format_time
from interlock.model.action import Action
from interlock.model.canonical import JsonValue
from interlock.model.change import Unit
from interlock.model.entry import Draft, EntryType
from interlock.model.names import Digest, EntryId, GroupName, KeyId, PersonId, ReviewId
from interlock.model.narrowing import Narrowing
from interlock.model.passkey import Assertion
from interlock.model.review import Presence, Review, Voter

SECURITY, ON_CALL, AUDITORS = GroupName("security"), GroupName("on-call"), GroupName("auditors")
PEOPLE = Directory(
    {
        p.id: p
        for p in (
            person("olivia", OFFICERS, ON_CALL),  # owns the agents
            person("ann", OFFICERS),
            person("bob", OFFICERS, SECURITY),
            person("cat", SECURITY),
            person("dan", OWNERS),
            person("eve"),
            person("gil", ON_CALL),
            person("ida", AUDITORS),
        )
    },
    ACTORS,
)
PROVEN = Assertion("cred", b"d" * 37, b"{}", b"signed", 0)


def under(desk: Office, annotations: str = '@review("officers:1")', extra: str = "") -> Office:
    """The office with these people, where exports are held under these annotations."""
    text = POLICY.replace('@review("officers:1")', annotations) + extra
    if "@reuse" in annotations:
        text = text.replace('@valid("10m")', "")  # the window of reuse says it
    desk = desk.with_directory(PEOPLE)
    return replace(desk, gate=replace(desk.gate, rules=OneBundle(bundle(text, PEOPLE))))


def ruled(desk: Office, **changed: Any) -> Office:
    """The office under other rules of the settings."""
    rules: DeskRules = replace(desk.desk.rules, **changed)
    return with_desk(desk, rules=rules)


def with_desk(desk: Office, **changed: Any) -> Office:
    """The office with another desk."""
    other = replace(desk.desk, **changed)
    return replace(desk, desk=other, gate=replace(desk.gate, desk=other))


async def held(desk: Office, text: str = "COPY patients TO STDOUT", **changed: Any) -> tuple[Review, Action]:
    """A review of an export, and the export."""
    action = replace(export(await desk.agent(), text), **changed)
    answer = await desk.gate.ask(action)
    assert isinstance(answer, Held)
    return answer.review, action


async def narrow(desk: Office, review: Review, name: str, terms: Narrowing, voter: Voter | None = None) -> Review:
    """A narrowing by somebody who looked at the card."""
    card = await desk.desk.card(review.id)
    return await desk.desk.narrow(review.id, voter or desk.voter(name), terms, card.action_digest, card.card_digest)


async def break_glass(desk: Office, review: Review, name: str, reason: str = "the ward waits for its list") -> Review:
    """A break of the glass by somebody who looked at the card."""
    card = await desk.desk.card(review.id)
    return await desk.desk.break_glass(review.id, desk.voter(name), reason, card.action_digest, card.card_digest)


async def entries(desk: Office, type_: str) -> list[dict[str, Any]]:
    """`d` of all entries of a type."""
    lines = [json.loads(body.split(b"\n")[0]) for body in await desk.store.entries(0, 4000)]
    return [line["d"] for line in lines if line["type"] == type_]


async def say(desk: Office, type_: EntryType, obj: str, d: Mapping[str, JsonValue]) -> None:
    """A signed entry of another part of the gateway's."""
    await desk.store.commit(Unit((Draft(id=EntryId(ENTROPY.uuid7()), type=type_, d=d, obj=obj),)))


async def delegate(desk: Office, delegator: str, to: str, group: str, days: int = 1) -> None:
    """A delegation, on record; of no days it is taken back."""
    at = desk.clock.now().replace(microsecond=0)
    until = format_time(at.replace(year=at.year + days)) if days else ""
    d = {"delegator": delegator, "delegate": to, "group": group, "until": until, "by": delegator}
    await say(desk, EntryType.DELEGATION_CHANGED, delegator, d)


def by(desk: Office, name: str, presence: Presence, *, proven: bool = False) -> Voter:
    """Somebody present in some way."""
    voter = replace(desk.voter(name), presence=presence, assertion=PROVEN if proven else None)
    return replace(voter, key=KeyId(f"{presence.value}/T1/{name}")) if presence in BY_CHANNEL else voter


async def link(desk: Office, name: str, presence: Presence = Presence.SLACK, *, made: bool = True) -> None:
    """Links the account that `by` votes from to its person, or takes the link away."""
    account = account_of(presence, by(desk, name, presence).key)
    assert account is not None
    d = {"person": name, "provider": account[0], "subject": account[1], "by": name}
    type_ = EntryType.LINK_MADE if made else EntryType.LINK_REMOVED
    await say(desk, type_, name, d if made else {**d, "because": "by the person"})


@dataclass
class OneKey:
    """Passkeys of `owners`; the only good answer is `PROVEN`."""

    owners: set[str]
    asked: list[tuple[str, str]] = field(default_factory=list)

    def required(self, person: PersonId) -> bool:
        return person in self.owners

    def verify(
        self, voter: Voter, review: ReviewId, verdict: str, action_digest: Digest, card_digest: Digest, terms: str = ""
    ) -> None:
        self.asked.append((verdict, terms))
        if voter.person not in self.owners or voter.assertion != PROVEN:
            raise AuthenticationFailed("no")
