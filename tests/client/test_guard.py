"""Guarded functions on a real gateway: they run once they may, with what was signed for, once; else never."""

from __future__ import annotations

import asyncio
import inspect
import logging
import pickle
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.client.a_guarded_place import Place, blocking, everything, guarded
from tests.stores.a_store import HandClock
from tests.web.access.test_howto import SECONDS

from interlock.model.review import ReviewState, Verdict
from interlock_client import (
    ArgumentsChanged,
    BadHandle,
    Denied,
    Handle,
    NoLongerApproved,
    NotApprovedInTime,
    NotSendable,
    Pending,
    Permit,
    Standing,
    asked,
    guard,
)

CANARY = "canary-4711"


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with guarded(tmp_path) as opened:
        yield opened


def pushing(place: Place, **more: Any) -> Any:
    @guard("snapshots.push", resource=lambda dataset: dataset, client=place.client(), **more)
    def push(dataset: str, version: int = 1, note: Any = "") -> str:
        place.ran.append((dataset, version, note))
        return f"{dataset}/{version}"

    return push


async def test_what_policy_allows_runs_and_its_end_is_on_record(place: Place) -> None:
    assert await blocking(pushing(place), dataset="weather") == "weather/1"
    assert await place.types() == ["action.released", "action.unknown", "action.ended"]
    assert await place.ends() == ["succeeded"]


async def test_what_policy_forbids_never_runs(place: Place) -> None:
    @guard("snapshots.drop", resource="weather", client=place.client())
    def drop() -> None:
        place.ran.append("dropped")

    with pytest.raises(Denied) as denied:
        await blocking(drop)
    assert denied.value.code == "forbidden"
    assert "Nothing is dropped" in denied.value.sentence
    assert (place.ran, await place.types()) == ([], ["action.denied"])


async def test_what_people_sign_for_runs_once_they_have(place: Place) -> None:
    held: list[Handle] = []
    running = blocking(pushing(place, on_pending=held.append), dataset="claims", version=3)
    review = await place.signed()
    assert await running == "claims/3"
    assert (place.ran, await place.ends()) == ([("claims", 3, "")], ["succeeded"])
    assert [handle.review_url for handle in held] == [f"https://control.test/reviews/{review.id}"]


async def test_what_people_deny_never_runs(place: Place) -> None:
    running = blocking(pushing(place), dataset="claims")
    review = await place.signed(Verdict.DENY)
    with pytest.raises(Denied) as denied:
        await running
    assert (denied.value.code, denied.value.review, place.ran) == ("review_denied", review.id, [])


async def test_nobody_signs_in_time_and_the_review_stays(place: Place) -> None:
    with pytest.raises(NotApprovedInTime) as late:
        await blocking(pushing(place, wait=0.2), dataset="claims")
    await place.signed()
    assert place.ran == []
    assert await blocking(pushing(place).resume, late.value.handle, dataset="claims") == "claims/1"
    with pytest.raises(NoLongerApproved):
        await blocking(pushing(place).resume, late.value.handle, dataset="claims")
    assert place.ran == [("claims", 1, "")]


async def test_a_request_that_runs_out_is_a_no(tmp_path: Path) -> None:
    clock = HandClock()
    async with guarded(tmp_path, clock=clock) as place:
        push = pushing(place, wait=0)
        with pytest.raises(Pending) as held:
            await blocking(push, dataset="claims")
        clock.forward(minutes=31)
        await place.line.office.desk.expire_due()
        with pytest.raises(Denied) as denied:
            await blocking(push.resume, held.value.handle, dataset="claims")
        assert (denied.value.code, place.ran) == ("review_expired", [])


async def test_an_approval_that_runs_out_is_a_no(tmp_path: Path) -> None:
    clock = HandClock()
    async with guarded(tmp_path, clock=clock) as place:
        push = pushing(place, wait=0)
        with pytest.raises(Pending) as held:
            await blocking(push, dataset="claims")
        await place.signed()
        clock.forward(minutes=11)
        with pytest.raises(NoLongerApproved):
            await blocking(push.resume, held.value.handle, dataset="claims")
        assert place.ran == []


async def test_with_no_wait_a_handle_is_for_another_process(place: Place) -> None:
    push = pushing(place, wait=0)
    with pytest.raises(Pending) as held:
        await blocking(push, dataset="claims", note=CANARY)
    again = pickle.loads(pickle.dumps(held.value))  # as task queues do
    text = again.handle.dump()
    assert CANARY not in text
    with pytest.raises(Pending):  # they haven't signed yet
        await blocking(push.resume, text, dataset="claims", note=CANARY)
    await place.signed()
    assert await blocking(push.resume, text, dataset="claims", note=CANARY) == "claims/1"
    assert len(place.ran) == 1


