"""psql with its backslash commands."""

from __future__ import annotations

import re

import pytest
from tests.a_gateway import Gateway
from tests.clients.a_shop import CANARIES, Path_, assert_same, direct, program, run, through
from tests.postgres_fixture import Database

LOOKING = r"""
\d
\dt
\dt+ shop.*
\d shop.items
\d+ shop.items
\d shop.orders
\d+ shop.cheap
\d shop.parted
\d+ shop.parted
\d+ shop.parted_2020
\d shop.items_id_seq
\df shop.*
\df+ shop.*
\dn
\dn+
\du
\l
\dp shop.*
\di shop.*
\ds shop.*
\dv shop.*
\dm
\dT shop.*
\dT+ shop.*
\dx
\dD shop.*
\dd shop.*
\db
\dL
\do =
\drds
\dC
\sf shop.add
\sv shop.cheap
"""

WORKING = r"""
\set VERBOSITY sqlstate
\timing off
\pset null NULL
SELECT id, name, price, tags, mood, meta, made, twice FROM shop.items ORDER BY id LIMIT 5;
SELECT count(*), sum(n) FROM shop.orders;
\gdesc
SELECT id FROM shop.orders ORDER BY id LIMIT 2 \g
SELECT 1 AS one, 'two' AS two \gset
\echo :one :two
\copy (SELECT id, note FROM shop.orders ORDER BY id LIMIT 3) TO STDOUT WITH (FORMAT csv, HEADER)
BEGIN;
UPDATE shop.items SET price = 2 WHERE id = 1;
SAVEPOINT s;
SELECT nothing FROM shop.items;
ROLLBACK TO s;
ROLLBACK;
SELECT price FROM shop.items WHERE id = 1;
SHOW server_version;
"""


async def _psql(path: Path_, script: str) -> str:
    ran = await run(path, program("psql"), "-X", "-f", "-", given=script)
    return f"{ran.well()}\n{ran.err}"


async def test_looking_around_prints_what_it_prints_directly(shop: Database, plain: Gateway) -> None:
    assert_same(await _psql(direct(shop), LOOKING), await _psql(through(plain), LOOKING))


async def test_working_prints_what_it_prints_directly(shop: Database, plain: Gateway) -> None:
    assert_same(await _psql(direct(shop), WORKING), await _psql(through(plain), WORKING))


async def test_with_labels_names_stay_and_texts_of_definitions_are_masked(shop: Database, labelled: Gateway) -> None:
    here, there = await _psql(through(labelled), LOOKING), await _psql(direct(shop), LOOKING)
    assert [canary for canary in CANARIES if canary not in there] == []
    assert [canary for canary in CANARIES if canary in here] == []
    assert re.search(r"mrn +\| text +\| +\| not null +\|", await _psql(through(labelled), r"\d shop.people"))
    for command in (r"\dt shop.*", r"\du", r"\dn", r"\di shop.*", r"\dv shop.*", r"\dT shop.*"):
        assert_same(await _psql(direct(shop), command), await _psql(through(labelled), command))


async def test_conninfo(plain: Gateway) -> None:
    assert "etl" in await _psql(through(plain), r"\conninfo")


@pytest.mark.parametrize("query", ["TABLE shop.people", "SELECT name || mrn FROM shop.people"])
async def test_labelled_columns_come_masked(labelled: Gateway, query: str) -> None:
    shown = await _psql(through(labelled), query)
    assert "(50 rows)" in shown
    assert "Given" not in shown
    assert "MRN" not in shown
