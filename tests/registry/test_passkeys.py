"""Passkeys in the registry: on a real store, with a software authenticator."""

from __future__ import annotations

import base64
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
from testkit.authenticator import Answer, Authenticator
from tests.stores.a_store import ENTROPY, Bench, opened

from interlock.errors import AuthenticationFailed, Conflict, NotEntitled, NotFound
from interlock.identity import passkeys as identity
from interlock.identity.directory import Directory
from interlock.model.names import Digest, GroupName, KeyId, PersonId, ReviewId
from interlock.model.passkey import Assertion, Passkey
from interlock.model.person import Person
from interlock.model.review import Presence, Voter
from interlock.registry import passkeys
from interlock.registry.passkeys import Passkeys, Site

URL, RP_ID = "https://interlock.test", "interlock.test"
DANA, REMY = PersonId("dana"), PersonId("remy")
PEOPLE = {name: Person(name, name.title(), frozenset({GroupName("officers")})) for name in (DANA, REMY)}
REVIEW, ACTION, CARD = ReviewId("0192f0c1-0000-7000-8000-000000000000"), Digest("a" * 64), Digest("c" * 64)


def unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def read(answer: Answer) -> Assertion:
    return identity.read_assertion(**answer.fields())


def device(**how: object) -> Authenticator:
    return Authenticator(URL, RP_ID, **how)  # type: ignore[arg-type]


@dataclass
class Desk:
    """The passkeys on an open store, and what people do with them."""

    bench: Bench
    here: Passkeys = field(init=False)

    def __post_init__(self) -> None:
        self.here = self.made()

    def made(self, always: bool = False, url: str = URL) -> Passkeys:
        bench = self.bench
        people = Directory(PEOPLE, {}, bench.authority.roster)
        return Passkeys(people, bench.authority, bench.store, bench.clock, ENTROPY, Site.of(url, url), always)

    async def register(
        self, new: Authenticator, person: PersonId = DANA, confirmed_by: Authenticator | None = None
    ) -> Passkey:
        begun = self.here.begin_registration(person, self.bench.clock.now())
        confirmation = None
        if confirmed_by is not None and begun.confirm is not None:
            confirmation = read(confirmed_by.answer(begun.confirm.challenge))
        return await self.finish(new, begun.challenge, person, confirmation)

    async def finish(
        self, new: Authenticator, challenge: bytes, person: PersonId = DANA, confirmation: Assertion | None = None
    ) -> Passkey:
        made = new.register(challenge)
        attestation, client_data = unpadded(made.attestation), unpadded(made.client_data)
        return await self.here.finish_registration(person, attestation, client_data, "Work  laptop", confirmation)

    def vote(self, answer: Answer | None, person: PersonId = DANA, verdict: str = "approve", terms: str = "") -> None:
        assertion = read(answer) if answer is not None else None
        voter = Voter(person, Presence.WEBAUTHN, KeyId("k"), self.bench.clock.now(), assertion)
        self.here.verify(voter, REVIEW, verdict, ACTION, CARD, terms)

    def asked(self, verdict: str = "approve", terms: str = "") -> bytes:
        return self.here.asks(DANA, REVIEW, verdict, ACTION, CARD, terms).challenge


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with opened(tmp_path / "interlock.db") as bench:
        yield Desk(bench)


# -- registering -------------------------------------------------------------------------------------------------------


async def test_who_has_registered_one_must_use_it(desk: Desk) -> None:
    laptop = device()
    assert not desk.here.required(DANA)
    made = await desk.register(laptop)
    assert (made.name, made.person) == ("Work laptop", DANA)
    assert desk.here.of(DANA) == [made]
    assert desk.here.required(DANA) and not desk.here.required(REMY)
    assert desk.made(always=True).required(REMY)
    desk.vote(laptop.answer(desk.asked()))


async def test_it_is_there_after_a_restart(tmp_path: Path) -> None:
    laptop = device()
    async with opened(tmp_path / "interlock.db") as bench:
        made = await Desk(bench).register(laptop)
    async with opened(tmp_path / "interlock.db") as bench:
        again = Desk(bench)
        assert again.here.of(DANA) == [made]
        again.vote(laptop.answer(again.asked()))