@pytest.mark.parametrize(
    "other", [{"dataset": "weather"}, {"dataset": "claims", "version": 2}, {"dataset": "claims", "note": [1.5]}]
)
async def test_other_arguments_than_were_signed_for_never_run(place: Place, other: dict[str, Any]) -> None:
    push = pushing(place, wait=0)
    with pytest.raises(Pending) as held:
        await blocking(push, dataset="claims")
    await place.signed()
    before = await place.types()
    with pytest.raises(ArgumentsChanged):
        await blocking(push.resume, held.value.handle, **other)
    assert (place.ran, await place.types()) == ([], before)  # the gateway isn't even asked
    assert await blocking(push.resume, held.value.handle, dataset="claims") == "claims/1"  # nothing was used up


async def test_a_forged_handle_fits_and_the_gateway_compares_all_the_same(place: Place) -> None:
    with pytest.raises(Pending) as held:
        await blocking(pushing(place, wait=0), dataset="claims")
    await place.signed()
    client = place.client()
    other = asked("snapshots.push", resource="claims", arguments={"dataset": "claims", "version": 9, "note": ""})
    forged = Handle.of(other, held.value.handle.id, held.value.review_url, "")
    with pytest.raises(ArgumentsChanged):
        await blocking(client.redeem, forged, other)
    assert "action.released" not in await place.types()


async def test_arguments_that_change_while_people_look_never_run(place: Place) -> None:
    note = ["as it was"]
    running = blocking(pushing(place), dataset="claims", note=note)
    review = None
    async with asyncio.timeout(SECONDS):
        while review is None:
            review = next(iter(await place.line.office.desk.reviews(frozenset({ReviewState.PENDING}), 1)), None)
            await asyncio.sleep(0.01)
    note.append("and something else")
    await place.line.office.vote(review, "dana")
    with pytest.raises(ArgumentsChanged):
        await running
    assert (place.ran, (await place.line.office.desk.review(review.id)).state) == ([], ReviewState.APPROVED)


@pytest.mark.parametrize("value", [object(), {1, 2}, b"bytes", float("nan"), 2**60, {1: 2}, "\ud800", lambda: None])
async def test_what_has_no_canonical_json_is_refused_before_anything(place: Place, value: Any) -> None:
    with pytest.raises(NotSendable):
        await blocking(pushing(place), dataset="weather", note=value)
    assert (place.ran, await place.types()) == ([], [])


async def test_describe_says_what_stands_for_it(place: Place) -> None:
    def described(dataset: str, version: int, note: Any) -> dict[str, object]:
        return {"dataset": dataset, "version": version, "note": f"{len(note)} rows"}

    push = pushing(place, describe=described)
    assert await blocking(push, dataset="weather", note={1, 2, 3}) == "weather/1"
    assert place.ran == [("weather", 1, {1, 2, 3})]


async def test_values_can_stay_here_and_are_bound_by_the_digest(place: Place) -> None:
    push = pushing(place, arguments=("dataset",), wait=0)
    with pytest.raises(Pending) as held:
        await blocking(push, dataset="claims", note=CANARY)
    review = await place.signed()
    sealed = await place.line.office.desk.unseal(review)
    assert CANARY not in repr(sealed.payload)
    with pytest.raises(ArgumentsChanged):
        await blocking(push.resume, held.value.handle, dataset="claims", note="another")
    assert await blocking(push.resume, held.value.handle, dataset="claims", note=CANARY) == "claims/1"


async def test_of_many_threads_that_redeem_at_once_one_runs(place: Place) -> None:
    push = pushing(place, wait=0)
    with pytest.raises(Pending) as held:
        await blocking(push, dataset="claims")
    await place.signed()
    told = await asyncio.gather(
        *(blocking(push.resume, held.value.handle, dataset="claims") for _ in range(6)), return_exceptions=True
    )
    assert sorted(type(each).__name__ for each in told) == ["NoLongerApproved"] * 5 + ["str"]
    assert len(place.ran) == 1
    assert (await place.types()).count("action.released") == 1


async def test_a_function_that_fails_is_on_record_as_failed_and_raises_its_own_error(place: Place) -> None:
    @guard("snapshots.push", resource="weather", client=place.client())
    def push(dataset: str) -> None:
        raise LookupError(CANARY)

    with pytest.raises(LookupError, match=CANARY):
        await blocking(push, "weather")
    assert await place.ends() == ["failed"]
    assert CANARY not in repr(await place.line.entries())


async def test_what_is_cut_off_stays_unknown(place: Place) -> None:
    begun = asyncio.Event()

    @guard("snapshots.push", resource="weather", client=place.client())
    async def push(dataset: str) -> None:
        begun.set()
        await asyncio.Event().wait()

    running = asyncio.ensure_future(push("weather"))
    async with asyncio.timeout(SECONDS):
        await begun.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await place.types() == ["action.released", "action.unknown"]


