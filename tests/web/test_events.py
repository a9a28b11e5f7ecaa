"""The event stream, over a real socket."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest
from tests.web.in_memory import content
from tests.web.serving import SECONDS, Served, served

from interlock.model.review import ReviewState

PRIYA = {"Authorization": "Bearer priya-key"}


@pytest.fixture
def office() -> Iterator[Served]:
    with served() as running:  # whose end fails when an open stream holds the shutdown up
        yield running


def ids(lines: Iterator[str]) -> Iterator[str]:
    return (json.loads(line[5:])["review"] for line in lines if line.startswith("data:"))


def opened(lines: Iterator[str]) -> Iterator[str]:
    """The lines after the stream's first, which is sent once it listens."""
    assert next(lines).startswith("retry:")
    return lines


def test_moves_arrive_as_they_happen_and_stopping_ends_the_stream(office: Served) -> None:
    with httpx.stream("GET", f"{office.url}/api/events", headers=PRIYA, timeout=SECONDS) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        moved = ids(opened(answer.iter_lines()))
        review = office.open(content())
        assert next(moved) == review.id
        office.move(review, ReviewState.EXPIRED)
        assert next(moved) == review.id
        office.on_loop(office.office.app.state.control.stopping.set)
        assert list(moved) == []


def test_an_agent_hears_only_of_its_own(office: Served) -> None:
    agent = {"Authorization": "Bearer agent-key"}
    with httpx.stream("GET", f"{office.url}/api/events", headers=agent, timeout=SECONDS) as answer:
        moved = ids(opened(answer.iter_lines()))
        office.open(content(), actor="other-agent")
        own = office.open(content())
        assert next(moved) == own.id


def test_a_revoked_key_ends_its_stream(office: Served) -> None:
    with httpx.stream("GET", f"{office.url}/api/events", headers=PRIYA, timeout=SECONDS) as answer:
        moved = ids(opened(answer.iter_lines()))
        office.on_loop(office.office.registry.keys.pop, "priya-key")
        office.open(content())
        assert list(moved) == []


def test_a_client_that_leaves_frees_its_seat(office: Served) -> None:
    for _ in range(20):  # more than one caller may have at once
        with httpx.stream("GET", f"{office.url}/api/events", headers=PRIYA, timeout=SECONDS) as answer:
            lines = opened(answer.iter_lines())  # held, since dropping them would close the connection
            assert office.listeners() == 1
        del lines
        wait_until_nobody_listens(office)


def test_too_many_streams_are_refused(office: Served) -> None:
    with httpx.Client(base_url=office.url, headers=PRIYA, timeout=SECONDS) as client:
        streams = [client.stream("GET", "/api/events") for _ in range(12)]
        answers = [stream.__enter__() for stream in streams]
        assert {answer.status_code for answer in answers} == {200}
        refused = client.get("/api/events")
        assert (refused.status_code, refused.json()["code"]) == (503, "too_many_listeners")
        for stream in streams:
            stream.__exit__(None, None, None)


def wait_until_nobody_listens(office: Served) -> None:
    """Asks the loop until the server has noticed; each asking is a turn of that loop."""
    for _ in range(10_000):
        if office.listeners() == 0:
            return
    raise AssertionError(f"{office.listeners()} still listen")
