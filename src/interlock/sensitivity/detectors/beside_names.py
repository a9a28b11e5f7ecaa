"""What stands right beside a name that was found: numbers in brackets and in headers of notes, ages, telephone numbers;
and further numbers of a kind in a list with one (layer 6).

Such a number is told by its place alone: `Roe, Jane (#4471902)`, `ROE^JANE   E4471902   F   19420305`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from interlock.model.finding import Finding
from interlock.model.label import Label
from interlock.sensitivity.gazetteer import Tables
from interlock.sensitivity.passage import Layer, Passage, TextDetector

_NAMES: Final = ("phi.name",)
_MRN, _AGE, _PHONE, _ID = Label("phi.mrn"), Label("phi.age"), Label("phi.phone"), Label("phi.id")
_BIRTH: Final = Label("phi.date.birth")
_CODE: Final = r"[A-Za-z]{0,4}-?[0-9][0-9-]{3,13}[0-9][A-Za-z]?"
_BRACKETED: Final = re.compile(
    rf"['’]?s?,?[ \t]{{0,2}}[(\[][ \t]?(?:#|no\.?[ ]?|id[ :]{{1,2}})?[ ]?({_CODE})[ \t]?[)\]]", re.I
)
_NUMBERED: Final = re.compile(rf",?[ \t]{{1,2}}(?:#[ ]?|no\.?[ ])({_CODE})(?![\w/.:-])", re.I)
_IN_A_HEADER: Final = re.compile(rf"[ \t]*(?:\t|[ ]{{2}}|[ ]?\|[ ]?)[ \t]*#?({_CODE})(?=[ \t]*(?:\t|[ ]{{2}}|\||\n|$))")
_AGED: Final = re.compile(
    r",?[ \t]?[(\[](9[0-9]|1[01][0-9])(?=[)\]]|[ ,]{1,2}[MFmf][)\],])|,[ ](9[0-9]|1[01][0-9])(?=,[ ]|;)"
)
_SEX_AND_BIRTH: Final = re.compile(
    r"(?<![\w])[MFUX](?:[ ]{1,6}|\t|[ ]?[|/][ ]?)((?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]"
    r"|3[01]))(?![0-9])"
)
_TEN: Final = re.compile(
    r"[,;:]?[ \t]{1,3}([2-9][0-9]{2}[2-9][0-9]{6})(?![\w-])|[,;:]?[ \t]{1,3}(0[1-9][0-9]{8,9})(?![\w-])"
    r"|[\"']?[ ]?[,;|\t]{1,3}[ ]?[\"']?([2-9][0-9]{2}[2-9][0-9]{6})(?![\w.-])"
)
_CELL: Final = re.compile(r"[\"'][ ]?[,;|\t][ ]?[\"']([A-Z0-9][A-Z0-9 -]{6,17}[A-Z0-9])(?=[\"'])")
_DATED: Final = re.compile(r"(?:19|20)[0-9]{2}-[01]?[0-9]-[0-3]?[0-9]|[0-3]?[0-9]-[0-3]?[0-9]-(?:19|20)?[0-9]{2}")
_FURTHER: Final = re.compile(
    rf"(?:[ ]\([^()\n]{{1,8}}\))?(?:,[ ]|,?[ ](?:and|or|vs\.?|&|into|with|not|also|to)[ ]"
    rf"|[ ]?/[ ]?)(?:#[ ]?)?({_CODE})(?![\w/.:-])"
)
_LISTED: Final = ("phi.mrn", "phi.health_plan", "phi.account", "phi.id", "phi.licence", "phi.device")
_LEAST: Final = 5


class BesideNames:
    """Finds what stands beside names. One instance serves all threads."""

    name = "beside_names"
    layer = Layer.PROPAGATION

    def find(self, passage: Passage) -> Sequence[Finding]:
        """Numbers beside names and beside numbers that were found."""
        text = passage.text
        found: list[Finding] = []
        for finding in passage.findings:
            if finding.label.startswith(_NAMES):
                found += _after_name(text, _end_of_name(text, finding.end))
            elif finding.label.startswith("phi.address"):
                found += _phone(text, finding.end)
            elif finding.label.startswith(_LISTED):
                found += _after_number(text, finding)
        if found:
            return [f for f in found if not passage.covered(f.start, f.end)]
        return found


def detector(tables: Tables) -> TextDetector:
    """The detector; names and numbers were found before."""
    del tables
    return BesideNames()


_CARETS: Final = re.compile(r"(?:\^[^\W\d_]{0,30}){1,4}")


def _end_of_name(text: str, end: int) -> int:
    """Past the parts of a name that carets join."""
    carets = _CARETS.match(text, end) if text[end : end + 1] == "^" else None
    return end if carets is None else carets.end()


def _after_name(text: str, end: int) -> Iterator[Finding]:
    for form in (_BRACKETED, _NUMBERED, _IN_A_HEADER):
        number = form.match(text, end)
        if number is not None and _is_number(number[1]):
            yield Finding(number.start(1), number.end(1), _MRN, 0.7, "beside_names: a number beside a name")
            break
    aged = _AGED.match(text, end)
    if aged is not None:
        group = 1 if aged[1] else 2
        yield Finding(aged.start(group), aged.end(group), _AGE, 0.7, "beside_names: an age beside a name")
    line = text.find("\n", end, end + 60)
    born = _SEX_AND_BIRTH.search(text, end, line if line >= 0 else end + 60)
    if born is not None:
        yield Finding(born.start(1), born.end(1), _BIRTH, 0.8, "beside_names: sex and birth behind a name")
    yield from _phone(text, end)
    cell = _CELL.match(text, end)
    if cell is not None and _is_a_key(cell[1]):
        yield Finding(cell.start(1), cell.end(1), _ID, 0.65, "beside_names: the cell beside a name")


def _phone(text: str, end: int) -> Iterator[Finding]:
    ten = _TEN.match(text, end)
    if ten is not None:
        group = next(at for at in (1, 2, 3) if ten[at])
        yield Finding(ten.start(group), ten.end(group), _PHONE, 0.6, "beside_names: ten digits beside a name")


def _after_number(text: str, finding: Finding) -> Iterator[Finding]:
    """`4711002 and 4711003`: another like it."""
    other = _FURTHER.match(text, finding.end)
    if other is None or not _is_number(other[1]):
        return
    value = text[finding.start : finding.end].lstrip("#")
    alike = abs(len(other[1]) - len(value)) < 4 and len(other[1]) > _LEAST
    if alike:
        yield Finding(other.start(1), other.end(1), finding.label, 0.65, "beside_names: in a list with another number")


def _is_number(written: str) -> bool:
    return sum(map(str.isdigit, written)) >= _LEAST and _DATED.fullmatch(written) is None


def _is_a_key(written: str) -> bool:
    digits = sum(map(str.isdigit, written))
    if digits < _LEAST or _DATED.search(written):
        return False
    return any(map(str.isalpha, written)) or digits >= 8
