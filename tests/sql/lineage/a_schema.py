"""A schema in which names collide, and lineage told as short texts: `name! source, source` (`!` plain, `?` opaque)."""

from __future__ import annotations

from interlock.model.snapshot import Column, Relation, Snapshot, UserType
from interlock.sql.lineage.expansions import Expansions
from interlock.sql.lineage.trace import trace
from interlock.sql.lineage.traced import Filter, How, Lineage, StoredColumn, WriteLineage
from interlock.sql.parse import parse
from interlock.sql.session_state import SessionState
from interlock.sql.tree import typed

INT, BIG, TEXT, DATE, NUMERIC, JSONB, TEXTS, BOOL, VECTOR = 23, 20, 25, 1082, 1700, 3802, 1009, 16, 3614
ADDRESS, ADDRESSES, EMAIL, MOOD, PATIENT_ROW, PATIENT_ROWS = 30001, 30002, 30003, 30004, 30005, 30006
STATE = SessionState(("public",), "gate")


def table(
    oid: int,
    name: str,
    columns: str,
    *,
    kind: str = "r",
    query: str = "",
    hidden: bool = False,
    row_type: int = 0,
    schema: str = "public",
) -> Relation:
    """A relation of columns written `name:type`; text where no type is told, `=` before generated ones."""
    types = {
        "int": INT, "big": BIG, "date": DATE, "num": NUMERIC, "jsonb": JSONB, "texts": TEXTS, "bool": BOOL,
        "addr": ADDRESS, "addrs": ADDRESSES, "email": EMAIL, "mood": MOOD, "tsv": VECTOR, "": TEXT,
    }  # fmt: skip
    made = []
    for number, word in enumerate(columns.split(), 1):
        left, _, kept = word.partition(":")
        default = "upper(title)" if left.startswith("=") else ""
        made.append(Column(number, left.lstrip("="), types[kept], left.startswith("="), default))
    code = hidden or kind == "f"
    return Relation(oid, schema, name, kind, tuple(made), hidden, name, row_type=row_type, query=query, rewrites=code)


RELATIONS = (
    table(
        20001,
        "patients",
        "id:int name ssn city born:date extra:jsonb tags:texts home:addr ward_id:int words:tsv",
        row_type=PATIENT_ROW,
    ),
    table(20002, "notes", "id:int patient_id:int body"),
    table(20003, "wards", "id:int title beds:int name"),
    table(20004, "visits", "id:int patient_id:int ward_id:big day:date cost:num"),
    table(20005, "ssn", "id:int note"),
    table(20006, "guesses", "ssn n:int"),
    table(20007, "audited", "id:int what", hidden=True),
    table(20008, "remote", "id:int secret", kind="f"),
    table(20009, "ticks", "last_value:big log_cnt:big is_called:bool", kind="S"),
    table(20010, "signs", "id:int title =shout owner:email feeling:mood homes:addrs"),
    table(20011, "patients", "id:int ssn", schema="other"),
    table(20012, "parted", "id:int region", kind="p"),
    table(
        20021,
        "pv",
        "id:int s loud",
        kind="v",
        query=" SELECT p.id, p.ssn AS s, upper(p.name) AS loud FROM public.patients p WHERE p.city = 'x'::text;",
    ),
    table(20022, "pv2", "s n:big", kind="v", query="SELECT s, count(*) AS n FROM public.pv GROUP BY s"),
    table(20023, "mv", "s", kind="m", query="SELECT ssn FROM public.patients"),
    table(20024, "broken", "a", kind="v", query="SELECT nosuch FROM public.patients"),
    table(20025, "looping", "a", kind="v", query="SELECT a FROM public.looping"),
    table(20026, "unread", "a", kind="v"),
    table(20027, "catalogued", "a", kind="v", query="SELECT relname FROM pg_class"),
    table(20028, "narrow", "a b", kind="v", query="SELECT ssn FROM public.patients"),
    table(20029, "own_function", "a", kind="v", query="SELECT lower(ssn) AS a FROM public.patients"),
)
TYPES = (
    UserType(ADDRESS, "public", "address", "c", 0, (Column(1, "street", TEXT), Column(2, "zip", TEXT))),
    UserType(ADDRESSES, "public", "_address", "b", ADDRESS),
    UserType(EMAIL, "public", "email", "d", TEXT),
    UserType(MOOD, "public", "mood", "e"),
    UserType(PATIENT_ROW, "public", "patients", "c", 0, RELATIONS[0].columns),
    UserType(PATIENT_ROWS, "public", "_patients", "b", PATIENT_ROW),
)
SNAPSHOT = Snapshot(
    "v1",
    180004,
    RELATIONS,
    frozenset({"unmask", "lower"}),
    frozenset({"==="}),
    frozenset(t.name for t in TYPES),
    ("public",),
    user_types=TYPES,
)


def traced(text: str, snapshot: Snapshot = SNAPSHOT) -> Lineage:
    """The lineage of a text of one statement."""
    found = trace(typed(parse(text.encode()).statements[0]), snapshot, STATE, Expansions())
    assert found is not None
    return found


def named(column: StoredColumn, snapshot: Snapshot = SNAPSHOT) -> str:
    """`table.column`, the schema before it unless it is public."""
    relation = snapshot.by_oid[column.relation]
    name = next((c.name for c in relation.columns if c.number == column.number), "?")
    return f"{relation.name}.{name}" if relation.schema == "public" else f"{relation.qualified}.{name}"


def columns(found: frozenset[StoredColumn]) -> str:
    """Columns by name; `table.*` where they are a whole table's."""
    whole = [r for r in RELATIONS if len(r.columns) > 1 and {StoredColumn(r.oid, c.number) for c in r.columns} <= found]
    oids = {r.oid for r in whole}
    return ", ".join(sorted([*(f"{r.name}.*" for r in whole), *(named(c) for c in found if c.relation not in oids)]))


def outputs(lineage: Lineage) -> str:
    """`name! source, source`, one after another."""
    told = []
    for output in lineage.outputs:
        mark = "?" if output.opaque else "!" if output.plain else ""
        told.append(f"{output.name}{mark} {columns(output.sources)}".rstrip())
    return "; ".join(told)


def filters(lineage: Lineage) -> str:
    """`column how`, with what it is compared to; a whole table's columns tested in one way are told as one."""
    told = {_filter(f) for f in lineage.filters}
    for relation in RELATIONS:
        for how in How:
            each = {f"{named(StoredColumn(relation.oid, c.number))} {how.value}" for c in relation.columns}
            if len(each) > 1 and each <= told:
                told = (told - each) | {f"{relation.name}.* {how.value}"}
    return "; ".join(sorted(told))


def _filter(test: Filter) -> str:
    rest = [
        *(f"@{at}" for at in test.literals),
        *(f"${n}" for n in test.parameters),
        *sorted(map(named, test.partners)),
    ]
    return " ".join([named(test.column), test.how.value, *rest])


def writes(lineage: Lineage) -> str:
    """`column <- source, source`, in order."""
    return "; ".join(map(_write, lineage.writes))


def _write(write: WriteLineage) -> str:
    target = ".".join(filter(None, write.made)) if write.made else named(write.target)
    return f"{target}{'?' if write.opaque else ''} <- {columns(write.sources)}".rstrip()
