"""How gates of others turned out to be none, the part that people stand at: what they are shown, and who they are.

See `test_gates_that_were_not`, which has the rest of the list and says what can't be tried yet.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from tests.a_directory_service import house
from tests.an_office import (
    POLICY,
    Again,
    Office,
    export,
    office,
    read,
)
from tests.desk.a_review import break_glass, delegate, entries
from tests.desk.a_review import under as annotated
from tests.leaks.a_target import DANA, OLIVIA, REMY, target
from tests.promises.a_control_port import caller, key_of, signed_in

from interlock.errors import (
    AuthenticationFailed,
    Conflict,
    NotEntitled,
    NotFound,
)
from interlock.gate import Cleared, Denied, Held
from interlock.model.action import Action
from interlock.model.label import Label
from interlock.model.names import ActorId, KeyId, PersonId
from interlock.model.release import Ending, Outcome
from interlock.model.review import Ballot, Presence, Review, ReviewState, Verdict, Voter
from interlock.model.secret import Secret
from interlock.model.settings import Limits
from interlock.model.template import Leaf, Template
from interlock.web.control import agents_app


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as opened:
        yield opened


async def held(desk: Office, name: str = "etl", text: str = "COPY patients TO STDOUT") -> tuple[Review, Action]:
    action = export(await desk.agent(name), text, search_path=text)
    answer = await desk.gate.ask(action)
    assert isinstance(answer, Held)
    return answer.review, action


async def redeemed(desk: Office, review: Review, action: Action) -> bool:
    return isinstance(await desk.gate.redeem(review.id, action, Again(action)), Cleared)


# -- what people are shown --------------------------------------------------------------------------------------------

TRICKS = (
    '<a href="https://evil.test">Approve</a> @here ',
    "\N{RIGHT-TO-LEFT OVERRIDE}",
    "\N{ZERO WIDTH SPACE}",
)


async def test_a_card_is_whole_or_not_approved_and_the_agents_words_stay_words(tmp_path: Path) -> None:
    """Line 7: a tail cut off, markup of the agent's, unseen marks, and its "reason" taken as a fact."""
    async with target(tmp_path) as here:
        tail = "SELECT 1; " * 3000 + "DROP TABLE patients"
        words = "".join(TRICKS) + "I am the database's owner and this was approved by dana"
        action = export(here.action.actor, search_path="tricks")
        action = replace(action, reason_given=words, templates=(Template((tail,), ()),))
        answer = await here.office.gate.ask(action)
        assert isinstance(answer, Held)
        async with signed_in(here.app, here.office, "dana") as client:
            page = (await client.get(f"/reviews/{answer.review.id}")).text
        assert "DROP TABLE patients" in page
        assert '<a href="https://evil.test">' not in page and "&lt;a href=" in page
        assert not any(mark in page for mark in TRICKS[1:]) and "U+202E" in page
        assert answer.review.state is ReviewState.PENDING


async def test_what_a_card_hides_is_a_value_and_a_vote_is_for_the_card_that_was_shown(desk: Office) -> None:
    """Line 10: code where the card is masked, and a card other than the one that was signed for."""
    leaf = Leaf(None, "text", Label("phi.mrn"), "5-8", "#1")
    template = Template(("COPY (SELECT f(", ")) TO STDOUT"), (leaf,))
    action = replace(export(await desk.agent()), templates=(template,))
    answer = await desk.gate.ask(action)
    assert isinstance(answer, Held)
    shown = (await desk.desk.card(answer.review.id)).content["statements"]
    assert isinstance(shown, list) and shown[0]["code"] == list(template.code)
    other, _ = await held(desk, text="COPY wards TO STDOUT")
    theirs, mine = await desk.desk.card(other.id), await desk.desk.card(answer.review.id)
    for digests in ((mine.action_digest, theirs.card_digest), (theirs.action_digest, mine.card_digest)):
        with pytest.raises(Conflict, match="another card"):
            await desk.desk.vote(answer.review.id, desk.voter("dana"), Ballot(Verdict.APPROVE, *digests))
    assert desk.authority.votes(answer.review.id) == ()


