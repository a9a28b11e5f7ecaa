"""Bulk rows: 200,000 of six columns, by SELECT and by COPY, read by a client that decodes nothing.

Budgets against direct: 0.8 with nothing labelled, 0.3 with two columns masked (design, section 10). Medians of several
runs, direct and through the gateway in turn.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from bench.ground import ROWS, Ground
from bench.link import Failed, Link
from bench.report import Budget, Peer, Result, ratio_of_at_least

RUNS = 9
UNLABELLED = ratio_of_at_least(0.8)
MASKED = ratio_of_at_least(0.3)


@dataclass(frozen=True, slots=True)
class Read:
    """One bulk read. `answers` is the type of the first message of a good answer."""

    name: str
    text: str
    answers: bytes
    budget: Budget


READS = (
    Read("SELECT, nothing labelled", "SELECT id, city, state, opened, visits, code FROM places", b"T", UNLABELLED),
    Read("SELECT, two columns masked", "SELECT id, given_name, mrn, city, state, code FROM people", b"T", MASKED),
    Read("COPY text, nothing labelled", "COPY places TO STDOUT", b"H", UNLABELLED),
    Read("COPY text, two columns masked", "COPY people TO STDOUT", b"H", MASKED),
)


def run(ground: Ground) -> list[Result]:
    """Rows a second through the gateway, beside direct."""
    with ground.gateway("bulk") as gateway, Link(ground.direct) as direct, Link(gateway.conninfo) as through:
        return [_measured(read, direct, through) for read in READS]


def _measured(read: Read, direct: Link, through: Link) -> Result:
    here: list[float] = []
    there: list[float] = []
    _once(read, direct), _once(read, through)  # warm: caches of the server, the first look of the gateway
    for _ in range(RUNS):
        here.append(_once(read, direct))
        there.append(_once(read, through))
    figure, peer = ROWS / median(there), ROWS / median(here)
    return Result("bulk_rows", read.name, figure, "rows/s", Peer("direct", peer), read.budget)


def _once(read: Read, link: Link) -> float:
    answer = link.ask(read.text)
    if not answer.head.startswith(read.answers):
        raise Failed(f"{read.name}: the answer began with a message of type {answer.head[:1]!r}")
    return answer.whole
