"""Analyses of statement texts, remembered: a text means the same under the same definitions and session state."""

from __future__ import annotations

from collections import OrderedDict

from interlock.actions.readings import Readings
from interlock.model.snapshot import Snapshot
from interlock.sql.session_state import SessionState
from interlock.sql.statement import Statement, analyse

# A tree with its tokens takes some 700 bytes for each byte of text (measured): about 180 MB for one connection.
MAX_REMEMBERED = 256 * 1024  # bytes of text altogether
MAX_LENGTH = 4 * 1024  # bytes; longer texts are analysed each time


class Texts:
    """One connection's analyses, shared by its sessions; `readings` are what actions make of them."""

    def __init__(self) -> None:
        self.readings = Readings()
        self._known: OrderedDict[tuple[object, ...], Statement] = OrderedDict()
        self._size = 0

    def statement(self, text: bytes, snapshot: Snapshot, state: SessionState) -> Statement:
        """What `text` is; raises `NotUnderstood`."""
        key = (text, snapshot.version, state.search_path, state.role, tuple(sorted(state.settings.items())))
        known = self._known.get(key)
        if known is not None:
            self._known.move_to_end(key)
            return known
        statement = analyse(text, snapshot, state)
        if len(text) <= MAX_LENGTH and statement.refusal is None:
            self._known[key] = statement
            self._size += len(text)
            while self._size > MAX_REMEMBERED:
                _, oldest = self._known.popitem(last=False)
                self._size -= len(oldest.text)
        return statement
