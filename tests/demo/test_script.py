"""The script must notice when the gateway doesn't do its work: here there is none at all in the way."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console
from tests.postgres_fixture import ClinicDatabase

from interlock.demo.access import AGENT, DemoAccess
from interlock.demo.agent import COLUMNS, Agent, Came, Refused, export_statement
from interlock.demo.script import run_script
from interlock.demo.steps import Check, Step, StepResults, check
from interlock.demo.truth import read_truth
from interlock.model.secret import Secret


@pytest.fixture
def bare(clinic: ClinicDatabase, tmp_path: Path) -> Iterator[DemoAccess]:
    """Access straight to the clinic, as if a gateway let everything through but destruction."""
    clinic.execute(f"CREATE ROLE \"{AGENT}\" LOGIN PASSWORD 'bare' IN ROLE {clinic.user}")
    key = Secret("bare")
    yield DemoAccess(
        control_url="http://127.0.0.1:9",
        host=clinic.server.host,
        port=clinic.server.port,
        keys={AGENT: key, "dana": key, "remy": key, "olivia": key},
        truth=Secret(clinic.server.conninfo(clinic.name)),
        settings=tmp_path / "absent.toml",
        log_key="",
        node_key="",
        credentials=tmp_path,
    )
    clinic.execute(f'DROP ROLE "{AGENT}"')


def test_without_a_gateway_every_step_fails(bare: DemoAccess) -> None:
    told = io.StringIO()
    results = run_script(bare, Console(file=told, width=120), unattended=True)
    assert not results.passed
    assert [step.passed for step in results.steps] == [False] * 9
    assert "0 of 9 steps" in results.summary
    assert "real values of birth_date, family_name, given_name, phone, ssn came back" in told.getvalue()


def test_the_truth_finds_a_single_value_wherever_it_hides(clinic: ClinicDatabase) -> None:
    truth = read_truth(Secret(clinic.server.conninfo(clinic.name)))
    someone = clinic.truth.patients[7]
    assert truth.leaks(("given_name",), [("[redacted]",)], "[redacted]") == []
    assert truth.leaks(("given_name",), [(someone.given_name,)], "") == ["given_name"]
    assert truth.leaks(("birth_date",), [(someone.birth_date.isoformat(),)], "") == ["birth_date"]
    assert truth.leaks((), [], f"a note about {someone.ssn}, hidden") == ["ssn"]
    assert truth.count("CA") == sum(p.state == "CA" for p in clinic.truth.patients)


def test_the_agent_reads_what_it_is_sent(bare: DemoAccess, clinic: ClinicDatabase) -> None:
    with Agent(bare) as agent:
        refused = agent.run("DROP TABLE patients")
        assert isinstance(refused, Refused)
        assert refused.sqlstate == "42501"
        answer = agent.start_export("CA").get(timeout=30)
    assert isinstance(answer, Came)
    expected = [p for p in clinic.truth.patients if p.state == "CA"]
    assert [row[COLUMNS.index("ssn")] for row in answer.rows] == [p.ssn for p in expected]


def test_only_the_literal_differs_between_the_two_exports() -> None:
    assert export_statement("CA").replace("'CA'", "'NV'") == export_statement("NV")


@pytest.mark.parametrize(
    ("steps", "passed"),
    [
        ((), False),
        ((Step("a", ()),), False),
        ((Step("a", (Check("x", "yes", True),)),), False),
        ((Step("a", (check("x", True),)), Step("b", (check("x", True), check("y", False)))), False),
        ((Step("a", (check("x", True),)), Step("b", (check("x", True),))), True),
    ],
)
def test_results_pass_only_when_every_planned_step_ran_and_held(steps: tuple[Step, ...], passed: bool) -> None:
    assert StepResults(steps, 2).passed is passed
