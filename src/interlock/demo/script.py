"""The scripted agent's nine steps. Each compares what came out with what the clinic really holds.

1  reads patients                 -> comes back masked
2  reads notes that bear no label -> come back with what was found in them masked
3  drops a table                  -> denied, with the reason; the connection stays usable
4  exports patients by COPY       -> held; runs once a person approves; comes out masked
5  the same with another literal  -> held anew: an approval is of one statement
6  reads patients by an MCP tool  -> comes back masked
7  exports a cohort by a tool     -> held; runs once a person approves
8  a tool changes its description -> it is unavailable until people have signed for the new one
9  the ledger                     -> exported and verified as an outsider would
"""

from __future__ import annotations

import queue
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg
from rich.console import Console

from interlock.demo.access import OFFICER, REVIEWER, DemoAccess
from interlock.demo.agent import COLUMNS, Agent, Came, Event, Held, Refused, export_statement
from interlock.demo.reviewing import Reviewer, run_cli
from interlock.demo.steps import Check, Step, StepResults, check
from interlock.demo.story import Story
from interlock.demo.tool_script import ToolSteps
from interlock.demo.truth import Truth, read_truth
from interlock.errors import InterlockError

DENIED = "42501"  # insufficient_privilege: what every refusal carries
ANSWER_SECONDS = 30.0  # for the gateway to answer or to say that it holds
PERSON_SECONDS = 31 * 60.0  # a review of the demo's pack expires after 30 minutes

READ_COLUMNS = ("id", "given_name", "family_name", "birth_date", "ssn", "phone", "state")
READ = f"SELECT {', '.join(READ_COLUMNS)} FROM patients WHERE state = 'CA' ORDER BY id LIMIT 5"  # noqa: S608
NOTES = "SELECT patient_id, body FROM notes ORDER BY id LIMIT 3"
DROP = "DROP TABLE patients"
BECAUSE = "Nobody drops tables"  # as files/demo.cedar has it
LOOK = "SELECT id, state FROM patients WHERE id = 1"
SHORTEST_NOTE = 5  # words of one that still says something
FIRST, SECOND = "CA", "NV"


def run_script(access: DemoAccess, console: Console, *, unattended: bool) -> StepResults:
    """Runs all steps and tells the story; unattended, the demo's reviewer votes, else whoever sits there.

    A step that breaks off counts as failed and the next begins with a connection of its own. Raises nothing of its own;
    KeyboardInterrupt passes, with the agent's wait cancelled.
    """
    run = _Run(access, Story(console), read_truth(access.truth), unattended)
    tools = ToolSteps(access, run.story, run.truth, run.show_review, run.have_approved)

    def with_tools(step: Callable[[int, str], Step]) -> Callable[[], Step]:
        return lambda: step(run.number, run.title)

    planned: tuple[tuple[str, Callable[[], Step]], ...] = (
        ("The agent reads patients", run.read),
        ("The agent reads notes that nobody labelled", run.notes),
        ("The agent tries to drop a table", run.drop),
        ("The agent exports a table with PHI", run.export),
        ("The same export with one literal changed", run.changed_export),
        ("The agent reads patients by an MCP tool", with_tools(tools.read)),
        ("The agent has a tool send a cohort out", with_tools(tools.export)),
        ("A tool's server changes what it says of it", with_tools(tools.turned)),
        ("The ledger", run.ledger),
    )
    steps = [run.attempt(number, title, step) for number, (title, step) in enumerate(planned, start=1)]
    return StepResults(tuple(steps), len(planned))