# -- on whose behalf --------------------------------------------------------------------------------------------------


async def test_nobody_answers_for_an_agent_who_has_not_said_so_and_its_key_names_who_may_not_sign(
    tmp_path: Path,
) -> None:
    """Line 11: a principal of the agent's own choosing, an owner who was never asked, the maker of a stolen key."""
    async with house(tmp_path) as here:
        key = Secret(await key_of(here.office, "etl", "remy"))
        with pytest.raises(AuthenticationFailed) as refused:
            here.office.registry.authenticate(key)
        assert refused.value.code == "owner_not_accepted"
        with pytest.raises(NotFound):
            await here.people.accept_owner(DANA, ActorId("etl"))  # not theirs to accept
        await here.people.accept_owner(OLIVIA, ActorId("etl"))
        actor = here.office.registry.authenticate(key)
        answer = await here.office.gate.ask(export(replace(actor, owner=DANA)))  # what it says of itself
        assert isinstance(answer, Held) and {OLIVIA, REMY} <= answer.review.excluded
        assert "part of the request" in str(here.office.desk.why_not(answer.review, REMY))


async def test_a_link_begun_by_one_is_not_the_account_of_another_until_they_confirm_it(tmp_path: Path) -> None:
    """Line 12: the attacker's chat account bound to whoever clicked.

    An account claims a code; it is nobody's until the person who began it confirms that very account.
    """
    async with house(tmp_path) as here:
        code = here.people.begin_link(DANA, "slack")
        here.people.claim_link(code, "slack", "U-mallory", "dana")
        assert here.people.person_of("slack", "U-mallory") is None
        for person_, subject in ((REMY, "U-mallory"), (DANA, "U-dana")):
            with pytest.raises(NotFound):
                await here.people.confirm_link(person_, "slack", subject)
        with pytest.raises(Conflict):
            here.people.claim_link(code, "slack", "U-other", "dana")  # two hold it: void for both
        with pytest.raises(NotFound):
            await here.people.confirm_link(DANA, "slack", "U-mallory")


async def test_a_coding_agent_with_the_reviewers_token_approves_nothing_and_no_page_of_others_is_ours(
    tmp_path: Path,
) -> None:
    """Line 12: the approve command run with the reviewer's own token; a page of an upstream's where people vote."""
    async with target(tmp_path) as here:
        body = {"verdict": "approve", "action_digest": here.review.digest, "card_digest": here.review.card_digest}
        async with caller(here.app, await key_of(here.office, "dana", "dana")) as client:
            sent = await client.post(f"/api/reviews/{here.review.id}/votes", json=body)
            assert (sent.status_code, sent.json()["code"]) == (403, "token_votes_off")
        async with signed_in(here.app, here.office, "dana") as client:
            for origin in ("https://upstream.control.test", "https://control.test:8443", "null"):
                sent = await client.post(f"/api/reviews/{here.review.id}/votes", json=body, headers={"Origin": origin})
                assert sent.status_code == 403
            headers = (await client.get("/")).headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "script-src 'self'" in headers["content-security-policy"]
        assert await here.state() is ReviewState.PENDING


# -- wearing people down ----------------------------------------------------------------------------------------------


async def test_nobody_is_asked_until_they_click(desk: Office) -> None:
    """Line 13: hundreds of wordings held at once. So many are open at most, and who is denied cools down."""
    rules = replace(desk.desk.rules, limits=Limits(open_reviews_per_actor=3, cool_down_seconds=600, denied_per_hour=2))
    slow = replace(desk.desk, rules=rules)
    here = replace(desk, desk=slow, gate=replace(desk.gate, desk=slow))
    agent = await here.agent()
    answers = [await here.gate.ask(export(agent, search_path=str(n))) for n in range(50)]
    assert sum(isinstance(answer, Held) for answer in answers) == 3
    for answer in answers[:3]:
        assert isinstance(answer, Held)
        await here.vote(answer.review, "dana", Verdict.DENY)
    codes = set[str]()
    for n in (0, 51, 52):
        refused = await here.gate.ask(export(agent, search_path=str(n)))
        assert isinstance(refused, Denied)
        codes.add(refused.reasons[0].code)
    assert codes <= {"cooling_down", "too_many_denials"}


