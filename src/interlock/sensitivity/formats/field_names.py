"""What a key or column name says of one value: the lexicon of column names, and whether the value can be that."""

# ruff: noqa: SIM905  lists of words, with fewer quotes

from __future__ import annotations

from functools import lru_cache
from typing import Final

from interlock.model.label import Label
from interlock.sensitivity.column_names import SqlClass, judged

MAX_NAME: Final = 128  # characters; what is longer isn't a name

# Labels whose values have a digit: `phone: yes` and `account: primary` aren't one.
_WITH_DIGIT: Final = (
    *("phi.phone", "phi.fax", "phi.ssn", "phi.mrn", "phi.health_plan", "phi.account", "phi.licence", "phi.vehicle"),
    *("phi.device", "phi.address.zip", "phi.address.postcode"),
    *("phi.date", "phi.ip", "pii.ssn", "pii.passport", "pii.itin", "pci."),
)
_WITH_LETTER: Final = ("phi.name", "pii.name", "phi.address.city", "phi.address.facility")
_VALUE: Final = frozenset("value values text number full raw formatted".split())
_OF_NAMES: Final = frozenset({"name", "names"})
_NO_VALUE: Final = frozenset(
    "n/a na none null nil unknown unspecified true false yes no y n - -- ? tbd redacted masked".split()
)
_ABOUT: Final = ("phi.clinical",)
_TEXTS: Final = ("phi.clinical.note", "phi.family")  # what people write: it is what is found in it


def label_of_field(name: str, above: str, value: str, *, number: bool = False) -> Label | None:
    """What the name (and that of the object above it) says of a value; None where it says nothing, or where the value
    can't be one: empty, `N/A`, a phone without digits. Ages count from 90 on (45 CFR 164.514(b)(2)(i)(C))."""
    if not name or len(name) > MAX_NAME:
        return None
    label = label_of_name(name, above[:MAX_NAME], number)
    return label if label is not None and possible(label, value) else None


@lru_cache(maxsize=8192)
def label_of_name(name: str, above: str = "", number: bool = False) -> Label | None:
    """The same of the name alone; where it says several things, the first that tells a person. `value` and its like are
    what the object above them is called; parts of a name (`name: {last: ...}`) are told together with it."""
    if name.casefold() in _VALUE and above:
        name, above = above, ""
    kind = SqlClass.NUMBER if number else SqlClass.TEXT
    matches = judged(name, above, kind).matches
    if not matches and above.casefold() in _OF_NAMES:
        matches = judged(f"{name}_name", "", kind).matches
    told = (m.label for m in matches if not m.label.startswith(_TEXTS))
    return min(told, key=lambda label: label.startswith((*_ABOUT, "quasi.")), default=None)


def possible(label: Label, value: str) -> bool:
    """Whether a value can be what its name says."""
    plain = value.strip().casefold()
    if not plain or plain in _NO_VALUE:
        return False
    if label == "phi.age":
        return over_89(plain)
    if label.startswith(_WITH_DIGIT):
        return any(map(str.isdigit, plain))
    if label.startswith(_WITH_LETTER):
        return any(map(str.isalpha, plain))
    return True


def over_89(plain: str) -> bool:
    """Whether a written age counts; one that can't be read does."""
    digits = plain.removesuffix("years").removesuffix("yrs").removesuffix("y").strip().partition(".")[0]
    return int(digits) > 89 if digits.isdecimal() and len(digits) < 5 else any(map(str.isdigit, plain))


def tells_about(label: Label) -> bool:
    """Whether the label says what a text is about, so that identifiers may stand in it as well."""
    return label.startswith(_ABOUT)
