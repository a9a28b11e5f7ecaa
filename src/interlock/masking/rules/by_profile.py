"""By profile: each value of a column masked by the rule that a profile has for its labels, in the column's own type."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from interlock.masking import forms
from interlock.masking.marks import Wanted
from interlock.masking.masker import Call, Masker, Place
from interlock.masking.rule import NOTHING_OF_IT, RuleName
from interlock.masking.tokens import token_of
from interlock.masking.value import Kind, Special
from interlock.model.label import Label


@dataclass(frozen=True, slots=True)
class ProfileMask:
    """NULL stays NULL: only for columns that plainly are one stored column. `call` is one result's."""

    masker: Masker
    labels: frozenset[Label]
    kind: Kind
    type_oid: int
    format: int
    place: Place
    call: Call = field(default_factory=Call, compare=False)

    @property
    def rule(self) -> RuleName:
        """Which one."""
        return self.masker.choice(self.labels, self.place).rule

    def __call__(self, value: bytes | None) -> bytes | None:
        """What is sent in place of `value`, in the column's own format."""
        if value is None:
            return None
        read = forms.read(value, self.type_oid, self.format)
        if isinstance(read, Special):
            return self._constant()
        told = self.masker.mask_value(read, self.labels, self.kind, place=self.place, call=self.call)
        if isinstance(told, Special):
            return None
        return forms.write(told, self.type_oid, self.format)

    def wanted(self, values: Iterable[bytes | None]) -> frozenset[Wanted]:
        """What has to be fetched before these values of the column are masked."""
        found = set()
        for value in values:
            read = forms.read(value, self.type_oid, self.format) if value is not None else Special.REFUSED
            if not isinstance(read, Special):
                found.add(self.masker.wanted(read, self.labels, self.kind, place=self.place))
        return frozenset(each for each in found if each is not None)

    def within(self, call: Call) -> ProfileMask:
        """The same mask in another call."""
        return replace(self, call=call)

    def _constant(self) -> bytes | None:
        return token_of(self.labels).encode() if self.kind is Kind.TEXT else None


def profile_mask(
    masker: Masker, labels: frozenset[Label], column: str, type_oid: int, format: int
) -> ProfileMask | None:
    """A mask for a plain column with these labels (at least one); None where the rule is a constant, which is written
    faster, and where values of this type aren't read."""
    kind = forms.kind_of(type_oid, format)
    most = forms.most_of(type_oid) if kind is Kind.INTEGER else Place().most
    place = Place(column, None, most)
    if kind is None or masker.choice(labels, place).rule in NOTHING_OF_IT:
        return None
    return ProfileMask(masker, labels, kind, type_oid, format, place)
