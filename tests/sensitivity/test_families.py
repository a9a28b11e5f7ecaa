"""Labels pass between parents and children, in whatever order the snapshot names them."""

from __future__ import annotations

from itertools import permutations

import pytest

from interlock.model.names import ConnectionName
from interlock.model.snapshot import Column, Relation, Snapshot
from interlock.sensitivity.catalog import parse_catalog
from interlock.sensitivity.columns import ColumnLabels

CLINIC = ConnectionName("clinic")


def relation(oid: int, name: str, *children: int, columns: tuple[str, ...] = ("id", "ssn")) -> Relation:
    """A table with children."""
    listed = tuple(Column(n, column, 25) for n, column in enumerate(columns, 1))
    return Relation(oid, "public", name, "r", listed, True, "x", children)


TABLES = (relation(1, "people", 2, 3), relation(2, "people_a", 4), relation(3, "people_b"), relation(4, "people_a_1"))
ALONE = relation(5, "other")


@pytest.mark.parametrize("order", list(permutations(TABLES)))
@pytest.mark.parametrize("named", ["people", "people_a", "people_b", "people_a_1"])
def test_a_label_on_one_is_on_all_of_the_family(order: tuple[Relation, ...], named: str) -> None:
    catalog = parse_catalog(f'[[column]]\nmatch = "public.{named}.ssn"\nlabels = ["phi.ssn"]\n', "c.toml")
    snapshot = Snapshot("v", 180000, (*order, ALONE), frozenset(), frozenset(), frozenset(), ("public",))
    labels = ColumnLabels(snapshot, catalog, CLINIC)
    for member in TABLES:
        assert labels.for_column(member.oid, 2) == {"phi.ssn"}
        assert labels.for_column(member.oid, 1) == frozenset()
    assert labels.for_column(ALONE.oid, 2) == frozenset()
