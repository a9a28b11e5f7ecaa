"""Lineage against the server's own analysed tree, over statements made at random: nothing may be missing.

Only what the server accepts is compared. Opaque is no miss, and counted; so is whatever is told beyond need.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from tests.sql.differential.a_colliding_database import PARAMETERS, Colliding, colliding
from tests.sql.differential.a_comparison import STATE, Tally, compare
from tests.sql.differential.a_query_maker import Queries
from tests.sql.differential.a_write_maker import Writes

from interlock.demo.embedded_postgres import EmbeddedPostgres
from interlock.sql.lineage.trace import trace
from interlock.sql.lineage.traced import How, Lineage, StoredColumn
from interlock.sql.parse import parse
from interlock.sql.tree import typed

SHARE_ACCEPTED = 0.7  # below this the makers miss their purpose
# Above these being opaque would hide what is missing; what a table does unseen when written makes more of it so.
SELECTS_OPAQUE = 0.05
WRITES_OPAQUE = 0.2

Make = Callable[[int], str]


@pytest.fixture(scope="module")
def database(postgres: EmbeddedPostgres) -> Iterator[Colliding]:
    with colliding(postgres) as made:
        yield made


def a_select(seed: int) -> str:
    """The SELECT of this seed."""
    return Queries(seed).statement()


def a_write(seed: int) -> str:
    """The INSERT, UPDATE, DELETE or MERGE of this seed."""
    return Writes(seed).statement()


@pytest.mark.parametrize(
    ("make", "first", "accepted", "most_opaque"),
    [
        pytest.param(a_select, 0, 500, SELECTS_OPAQUE, id="500 SELECTs"),
        pytest.param(a_write, 0, 150, WRITES_OPAQUE, id="150 writes"),
        pytest.param(a_select, 100_000, 5_000, SELECTS_OPAQUE, id="5,000 SELECTs", marks=pytest.mark.slow),
        pytest.param(a_write, 100_000, 1_500, WRITES_OPAQUE, id="1,500 writes", marks=pytest.mark.slow),
    ],
)
def test_lineage_misses_nothing_that_the_server_sees(
    database: Colliding,
    make: Make,
    first: int,
    accepted: int,
    most_opaque: float,
    record_property: Callable[[str, object], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    tally = Tally()
    seed = first
    while tally.counts["accepted"] < accepted:
        compare(database, seed, make(seed), tally)
        seed += 1
        assert seed - first < 3 * accepted, "the server refuses nearly all that is made"
    record_property("differential", tally.line())
    with capsys.disabled():
        print(f"\n{make.__name__} from seed {first}: {tally.line()}; opaque because {dict(tally.because)}")
    assert not tally.misses, "\n".join(tally.misses[:20])
    assert tally.counts["accepted"] > SHARE_ACCEPTED * tally.counts["made"]
    assert not tally.counts["untraceable"], "lineage raised"
    assert tally.counts["opaque"] < most_opaque * tally.counts["accepted"]


def test_a_memory_of_views_and_functions_changes_nothing(database: Colliding) -> None:
    told = 0
    for seed in range(200, 320):
        text = a_write(seed) if seed % 3 == 0 else a_select(seed)
        if database.oracle.tree(text, PARAMETERS) is None:
            continue
        root = typed(parse(text.encode()).statements[0])
        remembering = trace(root, database.snapshot, STATE, database.expansions)
        assert trace(root, database.snapshot, STATE) == remembering, f"seed {seed}"
        told += 1
    assert told > 60


@pytest.mark.parametrize(
    "around",
    ["COPY ({}) TO STDOUT", "DECLARE c CURSOR FOR {}", "PREPARE p AS {}", "EXPLAIN {}", "CREATE TABLE m AS {}"],
)
def test_what_stands_around_a_query_changes_nothing(database: Colliding, around: str) -> None:
    told = 0
    for seed in range(400, 500):
        text = a_select(seed)
        if database.oracle.tree(text, PARAMETERS) is None:
            continue
        bare, wrapped = (_traced(database, t) for t in (text, around.format(text)))
        if bare.opaque:
            continue
        assert _tests(wrapped) == _tests(bare), f"seed {seed}: {text}"
        assert wrapped.reads == bare.reads and not wrapped.opaque, f"seed {seed}: {text}"
        assert wrapped.outputs == (() if around.startswith(("EXPLAIN", "CREATE")) else bare.outputs), f"seed {seed}"
        if around.startswith("CREATE"):
            made = [(w.made, w.sources) for w in wrapped.writes]
            assert made == [(("", "m", o.name), o.sources) for o in bare.outputs], f"seed {seed}: {text}"
        told += 1
    assert told > 50


def _traced(database: Colliding, text: str) -> Lineage:
    lineage = trace(typed(parse(text.encode()).statements[0]), database.snapshot, STATE, database.expansions)
    assert lineage is not None, text
    return lineage


def _tests(lineage: Lineage) -> frozenset[tuple[StoredColumn, How]]:
    return frozenset((f.column, f.how) for f in lineage.filters)


def test_one_seed_makes_one_statement() -> None:
    assert a_select(7) == a_select(7) and a_write(7) == a_write(7)
    assert len({a_select(seed) for seed in range(50)}) == 50
