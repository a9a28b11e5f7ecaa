"""Copies taken to Slack, and everything that goes wrong on the way."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from testkit.slack import BOT_USER, Slack, Trouble
from testkit.slack_user import words
from tests.channels.a_chat import DANA
from tests.channels.slack.a_workspace import GENERAL, QUICK, Ours, ours

from interlock.channels.readers import NOT_YOURS
from interlock.channels.slack.blocks import APPROVE
from interlock.channels.slack.pacing import Bucket, Pacing
from interlock.channels.slack.web_api import AnswerLost
from interlock.errors import DeliveryUnsure, DestinationGone, MessageGone, ServiceAway
from interlock.model.channels import Account, Channel, Copy
from interlock.model.label import Label
from interlock.model.names import GroupName
from interlock.model.review import Review
from interlock.model.template import Leaf, Template


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Ours]:
    async with Slack() as slack, ours(tmp_path, slack) as running:
        yield running


@pytest.fixture
async def review(here: Ours) -> Review:
    return (await here.chat.held())[0]


@pytest.fixture
def copy(here: Ours, review: Review) -> Copy:
    return here.copy(review)


async def test_a_person_is_told_in_their_own_conversation(here: Ours, review: Review) -> None:
    await here.link("dana")
    copy, message = await here.posted(review, "person/dana")
    assert copy.handle.startswith("DUDANA:") and "agent etl" in words(message)
    assert (message["unfurl_links"], message["unfurl_media"], message["link_names"]) == (False, False, False)
    await here.posted(review, "person/dana")
    assert len(here.slack.called("conversations.open")) == 1


@pytest.mark.parametrize("lost", ["link", "group", "person"])
@pytest.mark.parametrize("move", ["update", "remind"])
async def test_who_may_see_it_no_more_is_told_that_and_nothing_else(here: Ours, lost: str, move: str) -> None:
    mine = await here.link("dana")
    review, _ = await here.chat.held()
    copy, message = await here.posted(review, "person/dana")
    await lose(here, mine, lost)
    await here.chat.office.vote(review, "remy")
    with pytest.raises(DestinationGone) as gone:
        await getattr(here.service.courier, move)(copy)
    assert gone.value.code == ("not_linked" if lost == "link" else "not_theirs")
    (left,) = here.slack.conversations["DUDANA"].messages
    assert left["ts"] == message["ts"] and left["text"] == NOT_YOURS
    assert left["blocks"] == [{"type": "section", "text": {"type": "plain_text", "text": NOT_YOURS, "emoji": False}}]
    with pytest.raises(DestinationGone):
        await here.service.courier.send(here.copy(review, "person/dana"))
    assert len(here.slack.conversations["DUDANA"].messages) == 1


async def lose(here: Ours, mine: Account, what: str) -> None:
    """dana has no account any more, or no say; or isn't here."""
    match what:
        case "link":
            await here.chat.unlink("dana", mine)
        case "group":
            await here.chat.people.remove_group(DANA, GroupName("officers"), "olivia")
        case _:
            await here.chat.people.remove_person(DANA, "olivia")


async def test_a_message_of_one_account_isnt_changed_for_another_ones_sake(here: Ours, review: Review) -> None:
    mine = await here.link("dana")
    copy, _ = await here.posted(review, "person/dana")
    await here.chat.unlink("dana", mine)
    await here.chat.link("remy", mine)  # the account is remy's now, and dana has another one
    other = Account(Channel.SLACK, here.slack.team, here.slack.user("UANOTHER"))
    await here.chat.link("dana", other)
    with pytest.raises(DestinationGone):
        await here.service.courier.update(copy)
    assert here.message(copy.handle)["text"] == NOT_YOURS


@pytest.mark.parametrize("address", ["person/remy", "general", "C0NOWHERE", "#general"])
async def test_a_destination_that_isnt_there(here: Ours, review: Review, address: str) -> None:
    with pytest.raises(DestinationGone):
        await here.service.courier.send(here.copy(review, address))


async def test_somebody_who_left_slack_is_gone(here: Ours, review: Review) -> None:
    await here.link("dana")
    here.slack.user("UDANA", flags={"deleted": True})
    with pytest.raises(DestinationGone):
        await here.service.courier.send(here.copy(review, "person/dana"))


async def test_an_archived_channel_and_one_without_the_bot_are_gone(here: Ours, copy: Copy) -> None:
    here.general.archived = True
    with pytest.raises(DestinationGone, match="is_archived"):
        await here.service.courier.send(copy)
    here.general.archived, here.general.bot_is_in = False, False
    with pytest.raises(DestinationGone, match="not_in_channel"):
        await here.service.courier.send(copy)


