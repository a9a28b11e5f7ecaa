"""Reviews in Teams from end to end: posted, looked at, signed, settled; and everything that doesn't count."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import pytest
from testkit.http_service import Fault, Reply
from testkit.teams import CARD, Lie, buttons, texts
from tests.channels.a_chat import DANA
from tests.channels.teams.a_bot import bot

from interlock.channels.teams.app import MAX_AT_ONCE
from interlock.model.channels import Account, Channel
from interlock.model.names import GroupName
from interlock.model.review import ReviewState
from interlock.model.template import Template

MESSAGE = "application/vnd.microsoft.activity.message"
ERROR = "application/vnd.microsoft.error"


def said(answer: Any) -> str:
    """The sentence that a click was answered with."""
    told = answer.json()
    assert answer.status_code == 200 and told["statusCode"] == 200 and told["type"] == MESSAGE, told
    return str(told["value"])


async def test_a_card_in_a_channel_is_signed_by_who_may(tmp_path: Path) -> None:
    async with bot(tmp_path) as b:
        dana = await b.linked("dana")
        place = b.teams.channel(dana, b.teams.user("somebody"))
        review, action = await b.chat.held()
        copy = await b.posted(review, place)
        assert [each["verb"] for each in buttons(place.cards[0])] == ["refresh"]
        assert place.cards[0]["refresh"]["userIds"] == [dana.id]
        own = await b.own_card(dana, place)
        assert [each["verb"] for each in buttons(own)] == ["approve", "deny"]
        assert all(set(each["data"]) == {"card"} for each in buttons(own))
        answer = (await b.teams.click(dana, place, own, "approve", reason="As agreed.")).json()
        assert answer["type"] == CARD and not buttons(answer["value"])
        (vote,) = await b.chat.votes(review)
        assert (vote.person, vote.presence, vote.reason) == ("dana", "teams", "As agreed.")
        assert vote.key == f"teams/{b.teams.tenant}/{dana.object}"
        await b.ours.courier.update(copy)
        assert "Approved by dana; not run yet" in list(texts(place.cards[0])) and "refresh" not in place.cards[0]
        assert len(place.messages) == 1 and await b.chat.redeemed(review, action)


async def test_a_card_of_ones_own_chat_has_its_buttons_at_once(tmp_path: Path) -> None:
    async with bot(tmp_path) as b:
        dana = await b.linked("dana")
        review, _ = await b.chat.held()
        await b.ours.courier.send(b.copy(review, "person/dana"))
        chat = b.teams.chat(dana)
        answer = await b.teams.click(dana, chat, chat.cards[0], "deny")
        assert answer.json()["type"] == CARD and await b.chat.state(review) is ReviewState.DENIED


async def test_who_may_not_sign_sees_no_buttons(tmp_path: Path) -> None:
    async with bot(tmp_path) as b:
        olivia = await b.linked("olivia")  # owns the agent
        place = b.teams.channel(olivia)
        review, _ = await b.chat.held()
        await b.posted(review, place)
        assert "refresh" not in place.cards[0]
        answer = (await b.teams.press(olivia, place, "refresh", {"card": await b.chat.card(review)})).json()
        assert answer["type"] == CARD and not buttons(answer["value"])
        assert "You can't sign this one." in list(texts(answer["value"]))
        counted = await b.teams.press(olivia, place, "approve", {"card": await b.chat.card(review)})
        assert said(counted) and await b.chat.state(review) is ReviewState.PENDING
        assert (await b.chat.refusals())[0][0] == "olivia"


async def test_unlinked_guests_and_people_of_other_tenants_are_answered_and_recorded(tmp_path: Path) -> None:
    async with bot(tmp_path) as b:
        remy = await b.linked("remy")
        users = [
            b.teams.user("stranger"),
            await b.linked("dana", b.teams.user("dana", role="guest")),
            b.teams.user("ext", principal="ext_home.test#EXT#@here.test"),
            b.teams.user("abroad", tenant="11111111-2222-3333-4444-555555555555"),
            b.teams.user("odd", role="bot-of-unknown-kind"),
        ]
        place = b.teams.channel(remy, *users)
        review, _ = await b.chat.held()
        await b.posted(review, place)
        own = await b.own_card(remy, place)
        for user in users:
            assert said(await b.teams.click(user, place, own, "approve"))
            assert said(
                await b.teams.refresh(user, place, {**own, "refresh": {**own["refresh"], "userIds": [user.id]}})
            )
        assert await b.chat.votes(review) == [] and len(await b.chat.refusals()) == len(users)
        assert await b.chat.state(review) is ReviewState.PENDING


async def test_who_teams_does_not_vouch_for_is_answered_and_recorded(tmp_path: Path) -> None:
    async with bot(tmp_path) as b:
        dana = await b.linked("dana")
        place = b.teams.channel(dana)
        review, _ = await b.chat.held()
        await b.posted(review, place)
        own = await b.own_card(dana, place)
        b.ticks.at += 61
        b.teams.faults.append(Reply(503))
        assert "doesn't say enough" in said(await b.teams.click(dana, place, own, "approve"))
        ((who, because),) = await b.chat.refusals()
        assert who == f"teams/{b.teams.tenant}/{dana.object}" and "full member" in because
        assert (await b.teams.click(dana, place, own, "approve")).json()["type"] == CARD
        assert await b.chat.state(review) is ReviewState.APPROVED


async def test_an_account_that_becomes_a_guests_stops_voting_within_a_minute(tmp_path: Path) -> None:
    async with bot(tmp_path) as b:
        dana = await b.linked("dana")
        place = b.teams.channel(dana)
        review, _ = await b.chat.held()
        await b.posted(review, place)
        own = await b.own_card(dana, place)
        dana.role = "guest"
        b.ticks.at += 61
        said(await b.teams.click(dana, place, own, "approve"))
        assert await b.chat.votes(review) == []


@pytest.mark.parametrize("lie", list(Lie))
async def test_a_call_that_proves_nothing_gets_401_and_an_entry(tmp_path: Path, lie: Lie) -> None:
    async with bot(tmp_path) as b:
        dana = await b.linked("dana")
        place = b.teams.channel(dana)
        review, _ = await b.chat.held()
        data = {"card": await b.chat.card(review)}
        answer = await b.teams.press(dana, place, "approve", data, lie)
        assert (answer.status_code, answer.content) == (401, b"")
        (entry,) = await b.chat.entries("channel.refused")
        assert entry["channel"] == "teams" and entry["because"]
        assert await b.chat.votes(review) == [] and await b.chat.refusals() == []
        assert (await b.teams.press(dana, place, "approve", data)).json()["type"] == CARD  # without the lie it counts


async def test_the_same_activity_again_gets_the_same_answer_and_another_under_its_id_401(tmp_path: Path) -> None:
    async with bot(tmp_path) as b:
        dana = await b.linked("dana")
        place = b.teams.channel(dana)
        review, _ = await b.chat.held()
        card = await b.chat.card(review)

        def click(verb: str) -> dict[str, Any]:
            action = {"type": "Action.Execute", "verb": verb, "data": {"card": card}}
            value = {"action": action, "trigger": "manual"}
            return b.teams.activity(dana, place, type="invoke", name="adaptiveCard/action", value=value)

        first = click("approve")
        answers = await asyncio.gather(*(b.teams.send(first) for _ in range(4)))
        assert len({answer.content for answer in answers}) == 1 and len(await b.chat.votes(review)) == 1
        assert (await b.teams.send({**click("deny"), "id": first["id"]})).status_code == 401
        assert await b.chat.state(review) is ReviewState.APPROVED
        assert "replayed" in (await b.chat.entries("channel.refused"))[0]["because"]


async def test_an_id_is_its_conversations_own(tmp_path: Path) -> None:
    async with bot(tmp_path) as b:
        users = [await b.linked("dana"), await b.linked("remy")]
        for user in users:
            said = b.teams.activity(user, b.teams.chat(user), type="message", text="list")
            assert (await b.teams.send({**said, "id": "1700000000000"})).status_code == 200
        assert [len(b.teams.chat(user).cards) for user in users] == [1, 1]
        assert await b.chat.entries("channel.refused") == []


async def test_calls_that_prove_nothing_take_nobodys_place(tmp_path: Path) -> None:
    async with bot(tmp_path) as b:
        dana = await b.linked("dana")
        await b.ours.keys.refresh()
        b.chat.office.clock.forward(seconds=10)
        b.teams.faults.append(Fault.HANG)  # of the document that names the keys
        head, claims = {"alg": "RS256", "kid": "made-up"}, {"iss": "https://api.botframework.com"}
        parts = (base64.urlsafe_b64encode(json.dumps(each).encode()).decode().rstrip("=") for each in (head, claims))
        call = {"authorization": f"Bearer {'.'.join(parts)}.AAAA"}
        answers = await asyncio.gather(*(b.ours.inbound(call, b"{}") for _ in range(MAX_AT_ONCE + 20)))
        assert {status for status, _, _ in answers} == {401}
        said = b.teams.activity(dana, b.teams.chat(dana), type="message", text="list")
        assert (await b.teams.send(said)).status_code == 200


async def test_after_a_restart_the_first_click_counts_and_the_message_is_still_changed(tmp_path: Path) -> None:
    async with bot(tmp_path) as b:
        dana, teams = await b.linked("dana"), b.teams
        place = teams.channel(dana)
        review, _ = await b.chat.held()
        handle = (await b.posted(review, place)).handle
        own = await b.own_card(dana, place)
    teams.rotate()
    teams.forget()
    async with bot(tmp_path, teams=teams) as b:
        assert (await teams.click(dana, place, own, "approve")).json()["type"] == CARD
        await b.ours.courier.update(b.copy(review, place.id, handle))
        assert "Approved by dana; not run yet" in list(texts(place.cards[0])) and len(place.messages) == 1


async def test_an_old_client_answers_by_message_and_is_answered_so_in_its_own_chat(tmp_path: Path) -> None:
    async with bot(tmp_path) as b:
        dana = await b.linked("dana")
        place = b.teams.channel(dana)
        review, _ = await b.chat.held()
        await b.posted(review, place)
        submit = (await b.own_card(dana, place))["actions"][0]["fallback"]
        activity = b.teams.activity(dana, place, type="message", text="", value={**submit["data"], "reason": "Fine."})
        assert (await b.teams.send(activity)).status_code == 200
        assert await b.chat.state(review) is ReviewState.APPROVED
        assert len(place.messages) == 1 and len(b.teams.chat(dana).cards) == 1


@pytest.mark.parametrize(
    ("verb", "data"),
    [
        ("approve", {}),
        ("approve", {"card": "0"}),
        ("approve", {"card": "{card}", "more": 1}),
        ("approve", {"card": "{card}", "reason": ["a"]}),
        ("approve", {"card": "{card}", "reason": "r" * 501}),
        ("reveal", {"card": "{card}"}),
        ("", {"card": "{card}"}),
    ],
)
async def test_a_click_that_no_card_of_ours_sends_is_a_bad_request(
    tmp_path: Path, verb: str, data: dict[str, Any]
) -> None:
    async with bot(tmp_path) as b:
        dana = await b.linked("dana")
        place = b.teams.channel(dana)
        review, _ = await b.chat.held()
        card = await b.chat.card(review)
        sent = {key: card if value == "{card}" else value for key, value in data.items()}
        answer = (await b.teams.press(dana, place, verb, sent)).json()
        assert (answer["statusCode"], answer["type"], answer["value"]["code"]) == (400, ERROR, "BadRequest")
        assert await b.chat.votes(review) == []


async def test_a_card_of_before_does_not_count(tmp_path: Path) -> None:
    async with bot(tmp_path) as b:
        dana = await b.linked("dana")
        place = b.teams.channel(dana)
        review, _ = await b.chat.held()
        other = f"{review.id}.{'0' * 32}"
        assert "changed" in said(await b.teams.press(dana, place, "approve", {"card": other}))
        assert await b.chat.votes(review) == [] and await b.chat.refusals()


async def test_where_policy_wants_the_console_there_is_no_button_and_a_click_is_refused(tmp_path: Path) -> None:
    async with bot(tmp_path, '@review("officers:1") @channels("slack")') as b:
        dana = await b.linked("dana")
        place = b.teams.channel(dana)
        review, _ = await b.chat.held()
        await b.posted(review, place)
        assert buttons(place.cards[0]) == [] and "refresh" not in place.cards[0]
        assert "Policy wants this signed in the console." in list(texts(place.cards[0]))
        assert said(await b.teams.press(dana, place, "approve", {"card": await b.chat.card(review)}))
        assert await b.chat.state(review) is ReviewState.PENDING and await b.chat.refusals()


async def test_a_card_too_long_has_no_button_and_a_click_on_it_is_refused(tmp_path: Path) -> None:
    async with bot(tmp_path) as b:
        dana = await b.linked("dana")
        place = b.teams.channel(dana)
        review, _ = await b.chat.held(templates=(long_template(),))
        await b.posted(review, place)
        assert buttons(place.cards[0]) == [] and [a["type"] for a in place.cards[0]["actions"]] == ["Action.OpenUrl"]
        assert "too long" in said(await b.teams.press(dana, place, "approve", {"card": await b.chat.card(review)}))
        assert await b.chat.state(review) is ReviewState.PENDING
        assert (await b.chat.refusals())[0][0] == "dana"


async def test_who_may_not_see_a_card_too_long_is_told_no_more_than_of_none(tmp_path: Path) -> None:
    async with bot(tmp_path) as b:
        dana = await b.linked("dana")
        place = b.teams.channel(dana)
        review, _ = await b.chat.held(templates=(long_template(),))
        card = await b.chat.card(review)
        await b.chat.people.remove_group(DANA, GroupName("officers"), "olivia")
        told = said(await b.teams.press(dana, place, "approve", {"card": card}))
        nowhere = said(await b.teams.press(dana, place, "approve", {"card": card.replace(review.id, NO_REVIEW)}))
        assert told == nowhere and "too long" not in told and review.id not in told
        assert (await b.chat.refusals())[0] == ("dana", "they may not see it")


NO_REVIEW = "0192f0c1-2345-7abc-8def-0123456789ab"


def long_template() -> Template:
    """A statement that no message of Teams could hold."""
    return Template(("SELECT " + ", ".join(f"column_{n}" for n in range(3000)),), ())


async def test_messages_link_and_list_in_ones_own_chat_only(tmp_path: Path) -> None:
    async with bot(tmp_path) as b:
        dana, people = b.teams.user("dana"), b.chat.people
        chat, place = b.teams.chat(dana), b.teams.channel(dana)
        code = people.begin_link(DANA, "teams").reveal()
        await b.teams.say(dana, place, f"<at>Interlock</at> link {code}")
        assert "new one" in " ".join(texts(chat.cards[-1])) and place.cards == []
        await b.teams.say(dana, chat, f"link {code}")
        assert "confirm" in " ".join(texts(chat.cards[-1]))
        account = Account(Channel.TEAMS, b.teams.tenant, dana.object)
        await people.confirm_link(DANA, "teams", account.linked_as)
        await b.teams.say(dana, chat, "list")
        assert "Nothing waits for you." in list(texts(chat.cards[-1]))
        await b.chat.held()
        await b.teams.say(dana, chat, "  LIST ")
        assert "You can sign it." in list(texts(chat.cards[-1]))
        await b.teams.say(dana, chat, "what?")
        assert "list" in " ".join(texts(chat.cards[-1]))


async def test_installing_greets_and_other_activities_are_taken_in_silence(tmp_path: Path) -> None:
    async with bot(tmp_path) as b:
        dana = b.teams.user("dana")
        chat = b.teams.chat(dana)
        installed = b.teams.activity(dana, chat, type="installationUpdate", action="add")
        assert (await b.teams.send(installed)).status_code == 200 and len(chat.cards) == 1
        for kind in ("conversationUpdate", "messageReaction", "typing"):
            assert (await b.teams.send(b.teams.activity(dana, chat, type=kind))).status_code == 200
        other = b.teams.activity(dana, chat, type="invoke", name="task/fetch", value={})
        assert (await b.teams.send(other)).status_code == 501 and len(chat.cards) == 1


async def test_with_no_keys_to_be_had_nothing_is_believed_and_then_everything_again(tmp_path: Path) -> None:
    async with bot(tmp_path) as b:
        dana = await b.linked("dana")
        chat = b.teams.chat(dana)
        b.teams.faults.append(Fault.LOST_ANSWER)
        assert (await b.teams.say(dana, chat, "help")).status_code == 401
        asked = len(b.teams.requests)
        assert (await b.teams.say(dana, chat, "help")).status_code == 401 and len(b.teams.requests) == asked
        b.chat.office.clock.forward(seconds=11)
        assert (await b.teams.say(dana, chat, "help")).status_code == 200


async def test_labelled_values_and_votes_reasons_never_reach_teams(tmp_path: Path) -> None:
    async with bot(tmp_path) as b:
        dana = await b.linked("dana")
        place = b.teams.channel(dana)
        review, _ = await b.chat.held("COPY (SELECT * FROM patients WHERE mrn = 'CANARY-4711') TO STDOUT")
        copy = await b.posted(review, place)
        own = await b.own_card(dana, place)
        await b.teams.click(dana, place, own, "approve", reason="CANARY-0815")
        await b.ours.courier.update(copy)
        assert b"CANARY" not in b.teams.everything
