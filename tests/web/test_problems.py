"""Errors as problem details (RFC 9457), with every code on the reference page; rates told in headers."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.web.conftest import By
from tests.web.in_memory import Clock, Office, content

from interlock.errors import AuthenticationFailed, Conflict, LedgerUnavailable, NotFound
from interlock.web.bounds import GUESSES, GUESSES_PER_SECOND, Guesses, network
from interlock.web.paging import cursor, read_cursor
from interlock.web.problems import Problem, Refused, problem

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs" / "reference" / "api.md"
REACHED = ("web", "desk", "registry", "identity", "provisioning", "review", "adoption.py")  # by the API


def codes() -> Iterator[str]:
    """Every code that the packages behind the API write down."""
    for name in REACHED:
        place = ROOT / "src" / "interlock" / name
        for file in [place] if place.is_file() else sorted(place.rglob("*.py")):
            yield from _codes(ast.parse(file.read_text(encoding="utf-8")))


def _codes(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from (_text(each.value) for each in node.keywords if each.arg == "code")
            if isinstance(node.func, ast.Name) and node.func.id in ("Refused", "Problem") and len(node.args) > 1:
                yield _text(node.args[1])
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "code" for t in node.targets):
            yield _text(node.value)  # of a class of errors


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def test_the_reference_page_lists_every_code() -> None:
    listed = REFERENCE.read_text().partition("\n## Errors\n")[2]
    found = set(codes()) - {""}
    assert len(found) > 40
    missing = sorted(code for code in found if f"`{code}`" not in listed)
    assert not missing, f"docs/reference/api.md, Errors: {', '.join(missing)}"


@pytest.mark.parametrize(
    ("error", "status"),
    [(AuthenticationFailed("x"), 401), (NotFound("x"), 404), (Conflict("x"), 409), (LedgerUnavailable("x"), 503)],
)
def test_a_problem_says_the_same_twice(error: AuthenticationFailed, status: int) -> None:
    told = problem(error).members()
    assert told["status"] == status
    assert told["type"] == f"/problems/{told['code']}"
    assert told["detail"] == told["sentence"]
    assert told["title"]


def test_429_and_503_say_when_to_come_back() -> None:
    assert Problem(503, "busy", "x").headers() == {"Retry-After": "5"}
    assert Problem(429, "too_fast", "x", 2).headers() == {"Retry-After": "2"}
    assert Problem(404, "not_found", "x").headers() == {}


async def test_every_problem_is_told_as_one(by: By) -> None:
    for answer in (
        await by("wrong").get("/api/whoami"),
        await by("agent-key").get("/api/nothing"),
        await by("agent-key").request("DELETE", "/api/whoami"),
        await by("operator-token").post(
            "/api/operator/keys", content=b"{", headers={"Content-Type": "application/json"}
        ),
        await by("operator-token").post("/api/operator/keys", content=b" " * 70_000),
    ):
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == answer.status_code >= 400


async def test_what_is_left_is_told(by: By) -> None:
    first, second = [await by("agent-key").get("/api/whoami") for _ in range(2)]
    assert first.headers["ratelimit-policy"] == '"requests";q=120;w=6'
    assert first.headers["ratelimit"] == '"requests";r=119;t=1'
    assert second.headers["ratelimit"] == '"requests";r=118;t=1'
    assert "ratelimit" not in (await by("wrong").get("/api/whoami")).headers


async def test_guessing_is_slowed_and_locks_nobody_out(office: Office, by: By) -> None:
    assert (await by("agent-key").get("/api/whoami")).status_code == 200
    seen = [(await by(f"guess-{number}").get("/api/whoami")).status_code for number in range(GUESSES + 1)]
    assert (set(seen[:-1]), seen[-1]) == ({401}, 429)
    assert (await by("agent-key").get("/api/whoami")).status_code == 200  # it was right before
    refused = await by("priya-key").get("/api/whoami")  # never seen: it waits like a guess
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_failures")
    office.clock.pass_time(timedelta(seconds=int(refused.headers["retry-after"])))
    assert (await by("priya-key").get("/api/whoami")).status_code == 200


def test_a_credential_that_ended_is_a_guess_like_others() -> None:
    clock = Clock()
    guesses = Guesses(clock)
    guesses.right("once")
    for _ in range(GUESSES):
        guesses.wrong("192.0.2.1", "x")
    guesses.check("192.0.2.1", "once")
    guesses.wrong("192.0.2.1", "once")
    for credential in ("once", "x"):
        with pytest.raises(Refused):
            guesses.check("192.0.2.1", credential)
    guesses.check("192.0.2.2", "x")
    clock.pass_time(timedelta(seconds=1 / GUESSES_PER_SECOND))
    guesses.check("192.0.2.1", "x")


@pytest.mark.parametrize(
    ("address", "counts_as"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
    ],
)
def test_what_counts_as_one_address(address: str, counts_as: str) -> None:
    assert network(address) == counts_as


# -- pages ------------------------------------------------------------------------------------------------------------


async def test_pages_follow_one_another(office: Office, by: By) -> None:
    opened = [office.desk.open(content()).id for _ in range(5)]
    found: list[str] = []
    url: str | None = "/api/reviews?limit=2&state=pending"
    pages = 0
    while url is not None:
        answer = await by("priya-key").get(url)
        told = answer.json()
        found += [each["review"]["id"] for each in told["reviews"]]
        assert bool(told["next"]) == ("next" in answer.links)
        url = answer.links["next"]["url"] if told["next"] else None
        pages += 1
    assert (found, pages) == (opened[::-1], 3)


async def test_a_cursor_of_another_is_refused(office: Office, by: By) -> None:
    for after in ("x", "A" * 100, "", "A" * 300):
        answer = await by("priya-key").get("/api/reviews", params={"after": after})
        assert answer.status_code in (400, 422)
        assert answer.json()["code"] in ("cursor", "malformed")


def test_a_cursor_says_nothing_and_comes_back_whole(office: Office) -> None:
    review = office.desk.open(content())
    place = (review.opened_at + timedelta(microseconds=1), review.id)
    sealed = cursor(office.sealer, place)
    assert sealed is not None
    assert review.id not in sealed
    assert read_cursor(office.sealer, sealed) == place
    assert cursor(office.sealer, None) is None
