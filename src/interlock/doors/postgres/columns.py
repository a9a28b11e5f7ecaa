"""One column of a result that is looked into (`sensitivity/values.py`), and its mask, which is told what is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from interlock.doors.masks import Masks
from interlock.masking.forms import NUMERIC
from interlock.masking.masker import Masker, Place
from interlock.masking.rules.content import ContentMask, Holds, Told
from interlock.model.label import Label
from interlock.sensitivity.classifier import ColumnKey
from interlock.sensitivity.regime import Regime
from interlock.sensitivity.values import LEAST_WEIGHED, Judged, ValueColumn

_TYPES: Final = {Holds.TEXT: "text", Holds.JSON: "json", Holds.ARRAY: "text[]", Holds.BYTES: "bytea", Holds.OTHER: "?"}


class ContentColumn:
    """Texts and JSON are looked into value by value, each once a result; what a column's name says, or what nearly all
    of its values are, is said of all of them."""

    def __init__(self, mask: ContentMask, masks: Masks, masker: Masker, version: str) -> None:
        """`version`: of the definitions: under others it is another column."""
        self.mask = mask
        regime = masks.detection.regime if masks.detection is not None else Regime.PHI
        key = _key(mask.column, _type_of(mask), version) if mask.column is not None else None

        def masked(labels: Iterable[Label]) -> frozenset[Label]:
            return masker.found(labels, Place(mask.column))

        least = LEAST_WEIGHED if mask.holds is Holds.TEXT else None
        self._values: ValueColumn[bytes, Told] = ValueColumn(key, masks.decisions, masked, regime, least)

    @property
    def labels(self) -> frozenset[Label]:
        """What every value is masked for; none where each is looked into."""
        return self._values.labels

    @property
    def telling(self) -> str:
        """What its name says of its values."""
        return self._values.telling

    def forget(self) -> None:
        """The chunk is over: its values are masked whole until they are known anew."""
        self._tell({}, rest_passes=False)
        self._values.forget()

    def to_look_at(self, values: Sequence[bytes | None]) -> list[bytes]:
        """The values of a chunk that must be looked at, each once."""
        return self._values.to_look_at(values)

    def weigh(self, values: Sequence[bytes | None], judged: Sequence[Judged[bytes]]) -> list[bytes]:
        """The values that must be looked at for what these were found to be."""
        return self._values.weigh(values, judged)

    def know(self, value: bytes, told: Told | None) -> None:
        """What was told of a value of this chunk."""
        self._values.know(value, told)

    def settle(self) -> None:
        """The mask may be called for this chunk."""
        self._tell(self._values.told(), rest_passes=self._values.skips)

    def _tell(self, told: Mapping[bytes, Told | None], *, rest_passes: bool) -> None:
        self.mask.known.told, self.mask.known.rest_passes = told, rest_passes


def _key(column: str, type_name: str, version: str) -> ColumnKey:
    connection, _, name = column.partition("/")
    table, _, last = name.rpartition(".")
    return ColumnKey(connection, table, last, type_name, version)


def _type_of(mask: ContentMask) -> str:
    if mask.holds is Holds.NUMBER:
        return "numeric" if mask.type_oid == NUMERIC else "bigint"
    return _TYPES[mask.holds]
