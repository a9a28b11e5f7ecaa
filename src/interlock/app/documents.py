"""Documents through the engine: which format, what is where, and the same document masked.

Everything here takes texts; `document_files` reads and writes bytes.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from interlock.app.local_masking import LocalMasking
from interlock.errors import MalformedInput
from interlock.masking.masker import Call
from interlock.model.finding import Finding
from interlock.model.label import Label
from interlock.sensitivity.classifier import ColumnDecisions, ColumnKey, Treatment
from interlock.sensitivity.column_values import MOST_CHARACTERS as MOST_CHARACTERS_SAMPLED
from interlock.sensitivity.formats.csv_text import CsvText, delimiter_of, sample_of
from interlock.sensitivity.formats.document import Form, Format, Part, Piece, pieces_of, rewritten
from interlock.sensitivity.formats.fhir import Fhir, LogicalIds
from interlock.sensitivity.formats.hl7v2 import Hl7v2
from interlock.sensitivity.formats.json_text import JsonText
from interlock.sensitivity.formats.looking import Looking, TextFinder
from interlock.sensitivity.formats.plain import PlainText
from interlock.sensitivity.passage import Layer
from interlock.sensitivity.regime import Regime
from interlock.sensitivity.values import Columns

MOST_PIECES: Final = 5_000  # of one batch, where records let it end
MOST_CHARACTERS: Final = 1 << 20
_SUBJECTS: Final = ("phi.mrn", "phi.ssn", "phi.health_plan", "phi.id")


class FormatName(StrEnum):
    """What a document may be."""

    TEXT = "text"
    JSONL = "jsonl"
    JSON = "json"
    CSV = "csv"
    FHIR = "fhir"
    HL7V2 = "hl7v2"
    AUTO = "auto"


@dataclass(frozen=True, slots=True)
class Located:
    """A finding in a document: the path of its value, and characters within that value as it is meant."""

    path: str
    start: int
    end: int
    label: Label
    score: float
    why: str


@dataclass
class Report:
    """What a run came to. `notes`: sentences for people, without values. `bad_lines`: lines that weren't what they
    should be, and didn't come out."""

    counts: Counter[Label] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    bad_lines: int = 0
    failed: int = 0
    undecodable: int = 0
    trouble: bool = False
    """Whether a part of the engine is missing; `notes` says which."""
    on_bad_line: Callable[[str], None] = field(default=lambda _: None, repr=False)
    """Told of each bad line as it is met."""

    def note(self, sentence: str) -> None:
        """Says it once."""
        if sentence not in self.notes:
            self.notes.append(sentence)

    @property
    def all_looked_into(self) -> bool:
        """Whether all of the engine judged every value: none hidden whole because that failed, no line left out."""
        return not (self.trouble or self.bad_lines or self.failed or self.undecodable)