async def test_a_removed_bot_is_the_whole_service_away(here: Ours, copy: Copy) -> None:
    here.slack.bot_removed = True
    with pytest.raises(ServiceAway) as away:
        await here.service.courier.send(copy)
    assert away.value.code == "bot_removed" and "bot_token" in away.value.sentence


async def test_a_deleted_message_is_noticed(here: Ours, review: Review) -> None:
    copy, _ = await here.posted(review)
    here.slack.delete(*copy.handle.split(":"))
    with pytest.raises(MessageGone):
        await here.service.courier.update(copy)
    with pytest.raises(MessageGone):
        await here.service.courier.remind(copy)


async def test_slack_asks_to_wait_and_everything_waits(here: Ours, copy: Copy) -> None:
    here.slack.trouble("chat.postMessage", Trouble(status=429, error="ratelimited", retry_after="17"))
    with pytest.raises(ServiceAway) as away:
        await here.service.courier.send(copy)
    assert away.value.seconds == 17
    elsewhere = replace(copy, destination=replace(copy.destination, address="C0OTHER"))
    assert 10 < here.service.courier.pause(elsewhere) <= 17


@pytest.mark.parametrize("junk", ["", "soon", "-5", "1e9", "9" * 40])
async def test_a_retry_after_that_is_junk_is_thirty_seconds(here: Ours, copy: Copy, junk: str) -> None:
    here.slack.trouble("chat.postMessage", Trouble(status=429, error="ratelimited", retry_after=junk))
    with pytest.raises(ServiceAway) as away:
        await here.service.courier.send(copy)
    assert away.value.seconds == 30


@pytest.mark.parametrize(
    "trouble",
    [Trouble(cut=True, done=True), Trouble(status=500, done=True), Trouble(error="internal_error", done=True)],
)
async def test_a_lost_answer_is_looked_for_and_nothing_posted_twice(here: Ours, copy: Copy, trouble: Trouble) -> None:
    here.slack.trouble("chat.postMessage", trouble)
    handle = await here.service.courier.send(copy)
    assert handle == await here.service.courier.find(copy)
    assert len(here.general.messages) == 1 == len(here.slack.called("chat.postMessage"))


@pytest.mark.parametrize("trouble", [Trouble(cut=True), Trouble(status=502)])
async def test_a_lost_call_isnt_found_and_says_that_nobody_knows(here: Ours, copy: Copy, trouble: Trouble) -> None:
    here.slack.trouble("chat.postMessage", trouble)
    with pytest.raises(AnswerLost):
        await here.service.courier.send(copy)
    assert await here.service.courier.find(copy) is None
    await here.service.courier.send(copy)
    assert len(here.general.messages) == 1


async def test_a_redirect_isnt_followed(here: Ours, copy: Copy) -> None:
    here.slack.trouble("chat.postMessage", Trouble(status=307, location=f"{here.slack.api}api.test"))
    with pytest.raises(AnswerLost):
        await here.service.courier.send(copy)
    assert here.slack.called("api.test") == []


async def test_a_hanging_slack_is_given_up(tmp_path: Path) -> None:
    async with Slack() as slack, ours(tmp_path, slack, patience=replace(QUICK, call=0.2)) as here:
        review, _ = await here.chat.held()
        slack.trouble("chat.postMessage", Trouble(hang=True))
        with pytest.raises(AnswerLost):
            await here.service.courier.send(here.copy(review))


async def test_a_slack_that_isnt_there_is_away_and_found_again(here: Ours, copy: Copy) -> None:
    await here.slack.stop()
    with pytest.raises(ServiceAway):
        await here.service.courier.send(copy)
    await here.slack.start()
    await here.service.courier.send(copy)


async def test_find_reads_on_and_ends(here: Ours, review: Review) -> None:
    copy, _ = await here.posted(review)
    other = {"text": "x", "metadata": {"event_type": "other", "event_payload": {"copy": copy.id}}}
    here.general.messages += [other | {"ts": f"{n}.1"} for n in range(250)]
    assert await here.service.courier.find(copy) == copy.handle
    assert len(here.slack.called("conversations.history")) == 3
    here.general.messages += [{"ts": f"{n}.2", "text": "y"} for n in range(600)]
    assert await here.service.courier.find(copy) is None


