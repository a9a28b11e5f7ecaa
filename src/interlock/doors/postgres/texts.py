"""Analyses of statement texts, remembered: a text means the same under the same definitions and session state."""

from __future__ import annotations

from collections import OrderedDict

from interlock.actions.readings import Readings
from interlock.doors.postgres.tasting import Tastes
from interlock.errors import NotUnderstood
from interlock.model.snapshot import Snapshot
from interlock.sql.pieces import pieces
from interlock.sql.session_state import SessionState
from interlock.sql.statement import UNFORESEEN, Statement, analyse

# A tree with its tokens takes some 700 bytes for each byte of text (measured): about 180 MB for one connection.
MAX_REMEMBERED = 256 * 1024  # bytes of text altogether
MAX_LENGTH = 4 * 1024  # bytes; of longer texts only the last is remembered: one request asks for it several times


class Texts:
    """One connection's analyses, shared by its sessions; `readings` are what actions make of them.

    `taster`: what must have tasted a text before it is parsed here; None where no hostile text comes.
    """

    def __init__(self, taster: Tastes | None = None) -> None:
        self.readings = Readings()
        self._taster = taster
        self._longest: tuple[tuple[object, ...], Statement] | None = None
        self._known: OrderedDict[tuple[object, ...], Statement] = OrderedDict()
        self._size = 0

    def statement(self, text: bytes, snapshot: Snapshot, state: SessionState) -> Statement:
        """What `text`, which was tasted, is; raises `NotUnderstood`."""
        key = _key(text, snapshot, state)
        if self._longest is not None and self._longest[0] == key:
            return self._longest[1]
        known = self._known.get(key)
        if known is not None:
            self._known.move_to_end(key)
            return known
        self._demand_tasted(text)
        statement = self._analysed(text, snapshot, state)
        if len(text) > MAX_LENGTH:
            self._longest = (key, statement)
        if len(text) <= MAX_LENGTH and statement.refusal is None:
            self._known[key] = statement
            self._size += len(text)
            while self._size > MAX_REMEMBERED:
                _, oldest = self._known.popitem(last=False)
                self._size -= len(oldest.text)
        return statement

    async def taste(self, text: bytes) -> None:
        """Returns once the text may be parsed here; raises `Unparsable` where it may not. Comes before the others."""
        if self._taster is not None:
            await self._taster.taste(text)

    def pieces(self, text: bytes) -> tuple[bytes, ...]:
        """The statements of a text that was tasted; raises `NotUnderstood`."""
        self._demand_tasted(text)
        return pieces(text)

    def forget(self, text: bytes, snapshot: Snapshot, state: SessionState) -> None:
        """Lets go of what is remembered of a text, as if it had never been read."""
        key = _key(text, snapshot, state)
        if self._known.pop(key, None) is not None:
            self._size -= len(text)
        if self._longest is not None and self._longest[0] == key:
            self._longest = None

    def _demand_tasted(self, text: bytes) -> None:
        if self._taster is not None and not self._taster.may_parse(text):
            raise NotUnderstood("the statement wasn't tasted before it was parsed")

    def _analysed(self, text: bytes, snapshot: Snapshot, state: SessionState) -> Statement:
        try:
            return analyse(text, snapshot, state)
        except NotUnderstood as error:
            if error.code == UNFORESEEN and self._taster is not None:
                self._taster.unforeseen()
            raise


def _key(text: bytes, snapshot: Snapshot, state: SessionState) -> tuple[object, ...]:
    return (text, snapshot.version, state.search_path, state.role, tuple(sorted(state.settings.items())))