class Run:
    """One run over one or many documents, with one engine, and a masking where they are masked."""

    def __init__(
        self,
        finder: TextFinder,
        regime: Regime = Regime.PHI,
        layers: frozenset[Layer] = frozenset(Layer),
        masking: LocalMasking | None = None,
    ) -> None:
        self._finder, self._regime, self._by_name = finder, regime, Layer.COLUMN in layers
        self.masking = masking
        self.report = Report()
        self.ids = LogicalIds()

    def looking(self, *, by_name: bool | None = None) -> Looking:
        """For one document."""
        return Looking(self._finder, self._regime, by_name=self._by_name if by_name is None else by_name)

    def located(self, source: str, name: FormatName) -> Iterator[Located]:
        """What is where in a document."""
        format_, looking = self._begin(source, name)
        places = Places()
        for batch in _batches(format_.parts(source)):
            pieces = list(pieces_of(batch))
            for piece, found in zip(pieces, looking.at(pieces), strict=True):
                self.report.counts.update(f.label for f in found)
                where = places.told(piece, found)
                yield from (Located(where, f.start, f.end, f.label, f.score, f.why) for f in found)
        self.count(looking)

    def masked(self, source: str, name: FormatName) -> Iterator[str]:
        """The document masked, in the same format, in parts."""
        format_, looking = self._begin(source, name)
        masker = PieceMasker(self, looking)
        at = 0
        for batch in _batches(format_.parts(source)):
            end = batch[-1].end
            yield rewritten(source, at, end, batch, masker.texts(list(pieces_of(batch))), format_.write)
            at = end
        yield source[at:]
        self.count(looking)

    def count(self, looking: Looking) -> None:
        """Adds what a document's looking came to."""
        self.report.failed += looking.failed
        self.report.undecodable += looking.undecodable
        looking.failed = looking.undecodable = 0

    def _begin(self, source: str, name: FormatName) -> tuple[Format, Looking]:
        format_, name = self._format(source, name)
        return format_, self.looking(by_name=True if name in (FormatName.FHIR, FormatName.HL7V2) else None)

    def _format(self, source: str, name: FormatName) -> tuple[Format, FormatName]:
        """The format, tried to the document's end before anything of it comes out; else plainer ones, and a note."""
        for each in _FALLBACKS[name]:
            format_ = self._made(source, each)
            try:
                for _ in format_.parts(source):
                    pass
            except MalformedInput as error:
                self.report.note(f"not {each.value} ({error.sentence}): taken as {_NEXT[each]}")
                continue
            return format_, each
        return PlainText(), FormatName.TEXT

    def _made(self, source: str, name: FormatName) -> Format:
        match name:
            case FormatName.JSON:
                return JsonText()
            case FormatName.FHIR:
                return Fhir(self.ids)
            case FormatName.HL7V2:
                return Hl7v2()
            case FormatName.CSV:
                return self._csv(source)
            case _:
                return PlainText()

    def _csv(self, source: str) -> CsvText:
        """With what the columns' values tell of those whose names don't."""
        delimiter = delimiter_of(source)
        heading, names, columns = sample_of(source, delimiter)
        if not self._by_name:
            return CsvText(delimiter, heading)
        labels = [self._column(name, values) for name, values in zip(names, columns, strict=True)]
        return CsvText(delimiter, heading, labels)

    def _column(self, name: str, values: Sequence[str]) -> Label | None:
        decisions, column, before = ColumnDecisions(), ColumnKey("", "", name, "", ""), self._finder.failed
        try:
            columns = Columns(self._finder, decisions, self._regime, least=1)
            columns.look(column, [value[:MOST_CHARACTERS_SAMPLED] for value in values])
        except Exception:  # the values themselves are looked into, each by itself, and counted where that fails
            return None
        found = decisions.known(column)
        if found is None or self._finder.failed != before:
            return None
        return found.evidence[0].label if found.treatment is Treatment.LABELLED else None


class Places:
    """Paths of pieces for people: without the keys and heads of one document that are values themselves."""

    def __init__(self) -> None:
        self._hidden: dict[str, str] = {}

    def told(self, piece: Piece, found: Sequence[Finding]) -> str:
        """The path of a piece in which this was found. Keys and heads come before what they are of."""
        if found and (piece.form is Form.KEY or (piece.form is Form.CELL and piece.record == 1)):
            self._hidden[piece.text.strip()] = f"[{found[0].label}]"
        return _STEP.sub(self._step, piece.where) if self._hidden else piece.where

    def _step(self, step: re.Match[str]) -> str:
        quoted, plain, head = step.groups()
        key = quoted.replace('\\"', '"').replace("\\\\", "\\") if quoted is not None else plain or head
        if (hidden := self._hidden.get(key)) is None:
            return step[0]
        return f", column {hidden}" if head is not None else f'["{hidden}"]'


# A key of a path as `json_tokens.path_text` writes it, or the head of a CSV column.
_STEP: Final = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\.([A-Za-z_][A-Za-z0-9_\-]*)|, column (.+)', re.DOTALL)


