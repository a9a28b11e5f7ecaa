"""`content` of a connection reaches what its door knows."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from tests.an_office import CONNECTION, office
from tests.postgres_fixture import Database

from interlock.app.serving import _schema_refresh
from interlock.doors.postgres.definitions import Definitions
from interlock.model.names import ConnectionName
from interlock.model.settings import ConnectionSettings
from interlock.sensitivity.catalog import parse_catalog
from interlock.sensitivity.content import PatternDetector


@pytest.mark.parametrize(("content", "looks"), [("off", None), ("mask", PatternDetector())])
async def test_a_door_looks_into_values_where_the_connection_says_so(
    tmp_path: Path, empty_database: Database, content: str, looks: PatternDetector | None
) -> None:
    settings = ConnectionSettings(CONNECTION, empty_database.upstream, None, content=content)
    made: dict[ConnectionName, Definitions | None] = {CONNECTION.name: None}
    async with office(tmp_path) as o:
        core = SimpleNamespace(catalogs={CONNECTION.name: parse_catalog("", "catalog.toml")}, registry=o.registry)
        refresh, stop = _schema_refresh(cast(Any, core), CONNECTION.name, settings, made), asyncio.Event()
        await refresh.refresh_now()
        stop.set()
        await refresh.run(stop)  # which closes what it watches by
    definitions = made[CONNECTION.name]
    assert definitions is not None and definitions.content == looks
