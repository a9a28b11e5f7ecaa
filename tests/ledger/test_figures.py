"""Figures about fatigue: each definition of docs/topics/fatigue.md, on a log made by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from tests.ledger.making import CARD, DIGEST, NOW, Node, draft, uuid

from interlock.ledger import figures as folding
from interlock.ledger.fatigue import ALWAYS, Ending, Overview, times
from interlock.ledger.figures import KEPT, Figures
from interlock.model.canonical import JsonValue
from interlock.model.entry import EntryType

WEEK = timedelta(days=7)


@dataclass
class Story:
    """A log with its fold, and a clock that moves with `after`."""

    node: Node = field(default_factory=Node)
    figures: Figures = field(default_factory=Figures)
    number: int = 100

    def after(self, seconds: float) -> Story:
        self.node.now += timedelta(seconds=seconds)
        return self

    def say(self, type_: EntryType, review: int, **d: JsonValue) -> Story:
        self.number += 1
        self.node.now -= timedelta(seconds=1)  # which a flush adds
        for entry in self.node.flush(draft(type_, self.number, obj=uuid(review), act=uuid(review), **d)):
            self.figures.take(entry)
        return self

    def opened(self, review: int, *groups: str, actor: str = "etl", excluded: tuple[str, ...] = ()) -> Story:
        quorums: list[JsonValue] = [{"group": group, "count": 1} for group in groups or ("officers",)]
        return self.say(EntryType.REVIEW_OPENED, review, quorums=quorums, actor=actor, excluded=list(excluded))

    def seen(self, review: int, person: str, where: str = "console", card: str = CARD) -> Story:
        return self.say(EntryType.REVIEW_SEEN, review, person=person, where=where, card=card)

    def vote(
        self, review: int, person: str, settles: str = "approved", presence: str = "console", card: str = CARD
    ) -> Story:
        verdict = "deny" if settles == "denied" else "approve"
        d = {"person": person, "settles": settles, "presence": presence, "verdict": verdict}
        return self.say(EntryType.VOTE_CAST, review, digest=DIGEST, card=card, **d)

    def over(self, length: timedelta = WEEK) -> Overview:
        return self.figures.over(length, self.node.now)


def test_nothing_is_nothing_and_no_share_is_made_up() -> None:
    found = Figures().over(WEEK, NOW)
    assert (found.opened, found.waiting, found.unseen, found.votes.count) == (0, 0, 0, 0)
    assert found.decision.p50 is None and found.votes.approval_share is None and found.votes.quick_share is None
    assert (found.people, found.groups, found.requesters) == ((), (), ())
    assert found.complete


def test_the_time_to_decision_is_from_opening_to_the_vote_that_settles_by_group_and_overall() -> None:
    story = Story().opened(1, "officers", "privacy").opened(2, "officers")
    story.after(10).vote(1, "ann", "").after(20).vote(1, "bob", "approved").after(10).vote(2, "ann", "denied")
    found = story.over()
    assert (found.decision.count, found.decision.p50, found.decision.p90) == (2, 30.0, 40.0)
    assert {each.group: (each.decision.count, each.decision.p90) for each in found.groups} == {
        "officers": (2, 40.0),
        "privacy": (1, 30.0),
    }
    assert (found.ended[Ending.APPROVED], found.ended[Ending.DENIED]) == (1, 1)


@pytest.mark.parametrize(
    ("values", "p50", "p90"),
    [([7.0], 7.0, 7.0), ([2.0, 1.0], 1.0, 2.0), ([float(n) for n in range(1, 11)], 5.0, 9.0), ([1, 2, 3], 2, 3)],
)
def test_percentiles_are_values_that_happened(values: list[float], p50: float, p90: float) -> None:
    found = times(values)
    assert (found.p50, found.p90) == (p50, p90)


def test_the_first_look_is_anybodys_who_isnt_part_of_the_request() -> None:
    story = Story().opened(1, excluded=("owen",)).after(5).seen(1, "owen").after(5).seen(1, "ann")
    story.after(5).seen(1, "bob").vote(1, "bob")
    assert story.over().first_look.p50 == 10.0
    story.opened(2).after(3).vote(2, "bob", presence="token")  # who votes has looked
    assert story.over().first_look.p50 == 3.0


def test_quick_is_under_two_seconds_of_that_persons_first_look_at_that_card() -> None:
    story = Story().opened(1).seen(1, "ann").after(1.999).vote(1, "ann", "")
    story.opened(2).seen(2, "ann").after(2).vote(2, "ann", "")
    story.opened(3).seen(3, "bob").after(60).seen(3, "bob").vote(3, "bob", "")  # the second look counts for nothing
    story.opened(4).seen(4, "bob").after(1).seen(4, "ann").after(1.5).vote(
        4, "ann", ""
    )  # Ann's own look is what counts
    votes = story.over().votes
    assert (votes.count, votes.measured, votes.quick) == (4, 4, 2)
    assert {each.person: each.votes.quick for each in story.over().people} == {"ann": 2, "bob": 0}


def test_a_narrowed_card_is_another_card() -> None:
    story = (
        Story().opened(1).seen(1, "ann").after(600).seen(1, "ann", card="e" * 64).after(1).vote(1, "ann", card="e" * 64)
    )
    assert story.over().votes.quick == 1
    story.opened(2).seen(2, "ann").after(1).vote(2, "ann", card="e" * 64)  # never saw this one, as far as is known
    assert (story.over().votes.count, story.over().votes.measured) == (2, 1)


@pytest.mark.parametrize("presence", ["slack", "teams", "callback"])
def test_what_comes_by_a_channel_isnt_measured(presence: str) -> None:
    story = Story().opened(1).seen(1, "ann", presence).vote(1, "ann", presence=presence)
    assert (story.over().votes.count, story.over().votes.measured) == (1, 0)
    assert story.over().unseen == 0


def test_load_is_by_utc_day_the_last_24_hours_and_the_busiest_hour() -> None:
    story = Story()
    story.node.now = datetime(2026, 11, 20, 9, 10, tzinfo=UTC)
    for review, wait in enumerate((0, 60, 3600, 86400, 60)):
        story.after(wait).opened(review).vote(review, "ann", "approved" if review else "denied")
    (ann,) = story.over().people
    assert [(f"{day:%d}", count) for day, count in ann.days] == [("20", 3), ("21", 2)]
    assert ann.last_day == 2
    assert (ann.busiest, ann.busiest_votes) == (datetime(2026, 11, 20, 9, tzinfo=UTC), 2)
    assert (ann.votes.approvals, ann.votes.approval_share) == (4, 0.8)


def test_who_always_says_yes() -> None:
    story = Story()
    for review in range(ALWAYS):
        assert not any(each.votes.always_yes for each in story.over().people)
        story.opened(review).vote(review, "ann")
    assert story.over().people[0].votes.always_yes
    story.opened(99).vote(99, "ann", "denied")
    assert not story.over().people[0].votes.always_yes


def test_what_nobody_saw_and_what_nobody_answered() -> None:
    story = Story().opened(1, excluded=("owen",)).seen(1, "owen").opened(2).seen(2, "ann").opened(3).opened(4)
    story.opened(5).vote(5, "ann", "").opened(6).seen(6, "ann").opened(7)
    for review in (1, 2, 5):
        story.say(EntryType.REVIEW_EXPIRED, review)
    story.say(EntryType.REVIEW_WITHDRAWN, 3).say(EntryType.REVIEW_SUPERSEDED, 4)
    found = story.over()
    assert (found.unseen, found.unseen_expired, found.unanswered) == (3, 1, 2)
    assert (found.waiting, found.waiting_unseen) == (2, 1)
    assert found.ended[Ending.EXPIRED] == 3 and found.decision.count == 0


def test_an_approval_that_ends_later_isnt_a_second_decision() -> None:
    story = Story().opened(1).after(5).vote(1, "ann").after(50).vote(1, "bob", "denied")
    story.say(EntryType.REVIEW_EXPIRED, 1).seen(1, "cat")
    found = story.over()
    assert (found.decision.count, found.decision.p50, found.votes.count, found.unanswered) == (1, 5.0, 1, 0)
    assert sum(found.ended.values()) == 1


def test_glass_is_an_ending_and_no_decision_by_vote() -> None:
    story = Story().opened(1).say(EntryType.BREAK_GLASS_USED, 1, person="gil")
    found = story.over()
    assert (found.ended[Ending.GLASS], found.decision.count, found.votes.count) == (1, 0, 0)


def test_requesters_by_what_they_opened_in_the_time() -> None:
    story = Story().opened(1, actor="old").after(8 * 86400).opened(2, actor="etl").opened(3, actor="bi")
    story.opened(4, actor="bi").vote(4, "ann").vote(1, "ann")
    found = story.over()
    assert found.requesters == (("bi", 2), ("etl", 1)) and found.opened == 3
    assert story.over(timedelta(days=30)).opened == 4


def test_a_window_holds_what_ended_in_it() -> None:
    story = Story().opened(1).after(10).vote(1, "ann").after(3 * 86400).opened(2).after(20).vote(2, "ann")
    assert story.over(timedelta(days=1)).decision.p50 == 20.0 and story.over().decision.count == 2


def test_after_thirty_days_it_is_forgotten() -> None:
    story = Story().opened(1).vote(1, "ann").after(KEPT.total_seconds()).opened(2).vote(2, "ann")
    assert story.over(KEPT * 2).votes.count == 1 and story.over(KEPT * 2).complete
    assert len(story.figures._ended) == len(story.figures._cast) == 1


def test_memory_has_a_bound_and_the_figures_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folding, "MOST_VOTES", 3)
    monkeypatch.setattr(folding, "MOST_ENDED", 3)
    monkeypatch.setattr(folding, "MOST_WAITING", 2)
    monkeypatch.setattr(folding, "MOST_LOOKS", 2)
    story = Story()
    for review in range(5):
        story.after(60).opened(review).vote(review, "ann")
    assert (story.over().votes.count, sum(story.over().ended.values()), story.over().complete) == (3, 3, False)
    assert story.over(timedelta(seconds=90)).complete
    for review in range(10, 14):
        story.opened(review)
    assert story.over().waiting == 2
    for person in ("ann", "bob", "cat"):
        story.seen(13, person)
    story.after(1).vote(13, "cat", "")
    assert story.over().people[-1].votes.measured == 0


def test_somebody_who_isnt_an_auditor_sees_the_whole_and_themselves() -> None:
    story = Story().opened(1).vote(1, "ann").opened(2).vote(2, "bob")
    mine = story.over().for_person(story.over().people[0].person)
    assert [each.person for each in mine.people] == ["ann"] and mine.votes.count == 2
    assert mine.groups == () and mine.requesters == ()