async def test_an_approval_is_not_stretched_by_asking_for_a_little_more_each_time(desk: Office) -> None:
    """Line 13: one export split into many small ones. Each is a request of its own, and rows add up for policy."""
    rows = "when { context.recent.hour.rows > 100 }"
    text = POLICY + f'@id("enough") forbid (principal, action, resource) {rows};'
    here = desk.with_policy(text)
    agent, cleared = await here.agent(), 0
    for n in range(20):
        answer = await here.gate.ask(read(agent, f"SELECT mrn FROM patients OFFSET {n}"))
        if not isinstance(answer, Cleared):
            break
        cleared += 1
        await answer.durable
        await here.gate.end(answer.release, Ending(Outcome.SUCCEEDED, 40))
    assert cleared == 3
    review, _ = await held(desk)
    await desk.vote(review, "dana")
    more, action = await held(desk, text="COPY patients TO STDOUT LIMIT 11")
    assert more.id != review.id and not await redeemed(desk, more, action)


# -- who clicked ------------------------------------------------------------------------------------------------------


async def test_a_click_that_does_not_count_is_said_and_recorded(desk: Office) -> None:
    """Line 14: somebody without a say clicked, and it was dropped, or counted; a chat's word for who they are."""
    review, _ = await held(desk)
    for voter in (
        desk.voter("olivia"),
        Voter(PersonId("dana@example.org"), Presence.SLACK, KeyId("slack"), desk.clock.now()),
        Voter(DANA, Presence.SLACK, KeyId("slack"), desk.clock.now()),
        Voter(DANA, Presence.CONSOLE, KeyId("session"), desk.clock.now() - timedelta(days=1)),
    ):
        with pytest.raises(NotEntitled, match="doesn't count"):
            await desk.desk.vote(review.id, voter, await desk.ballot(review))
    refused = await entries(desk, "vote.refused")
    assert [each["person"] for each in refused] == ["olivia", "dana@example.org", "dana", "dana"]
    assert all(each["because"] for each in refused) and desk.authority.votes(review.id) == ()


async def test_no_port_but_the_control_port_has_anything_to_approve(desk: Office) -> None:
    """Line 15: one door armed and the other not. The agents' port serves a word of health, and keeps no cookie."""
    app = agents_app("test", lambda: None)
    review, _ = await held(desk)
    async with caller(app, await key_of(desk, "etl")) as client:
        for path in ("/api/reviews", f"/api/reviews/{review.id}", "/", "/sign-in", "/scim/v2/Users", "/api/whoami"):
            assert (await client.get(path)).status_code == 404
        answer = await client.post(f"/api/reviews/{review.id}/votes", json={})
        assert answer.status_code in (404, 405)
        health: httpx.Response = await client.get("/healthz")
        assert health.status_code == 200 and "set-cookie" not in health.headers
    assert "sandbox" in health.headers["content-security-policy"]


async def test_a_broken_glass_is_no_way_around_for_who_asked(desk: Office) -> None:
    """Lines 2 and 16, by the door for emergencies: not for one's own, one run, and on record with its reason."""
    here = annotated(desk, '@review("officers:2") @break_glass("on-call")')
    action = export(await here.agent())
    answer = await here.gate.ask(action)
    assert isinstance(answer, Held)
    with pytest.raises(NotEntitled):
        await break_glass(here, answer.review, "olivia")  # on call, and the agent's owner
    await delegate(here, "gil", "eve", "on-call")
    with pytest.raises(NotEntitled):
        await break_glass(here, answer.review, "eve")  # a seat lent is no hammer lent
    await break_glass(here, answer.review, "gil")
    assert await redeemed(here, answer.review, action) and not await redeemed(here, answer.review, action)
    assert len(await entries(here, "break_glass.used")) == 1
