"""Small statements: one row by its key, eight clients, by pgbench; direct, through PgBouncer, through the gateway.

Budget: a quarter of PgBouncer in prepared mode, with the ledger on (design, section 10).
"""

from __future__ import annotations

import contextlib
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from bench.ground import DATABASE, LOGIN, PASSWORD, ROWS, Ground, environment
from bench.link import Failed
from bench.pgbouncer import pgbouncer, program
from bench.progress import say
from bench.report import Peer, Result, ratio_of_at_least

CLIENTS = 8
THREADS = 2
SECONDS = 4
ROUNDS = 2  # direct, PgBouncer and gateway in turn, so that a noisy moment hits all of them
BUDGET = ratio_of_at_least(0.25)

_TPS = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Script:
    """One statement, and the protocol modes it is measured in."""

    name: str
    text: str
    modes: tuple[str, ...]


SCRIPTS = (
    Script("unlabelled", "SELECT city, state, visits FROM places WHERE id = :id;", ("simple", "extended", "prepared")),
    Script("two columns masked", "SELECT given_name, mrn, city FROM people WHERE id = :id;", ("prepared",)),
)


def run(ground: Ground) -> list[Result]:
    """Statements a second, each way and mode."""
    with ground.gateway("statements") as gateway, _peer(ground) as bouncer:
        ways = {"direct": ground.direct, "PgBouncer": bouncer, "Interlock": gateway.conninfo}
        return [
            result
            for script in SCRIPTS
            for mode in script.modes
            for result in _measured(ground, script, mode, {name: way for name, way in ways.items() if way})
        ]


@contextlib.contextmanager
def _peer(ground: Ground) -> Iterator[str | None]:
    if program() is None:
        say("PgBouncer isn't installed: its rows are left out, and the budget against it can't be checked")
        yield None
        return
    directory = ground.directory / "pgbouncer"
    with pgbouncer(
        directory, upstream=ground.server.port, database=DATABASE, login=LOGIN, password=PASSWORD
    ) as conninfo:
        yield conninfo


def _measured(ground: Ground, script: Script, mode: str, ways: dict[str, str]) -> Iterator[Result]:
    path = ground.directory / f"{script.name.replace(' ', '-')}.sql"
    path.write_text(f"\\set id random(1, {ROWS})\n{script.text}\n")
    rates = dict.fromkeys(ways, 0.0)
    for _ in range(ROUNDS):
        for name, conninfo in ways.items():
            rates[name] += _pgbench(ground, path, mode, conninfo) / ROUNDS
    label = f"{script.name}, {mode}"
    if (bouncer := rates.get("PgBouncer")) is not None:
        yield Result("statements", f"{label}, PgBouncer", bouncer, "/s", Peer("direct", rates["direct"]))
    peer = Peer("PgBouncer", bouncer) if bouncer is not None else Peer("direct", rates["direct"])
    budget = BUDGET if mode == "prepared" and bouncer is not None else None
    yield Result("statements", f"{label}, Interlock", rates["Interlock"], "/s", peer, budget)


def _pgbench(ground: Ground, script: Path, mode: str, conninfo: str) -> float:
    """Statements a second, the time for connecting left out."""
    to = conninfo_to_dict(conninfo)
    command = [ground.program("pgbench"), "-n", f"-c{CLIENTS}", f"-j{THREADS}", f"-T{SECONDS}", f"-M{mode}"]
    command += ["-f", str(script), "-h", str(to["host"]), "-p", str(to["port"]), "-U", str(to["user"])]
    done = subprocess.run(
        [*command, str(to["dbname"])],
        env=environment(str(to["password"])),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS * 10,
        check=False,
    )
    found = _TPS.search(done.stdout)
    if done.returncode != 0 or found is None:
        raise Failed(f"pgbench failed: {done.stderr.strip()[-300:]}")
    return float(found[1])
