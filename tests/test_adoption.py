"""Proposing a bundle, signing for it, and its taking effect: over the real control port, desk, gate and store."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.a_rulebook import APPROVERS, FILE, LOOSER, STRICTER, Loading, Rulebook, rulebook
from tests.an_office import DIRECTORY, OPERATOR_TOKEN, POLICY, export, read
from tests.promises.a_control_port import caller, key_of, signed_in
from tests.stores.a_store import HandClock, write_raw

from interlock.errors import LedgerCorrupt, NotFound
from interlock.gate import Cleared, Denied, Held
from interlock.identity.directory import Directory
from interlock.ledger.entry import parse_entry
from interlock.model.entry import EntryType
from interlock.model.names import KeyId, PersonId
from interlock.rulebook import MAX_BYTES
from interlock.stores.bell import LocalBell
from interlock.workers import adopter


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Rulebook]:
    async with rulebook(tmp_path) as opened:
        yield opened


async def proposed(house: Rulebook, text: str, who: str = "dana") -> str:
    """A proposal's review."""
    answer = await house.propose(text, who)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["review"])


async def entries(house: Rulebook, *types: EntryType) -> list[dict[str, object]]:
    """`d` of the entries of these types, in order."""
    found = [parse_entry(raw) for raw in await house.office.store.entries(0, 4096)]
    return [dict(entry.d) for entry in found if entry.type in types]


# -- the whole way ----------------------------------------------------------------------------------------------------


async def test_a_bundle_is_proposed_shown_signed_and_in_force_without_a_restart(house: Rulebook) -> None:
    agent = await house.office.agent()
    before = house.in_force
    answer = await house.propose(STRICTER, note="Two eyes aren't enough.")
    assert answer.status_code == 201
    made = answer.json()
    assert (made["bundle"], made["previous"]) == (house.digest(STRICTER), before)
    shown = await house.card(made["review"])
    content = shown["card"]["content"]
    assert shown["may_sign"] and shown["card"]["whole"]
    assert content["verbs"] == ["policy.load"] and content["actor"]["id"] == "dana"
    assert content["reason_given"] == "Two eyes aren't enough."
    (statement,) = content["statements"]
    assert statement["leaves"] == []
    (diff,) = statement["code"]
    assert diff.startswith(f"=== {FILE}: changed\n@@ ")
    assert '\n-@id("exports-are-signed") @review("officers:1")' in diff
    assert '\n+@id("exports-are-signed") @review("officers:2")' in diff
    assert await house.adoption.adopt_due() == 0 and house.in_force == before
    assert (await house.vote(made["review"], "remy")).status_code == 200
    assert house.in_force == before
    assert await house.adoption.adopt_due() == 1
    assert house.in_force == house.digest(STRICTER)
    assert await house.state(made["review"]) == "succeeded"
    held = await house.office.gate.ask(export(agent))
    assert isinstance(held, Held) and held.review.requirements.quorums[0].count == 2
    loaded = (await entries(house, EntryType.POLICY_LOADED))[-1]
    assert loaded == {
        "bundle": house.digest(STRICTER),
        "how": "review",
        "by": "dana",
        "review": made["review"],
        "previous": before,
    }


async def test_the_unit_is_written_in_its_order_and_the_text_is_whole(house: Rulebook) -> None:
    review = await proposed(house, STRICTER)
    await house.vote(review, "remy")
    size, _ = await house.office.store.head()
    await house.adoption.adopt_due()
    unit = [parse_entry(raw) for raw in await house.office.store.entries(size, 50)]
    assert [entry.type for entry in unit] == [
        EntryType.ACTION_RELEASED,
        EntryType.POLICY_TEXT,
        EntryType.POLICY_TEXT,
        EntryType.POLICY_LOADED,
        EntryType.ACTION_ENDED,
        EntryType.NODE_SEAL,
    ]
    assert [(e.d["file"], e.d["part"], e.d["parts"]) for e in unit[1:3]] == [("/rules", 0, 1), (FILE, 0, 1)]
    assert unit[2].d["text"] == STRICTER
    assert unit[0].d["verbs"] == ["policy.load"] and unit[0].d["review"] == review
    texts = house.office.registry.texts(house.digest(STRICTER))
    assert texts is not None and texts[FILE] == STRICTER


async def test_it_goes_on_after_a_restart_on_the_text_of_the_ledger(tmp_path: Path) -> None:
    async with rulebook(tmp_path) as house:
        await house.vote(await proposed(house, STRICTER), "remy")
        await house.adoption.adopt_due()
        wanted = house.in_force
    async with rulebook(tmp_path, POLICY) as again:
        assert again.in_force == wanted == again.digest(STRICTER)
        answer = await again.office.gate.ask(export(await again.office.agent()))
        assert isinstance(answer, Held) and answer.review.requirements.quorums[0].count == 2


