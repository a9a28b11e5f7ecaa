"""A reviewer looks at one hidden value: by policy, on record first, and never who is part of the request."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from testkit.authenticator import Authenticator
from tests.an_office import Office, office
from tests.desk.a_review import PROVEN, OneKey, by, entries, held, narrow, ruled, under, with_desk
from tests.stores.a_store import ENTROPY

from interlock.errors import NotFound
from interlock.gate import Denied
from interlock.identity import passkeys as identity
from interlock.model.label import Label
from interlock.model.names import PersonId
from interlock.model.narrowing import Narrowing
from interlock.model.passkey import Assertion
from interlock.model.review import Presence, Review
from interlock.model.secret import Secret
from interlock.model.template import MAX_VALUE, Leaf, Template
from interlock.registry.passkeys import Passkeys, Site
from interlock.revealing import Revealing

URL = "https://control.test"
MRN = Label("phi.mrn")
ACTION = 'Interlock::Action::"review.reveal"'
MAY = (
    '@id("look") permit (principal in Interlock::Group::"officers", action == Interlock::Action::"review.reveal",'
    ' resource) when { resource.labels.contains("phi.mrn") };'
)
TEMPLATE = Template(
    ("COPY (SELECT * FROM patients WHERE mrn = ", " AND note = ", " LIMIT ", ") TO STDOUT"),
    (Leaf(None, "text", MRN, "1-8", "#1"), Leaf(None, "text", None, "65+", "#2"), Leaf("5", "number", None, "1-8", "")),
    (Secret("MRN-0042"), Secret("n" * MAX_VALUE), Secret("5")),
)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as opened:
        yield under(opened, extra=MAY)


async def shown(desk: Office, review: Review, name: str, leaf: int = 0, statement: int = 0) -> Secret[str] | Denied:
    return await Revealing(desk.gate).show_leaf(review.id, desk.voter(name), statement, leaf)


async def held_with_values(desk: Office) -> Review:
    review, _ = await held(desk, templates=(TEMPLATE,), cappable=True)
    return review


async def test_it_is_shown_once_it_is_on_record(desk: Office) -> None:
    review = await held_with_values(desk)
    value = await shown(desk, review, "ann")
    assert isinstance(value, Secret) and value.reveal() == "MRN-0042"
    assert await entries(desk, "reveal.shown") == [
        {"review": review.id, "person": "ann", "statement": 0, "leaf": 0, "label": "phi.mrn"}
    ]
    (released,) = await entries(desk, "action.released")
    assert (released["verbs"], released["labels"], released["review"]) == (["review.reveal"], ["phi.mrn"], "")
    assert len(await entries(desk, "action.ended")) == 1
    assert desk.authority.unended() == ()
    assert (await desk.desk.review(review.id)).uses_left == 1


async def test_a_value_without_a_label_may_be_any_of_the_action(desk: Office) -> None:
    review = await held_with_values(desk)
    value = await shown(desk, review, "ann", 1)
    assert isinstance(value, Secret) and len(value.reveal()) == MAX_VALUE
    closed = under(desk, extra=MAY.replace('contains("phi.mrn")', 'contains("phi.ssn")'))
    assert isinstance(await shown(closed, review, "ann", 1), Denied)


@pytest.mark.parametrize(("statement", "leaf"), [(0, 2), (0, 3), (1, 0), (-1, 0), (0, -1)])
async def test_what_is_shown_or_not_there_is_not_hidden(desk: Office, statement: int, leaf: int) -> None:
    review = await held_with_values(desk)
    with pytest.raises(NotFound):
        await shown(desk, review, "ann", leaf, statement)


async def test_without_a_permit_there_is_none_and_the_attempt_is_recorded(desk: Office) -> None:
    review = await held_with_values(desk)
    answer = await shown(under(desk), review, "ann")
    assert isinstance(answer, Denied)
    assert (await entries(desk, "action.denied"))[0]["verbs"] == ["review.reveal"]
    assert await entries(desk, "reveal.shown") == []


async def test_what_would_need_a_review_is_denied(desk: Office) -> None:
    asked = (
        '@id("ask") @review("security:1") forbid (principal, action == Interlock::Action::"review.reveal", resource);'
    )
    review = await held_with_values(desk)
    assert isinstance(await shown(under(desk, extra=MAY + asked), review, "ann"), Denied)


async def test_who_is_part_of_the_request_sees_none_and_a_stranger_no_review(desk: Office) -> None:
    review = await held_with_values(desk)
    answer = await shown(desk, review, "olivia")
    assert isinstance(answer, Denied) and answer.reasons[0].code == "part_of_the_request"
    with pytest.raises(NotFound):
        await shown(desk, review, "eve")


@pytest.mark.parametrize("presence", [Presence.TOKEN, Presence.SLACK])
async def test_a_token_or_an_old_login_shows_none(desk: Office, presence: Presence) -> None:
    review = await held_with_values(ruled(desk))
    old = replace(desk.voter("ann"), signed_in_at=None)
    for voter in (by(desk, "ann", presence), old):
        assert isinstance(await Revealing(desk.gate).show_leaf(review.id, voter, 0, 0), Denied)


async def test_values_are_sealed_and_stay_with_a_narrowed_review(desk: Office, tmp_path: Path) -> None:
    review = await held_with_values(desk)
    await narrow(desk, review, "ann", Narrowing(row_cap=1))
    value = await shown(desk, review, "ann")
    assert isinstance(value, Secret) and value.reveal() == "MRN-0042"
    stored = b"".join(file.read_bytes() for file in tmp_path.iterdir())  # noqa: ASYNC240
    assert b"MRN-0042" not in stored
    assert "MRN-0042" not in repr(TEMPLATE)


async def test_who_has_a_passkey_is_shown_a_value_only_with_its_answer(desk: Office) -> None:
    review, keys = await held_with_values(desk), OneKey({"ann"})
    locked = with_desk(desk, passkeys=keys)
    for voter in (desk.voter("ann"), replace(desk.voter("ann"), assertion=replace(PROVEN, count=9))):
        answer = await Revealing(locked.gate).show_leaf(review.id, voter, 0, 1)
        assert isinstance(answer, Denied) and answer.reasons[0].code == "no_passkey_answer"
    assert await entries(desk, "reveal.shown") == [] and len(await entries(desk, "action.denied")) == 2
    value = await Revealing(locked.gate).show_leaf(review.id, replace(desk.voter("ann"), assertion=PROVEN), 0, 1)
    assert isinstance(value, Secret)
    assert keys.asked == [("reveal", "0.1")] * 2
    assert (await entries(desk, "reveal.shown"))[0]["credential"] == PROVEN.credential


async def test_an_answer_read_from_the_ledger_shows_nothing_again(desk: Office) -> None:
    """A synced passkey counts nothing: a stolen session and a copy of the ledger would do, but for the nonce."""
    keys = Passkeys(desk.registry.directory, desk.authority, desk.store, desk.clock, ENTROPY, Site.of(URL, URL))
    locked, ann = with_desk(desk, passkeys=keys), PersonId("ann")
    phone = Authenticator(URL, "control.test", count=None)
    made = phone.register(keys.begin_registration(ann, desk.clock.now()).challenge)
    parts = [identity.unbase64url(each, 8192) for each in (made.attestation, made.client_data)]
    await keys.finish_registration(ann, parts[0], parts[1], "phone")
    review = await held_with_values(locked)
    about = (review.id, identity.REVEAL, review.digest, review.card_digest, identity.leaf_terms(0, 0))

    async def shows(answer: Assertion) -> bool:
        voter = replace(locked.voter("ann"), assertion=answer)
        return isinstance(await Revealing(locked.gate).show_leaf(review.id, voter, 0, 0), Secret)

    assert await shows(identity.read_assertion(**phone.answer(keys.asks(ann, *about).challenge).fields()))
    kept = (await entries(desk, "reveal.shown"))[0]
    parted = {name: kept[name] for name in ("credential", "authenticator_data", "client_data", "signature")}
    asked = identity.unbase64url(json.loads(identity.unbase64url(kept["client_data"], 2048))["challenge"], 64)
    assert asked == identity.once(identity.challenge(review.id, ann, *about[1:]), asked[:32])  # as the docs say
    assert not await shows(identity.read_assertion(**parted))
    keys.asks(ann, *about)
    assert not await shows(identity.read_assertion(**parted))
    assert len(await entries(desk, "reveal.shown")) == 1


async def test_nobody_is_asked_for_an_answer_where_policy_shows_none(desk: Office) -> None:
    review, keys = await held_with_values(desk), OneKey({"ann"})
    voter = replace(desk.voter("ann"), assertion=PROVEN)
    revealing = Revealing(with_desk(under(desk), passkeys=keys).gate)
    assert isinstance(await revealing.show_leaf(review.id, voter, 0, 0), Denied)
    assert keys.asked == []
