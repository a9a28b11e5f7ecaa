"""Figures about fatigue over HTTP: who sees whose, in the API and on the console's page; and looks, as told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from tests.ledger.test_figures import Story
from tests.web.conftest import By, SignIn
from tests.web.in_memory import Office, content
from tests.web.reviewing import AUDITORS

from interlock.model.names import PersonId
from interlock.model.person import Person

PRIYA, SAM = PersonId("priya"), PersonId("sam")


@pytest.fixture
def counting(office: Office) -> Office:
    """An office whose figures know of votes by two people; Sam audits."""
    story = Story()
    story.opened(1, "privacy-officers", actor="etl-agent<b>").seen(1, "priya").after(1).vote(1, "priya")
    story.opened(2).seen(2, "remy").after(90).vote(2, "remy", "denied").opened(3)
    office.clock.pass_time(story.node.now - office.clock.now())
    office.registry.people[SAM] = Person(SAM, "Sam Ortiz", frozenset({AUDITORS}))
    office.app.state.control = replace(office.app.state.control, figures=story.figures)
    return office


@pytest.mark.parametrize("token", ["operator-token", "sam-key"])
async def test_auditors_and_the_operator_see_everybodys(counting: Office, by: By, token: str) -> None:
    actor = counting.registry.keys["priya-key"]
    counting.registry.keys["sam-key"] = replace(actor, owner=SAM)
    answer = await by(token).get("/api/figures")
    assert answer.status_code == 200
    told = answer.json()
    assert told["everybody"] and [each["person"] for each in told["people"]] == ["priya", "remy"]
    assert told["decision"] == {"count": 2, "p50": 1.0, "p90": 90.0}
    assert told["votes"]["quick"] == 1 and told["votes"]["quick_share"] == 0.5
    assert (told["waiting"], told["waiting_unseen"], told["ended"]["denied"]) == (1, 1, 1)
    assert told["requesters"] == [{"actor": "etl", "opened": 2}, {"actor": "etl-agent<b>", "opened": 1}]
    assert {each["group"] for each in told["groups"]} == {"officers", "privacy-officers"}


async def test_others_see_the_whole_and_themselves(counting: Office, by: By) -> None:
    told = (await by("priya-key").get("/api/figures", params={"days": 30})).json()
    assert not told["everybody"] and [each["person"] for each in told["people"]] == ["priya"]
    assert told["votes"]["count"] == 2 and told["groups"] == told["requesters"] == []
    assert "remy" not in str(told)
    assert (await by("owen-key").get("/api/figures")).json()["people"] == []


@pytest.mark.parametrize("token", ["agent-key", "service-key"])
async def test_agents_and_services_see_nothing(counting: Office, by: By, token: str) -> None:
    answer = await by(token).get("/api/figures")
    assert answer.status_code == 403 and "priya" not in answer.text


async def test_nobody_sees_nothing(counting: Office, browser: httpx.AsyncClient) -> None:
    assert (await browser.get("/api/figures")).status_code == 401
    assert (await browser.get("/figures")).status_code == 401


@pytest.mark.parametrize("days", ["0", "31", "x"])
async def test_days_have_a_bound(counting: Office, by: By, days: str) -> None:
    assert (await by("operator-token").get("/api/figures", params={"days": days})).status_code == 422


async def test_without_figures_there_is_nothing_there(office: Office, by: By) -> None:
    assert (await by("operator-token").get("/api/figures")).status_code == 404


async def test_the_page_of_an_auditor(counting: Office, sign_in: SignIn) -> None:
    page = (await (await sign_in("sam")).get("/figures")).text
    for text in (
        "<bdi>priya</bdi>",
        "<bdi>remy</bdi>",
        "1 min 30 s",
        "asked of privacy-officers",
        "etl-agent&lt;b&gt;",
    ):
        assert text in page
    assert "etl-agent<b>" not in page and "seen by nobody" in page


async def test_the_page_of_somebody_else(counting: Office, sign_in: SignIn) -> None:
    client = await sign_in("priya")
    page = (await client.get("/figures", params={"days": 1})).text
    assert "<bdi>priya</bdi>" in page and "remy" not in page and "etl-agent" not in page
    assert "you see your own" in page and 'href="/figures"' in (await client.get("/")).text
    counting.clock.pass_time(timedelta(days=2))
    client = await sign_in("priya")
    assert "You cast no vote" in (await client.get("/figures", params={"days": 1})).text


async def test_a_card_that_is_shown_is_told_as_seen(office: Office, sign_in: SignIn, by: By) -> None:
    review = office.desk.open(content())
    client = await sign_in("priya")
    await client.get("/")
    await by("agent-key").get(f"/api/reviews/{review.id}")
    assert office.desk.looks == []
    await client.get(f"/reviews/{review.id}")
    await by("priya-key").get(f"/api/reviews/{review.id}")
    await client.get(f"/reviews/{review.id}/alike")
    assert office.desk.looks == [(review.id, PRIYA, where) for where in ("console", "api", "console")]
    await by("other-agent-key").get(f"/api/reviews/{review.id}")
    assert len(office.desk.looks) == 3
