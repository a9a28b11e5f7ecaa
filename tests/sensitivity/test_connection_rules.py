"""Asking a catalog about many columns gives what asking about each of them does."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from interlock.model.label import Label
from interlock.model.names import ConnectionName
from interlock.model.snapshot import Column, Relation, Snapshot
from interlock.sensitivity.catalog import Catalog, Rule
from interlock.sensitivity.columns import ColumnLabels

CLINIC = ConnectionName("clinic")
LABELS = ("phi.ssn", "phi.mrn", "quasi.zip3")
names = st.sampled_from(["a", "b", "ab", "ba", "a\nb", "A", "a.b", "[a]"])
patterns = names | st.sampled_from(["*", "a*", "*b", "*a*", "**", "[*"])
rules = st.builds(
    Rule,
    st.sampled_from(["*", "clinic", "cli*", "shop"]),
    st.tuples(patterns, patterns, patterns),
    st.frozensets(st.sampled_from(LABELS).map(Label), min_size=1),
)
catalogs = st.builds(Catalog, st.lists(rules, max_size=8).map(tuple), st.just(""))


@given(catalogs, names, names, names)
def test_a_column_has_the_same_labels(catalog: Catalog, schema: str, table: str, column: str) -> None:
    found = catalog.of_connection(CLINIC).of_table(schema, table).labels(column)
    assert found == catalog.labels(CLINIC, schema, table, column)


@given(catalogs, st.lists(st.tuples(names, st.lists(names, min_size=1, max_size=4, unique=True)), max_size=5))
def test_a_family_shares_what_its_namesakes_have(catalog: Catalog, tables: list[tuple[str, list[str]]]) -> None:
    """The first table is the parent of all others."""
    made = [
        Relation(
            oid=20_000 + n,
            schema="s",
            name=name,
            kind="r",
            columns=tuple(Column(at, column, 25) for at, column in enumerate(columns, 1)),
            hidden_effects=False,
            definition="",
            children=tuple(20_000 + other for other in range(1, len(tables))) if n == 0 else (),
        )
        for n, (name, columns) in enumerate(tables)
    ]
    nobody = frozenset[str]()
    snapshot = Snapshot("1", 180_000, tuple(made), nobody, nobody, nobody, ("s",))
    labels = ColumnLabels(snapshot, catalog, CLINIC)
    for relation in made:
        for column in relation.columns:
            members = [m for m in made if any(c.name == column.name for c in m.columns)]
            wanted = frozenset[Label]().union(*(catalog.labels(CLINIC, "s", m.name, column.name) for m in members))
            assert labels.of(relation, column) == wanted
