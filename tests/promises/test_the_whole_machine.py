"""People, agents, owners, groups, stages, delegations, narrowings, broken glass, restarts and rows written behind our
back, in any order: what runs is what different, entitled people signed, as often as they signed for, and no more.

An oracle that shares no code with the gateway keeps count (`an_oracle`). Promises 2, 3, 4, 7 and 8.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from tests.an_office import AGENTS, Again, Office, OneBundle, bundle, export, office, person
from tests.promises.an_oracle import Ledgered, Seat, counted
from tests.stores.a_store import ENTROPY, HandClock, write_raw

from interlock.errors import Conflict, InterlockError, NotEntitled
from interlock.gate import Cleared, Denied, Held
from interlock.identity.directory import Directory
from interlock.ledger.fields import format_time
from interlock.model.action import Action
from interlock.model.actor import Actor, ActorKind
from interlock.model.change import Unit
from interlock.model.entry import Draft, EntryType
from interlock.model.identity_change import IdentityChange
from interlock.model.names import ActionId, ActorId, Digest, EntryId, GroupName, KeyId, PersonId, ReviewId
from interlock.model.narrowing import Narrowing
from interlock.model.release import Ending, Outcome
from interlock.model.review import Ballot, Presence, ReviewState, Verdict, Voter
from interlock.model.settings import AgentSettings

A, B, GLASS = GroupName("officers"), GroupName("security"), GroupName("on-call")
PEOPLE = {
    p.id: p
    for p in (
        person("ann", A),
        person("bob", A, B),
        person("cat", B),
        person("dan", A, GLASS),
        person("eve", B, GLASS),
        person("fay"),
    )
}
ACTORS = {
    ActorId(name): AgentSettings(ActorId(name), ActorKind.AGENT, PersonId(owner), frozenset({AGENTS}))
    for name, owner in (("etl", "ann"), ("bot", "cat"))
}
# What an export to each place asks for, as annotations and as the seats that must be filled.
ASKED: Mapping[str, tuple[str, tuple[tuple[Seat, ...], ...]]] = {
    "one": ('@review("officers:1")', (((A, -1),),)),
    "two": ('@review("officers:2")', (((A, -1), (A, -1)),)),
    "both": ('@review("officers:1, security:1") @break_glass("on-call")', (((A, -1), (B, -1)),)),
    "any": ('@review_any("officers:2, security:1")', (((A, -1), (A, -1)), ((B, -1),))),
    "staged": ('@stages("officers:1 > security:1")', (((A, 0), (B, 1)),)),
    "thrice": ('@review("security:1") @reuse("3 within 10m")', (((B, -1),),)),
}
names = st.sampled_from(sorted(PEOPLE))
groups = st.sampled_from([A, B, GLASS])


def policy(place: str) -> str:
    """The office's policy for one place."""
    valid = "" if "reuse" in ASKED[place][0] else '@valid("10m")'
    return f"""
    @id("read") permit (principal in Interlock::Group::"ai-agents", action in Interlock::Action::"read", resource);
    @id("send") permit (principal in Interlock::Group::"ai-agents", action in Interlock::Action::"export", resource);
    @id("held") {ASKED[place][0]} @expires("30m") {valid}
    forbid (principal, action in Interlock::Action::"export", resource);
    """


