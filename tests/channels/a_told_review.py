"""A review in an office, for couriers to tell of: with canaries where nothing may be told from."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tests.an_office import POLICY, Again, Office, export, office

from interlock.channels.notice_of import Notices
from interlock.gate import Cleared, Held
from interlock.model.action import Action
from interlock.model.channels import Channel, Copy, Destination
from interlock.model.label import Label
from interlock.model.names import ActionId
from interlock.model.release import Ending, Outcome
from interlock.model.review import Review, Verdict, Vote
from interlock.model.template import Leaf, Template
from interlock.upstreams.outgoing import Allowed, Outgoing
from interlock.workers.copies import copy_id

PUBLIC = "https://interlock.clinic.test"
CANARY = "CANARY-MRN-4711"
REASON = "CANARY-REASON see https://evil.example/vote?yes and mail me@evil.example\r\nBcc: everybody@evil.example"
SECONDS = 5.0  # until a call that isn't answered is given up; nothing waits for it when things work


@dataclass
class Told:
    """An office with one review that waits."""

    office: Office
    notices: Notices
    review: Review
    action: Action

    def copy(self, channel: Channel, address: str, handle: str = "", reminders: int = 0) -> Copy:
        """A copy of it somewhere."""
        destination = Destination(channel, address)
        return Copy(copy_id(self.review.id, destination), self.review.id, destination, handle, reminders)

    async def another(self) -> Told:
        """A second review in the same office, whose ticket is the same."""
        action = replace(
            self.action,
            id=ActionId("another"),
            cover={**self.action.cover, "search_path": "elsewhere"},
            form={**self.action.form, "search_path": "elsewhere"},
        )
        held = await self.office.gate.ask(action)
        assert isinstance(held, Held) and held.review.id != self.review.id
        return Told(self.office, self.notices, held.review, action)

    async def votes(self) -> Sequence[Vote]:
        """As the desk has them."""
        return await self.office.desk.votes(self.review.id)

    async def sign(self, verdict: Verdict = Verdict.APPROVE) -> None:
        """Dana answers."""
        await self.office.vote(self.review, "dana", verdict)

    async def run(self) -> None:
        """The approved action runs, and succeeds."""
        cleared = await self.office.gate.redeem(self.review.id, self.action, Again(self.action))
        assert isinstance(cleared, Cleared)
        await self.office.gate.end(cleared.release, Ending(Outcome.SUCCEEDED))


@asynccontextmanager
async def told(directory: Path, *, ticket: str = "", reason: str = REASON, policy: str = POLICY) -> AsyncIterator[Told]:
    """An office where etl's export, with a canary for a value, waits for an officer."""
    async with office(directory, policy=policy) as running:
        action = export(await running.agent(), f"COPY (SELECT * FROM patients WHERE mrn = '{CANARY}') TO STDOUT")
        hidden = Leaf(None, "text", Label("phi.mrn"), "9-16", "#1")
        template = Template(("COPY (SELECT * FROM patients WHERE mrn = ", ") TO STDOUT"), (hidden,))
        action = replace(action, templates=(template,), reason_given=reason, ticket_given=ticket)
        held = await running.gate.ask(action)
        assert isinstance(held, Held)
        yield Told(running, Notices(running.desk, PUBLIC), held.review, action)


@asynccontextmanager
async def outgoing(*prefixes: str, seconds: float = SECONDS) -> AsyncIterator[Outgoing]:
    """What calls go out by, to these addresses."""
    calling = Outgoing([Allowed(prefix) for prefix in prefixes], seconds=seconds)
    try:
        yield calling
    finally:
        await calling.close()


def holds_no_canary(*sent: bytes) -> bool:
    """Whether neither the value nor the asker's words are in what was sent."""
    return b"CANARY" not in b"".join(sent)
