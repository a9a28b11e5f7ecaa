"""Signed votes of another service: who is taken for it, what is handled once, and what counts."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.channels.a_chat import DANA, EVERYWHERE, URL, Chat, chat

from interlock.channels.refusing import MOST
from interlock.channels.vote_callbacks import MOST_A_MINUTE, MOST_REMEMBERED, VoteCallbacks, _read
from interlock.errors import LedgerUnavailable, MalformedInput
from interlock.identity.webhook_signatures import sign
from interlock.model.channel_settings import VoteCallbackSettings
from interlock.model.review import Presence, ReviewState
from interlock.model.secret import Secret
from interlock.ports import Ledger

NEW, OLD, OTHER = (Secret("whsec_" + base64.b64encode(letter * 32).decode()) for letter in (b"n", b"o", b"x"))
SETTINGS = VoteCallbackSettings("desk", NEW, OLD)


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Chat]:
    async with chat(tmp_path, EVERYWHERE) as opened:
        yield opened


@asynccontextmanager
async def callback(here: Chat) -> AsyncIterator[VoteCallbacks]:
    made = VoteCallbacks(SETTINGS, here.answering, here.refused, here.office.clock)
    yield made
    await made.close()


def headers(here: Chat, body: bytes, id_: str = "msg_1", ago: float = 0, secret: Secret[str] = NEW) -> dict[str, str]:
    return sign([secret], id_, here.office.clock.now() - timedelta(seconds=ago), body)


async def send(here: Chat, to: VoteCallbacks, message: dict[str, Any], **how: Any) -> tuple[int, dict[str, str]]:
    body = json.dumps(message).encode()
    status, answered, text = await to(headers(here, body, **how), body)
    assert answered["content-type"] == ("application/json" if status == 200 else "application/problem+json")
    said: dict[str, str] = json.loads(text)
    assert said["code"] and said["sentence"]
    return status, said


async def linked(here: Chat, to: VoteCallbacks) -> None:
    """dana's account `pat` at the service, by a code that she typed there."""
    code = here.people.begin_link(DANA, "callback/desk").reveal()
    link = {"type": "link", "code": code, "account": "pat", "shown": "Pat of the desk"}
    assert (await send(here, to, link, id_="link"))[0] == 200
    (pending,) = here.people.pending_links(DANA)
    assert (pending.subject, pending.shown) == ("pat", "Pat of the desk")
    await here.people.confirm_link(DANA, "callback/desk", "pat")


def yes(card: str, **more: str) -> dict[str, str]:
    return {"type": "vote", "card": card, "account": "pat", "verdict": "approve", **more}


async def test_a_signed_vote_of_a_linked_account_counts_and_the_action_runs(here: Chat) -> None:
    async with callback(here) as to:
        await linked(here, to)
        review, action = await here.held()
        status, said = await send(here, to, yes(await here.card(review), reason="by phone"))
        assert status == 200
        assert said == {
            "code": "counted",
            "sentence": "Your yes counts. Approved, not run yet.",
            "url": f"{URL}/reviews/{review.id}",
        }
        (vote,) = await here.votes(review)
        assert (vote.presence, vote.key, vote.reason) == (Presence.CALLBACK, "callback/desk/pat", "by phone")
        assert await here.redeemed(review, action)


async def test_a_vote_signed_with_the_secret_before_counts_and_a_list_may_hold_strangers(here: Chat) -> None:
    async with callback(here) as to:
        await linked(here, to)
        review, _ = await here.held()
        body = json.dumps(yes(await here.card(review))).encode()
        sent = headers(here, body, secret=OLD)
        sent["webhook-signature"] = f"v1a,abc v1,{'A' * 43}= {sent['webhook-signature']}"
        assert (await to(sent, body))[0] == 200


FORGED = [
    ({"webhook-signature": ""}, "a signature that isn't the service's"),
    ({"webhook-signature": " ".join(["v1,AAAA"] * 8 + ["GOOD"])}, "a signature that isn't the service's"),
    ({"webhook-signature": "v1,"}, "a signature that isn't the service's"),
    ({"webhook-signature": "v1,é\ud800"}, "a signature that isn't the service's"),
    ({"webhook-id": "msg_2"}, "a signature that isn't the service's"),
    ({"webhook-id": "msg.1"}, "no id or time of Standard Webhooks"),
    ({"webhook-id": ""}, "no id or time of Standard Webhooks"),
    ({"webhook-timestamp": "1"}, "a signature that isn't the service's"),
    ({"webhook-timestamp": "1e9"}, "no id or time of Standard Webhooks"),
    ({"webhook-timestamp": "١"}, "no id or time of Standard Webhooks"),
]


