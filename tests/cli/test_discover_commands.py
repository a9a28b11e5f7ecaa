"""`interlock discover` and `interlock labels proposed | confirm | reject | override`, against a real socket."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.cli.test_operator_commands import settings
from tests.registry.a_write import CLINIC
from tests.registry.test_proposals import COLUMN, MRN, RUN, SSN, suggestion
from tests.sensitivity.test_classifier import codes, column, detect, ssns
from tests.web.stepping_up import Served
from typer import Typer
from typer.testing import CliRunner

from interlock.cli import discover as discover_verb
from interlock.cli import labels, operator_client
from interlock.cli.verbs import VERBS
from interlock.errors import Conflict
from interlock.model.label import Label
from interlock.model.names import ConnectionName
from interlock.model.proposal import DiscoveryId
from interlock.model.settings import Listen
from interlock.registry.discoveries import Run, RunState
from interlock.registry.overrides import Overrides
from interlock.registry.proposals import Proposals
from interlock.registry.stewards import Stewards
from interlock.sensitivity.drift import Report, TableReport, column_report
from interlock.sensitivity.subject_key import NOBODY
from interlock.web.labelling import Labelling

WIDE = {"COLUMNS": "240", "NO_COLOR": "1"}


def report(*more: str) -> Report:
    """A table with a column of numbers, one that looks otherwise, and further ones."""
    names = ("ref2", *more)
    told = [column_report(column(name, ssns(100)), at, frozenset(), detect) for at, name in enumerate(names)]
    told.append(column_report(column("x1", codes(100)), 9, frozenset({Label("phi.ssn")}), detect))
    table = TableReport("public", "patients", 7, NOBODY, tuple(told))
    return Report((table,), ('GRANT SELECT ON TABLE "public"."shut" TO "interlock";',), 3, ("public.t.gone",))


class Looks:
    """Discovery that has found these, one after the other."""

    def __init__(self, *found: Report | str) -> None:
        self._found = list(found)
        self._last: Run | None = None
        self.polls = 0

    async def begin(self, connection: ConnectionName, by: str) -> Run:
        if self._found[:1] == ["busy"]:
            self._found.pop(0)
            await self.begin(connection, by)
            raise Conflict("This connection is being looked at already.", code="already_discovering")
        begun = datetime(2026, 11, 22, tzinfo=UTC)
        found = self._found.pop(0)
        run = Run(DiscoveryId("d"), connection, by, begun)
        if isinstance(found, Report):
            self._last = replace(run, state=RunState.FINISHED, ended=begun, report=found, proposed=2)
        else:
            self._last = replace(run, state=RunState.FAILED, ended=begun, failure=found)
        return run

    def last(self, connection: ConnectionName) -> Run:
        assert self._last is not None
        self.polls += 1
        return self._last if self.polls % 2 == 0 else replace(self._last, state=RunState.RUNNING)


@pytest.fixture
def gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    running = Served(tmp_path)
    running.start()
    (tmp_path / "operator.token").write_text("o" * 43 + "\n")
    found = settings(tmp_path, Listen("127.0.0.1", running.port))
    monkeypatch.setattr(operator_client, "load", lambda path: found)
    monkeypatch.setattr(discover_verb, "POLL_SECONDS", 0.0)
    monkeypatch.setattr("interlock.cli.discover.sleep", lambda seconds: None)
    registry, passkeys = running.here.office.registry, running.here.passkeys
    stewards = Stewards(registry)
    overrides = Overrides(
        registry, passkeys, stewards, lambda c, column: frozenset(), lambda c, key: "ab" * 16, frozenset({CLINIC})
    )
    labelling = Labelling(Proposals(registry, passkeys, stewards), overrides, stewards)
    running.here.app.state.control = replace(running.here.app.state.control, labelling=labelling)
    yield running
    running.stop()


def looks(gateway: Served, *found: Report | str) -> None:
    control = gateway.here.app.state.control
    gateway.here.app.state.control = replace(control, labelling=replace(control.labelling, discoveries=Looks(*found)))


def discovered(*words: str) -> tuple[int, str, str]:
    app = Typer()
    app.command()(discover_verb.discover)
    done = CliRunner().invoke(app, ["clinic", *words], env=WIDE)
    return done.exit_code, done.stdout, done.stderr


def test_what_was_found_is_told(gateway: Served) -> None:
    looks(gateway, report())
    code, told, _ = discovered()
    assert code == 0, told
    for line in (
        "public.patients  whose row: none found",
        "ref2  should carry phi.ssn",
        "1.00 of 100 sampled values have the form of a social security number (phi.ssn)",
        "x1  is labelled phi.ssn, and no sampled value looks so",
        'not readable; to let it look: GRANT SELECT ON TABLE "public"."shut" TO "interlock";',
        "3 tables more than it looks at",
        "public.t.gone is gone since the last time",
        "1 tables, 2 columns; 1 lack labels, 2 of them newly proposed.",
    ):
        assert line in told
    assert "402-19" not in told


def test_it_is_told_as_json(gateway: Served) -> None:
    looks(gateway, "busy", report())  # one runs already: it is waited for
    code, told, _ = discovered("--format", "json")
    assert code == 0
    document = json.loads(told)
    assert document["tables"][0]["columns"][0]["lacks"] == ["phi.ssn"]
    assert "402-19" not in told


def test_a_look_that_failed_says_why(gateway: Served) -> None:
    looks(gateway, "the upstream login is a superuser")
    code, _, told = discovered()
    assert (code, "is a superuser" in told) == (1, True)


def test_watching_tells_what_has_changed(gateway: Served) -> None:
    looks(gateway, report(), report(), report("ref3"))
    code, told, _ = discovered("--watch", "--times", "3")
    assert code == 0
    assert told.count("public.patients  whose row") == 1
    assert "nothing has changed" in told
    assert "public.patients.ref3: should carry (phi.ssn)" in told
    assert "public.patients.ref2: should carry" not in told


def proposed(gateway: Served) -> None:
    proposals = gateway.here.app.state.control.labelling.proposals
    found = [suggestion(SSN, MRN), suggestion(MRN, column="clinic/public.t.y", word="mrn")]
    gateway.run(proposals.propose(CLINIC, RUN, found))


def run(*words: str, given: str | None = None) -> tuple[int, str]:
    done = CliRunner().invoke(labels.app, list(words), env=WIDE, input=given)
    return done.exit_code, done.output


def test_proposed_labels_are_listed_confirmed_and_rejected(gateway: Served) -> None:
    assert "No proposed label waits" in run("proposed")[1]
    proposed(gateway)
    told = run("proposed")[1]
    for word in (COLUMN, "clinic/public.t.y", "phi.ssn", 'name matched "mrn" in the lexicon (phi.mrn)'):
        assert word in told
    assert run("confirm", "clinic/public.t.nothing", "--because", "x")[0] == 2
    assert run("confirm", COLUMN, "--label", "phi.date", "--because", "x")[0] == 2
    code, told = run("confirm", COLUMN, "--label", "phi.ssn", "--because", "they are")
    assert (code, f"{COLUMN} carries phi.ssn." in told) == (0, True)
    assert "clinic/public.t.y: phi.mrn rejected." in run("reject", "clinic/public.t.y", "--because", "codes")[1]
    assert "No proposed label waits" in run("proposed")[1]
    listed = json.loads(run("proposed", "--confirmed", "--json")[1])
    (kept,) = listed["confirmed"]
    assert (kept["column"], kept["labels"], kept["by"]) == (COLUMN, ["phi.ssn"], "operator")
    assert run("reject", kept["id"], "--because", "a mistake")[0] == 0
    assert "No label was confirmed." in run("proposed", "--confirmed")[1]
    assert len(gateway.entries(b"label.rejected")) == 2


def test_masks_are_overridden_listed_and_ended(gateway: Served) -> None:
    assert "No override holds." in run("overrides")[1]
    place = "clinic/public.lots.code"
    code, told = run("override", place, "--label", "phi.ssn", "--because", "lots", "--expires", "12h")
    assert (code, "is not_this_label, until" in told) == (0, True)
    row = run("override", place, "--label", "phi", "--rule", "null", "--because", "x", "--row", given="zq-canary\n")
    assert row[0] == 0, row[1]
    assert run("override", "clinic", "--label", "phi", "--because", "x", "--row", given="7\n")[0] == 2
    assert run("override", place, "--label", "phi", "--because", "x", "--row", given="\n")[0] == 2
    assert run("override", place, "--label", "phi", "--because", "x", "--expires", "soon")[0] == 2
    code, told = run("override", "clinic", "--label", "secret.token", "--because", "x")
    assert (code, "never_shown" in told) == (1, True)
    listed = json.loads(run("overrides", "--json")[1])["overrides"]
    assert [each["scope"] for each in listed] == ["column", "row"]
    assert place in run("overrides")[1]
    assert run("end-override", "nothing", "--because", "x")[0] == 2
    assert run("end-override", listed[0]["id"], "--because", "over")[0] == 0
    assert len(json.loads(run("overrides", "--json")[1])["overrides"]) == 1
    assert b"zq-canary" not in b"".join(gateway.entries(b"mask.overridden"))


def test_the_verb_is_there() -> None:
    assert VERBS["discover"].module == "discover"
