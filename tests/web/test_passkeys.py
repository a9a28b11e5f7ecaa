"""Passkeys over HTTP, on a real desk: a stolen session approves nothing."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from testkit.authenticator import Answer, Authenticator
from tests.stores.a_store import ENTROPY
from tests.web.stepping_up import Browser, SteppedUp, browser, stepped_up

from interlock.desk.entries import about
from interlock.gate import Cleared
from interlock.identity import passkeys
from interlock.model.change import Unit
from interlock.model.entry import EntryType
from interlock.model.names import EntryId, PersonId
from interlock.model.review import Review, ReviewState

URL, RP_ID = "https://interlock.test", "interlock.test"
DANA = PersonId("dana")
VERIFYING = (Path(__file__).resolve().parents[2] / "docs" / "howto" / "verify-the-ledger.md").read_text()


def unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[SteppedUp]:
    async with stepped_up(tmp_path, URL) as made:
        yield made


@pytest.fixture
async def dana(here: SteppedUp) -> AsyncIterator[Browser]:
    async with browser(here) as made:
        await made.sign_in("dana")
        yield made


def device(**how: Any) -> Authenticator:
    return Authenticator(URL, RP_ID, **how)


async def options(who: Browser) -> dict[str, Any]:
    answer = await who.post("/you/passkeys/options")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def register(who: Browser, new: Authenticator, confirmed_by: Authenticator | None = None) -> int:
    asked = await options(who)
    made = new.register(unpadded(asked["create"]["challenge"]))
    confirmation: dict[str, str] = {}
    if confirmed_by is not None:
        confirmation = confirmed_by.answer(unpadded(asked["confirm"]["challenge"])).fields()
    registration = {"attestation": made.attestation, "made_client_data": made.client_data, "name": "Laptop"}
    return (await who.post("/you/passkeys", **registration, **confirmation)).status_code


def digests(review: Review) -> dict[str, str]:
    return {"action_digest": review.digest, "card_digest": review.card_digest}


async def challenge(who: Browser, review: Review, verdict: str = "approve", **fields: str) -> bytes:
    path = f"/reviews/{review.id}/challenge?verdict={verdict}"
    answer = await who.post(path, **digests(review), **fields)
    assert answer.status_code == 200, answer.text
    asked = answer.json()
    assert asked["userVerification"] == "required" and asked["rpId"] == RP_ID
    return unpadded(asked["challenge"])


async def vote(who: Browser, review: Review, answer: Answer | None, verdict: str = "approve") -> int:
    fields = answer.fields() if answer is not None else {}
    sent = await who.post(f"/reviews/{review.id}/votes", verdict=verdict, **digests(review), **fields)
    return sent.status_code


async def state(here: SteppedUp, review: Review) -> ReviewState:
    return (await here.desk.review(review.id)).state


async def test_a_passkey_is_registered_and_from_then_on_approves(here: SteppedUp, dana: Browser) -> None:
    laptop = device()
    assert await register(dana, laptop) == 303
    assert "Laptop" in (await dana.client.get("/you/passkeys")).text
    review, action = await here.held()
    page = (await dana.client.get(f"/reviews/{review.id}")).text
    assert "data-passkey" in page and 'name="authenticator_data"' in page
    assert await vote(dana, review, laptop.answer(await challenge(dana, review))) == 303
    assert await state(here, review) is ReviewState.APPROVED
    [cast] = [json.loads(e.split(b"\n")[0]) for e in await here.office.store.entries(0, 100) if b"vote.cast" in e]
    assert cast["d"]["presence"] == "webauthn" and cast["d"]["credential"]
    assert isinstance(await here.redeemed(review, action), Cleared)


async def test_a_stolen_session_approves_nothing_but_may_say_no(here: SteppedUp, dana: Browser) -> None:
    assert await register(dana, device()) == 303
    review, _ = await here.held()
    for answer in (None, device().answer(await challenge(dana, review))):
        assert await vote(dana, review, answer) >= 400
        assert await state(here, review) is ReviewState.PENDING
    assert await register(dana, device()) == 403  # nor does it bring a passkey of its own
    assert await vote(dana, review, None, "deny") == 303
    assert await state(here, review) is ReviewState.DENIED


@pytest.mark.parametrize(
    "wrong",
    [{"origin": "https://evil.test"}, {"rp_id": "evil.test"}, {"verifies_user": False}, {"user_present": False}],
)
async def test_an_answer_given_elsewhere_or_unverified_is_refused(
    here: SteppedUp, dana: Browser, wrong: dict[str, Any]
) -> None:
    laptop = device()
    await register(dana, laptop)
    review, _ = await here.held()
    for name, value in wrong.items():
        setattr(laptop, name, value)
    assert await vote(dana, review, laptop.answer(await challenge(dana, review))) == 403
    assert await state(here, review) is ReviewState.PENDING


async def test_an_answer_for_another_review_card_verdict_or_person_is_refused(here: SteppedUp, dana: Browser) -> None:
    laptop, remys = device(), device()
    await register(dana, laptop)
    review, _ = await here.held()
    other = (await here.held("COPY visits TO STDOUT"))[0]
    async with browser(here) as remy:
        await remy.sign_in("remy")
        await register(remy, remys)
        theirs = remys.answer(await challenge(remy, review))
    asked = await challenge(dana, review)
    for answer in (
        laptop.answer(await challenge(dana, other)),
        laptop.answer(await challenge(dana, review, "break_glass")),
        laptop.answer(unpadded((await options(dana))["confirm"]["challenge"])),
        theirs,
    ):
        assert await vote(dana, review, answer) == 403
    older = {"action_digest": review.digest, "card_digest": "0" * 64}
    path = f"/reviews/{review.id}/challenge?verdict=approve"
    other_card = unpadded((await dana.post(path, **older)).json()["challenge"])
    assert other_card != asked
    assert await vote(dana, review, laptop.answer(other_card)) == 403
    assert await state(here, review) is ReviewState.PENDING
    assert await vote(dana, review, laptop.answer(asked)) == 303


async def test_a_cloned_authenticator_is_refused(here: SteppedUp, dana: Browser) -> None:
    laptop = device()
    await register(dana, laptop)
    clone = laptop.clone()
    first, _ = await here.held()
    assert await vote(dana, first, laptop.answer(await challenge(dana, first))) == 303
    second = (await here.held("COPY visits TO STDOUT"))[0]
    assert await vote(dana, second, clone.answer(await challenge(dana, second))) == 403
    refused = [e for e in await here.office.store.entries(0, 100) if b"vote.refused" in e]
    assert any(b"passkey_cloned" in e for e in refused)


async def test_the_api_takes_the_answer_too(here: SteppedUp, dana: Browser) -> None:
    laptop = device()
    await register(dana, laptop)
    review, _ = await here.held()
    csrf = {"X-Interlock-CSRF": await dana.csrf()}
    ballot: dict[str, Any] = {"verdict": "approve", **digests(review)}
    answer = laptop.answer(await challenge(dana, review)).fields()
    path = f"/api/reviews/{review.id}/votes"
    without = await dana.client.post(path, json=ballot, headers=csrf)
    assert (without.status_code, without.json()["code"]) == (403, "passkey_required")
    broken = await dana.client.post(path, json={**ballot, "assertion": {**answer, "signature": "?"}}, headers=csrf)
    assert broken.status_code == 403
    counted = await dana.client.post(path, json={**ballot, "assertion": answer}, headers=csrf)
    assert counted.status_code == 200, counted.text
    assert await state(here, review) is ReviewState.APPROVED


async def test_narrowing_signs_its_terms(here: SteppedUp, dana: Browser) -> None:
    laptop = device()
    await register(dana, laptop)
    review, _ = await here.held()
    answer = laptop.answer(await challenge(dana, review, "narrow", valid_minutes="5"))
    wider = await dana.post(f"/reviews/{review.id}/narrowing", valid_minutes="6", **digests(review), **answer.fields())
    assert wider.status_code >= 400
    answer = laptop.answer(await challenge(dana, review, "narrow", valid_minutes="5"))
    done = await dana.post(f"/reviews/{review.id}/narrowing", valid_minutes="5", **digests(review), **answer.fields())
    assert done.status_code == 303, done.text
    assert (await here.desk.review(review.id)).digest != review.digest


async def test_forms_are_ours_alone(here: SteppedUp, dana: Browser) -> None:
    csrf = await dana.csrf()
    for path in ("/you/passkeys/options", "/you/passkeys", "/you/passkeys/YQ/remove", "/you/passkeys/YQ/challenge"):
        elsewhere = await dana.client.post(path, data={"csrf": csrf}, headers={"Origin": "https://evil.test"})
        forged = await dana.client.post(path, data={"csrf": "0" * 64})
        assert (elsewhere.status_code, forged.status_code) == (403, 403)
    async with browser(here) as nobody:
        assert (await nobody.client.get("/you/passkeys")).status_code == 401
        assert (await nobody.client.post("/you/passkeys/options", data={"csrf": csrf})).status_code == 401


async def test_an_old_login_registers_nothing(here: SteppedUp, dana: Browser) -> None:
    here.office.clock.forward(minutes=5)
    answer = await dana.post("/you/passkeys/options")
    assert answer.status_code == 403 and "sign in again" in answer.text


async def test_removing_takes_a_passkey(here: SteppedUp, dana: Browser) -> None:
    laptop = device()
    await register(dana, laptop)
    [key] = here.passkeys.of(next(iter(p for p in here.office.registry.directory.everyone() if p == "dana")))
    path = f"/you/passkeys/{key.credential}"
    assert (await dana.post(f"{path}/remove")).status_code == 403
    asked = (await dana.post(f"{path}/challenge")).json()
    answer = laptop.answer(unpadded(asked["challenge"]))
    assert (await dana.post(f"{path}/remove", **answer.fields())).status_code == 303
    assert "You have none" in (await dana.client.get("/you/passkeys")).text


async def test_the_operator_lists_and_removes(here: SteppedUp, dana: Browser) -> None:
    await register(dana, device())
    operator = {"Authorization": f"Bearer {'o' * 43}"}
    path = "/api/operator/people/dana/passkeys"
    listed = (await dana.client.get(path, headers=operator)).json()
    assert listed["required"] is True and [each["name"] for each in listed["passkeys"]] == ["Laptop"]
    remove = f"{path}/{listed['passkeys'][0]['id']}/remove"
    assert (await dana.client.get(path)).status_code == 403
    assert (await dana.client.post(remove, headers=operator, json={"because": ""})).status_code == 422
    gone = await dana.client.post(remove, headers=operator, json={"because": "lost on a train"})
    assert gone.json() == {"person": "dana", "required": False, "passkeys": []}
    assert (await dana.client.post(remove, headers=operator, json={"because": "again"})).status_code == 404


async def test_where_all_must_who_has_none_is_told(tmp_path: Path) -> None:
    async with stepped_up(tmp_path, URL, always=True) as here, browser(here) as dana:
        await dana.sign_in("dana")
        review, _ = await here.held()
        assert await vote(dana, review, None) >= 400
        answer = await dana.post(f"/reviews/{review.id}/challenge?verdict=approve", **digests(review))
        assert answer.status_code == 404 and "/you/passkeys" in answer.text
        assert await state(here, review) is ReviewState.PENDING


async def test_an_ip_address_says_why_it_cant(tmp_path: Path) -> None:
    async with stepped_up(tmp_path, "https://127.0.0.1:8443") as here, browser(here) as dana:
        await dana.sign_in("dana")
        page = (await dana.client.get("/you/passkeys")).text
        assert "never to an IP address" in page and "data-passkey-new" not in page
        assert (await dana.post("/you/passkeys/options")).status_code == 409


async def test_an_outsider_verifies_the_vote_as_the_docs_say(here: SteppedUp, dana: Browser) -> None:
    laptop = device()
    await register(dana, laptop)
    review, _ = await here.held()
    assert await vote(dana, review, laptop.answer(await challenge(dana, review))) == 303
    entries = [json.loads(each.split(b"\n")[0]) for each in await here.office.store.entries(0, 100)]
    [cast] = [each for each in entries if each["type"] == "vote.cast"]
    [registration] = [each for each in entries if each["type"] == "identity.changed"]
    given: dict[str, Any] = {}
    exec(VERIFYING.split("```python")[1].split("```")[0], given)
    given["verify_vote"](cast, registration, URL, RP_ID)
    for changed in ({"person": "remy"}, {"verdict": "deny"}, {"card": "0" * 64}):
        with pytest.raises(AssertionError):
            given["verify_vote"]({**cast, "d": {**cast["d"], **changed}}, registration, URL, RP_ID)


@pytest.mark.parametrize(
    ("verdict", "fields", "terms"),
    [
        ("afterwards", {"justified": "true"}, "justified"),
        ("afterwards", {"justified": "false"}, "not justified"),
        ("reveal", {"leaf": "1.12"}, "1.12"),
    ],
)
async def test_a_judgement_and_a_hidden_value_are_asked_for_by_their_terms(
    here: SteppedUp, dana: Browser, verdict: str, fields: dict[str, str], terms: str
) -> None:
    await register(dana, device())
    review, _ = await here.held()
    expected = passkeys.challenge(review.id, DANA, verdict, review.digest, review.card_digest, terms)
    asked = await challenge(dana, review, verdict, **fields)
    if verdict == passkeys.REVEAL:  # it may be wanted again, so it takes a nonce
        assert asked == passkeys.once(expected, asked[:32])
        assert await challenge(dana, review, verdict, **fields) != asked
    else:
        assert asked == expected


async def test_a_broken_glass_is_judged_with_the_passkeys_answer(here: SteppedUp, dana: Browser) -> None:
    laptop = device()
    await register(dana, laptop)
    review, _ = await here.held()
    said = {"digest": review.digest, "card": review.card_digest, "person": "remy", "presence": "console", "key": "k"}
    draft = about(
        EntryId(ENTROPY.uuid7()), EntryType.BREAK_GLASS_USED, {**said, "group": "officers"}, review.id, act="a"
    )
    await here.office.store.commit(Unit((draft,)))
    page = (await dana.client.get(f"/reviews/{review.id}")).text
    assert 'data-passkey-verdict="afterwards"' in page
    path = f"/reviews/{review.id}/afterwards"
    other = laptop.answer(await challenge(dana, review, "afterwards", justified="false"))
    for fields in ({}, other.fields()):
        assert (await dana.post(path, justified="true", **fields)).status_code == 403
    answer = laptop.answer(await challenge(dana, review, "afterwards", justified="true"))
    assert (await dana.post(path, justified="true", **answer.fields())).status_code == 303
    broken = here.office.authority.broken(review.id)
    assert broken is not None and broken.reviewed is True
    assert here.passkeys.of(DANA)[0].count > 0, "its counter has grown"


async def test_a_registration_is_over_when_the_login_is(here: SteppedUp, dana: Browser) -> None:
    """What was begun at the last moment isn't finished minutes later, by whoever has the session by then."""
    here.office.clock.forward(minutes=4, seconds=59)
    made = device().register(unpadded((await options(dana))["create"]["challenge"]))
    here.office.clock.forward(seconds=1)
    form = {"attestation": made.attestation, "made_client_data": made.client_data, "name": "Late"}
    late = await dana.post("/you/passkeys", **form)
    assert late.status_code == 403 and not here.passkeys.of(DANA)
