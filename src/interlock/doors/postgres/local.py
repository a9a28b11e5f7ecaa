"""Statements that the gateway answers itself: nothing of them goes upstream."""

from __future__ import annotations

from typing import Protocol

from interlock.model.snapshot import DescribedColumn


class LocalAnswer(Protocol):
    """The answer to one statement of kind OURS, or to another that only the gateway follows (PREPARE, DEALLOCATE)."""

    @property
    def columns(self) -> tuple[DescribedColumn, ...] | None:
        """What it returns, in the formats it will return them in; None: no rows."""

    async def rows(self) -> bytes:
        """DataRow messages and the CommandComplete behind them, for the client. Raises `Stop`."""
