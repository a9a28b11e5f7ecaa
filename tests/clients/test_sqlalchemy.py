"""SQLAlchemy's reflection and ORM-less work, over psycopg and asyncpg."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine
from tests.a_gateway import Gateway
from tests.clients.a_shop import CANARIES, Path_, direct, through
from tests.postgres_fixture import Database

DRIVERS = {"psycopg": {"sslmode": "disable"}, "asyncpg": {"ssl": False}}
Work = Callable[[sa.Connection], object]


def _reflected(connection: sa.Connection) -> object:
    look = sa.inspect(connection)
    told: list[object] = [
        look.get_schema_names(),
        look.get_table_names("shop"),
        look.get_view_names("shop"),
        look.get_sequence_names("shop"),
        look.get_view_definition("cheap", "shop"),
        look.get_columns("cheap", "shop"),
        look.has_table("items", "shop"),
        look.get_multi_columns("shop"),
        look.get_enums("shop"),  # type: ignore[attr-defined]
        look.get_domains("shop"),  # type: ignore[attr-defined]
    ]
    for table in ("items", "orders", "people"):
        asked = (
            look.get_columns,
            look.get_pk_constraint,
            look.get_foreign_keys,
            look.get_indexes,
            look.get_unique_constraints,
            look.get_check_constraints,
            look.get_table_comment,
        )
        told += [ask(table, "shop") for ask in asked]
    return repr(told)


def _worked(connection: sa.Connection) -> object:
    tables = sa.MetaData()
    tables.reflect(connection, schema="shop")
    orders, items = tables.tables["shop.orders"], tables.tables["shop.items"]
    joined = sa.select(orders.c.id, items.c.name).join_from(orders, items).order_by(orders.c.id).limit(5)
    connection.execute(sa.insert(orders), [{"id": 800 + n, "item": 1, "note": f"n {n}"} for n in range(3)])
    found = connection.execute(sa.select(orders.c.note).where(orders.c.id >= 800).order_by(orders.c.id)).all()
    rows = connection.execute(joined).all()
    connection.rollback()
    return repr((found, rows, connection.scalar(sa.select(sa.func.count()).select_from(orders))))


async def _done(path: Path_, driver: str, work: Work) -> Any:
    engine = create_async_engine(f"postgresql+{driver}://{path.url}", connect_args=DRIVERS[driver])
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(work)
    finally:
        await engine.dispose()


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("work", [_reflected, _worked], ids=["reflection", "work"])
async def test_it_gets_what_it_gets_directly(shop: Database, plain: Gateway, driver: str, work: Work) -> None:
    assert await _done(through(plain), driver, work) == await _done(direct(shop), driver, work)


@pytest.mark.filterwarnings("ignore:Could not parse CHECK constraint text")  # a masked one
@pytest.mark.parametrize("driver", DRIVERS)
async def test_with_labels_names_stay_and_texts_of_definitions_are_masked(labelled: Gateway, driver: str) -> None:
    def columns(connection: sa.Connection) -> object:
        return [(c["name"], str(c["type"]), c["default"]) for c in sa.inspect(connection).get_columns("people", "shop")]

    assert await _done(through(labelled), driver, columns) == [
        ("id", "INTEGER", None),
        ("name", "TEXT", None),
        ("mrn", "TEXT", None),
    ]
    reflected = await _done(through(labelled), driver, _reflected)
    assert [canary for canary in CANARIES if canary in reflected] == []


@pytest.mark.parametrize("driver", DRIVERS)
async def test_labelled_columns_come_masked(labelled: Gateway, driver: str) -> None:
    def people(connection: sa.Connection) -> object:
        table = sa.Table("people", sa.MetaData(), schema="shop", autoload_with=connection)
        return [tuple(row) for row in connection.execute(sa.select(table).order_by(table.c.id))]

    rows = await _done(through(labelled), driver, people)
    assert [row[0] for row in rows] == list(range(1, 51))
    assert not any("Given" in row[1] or "MRN" in row[2] for row in rows)