async def test_an_approval_of_just_before_a_crash_is_taken_up_at_the_next_start(tmp_path: Path) -> None:
    async with rulebook(tmp_path) as house:
        review = await proposed(house, STRICTER)
        await house.vote(review, "remy")
    async with rulebook(tmp_path) as again:
        assert await again.adoption.adopt_due() == 1
        assert again.in_force == again.digest(STRICTER)
        assert await again.state(review) == "succeeded"


async def test_the_worker_takes_it_up_as_soon_as_it_is_signed(house: Rulebook) -> None:
    stop = asyncio.Event()
    bell = house.office.desk.bell
    assert isinstance(bell, LocalBell)
    worker = asyncio.create_task(adopter.run(house.adoption.adopt_due, bell.listen, stop))
    review = await proposed(house, STRICTER)
    await house.vote(review, "remy")
    async with asyncio.timeout(10):
        while house.in_force != house.digest(STRICTER):
            await asyncio.sleep(0.01)
    stop.set()
    bell.close()
    await asyncio.wait_for(worker, 10)


async def test_while_it_is_replaced_nobody_is_left_without_a_bundle(house: Rulebook) -> None:
    agent = await house.office.agent()
    review = await proposed(house, LOOSER)
    await house.vote(review, "remy")
    answers: list[object] = []
    done = asyncio.Event()

    async def ask() -> None:
        while not done.is_set():
            answer = await house.office.gate.ask(read(agent))
            answers.append(answer)
            if isinstance(answer, Cleared):
                await answer.durable

    askers = [asyncio.create_task(ask()) for _ in range(8)]
    while len(answers) < 50:
        await asyncio.sleep(0)
    await house.adoption.adopt_due()
    seen = len(answers)
    while len(answers) < seen + 50:
        await asyncio.sleep(0)
    done.set()
    await asyncio.gather(*askers)
    assert house.in_force == house.digest(LOOSER)
    assert all(isinstance(answer, Cleared) for answer in answers)
    bundles = {entry["bundle"] for entry in await entries(house, EntryType.ACTION_RELEASED)}
    assert len(bundles) == 2  # asked under the one and under the other, and under nothing else


# -- who may -----------------------------------------------------------------------------------------------------------


async def test_nobody_signs_for_their_own_bundle(house: Rulebook) -> None:
    review = await proposed(house, STRICTER)
    assert (await house.vote(review, "dana")).status_code == 403
    answer = await house.send({FILE: LOOSER}, await key_of(house.office, "dana", "remy"))
    made = answer.json()["review"]
    assert (await house.vote(made, "remy")).status_code == 403  # made the key that proposed it
    assert (await house.vote(made, "olivia")).status_code == 200


async def test_where_nobody_else_could_sign_it_isn_t_opened(tmp_path: Path) -> None:
    async with rulebook(tmp_path) as house:
        alone = Directory({PersonId("dana"): DIRECTORY.people[PersonId("dana")]}, DIRECTORY.actors)
        one = replace(house.office.registry, directory=alone)
        desk = replace(house.office.desk, registry=one)
        house.app.state.control = replace(
            house.app.state.control, bundles=replace(house.adoption, registry=one, desk=desk)
        )
        answer = await house.propose(STRICTER)
        assert (answer.status_code, answer.json()["code"]) == (409, "unmeetable")


@pytest.mark.parametrize("holder", ["etl", "operator", "nobody", "revoked"])
async def test_only_people_with_a_key_of_their_own_propose(house: Rulebook, holder: str) -> None:
    tokens = {"operator": OPERATOR_TOKEN, "nobody": None}
    token = tokens[holder] if holder in tokens else await key_of(house.office, "etl" if holder == "etl" else "dana")
    if holder == "revoked":
        assert token is not None
        await house.office.registry.revoke_key(KeyId(token.split("_")[1]), PersonId("dana"), "lost")
    answer = await house.send({FILE: STRICTER}, token)
    expected = {"etl": 403, "operator": 403, "nobody": 401, "revoked": 401}
    assert answer.status_code == expected[holder], answer.text
    assert not await house.office.desk.reviews(None, 10)


async def test_a_console_session_alone_proposes_nothing(house: Rulebook) -> None:
    async with signed_in(house.app, house.office, "dana") as client:
        answer = await client.post("/api/bundles", json={"sources": {FILE: STRICTER}})
        assert (answer.status_code, answer.json()["code"]) == (403, "key_needed")


