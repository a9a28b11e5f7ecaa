"""pgbench in its three modes."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.a_gateway import Gateway
from tests.clients.a_shop import program, run, through
from tests.postgres_fixture import Database

SCRIPT = r"""
\set item random(1, 50)
SELECT name, price FROM shop.items WHERE id = :item;
BEGIN;
UPDATE shop.orders SET n = n + 1 WHERE id = :item;
SELECT n FROM shop.orders WHERE id = :item;
END;
"""


@pytest.mark.parametrize("mode", ["simple", "extended", "prepared"])
async def test_a_script(shop: Database, plain: Gateway, tmp_path: Path, mode: str) -> None:
    script = tmp_path / "script.sql"
    script.write_text(SCRIPT)
    options = ("-n", "-M", mode, "-c", "2", "-t", "10", "-f", str(script))
    ran = await run(through(plain), program("pgbench"), *options)
    assert "number of transactions actually processed: 20/20" in ran.well()
    assert "number of failed transactions: 0" in ran.out
    with shop.admin() as admin:
        (total,) = admin.execute("SELECT sum(n) - 50 * 51 / 2 FROM shop.orders").fetchone() or (None,)
    assert total == 20
