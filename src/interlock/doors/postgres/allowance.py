"""How many rows a unit may still send or change: a row cap while it is used up."""

from __future__ import annotations

from dataclasses import dataclass

from interlock.wire.postgres.copy_data import CopyRewriter
from interlock.wire.postgres.frames import first_messages

TOO_MANY = "54000"  # program_limit_exceeded: of PostgreSQL's codes the one that says it


@dataclass(slots=True)
class Allowance:
    """One unit's. `cap` rows in all, and, where they are held back, `room` bytes of them.

    `estimated`: the cap is an estimate's, which its asker isn't to learn.
    `counted` are the rows of the statements that have completed, `passing` those of the one that runs. A row over the
    cap overdraws it: neither that row nor any behind it is to go downstream.
    """

    cap: int
    room: int | None = None
    estimated: bool = False
    counted: int = 0
    passing: int = 0
    overdrawn: bool = False

    @property
    def rows(self) -> int:
        """All rows so far, as far as they were counted."""
        return self.counted + self.passing

    @property
    def out_of_room(self) -> bool:
        """Whether it is overdrawn for their size and not for their number."""
        return self.room is not None and self.room < 0

    @property
    def too_many(self) -> str:
        """What is said to who asked, when they were too many; to be ended with a full stop."""
        return (
            "Refused: this is more rows than were signed for"
            if self.estimated
            else f"Refused: this is more than the {self.cap} rows that policy allows"
        )

    def rows_within(self, data: bytes) -> bytes:
        """Of whole DataRow messages, those that are within; raises `MalformedInput`."""
        stop, count = first_messages(data, self.cap - self.rows)
        self.passing += count
        self.overdrawn = stop < len(data)
        return self._fitting(data[:stop])

    def copied(self, data: bytes, copy: CopyRewriter) -> bytes:
        """Of whole CopyData messages, masked, those whose rows are within; raises `MalformedInput`."""
        within: list[bytes] = []
        at = 0
        while at < len(data) and not self.overdrawn:
            before, start = copy.rows, at
            at = first_messages(data, 1, start)[0]
            out = copy.feed_batch(data[start:at])
            if self.rows + copy.rows - before > self.cap:
                self.overdrawn = True
            else:
                self.passing += copy.rows - before
                within.append(out)
        return self._fitting(b"".join(within))

    def completed(self, tagged: int) -> bool:
        """Counts a statement by its command tag, or by what came if that is more; whether that is within."""
        self.counted += max(tagged, self.passing)
        self.passing = 0
        self.overdrawn = self.overdrawn or self.counted > self.cap
        return not self.overdrawn

    def _fitting(self, data: bytes) -> bytes:
        if self.room is not None:
            self.room -= len(data)
            self.overdrawn = self.overdrawn or self.room < 0
        return data
