"""Analyses of statement texts, remembered: a text means the same under the same definitions and session state."""

from __future__ import annotations

from collections import OrderedDict

from interlock.model.snapshot import Snapshot
from interlock.sql.session_state import SessionState
from interlock.sql.statement import Statement, analyse

MAX_TEXTS = 2_000
MAX_LENGTH = 64 * 1024  # bytes; longer texts are analysed each time, so that the cache has a bound


class Texts:
    """One connection's analyses, shared by its sessions."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[object, ...], Statement] = OrderedDict()

    def statement(self, text: bytes, snapshot: Snapshot, state: SessionState) -> Statement:
        """What `text` is; raises `NotUnderstood`."""
        key = (text, snapshot.version, state.search_path, state.role, tuple(sorted(state.settings.items())))
        known = self._known.get(key)
        if known is not None:
            self._known.move_to_end(key)
            return known
        statement = analyse(text, snapshot, state)
        if len(text) <= MAX_LENGTH:
            self._known[key] = statement
            if len(self._known) > MAX_TEXTS:
                self._known.popitem(last=False)
        return statement