@pytest.mark.parametrize(("changed", "because"), FORGED)
async def test_what_is_forged_is_refused_and_recorded(here: Chat, changed: dict[str, str], because: str) -> None:
    async with callback(here) as to:
        await linked(here, to)
        review, _ = await here.held()
        body = json.dumps(yes(await here.card(review))).encode()
        good = headers(here, body)
        changed = {name: each.replace("GOOD", good["webhook-signature"]) for name, each in changed.items()}
        status, _, _ = await to({**good, **changed}, body)
        assert status == 401
        assert (await to({}, body))[0] == 401
        told = await here.entries("channel.refused")
        assert told[0] == {"channel": "callback/desk", "because": because, "attempts": 1} and len(told) == 2
        assert await here.state(review) is ReviewState.PENDING
        assert (await to(good, body))[0] == 200  # the message that was meant still counts


@pytest.mark.parametrize(("ago", "status"), [(301, 401), (300, 200), (-300, 200), (-301, 401)])
async def test_a_message_is_good_for_five_minutes(here: Chat, ago: float, status: int) -> None:
    here.office.clock.at = here.office.clock.at.replace(microsecond=0)
    async with callback(here) as to:
        await linked(here, to)
        review, _ = await here.held()
        answered, _ = await send(here, to, yes(await here.card(review)), ago=ago)
        assert answered == status


async def test_a_signature_of_another_service_is_none(here: Chat) -> None:
    async with callback(here) as to:
        assert (await send(here, to, yes("x"), secret=OTHER))[0] == 401


async def test_a_repeat_gets_the_same_answer_and_votes_no_second_time(here: Chat) -> None:
    async with callback(here) as to:
        await linked(here, to)
        review, _ = await here.held()
        message = yes(await here.card(review))
        answers = await asyncio.gather(*(send(here, to, message, ago=n) for n in range(5)))
        assert len({json.dumps(each) for each in answers}) == 1 and answers[0][0] == 200
        assert len(await here.entries("vote.cast")) == 1 and await here.refusals() == []
        status, said = await send(here, to, yes(await here.card(review), reason="another"))
        assert (status, said["code"]) == (409, "id_used")
        status, said = await send(here, to, message, id_="msg_2")
        assert (status, said["code"]) == (409, "conflict")


async def test_what_was_remembered_is_forgotten_once_it_is_too_old_to_be_sent_again(here: Chat) -> None:
    async with callback(here) as to:
        for number in range(3):
            assert (await send(here, to, yes("x"), id_=f"m{number}"))[0] == 403
        assert len(to._known) == 3
        here.office.clock.forward(seconds=301)
        assert (await send(here, to, yes("x"), id_="m3"))[0] == 403
        assert list(to._known) == ["m3"]


async def test_no_more_is_remembered_than_fits_and_nothing_is_forgotten_for_it(here: Chat) -> None:
    async with callback(here) as to:
        assert (await send(here, to, yes("x")))[0] == 403
        known = to._known["msg_1"]
        to._known.update({f"other{n}": known for n in range(MOST_REMEMBERED)})
        assert (await send(here, to, yes("x"), id_="msg_2"))[0] == 429
        assert (await send(here, to, yes("x")))[0] == 403


class Away:
    """A ledger whose disk is full."""

    async def commit(self, unit: object) -> object:
        raise LedgerUnavailable("the disk is full")


async def test_what_could_not_be_recorded_may_be_sent_again_under_its_id(here: Chat) -> None:
    async with callback(here) as to:
        await linked(here, to)
        review, _ = await here.held()
        ledger: Ledger = Away()  # type: ignore[assignment]  # its receipts are never looked at
        away = replace(to, answering=replace(here.answering, desk=replace(here.office.desk, ledger=ledger)))
        message = yes(await here.card(review))
        assert (await send(here, away, message))[0] == 503
        assert (await send(here, to, message))[0] == 200


