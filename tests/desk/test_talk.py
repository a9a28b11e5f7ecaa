"""Comments, questions and answers: who says what to whom, how much of it, and what is kept of the words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.an_office import Office, office
from tests.desk.a_review import break_glass, entries, held, narrow, under

from interlock.desk.talk import LONGEST, MOST, MOST_BY_ONE, MOST_BY_PART
from interlock.errors import Conflict, MalformedInput, NotEntitled, NotFound
from interlock.model.actor import Actor
from interlock.model.comment import CommentKind
from interlock.model.narrowing import Narrowing

OFFERED = '@review("officers:2") @break_glass("on-call")'
WORDS = "Which MRN-0042 ward?"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as opened:
        yield under(opened, OFFERED)


async def test_what_is_said_is_kept_sealed_and_committed_to(desk: Office, tmp_path: Path) -> None:
    review, _ = await held(desk)
    await desk.desk.comment(review.id, "person/ann", CommentKind.QUESTION, WORDS)
    await desk.desk.comment(review.id, await desk.agent(), CommentKind.ANSWER, "the third")
    said = await desk.desk.comments(review.id)
    assert [(c.who, c.kind, c.text) for c in said] == [
        ("person/ann", CommentKind.QUESTION, WORDS),
        ("agent/etl", CommentKind.ANSWER, "the third"),
    ]
    assert await entries(desk, "review.commented") == [
        {"who": "person/ann", "kind": "question"},
        {"who": "agent/etl", "kind": "answer"},
    ]
    stored = b"".join(file.read_bytes() for file in tmp_path.iterdir())  # noqa: ASYNC240
    assert b"MRN-0042" not in stored


@pytest.mark.parametrize("kind", [CommentKind.COMMENT, CommentKind.QUESTION])
async def test_people_who_may_see_it_comment_and_nobody_else(desk: Office, kind: CommentKind) -> None:
    review, _ = await held(desk)
    for name in ("ann", "olivia", "gil"):
        await desk.desk.comment(review.id, f"person/{name}", kind, "so")
    with pytest.raises(NotFound):
        await desk.desk.comment(review.id, "person/eve", kind, "so")
    with pytest.raises(NotEntitled):
        await desk.desk.comment(review.id, "agent/etl", kind, "so")
    with pytest.raises(NotEntitled):
        await desk.desk.comment(review.id, await desk.agent(), kind, "so")


@pytest.mark.parametrize("who", ["agent/etl", "agent/other", "person/ann", "operator/etl", "etl"])
async def test_only_who_asked_answers(desk: Office, who: str) -> None:
    review, _ = await held(desk)
    with pytest.raises(NotEntitled):
        await desk.desk.comment(review.id, who, CommentKind.ANSWER, "so")
    with pytest.raises(NotEntitled):
        await desk.desk.comment(review.id, await desk.agent("other"), CommentKind.ANSWER, "so")


async def test_who_asked_says_so_much_and_no_more(desk: Office) -> None:
    (review, _), agent = await held(desk), await desk.agent()
    for _ in range(MOST_BY_ONE):
        await desk.desk.comment(review.id, agent, CommentKind.ANSWER, "so")
    with pytest.raises(Conflict, match="you have said"):
        await desk.desk.comment(review.id, agent, CommentKind.ANSWER, "so")
    await desk.desk.comment(review.id, "person/ann", CommentKind.QUESTION, "why?")


async def test_there_is_an_end_to_it_and_people_have_the_last_word(tmp_path: Path) -> None:
    async with office(tmp_path) as opened:
        await _filled(under(opened, OFFERED.replace('officers:2")', 'officers:2, security:1")')))


async def _filled(desk: Office) -> None:
    review, _ = await held(desk)

    async def say(who: str | Actor, kind: CommentKind, times: int) -> None:
        await asyncio.gather(*(desk.desk.comment(review.id, who, kind, "so") for _ in range(times)))

    for name in ("ann", "bob"):
        await say(f"person/{name}", CommentKind.COMMENT, MOST_BY_ONE)
    with pytest.raises(Conflict, match="you have said"):
        await say("person/ann", CommentKind.QUESTION, 1)
    await say("person/olivia", CommentKind.COMMENT, MOST_BY_PART)  # owns who asked
    with pytest.raises(Conflict, match="you have said"):
        await say("person/olivia", CommentKind.COMMENT, 1)
    with pytest.raises(Conflict, match="as many comments"):
        await say(await desk.agent(), CommentKind.ANSWER, 1)  # people have the last word
    await say("person/cat", CommentKind.COMMENT, MOST - 2 * MOST_BY_ONE - MOST_BY_PART)
    with pytest.raises(Conflict, match="as many comments"):
        await say("person/gil", CommentKind.COMMENT, 1)
    await break_glass(desk, review, "gil")  # why the glass was broken is taken all the same
    assert len(await desk.desk.comments(review.id)) == MOST + 1


@pytest.mark.parametrize("text", ["", "  \n", "x" * (LONGEST + 1)])
async def test_neither_nothing_nor_a_book(desk: Office, text: str) -> None:
    review, _ = await held(desk)
    with pytest.raises(MalformedInput):
        await desk.desk.comment(review.id, "person/ann", CommentKind.COMMENT, text)


async def test_what_cannot_be_seen_is_not_said(desk: Office) -> None:
    review, _ = await held(desk)
    said = await desk.desk.comment(review.id, "person/ann", CommentKind.COMMENT, "a\0b\u202ec\nd")
    assert said.text == "a\ufffdb\ufffdc\nd"


async def test_who_waits_hears_of_questions_and_narrowings(desk: Office) -> None:
    review, _ = await held(desk, cappable=True)
    waiting = asyncio.ensure_future(desk.desk.news(review.id, review.digest, 0, 30))
    await desk.desk.comment(review.id, "person/ann", CommentKind.COMMENT, "not for you")
    await desk.desk.comment(review.id, "person/ann", CommentKind.QUESTION, WORDS)
    found, questions = await waiting
    assert ([c.text for c in questions], found.digest) == ([WORDS], review.digest)
    waiting = asyncio.ensure_future(desk.desk.news(review.id, review.digest, 1, 30))
    narrowed = await narrow(desk, review, "ann", Narrowing(row_cap=3))
    found, questions = await waiting
    assert (found.digest, questions) == (narrowed.digest, [])
    assert desk.desk.is_narrowed(found) and not desk.desk.is_narrowed((await held(desk, "COPY a TO STDOUT"))[0])
