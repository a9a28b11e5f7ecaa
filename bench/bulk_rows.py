"""Bulk rows: 200,000 of six columns, by SELECT and by COPY, read by a client that decodes nothing.

Budgets against direct: 0.8 with nothing labelled, 0.3 with two columns masked (design, section 10). Medians of several
runs, direct and through the gateway in turn. The same with `content = "mask"`, where every text is looked into:
three of the columns, one of them of different values alone; fewer rows and runs, and no budget of the design's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import median

from bench.ground import ROWS, Ground
from bench.link import Failed, Link
from bench.report import Budget, Peer, Result, ratio_of_at_least

RUNS = 9
CONTENT_RUNS = 3
CONTENT_ROWS = 20_000
CONTENT = 'content = "mask"\n'
UNLABELLED = ratio_of_at_least(0.8)
MASKED = ratio_of_at_least(0.3)


@dataclass(frozen=True, slots=True)
class Read:
    """One bulk read. `answers` is the type of the first message of a good answer."""

    name: str
    text: str
    answers: bytes
    budget: Budget | None
    rows: int = ROWS

    @property
    def looked_into(self) -> Read:
        """The same, of fewer rows, where values are looked into."""
        limited = f"{self.text} LIMIT {CONTENT_ROWS}"
        if self.text.startswith("COPY "):
            table = self.text.split()[1]
            limited = f"COPY (SELECT * FROM {table} LIMIT {CONTENT_ROWS}) TO STDOUT"
        return replace(self, name=f"{self.name}, content", text=limited, budget=None, rows=CONTENT_ROWS)


READS = (
    Read("SELECT, nothing labelled", "SELECT id, city, state, opened, visits, code FROM places", b"T", UNLABELLED),
    Read("SELECT, two columns masked", "SELECT id, given_name, mrn, city, state, code FROM people", b"T", MASKED),
    Read("COPY text, nothing labelled", "COPY places TO STDOUT", b"H", UNLABELLED),
    Read("COPY text, two columns masked", "COPY people TO STDOUT", b"H", MASKED),
)


def run(ground: Ground) -> list[Result]:
    """Rows a second through the gateway, beside direct."""
    with ground.gateway("bulk") as gateway, Link(ground.direct) as direct, Link(gateway.conninfo) as through:
        found = [_measured(read, direct, through, RUNS) for read in READS]
    with (
        ground.gateway("content", CONTENT) as gateway,
        Link(ground.direct) as direct,
        Link(gateway.conninfo) as through,
    ):
        return found + [_measured(read.looked_into, direct, through, CONTENT_RUNS) for read in READS]


def _measured(read: Read, direct: Link, through: Link, runs: int) -> Result:
    here: list[float] = []
    there: list[float] = []
    _once(read, direct), _once(read, through)  # warm: caches of the server, the first look of the gateway
    for _ in range(runs):
        here.append(_once(read, direct))
        there.append(_once(read, through))
    figure, peer = read.rows / median(there), read.rows / median(here)
    return Result("bulk_rows", read.name, figure, "rows/s", Peer("direct", peer), read.budget)


def _once(read: Read, link: Link) -> float:
    answer = link.ask(read.text)
    if not answer.head.startswith(read.answers):
        raise Failed(f"{read.name}: the answer began with a message of type {answer.head[:1]!r}")
    return answer.whole
