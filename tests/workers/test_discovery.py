"""Discovery on a real PostgreSQL: what it proposes, what it reports, what is on record; and no value anywhere."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.a_directory_service import House, house
from tests.postgres_fixture import ClinicDatabase, Database
from tests.stores.a_store import ENTROPY

from interlock.errors import Conflict, LedgerUnavailable, NotFound
from interlock.ledger.entry import parse_entry
from interlock.model.entry import EntryType
from interlock.model.finding import Finding
from interlock.model.label import Label
from interlock.model.names import ConnectionName, PersonId
from interlock.registry.discoveries import Run, RunState
from interlock.registry.proposals import Verdict
from interlock.sensitivity.catalog import EMPTY, Catalog, parse_catalog
from interlock.sensitivity.columns import ColumnLabels
from interlock.sensitivity.drift import ColumnReport, Drift
from interlock.upstreams.postgres import load_snapshot
from interlock.upstreams.sampling import sampling
from interlock.web.api.proposal_shapes import run_out
from interlock.workers.discovery import Carries, Discoveries, Place

CLINIC = ConnectionName("clinic")
DANA = PersonId("dana")
FORMS = (("phi.ssn", re.compile(r"\b\d{3}-\d{2}-\d{4}\b")), ("phi.email", re.compile(r"\b[\w.]+@[\w.]+\b")))
CATALOG = Path(__file__).resolve().parents[2] / "src" / "interlock" / "demo" / "files" / "clinic.toml"
CANARIES = ("402-19-8877", "zq.canary@example.org", "zq-canary-note")
"""Values that lie in the tables below and nowhere else."""


class Forms:
    """A finder of two forms, which remembers what it was told of."""

    def __init__(self) -> None:
        self.telling: set[str] = set()
        self.gate: Callable[[], None] = lambda: None

    def find_many(self, texts: Sequence[str], *, telling: str = "") -> list[tuple[Finding, ...]]:
        self.telling.add(telling)
        self.gate()
        return [
            tuple(
                Finding(m.start(), m.end(), Label(label), 0.9, "form")
                for label, form in FORMS
                for m in form.finditer(t)
            )
            for t in texts
        ]


async def carries_of(here: House, database: Database, catalog: Catalog) -> Carries:
    snapshot = await load_snapshot(database.upstream)
    confirmed = here.office.authority.proposed.columns(CLINIC)
    return ColumnLabels(snapshot, catalog, CLINIC, None, confirmed).for_column


@asynccontextmanager
async def discovering(
    path: Path, database: Database, catalog: Catalog = EMPTY, **more: Any
) -> AsyncIterator[tuple[House, Discoveries]]:
    """A house with discovery on `database`; it may be left and entered again."""
    finder = more.pop("finder", Forms())
    async with house(path) as here:
        place = Place(partial(sampling, database.upstream), lambda: carries_of(here, database, catalog))
        o = here.office
        discoveries = Discoveries(
            {CLINIC: place},
            finder=lambda regime: finder,
            proposals=here.labelling.proposals,
            ledger=more.pop("ledger", o.store),
            documents=o.store.records,
            sealer=o.desk.sealer,
            clock=o.clock,
            entropy=ENTROPY,
            **more,
        )
        yield here, discoveries


async def looked(discoveries: Discoveries, by: str = "operator") -> Run:
    await discoveries.begin(CLINIC, by)
    async with asyncio.timeout(60):
        while discoveries.last(CLINIC).state is RunState.RUNNING:
            await asyncio.sleep(0.01)
    return discoveries.last(CLINIC)


def columns(run: Run) -> dict[str, ColumnReport]:
    assert run.report is not None, run.failure
    return {f"{table.name}.{each.column}": each for table in run.report.tables for each in table.columns}


@pytest.fixture
def odd(empty_database: Database) -> Database:
    """Tables with odd names, and canaries in them."""
    ssn, email, note = CANARIES
    empty_database.execute(
        "CREATE TABLE patients (id bigint PRIMARY KEY, dob date, ref2 text, contact text, jotted text, kind text)",
        'CREATE TABLE "Weird Visits" (pt_id bigint REFERENCES patients, "x;y" text, n int)',
        "CREATE TABLE lots (code text)",
        f"""INSERT INTO patients SELECT n, '1980-01-01'::date + n::int, '402-19-' || 1000 + n, 'a' || n || '@x.org',
             CASE WHEN n % 10 = 0 THEN 'call {email} about it, please, as soon as possible' ELSE 'nothing of note' END,
             'open' FROM generate_series(1, 300) AS n""",
        f"INSERT INTO patients VALUES (1000, '1950-02-03', '{ssn}', '{email}', '{note}', 'open')",
        f"INSERT INTO \"Weird Visits\" SELECT n, '{ssn}', n FROM generate_series(1, 50) AS n",
        "INSERT INTO lots SELECT 'LOT-' || n FROM generate_series(1, 100) AS n",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {empty_database.user}",
    )
    return empty_database


async def test_it_proposes_what_columns_lack_with_evidence(tmp_path: Path, odd: Database) -> None:
    async with discovering(tmp_path, odd) as (here, discoveries):
        run = await looked(discoveries, "dana")
        told = columns(run)
        assert run.state is RunState.FINISHED
        assert {name: set(each.lacks) for name, each in told.items() if each.lacks} == {
            "patients.dob": {"phi.date.birth"},
            "patients.ref2": {"phi.ssn"},
            "patients.contact": {"phi.email"},
            "patients.jotted": {"phi.email"},
            "Weird Visits.x;y": {"phi.ssn"},
        }
        assert told["patients.ref2"].evidence[0].told.startswith("1.00 of 256 sampled values have the form of")
        assert run.report is not None
        assert {table.name: table.subject.told for table in run.report.tables} == {
            "Weird Visits": "pt_id (foreign key to public.patients)",
            "lots": "none found",
            "patients": "id (a table of people)",
        }
        waiting = here.labelling.proposals.waiting()
        assert [(each.column, each.treatment) for each in waiting] == [
            ("clinic/public.Weird Visits.x;y", "labelled"),
            ("clinic/public.patients.contact", "labelled"),
            ("clinic/public.patients.dob", "labelled"),
            ("clinic/public.patients.jotted", "scanned"),
            ("clinic/public.patients.ref2", "labelled"),
        ]
        assert run.proposed == 5
        again = await looked(discoveries)
        assert again.proposed == 0 and len(here.labelling.proposals.waiting()) == 5


async def test_it_is_on_record_before_a_value_is_read(tmp_path: Path, odd: Database) -> None:
    async with discovering(tmp_path, odd) as (here, discoveries):
        run = await looked(discoveries, "dana")
        entries = [parse_entry(raw) for raw in await here.office.store.entries(0, 1000)]
        ours = [e for e in entries if e.type.startswith(("discovery.", "label."))]
        assert [e.type for e in ours] == [
            EntryType.DISCOVERY_BEGUN,
            *[EntryType.LABEL_PROPOSED] * 5,
            EntryType.DISCOVERY_ENDED,
        ]
        assert ours[0].d == {"connection": "clinic", "by": "dana", "tables": 3, "columns": 10}
        assert ours[-1].d == {"connection": "clinic", "outcome": "finished", "tables": 3, "columns": 10, "proposed": 5}
        assert {e.obj for e in (ours[0], ours[-1])} == {run.id}
        assert all(e.signed for e in ours)


async def test_without_the_ledger_nothing_is_sampled(tmp_path: Path, odd: Database) -> None:
    class Full:
        async def commit(self, unit: object) -> Any:
            raise LedgerUnavailable("the disk is full")

    finder = Forms()
    async with discovering(tmp_path, odd, ledger=Full(), finder=finder) as (_, discoveries):
        run = await looked(discoveries)
        assert (run.state, run.failure, run.report) == (RunState.FAILED, "the disk is full", None)
        assert finder.telling == set()


def all_bytes(directory: Path) -> bytes:
    return b"".join(path.read_bytes() for path in directory.rglob("*") if path.is_file())


async def test_no_value_is_anywhere(tmp_path: Path, odd: Database) -> None:
    with capture_logs() as logged:
        async with discovering(tmp_path, odd) as (here, discoveries):
            run = await looked(discoveries)
            assert columns(run)
            for each in here.labelling.proposals.waiting():
                await here.labelling.proposals.judge(DANA, each.id, Verdict.CONFIRM, each.labels, "they are")
            told = [repr(run), run_out(run).model_dump_json(), repr(here.labelling.proposals.confirmed()), repr(logged)]
            stored = all_bytes(tmp_path)
    stored += all_bytes(tmp_path)
    assert b"clinic/public.patients.ref2" in stored
    for canary in (*CANARIES, "402-19-1", "@x.org"):
        assert canary.encode() not in stored
        assert not [each for each in told if canary in each]


async def test_a_detector_that_fails_says_no_value_either(tmp_path: Path, odd: Database) -> None:
    class Spoilt:
        def find_many(self, texts: Sequence[str], *, telling: str = "") -> list[tuple[Finding, ...]]:
            raise RuntimeError(f"can't read {texts[0]}")

    with capture_logs() as logged:
        async with discovering(tmp_path, odd, finder=Spoilt()) as (here, discoveries):
            run = await looked(discoveries)
            assert (run.state, run.failure) == (RunState.FAILED, "Something went wrong in the gateway.")
            (ended,) = await here.entries(EntryType.DISCOVERY_ENDED)
            assert ended["outcome"] == "failed"
    assert any(each["event"] == "discovery.failed" for each in logged)
    assert "402-19" not in repr(logged) + repr(run)


async def test_drift_is_told(tmp_path: Path, odd: Database) -> None:
    rules = '[[column]]\nmatch = "public.lots.code"\nlabels = ["phi.ssn"]\n'
    catalog = parse_catalog(rules + rules.replace("lots.code", "patients.ref2"), "catalog.toml")
    async with discovering(tmp_path, odd, catalog) as (_, discoveries):
        first = columns(await looked(discoveries))
        assert first["lots.code"].drift == (Drift.LOOKS_OTHERWISE,)
        assert first["patients.ref2"].drift == ()
    odd.execute("ALTER TABLE lots ADD made text", "ALTER TABLE patients DROP kind", "UPDATE lots SET made = 'x@y.org'")
    async with discovering(tmp_path, odd, catalog) as (_, discoveries):  # remembered over a restart
        run = await looked(discoveries)
        assert columns(run)["lots.made"].drift == (Drift.UNLABELLED, Drift.NEW_COLUMN)
        assert run.report is not None and run.report.gone == ("public.patients.kind",)
        assert {n for n, each in columns(run).items() if Drift.NEW_COLUMN in each.drift} == {"lots.made"}


async def test_confirmed_labels_arent_proposed_again(tmp_path: Path, odd: Database) -> None:
    async with discovering(tmp_path, odd) as (here, discoveries):
        await looked(discoveries)
        for each in here.labelling.proposals.waiting():
            await here.labelling.proposals.judge(DANA, each.id, Verdict.CONFIRM, each.labels, "they are")
        run = await looked(discoveries)
        assert not [name for name, each in columns(run).items() if each.lacks]
        assert here.labelling.proposals.waiting() == ()


async def test_the_clinic_is_labelled_as_its_catalog_says(tmp_path: Path, clinic: ClinicDatabase) -> None:
    catalog = parse_catalog(CATALOG.read_text(), "clinic.toml")
    async with discovering(tmp_path, clinic, catalog) as (_, discoveries):
        told = columns(await looked(discoveries))
        otherwise = {(name, label) for name, each in told.items() for label in each.otherwise}
        assert not [each for each in otherwise if each[1] in ("phi.ssn", "phi.email", "pii.email")]  # as it looks for
        lacking_forms = {name for name, each in told.items() if each.lacks & {"phi.ssn", "phi.email", "pii.email"}}
        assert lacking_forms == {"notes.body"}  # which the demo leaves to content detection, on purpose
    (tmp_path / "bare").mkdir()
    async with discovering(tmp_path / "bare", clinic) as (_, discoveries):
        told = columns(await looked(discoveries))
        lacking = {name for name, each in told.items() if each.lacks}
        assert lacking >= {
            *("patients.mrn", "patients.ssn", "patients.given_name", "patients.family_name", "patients.birth_date"),
            *("patients.sex", "patients.phone", "patients.email", "patients.street", "patients.city", "patients.zip"),
            *("patients.insurance_member_id", "encounters.diagnosis_code", "medications.drug", "staff.given_name"),
        }
        assert not lacking & {
            "patients.id",
            "departments.name",
            "departments.floor",
            "encounters.kind",
            "patients.state",
        }


async def test_one_at_a_time_and_only_what_there_is(tmp_path: Path, odd: Database) -> None:
    async with discovering(tmp_path, odd) as (_, discoveries):
        with pytest.raises(NotFound):
            discoveries.last(CLINIC)
        with pytest.raises(NotFound):
            await discoveries.begin(ConnectionName("other"), "operator")
        await discoveries.begin(CLINIC, "operator")
        with pytest.raises(Conflict) as refused:
            await discoveries.begin(CLINIC, "operator")
        assert refused.value.code == "already_discovering"
        assert (await _settled(discoveries)).state is RunState.FINISHED


async def test_it_ends_with_the_gateway_and_says_so(tmp_path: Path, odd: Database) -> None:
    reached, free = threading.Event(), threading.Event()
    finder = Forms()

    def hold() -> None:
        reached.set()
        free.wait(30)

    finder.gate = hold
    async with discovering(tmp_path, odd, finder=finder) as (here, discoveries):
        stop = asyncio.Event()
        running = asyncio.ensure_future(discoveries.run(stop))
        await discoveries.begin(CLINIC, "operator")
        await asyncio.to_thread(reached.wait, 30)
        stop.set()
        await running
        free.set()
        assert discoveries.last(CLINIC).state is RunState.STOPPED
        (ended,) = await here.entries(EntryType.DISCOVERY_ENDED)
        assert ended["outcome"] == "stopped"


async def test_a_server_that_is_away_fails_the_run(tmp_path: Path, odd: Database) -> None:
    away = replace(odd, name="nowhere_canary")
    async with discovering(tmp_path, odd) as (here, discoveries):
        place = Place(partial(sampling, away.upstream), lambda: carries_of(here, odd, EMPTY))
        discoveries._places = {CLINIC: place}
        run = await looked(discoveries)
        assert run.state is RunState.FAILED
        assert "there is no such database" in run.failure
        assert await here.entries(EntryType.DISCOVERY_BEGUN) == []


async def _settled(discoveries: Discoveries) -> Run:
    async with asyncio.timeout(60):
        while discoveries.last(CLINIC).state is RunState.RUNNING:
            await asyncio.sleep(0.01)
    return discoveries.last(CLINIC)