class Machine(RuleBasedStateMachine):
    """One office with one store, and what an onlooker remembers."""

    reviews = Bundle("reviews")
    ran: ClassVar[Counter[str]] = Counter()  # over all examples: what was never done wasn't tried

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = HandClock()
        self.stack = AsyncExitStack()
        self.groups: dict[str, set[str]] = {p: set(each.groups) for p, each in PEOPLE.items()}
        self.gone: set[str] = set()
        self.instead: dict[tuple[str, str], tuple[str, datetime]] = {}
        self.reviewed: dict[str, Ledgered] = {}
        self.actions: dict[str, tuple[str, Action, Actor]] = {}
        self.tampered: set[str] = set()
        self.do(self._open())

    def do(self, what: Any) -> Any:
        """Runs one coroutine to its end."""
        return self.runner.run(what)

    async def _open(self) -> None:
        self.office: Office = await self.stack.enter_async_context(office(Path(self.folder.name), clock=self.clock))
        self.office = self.office.with_directory(Directory(PEOPLE, ACTORS, self.office.authority.roster))
        if not self.actions:
            for actor, owner in (("etl", "ann"), ("bot", "cat")):
                await self._said(IdentityChange.OWNER_ACCEPTED, actor, person=owner)

    def _under(self, place: str) -> Office:
        directory = Directory(PEOPLE, ACTORS)
        rules = OneBundle(bundle(policy(place), directory))
        return replace(self.office, gate=replace(self.office.gate, rules=rules))

    async def _said(self, what: IdentityChange, subject: str, **more: str) -> None:
        d = {"what": what.value, "subject": subject, "by": "test", **more}
        draft = Draft(EntryId(ENTROPY.uuid7()), EntryType.IDENTITY_CHANGED, d, obj=subject)
        await self.office.store.commit(Unit((draft,)))

    # -- asking --------------------------------------------------------------------------------------------------------

    @initialize(target=reviews, place=st.sampled_from(sorted(ASKED)), who=st.sampled_from(sorted(ACTORS)), maker=names)
    def begin(self, place: str, who: str, maker: str) -> Any:
        """There is something to sign from the start."""
        return self.do(self._ask(place, who, maker))

    @rule(target=reviews, place=st.sampled_from(sorted(ASKED)), who=st.sampled_from(sorted(ACTORS)), maker=names)
    def ask(self, place: str, who: str, maker: str) -> Any:
        """An agent asks with a key that somebody made."""
        return self.do(self._ask(place, who, maker))

    async def _ask(self, place: str, who: str, maker: str) -> Any:
        owner = str(ACTORS[ActorId(who)].owner)
        if maker in self.gone or owner in self.gone:
            with pytest.raises(InterlockError):
                await self.office.agent(who, made_by=maker)
            return multiple()
        actor = await self.office.agent(who, made_by=maker)
        action = export(actor, f"COPY {place} TO STDOUT")
        answer = await self._under(place).gate.ask(action)
        if isinstance(answer, Denied):
            return multiple()
        assert isinstance(answer, Held)
        review = answer.review
        if review.id in self.reviewed:
            return multiple()  # it joined one that is open
        opened = self.office.authority.opened(review.id)
        assert opened is not None
        self.reviewed[review.id] = Ledgered(
            id=review.id,
            actor=who,
            excluded=frozenset({owner, maker}),
            ways=ASKED[place][1],
            uses=3 if place == "thrice" else 1,
            digest=review.digest,
            card=review.card_digest,
            expires_at=self.clock.now() + timedelta(minutes=30),
        )
        self.actions[review.id] = (place, action, actor)
        return str(review.id)

    # -- signing -------------------------------------------------------------------------------------------------------

    def _voter(self, name: str) -> Voter:
        return Voter(PersonId(name), Presence.CONSOLE, KeyId("session"), self.clock.now())

    @rule(review=reviews, name=names, yes=st.sampled_from([True, True, True, False]), stale=st.integers(0, 9))
    def vote(self, review: str, name: str, yes: bool, stale: int) -> None:
        """Somebody votes, now and then on a card that isn't there any more."""
        self.do(self._vote(review, name, yes, stale == 0))

    async def _vote(self, review: str, name: str, yes: bool, stale: bool) -> None:
        mine = self.reviewed[review]
        verdict = Verdict.APPROVE if yes else Verdict.DENY
        card = "0" * 64 if stale else mine.card
        ballot = Ballot(verdict, Digest(mine.digest), Digest(card))
        try:
            after = await self._under(self.actions[review][0]).desk.vote(ReviewId(review), self._voter(name), ballot)
        except (Conflict, NotEntitled):
            return
        assert not stale and name not in mine.excluded and name not in self.gone and not mine.ended
        assert self.clock.now() < (mine.expires_at if mine.approved_at is None else self._until(mine))
        mine.votes.append((name, mine.card, yes))
        if not yes:
            mine.ended = True
            assert after.state is ReviewState.DENIED
        elif mine.approved_at is None and self._counts(mine):
            assert after.state is ReviewState.APPROVED
            mine.approved_at = self.clock.now()
        elif mine.approved_at is None and review not in self.tampered:
            assert after.state is ReviewState.PENDING

    @rule(review=reviews, order=st.permutations(sorted(PEOPLE)), several=st.integers(2, 6), come=st.booleans())
    def several_sign(self, review: str, order: list[str], several: int, come: bool) -> None:
        """People sign one after the other, entitled or not, and often the asker comes at once."""
        for name in order[:several]:
            self.do(self._vote(review, name, True, False))
        if come:
            self.do(self._redeem(review, False, False))

    @rule(review=reviews, name=names, cap=st.integers(1, 50))
    def narrow(self, review: str, name: str, cap: int) -> None:
        """Somebody takes something away; every vote so far is for another card then."""
        self.do(self._narrow(review, name, cap))

    async def _narrow(self, review: str, name: str, cap: int) -> None:
        mine, desk = self.reviewed[review], self._under(self.actions[review][0]).desk
        terms = Narrowing(valid=timedelta(seconds=cap * 6))
        try:
            after = await desk.narrow(
                ReviewId(review), self._voter(name), terms, Digest(mine.digest), Digest(mine.card)
            )
        except (Conflict, NotEntitled):
            return
        assert name not in mine.excluded and name not in self.gone and mine.approved_at is None and not mine.ended
        assert after.digest != mine.digest and after.card_digest != mine.card
        mine.digest, mine.card, mine.valid = after.digest, after.card_digest, min(mine.valid, cap * 6.0)

    @rule(review=reviews, name=names)
    def break_glass(self, review: str, name: str) -> None:
        """Somebody runs it without the signatures, where policy lets them."""
        self.do(self._break(review, name))

    async def _break(self, review: str, name: str) -> None:
        mine, desk = self.reviewed[review], self._under(self.actions[review][0]).desk
        why = "the ward has no patient list, on call"
        try:
            await desk.break_glass(ReviewId(review), self._voter(name), why, Digest(mine.digest), Digest(mine.card))
        except (Conflict, NotEntitled):
            return
        assert self.actions[review][0] == "both" and name not in mine.excluded | self.gone
        assert GLASS in self.groups[name] and mine.approved_at is None and not mine.ended
        mine.broken_by, mine.approved_at = name, self.clock.now()

    @rule(delegator=names, delegate=names, group=groups, minutes=st.integers(0, 90))
    def delegate(self, delegator: str, delegate: str, group: str, minutes: int) -> None:
        """Somebody has another one sign in their place."""
        until = self.clock.now() + timedelta(minutes=minutes)
        d = {"delegator": delegator, "delegate": delegate, "group": group, "by": delegator}
        d["until"] = format_time(until) if minutes else ""
        entry = Draft(EntryId(ENTROPY.uuid7()), EntryType.DELEGATION_CHANGED, d, obj=delegator)
        self.do(self._commit(entry))
        if not minutes:
            self.instead.pop((delegator, group), None)
        elif delegator != delegate:
            self.instead = {k: v for k, v in self.instead.items() if k[0] != delegator or v[0] == delegate}
            self.instead[delegator, group] = (delegate, until)

    async def _commit(self, entry: Draft) -> None:
        await self.office.store.commit(Unit((entry,)))

    # -- people come and go --------------------------------------------------------------------------------------------

    @rule(name=names, group=groups, joins=st.booleans())
    def change_group(self, name: str, group: str, joins: bool) -> None:
        """Somebody enters or leaves a group."""
        what = IdentityChange.GROUP_ADDED if joins else IdentityChange.GROUP_REMOVED
        self.do(self._said(what, name, group=group))
        (self.groups[name].add if joins else self.groups[name].discard)(group)

    @rule(name=st.sampled_from(["bob", "eve", "fay"]), sure=st.integers(0, 3))
    def leave(self, name: str, sure: int) -> None:
        """Now and then somebody is gone, with all that was theirs."""
        if sure:
            return
        self.do(self._said(IdentityChange.PERSON_REMOVED, name))
        self.gone.add(name)
        self.groups[name] -= self.groups[name] - set(PEOPLE[PersonId(name)].groups)
        self.instead = {k: v for k, v in self.instead.items() if name not in (k[0], v[0])}

    # -- time, restarts, and a row written by somebody -----------------------------------------------------------------

    @rule(review=reviews, minutes=st.sampled_from([0, 1, 4, 11, 31]), restarts=st.booleans())
    def pass_time(self, review: str, minutes: int, restarts: bool) -> None:
        """Time passes, and the sweeper comes by; or the process ends and starts again."""
        self.clock.forward(minutes=minutes)
        self.do(self.office.desk.expire_due())
        if restarts:
            self.do(self._restart())

    async def _restart(self) -> None:
        await self.stack.aclose()
        await self._open()

    @rule(review=reviews, state=st.sampled_from(["pending", "approved"]))
    def tamper(self, review: str, state: str) -> None:
        """Somebody who can write to the store does."""
        until = format_time(self.clock.now() + timedelta(days=1))
        self.tampered.add(review)  # it may stand in the way of what was signed from here on, and of nothing else
        write_raw(
            Path(self.folder.name) / "interlock.db",
            f"UPDATE OR IGNORE il_review SET state='{state}', approved_until='{until}', uses_left=9, excluded='[]'"
            f" WHERE id = '{review}'",
        )

    @rule(review=reviews, sure=st.integers(0, 3))
    def withdraw(self, review: str, sure: int) -> None:
        """The asker takes it back."""
        if sure:
            return
        mine = self.reviewed[review]
        try:
            self.do(self.office.desk.withdraw(ReviewId(review), ActorId(mine.actor)))
        except (Conflict, InterlockError):
            return
        mine.ended = True

    # -- running -------------------------------------------------------------------------------------------------------

    @rule(review=reviews, changed=st.integers(0, 6), stranger=st.integers(0, 6))
    def redeem(self, review: str, changed: int, stranger: int) -> None:
        """The asker comes for it: now and then it means something else by now, or somebody else comes."""
        self.do(self._redeem(review, changed == 0, stranger == 0))

    async def _redeem(self, review: str, changed: bool, stranger: bool) -> None:
        mine, (place, first, actor) = self.reviewed[review], self.actions[review]
        action = replace(first, id=ActionId(ENTROPY.uuid7()))  # asked for anew
        who = replace(actor, id=ActorId("bot" if mine.actor == "etl" else "etl")) if stranger else actor
        again = Again(action, search_path="other") if changed else Again(action)
        gate = self._under(place).gate
        # Whose owner has left, or who made its key, asks for nothing any more.
        may_run = self._may_run(mine) and not (changed or stranger) and not mine.excluded & self.gone
        answer = await gate.redeem(ReviewId(review), replace(action, actor=who), again)
        if isinstance(answer, Cleared):
            assert may_run, "something ran that nobody signed for"
            assert answer.release.action.payload == action.payload
            mine.runs += 1
            Machine.ran["glass" if mine.broken_by else place] += 1
            mine.ended = mine.runs >= mine.uses
            await gate.end(answer.release, Ending(Outcome.SUCCEEDED))
        else:
            assert not (may_run and review not in self.tampered), "what was signed for didn't run"
            if self.office.authority.settled(ReviewId(review)) is not None:
                mine.ended = True

    def _may_run(self, mine: Ledgered) -> bool:
        if mine.ended or mine.approved_at is None or mine.runs >= mine.uses:
            return False
        if not self.clock.now() < self._until(mine):
            return False
        if mine.broken_by is not None:
            return mine.broken_by not in self.gone and GLASS in self.groups[mine.broken_by]
        return self._counts(mine)

    def _until(self, mine: Ledgered) -> datetime:
        assert mine.approved_at is not None
        return mine.approved_at + timedelta(seconds=mine.valid)

    def _counts(self, mine: Ledgered) -> bool:
        now = self.clock.now()
        here = {name: frozenset(g) for name, g in self.groups.items() if name not in self.gone}
        instead = [(p, d, g) for (p, g), (d, until) in self.instead.items() if now < until and d not in self.gone]
        return counted(mine, here, instead)

    @invariant()
    def nothing_runs_more_often_than_it_was_signed_for(self) -> None:
        for review, mine in self.reviewed.items():
            assert mine.runs <= mine.uses, review

    def teardown(self) -> None:
        self.do(self.stack.aclose())
        self.runner.close()
        self.folder.cleanup()


