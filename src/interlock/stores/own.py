"""Entries that this process has just written, as the authority takes them."""

from __future__ import annotations

from collections.abc import Sequence

from interlock.ledger.authority import Authority
from interlock.ledger.entry import Entry, parse_own
from interlock.model.entry import EntryType


def authoritative(bodies: Sequence[bytes], types: Sequence[EntryType]) -> tuple[Entry, ...]:
    """Those of `bodies`, all of one flush, that the authority looks at, in order.

    `types` are those of the drafts they were made of; the seal behind them has none and isn't looked at.

    Only for bytes that `ledger.entry.chain` made a moment ago: form and signature aren't checked again, since that
    costs as much as all else in a flush (57 us an entry). What comes from a store goes through `verify_entries`.
    """
    return tuple(parse_own(body) for body, type_ in zip(bodies, types, strict=False) if type_ in Authority.reads)
