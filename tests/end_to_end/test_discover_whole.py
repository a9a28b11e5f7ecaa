"""`interlock discover` against a gateway that serves: what it proposes, who judges it, what the door makes of it."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

from tests.end_to_end.a_labelled_gateway import SECONDS, Labelled, labelled
from tests.postgres_fixture import Database

from interlock.demo.access import AGENT

POLICY = '@id("all")\npermit (principal in Interlock::Group::"ai-agents", action, resource);\n'
SSN, MAIL, NAME, LATER = "402-19-8877", "zq.canary@clinic.example", "Qwendoline Zaffrey", "519-22-4711"
CATALOG = '[[column]]\nmatch = "public.people.lot"\nlabels = ["pii.ssn"]\n'
CANARIES = (SSN, MAIL, NAME, LATER, SSN.replace("-", ""), "zq.canary", "Zaffrey", "Qwendoline")

SCHEMA = (
    "CREATE TABLE people (id int PRIMARY KEY, ref2 text, via text, note text, kind text, lot text)",
    f"INSERT INTO people VALUES (1, '{SSN}', '{MAIL}', 'Seen by Dr. {NAME}, DOB 03/04/1961.', 'a')",
    "UPDATE people SET lot = 'lot 1'",
    "INSERT INTO people SELECT n, format('%s-%s-%s', 402 + n % 90, 10 + n % 80, 1000 + n),"
    " format('p%s@clinic.example', n), 'no complaints', 'b', 'lot ' || n FROM generate_series(2, 60) AS n",
)


def prepared(database: Database) -> Database:
    database.execute(*SCHEMA, f"GRANT SELECT ON people TO {database.user}")
    return database


async def proposals(here: Labelled) -> dict[str, Any]:
    """What waits, by the column's name."""
    told = await here.asks("GET", "/api/labels/proposed", here.bearer("operator"))
    return {each["column"].rpartition(".")[2]: each for each in told.json()["waiting"]}


def judging(found: dict[str, Any]) -> dict[str, Any]:
    return {"labels": found["labels"], "because": "looked at it"}


async def test_what_is_found_is_proposed_confirmed_by_a_person_and_masked(
    tmp_path: Path, empty_database: Database
) -> None:
    database = prepared(empty_database)
    async with labelled(tmp_path / "here", database, POLICY, CATALOG) as here, await here.agent() as agent:
        query = "SELECT ref2, via FROM people WHERE id = 1"
        assert await (await agent.execute(query)).fetchall() == [(SSN, MAIL)], "nothing is labelled yet"

        code, told = await here.cli("discover", "clinic")
        assert code == 0 and "ref2  should carry pii.ssn" in told and "via  should carry pii.email" in told, told
        assert "lot  is labelled pii.ssn, and no sampled value looks so" in told, "a label that values don't bear out"
        assert "of 60 sampled values have the form of a social security number" in told
        found = await proposals(here)
        assert found["ref2"]["evidence"] and await (await agent.execute(query)).fetchall() == [(SSN, MAIL)]

        ref2 = f"/api/labels/proposed/{found['ref2']['id']}/confirm"
        for headers in (here.bearer(AGENT), here.bearer("dana"), await here.console("remy"), {}):
            refused = await here.asks("POST", ref2, headers, judging(found["ref2"]))
            assert refused.status_code in (401, 403), refused.text
        operators = f"/api/operator/labels/proposed/{found['ref2']['id']}/confirm"
        assert (await here.asks("POST", operators, here.bearer(AGENT), judging(found["ref2"]))).status_code in (
            401,
            403,
        )
        dana = await here.console("dana")
        done = await here.asks("POST", ref2, dana, judging(found["ref2"]))
        assert done.status_code == 200, done.text
        ((masked, clear),) = await (await agent.execute(query)).fetchall()
        assert masked != SSN and "402" not in masked and clear == MAIL, "in the session that was open, too"

        code, told = await here.cli("labels", "reject", "clinic/public.people.via", "--because", "role mailboxes")
        assert code == 0, told
        assert await (await agent.execute("SELECT via FROM people WHERE id = 1")).fetchall() == [(MAIL,)]
        code, told = await here.cli("discover", "clinic")
        assert code == 0 and "0 of them newly proposed" in told and "ref2  should" not in told, told
        everything = here.everything()
        assert b"label.confirmed" in everything and b"label.rejected" in everything
        assert not [each for each in CANARIES if each.encode() in everything]


async def test_watching_tells_what_a_change_of_the_table_brings(tmp_path: Path, empty_database: Database) -> None:
    database = prepared(empty_database)
    async with labelled(tmp_path / "here", database, POLICY) as here:
        child = await asyncio.create_subprocess_exec(
            *here.command("discover", "clinic", "--watch", "--every", "5", "--times", "2"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        assert child.stdout is not None
        told = ""
        async with asyncio.timeout(SECONDS):
            while "newly proposed" not in told:
                line = await child.stdout.readline()
                assert line, told
                told += line.decode()
            database.execute(
                f"ALTER TABLE people ADD COLUMN tin text DEFAULT '{LATER}'",
                "ALTER TABLE people DROP COLUMN kind",
                "UPDATE people SET tin = format('%s-%s-%s', 519 + id % 90, 10 + id % 80, 4000 + id) WHERE id > 1",
                "UPDATE people SET ref2 = 'lot ' || id",
            )
            rest = (await child.stdout.read()).decode()
            assert await child.wait() == 0, rest
        here.said.append(told + rest)
        assert "public.people.tin: new column" in rest and "public.people.tin: should carry (pii.ssn)" in rest, rest
        assert "public.people.kind: is gone" in rest and "public.people.via" not in rest, rest
        found = await proposals(here)
        assert {"tin", "via"} <= found.keys()
        everything = here.everything()
        assert not [each for each in CANARIES if each.encode() in everything]
