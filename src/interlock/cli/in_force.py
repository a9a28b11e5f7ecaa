"""Whether the files are those in force, by what the store says: a look beside the gateway, for warnings alone.

Nothing is verified here; the gateway does that when it starts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from interlock import app as composition
from interlock.cli.log_entries import StoreLog, store_log
from interlock.errors import InterlockError, MalformedInput
from interlock.ledger.entry import Entry, parse_entry
from interlock.ledger.texts import RULES
from interlock.model.entry import EntryType
from interlock.model.settings import Settings
from interlock.rulebook import Loaded
from interlock.settings import load_catalogs
from interlock.settings.rules import FILES_DIFFER, RulesOf

CATALOGS_DIFFER: Final = (
    "the catalogs differ from those in force, so `interlock serve` won't start: put them back, or run"
    " `interlock policy unsafe-pin` while the gateway is stopped"
)
MAX_LOOKED_AT: Final = 200_000  # entries, the newest: about a second

_AT_ONCE: Final = 1024
_MARKS: Final = (b'"type":"policy.loaded"', b'"type":"policy.text"')  # within a string, JSON never writes these


def why_not_in_force(settings: Settings) -> str | None:
    """A warning when the files aren't those in force; None when they are, or that can't be told."""
    files = RulesOf(settings, load_catalogs(settings)).from_files()
    if not isinstance(files, Loaded):
        return None  # its mistakes are told of elsewhere
    try:
        rules, text = _in_force(store_log(composition.store_path(settings)))
    except InterlockError:
        return None
    if rules in ("", files.rules):
        return None
    same_catalogs = text is None or text.split("\n")[1:] == files.texts[RULES].split("\n")[1:]
    return FILES_DIFFER if same_catalogs else CATALOGS_DIFFER


def _in_force(log: StoreLog) -> tuple[str, str | None]:
    """The digest that the newest policy.loaded names, and what it is of, if the log tells."""
    rules = ""
    for entry in _newest(log):
        if entry.type is EntryType.POLICY_LOADED:
            if rules:
                break
            rules = entry.d["bundle"]
        elif rules == entry.d["bundle"] and entry.d["file"] == RULES:
            return rules, entry.d["text"]
    return rules, None


def _newest(log: StoreLog) -> Iterator[Entry]:
    """The entries about policies, newest first."""
    end, least = log.size, max(0, log.size - MAX_LOOKED_AT)
    while end > least:
        begin = max(least, end - _AT_ONCE)
        for raw in reversed(log.bodies(begin, end - begin)):
            if any(mark in raw for mark in _MARKS):
                try:
                    yield parse_entry(raw)
                except MalformedInput:
                    return
        end = begin
