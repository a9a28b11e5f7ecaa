"""The form of a judged statement: kinds, reach, touches, COPY options."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, StrEnum

from interlock.model.names import Verb
from interlock.model.snapshot import Relation
from interlock.sql.catalogs import Catalog
from interlock.sql.effects import SessionEffect
from interlock.sql.parse import Parsed


class Kind(StrEnum):
    """What a statement is."""

    EMPTY = "empty"
    QUERY = "query"  # SELECT, VALUES, TABLE
    WRITE = "write"  # also a query with a data-modifying CTE
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
    """How COPY ... TO STDOUT writes its rows (PostgreSQL documentation, COPY). Characters are single and ASCII."""

    format: CopyFormat
    header: bool
    delimiter: str
    null: str
    quote: str
    escape: str
    force_quote: frozenset[str]
    force_quote_all: bool


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a statement is always refused: a stable code, and a sentence without values."""

    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Statement:
    """One judged text.

    `describe` is the text that the door parses and describes upstream as the second witness (None: it returns no rows).
    `width` is how many outputs the text has, None when a star hides it. `effect` is what the session should follow.
    `canonical` is the text by which equal requests join. `filters`: something in it tests, orders or groups.
    `countable`: the rows that come back, and the count in its command tag, are all the rows it reads out or changes.
    `inner`: the query inside PREPARE or DECLARE, as written. A PREPARE is session traffic (its query is judged when it
    is executed); a DECLARE has the touches of its query, and what is fetched from it goes by the DECLARE's release.
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

    @property
    def is_session_traffic(self) -> bool:
        """Whether it belongs to `session.open` rather than being an action."""
        return self.kind in SESSION_KINDS
