"""Writes that carry labels, and the schema that they are about."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

from tests.an_office import CONNECTION, Office, read

from interlock.gate import Cleared
from interlock.model.action import Action, Ask
from interlock.model.actor import Actor
from interlock.model.exposure import Carry, Exposure
from interlock.model.label import Label
from interlock.model.resource import Resource, ResourceKind
from interlock.model.snapshot import Column, Relation, Snapshot
from interlock.model.verb import SQL_INSERT, SQL_SELECT

CLINIC = CONNECTION.name
NOTES = "clinic/public.notes.text"
SSN, MRN = Label("phi.ssn"), Label("phi.mrn")
WRITES = """
@id("agents")
permit (principal in Interlock::Group::"ai-agents", action, resource);
"""


def snapshot(*tables: tuple[int, str, str]) -> Snapshot:
    """A schema of tables of one column: (oid, name, column)."""
    relations = tuple(
        Relation(oid, "public", name, "r", (Column(1, c, 25),), False, "x", rewrites=False) for oid, name, c in tables
    )
    return Snapshot(repr(relations), 180000, relations, frozenset(), frozenset(), frozenset(), ("public",))


def write(actor: Actor, *carries: Carry) -> Action:
    """A write that takes labels along."""
    resource = Resource(ResourceKind.RELATION, "clinic/public.notes")
    exposures = tuple(Exposure(labels=each.labels, carries=(each,)) for each in carries)
    return replace(
        read(actor),
        asks=(Ask(SQL_SELECT, resource), Ask(SQL_INSERT, resource)),
        exposures=exposures,
        templates=read(actor).templates * len(exposures),
        effect_free=False,
    )


def carry(column: str, *labels: Label) -> Carry:
    """What a write takes to a column."""
    return Carry(column, frozenset(labels))


async def released(o: Office, action: Action) -> None:
    """Asks for it; it is released."""
    answer = await o.gate.ask(action)
    assert isinstance(answer, Cleared), answer
    await answer.durable


async def entries(o: Office) -> list[dict[str, Any]]:
    """Every entry but seals and keys."""
    found = [json.loads(body.split(b"\n")[0]) for body in await o.store.entries(0, 1000)]
    return [each for each in found if each["type"] not in ("node.seal", "key.issued")]


async def recorded(o: Office, number: int) -> list[dict[str, Any]]:
    """The label.derived entries, once there are so many."""
    async with asyncio.timeout(5):
        while True:
            found = [each for each in await entries(o) if each["type"] == "label.derived"]
            if len(found) >= number:
                return found
            await asyncio.sleep(0.005)
