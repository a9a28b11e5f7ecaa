"""What is shown: any notice at all stays within Slack's limits, and nothing in it becomes markup, mention or link."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View
from testkit.slack_limits import faults_of_message, faults_of_view
from testkit.slack_user import buttons, words

from interlock.channels.answering import Answered, Line
from interlock.channels.notice import Fact, Notice
from interlock.channels.slack.blocks import (
    APPROVE,
    DENY,
    MAX_LITERAL,
    OPEN,
    card,
    cut,
    fits,
    message,
    short_message,
    size,
)
from interlock.channels.slack.views import card_view, home_view, reason_view, told_view, waiting_view
from interlock.model.names import ReviewId
from interlock.model.review import ReviewState, Verdict

NASTY = '<!channel> <@U0DANA> <https://evil.example|Approve> *bold* :tada: & https://evil.example "'
CARD = "01900000-0000-7000-8000-000000000000." + "0" * 32
NOTICE = Notice(
    review=ReviewId("01900000-0000-7000-8000-000000000000"),
    card=CARD,
    url="https://interlock.clinic.test/reviews/1",
    state=ReviewState.PENDING,
    title="agent etl asks to export clinic/public.patients",
    state_line="Waiting for sign-off",
    facts=(Fact("Who", "agent etl, answered for by olivia"), Fact("Where", "clinic (production, hipaa)")),
    code=("COPY patients TO STDOUT",),
    because=("PHI would leave the database (phi-export)",),
    said="the ward asked",
    ticket="OPS-1",
    asks="1 of officers",
    answers=(),
    enforced_by="gateway",
    channels=frozenset({"slack"}),
    expires_at=datetime(2026, 11, 22, 12, tzinfo=UTC),
    whole=True,
)
some_text = st.one_of(
    st.text(max_size=40),
    st.sampled_from([NASTY, "", " ", "x" * 151, "x" * 2901, "\U0001f600" * 1600]),
)
many = st.lists(some_text, max_size=60).map(tuple)
notices = st.builds(
    Notice,
    review=st.just(NOTICE.review),
    card=st.just(CARD),
    url=st.sampled_from([NOTICE.url, "", "javascript:alert(1)", "https://x.test/" + "y" * 4000]),
    state=st.sampled_from(ReviewState),
    title=some_text,
    state_line=some_text,
    facts=st.lists(st.builds(Fact, some_text, some_text), max_size=80).map(tuple),
    code=many,
    because=many,
    said=some_text,
    ticket=some_text,
    asks=some_text,
    answers=many,
    enforced_by=some_text,
    channels=st.sampled_from([frozenset({"slack"}), frozenset({"console"}), frozenset[str]()]),
    expires_at=st.just(NOTICE.expires_at),
    whole=st.booleans(),
)


@settings(max_examples=60, deadline=None)
@given(notices, st.one_of(st.none(), some_text))
def test_any_notice_is_within_the_limits(notice: Notice, why_not: str | None) -> None:
    for shown in (message(notice, why_not), short_message(notice)):
        blocks = list(shown.blocks)
        assert faults_of_message(blocks, shown.text) == []
        for block in Block.parse_all(blocks):
            block.validate_json()
        assert not {"mrkdwn", "link", "user", "usergroup", "broadcast", "channel", "emoji"} & set(kinds(blocks))
        assert "evil" not in shown.text and "<" not in shown.text


@settings(max_examples=60, deadline=None)
@given(notices, some_text)
def test_any_view_is_within_the_limits(notice: Notice, text: str) -> None:
    answer = Answered(text, False, notice.url)
    lines = [Line(notice, text), Line(notice, None)] * 12
    views = [
        card_view(notice, None),
        told_view(answer),
        waiting_view(),
        home_view(lines),
        home_view(answer),
        home_view([]),
        *(reason_view(verdict, notice.card) for verdict in Verdict),
    ]
    for view in views:
        assert faults_of_view(view) == []
        View(**view).validate_json()  # type: ignore[arg-type]
        assert "mrkdwn" not in set(kinds(view))


@settings(max_examples=60, deadline=None)
@given(notices)
def test_buttons_mean_that_all_of_the_card_is_there(notice: Notice) -> None:
    blocks = list(card(notice, None))
    votes = [each for each in buttons({"blocks": blocks}) if each["action_id"] in (APPROVE, DENY)]
    assert {each["value"] for each in votes} <= {notice.card}
    if not votes:
        return
    assert notice.whole and fits(notice) and notice.state is ReviewState.PENDING and "slack" in notice.channels
    seen = words(blocks)
    for text in (*notice.code, *notice.because, notice.said, notice.ticket, notice.asks, *notice.answers):
        assert text in seen
    assert all(fact.text in seen and fact.name in seen for fact in notice.facts)


def test_a_card_that_fits_has_three_buttons() -> None:
    assert actions_of(NOTICE) == [APPROVE, DENY, OPEN]


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (replace(NOTICE, whole=False), "couldn't be read"),
        (replace(NOTICE, code=("x" * (MAX_LITERAL + 1),)), "too long"),
        (replace(NOTICE, code=("x" * 2000,) * 7), "too long"),
        (replace(NOTICE, code=("\U0001f600" * (MAX_LITERAL // 2 + 1),)), "too long"),
        (replace(NOTICE, channels=frozenset({"teams"})), "Policy"),
    ],
)
def test_a_card_that_cant_be_answered_here_says_why_and_leads_to_the_console(changed: Notice, says: str) -> None:
    assert actions_of(changed) == [OPEN]
    assert says in words(list(card(changed, None)))


@pytest.mark.parametrize("state", [each for each in ReviewState if each is not ReviewState.PENDING])
def test_once_settled_it_is_only_read(state: ReviewState) -> None:
    assert actions_of(replace(NOTICE, state=state)) == [OPEN]


def test_what_the_agent_wrote_stays_what_it_is() -> None:
    notice = replace(NOTICE, said=NASTY, title=NASTY, code=(NASTY,), facts=(Fact("Who", NASTY),))
    literal = [each for each in texts(list(card(notice, None))) if each["text"] == NASTY]
    assert {each["type"] for each in literal} == {"plain_text", "text"} and len(literal) == 4


@settings(max_examples=60, deadline=None)
@given(some_text, st.integers(2, 60))
def test_cutting_keeps_to_the_length(text: str, most: int) -> None:
    assert size(cut(text, most)) <= most
    assert cut(text, most) == text or cut(text, most).endswith("…")


def actions_of(notice: Notice) -> list[str]:
    return [each["action_id"] for each in buttons({"blocks": list(card(notice, None))})]


def kinds(value: Any) -> Iterator[str]:
    for each in records(value):
        if isinstance(each.get("type"), str):
            yield each["type"]


def texts(value: Any) -> list[dict[str, Any]]:
    return [each for each in records(value) if isinstance(each.get("text"), str)]


def records(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from records(each)
    elif isinstance(value, list):
        for each in value:
            yield from records(each)
