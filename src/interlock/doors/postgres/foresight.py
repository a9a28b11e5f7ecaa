"""Foresight: what the masks of one result must know of a chunk's values before they are called.

    which values?    of columns that are looked into (`ContentMask`), and of those that want surrogates
    looked at yet?   each value once a result, as long as there is room to remember it
    what is in it?   asked of the engine in slices, beside the loop where there is much
    what replaces it? by the profile's rules; surrogates are fetched first, for the chunk at once

Whatever goes wrong here, nothing passes for it: a value that the masks know nothing of is masked whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog

from interlock.doors.detection import LONG, Detection, slices
from interlock.doors.masks import Masks
from interlock.doors.postgres.columns import ContentColumn
from interlock.doors.postgres.copying import MAX_ROW
from interlock.doors.postgres.values import Texts, texts_in
from interlock.errors import LedgerError, MalformedInput
from interlock.masking.marks import Surrogates, Wanted
from interlock.masking.masker import Call, Masker, Place
from interlock.masking.plan import MaskPlan
from interlock.masking.rules.content import UNREAD, ContentMask, Holds, Told
from interlock.masking.text import mask, wanted
from interlock.model.finding import Finding
from interlock.model.label import Label
from interlock.wire.postgres.copy_data import CopyOptions, CopyRewriter, copy_masker
from interlock.wire.postgres.rows import values_of

MOST: Final = 1 << 20  # bytes of a value that is looked into; a longer one is masked whole

log = structlog.get_logger()

Values = Sequence[bytes | None]


@dataclass(frozen=True, slots=True)
class Judged:
    """A value with what was found in its texts; `texts` None: it couldn't be read."""

    column: ContentColumn
    value: bytes
    texts: Texts | None
    findings: Sequence[tuple[Finding, ...]] = ()


@dataclass(slots=True)
class Foresight:
    """One result's. `call` is that of its plan: surrogates are put into `surrogates`, which the call refers to."""

    plan: MaskPlan
    masks: Masks
    masker: Masker
    call: Call
    surrogates: dict[Wanted, bytes]
    columns: tuple[int, ...]
    looked_into: dict[int, ContentColumn]
    _noting: _Noting | None = None

    async def of_rows(self, data: bytes) -> None:
        """Before whole DataRow messages are rewritten; raises `MalformedInput`."""
        await self._foresee(dict(zip(self.columns, values_of(data, self.columns), strict=True)))

    def noting(self, options: CopyOptions) -> None:
        """From here on rows come as CopyData."""
        self._noting = _Noting.of(options, self.columns, len(self.plan.masks))

    async def of_copied(self, data: bytes) -> None:
        """Before whole CopyData messages are rewritten; raises `MalformedInput`."""
        if self._noting is not None:
            await self._foresee(self._noting.values(data))

    async def _foresee(self, chunk: dict[int, Values]) -> None:
        for column in self.looked_into.values():
            column.forget()
        try:
            await self._look(chunk)
        except Exception as error:  # a mistake of ours, or an engine that is gone: all of it is masked whole
            for column in self.looked_into.values():
                column.forget()
            log.error("content.failed", connection=self.masks.connection, because=type(error).__name__)

    async def _look(self, chunk: dict[int, Values]) -> None:
        judged: list[Judged] = []
        detection = self.masks.detection
        if detection is not None:
            asked = [(c, value) for at, c in self.looked_into.items() for value in c.to_look_at(chunk[at])]
            judged = await self._judged(detection, asked)
            for at, column in self.looked_into.items():
                mine = [each for each in judged if each.column is column]
                again = column.weigh(chunk[at], [(each.value, _said(each), each.findings) for each in mine])
                judged += await self._judged(detection, [(column, value) for value in again])
        await self._fetch(chunk, judged)
        for each in judged:
            each.column.know(each.value, self._told(each))
        for column in self.looked_into.values():
            column.settle()

    async def _judged(self, detection: Detection, asked: Sequence[tuple[ContentColumn, bytes]]) -> list[Judged]:
        judged: list[Judged] = []
        for part in slices(asked):
            size = sum(len(value) for _, value in part)
            long = any(len(value) >= LONG for _, value in part)
            judged += await detection.within(lambda part=part: _judge(detection, part), size, long=long)  # type: ignore[misc]
        return judged

    async def _fetch(self, chunk: dict[int, Values], judged: Sequence[Judged]) -> None:
        """The surrogates of this chunk, in place of the last one's. Without them, values become constants."""
        self.surrogates.clear()
        vault = self.masks.vault
        if vault is None:
            return
        columns = [chunk.get(at, ()) if at in self.plan.wants else () for at in range(len(self.plan.masks))]
        asked = sorted({*self.plan.wanted(columns), *self._wanted(judged)})
        try:
            reversible = self.masker.profile.reverses
            found = await vault.surrogates(self.masks.connection, asked, reversible=reversible) if asked else ()
            self.surrogates.update(zip(asked, found, strict=True))
        except LedgerError as error:
            log.error("surrogates.failed", connection=self.masks.connection, code=error.code)

    def _wanted(self, judged: Iterable[Judged]) -> Iterator[Wanted]:
        for each in judged:
            for piece, findings in _told_of(each):
                if findings:
                    yield from wanted(piece, findings, self.masker, place=Place(each.column.mask.column))

    def _told(self, judged: Judged) -> Told | None:
        """What stands in the value's place; None where it passes."""
        content = judged.column.mask
        if judged.texts is None:
            return content.whole(judged.column.labels or [UNREAD])
        place, labels = Place(content.column), set[Label]()
        new: list[str | None] = []
        for text, findings in _told_of(judged):
            masked = mask(text, findings, self.masker, place=place, call=self.call) if findings else None
            new.append(masked.text if masked is not None and masked.counts else None)
            labels.update(masked.counts if masked is not None else ())
        if not labels:
            return None
        if judged.texts.without is not None and judged.findings:
            held = [f for f in judged.findings[0] if self.masker.found([Label(f.label)], place)]
            if (rest := judged.texts.without(held)) != judged.value:
                return rest, frozenset(labels)
        if judged.texts.written is None:
            return content.whole(frozenset(labels))
        return judged.texts.written(iter(new)), frozenset(labels)


