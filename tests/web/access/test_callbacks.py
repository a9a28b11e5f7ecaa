"""Callbacks of access requests: refused before anybody is asked to sign, and never in the way of the task."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tests.web.access.a_guarded_pipeline import asked, pipeline

from interlock.errors import Conflict, InterlockError, LedgerUnavailable, NotEntitled
from interlock.model.names import ActorId, ReviewId
from interlock.model.review import Review
from interlock.model.secret import Secret

CALLBACK = {"endpoint": "https://ci.test/done"}


@dataclass
class Told:
    """A callbacks worker that keeps what was registered, and refuses as it is told to: before, or then."""

    wanted: list[tuple[ReviewId, str]] = field(default_factory=list)
    before: InterlockError | None = None
    then: InterlockError | None = None

    async def check(self, actor: ActorId, url: str) -> None:
        assert actor == "etl"
        if self.before is not None:
            raise self.before

    async def register(self, review: Review, url: str) -> Secret[str]:
        if self.then is not None:
            raise self.then
        self.wanted.append((review.id, url))
        return Secret("whsec_shown-once")


async def test_a_callback_is_registered_and_its_secret_shown_once(tmp_path: Path) -> None:
    callbacks = Told()
    async with pipeline(tmp_path, callbacks=callbacks) as line:
        denied = await line.evaluate(asked())
        answer = await line.submit(asked(), denied, callback=CALLBACK)
        assert answer.json()["callback"] == {"secret": "whsec_shown-once"}
        assert callbacks.wanted == [(answer.json()["task"]["id"], "https://ci.test/done")]
        repeat = await line.submit(asked(), denied, callback=CALLBACK)
        assert repeat.status_code == 409
        assert "whsec" not in repeat.text


async def test_a_callback_that_is_refused_opens_nothing(tmp_path: Path) -> None:
    callbacks = Told(before=NotEntitled("Not there.", code="url_not_allowed"))
    async with pipeline(tmp_path, callbacks=callbacks) as line:
        answer = await line.submit(asked(), await line.evaluate(asked()), callback=CALLBACK)
        assert (answer.status_code, answer.json()["code"]) == (403, "url_not_allowed")
        assert await line.types() == ["action.denied"]
    (tmp_path / "none").mkdir()
    async with pipeline(tmp_path / "none") as line:  # a gateway that calls nobody
        answer = await line.submit(asked(), await line.evaluate(asked()), callback=CALLBACK)
        assert (answer.status_code, answer.json()["code"]) == (403, "url_not_allowed")
        assert await line.types() == ["action.denied"]


async def test_the_task_is_told_whatever_becomes_of_its_callback(tmp_path: Path) -> None:
    for n, (error, status) in enumerate(((Conflict("One is there."), 409), (LedgerUnavailable("no"), 503))):
        (tmp_path / str(n)).mkdir()
        async with pipeline(tmp_path / str(n), callbacks=Told(then=error)) as line:
            answer = await line.submit(asked(), await line.evaluate(asked()), callback=CALLBACK)
            assert (answer.status_code, answer.json()["task"]["status"]) == (202, "pending")
            assert answer.json()["callback"]["error"]["status"] == status
            assert (await line.types())[-1] == "review.opened"