async def test_who_may_not_is_told_why(here: Chat) -> None:
    async with callback(here) as to:
        review, _ = await here.held()
        status, said = await send(here, to, yes(await here.card(review)), id_="a")
        assert (status, said["code"]) == (403, "not_linked") and '{"type":"link"}' in said["sentence"]
        await linked(here, to)
        status, said = await send(here, to, yes(f"{review.id}.{'0' * 32}"), id_="b")
        assert (status, said["code"]) == (409, "stale_card")
        status, said = await send(here, to, {"type": "link", "code": "NONE", "account": "kim"}, id_="c")
        assert (status, said["code"]) == (403, "no_such_code")
        assert [who for who, _ in await here.refusals()] == ["dana"]
        told = await here.entries("channel.refused")
        because = "a vote: the account is linked to nobody"
        assert told == [{"channel": "callback/desk", "because": because, "attempts": 1}]


async def test_accounts_that_a_service_makes_up_fill_nothing(here: Chat) -> None:
    async with callback(here) as to:
        review, _ = await here.held()
        card, codes = await here.card(review), []
        for number in range(3 * MOST_A_MINUTE):
            codes.append((await send(here, to, yes(card) | {"account": f"x{number}"}, id_=f"m{number}"))[0])
        assert codes == [403] * MOST_A_MINUTE + [429] * 2 * MOST_A_MINUTE
        assert await here.refusals() == [] and len(to._known) == MOST_A_MINUTE
        assert len(await here.entries("channel.refused")) == MOST
        here.office.clock.forward(seconds=60)
        assert (await send(here, to, yes(card), id_="later"))[0] == 403
        told = await here.entries("channel.refused")
        assert sum(each["attempts"] for each in told) == 3 * MOST_A_MINUTE + 1 and len(told) == MOST + 2
        assert "x1" not in {word for each in told for word in each["because"].split()}


MALFORMED = [
    b"",
    b"[]",
    b"{",
    b'{"type":"vote"}',
    b'{"type":"vote","card":"c","account":"a","verdict":"maybe"}',
    b'{"type":"vote","card":"c","account":"a","verdict":"approve","verdict":"deny"}',
    b'{"type":"vote","card":"c","account":"a","verdict":"approve","person":"dana"}',
    b'{"type":"vote","card":"c","account":"","verdict":"approve"}',
    b'{"type":"vote","card":"c","account":"a\\u202e","verdict":"approve"}',
    b'{"type":"vote","card":"c","account":"an account","verdict":"approve"}',
    b'{"type":"vote","card":"c","account":"' + b"a" * 65 + b'","verdict":"approve"}',
    b'{"type":"vote","card":1,"account":"a","verdict":"approve"}',
    b'{"type":"link","code":"c","account":"a","verdict":"approve"}',
    b'{"type":"other","code":"c","account":"a"}',
    b'{"card":"c","account":"a","verdict":"approve"}',
    b'{"type":"vote","card":"c","account":"a","verdict":"approve","reason":"' + b"x" * 70_000 + b'"}',
]


@pytest.mark.parametrize("body", MALFORMED)
async def test_what_is_signed_and_no_message_of_ours_is_told_so(here: Chat, body: bytes) -> None:
    async with callback(here) as to:
        status, _, text = await to(headers(here, body), body)
        assert (status, json.loads(text)["code"]) == (400, "malformed")
        assert await here.refusals() == []


_WORDS = st.sampled_from(["type", "vote", "link", "card", "account", "verdict", "approve", "reason", "code", "x"])
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | _WORDS,
    lambda inner: st.lists(inner) | st.dictionaries(_WORDS | st.text(), inner),
)


_BODIES = st.one_of(st.binary(), _JSON.map(lambda value: json.dumps(value).encode()))


@given(_BODIES)
def test_reading_hostile_bytes_gives_a_message_or_malformed_input(body: bytes) -> None:
    try:
        message = _read(body)
    except MalformedInput:
        return
    assert message.account and message.account.isprintable()


@pytest.mark.slow
@settings(max_examples=20_000, deadline=None)
@given(_BODIES)
def test_reading_many_hostile_bytes_gives_a_message_or_malformed_input(body: bytes) -> None:
    try:
        message = _read(body)
    except MalformedInput:
        return
    assert message.account and message.account.isprintable()
