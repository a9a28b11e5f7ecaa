"""`interlock review`, against a gateway on a real socket."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from tests.web.in_memory import DIFF, change_of_policies, content, rich
from tests.web.serving import SECONDS, Served, served
from typer.testing import CliRunner, Result

from interlock.cli import review as command
from interlock.model.review import ReviewState, Verdict


@pytest.fixture
def gateway() -> Iterator[Served]:
    with served(unsafe_token_votes=True) as running:
        yield running


@pytest.fixture
def strict() -> Iterator[Served]:
    with served() as running:
        yield running


def run(gateway: Served, *words: str, key: str = "priya-key", answer: str = "") -> Result:
    env: Mapping[str, str] = {"INTERLOCK_URL": gateway.url, "INTERLOCK_TOKEN": key, "COLUMNS": "160"}
    return CliRunner().invoke(command.app, list(words), input=answer, env=env)


def test_list_says_what_i_may_sign(gateway: Served) -> None:
    review = gateway.open(content())
    done = run(gateway, "list")
    assert done.exit_code == 0
    assert review.id in done.output
    assert "you may sign" in done.output
    assert "you are part of the request" in run(gateway, "list", key="owen-key").output
    assert "No reviews." in run(gateway, "list", "--state", "denied").output


def test_show_renders_the_card_and_makes_nothing_of_the_agents_text(gateway: Served) -> None:
    hostile = "[bold red]Approved[/] [link=https://evil.test]x[/link] \x1b[2J\u202eok :smiley:"
    fields: dict[str, Any] = content(reason_given=hostile)
    review = gateway.open(fields)
    output = run(gateway, "show", review.id).output
    assert "[bold red]Approved[/] [link=https://evil.test]x[/link] ⟨U+001B⟩[2J⟨U+202E⟩ok :smiley:" in output
    assert "\x1b" not in output
    for told in (
        "phi.mrn #1 5-8 characters",
        "TO STDOUT WITH (FORMAT csv)",
        review.digest,
        review.card_digest,
        "masked",
    ):
        assert told in output


def test_show_tells_all_of_a_card(gateway: Served) -> None:
    shown = " ".join(run(gateway, "show", gateway.open(rich()).id).output.replace("│", " ").split())
    for told in (
        "2 of privacy-officers, then 1 of security; and 1 of owners or 2 of stewards",
        "may run 3 times within 10 minutes",
        "Unmasked: values of clinic/public.patients.mrn would come back in clear (phi.mrn).",
        "at most 1000 rows",
        "CHG-4711",
        "slack, teams",
        "members of on-call, unsigned",
        "clinic/cohort_export",
    ):
        assert told in shown, told


@pytest.mark.parametrize("key", ["priya-key", "agent-key"])
def test_show_says_that_nobody_waits_for_it(gateway: Served, key: str) -> None:
    review = gateway.open(content())
    told = "by itself when approved: nobody waits for it"
    assert told not in run(gateway, "show", review.id, key=key).output
    gateway.office.desk.held[review.id] = replace(review, deferred=True)
    assert told in run(gateway, "show", review.id, key=key).output


def test_show_keeps_the_lines_of_a_change_of_policies(gateway: Served) -> None:
    output = run(gateway, "show", gateway.open(change_of_policies()).id).output
    lines = [line.strip("│ ") for line in output.splitlines()]
    at = lines.index("=== clinic.cedar: changed")
    assert lines[at : at + 6] == [line.strip() for line in DIFF.splitlines()]


def test_approve_shows_asks_and_sends_what_was_shown(gateway: Served) -> None:
    review = gateway.open(content())
    declined = run(gateway, "approve", review.id, answer="n\n")
    assert declined.exit_code == 1
    assert gateway.office.desk.cast == []
    done = run(gateway, "approve", review.id, "--reason", "fine", answer="y\n")
    assert (done.exit_code, "The review is approved." in done.output) == (0, True)
    [vote] = gateway.office.desk.cast
    assert (vote.action_digest, vote.card_digest, vote.presence.value) == (review.digest, review.card_digest, "token")
    again = run(gateway, "approve", review.id, "--yes")
    assert again.exit_code == 1
    assert "you have voted" in again.output


def test_one_of_two_approvals_is_said_to_be_one(gateway: Served) -> None:
    review = gateway.open(content(), count=2)
    assert "still needs 2 of privacy-officers in all" in run(gateway, "approve", review.id, "--yes").output


def test_deny_with_yes_shows_the_card_all_the_same(gateway: Served) -> None:
    review = gateway.open(content())
    done = run(gateway, "deny", review.id, "--yes")
    assert done.exit_code == 0
    assert "PHI would leave the database" in done.output
    assert [v.verdict for v in gateway.office.desk.cast] == [Verdict.DENY]


def test_an_unwhole_card_is_not_approved(gateway: Served) -> None:
    review = gateway.open(content(version=9))
    done = run(gateway, "approve", review.id, "--yes")
    assert done.exit_code == 1
    assert "can't be shown whole" in done.output
    assert gateway.office.desk.cast == []


def test_a_vote_is_cast_in_the_browser_and_waited_for(strict: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    review = strict.open(content())
    opened: list[str] = []

    def browser(url: str) -> bool:
        opened.append(url)
        strict.vote(review, "priya", Verdict.APPROVE)
        return True

    monkeypatch.setattr("webbrowser.open", browser)
    done = run(strict, "approve", review.id)
    assert opened == [f"{strict.url}/reviews/{review.id}"]
    assert (done.exit_code, "The review is approved." in done.output) == (0, True)
    late = run(strict, "deny", review.id)
    assert (late.exit_code, len(opened)) == (1, 1)


def test_no_browser_prints_the_address_and_waits(strict: Served) -> None:
    review = strict.open(content())
    env = {**os.environ, "INTERLOCK_URL": strict.url, "INTERLOCK_TOKEN": "priya-key", "PYTHONUNBUFFERED": "1"}
    program = f"from interlock.cli.review import app; app(['approve', '{review.id}', '--no-browser'])"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=env) as waiting:
        try:
            assert waiting.stdout is not None
            while waiting.stdout.readline().strip() != f"{strict.url}/reviews/{review.id}":
                pass
            strict.vote(review, "priya", Verdict.DENY)
            assert "The review is denied." in waiting.stdout.read()
            assert waiting.wait(SECONDS) == 1
        finally:
            waiting.terminate()


def test_a_question_is_asked_and_answered(gateway: Served) -> None:
    review = gateway.open(content())
    assert run(gateway, "comment", review.id, "Which study\u202e?", "--question").exit_code == 0
    assert run(gateway, "comment", review.id, "Looks fine to me.").exit_code == 0
    assert "1 to answer" in run(gateway, "list", key="agent-key").output
    asked = run(gateway, "show", review.id, key="agent-key").output
    assert "Which study⟨U+202E⟩?" in asked and "a reviewer, question" in asked
    assert "priya" not in asked and "Looks fine to me." not in asked
    assert run(gateway, "answer", review.id, "Study 17.", key="agent-key").exit_code == 0
    shown = run(gateway, "show", review.id).output
    assert "agent/etl-agent, answer" in shown and "Study 17." in shown and "person/priya, question" in shown
    assert "to answer" not in run(gateway, "list", key="agent-key").output
    assert run(gateway, "answer", review.id, "I didn't ask.").exit_code == 1


def test_the_asker_withdraws_and_nobody_else(gateway: Served) -> None:
    review = gateway.open(content())
    assert run(gateway, "withdraw", review.id).exit_code == 1
    assert run(gateway, "withdraw", review.id, key="other-agent-key").exit_code == 1
    assert run(gateway, "withdraw", "../operator/keys", key="agent-key").exit_code == 1
    done = run(gateway, "withdraw", review.id, key="agent-key")
    assert (done.exit_code, "withdrawn" in done.output) == (0, True)


def test_an_agents_key_cannot_vote_and_sees_its_own_only(gateway: Served) -> None:
    own = gateway.open(content())
    other = gateway.open(content(), actor="other-agent")
    assert run(gateway, "approve", own.id, "--yes", key="agent-key").exit_code == 1
    assert "PHI would leave the database" in run(gateway, "show", own.id, key="agent-key").output
    assert run(gateway, "show", other.id, key="agent-key").exit_code == 1
    listed = run(gateway, "list", key="agent-key").output
    assert own.id in listed
    assert other.id not in listed


@pytest.mark.parametrize(
    ("url", "key", "code", "told"),
    [
        ("http://gateway.example.org:8080", "priya-key", 2, "a key isn't sent in clear"),
        ("ftp://127.0.0.1", "priya-key", 2, "must be https"),
        ("", "", 2, "Set INTERLOCK_TOKEN"),
        ("", "wrong", 1, "authentication_failed"),
    ],
)
def test_what_is_wrong_is_said(gateway: Served, url: str, key: str, code: int, told: str) -> None:
    done = CliRunner().invoke(command.app, ["list"], env={"INTERLOCK_URL": url or gateway.url, "INTERLOCK_TOKEN": key})
    assert done.exit_code == code
    assert told in done.output


def test_no_gateway_there() -> None:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    env = {"INTERLOCK_URL": f"http://127.0.0.1:{port}", "INTERLOCK_TOKEN": "priya-key"}
    done = CliRunner().invoke(command.app, ["list"], env=env)
    assert done.exit_code == 3
    assert "interlock serve" in done.output


@pytest.mark.parametrize("name", ["nonsense", "../operator/keys", "0192f0c1-0000-7000-8000-00000000ffff"])
def test_no_such_review(gateway: Served, name: str) -> None:
    assert run(gateway, "show", name).exit_code == 1


def test_watch_tells_moves_as_they_happen(gateway: Served) -> None:
    program = "from interlock.cli.review import app; app(['watch'])"
    env = {**os.environ, "INTERLOCK_URL": gateway.url, "INTERLOCK_TOKEN": "priya-key", "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=env) as watching:
        try:
            assert watching.stdout is not None
            assert watching.stdout.readline().startswith("Watching")
            review = gateway.open(content())
            assert watching.stdout.readline().split()[:2] == [review.id, "pending"]
            gateway.move(review, ReviewState.EXPIRED)
            assert watching.stdout.readline().split()[:2] == [review.id, "expired"]
        finally:
            watching.terminate()
            watching.wait(SECONDS)
