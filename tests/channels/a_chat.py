"""An office whose people answer from chats: the real desk and registry on a store, and the counter in front of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.a_directory_service import House, house
from tests.an_office import POLICY, Again, Office, export
from tests.desk.a_review import entries
from tests.stores.a_store import ENTROPY

from interlock.channels.answering import Answering
from interlock.channels.notice_of import Notices
from interlock.channels.refusing import RefusedCalls
from interlock.gate import Cleared, Held
from interlock.model.action import Action
from interlock.model.actor import Actor
from interlock.model.channels import Account, Channel, card_id
from interlock.model.names import ActorId, PersonId
from interlock.model.review import Review, ReviewState, Vote
from interlock.registry import People

URL = "https://console.test"
DANA, REMY, OLIVIA = PersonId("dana"), PersonId("remy"), PersonId("olivia")
TEAM = "T01"
BY_SLACK = '@review("officers:1") @channels("slack")'
EVERYWHERE = '@review("officers:1") @channels("slack, teams, callback")'
PROVIDERS = frozenset({"sso", "slack", "teams", "callback/desk"})


def account(name: str, channel: Channel = Channel.SLACK, **changed: bool) -> Account:
    """The account of that name in our own workspace."""
    return Account(channel, TEAM, f"U-{name}", **changed)


@dataclass(frozen=True)
class Chat:
    """The office and its counter. olivia owns the agent `etl`; dana and remy are the others who may sign."""

    house: House
    office: Office
    people: People
    answering: Answering
    refused: RefusedCalls

    async def link(self, name: str, which: Account | None = None) -> Account:
        """Somebody's account, linked as people do it: a code from the console, claimed by the account, confirmed."""
        which = which or account(name)
        code = self.people.begin_link(PersonId(name), which.channel.value)
        claimed = await self.answering.claim(which, code.reveal(), f"{name} in chat")
        assert claimed.counted
        await self.people.confirm_link(PersonId(name), which.channel.value, which.linked_as)
        return which

    async def unlink(self, name: str, which: Account | None = None) -> None:
        """The account is theirs no more."""
        which = which or account(name)
        await self.people.unlink(PersonId(name), which.channel.value, which.linked_as)

    async def held(
        self, text: str = "COPY patients TO STDOUT", by: Actor | None = None, **changed: Any
    ) -> tuple[Review, Action]:
        """A review of an export, and the export. Another text is another form."""
        action = replace(export(by or await self.office.agent(), text, search_path=text), **changed)
        answer = await self.office.gate.ask(action)
        assert isinstance(answer, Held)
        return answer.review, action

    async def card(self, review: Review) -> str:
        """What the button of the card as it is carries."""
        return card_id(review.id, (await self.office.desk.card(review.id)).card_digest)

    async def state(self, review: Review) -> ReviewState:
        """Where it stands."""
        return (await self.office.desk.review(review.id)).state

    async def votes(self, review: Review) -> list[Vote]:
        """All that were cast."""
        return list(await self.office.desk.votes(review.id))

    async def redeemed(self, review: Review, action: Action) -> bool:
        """Whether the gate lets it run."""
        return isinstance(await self.office.gate.redeem(review.id, action, Again(action)), Cleared)

    async def refusals(self) -> list[tuple[str, str]]:
        """Who was refused, and why, as the ledger has it."""
        return [(each["person"], each["because"]) for each in await entries(self.office, "vote.refused")]

    async def entries(self, type_: str) -> list[dict[str, Any]]:
        """`d` of all entries of a type."""
        return await entries(self.office, type_)


@asynccontextmanager
async def chat(path: Path, annotations: str = BY_SLACK) -> AsyncIterator[Chat]:
    """It may be left and entered again."""
    async with house(path) as here:
        office = here.office.with_policy(POLICY.replace('@review("officers:1")', annotations))
        people = replace(here.people, providers=PROVIDERS)
        await people.accept_owner(OLIVIA, ActorId("etl"))
        refused = RefusedCalls(office.store, office.clock, ENTROPY)
        notices = Notices(office.desk, URL)
        answering = Answering(office.desk, people, notices, URL, office.clock, refused)
        yield Chat(here, office, people, answering, refused)
        await refused.close()