@dataclass(slots=True)
class _Run:
    access: DemoAccess
    story: Story
    truth: Truth
    unattended: bool
    title: str = ""
    approved: str = ""  # the review of the export
    number: int = 0

    def attempt(self, number: int, title: str, step: Callable[[], Step]) -> Step:
        self.number, self.title = number, title
        try:
            done = step()
        except InterlockError as error:
            done = Step(title, (check("the step runs to its end", False, error.sentence),))
        except (psycopg.Error, OSError, queue.Empty) as error:
            done = Step(title, (check("the step runs to its end", False, f"broke off: {type(error).__name__}"),))
        self.story.verdict(done)
        return done

    def read(self) -> Step:
        self.story.begin(self.number, self.title, READ)
        with Agent(self.access) as agent:
            answer = agent.run(READ)
        if isinstance(answer, Refused):
            return self._refused(answer, "rows come back")
        self.story.rows(READ_COLUMNS, answer.rows)
        return Step(self.title, self._masked(READ_COLUMNS, answer, FIRST, 5))

    def notes(self) -> Step:
        self.story.begin(self.number, self.title, NOTES)
        with Agent(self.access) as agent:
            answer = agent.run(NOTES)
        if isinstance(answer, Refused):
            return self._refused(answer, "notes come back")
        told = [(patient or "", body or "") for patient, body in answer.rows]
        for _, body in told:
            self.story.say(f"  {body}")
        leaks = sorted({column for patient, body in told for column in self.truth.told_of(patient, body)})
        there = all(len(body.split()) > SHORTEST_NOTE and "[" in body for _, body in told)
        return Step(
            self.title,
            (
                check("3 notes came back, and can still be read", len(told) == 3 and there, f"{len(told)}"),
                check(
                    "whom they are about isn't in them",
                    not leaks,
                    f"real values of {', '.join(leaks)} came back" if leaks else "compared with their patients",
                ),
            ),
        )

    def drop(self) -> Step:
        self.story.begin(self.number, self.title, DROP)
        with Agent(self.access) as agent:
            answer = agent.run(DROP)
            after = agent.run(LOOK)
        if isinstance(answer, Refused):
            self.story.refused(answer.sqlstate, answer.sentence)
        denied = isinstance(answer, Refused) and answer.sqlstate == DENIED
        reason = isinstance(answer, Refused) and BECAUSE in answer.sentence
        return Step(
            self.title,
            (
                check(
                    "denied with SQLSTATE 42501", denied, answer.sqlstate if isinstance(answer, Refused) else "it ran"
                ),
                check("the reason is told", reason),
                check("the same connection goes on working", isinstance(after, Came) and len(after.rows) == 1),
                check("the table is still there", len(read_truth(self.access.truth).states) == len(self.truth.states)),
            ),
        )

    def export(self) -> Step:
        self.story.begin(self.number, self.title, export_statement(FIRST))
        with Agent(self.access) as agent:
            events = agent.start_export(FIRST)
            first = events.get(timeout=ANSWER_SECONDS)
            if not isinstance(first, Held):
                return Step(self.title, (check("held for a person", False, _told(first)),))
            self.approved = first.review
            self._show(first, "approve")
            if self.unattended:
                self._vote(first.review, "approve", "the nightly export, as agreed")
            last = self._outcome(events)
        if not isinstance(last, Came):
            return Step(self.title, (check("held for a person", True), check("runs once approved", False, _told(last))))
        self.story.rows(COLUMNS, last.rows)
        count = self.truth.count(FIRST)
        return Step(self.title, (check("held for a person", True), *self._masked(COLUMNS, last, FIRST, count)))

    def changed_export(self) -> Step:
        self.story.begin(self.number, self.title, export_statement(SECOND))
        with Agent(self.access) as agent:
            events = agent.start_export(SECOND)
            first = events.get(timeout=ANSWER_SECONDS)
            if not isinstance(first, Held):
                return Step(self.title, (check("held anew", False, _told(first)),))
            self._show(first, "")
            if self.unattended:
                self._vote(first.review, "deny", "nobody asked for this state")
            else:
                self.story.say("The agent doesn't wait for this one; the review stays open in the console.", "dim")
                agent.cancel()
            last = events.get(timeout=ANSWER_SECONDS)
        if isinstance(last, Refused):
            self.story.refused(last.sqlstate, last.sentence)
        ended = isinstance(last, Refused) and (last.sqlstate == DENIED or not self.unattended)
        return Step(
            self.title,
            (
                check("held anew, as a review of its own", first.review != self.approved),
                check("denied by the reviewer" if self.unattended else "nothing runs", ended, _told(last)),
            ),
        )

    def ledger(self) -> Step:
        self.story.begin(self.number, self.title)
        self.story.say("Exported as an outsider gets it, and verified with the log's key and the node's:", "dim")
        directory = Path(tempfile.mkdtemp(prefix="interlock-ledger-"))
        try:
            log = directory / "log"
            made = run_cli(self.access, ["ledger", "export", str(log), "--settings", str(self.access.settings)])
            keys = ["--key", self.access.log_key, "--node-key", self.access.node_key]
            proved = run_cli(self.access, ["ledger", "verify", str(log), *keys], width=self.story.width)
        finally:
            shutil.rmtree(directory)
        lines = proved.stdout.strip().splitlines()
        for line in lines or made.stderr.strip().splitlines():
            self.story.say(f"  {line}", "dim")
        verified = proved.returncode == 0
        return Step(
            self.title,
            (
                check("the log can be exported", made.returncode == 0, f"exit code {made.returncode}"),
                check("the log verifies", verified, lines[-1] if lines else f"exit code {proved.returncode}"),
            ),
        )

    def _masked(self, columns: tuple[str, ...], answer: Came, state: str, count: int) -> tuple[Check, ...]:
        """That the right rows came, by their ids, and none of the clinic's real values with them."""
        known = all(self.truth.states.get(row[0] or "") == state for row in answer.rows)
        leaks = self.truth.leaks(columns, answer.rows, answer.raw)
        told = f"real values of {', '.join(leaks)} came back" if leaks else f"{len(answer.rows):,} rows looked through"
        return (
            check(
                f"{count:,} patients of {state} came back", len(answer.rows) == count and known, f"{len(answer.rows):,}"
            ),
            check("every name, number, date and address in them is masked", not leaks, told),
        )

    def show_review(self, review: str) -> None:
        """The card of a tool call that is held."""
        self._show(Held(review, "Held for sign-off."), "approve")

    def have_approved(self, review: str) -> None:
        """Unattended, the demo's reviewer signs."""
        if self.unattended:
            self._vote(review, "approve", "the monthly cohort, as agreed")

    def _show(self, held: Held, verb: str) -> None:
        link = f"{self.access.control_url}/reviews/{held.review}"
        person = REVIEWER if self.unattended else OFFICER
        card = Reviewer(self.access, person).card_text(held.review, colour=self.story.colour, width=self.story.width)
        self.story.held(held.sentence, link, card)
        if verb and not self.unattended:
            self.story.ask(link, self.access.review_command(verb, held.review))

    def _vote(self, review: str, verdict: str, reason: str) -> None:
        reviewer = Reviewer(self.access, REVIEWER)
        if review not in reviewer.pending():
            self.story.say("the review isn't in the reviewer's list", "red")
        state = reviewer.vote(review, verdict, reason)
        self.story.say(f"{REVIEWER} votes through the API: {verdict}; the review is {state}", "green")

    def _outcome(self, events: queue.Queue[Event]) -> Event:
        """Waits for the end; a review that took the first one's place is shown as well."""
        deadline = time.monotonic() + (ANSWER_SECONDS if self.unattended else PERSON_SECONDS)
        while True:
            event = events.get(timeout=max(0.0, deadline - time.monotonic()))
            if not isinstance(event, Held):
                return event
            self._show(event, "approve")

    def _refused(self, answer: Refused, expected: str) -> Step:
        self.story.refused(answer.sqlstate, answer.sentence)
        return Step(self.title, (check(expected, False, f"SQLSTATE {answer.sqlstate}"),))


def _told(event: Event) -> str:
    match event:
        case Held():
            return "held"
        case Refused(sqlstate, _):
            return f"SQLSTATE {sqlstate}"
        case Came(rows, _):
            return f"{len(rows):,} rows came back"
