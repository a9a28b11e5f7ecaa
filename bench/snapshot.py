"""A schema snapshot of 5,000 tables: how long it takes to load, what it takes of memory, and how long the loop waits.

Budget: 2 s and 100 MB. 20 columns a table, a fifth of them of names that no other table has; 500 views, 250 functions,
1,000 foreign keys that cascade, 100 triggers. Loaded in a process of its own, as a gateway does it: on uvloop, with the
labels of a catalog of 200 rules.
"""

from __future__ import annotations

import asyncio
import gc
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import orjson
import psycopg
import uvloop
from psycopg import sql

from bench.ground import LOGIN, PASSWORD, Ground
from bench.link import Failed
from bench.report import Result, at_most
from interlock.demo.embedded_postgres import HOST
from interlock.model.names import ConnectionName
from interlock.model.secret import Secret
from interlock.model.settings import UpstreamPostgres
from interlock.sensitivity.catalog import Catalog, parse_catalog
from interlock.sensitivity.columns import ColumnLabels
from interlock.upstreams.postgres import DefinitionsWatch, load_snapshot

DATABASE = "wide"
TABLES = 5_000
COLUMNS = 20
RULES = 200
TIMES = 5
PATIENCE = 120.0  # seconds for the process that loads

_SCHEMA = f"""
DO $do$
DECLARE n int;
BEGIN
  CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
  FOR n IN 0..{TABLES - 1} LOOP
    EXECUTE format('CREATE TABLE t%1$s (id bigint PRIMARY KEY, given_name text, family_name text, ssn text, mrn text,'
      ' email text, phone varchar(40), city text, state char(2), zip text, born date, amount_%1$s numeric(12, 2),'
      ' visits_%1$s int DEFAULT 0, note_%1$s text, code_%1$s text, status text DEFAULT ''new'', before bigint,'
      ' created_at timestamptz DEFAULT now(), updated_at timestamptz, made_by text)', n);
    IF n % 10 = 0 THEN
      EXECUTE format('CREATE VIEW v%1$s AS SELECT id, given_name, upper(family_name) AS f, city FROM t%1$s'
        ' WHERE visits_%1$s > 3', n);
    END IF;
    IF n % 20 = 0 THEN
      EXECUTE format('CREATE FUNCTION f%1$s(a int, b text) RETURNS text LANGUAGE sql STABLE AS'
        ' ''SELECT given_name FROM t%1$s WHERE id = a''', n);
    END IF;
    IF n % 5 = 1 THEN
      EXECUTE format('ALTER TABLE t%s ADD FOREIGN KEY (before) REFERENCES t%s ON DELETE CASCADE', n, n - 1);
    END IF;
    IF n % 50 = 0 THEN
      EXECUTE format('CREATE TRIGGER audit AFTER UPDATE ON t%s FOR EACH ROW EXECUTE FUNCTION audit()', n);
    END IF;
    IF n % 250 = 249 THEN COMMIT; END IF;
  END LOOP;
END $do$
"""


def run(ground: Ground) -> list[Result]:
    """Seconds, MB and ms."""
    _load(ground)
    asked = [sys.executable, "-m", "bench.snapshot", str(ground.server.port)]
    done = subprocess.run(asked, capture_output=True, text=True, timeout=PATIENCE, check=False)
    if done.returncode:
        raise Failed(f"the snapshot couldn't be loaded: {done.stderr[-200:]}")
    told = orjson.loads(done.stdout)
    size = f"{TABLES:,} tables of {COLUMNS} columns"
    return [
        Result("snapshot", f"{size}, loaded", told["loaded"], "s", budget=at_most(2.0)),
        Result("snapshot", f"{size}, kept with their labels", told["kept"], "MB", budget=at_most(100.0)),
        Result("snapshot", f"{size}, peak of loading them again", told["peak"], "MB"),
        Result("snapshot", f"{size}, longest wait of the loop", told["wait"], "ms", budget=at_most(50.0)),
        Result("snapshot", f"{size}, labels", told["labels"], "ms"),
        Result("snapshot", f"{size}, a look that finds nothing new", told["look"], "ms"),
    ]


def _load(ground: Ground) -> None:
    with psycopg.connect(ground.server.conninfo(), autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(DATABASE)))
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
    with psycopg.connect(ground.server.conninfo(DATABASE), autocommit=True) as admin:
        admin.execute(_SCHEMA.encode())
        admin.execute(sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {}").format(sql.Identifier(LOGIN)))
        admin.execute("VACUUM ANALYZE")


def _catalog() -> Catalog:
    rules = [("*.*.ssn", "phi.ssn"), ("*.*.mrn", "phi.mrn"), ("*.*.given_name", "phi.name.given")]
    rules += [(f"public.t{n}.note_{n}", "phi.mrn") for n in range(RULES - len(rules))]
    return parse_catalog("".join(f'[[column]]\nmatch = "{m}"\nlabels = ["{label}"]\n' for m, label in rules), "bench")


async def _measured(port: int) -> dict[str, float]:
    upstream = UpstreamPostgres(HOST, port, DATABASE, LOGIN, Secret(PASSWORD), tls="disable")
    name, catalog = ConnectionName(DATABASE), _catalog()
    gc.collect()
    before, waits, seconds = _resident(), _Waits(), []
    snapshot, labels, kept = None, None, 0
    async with waits:
        for _ in range(TIMES):
            begun = time.perf_counter()
            snapshot = await load_snapshot(upstream)
            seconds.append(time.perf_counter() - begun)
            begun = time.perf_counter()
            labels = await asyncio.to_thread(ColumnLabels, snapshot, catalog, name, labels)
            labelled = time.perf_counter() - begun
            kept = kept or _resident() - before
    peak = _high_water() - before
    watch = DefinitionsWatch(upstream)
    looks = [await _timed(watch) for _ in range(TIMES)]
    await watch.close()
    assert snapshot is not None and len(snapshot.relations) >= TABLES
    return {
        "loaded": statistics.median(seconds),
        "kept": kept / 1e6,
        "peak": peak / 1e6,
        "wait": waits.longest * 1000,
        "labels": labelled * 1000,
        "look": statistics.median(looks) * 1000,
    }


async def _timed(watch: DefinitionsWatch) -> float:
    begun = time.perf_counter()
    await watch.mark()
    return time.perf_counter() - begun


class _Waits:
    """How late a task that wants its turn each millisecond got it."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> None:
        self._task = asyncio.create_task(self._tick())

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._task.cancel()

    async def _tick(self) -> None:
        while True:
            asked = time.perf_counter()
            await asyncio.sleep(0.001)
            self.longest = max(self.longest, time.perf_counter() - asked - 0.001)


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _high_water() -> int:
    told = Path("/proc/self/status").read_text(encoding="ascii")
    return int(told.split("VmHWM:")[1].split()[0]) * 1024


if __name__ == "__main__":
    gc.freeze()
    gc.set_threshold(5_000, 10, 5)  # as `interlock serve` does
    print(orjson.dumps(uvloop.run(_measured(int(sys.argv[1])))).decode())