async def test_registering_and_removing_take_a_recent_login(desk: Desk) -> None:
    laptop, now = device(), desk.bench.clock.now()
    made = await desk.register(laptop)
    old = now - passkeys.RECENT
    with pytest.raises(NotEntitled) as refused:
        desk.here.begin_registration(DANA, old)
    assert refused.value.code == "login_too_old"
    answer = read(laptop.answer(identity.removing(DANA, made.credential)))
    with pytest.raises(NotEntitled):
        await desk.here.remove(DANA, made.credential, answer, old)
    await desk.here.remove(DANA, made.credential, answer, old + timedelta(seconds=1))


async def test_a_challenge_is_good_once_and_for_five_minutes(desk: Desk) -> None:
    begun = desk.here.begin_registration(DANA, desk.bench.clock.now())
    desk.bench.clock.forward(minutes=5)
    with pytest.raises(AuthenticationFailed):
        await desk.finish(device(), begun.challenge)
    begun = desk.here.begin_registration(DANA, desk.bench.clock.now())
    with pytest.raises(AuthenticationFailed):
        await desk.finish(device(verifies_user=False), begun.challenge)
    with pytest.raises(AuthenticationFailed):
        await desk.finish(device(), begun.challenge)
    assert not desk.here.of(DANA)


async def test_somebody_elses_challenge_registers_nothing(desk: Desk) -> None:
    begun = desk.here.begin_registration(REMY, desk.bench.clock.now())
    desk.here.begin_registration(DANA, desk.bench.clock.now())
    with pytest.raises(AuthenticationFailed):
        await desk.finish(device(), begun.challenge, DANA)


async def test_a_further_passkey_takes_an_answer_of_one_that_is_there(desk: Desk) -> None:
    laptop, phone, thief = device(), device(), device()
    await desk.register(laptop)
    for confirmed_by in (None, phone, thief):
        with pytest.raises(AuthenticationFailed):
            await desk.register(phone, confirmed_by=confirmed_by)
    await desk.register(phone, confirmed_by=laptop)
    assert len(desk.here.of(DANA)) == 2
    desk.vote(phone.answer(desk.asked()))


async def test_two_first_ones_at_once_make_no_way_around_that(desk: Desk) -> None:
    laptop, thief = device(), device()
    begun = desk.here.begin_registration(DANA, desk.bench.clock.now())
    elsewhere = desk.made()  # another process, which doesn't know of the first one's challenge
    begun_there = elsewhere.begin_registration(DANA, desk.bench.clock.now())
    await desk.finish(laptop, begun.challenge)
    desk.here = elsewhere
    with pytest.raises(AuthenticationFailed) as refused:
        await desk.finish(thief, begun_there.challenge)
    assert refused.value.code == "passkey_needed"


async def test_a_confirmation_is_for_this_one_and_used_once(desk: Desk) -> None:
    laptop, phone = device(), device()
    await desk.register(laptop)
    first = desk.here.begin_registration(DANA, desk.bench.clock.now())
    second = desk.here.begin_registration(DANA, desk.bench.clock.now())
    assert first.confirm is not None and second.confirm is not None
    with pytest.raises(AuthenticationFailed):
        confirmation = read(laptop.answer(first.confirm.challenge))
        await desk.finish(phone, second.challenge, confirmation=confirmation)
    await desk.register(phone, confirmed_by=laptop)
    with pytest.raises(AuthenticationFailed):  # a clone that knows nothing of that confirmation
        desk.vote(replace_count(laptop, 1).answer(desk.asked()))


def replace_count(device: Authenticator, count: int) -> Authenticator:
    return replace(device.clone(), count=count)


async def test_one_passkey_is_one_persons(desk: Desk) -> None:
    shared = device()
    await desk.register(shared)
    with pytest.raises(Conflict):
        await desk.register(shared, REMY)
    assert not desk.here.required(REMY)


