"""pg_dump: an export of definitions and rows."""

from __future__ import annotations

import re

from tests.a_gateway import Gateway
from tests.clients.a_shop import CANARIES, Path_, assert_same, direct, program, run, through
from tests.postgres_fixture import Database


async def _dump(path: Path_, *options: str) -> str:
    dumped = (await run(path, program("pg_dump"), "--no-owner", "-n", "shop", *options)).well()
    return re.sub(r"(?m)^\\(un)?restrict .*$", "", dumped)  # a random key against what restoring could run


async def test_a_dump_is_what_it_is_directly(shop: Database, plain: Gateway) -> None:
    assert_same(await _dump(direct(shop)), await _dump(through(plain)))


async def test_the_rows_of_one_table_as_inserts(shop: Database, plain: Gateway) -> None:
    options = ("--data-only", "--inserts", "-t", "shop.orders")
    assert_same(await _dump(direct(shop), *options), await _dump(through(plain), *options))


async def test_with_labels_rows_and_texts_of_definitions_are_masked(shop: Database, labelled: Gateway) -> None:
    # Only tables without sequences: pg_dump ends in an error where a sequence's value is masked.
    dumped = await _dump(through(labelled), "-t", "shop.people", "-t", "shop.parted")
    assert "CREATE TABLE shop.people" in dumped
    assert dumped.count("[phi.mrn]") == 50
    assert [word for word in (*CANARIES, "Given", "MRN0000") if word in dumped] == []
