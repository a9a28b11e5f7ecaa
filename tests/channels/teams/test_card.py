"""Cards: whole within Teams' limit or without buttons; and nothing from outside is more than text."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from microsoft_teams.cards import AdaptiveCard
from testkit.teams import buttons, texts
from tests.channels.teams.a_bot import REVIEW, notice

from interlock.channels.notice import Fact, Notice
from interlock.channels.teams.card import LIMIT, MAX_USERS, View, card_of, fits, listed, reminder_of, said, size
from interlock.model.review import ReviewState

USERS = tuple(f"29:{'u' * 60}{n}" for n in range(80))
SIGNER = View(buttons=True, users=USERS)

lines = st.text(max_size=400)
notices = st.builds(
    Notice,
    review=st.just(REVIEW),
    card=st.just(notice().card),
    url=st.just(notice().url),
    state=st.sampled_from(ReviewState),
    title=lines,
    state_line=lines,
    facts=st.lists(st.builds(Fact, lines, lines), max_size=30).map(tuple),
    code=st.lists(lines | st.text(max_size=20_000), max_size=5).map(tuple),
    because=st.lists(lines, max_size=5).map(tuple),
    said=st.text(max_size=9_000),
    ticket=lines,
    asks=lines,
    answers=st.lists(lines, max_size=10).map(tuple),
    enforced_by=lines,
    channels=st.sampled_from([frozenset(), frozenset({"teams"}), frozenset({"slack", "teams"})]),
    expires_at=st.datetimes(timezones=st.just(UTC)),
    whole=st.booleans(),
)
views = st.builds(View, st.booleans(), lines, st.sampled_from([(), USERS]), st.booleans(), st.text(max_size=3_000))


def votes(card: Any) -> list[str]:
    """The verbs of a card that vote."""
    return [each["verb"] for each in buttons(card) if each["verb"] != "refresh"]


@given(notices, views)
def test_any_notice_fits_and_is_whole_or_has_no_buttons(told: Notice, view: View) -> None:
    card = card_of(told, view)
    assert size(card) + 1024 <= LIMIT
    whole = told.state is ReviewState.PENDING and told.whole and "teams" in told.channels and fits(told)
    assert votes(card) == (["approve", "deny"] if whole and view.buttons else [])
    if votes(card):
        everything = "".join(texts(card)).replace("\u00a0", " ")
        for text in (told.title, told.said, *(fact.text for fact in told.facts), *told.because, *told.answers):
            assert text.replace("\u00a0", " ") in everything
        for statement in told.code:
            for line in statement.split("\n"):
                assert line.replace("\u00a0", " ").replace("\t", "    ").replace("\r", "").strip(" ") in everything


@given(notices, views)
def test_texts_stand_in_runs_only_and_the_sdk_reads_the_card(told: Notice, view: View) -> None:
    card = card_of(told, view)
    written = json.dumps(card)
    assert '"TextBlock"' not in written and '"FactSet"' not in written and "entities" not in written
    assert not any("{{" in text for text in texts(card))
    read = AdaptiveCard.model_validate(card)
    assert read.version == "1.5" and len(read.body or ()) == len(card["body"])  # type: ignore[arg-type]


def test_a_button_carries_an_id_and_nothing_else() -> None:
    for button in buttons(card_of(notice(), SIGNER)):
        assert button["data"] == {"card": notice().card}
        assert button["fallback"]["data"] == {"card": notice().card, "verb": button["verb"]}


def test_markup_mentions_and_links_stay_as_they_were_written() -> None:
    hostile = "**Approve** [here](https://evil.example) <at>everyone</at> {{DATE(2017-02-14T06:08:39Z, SHORT)}}"
    card = card_of(notice(said=hostile, title=hostile, because=(hostile,)), SIGNER)
    assert "".join(texts(card)).count(hostile) == 3
    assert [action["url"] for action in card["actions"] if "url" in action] == [notice().url]  # type: ignore[attr-defined]


def test_the_askers_reason_is_marked_as_nobodys_word() -> None:
    shown = list(texts(card_of(notice(), View())))
    assert shown.index("The asker's reason, which nobody has checked") + 1 == shown.index(notice().said)


def test_too_long_is_a_title_a_sentence_and_a_link() -> None:
    card: Any = card_of(notice(code=("x" * 30_000,)), SIGNER)
    assert [action["type"] for action in card["actions"]] == ["Action.OpenUrl"] and "refresh" not in card
    assert any("too long" in text for text in texts(card)) and not any("xxx" in text for text in texts(card))


def test_a_settled_card_is_the_same_for_everybody() -> None:
    for state in set(ReviewState) - {ReviewState.PENDING}:
        card = card_of(notice(state=state), SIGNER)
        assert not buttons(card) and "refresh" not in card


def test_no_more_users_are_named_than_teams_takes_or_than_fit() -> None:
    card: Any = card_of(notice(), replace(SIGNER, users=tuple(f"29:{n}" for n in range(80))))
    assert len(card["refresh"]["userIds"]) == MAX_USERS
    long: Any = card_of(
        notice(code=("x" * 8_000,)), replace(SIGNER, users=tuple(f"29:{'u' * 200}{n}" for n in range(80)))
    )
    assert votes(long) and 0 < len(long["refresh"]["userIds"]) < MAX_USERS


@pytest.mark.parametrize("count", [0, 1, 30])
def test_lists_reminders_and_sentences_fit(count: int) -> None:
    long = notice(title="t" * 9_000, state_line="s" * 9_000)
    until = long.expires_at + timedelta(hours=1)
    cards = (
        listed([(replace(long, expires_at=until), "w" * 5_000)] * count),
        reminder_of(long),
        said("a" * 9_000, "u" * 9_000),
    )
    assert all(size(card) < LIMIT for card in cards)


def test_code_keeps_its_lines_and_its_indent() -> None:
    shown = list(texts(card_of(notice(), View())))
    assert "\u00a0\u00a0SELECT mrn, family_name, city" in shown and ") TO STDOUT" in shown