async def test_without_approvers_nothing_is_proposed_and_it_says_how_to_name_them(tmp_path: Path) -> None:
    async with rulebook(tmp_path, approvers=None) as house:
        answer = await house.propose(STRICTER)
        assert (answer.status_code, answer.json()["code"]) == (403, "no_approvers")
        assert "approvers" in answer.json()["sentence"] and "unsafe-pin" in answer.json()["sentence"]


async def test_policies_don_t_decide_about_policies(tmp_path: Path) -> None:
    """Neither does a bundle that permits everything let another in, nor one that permits nothing keep it out."""
    async with rulebook(tmp_path, '@id("all") permit (principal, action, resource);') as house:
        assert (await house.propose(POLICY)).status_code == 201
        review = await proposed(house, '@id("none") forbid (principal, action, resource);')
        await house.vote(review, "remy")
        await house.adoption.adopt_due()
        second = await proposed(house, POLICY)
        await house.vote(second, "remy")
        await house.adoption.adopt_due()
        assert house.in_force == house.digest(POLICY)


# -- what doesn't take effect ------------------------------------------------------------------------------------------


async def test_every_mistake_comes_back_and_no_review_is_opened(house: Rulebook) -> None:
    wrong = POLICY.replace('@id("agents-read")', "").replace("officers:1", "oficers:1")
    answer = await house.propose(wrong)
    assert (answer.status_code, answer.json()["code"]) == (422, "mistakes")
    told = answer.json()["mistakes"]
    assert len(told) == 2 and all(mistake.startswith(f"{FILE}:") for mistake in told)
    assert any('did you mean "officers"?' in mistake for mistake in told)
    assert not await house.office.desk.reviews(None, 10)


@pytest.mark.parametrize(
    ("sources", "sentence"),
    [
        ({"../x.cedar": POLICY}, "can't be the name"),
        ({"/rules": POLICY}, "can't be the name"),
        ({"packs/tools/x": POLICY}, "can't be the name"),
        ({FILE: "// " + "x" * 1_000_000}, "a bundle has at most 1,000,000"),
        ({f"f{n}.cedar": "" for n in range(101)}, "a bundle has at most 100"),
        ({FILE: POLICY + "\0"}, "control character"),
    ],
)
async def test_what_no_bundle_is(house: Rulebook, sources: dict[str, str], sentence: str) -> None:
    answer = await house.send(sources, await key_of(house.office, "dana"))
    assert answer.status_code == 422 and sentence in answer.json()["mistakes"][0]


async def test_a_body_that_is_far_too_long_isn_t_read(house: Rulebook) -> None:
    answer = await house.send({FILE: "x" * 3_000_000}, await key_of(house.office, "dana"))
    assert answer.status_code == 413


async def test_what_differs_must_fit_a_card(house: Rulebook) -> None:
    long = POLICY + "\n".join(f"// {n} " + "long " * 20 for n in range(1000))
    answer = await house.propose(long)
    assert (answer.status_code, answer.json()["code"]) == (409, "too_long_for_a_card")


async def test_what_is_in_force_isn_t_proposed(house: Rulebook) -> None:
    answer = await house.propose(POLICY)
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_differs")


async def test_the_same_proposal_joins_the_one_that_waits(house: Rulebook) -> None:
    key = await key_of(house.office, "dana")
    first, second = [await house.send({FILE: STRICTER}, key) for _ in range(2)]
    assert first.json()["review"] == second.json()["review"]


async def test_of_two_proposals_only_one_is_taken_up(house: Rulebook) -> None:
    one, other = await proposed(house, STRICTER, "dana"), await proposed(house, LOOSER, "remy")
    await house.vote(one, "olivia")
    await house.vote(other, "olivia")
    await asyncio.gather(house.adoption.adopt_due(), house.adoption.adopt_due())
    states = [await house.state(one), await house.state(other)]
    assert sorted(states) == ["succeeded", "superseded"]
    assert house.in_force == house.digest(STRICTER if states[0] == "succeeded" else LOOSER)
    (because,) = [entry["because"] for entry in await entries(house, EntryType.REVIEW_SUPERSEDED)]
    assert because == "another bundle was put in force since it was proposed"
    assert len(await entries(house, EntryType.POLICY_LOADED)) == 2


async def test_a_proposal_against_what_was_replaced_is_stale(house: Rulebook) -> None:
    stale = await proposed(house, LOOSER, "remy")
    await house.vote(await proposed(house, STRICTER), "olivia")
    await house.adoption.adopt_due()
    await house.vote(stale, "olivia")
    await house.adoption.adopt_due()
    assert await house.state(stale) == "superseded"
    assert house.in_force == house.digest(STRICTER)