async def test_there_are_bounds(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passkeys, "MAX_PASSKEYS", 1)
    monkeypatch.setattr(passkeys, "MAX_BEGUN", 1)
    laptop, now = device(), desk.bench.clock.now()
    desk.here.begin_registration(REMY, now)
    with pytest.raises(Conflict):
        desk.here.begin_registration(DANA, now)
    desk.bench.clock.forward(minutes=5)
    await desk.register(laptop)
    with pytest.raises(Conflict):
        desk.here.begin_registration(DANA, desk.bench.clock.now())


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "https://[2001:db8::1]"])
async def test_an_ip_address_is_no_place_for_passkeys(desk: Desk, url: str) -> None:
    with pytest.raises(Conflict, match="never to an IP address"):
        desk.made(url=url).begin_registration(DANA, desk.bench.clock.now())
    assert Site.of("http://localhost:8080", "http://localhost:8080").fault == ""


# -- votes -------------------------------------------------------------------------------------------------------------


async def test_an_answer_counts_for_what_was_asked_and_nothing_else(desk: Desk) -> None:
    laptop = device()
    await desk.register(laptop)
    await desk.register(others := device(), REMY)
    desk.vote(laptop.answer(desk.asked("narrow", "t" * 64)), verdict="narrow", terms="t" * 64)
    for answer in (
        None,
        laptop.answer(desk.asked("break_glass")),
        laptop.answer(desk.asked("narrow", "t" * 64)),
        laptop.answer(identity.challenge(REVIEW, REMY, "approve", ACTION, CARD)),
        laptop.answer(identity.challenge(REVIEW, DANA, "approve", ACTION, Digest("e" * 64))),
        others.answer(desk.asked()),
        device().answer(desk.asked()),
    ):
        with pytest.raises(AuthenticationFailed):
            desk.vote(answer)
    desk.vote(laptop.answer(desk.asked()))


async def test_who_has_none_where_all_must_is_told_what_to_do(desk: Desk) -> None:
    desk.here = desk.made(always=True)
    with pytest.raises(AuthenticationFailed, match=f"register one at {re.escape(URL)}/you/passkeys"):
        desk.vote(None)
    with pytest.raises(NotFound):
        desk.asked()


# -- confirming --------------------------------------------------------------------------------------------------------


async def test_a_confirmation_is_asked_of_who_has_one_for_exactly_that(desk: Desk) -> None:
    laptop, asked = device(), identity.confirming(DANA, "delegate", {"to": "remy"})
    desk.here.confirm(DANA, None, asked)  # who has none needs none
    with pytest.raises(NotFound):
        desk.here.asks_to_confirm(DANA, asked)
    made = await desk.register(laptop)
    assert desk.here.asks_to_confirm(DANA, asked).credentials == (made.credential,)
    for other in (
        None,
        laptop.answer(asked),  # what it says, and no nonce
        laptop.answer(identity.once(asked, bytes(32))),
        laptop.answer(desk.here.asks_to_confirm(DANA, identity.confirming(DANA, "link", {"to": "remy"})).challenge),
        laptop.answer(desk.here.asks_to_confirm(DANA, identity.confirming(REMY, "delegate", {"to": "remy"})).challenge),
        laptop.answer(desk.here.asks_to_confirm(DANA, identity.confirming(DANA, "delegate", {"to": "olga"})).challenge),
        laptop.answer(desk.asked()),
        laptop.answer(identity.removing(DANA, made.credential)),
    ):
        desk.here.asks_to_confirm(DANA, asked)
        with pytest.raises(AuthenticationFailed) as refused:
            desk.here.confirm(DANA, read(other) if other else None, asked)
        assert refused.value.code != "passkey_expired"
    behind = laptop.clone()
    answer = read(laptop.answer(desk.here.asks_to_confirm(DANA, asked).challenge))
    desk.here.confirm(DANA, answer, asked)
    copy = read(behind.answer(desk.here.asks_to_confirm(DANA, asked).challenge))
    with pytest.raises(AuthenticationFailed) as refused:  # its counter isn't in any entry, and is remembered
        desk.here.confirm(DANA, copy, asked)
    assert refused.value.code == "passkey_cloned"
    with pytest.raises(AuthenticationFailed):
        desk.vote(replace_count(laptop, 1).answer(desk.asked()))
    with pytest.raises(AuthenticationFailed) as refused:
        desk.made(always=True).confirm(REMY, None, asked)
    assert refused.value.code == "passkey_needed"