async def test_async_functions_wait_without_blocking_the_loop(place: Place) -> None:
    @guard("snapshots.push", resource="claims", client=place.async_client())
    async def push(dataset: str) -> str:
        place.ran.append(dataset)
        return dataset

    running = asyncio.ensure_future(push("claims"))
    await place.signed()  # which needs the same loop
    assert (await running, place.ran, await place.ends()) == ("claims", ["claims"], ["succeeded"])
    assert inspect.iscoroutinefunction(push)


async def test_cancelled_while_it_waits_it_never_runs(place: Place) -> None:
    @guard("snapshots.push", resource="claims", client=place.async_client())
    async def push(dataset: str) -> None:
        place.ran.append(dataset)

    running = asyncio.ensure_future(push("claims"))
    async with asyncio.timeout(SECONDS):
        while not await place.line.office.desk.reviews(frozenset({ReviewState.PENDING}), 1):
            await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await place.signed()
    assert (place.ran, "action.released" in await place.types()) == ([], False)


async def test_blocks_report_their_end(place: Place) -> None:
    def block(fails: bool) -> None:
        with place.client().action("snapshots.push", resource="weather", arguments={"dataset": "weather"}) as running:
            place.ran.append(running.permit.evaluation_id)
            if fails:
                raise LookupError

    await blocking(block, False)
    with pytest.raises(LookupError):
        await blocking(block, True)
    async with place.async_client().action("snapshots.push", resource="w", arguments={"dataset": "weather"}) as running:
        pass
    with pytest.raises(RuntimeError):
        await running.__aenter__()  # a permit is for one run
    assert await place.ends() == ["succeeded", "failed", "succeeded"]
    released = [e["act"] for e in await place.line.entries() if e["type"] == "action.released"]
    assert released[:2] == place.ran


async def test_the_low_level_calls(place: Place) -> None:
    client = place.async_client()
    push = asked("push", connection="snapshots", resource="claims", arguments={"dataset": "claims"}, reason="Monday")
    handle = await client.evaluate(push)
    assert isinstance(handle, Handle)
    assert await client.look(handle) is Standing.PENDING
    assert await client.wait(handle, 0.1) is Standing.PENDING
    await client.withdraw(handle)
    assert await client.wait(handle, SECONDS) is Standing.CANCELLED
    handle = await client.evaluate(push)
    assert isinstance(handle, Handle)
    review = await place.signed()
    assert (await place.line.office.desk.card(review.id)).content["reason_given"] == "Monday"
    permit = await client.redeem(handle, push)
    assert isinstance(permit, Permit)
    await client.report(permit, "succeeded")
    await client.report(permit, "succeeded")
    assert await place.ends() == ["succeeded"]


async def test_a_second_call_joins_the_open_review(place: Place) -> None:
    push, handles = pushing(place, wait=0), []
    for _ in range(2):
        with pytest.raises(Pending) as held:
            await blocking(push, dataset="claims")
        handles.append(held.value.handle)
    assert handles[0].id == handles[1].id
    assert handles[0].commitment != handles[1].commitment  # salted


async def test_no_value_and_no_token_is_told_by_anything(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    push, client = pushing(place, wait=0), place.client()
    with pytest.raises(Pending) as held:
        await blocking(push, dataset="claims", note=CANARY)
    with pytest.raises(ArgumentsChanged) as changed:
        await blocking(push.resume, held.value.handle, dataset="claims", note="x")
    with pytest.raises(NotSendable) as unsendable:
        await blocking(push, dataset=CANARY, note={CANARY: {CANARY}})
    what = asked("snapshots.push", resource=CANARY, arguments={"note": CANARY}, reason=CANARY)
    said = [*everything(held.value), *everything(changed.value), *everything(unsendable.value)]
    said += [repr(what), repr(client), repr(client.settings), repr(held.value.handle), caplog.text, repr(push)]
    for text in said:
        assert CANARY not in text
        assert place.line.keys["etl"] not in text
    with pytest.raises(TypeError):
        pickle.dumps(client)


def generator() -> Iterator[int]:
    yield 1


async def async_generator() -> AsyncIterator[int]:
    yield 1


@pytest.mark.parametrize("function", [generator, async_generator, int, print])
def test_what_a_call_only_begins_cannot_be_guarded(function: Any) -> None:
    with pytest.raises(TypeError):
        guard("snapshots.push", resource="x")(function)


@pytest.mark.parametrize("text", ["", "{}", "[]", "nul", "1", '{"v":2}', "[" * 4000, "x" * 5000])
def test_what_isnt_a_handle_is_refused(text: str) -> None:
    with pytest.raises(BadHandle):
        Handle.load(text)