async def test_what_has_mistakes_by_now_isn_t_taken_up(tmp_path: Path) -> None:
    loader = Loading()
    async with rulebook(tmp_path, loader=loader) as house:
        review = await proposed(house, STRICTER)
        await house.vote(review, "remy")
        people = {name: person for name, person in DIRECTORY.people.items() if name == "dana"}
        loader.directory = Directory(people, DIRECTORY.actors)  # nobody could meet officers:2 any more
        await house.adoption.adopt_due()
        assert await house.state(review) == "superseded"
        (because,) = [str(entry["because"]) for entry in await entries(house, EntryType.REVIEW_SUPERSEDED)]
        assert because.startswith(f"by now it has mistakes: {FILE}:")
        assert house.in_force == house.digest(POLICY)


async def test_other_catalogs_than_it_was_proposed_with_end_it(tmp_path: Path) -> None:
    loader = Loading(catalogs={"clinic": "0" * 64})
    async with rulebook(tmp_path, loader=loader) as house:
        before = house.in_force
        review = await proposed(house, STRICTER)
        await house.vote(review, "remy")
        loader.catalogs = {"clinic": "1" * 64}
        await house.adoption.adopt_due()
        assert (await house.state(review), house.in_force) == ("superseded", before)


@pytest.mark.parametrize("count", [2, 0])
async def test_the_approvers_of_now_count(house: Rulebook, count: int) -> None:
    """More of them, or none at all."""
    review = await proposed(house, STRICTER)
    await house.vote(review, "remy")
    more = replace(APPROVERS, quorums=tuple(replace(quorum, count=count) for quorum in APPROVERS.quorums))
    by_now = replace(house.adoption, approvers=more if count else None)
    assert await by_now.adopt_due() == 1
    assert await house.state(review) == "superseded"
    assert house.in_force == house.digest(POLICY)


async def test_a_key_that_was_revoked_takes_its_proposals_with_it(house: Rulebook) -> None:
    token = await key_of(house.office, "dana")
    review = (await house.send({FILE: LOOSER}, token)).json()["review"]
    await house.vote(review, "remy")
    await house.office.registry.revoke_key(KeyId(token.split("_")[1]), PersonId("dana"), "lost")
    await house.adoption.adopt_due()
    assert await house.state(review) == "superseded"
    assert house.in_force == house.digest(POLICY)


async def test_a_denied_or_expired_proposal_stays_out(tmp_path: Path) -> None:
    clock = HandClock()
    async with rulebook(tmp_path, clock=clock) as house:
        denied, late = await proposed(house, STRICTER), await proposed(house, LOOSER)
        await house.vote(denied, "remy", "deny")
        await house.vote(late, "remy")
        clock.forward(minutes=11)
        await house.adoption.adopt_due()
        assert await house.state(denied) == "denied" and await house.state(late) == "superseded"
        assert house.in_force == house.digest(POLICY)


FORGED = {
    "approved": ["UPDATE il_review SET state = 'approved', approved_until = '2031-01-01T00:00:00.000000Z'"],
    "a vote": [
        "UPDATE il_review SET state = 'approved', approved_until = '2031-01-01T00:00:00.000000Z'",
        "INSERT INTO il_vote (review, person, verdict, action_digest, card_digest, presence, key, entry, at,"
        " sealed_reason) SELECT id, 'remy', 'approve', digest, card_digest, 'console', 'k', 'e', opened_at, x''"
        " FROM il_review",
    ],
}


@pytest.mark.parametrize("forged", list(FORGED))
async def test_rows_written_into_the_store_put_nothing_in_force(house: Rulebook, tmp_path: Path, forged: str) -> None:
    await proposed(house, LOOSER)
    write_raw(tmp_path / "interlock.db", *FORGED[forged])
    assert await house.adoption.adopt_due() == 0
    assert house.in_force == house.digest(POLICY)


async def test_another_sealed_payload_than_was_signed_isn_t_taken_up(house: Rulebook, tmp_path: Path) -> None:
    good, bad = await proposed(house, STRICTER), await proposed(house, LOOSER)
    await house.vote(good, "remy")
    swap = f"UPDATE il_review SET sealed_payload = (SELECT sealed_payload FROM il_review WHERE id = '{bad}')"
    write_raw(tmp_path / "interlock.db", f"{swap} WHERE id = '{good}'")
    assert await house.adoption.adopt_due() == 0
    assert house.in_force == house.digest(POLICY)


# -- looking back ------------------------------------------------------------------------------------------------------