async def test_blocks_that_slack_refuses_give_way_to_the_short_form(here: Ours, copy: Copy) -> None:
    here.slack.trouble("chat.postMessage", Trouble(error="msg_blocks_too_long"))
    await here.service.courier.send(copy)
    assert "too long" in words(here.general.messages)
    here.slack.trouble("chat.postMessage", *[Trouble(error="invalid_blocks")] * 2)
    with pytest.raises(DestinationGone):
        await here.service.courier.send(copy)


async def test_a_reminder_is_a_reply_there_only(here: Ours, review: Review) -> None:
    copy, _ = await here.posted(review)
    await here.service.courier.remind(replace(copy, reminders=1))
    reply = here.general.messages[-1]
    assert f"{GENERAL}:{reply['thread_ts']}" == copy.handle and reply["reply_broadcast"] is False
    assert "still waits" in words(reply)
    here.slack.trouble("chat.postMessage", Trouble(cut=True, done=True))
    with pytest.raises(DeliveryUnsure):
        await here.service.courier.remind(copy)


async def test_an_update_without_a_message_posts_one(here: Ours, copy: Copy) -> None:
    handle = await here.service.courier.update(copy)
    assert handle == await here.service.courier.update(copy)
    assert len(here.general.messages) == 1


async def test_no_value_leaves(here: Ours) -> None:
    await here.link("dana")
    hidden = Leaf(None, "text", Label("phi.mrn"), "9-16", "#1")
    template = Template(("COPY (SELECT * FROM patients WHERE mrn = ", ") TO STDOUT"), (hidden,))
    text = "COPY (SELECT * FROM patients WHERE mrn = 'CANARY-4711') TO STDOUT"
    review, _ = await here.chat.held(text, templates=(template,))
    _, message = await here.posted(review)
    await here.user("dana").press(APPROVE, message, GENERAL)
    await here.user("dana").open_home()
    await here.settled()
    assert "phi.mrn" in words(message) and "CANARY" not in here.slack.traffic()


def test_a_channel_takes_one_a_second() -> None:
    now = 100.0
    pacing = Pacing(lambda: now)
    assert pacing.before_post("C1") == 0
    pacing.posting("C1")
    assert pacing.before_post("C1") == 1.0 and pacing.before_post("C2") == 0 and pacing.before_update("C1") == 1.0
    now = 101.0
    assert pacing.before_post("C1") == 0


def test_updates_and_conversations_are_tier_three() -> None:
    pacing = Pacing(lambda: 100.0)
    for _ in range(20):
        assert pacing.before_update("C1") == 0
        pacing.updating()
        pacing.opening()
    assert pacing.before_update("C1") == pytest.approx(1.2)
    assert pacing.before_post("person/dana", opens=True) == pytest.approx(1.2)
    assert pacing.before_post("person/dana") == 0


def test_ten_thousand_channels_are_remembered_and_no_more() -> None:
    pacing = Pacing(lambda: 100.0)
    for number in range(10_050):
        pacing.before_post(f"C{number}")
    assert len(pacing._channels) == 10_000


def test_a_bucket_never_holds_more_than_its_burst() -> None:
    bucket = Bucket(rate=1.0, burst=2.0)
    for _ in range(3):
        bucket.take(1000.0)
    assert bucket.wait(1000.0) == 2.0 and bucket.wait(5000.0) == 0


async def test_find_believes_nobody_elses_message(here: Ours, copy: Copy) -> None:
    handle = await here.service.courier.send(copy)
    ours_ = here.message(handle)
    others = ({"user": "U0OTHER", "bot_id": "B0OTHER"}, {"user": "U0OTHER"}, {"user": BOT_USER, "bot_id": "B0OTHER"})
    for number, by in enumerate(others):
        plain = {name: value for name, value in ours_.items() if name not in ("user", "bot_id")}
        here.general.messages.append(plain | by | {"ts": f"1800000000.00000{number}"})
    assert await here.service.courier.find(copy) == handle
    here.slack.delete(GENERAL, ours_["ts"])
    assert await here.service.courier.find(copy) is None
    assert len(here.slack.called("auth.test")) == 1


async def test_without_knowing_who_we_are_nothing_is_said_not_to_be_there(
    here: Ours, copy: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    await here.service.courier.send(copy)
    monkeypatch.setattr("testkit.slack.BOT_USER", "")
    monkeypatch.setattr("testkit.slack.BOT", "")
    with pytest.raises(AnswerLost):
        await here.service.courier.find(copy)
