"""Words that people and agents type: what looks like data in them is masked before it is shown or kept."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.an_office import Office, export, office
from tests.desk.a_review import break_glass, under

from interlock.desk.answers import Held
from interlock.desk.words import Typed
from interlock.errors import MalformedInput
from interlock.model.comment import CommentKind
from interlock.model.names import ConnectionName
from interlock.model.review import Review, Verdict

SSN = "123-45-6789"
OFFERED = '@review("officers:2") @break_glass("on-call")'


class Masking:
    """`Words` that knows one number."""

    def __init__(self) -> None:
        self.about: list[ConnectionName | None] = []

    async def typed(self, text: str, connection: ConnectionName | None) -> Typed:
        self.about.append(connection)
        return Typed(text.replace(SSN, "[phi.ssn]"), SSN in text)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as opened:
        made = under(opened, OFFERED)
        watching = replace(made.desk, words=Masking())
        yield replace(made, desk=watching, gate=replace(made.gate, desk=watching))


async def held_because(desk: Office, reason: str) -> Review:
    action = replace(export(await desk.agent()), reason_given=reason, ticket_given=SSN)
    answer = await desk.gate.ask(action)
    assert isinstance(answer, Held)
    return answer.review


async def test_an_askers_reason_and_ticket_are_masked_on_the_card(desk: Office, tmp_path: Path) -> None:
    review = await held_because(desk, f"asked about {SSN} by the ward")
    content = (await desk.desk.card(review.id)).content
    assert content["reason_given"] == "asked about [phi.ssn] by the ward"
    assert content["ticket_given"] == "[phi.ssn]"
    assert SSN not in json.dumps(content)
    words = desk.desk.words
    assert isinstance(words, Masking) and set(words.about) == {"clinic"}


async def test_a_voters_reason_is(desk: Office) -> None:
    review = await held_because(desk, "")
    ballot = replace(await desk.ballot(review, Verdict.DENY), reason=f"that is {SSN}")
    await desk.desk.vote(review.id, desk.voter("ann"), ballot)
    assert [v.reason for v in await desk.desk.votes(review.id)] == ["that is [phi.ssn]"]


async def test_what_is_said_is_and_nothing_of_it_is_kept(desk: Office) -> None:
    review = await held_because(desk, "")
    said = await desk.desk.comment(review.id, "person/ann", CommentKind.QUESTION, f"is it {SSN}?")
    answered = await desk.desk.comment(review.id, await desk.agent(), CommentKind.ANSWER, f"yes, {SSN}")
    assert (said.text, answered.text) == ("is it [phi.ssn]?", "yes, [phi.ssn]")
    assert [c.text for c in await desk.desk.comments(review.id)] == [said.text, answered.text]


async def test_why_the_glass_was_broken_is(desk: Office) -> None:
    review = await held_because(desk, "")
    await break_glass(desk, review, "gil", f"the patient {SSN} is in the emergency room")
    assert [c.text for c in await desk.desk.comments(review.id)] == ["the patient [phi.ssn] is in the emergency room"]


async def test_whoever_types_can_ask_what_will_be_kept(desk: Office) -> None:
    review = await held_because(desk, "")
    assert await desk.desk.typed(f"on {SSN}", review.id) == Typed("on [phi.ssn]", masked=True)
    assert await desk.desk.typed("on [phi.ssn]", review.id) == Typed("on [phi.ssn]")
    assert await desk.desk.typed("  ") == Typed("  ")


async def test_what_is_too_long_is_refused_as_before(desk: Office) -> None:
    review = await held_because(desk, "")
    with pytest.raises(MalformedInput):
        await desk.desk.comment(review.id, "person/ann", CommentKind.COMMENT, "x" * 100_000)