async def test_history_and_texts_of_each(house: Rulebook) -> None:
    for text, who in ((STRICTER, "remy"), (LOOSER, "olivia")):
        await house.vote(await proposed(house, text), who)
        await house.adoption.adopt_due()
    async with caller(house.app, await key_of(house.office, "olivia")) as client:
        listed = (await client.get("/api/bundles")).json()["bundles"]
        assert [each["how"] for each in listed] == ["review", "review", "first_start"]
        assert [each["signed_by"] for each in listed] == [["olivia"], ["remy"], []]
        assert [each["by"] for each in listed] == ["dana", "dana", "operator"]
        assert all(each["has_texts"] for each in listed)
        assert listed[0]["previous"] == listed[1]["bundle"] == house.digest(STRICTER)
        texts = {
            which: (await client.get(f"/api/bundles/{which}")).json()["sources"][FILE]
            for which in ("in-force", "previous", *(each["bundle"] for each in listed), listed[2]["bundle"][:8])
        }
        assert list(texts.values()) == [LOOSER, STRICTER, LOOSER, STRICTER, POLICY, POLICY]
        assert (await client.get("/api/bundles/00000000")).status_code == 404
        assert (await client.get("/api/bundles/nonsense")).status_code == 422
    async with caller(house.app, await key_of(house.office, "etl")) as client:
        assert (await client.get("/api/bundles")).status_code == 403
        assert (await client.get("/api/bundles/in-force")).status_code == 403


async def test_the_previous_one_is_proposed_like_any_other(house: Rulebook) -> None:
    await house.vote(await proposed(house, STRICTER), "remy")
    await house.adoption.adopt_due()
    _, sources = await house.adoption.texts("previous")
    assert dict(sources) == {FILE: POLICY}
    await house.vote(await proposed(house, sources[FILE]), "remy")
    await house.adoption.adopt_due()
    assert house.in_force == house.digest(POLICY)
    assert house.office.authority.previous == house.digest(STRICTER)


async def test_texts_that_were_changed_in_the_store_aren_t_shown(tmp_path: Path) -> None:
    async with rulebook(tmp_path) as house:
        for text in (STRICTER, LOOSER):
            await house.vote(await proposed(house, text), "remy")
            await house.adoption.adopt_due()
        first = house.office.authority.loadings()[0].bundle
        assert house.office.registry.texts(first) is None  # only the newest two are kept in memory
        assert dict((await house.adoption.texts(first))[1]) == {FILE: POLICY}
        write_raw(
            tmp_path / "interlock.db",
            "UPDATE il_entry SET body = CAST(replace(CAST(body AS TEXT), 'officers:1', 'officers:9') AS BLOB)"
            " WHERE instr(body, 'policy.text')",
        )
        with pytest.raises(LedgerCorrupt):
            await house.adoption.texts(first)


async def test_a_log_without_texts_still_compares_with_what_was_loaded(tmp_path: Path) -> None:
    async with rulebook(tmp_path) as house:
        pass
    async with rulebook(tmp_path / "old") as house:
        o = house.office
        await o.registry.unsafe_pin_bundle(house.digest(STRICTER))
        assert o.registry.texts(house.digest(STRICTER)) is None
        assert (await house.propose(LOOSER)).json()["code"] == "no_texts"
        with pytest.raises(NotFound):
            await house.adoption.texts("in-force")
        loaded = house.adoption.loader.load({FILE: STRICTER})
        house.rules.load(loaded.rules, loaded.policy, loaded.sources)
        await house.vote(await proposed(house, LOOSER), "remy")
        await house.adoption.adopt_due()
        assert house.in_force == house.digest(LOOSER)


@pytest.mark.parametrize("line", ['// "quoted"\n', "// é\n", "//x\n"])
async def test_the_largest_bundle_fits_the_ledger(tmp_path: Path, line: str) -> None:
    comments = line * ((MAX_BYTES - len(FILE) - len(POLICY)) // len(line.encode()))
    async with rulebook(tmp_path, comments + POLICY) as house:
        assert house.in_force == house.digest(comments + POLICY)
    async with rulebook(tmp_path, "// nothing of it on disk") as again:
        assert again.in_force == again.digest(comments + POLICY)


async def test_no_text_of_a_proposal_lies_in_clear_before_it_is_in_force(house: Rulebook, tmp_path: Path) -> None:
    review = await proposed(house, POLICY + "// canary-of-a-draft")
    assert review
    for raw in await house.office.store.entries(0, 4096):
        assert b"canary-of-a-draft" not in raw
    assert not isinstance(await house.office.gate.ask(read(await house.office.agent())), Denied)
    held = (await entries(house, EntryType.ACTION_HELD))[-1]
    assert "asked" not in held and json.dumps(held)
