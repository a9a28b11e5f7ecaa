"""`content` and `profile` of a connection reach what its door knows."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from tests.an_engine import engines
from tests.an_office import CONNECTION, office
from tests.postgres_fixture import Database

from interlock.app.masks import masks_of, vault_of
from interlock.app.serving import _schema_refresh
from interlock.doors.masks import Masks
from interlock.doors.postgres.definitions import Definitions
from interlock.model.names import ConnectionName
from interlock.model.settings import ConnectionSettings
from interlock.sensitivity.catalog import parse_catalog
from interlock.sensitivity.regime import Regime


class Loaded:
    """`app.content.Loading` of engines that are there."""

    async def engines(self) -> Any:
        return engines()


async def made(tmp_path: Path, database: Database, content: str, profile: str) -> Masks | None:
    settings = ConnectionSettings(CONNECTION, database.upstream, None, content=content, profile=profile)
    found: dict[ConnectionName, Definitions | None] = {CONNECTION.name: None}
    async with office(tmp_path) as o:
        all_ = SimpleNamespace(connections={CONNECTION.name: settings}, mcp={}, data_dir=tmp_path)
        assembly = SimpleNamespace(
            catalogs={CONNECTION.name: parse_catalog("", "catalog.toml")},
            registry=o.registry,
            settings=all_,
            content=Loaded(),
            clock=o.clock,
            keys=SimpleNamespace(sealing=None),
        )
        overrides = SimpleNamespace(of=lambda name: ())
        assert vault_of(cast(Any, SimpleNamespace(settings=SimpleNamespace(connections={}, mcp={})))) is None
        masks = await masks_of(cast(Any, assembly), cast(Any, overrides), None)
        refresh = _schema_refresh(cast(Any, assembly), CONNECTION.name, settings, found, masks.get(CONNECTION.name))
        stop = asyncio.Event()
        await refresh.refresh_now()
        stop.set()
        await refresh.run(stop)  # which closes what it watches by
    definitions = found[CONNECTION.name]
    assert definitions is not None
    return definitions.masks


@pytest.mark.parametrize(
    ("content", "profile", "expected"),
    [
        ("off", "", None),
        ("mask", "", (True, None)),
        ("off", "internal", (False, "internal")),
        ("mask", "safe_harbor", (True, "safe_harbor")),
    ],
)
async def test_a_door_masks_as_the_connection_says(
    tmp_path: Path, empty_database: Database, content: str, profile: str, expected: tuple[bool, str | None] | None
) -> None:
    masks = await made(tmp_path, empty_database, content, profile)
    if expected is None:
        assert masks is None
        return
    assert masks is not None
    assert (masks.looks, masks.profile.name if masks.profile is not None else None) == expected
    if masks.detection is not None:
        regime = Regime.PHI if "hipaa" in CONNECTION.tags else Regime.PII
        assert masks.detection is engines().detections[regime]