async def test_what_is_asked_counts_once_for_five_minutes_and_a_wrong_answer_uses_it_up(desk: Desk) -> None:
    phone, said = device(count=None), identity.confirming(DANA, "delegate", {"to": "remy"})
    await desk.register(phone)

    def asked() -> Assertion:
        return read(phone.answer(desk.here.asks_to_confirm(DANA, said).challenge))

    good = asked()
    desk.here.confirm(DANA, good, said)
    used, first = [good], asked()
    asked()  # takes the place of the one before
    used.append(first)
    wrong = asked()
    with pytest.raises(AuthenticationFailed):
        desk.here.confirm(DANA, read(device(count=None).answer(b"x")), said)
    used.append(wrong)
    late = asked()
    desk.bench.clock.forward(minutes=5)
    used.append(late)
    for answer in used:
        with pytest.raises(AuthenticationFailed):
            desk.here.confirm(DANA, answer, said)
    good = asked()
    with pytest.raises(AuthenticationFailed):
        desk.made().confirm(DANA, good, said)  # another process asked nothing
    desk.here.confirm(DANA, good, said)


async def test_a_person_has_twenty_questions_open_and_the_oldest_gives_way(desk: Desk) -> None:
    phone = device(count=None)
    await desk.register(phone)
    all_ = [identity.confirming(DANA, "link", {"to": str(number)}) for number in range(21)]
    answers = [read(phone.answer(desk.here.asks_to_confirm(DANA, said).challenge)) for said in all_]
    with pytest.raises(AuthenticationFailed) as refused:
        desk.here.confirm(DANA, answers[0], all_[0])
    assert refused.value.code == "passkey_expired"
    for answer, said in list(zip(answers, all_, strict=True))[1:]:
        desk.here.confirm(DANA, answer, said)


# -- removing ----------------------------------------------------------------------------------------------------------


async def test_removing_takes_an_answer_for_this_one(desk: Desk) -> None:
    laptop, phone, now = device(), device(), desk.bench.clock.now()
    first = await desk.register(laptop)
    second = await desk.register(phone, confirmed_by=laptop)
    assert desk.here.asks_to_remove(DANA, first.credential).credentials == (first.credential, second.credential)
    for answer in (
        None,
        phone.answer(identity.removing(DANA, second.credential)),
        device().answer(identity.removing(DANA, first.credential)),
    ):
        with pytest.raises(AuthenticationFailed):
            await desk.here.remove(DANA, first.credential, read(answer) if answer else None, now)
    with pytest.raises(NotFound):
        await desk.here.remove(REMY, first.credential, None, now)
    await desk.here.remove(DANA, first.credential, read(phone.answer(identity.removing(DANA, first.credential))), now)
    assert desk.here.of(DANA) == [second]
    with pytest.raises(AuthenticationFailed):
        desk.vote(laptop.answer(desk.asked()))
    with pytest.raises(Conflict):  # and it never comes back
        await desk.register(laptop, confirmed_by=phone)
    assert desk.here.of(DANA) == [second]


async def test_the_operator_removes_what_is_lost_and_the_ledger_says_why(desk: Desk) -> None:
    made = await desk.register(device())
    with pytest.raises(NotFound):
        await desk.here.operator_remove(REMY, made.credential, "lost")
    await desk.here.operator_remove(DANA, made.credential, "lost on a train")
    assert not desk.here.required(DANA)
    entries = [entry async for entry in entries_of(desk.bench)]
    assert any(b"lost on a train" in entry and b'"by":"operator"' in entry for entry in entries)


async def entries_of(bench: Bench) -> AsyncIterator[bytes]:
    for entry in await bench.store.entries(0, 100):
        yield entry
