"""A link from end to end: begun on the console's page You, claimed by an account, confirmed on the page; a vote."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.channels.a_chat import DANA, EVERYWHERE, Chat, chat
from tests.promises.a_control_port import URL as CONTROL
from tests.promises.a_control_port import signed_in

from interlock.channels.answering import Clicker
from interlock.model.review import Presence, ReviewState, Verdict
from interlock.web.callers import CSRF_HEADER
from interlock.web.control import control_app


def clicker(provider: str) -> Clicker:
    presence = Presence(provider.partition("/")[0])
    subject = "pat" if presence is Presence.CALLBACK else "T01/U1"
    return Clicker(presence, provider, subject, f"{provider}/{subject}", "")


async def linked_on_the_page(here: Chat, who: Clicker) -> None:
    office = here.office
    app = control_app(
        office.desk,
        office.registry,
        office.desk.sealer,
        office.clock,
        CONTROL,
        False,
        "test",
        lambda: None,
        people=here.people,
    )
    async with signed_in(app, office, "dana") as client:
        csrf = client.headers[CSRF_HEADER]
        page = (await client.get("/you")).text
        assert f"Link an account at {who.provider}" in page
        begun = await client.post("/you/links/begin", data={"csrf": csrf, "provider": who.provider})
        found = re.search(r"shown this once: <code>([A-Z2-7]{16})</code>", begun.text)
        assert begun.status_code == 200 and found is not None
        assert (await here.answering.claim_by(who, found[1], "Pat")).counted
        assert "says that it is yours" in (await client.get("/you")).text
        mine = {"csrf": csrf, "provider": who.provider, "subject": who.subject}
        assert (await client.post("/you/links/confirm", data=mine)).status_code == 303


@pytest.mark.parametrize("provider", ["slack", "teams", "callback/desk"])
async def test_an_account_is_linked_on_the_page_and_votes(tmp_path: Path, provider: str) -> None:
    async with chat(tmp_path, EVERYWHERE) as here:
        who = clicker(provider)
        await linked_on_the_page(here, who)
        assert here.people.person_of(who.provider, who.subject) == DANA
        review, action = await here.held()
        assert (await here.answering.vote_by(who, await here.card(review), Verdict.APPROVE, "")).counted
        assert await here.state(review) is ReviewState.APPROVED and await here.redeemed(review, action)
