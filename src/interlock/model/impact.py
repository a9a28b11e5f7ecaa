"""Impact: what an action does besides what its text says, and about how many rows it gives or changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

SURE_OF_TIMES: Final = 10  # an approved estimate may be wrong by so many times,
SURE_OF_ROWS: Final = 1_000  # or by so many rows, whichever is more


@dataclass(frozen=True, slots=True)
class Estimable:
    """A statement whose size the server may be asked for: it is made of stored tables and built-ins.

    `text` is what is planned (of a COPY or a cursor the query inside). `search_path`, `role` and `settings` (pairs) are
    those it is read by; `relations` (pg_class.oid) what it names, `writes` whether it changes them.
    """

    text: bytes = field(repr=False)
    search_path: tuple[str, ...]
    role: str
    settings: tuple[tuple[str, str], ...]
    relations: tuple[int, ...]
    writes: bool


@dataclass(frozen=True, slots=True)
class Impact:
    """One statement's. `beyond`: what a write does besides, a sentence each, names and no values.

    `estimable` is None where the server isn't asked, and `because` says why; `nothing`: it is session traffic, which
    gives and changes no rows that count.
    """

    beyond: tuple[str, ...] = ()
    estimable: Estimable | None = None
    because: str = ""
    nothing: bool = False


def about(rows: int) -> int:
    """An estimate as it is told: two digits of it, rounded up. The rest of what planners say means nothing."""
    unit = int("1" + "0" * (len(str(rows)) - 2))
    return -(-rows // unit) * unit


def most(rows: int) -> int:
    """How many rows an action may give or change that was approved as one of about so many."""
    return max(SURE_OF_TIMES * about(rows), about(rows) + SURE_OF_ROWS)