def foresight(
    plan: MaskPlan, masks: Masks, masker: Masker, call: Call, surrogates: dict[Wanted, bytes], version: str
) -> Foresight | None:
    """What a result with this plan needs; None where its masks need to know nothing. `version`: the definitions'."""
    looked = {
        at: ContentColumn(content, masks, masker, version)
        for at in plan.looked_into
        if isinstance(content := plan.masks[at], ContentMask)
    }
    columns = tuple(sorted({*looked, *plan.wants}))
    return Foresight(plan, masks, masker, call, surrogates, columns, looked) if columns else None


def new_call() -> tuple[Call, dict[Wanted, bytes]]:
    """A result's call, and the surrogates in it, which may be changed."""
    kept: dict[Wanted, bytes] = {}
    given: Surrogates = kept
    return Call(surrogates=given), kept


def _said(judged: Judged) -> Sequence[str]:
    return [piece.text for piece in judged.texts.pieces] if judged.texts is not None else ()


def _told_of(judged: Judged) -> Iterator[tuple[str, tuple[Finding, ...]]]:
    if judged.texts is not None:
        for piece, findings in zip(judged.texts.pieces, judged.findings, strict=True):
            yield piece.text, findings


def _judge(detection: Detection, asked: Sequence[tuple[ContentColumn, bytes]]) -> list[Judged]:
    """In whatever thread: all texts of these values in one look."""
    read = [_read(column, value, number) for number, (column, value) in enumerate(asked)]
    pieces = [p for (c, _), texts in zip(asked, read, strict=True) if texts and not c.labels for p in texts.pieces]
    found = iter(detection.looking().at(pieces))
    judged = []
    for (column, value), texts in zip(asked, read, strict=True):
        if texts is not None and column.labels:
            findings = [_all_of(piece.text, column.labels) for piece in texts.pieces]
        else:
            findings = [next(found) for _ in texts.pieces] if texts is not None else []
        judged.append(Judged(column, value, texts, findings))
    return judged


def _all_of(text: str, labels: Iterable[Label]) -> tuple[Finding, ...]:
    return tuple(Finding(0, len(text), label, 1.0, "column: what all of it is") for label in sorted(labels))


def _read(column: ContentColumn, value: bytes, number: int) -> Texts | None:
    """None for what is masked whole: too long to be looked into, not of its form, or of a column that is something and
    holds more than texts."""
    if len(value) > MOST or (column.labels and column.mask.holds is not Holds.TEXT):
        return None
    try:
        return texts_in(value, column.mask, column.telling, number)
    except MalformedInput:
        return None


@dataclass(slots=True)
class _Noting:
    """A COPY's rows are read twice: first by masks that only note what they are given, then by the true ones."""

    rewriter: CopyRewriter
    noted: dict[int, list[bytes | None]] = field(repr=False)

    @staticmethod
    def of(options: CopyOptions, columns: Sequence[int], width: int) -> _Noting:
        noted: dict[int, list[bytes | None]] = {at: [] for at in columns}
        masks = [_Note(noted[at]) if at in noted else None for at in range(width)]
        return _Noting(copy_masker(options, masks, MAX_ROW), noted)

    def values(self, data: bytes) -> dict[int, Values]:
        for found in self.noted.values():
            found.clear()
        self.rewriter.feed_batch(data)
        return dict(self.noted)


@dataclass(frozen=True, slots=True)
class _Note:
    into: list[bytes | None]

    def __call__(self, value: bytes | None) -> bytes | None:
        self.into.append(value)
        return value