# The same examples each time, or now and then none of so few would come as far as a run; the slow lane draws anew.
QUICK = settings(
    max_examples=10,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("place", [*ASKED, "glass"])
def test_each_kind_runs_once_people_have_signed(place: str) -> None:
    """The machine isn't one that never lets anything through."""
    machine = Machine()
    Machine.ran.clear()
    review = machine.begin("both" if place == "glass" else place, "etl", "ann")
    if place == "glass":
        machine.break_glass(review, "dan")
    for name in ("dan", "bob", "cat", "eve") if place != "glass" else ():
        machine.vote(review, name, True, 1)
    machine.redeem(review, 1, 1)
    machine.teardown()
    assert dict(Machine.ran) == {place: 1}


def test_whatever_people_do_only_what_was_signed_for_runs() -> None:
    Machine.ran.clear()
    run_state_machine_as_test(Machine, settings=QUICK)
    assert Machine.ran, "nothing ever ran, so nothing was tried"


@pytest.mark.slow
def test_whatever_people_do_only_what_was_signed_for_runs_at_length() -> None:
    Machine.ran.clear()
    run_state_machine_as_test(
        Machine, settings=settings(QUICK, max_examples=200, stateful_step_count=60, derandomize=False)
    )
    assert len(Machine.ran) >= 4, Machine.ran
