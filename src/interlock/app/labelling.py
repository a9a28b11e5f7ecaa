"""Labels put together: discovery, proposals, overrides."""

from __future__ import annotations

import asyncio
from functools import partial

from interlock.app.assembly import Assembly
from interlock.app.detecting import load_engine
from interlock.masking.keys import MaskKeys
from interlock.model.derived import places_of
from interlock.model.label import Label
from interlock.model.names import ConnectionName
from interlock.model.settings import ConnectionSettings
from interlock.registry.derived import DerivedLabels
from interlock.registry.overrides import Overrides
from interlock.registry.proposals import Proposals
from interlock.registry.stewards import Stewards
from interlock.sensitivity.columns import ColumnLabels
from interlock.sensitivity.regime import regime_of
from interlock.upstreams.postgres import load_snapshot
from interlock.upstreams.sampling import sampling
from interlock.web.labelling import Labelling
from interlock.workers.discovery import Carries, Discoveries, Place


def labelling_of(assembly: Assembly) -> tuple[Labelling, Discoveries]:
    """What the control port works with, and the runs of discovery, which are ended with the gateway."""
    settings = assembly.settings
    stewards = Stewards(assembly.registry, settings.labels.stewards, settings.policy.approvers)
    proposals = Proposals(assembly.registry, assembly.passkeys, stewards)
    overrides = Overrides(
        assembly.registry,
        assembly.passkeys,
        stewards,
        partial(_given, assembly),
        lambda connection, row_key: MaskKeys(assembly.keys.sealing, connection).subject(row_key),
        frozenset(settings.connections),
        settings.labels.overrides,
    )
    discoveries = Discoveries(
        {name: _place(assembly, name, each) for name, each in settings.connections.items()},
        finder=lambda regime: load_engine(regime=regime),
        proposals=proposals,
        ledger=assembly.store,
        documents=assembly.store.records,
        sealer=assembly.sealer,
        clock=assembly.clock,
        entropy=assembly.entropy,
    )
    return Labelling(proposals, overrides, stewards, discoveries), discoveries


def _place(assembly: Assembly, name: ConnectionName, settings: ConnectionSettings) -> Place:
    return Place(
        partial(sampling, settings.upstream, unsafe_superuser=settings.unsafe_superuser),
        partial(_carries, assembly, name, settings),
        regime_of(settings.connection),
    )


async def _carries(assembly: Assembly, name: ConnectionName, settings: ConnectionSettings) -> Carries:
    """The labels of the connection's columns as of now: catalog, derived and confirmed ones."""
    snapshot = assembly.registry.snapshots.get(name)
    if snapshot is None:  # nobody could reach the server so far
        snapshot = await load_snapshot(settings.upstream, unsafe_superuser=settings.unsafe_superuser)
    derived = DerivedLabels(assembly.registry).columns(name, snapshot)
    labels = await asyncio.to_thread(ColumnLabels, snapshot, assembly.catalogs[name], name, None, derived)
    there = {(relation.oid, column.number) for relation in snapshot.relations for column in relation.columns}

    def carries(oid: int, number: int) -> frozenset[Label]:
        return labels.for_column(oid, number) if (oid, number) in there else frozenset()

    return carries


def _given(assembly: Assembly, connection: ConnectionName, column: str) -> frozenset[Label]:
    """The labels that people gave a column, in the catalog or by confirming them; all there are of one nobody knows."""
    catalog, snapshot = assembly.catalogs[connection], assembly.registry.snapshots.get(connection)
    confirmed = assembly.authority.proposed.columns(connection)
    places = places_of(connection, snapshot, column) if snapshot is not None else frozenset()
    found = {label for each in confirmed if each.column == column or each.places & places for label in each.labels}
    if snapshot is None or not places:
        return catalog.all_labels(connection) | found
    for oid, number in places:
        relation = snapshot.by_oid[oid]
        name = next(c.name for c in relation.columns if c.number == number)
        found |= catalog.labels(connection, relation.schema, relation.name, name)
    return frozenset(found)
