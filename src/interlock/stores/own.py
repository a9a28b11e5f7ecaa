"""Entries that this process has just written, as the authority takes them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import orjson

from interlock.ledger.authority import Authority
from interlock.ledger.entry import Entry
from interlock.model.entry import EntryType
from interlock.model.names import EntryId


def authoritative(bodies: Sequence[bytes], types: Sequence[EntryType], ts: datetime) -> tuple[Entry, ...]:
    """Those of `bodies`, all of one flush at `ts` (UTC), that the authority looks at, in order.

    `types` are those of the drafts they were made of; the seal behind them has none and isn't looked at.

    Only for bytes that `ledger.entry.chain` made a moment ago: form and signature aren't checked again, since that
    costs as much as all else in a flush (57 us an entry). What comes from a store goes through `verify_entries`.
    """
    return tuple(_entry(body, ts) for body, type_ in zip(bodies, types, strict=False) if type_ in Authority.reads)


def _entry(body: bytes, ts: datetime) -> Entry:
    line, _, signature = body.partition(b"\n")
    fields = orjson.loads(line)
    return Entry(
        raw=body,
        fields=fields,
        id=EntryId(fields["id"]),
        type=EntryType(fields["type"]),
        ts=ts,
        node=fields["node"],
        boot=fields["boot"],
        nseq=fields["nseq"],
        prev=fields["prev"],
        act=fields["act"],
        obj=fields["obj"],
        actor=fields["actor"],
        d=fields["d"],
        signed=bool(signature),
    )
