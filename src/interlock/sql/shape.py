"""The form of a judged statement: kinds, reach, touches, COPY options."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, StrEnum

from interlock.model.names import Verb
from interlock.model.snapshot import Relation
from interlock.sql.catalogs import Catalog
from interlock.sql.effects import SessionEffect
from interlock.sql.lineage.traced import Lineage, StoredColumn
from interlock.sql.parse import Parsed


class Kind(StrEnum):
    """What a statement is."""

    EMPTY = "empty"
    QUERY = "query"  # SELECT, VALUES, TABLE
    WRITE = "write"  # also a query with a data-modifying CTE, or one that calls a function which writes
    COPY_OUT = "copy_out"
    COPY_IN = "copy_in"
    CURSOR = "cursor"  # FETCH, MOVE, CLOSE: under the release of the cursor's DECLARE
    OURS = "ours"  # what the gateway answers itself: SHOW interlock.review, SELECT * FROM interlock.fetch(...)
    EXPLAIN = "explain"
    TRANSACTION = "transaction"
    SHOW = "show"
    SET = "set"
    DISCARD = "discard"
    SCHEMA = "schema"
    PRIVILEGE = "privilege"
    REFUSED = "refused"


SESSION_KINDS = frozenset({Kind.EMPTY, Kind.TRANSACTION, Kind.SHOW, Kind.SET, Kind.DISCARD, Kind.CURSOR, Kind.OURS})
"""Session traffic (design section 7): part of the recorded action `session.open`."""


class Reach(Enum):
    """Whose labels count for what isn't a plain column."""

    NONE = 0  # nothing with labels is touched
    TABLES = 1  # every label of the tables in the statement
    CONNECTION = 2  # every label of the connection: something couldn't be read


@dataclass(frozen=True, slots=True)
class CatalogRead:
    """A touch of a server catalog; `harmless` when no column that holds data can be reached."""

    catalog: Catalog | None
    harmless: bool


@dataclass(frozen=True, slots=True)
class Touch:
    """One verb on one thing. `relation` is None for catalogs, unknown relations and what isn't a relation at all.

    `name` is `schema.name` where known, else as written; empty for the connection itself.
    """

    verb: Verb
    name: str
    relation: Relation | None = None
    catalog: CatalogRead | None = None

    @property
    def is_catalog(self) -> bool:
        """Whether it is a server catalog."""
        return self.catalog is not None


@dataclass(frozen=True, slots=True)
class Written:
    """The target of a write: which columns; None for all, or when unsure."""

    relation: Relation | None
    columns: frozenset[str] | None


class CopyFormat(StrEnum):
    """COPY's formats."""

    TEXT = "text"
    CSV = "csv"
    BINARY = "binary"


@dataclass(frozen=True, slots=True)
class CopyOptions:
    """How a COPY writes or reads its rows (PostgreSQL documentation, COPY). Characters are single and ASCII.

    In binary only `format` means anything. The rest is for COPY FROM alone: `header_match` has the first line name the
    columns; `default` is the text that stands for a column's default; `force_null` and `force_not_null` (CSV) list the
    columns whose quoted, or unquoted, null strings are read otherwise, None for all; `skips_errors` leaves out rows
    that a column's type doesn't take.
    """

    format: CopyFormat
    header: bool
    delimiter: str
    null: str
    quote: str
    escape: str
    force_quote: frozenset[str]
    force_quote_all: bool
    header_match: bool = False
    default: str | None = None
    force_null: frozenset[str] | None = frozenset()
    force_not_null: frozenset[str] | None = frozenset()
    skips_errors: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a statement is always refused: a stable code, and a sentence without values."""

    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Looking:
    """What a query of listed catalogs alone shows (`looking.py`); everything about it is read, so nothing is opaque.

    `texts`: for each output whether it may show a definition's text, and with it data; None when a star hides the
    outputs, and those named in `clean` can't. `tests`: such a text decides about rows, their order or an error. `sql`:
    positions of outputs that show whole what functions print as SQL, and nothing else of a definition.
    """

    texts: tuple[bool, ...] | None
    clean: frozenset[str]
    tests: bool
    sql: frozenset[int] = frozenset()

    def is_text(self, at: int, name: str) -> bool:
        """Whether the output at a position (from 0), which the server calls `name`, may show a definition's text."""
        if self.texts is None:
            return name not in self.clean
        return at >= len(self.texts) or self.texts[at]

    def is_sql(self, at: int) -> bool:
        """Whether the output at a position (from 0) is NULL or one whole piece of SQL that the server printed."""
        return at in self.sql


@dataclass(frozen=True, slots=True)
class Statement:
    """One judged text.

    `describe` is the text that the door parses and describes upstream as the second witness (None: it returns no rows);
    of a COPY a SELECT of the copied columns, of a DECLARE its query.
    `width` is how many outputs the text has, None when a star hides it. `effect` is what the session should follow.
    `canonical` is the text by which equal requests join. `filters`: something in it tests, orders or groups.
    `countable`: the rows that come back, and the count in its command tag, are all the rows it reads out or changes.
    `inner`: the query inside PREPARE or DECLARE, as written. A PREPARE is session traffic (its query is judged when it
    is executed); a DECLARE has the touches of its query, and what is fetched from it goes by the DECLARE's release.
    `looking` narrows `reach`: a query of catalogs shows definitions in some outputs and no data in the others.
    `computed`: it writes values that come from elsewhere, and is refused so if a label is in its reach.
    `because`: why code that we can't read may run or show anything, by names alone. `lineage`: which columns its
    outputs, tests and writes come from; None where it wasn't traced (`reach` then counts); `beyond` are those reasons
    that no lineage takes away. `plan`: the columns of whose values an EXPLAIN's plan tells something, where it can
    show nothing else (None: it can). `temporary`: it makes, changes or drops temporary relations, and no others.
    `defines`: it says by what query others will be answered (a view) and moves no data; its lineage's outputs are that
    query's.
    """

    kind: Kind
    text: bytes = field(repr=False)
    canonical: str = field(repr=False)
    source: Parsed = field(repr=False, compare=False)
    touches: tuple[Touch, ...] = ()
    reach: Reach = Reach.NONE
    because: tuple[str, ...] = ()
    effect_free: bool = False
    unbounded: bool = False
    filters: bool = False
    countable: bool = False
    written: tuple[Written, ...] = ()
    copy: CopyOptions | None = None
    describe: bytes | None = field(default=None, repr=False)
    width: int | None = None
    effect: SessionEffect | None = field(default=None, repr=False)
    refusal: Refusal | None = None
    inner: bytes | None = field(default=None, repr=False)
    looking: Looking | None = None
    computed: Refusal | None = None
    lineage: Lineage | None = field(default=None, repr=False)
    beyond: tuple[str, ...] = ()
    plan: frozenset[StoredColumn] | None = None
    temporary: bool = False
    defines: bool = False

    @property
    def opaque_because(self) -> tuple[str, ...]:
        """Why every label of the connection counts, without values; empty when that isn't so."""
        if self.lineage is None:
            return self.because
        return tuple(dict.fromkeys((*self.lineage.opaque, *self.beyond)))

    @property
    def is_session_traffic(self) -> bool:
        """Whether it belongs to `session.open` rather than being an action."""
        return self.kind in SESSION_KINDS
