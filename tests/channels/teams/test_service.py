"""The courier: each way in which Teams fails means one thing to the outbox."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from testkit.http_service import Fault, Reply
from testkit.teams import texts
from tests.channels.a_chat import DANA
from tests.channels.teams.a_bot import Bot, bot

from interlock.channels.readers import NOT_YOURS
from interlock.channels.teams.card import said
from interlock.errors import DeliveryUnsure, DestinationGone, MessageGone, ServiceAway
from interlock.model.channels import Account, Channel
from interlock.model.names import GroupName


async def warm(b: Bot) -> None:
    """The bot is logged in, so that the next call is the one that fails."""
    dana = await b.linked("dana")
    await b.posted((await b.chat.held("COPY warm TO STDOUT"))[0], b.teams.channel(dana))


async def test_asked_to_wait_it_says_for_how_long_and_nothing_was_delivered(tmp_path: Path) -> None:
    async with bot(tmp_path) as b:
        await warm(b)
        place = b.teams.channel()
        review, _ = await b.chat.held()
        b.teams.faults += [None, Reply(429, {}, {"Retry-After": "7"})]
        with pytest.raises(ServiceAway) as caught:
            await b.posted(review, place)
        assert caught.value.seconds == 7 and place.messages == {}
        await b.posted(review, place)
        assert len(place.messages) == 1


@pytest.mark.parametrize("status", [408, 412, 500, 502, 503, 504])
async def test_what_may_pass_is_tried_again(tmp_path: Path, status: int) -> None:
    async with bot(tmp_path) as b:
        await warm(b)
        review, _ = await b.chat.held()
        b.teams.faults += [None, Reply(status)]
        with pytest.raises(ServiceAway):
            await b.posted(review, b.teams.channel())


async def test_with_nobody_there_it_is_away(tmp_path: Path) -> None:
    async with bot(tmp_path) as b:
        await warm(b)
        review, _ = await b.chat.held()
        await b.teams.stop()
        with pytest.raises(ServiceAway):
            await b.posted(review, b.teams.channel())


@pytest.mark.parametrize("fault", [Fault.LOST_ANSWER, Fault.HANG])
async def test_a_lost_answer_to_a_first_message_leaves_it_unsure(tmp_path: Path, fault: Fault) -> None:
    async with bot(tmp_path, seconds=0.5) as b:
        await warm(b)
        review, _ = await b.chat.held()
        b.teams.faults += [None, fault]
        with pytest.raises(DeliveryUnsure):
            await b.posted(review, b.teams.channel())
        with pytest.raises(DeliveryUnsure):
            await b.ours.courier.find(b.copy(review, "19:x@thread.tacv2"))


async def test_a_lost_answer_to_a_change_is_made_again(tmp_path: Path) -> None:
    async with bot(tmp_path) as b:
        await warm(b)
        place = b.teams.channel()
        copy = await b.posted((await b.chat.held())[0], place)
        b.teams.faults += [Fault.LOST_ANSWER]
        with pytest.raises(ServiceAway):
            await b.ours.courier.update(copy)
        assert await b.ours.courier.update(copy) == copy.handle and len(place.messages) == 1


async def test_a_deleted_message_a_removed_bot_and_a_conversation_that_is_no_more(tmp_path: Path) -> None:
    async with bot(tmp_path) as b:
        place = b.teams.channel()
        review, _ = await b.chat.held()
        copy = await b.posted(review, place)
        b.teams.delete_message(place, copy.handle.split(" ")[1])
        with pytest.raises(MessageGone):
            await b.ours.courier.update(copy)
        b.teams.remove_bot(place)
        for move in (b.ours.courier.update, b.ours.courier.send, b.ours.courier.remind):
            with pytest.raises(DestinationGone):
                await move(copy)
        del b.teams.conversations[place.id]
        with pytest.raises(DestinationGone):
            await b.ours.courier.update(copy)


async def test_what_can_not_be_a_conversation_is_never_called(tmp_path: Path) -> None:
    async with bot(tmp_path) as b:
        await warm(b)
        review, _ = await b.chat.held()
        asked = len(b.teams.requests)
        for address in ("../../admin", "19:a/b", "19:a?b", "", "person/nobody", "person/remy"):
            with pytest.raises(DestinationGone):
                await b.ours.courier.send(b.copy(review, address))
        for handle in ("19:a", "19:a ../b", "19:a/x 1"):
            with pytest.raises(DestinationGone):
                await b.ours.courier.update(b.copy(review, "19:a", handle))
        assert len(b.teams.requests) == asked


async def test_a_person_for_whom_the_bot_is_not_installed(tmp_path: Path) -> None:
    async with bot(tmp_path) as b:
        dana = await b.linked("dana")
        b.teams.uninstalled.add(dana.object)
        review, _ = await b.chat.held()
        with pytest.raises(DestinationGone):
            await b.ours.courier.send(b.copy(review, "person/dana"))
        b.teams.uninstalled.clear()
        handle = await b.ours.courier.send(b.copy(review, "person/dana"))
        assert handle.startswith(b.teams.chat(dana).id)


@pytest.mark.parametrize("lost", ["link", "group", "person"])
@pytest.mark.parametrize("move", ["update", "remind"])
async def test_who_may_see_it_no_more_is_told_that_and_nothing_else(tmp_path: Path, lost: str, move: str) -> None:
    async with bot(tmp_path) as b:
        dana = await b.linked("dana")
        review, _ = await b.chat.held()
        copy = b.copy(review, "person/dana")
        copy = replace(copy, handle=await b.ours.courier.send(copy))
        match lost:
            case "link":
                await b.chat.unlink("dana", Account(Channel.TEAMS, b.teams.tenant, dana.object))
            case "group":
                await b.chat.people.remove_group(DANA, GroupName("officers"), "olivia")
            case _:
                await b.chat.people.remove_person(DANA, "olivia")
        await b.chat.office.vote(review, "remy")
        with pytest.raises(DestinationGone) as gone:
            await getattr(b.ours.courier, move)(copy)
        assert gone.value.code == ("not_linked" if lost == "link" else "not_theirs")
        (card,) = b.teams.chat(dana).cards
        assert card == said(NOT_YOURS)
        with pytest.raises(DestinationGone):
            await b.ours.courier.send(b.copy(review, "person/dana"))


async def test_another_account_beside_changes_nothing_for_the_first_ones_chat(tmp_path: Path) -> None:
    async with bot(tmp_path) as b:
        dana, other = await b.linked("dana"), await b.linked("dana", b.teams.user("dana too"))
        first, second = sorted((dana, other), key=lambda user: user.object)
        review, _ = await b.chat.held()
        copy = b.copy(review, "person/dana")
        copy = replace(copy, handle=await b.ours.courier.send(copy))
        assert copy.handle.endswith(f" {first.object}")
        await b.chat.unlink("dana", Account(Channel.TEAMS, b.teams.tenant, second.object))
        assert await b.ours.courier.update(copy) == copy.handle
        moved = replace(copy, handle=copy.handle.replace(first.object, second.object))
        with pytest.raises(DestinationGone):
            await b.ours.courier.update(moved)


async def test_a_reminder_goes_into_the_cards_thread(tmp_path: Path) -> None:
    async with bot(tmp_path) as b:
        place = b.teams.channel()
        copy = await b.posted((await b.chat.held())[0], place)
        await b.ours.courier.remind(copy)
        assert "This review still waits" in list(texts(place.cards[1]))
        assert b.teams.requests[-1].path.endswith(f";messageid={copy.handle.split(' ')[1]}/activities")


async def test_one_token_for_all_until_it_is_refused_or_nearly_over(tmp_path: Path) -> None:
    async with bot(tmp_path) as b:
        place = b.teams.channel()
        copy = await b.posted((await b.chat.held())[0], place)
        await b.ours.courier.update(copy)
        assert b.teams.logins == 1
        b.chat.office.clock.forward(minutes=56)
        await b.ours.courier.remind(copy)
        assert b.teams.logins == 2
        b.teams.forget()
        with pytest.raises(ServiceAway):
            await b.ours.courier.update(copy)
        await b.ours.courier.update(copy)
        assert b.teams.logins == 3


async def test_without_a_login_it_is_away_and_the_login_is_not_asked_at_once_again(tmp_path: Path) -> None:
    async with bot(tmp_path) as b:
        review, _ = await b.chat.held()
        b.teams.faults += [Reply(500)]
        for _ in range(3):
            with pytest.raises(ServiceAway):
                await b.posted(review, b.teams.channel())
        assert len(b.teams.requests) == 1
        b.chat.office.clock.forward(seconds=6)
        await b.posted(review, b.teams.channel())


async def test_the_limits_of_a_conversation_are_kept(tmp_path: Path) -> None:
    async with bot(tmp_path) as b:
        place = b.teams.channel()
        copy = await b.posted((await b.chat.held())[0], place)  # a roster and a message
        for _ in range(5):
            assert b.ours.courier.pause(copy) == 0
            await b.ours.courier.remind(copy)
        assert 0 < b.ours.courier.pause(copy) <= 1
        assert b.ours.courier.pause(b.copy((await b.chat.held())[0], b.teams.channel().id)) == 0
        b.ticks.at += 30
        assert b.ours.courier.pause(copy) == 0


async def test_answers_without_end_or_sense_are_not_taken_for_deliveries(tmp_path: Path) -> None:
    async with bot(tmp_path) as b:
        await warm(b)
        review, _ = await b.chat.held()
        for body in (
            b"{}",
            b"",
            b"[1]",
            b"\xff",
            b'{"id": "../x"}',
            b'{"id": 3}',
            b'{"id": "1"' + b" " * 1_100_000 + b"}",
        ):
            b.teams.faults += [None, Reply(201, body)]
            with pytest.raises(DeliveryUnsure):
                await b.posted(review, b.teams.channel())


async def test_after_a_card_that_may_have_arrived_a_reminder_follows(tmp_path: Path) -> None:
    async with bot(tmp_path) as b:
        place = b.teams.channel()
        copy = b.copy((await b.chat.held())[0], place.id)
        assert await b.ours.courier.update(copy) == "" and not place.cards
        await b.ours.courier.remind(copy)
        assert "This review still waits" in list(texts(place.cards[0]))


async def test_an_answer_too_deep_to_read_is_an_answer_lost(tmp_path: Path) -> None:
    async with bot(tmp_path) as b:
        review, _ = await b.chat.held()
        copy = b.copy(review, b.teams.channel().id)
        await b.ours.courier.remind(copy)  # the login, and the conversation
        b.teams.faults.append(Reply(200, b"[" * 200_000, {"content-type": "application/json"}))
        with pytest.raises(DeliveryUnsure):
            await b.ours.courier.remind(copy)
        b.teams.faults.append(Reply(400, b"[" * 200_000, {"content-type": "application/json"}))
        with pytest.raises(DestinationGone):
            await b.ours.courier.remind(copy)
