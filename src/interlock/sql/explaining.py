"""EXPLAIN: whether a plan can show more than names, and of which columns it may tell.

Literals in a plan are the text's own, unless views, policies, partitions, generated columns or code of users' put
theirs in. Its estimates come from statistics of values: `rows=` tells how common one is that is compared with, and how
long arrays are that are unnested. So a plan passes only over plain tables, and if nothing is labelled of what it tests
or makes something of. A labelled column that is plainly returned has its average width in the plan, and no more.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from interlock.model import verb
from interlock.model.snapshot import Relation, Snapshot
from interlock.sql.lineage.traced import Lineage, StoredColumn
from interlock.sql.query import judge_query
from interlock.sql.session_state import SessionState
from interlock.sql.shape import Kind, Reach, Refusal, Statement, Touch
from interlock.sql.survey import survey
from interlock.sql.tree import Fields, constant, typed

_EXPLAINED: Final = ("SelectStmt", "InsertStmt", "UpdateStmt", "DeleteStmt")
_OPTIONS: Final = ("verbose", "costs", "format", "generic_plan", "summary")


def judge(blank: Statement, fields: Fields, snapshot: Snapshot, state: SessionState) -> Statement:
    """The EXPLAIN of a query or write, which doesn't run."""
    inner = typed(fields["query"])
    for item in fields.get("options", ()):
        option = typed(item)[1]
        name, value = str(option.get("defname")), constant(option.get("arg"))
        if name == "analyze" and value in ("false", "off", "0"):
            continue
        if name not in _OPTIONS:
            return replace(blank, refusal=Refusal("not_built", f"not built yet: EXPLAIN with the option {name}"))
    if inner[0] not in _EXPLAINED:
        return replace(blank, refusal=Refusal("not_built", "not built yet: EXPLAIN of this kind of statement"))
    judged = judge_query(blank, survey(inner), snapshot, state)
    if judged.kind is Kind.WRITE or any(t.relation is not None and t.relation.hidden_effects for t in judged.touches):
        because = (*judged.because, "a plan that prints definitions")
        judged = replace(judged, reach=Reach.CONNECTION, because=because)
    if judged.because:  # a plan shows what names alone can't tell
        judged = replace(judged, reach=Reach.CONNECTION)
    plain = None if judged.because else _plain(judged, snapshot)
    touches = tuple(t if t.verb == verb.SQL_CALL else replace(t, verb=verb.SQL_EXPLAIN) for t in judged.touches)
    return replace(
        judged,
        kind=Kind.EXPLAIN,
        touches=tuple(dict.fromkeys(touches)) or (Touch(verb.SQL_EXPLAIN, ""),),
        effect_free=False,
        unbounded=False,
        written=(),
        looking=None,
        lineage=replace(plain, outputs=(), writes=()) if plain is not None else None,
        plan=_told(plain) if plain is not None else None,
        describe=blank.text,
        width=1,
    )


def _plain(judged: Statement, snapshot: Snapshot) -> Lineage | None:
    """The lineage of a query of nothing but plain tables."""
    lineage = judged.lineage
    if lineage is None or lineage.opaque or judged.kind is not Kind.QUERY:
        return None
    touched = {t.relation.oid: t.relation for t in judged.touches if t.relation is not None}
    relations = [touched.get(oid) or snapshot.by_oid.get(oid) for oid in lineage.relations | touched.keys()]
    return lineage if all(r is not None and _is_plain(r) for r in relations) else None


def _is_plain(relation: Relation) -> bool:
    return relation.kind == "r" and not relation.children and not any(c.generated for c in relation.columns)


def _told(lineage: Lineage) -> frozenset[StoredColumn]:
    """The columns of whose values a plan tells something: all but those that are only returned, as they are."""
    returned = frozenset[StoredColumn]().union(*(o.sources for o in lineage.outputs if o.plain))
    made = frozenset[StoredColumn]().union(*(o.sources for o in lineage.outputs if not o.plain))
    return frozenset(f.column for f in lineage.filters) | made | (lineage.reads - returned)
