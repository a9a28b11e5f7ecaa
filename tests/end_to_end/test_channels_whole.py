"""Reviews reach people where they work: a whole gateway, every service on a real socket, real clients at both ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest
import pytest_asyncio
from testkit.slack import SIGNING_SECRET, Slack, Trouble
from testkit.slack_user import SignedCalls, buttons, encoded, signed, words
from testkit.teams import Lie
from testkit.teams import buttons as verbs_of
from tests.end_to_end.a_whole_gateway import CANARY, SECONDS, Whole, patients, until, whole
from tests.end_to_end.services import REVIEWS, Services, services
from tests.postgres_fixture import ClinicDatabase

from interlock.channels.slack.blocks import APPROVE, DENY

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("end_to_end")]

NOTES = "SELECT id FROM notes WHERE id = 1"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory, clinic: ClinicDatabase) -> AsyncIterator[Whole]:
    """One gateway for all tests; dana's and remy's accounts are linked, as people do that."""
    directory = tmp_path_factory.mktemp("whole") / "gateway"
    async with services() as around, whole(directory, clinic, around) as made:
        for person in ("dana", "remy"):
            async with made.console(person) as me:
                await made.link_slack(person, me)
                await made.link_teams(person, me)
        yield made


async def told(here: Whole, review: str) -> Services:
    """The services, once everybody knows of the review."""
    await until(lambda: here.services.is_everywhere(review))
    return here.services


def in_channel(slack: Slack, review: str) -> dict[str, object]:
    """The one message about it in the channel."""
    (message,) = [each for each in slack.conversations[REVIEWS].messages if review in json.dumps(each)]
    return message


async def drained(here: Whole, but: str = "none") -> dict[str, float]:
    """The figures, once nothing waits to be delivered any more; `but` for one channel."""
    loop = asyncio.get_running_loop()
    until = loop.time() + SECONDS
    while True:
        figures = await here.metrics()
        queued = {name: value for name, value in figures.items() if name.startswith("interlock_channel_queued")}
        left = [name for name, value in queued.items() if value and but not in name]
        if not left:
            return figures
        assert loop.time() < until, left
        await asyncio.sleep(0.1)


async def test_a_click_and_a_reason_in_slack_let_the_held_statement_run(here: Whole) -> None:
    async with here.asks(patients(1)) as asked:
        review = await asked.review()
        around = await told(here, review)
        assert {place for place, _ in around.in_slack(review)} == {REVIEWS, "DUDANA", "DUREMY"}
        assert {whom for whom, _ in around.mails(review)} == {"dana@hospital.example", "remy@hospital.example"}
        assert around.hooks(review)[0]["type"] == "review.opened" and around.alerts(review) == [False, False]
        assert not asked.rows.done()
        answer = await here.click_in_slack("dana", REVIEWS, in_channel(around.slack, review), APPROVE, "as agreed")
        assert "Your yes counts" in words(answer)
        assert [row[0] for row in await asked.answer()] == [1]
    await until(lambda: around.is_settled(review, "Approved by dana"))
    (vote,) = [each["d"] for each in here.entries("vote.cast") if each["obj"] == review]
    assert (vote["person"], vote["presence"], vote["key"]) == ("dana", "slack", f"slack/{around.slack.team}/UDANA")


async def test_a_click_in_teams_does_the_same(here: Whole) -> None:
    async with here.asks(patients(2)) as asked:
        review = await asked.review()
        around = await told(here, review)
        (shared,) = [card for place, card in around.in_teams(review) if place is around.place]
        remy = around.users["remy"]
        own = (await around.teams.refresh(remy, around.place, shared)).json()["value"]
        answer = await around.teams.click(remy, around.place, own, "approve", reason="as agreed")
        assert answer.status_code == 200 and not verbs_of(answer.json()["value"])
        assert [row[0] for row in await asked.answer()] == [2]
    await until(lambda: around.is_settled(review, "Approved by remy"))
    (vote,) = [each["d"] for each in here.entries("vote.cast") if each["obj"] == review]
    assert (vote["person"], vote["presence"]) == ("remy", "teams")


async def test_a_no_in_somebodys_own_chat_ends_the_wait(here: Whole) -> None:
    async with here.asks(patients(3)) as asked:
        review = await asked.review()
        around = await told(here, review)
        (mine,) = [message for place, message in around.in_slack(review) if place == "DUREMY"]
        answer = await here.click_in_slack("remy", "DUREMY", mine, DENY, "not today")
        assert "Your no counts" in words(answer)
        with pytest.raises(psycopg.Error, match="denied"):
            await asked.answer()
    await until(lambda: around.is_settled(review, "Denied by remy"))


async def test_what_policy_keeps_for_the_console_is_not_settled_in_chat(here: Whole) -> None:
    async with here.asks(NOTES) as asked:
        review = await asked.review()
        around = await told(here, review)
        shown = in_channel(around.slack, review)
        assert [each["action_id"] for each in buttons(shown)] == ["interlock_open"]
        assert not any(verbs_of(card) for place, card in around.in_teams(review) if place is not around.place)
        async with here.console("dana") as me:
            card = (await me.get(f"/api/reviews/{review}"))["card"]["card_digest"]
        made_up = {"action_id": APPROVE, "type": "button", "value": f"{review}.{card[:32]}"}
        forged = {"blocks": [{"type": "actions", "elements": [made_up]}]}
        answer = await here.click_in_slack("dana", REVIEWS, forged, APPROVE, "let me")
        assert "doesn't count" in words(answer) and f"{here.url}/reviews/{review}" in json.dumps(answer)
        refused = [each["d"] for each in here.entries("vote.refused") if each["obj"] == review]
        assert [each["person"] for each in refused] == ["dana"]
        assert not asked.rows.done()
        async with here.console("dana") as me:
            card = (await me.get(f"/api/reviews/{review}"))["card"]
            digests = {each: card[each] for each in ("action_digest", "card_digest")}
            await me.post(f"/api/reviews/{review}/votes", {"verdict": "deny", "reason": "not needed"} | digests)
        with pytest.raises(psycopg.Error, match="denied"):
            await asked.answer()
    await until(lambda: around.is_settled(review, "Denied by dana"))


async def test_a_call_that_proves_nothing_gets_401_and_an_entry(here: Whole) -> None:
    slack, teams = here.services.slack, here.services.teams
    calls, remy = SignedCalls(f"{here.url}/channels/slack"), here.services.users["remy"]
    before = len(here.entries("channel.refused"))
    kind, body = encoded("slash_commands", {"command": "/interlock", "team_id": slack.team, "user_id": "UDANA"})
    foreign = encoded("slash_commands", {"command": "/interlock", "team_id": "T0THEIRS", "user_id": "UDANA"})[1]
    good = signed(SIGNING_SECRET, body)
    tries = [
        (body, {}),
        (body, signed("another secret", body)),
        (body, signed(SIGNING_SECRET, body, at=1_700_000_000)),
        (body + b"&text=more", good),
        (foreign, signed(SIGNING_SECRET, foreign)),
    ]
    for sent, headers in tries:
        assert (await calls.send(sent, headers | {"content-type": kind}))[0] == 401
    assert (await calls.send(body, good | {"content-type": kind}))[0] == 200
    assert (await calls.send(body, good | {"content-type": kind}))[0] == 401  # replayed
    for lie in (Lie.NO_TOKEN, Lie.OTHER_KEY, Lie.EXPIRED, Lie.WRONG_AUDIENCE, Lie.OTHER_TENANT):
        assert (await teams.say(remy, teams.chat(remy), "list", lie)).status_code == 401, lie
    found = [each["d"]["channel"] for each in here.entries("channel.refused")][before:]
    assert found == ["slack"] * 6 + ["teams"] * 5


async def test_a_service_that_is_away_delays_no_other(here: Whole) -> None:
    slack = here.services.slack
    around = here.services
    for method in ("chat.postMessage", "conversations.history"):
        slack.trouble(method, *[Trouble(status=500)] * 100)
    async with here.asks(patients(4)) as asked:
        review = await asked.review()

        def are_told() -> bool:
            well = len(around.in_teams(review)) == 3 and len(around.mails(review)) == 2
            return well and bool(around.hooks(review)) and len(around.alerts(review)) == 2

        await until(are_told)
        assert slack.called("chat.postMessage") and not around.in_slack(review)
        chat, own = next((place, card) for place, card in around.in_teams(review) if place is not around.place)
        (user,) = chat.members.values()
        await around.teams.click(user, chat, own, "approve", reason="while Slack is away")
        assert [row[0] for row in await asked.answer()] == [4]
    slack.well()
    async with here.asks(patients(5)) as asked:
        review = await asked.review()
        await told(here, review)  # it is back
        await here.click_in_slack("remy", REVIEWS, in_channel(slack, review), DENY, "only looking")
        with pytest.raises(psycopg.Error, match="denied"):
            await asked.answer()


async def test_a_gateway_killed_while_it_sends_posts_nothing_twice(here: Whole) -> None:
    slack = here.services.slack
    slack.trouble("chat.postMessage", *[Trouble(hang=True, done=True)] * 3)
    async with here.asks(patients(6)) as asked:
        review = await asked.review()
        await told(here, review)
        await drained(here, but="slack")  # the messages in Slack are there, and no answer came
        await here.kill()
        with pytest.raises(psycopg.OperationalError):
            await asked.answer()
    old = in_channel(slack, review)
    await here.start()
    async with here.asks(patients(6)) as again:
        assert await again.review() == review
        around = await told(here, review)
        answer = await here.click_in_slack("dana", REVIEWS, old, APPROVE, "still right")
        assert "Your yes counts" in words(answer)
        assert [row[0] for row in await again.answer()] == [6]
    await until(lambda: around.is_settled(review, "Approved by dana"))
    assert len(around.in_slack(review)) == 3


async def test_what_operators_and_auditors_find_afterwards(here: Whole, tmp_path: Path) -> None:
    async with here.asks(patients(7)) as asked:
        review = await asked.review()
        around = await told(here, review)
        await here.click_in_slack("dana", REVIEWS, in_channel(around.slack, review), APPROVE, "as agreed")
        assert len(await asked.answer()) == 1
    await until(lambda: around.is_settled(review, "Approved by dana"))
    figures = await drained(here)
    for channel in ("slack", "teams", "email", "webhook", "pagerduty", "opsgenie"):
        assert figures[f'interlock_channel_deliveries_total{{channel="{channel}",outcome="delivered"}}'] >= 2
        assert figures[f'interlock_channel_away_seconds{{channel="{channel}"}}'] == 0
    assert figures["interlock_reviews_pending"] == 0

    log, keys, settings = str(tmp_path / "log"), here.installed.public_keys, str(here.installed.settings)
    looking = here.cli("doctor", "--settings", settings, "--json")
    exporting = here.cli("ledger", "export", log, "--settings", settings)
    (_, output), (exported, said) = await asyncio.gather(looking, exporting)
    findings = [
        each for each in json.loads(output)["findings"] if each["check"] in ("channels", "notify", "deliveries")
    ]
    assert findings and {each["level"] for each in findings} == {"OK"}, findings
    verified, found = await here.cli("ledger", "verify", log, "--key", keys["log"], "--node-key", keys["node"])
    assert (exported, verified) == (0, 0), said + found

    everything = here.services.everything() + here.log
    assert review in everything and "phi.name.family" in everything
    for part in CANARY.split("-"):
        assert part not in everything


async def test_socket_mode_does_the_same_without_being_called(tmp_path: Path, clinic: ClinicDatabase) -> None:
    async with services() as around, whole(tmp_path / "gateway", clinic, around, socket=True) as there:
        async with there.console("dana") as me:
            await there.link_slack("dana", me)
        async with there.asks(patients(1)) as asked:
            review = await asked.review()
            await until(lambda: any(place == REVIEWS for place, _ in around.in_slack(review)))
            shown = in_channel(around.slack, review)
            answer = await there.click_in_slack("dana", REVIEWS, shown, APPROVE, "by socket")
            assert "Your yes counts" in words(answer)
            assert [row[0] for row in await asked.answer()] == [1]
        status, _ = await SignedCalls(f"{there.url}/channels/slack").send(b"", {})
        assert status == 404