class PieceMasker:
    """Masks the pieces of one document, batch by batch."""

    def __init__(self, run: Run, looking: Looking, *, apart: bool = False) -> None:
        """`apart`: each record is a call of its own, whose numbers begin anew."""
        assert run.masking is not None
        self._run, self._looking, self._masking, self._apart = run, looking, run.masking, apart
        self._call: Call = self._masking.new_call()
        self._record = 0
        self._subjects: dict[int, str] = {}

    def texts(self, pieces: Sequence[Piece]) -> Iterator[str | None]:
        """The new text of each piece; None where it stays."""
        found = self._looking.at(pieces)
        self._subjects = _subjects(pieces, found, self._subjects)
        for piece, findings in zip(pieces, found, strict=True):
            yield self._text(piece, findings)

    def _text(self, piece: Piece, findings: Sequence[Finding]) -> str | None:
        if self._apart and piece.record != self._record:
            self._call, self._record = self._masking.new_call(), piece.record
        if not findings:
            return None
        masked = self._masking.mask(piece.text, findings, self._call, self._subjects.get(piece.record, ""))
        self._run.report.counts.update(masked.counts)
        return masked.text if masked.counts else None


def guessed(start: str, file_name: str = "") -> FormatName:
    """The format that a document's beginning and its file's name tell."""
    ending = file_name.lower().rpartition(".")[2] if "." in file_name else ""
    plain = start.lstrip("\ufeff\x0b \t\r\n")
    if plain.startswith(("MSH", "FHS", "BHS")) and ending not in ("csv", "tsv", "json"):
        return FormatName.HL7V2
    if ending in ("csv", "tsv"):
        return FormatName.CSV
    if plain.startswith(("{", "[")):
        return _kind_of_json(plain)
    return FormatName.TEXT


def _kind_of_json(plain: str) -> FormatName:
    """By its first line, where that is an object by itself; else by whether `resourceType` stands early on."""
    first, _, rest = plain.partition("\n")
    try:
        line = json.loads(first)
    except (ValueError, RecursionError):
        return FormatName.FHIR if '"resourceType"' in plain[:4096] else FormatName.JSON
    if isinstance(line, dict) and isinstance(line.get("resourceType"), str):
        return FormatName.FHIR
    several = rest.lstrip().startswith("{")
    if isinstance(line, dict) and (several or isinstance(line.get("text"), str)):
        return FormatName.JSONL
    return FormatName.JSON


_FALLBACKS: Final = {
    FormatName.FHIR: (FormatName.FHIR, FormatName.JSON),
    FormatName.JSON: (FormatName.JSON,),
    FormatName.JSONL: (FormatName.JSON,),
    FormatName.HL7V2: (FormatName.HL7V2,),
    FormatName.CSV: (FormatName.CSV,),
    FormatName.TEXT: (),
    FormatName.AUTO: (),
}
_NEXT: Final = {FormatName.FHIR: "JSON", FormatName.JSON: "text", FormatName.HL7V2: "text", FormatName.CSV: "text"}


def _batches(parts: Iterator[Part]) -> Iterator[list[Part]]:
    """Parts in batches that end between records, but for records that are too long."""
    batch: list[Part] = []
    characters, record = 0, -1
    for part in parts:
        now = part.record if isinstance(part, Piece) else record
        full = len(batch) >= MOST_PIECES or characters >= MOST_CHARACTERS
        if batch and full and (now != record or len(batch) >= 4 * MOST_PIECES or characters >= 4 * MOST_CHARACTERS):
            yield batch
            batch, characters = [], 0
        batch.append(part)
        record = now
        characters += part.end - part.start
    if batch:
        yield batch


def _subjects(pieces: Sequence[Piece], found: Sequence[Sequence[Finding]], before: dict[int, str]) -> dict[int, str]:
    """Whose each record is: a FHIR patient's id, else the first number that is a patient's own."""
    subjects = {pieces[0].record: before[pieces[0].record]} if pieces and pieces[0].record in before else {}
    ranks: dict[int, int] = dict.fromkeys(subjects, -1)
    for piece, findings in zip(pieces, found, strict=True):
        rank = _rank(piece, findings)
        if rank < ranks.get(piece.record, len(_SUBJECTS)):
            ranks[piece.record], subjects[piece.record] = rank, piece.text
    return subjects


def _rank(piece: Piece, findings: Sequence[Finding]) -> int:
    if piece.form is Form.FHIR_ID and piece.telling == "Patient":
        return -1
    if (
        len(findings) != 1
        or findings[0].end - findings[0].start < len(piece.text)
        or findings[0].label not in _SUBJECTS
    ):
        return len(_SUBJECTS)
    return _SUBJECTS.index(findings[0].label)
