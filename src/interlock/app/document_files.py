"""Documents as files: bytes read and written, encodings, lines one by one so that memory doesn't grow with a file.

What isn't a character of its encoding is never guessed: it is marked while reading, and whatever value or line holds it
is hidden whole.
"""

from __future__ import annotations

import codecs
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import IO, Final

from interlock.app.documents import FormatName, Located, PieceMasker, Run, guessed
from interlock.errors import InterlockError, MalformedInput
from interlock.model.finding import Finding
from interlock.sensitivity.formats.document import Part, Piece, pieces_of, rewritten
from interlock.sensitivity.formats.fhir import Fhir
from interlock.sensitivity.formats.jsonl import JsonLine, text_of_line
from interlock.sensitivity.formats.looking import Looking
from interlock.sensitivity.formats.windows import Settled, Windows

LONGEST_LINE: Final = 256 << 20  # characters; longer lines are bad ones
LARGEST: Final = 1 << 30  # characters of a document that is read whole: JSON, CSV, FHIR, HL7
_CHUNK: Final = 1 << 18
_BATCH_LINES: Final = 512
_BATCH_CHARACTERS: Final = 1 << 20
_PEEKED: Final = 1 << 16
_ERRORS: Final = "interlock.marked"
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class Source:
    """A document being read. `encoding`: what its byte order mark says, else what was stated."""

    def __init__(self, raw: IO[bytes], name: str, encoding: str) -> None:
        """Raises `InterlockError` for an encoding that isn't known."""
        codecs.register_error(_ERRORS, _marked)
        buffered = raw if isinstance(raw, io.BufferedReader) else io.BufferedReader(_Raw(raw))
        start = buffered.peek(_PEEKED)[:_PEEKED]
        self.name = name
        self.encoding = next((known for mark, known in _MARKS if start.startswith(mark)), _known(encoding))
        self.beginning = start.decode(self.encoding, _ERRORS)
        self.text = io.TextIOWrapper(buffered, self.encoding, _ERRORS, newline="\n")

    def lines(self) -> Iterator[str]:
        """Its lines, each with its end. One that is too long comes cut, and `is_cut` says so."""
        while line := self.text.readline(LONGEST_LINE):
            yield line
            while is_cut(line) and (more := self.text.readline(_CHUNK)) and not more.endswith("\n"):
                pass

    def whole(self) -> str:
        """All of it. Raises `MalformedInput` where that is too much."""
        found = self.text.read(LARGEST + 1)
        if len(found) > LARGEST:
            raise MalformedInput(
                f"{self.name} is longer than {LARGEST >> 20} Mi characters: lines can be, documents can't"
            )
        return found


def is_cut(line: str) -> bool:
    """Whether a line is longer than what is read of one."""
    return len(line) >= LONGEST_LINE and not line.endswith("\n")


def detected(run: Run, source: Source, format: FormatName) -> Iterator[Mapping[str, object]]:
    """What is in a document, as JSON objects: a line each of JSON lines, a finding each of all others."""
    format = _format(source, format)
    if format is FormatName.JSONL:
        yield from _detected_lines(run, source)
    elif format is FormatName.TEXT:
        looking = run.looking()
        windows = _windows(looking)
        for settled in _settled(windows, source):
            run.report.counts.update(f.label for f in settled.findings)
            yield from ({"path": "$", **_span(f, settled.start)} for f in settled.findings)
        run.report.undecodable += windows.undecodable
        run.count(looking)
    elif _by_line(source, format):
        for number, line in enumerate(source.lines(), 1):
            for each in run.located(line, format) if line.strip() else ():
                yield {"line": number, **_shown(each)}
    else:
        yield from (_shown(each) for each in run.located(source.whole(), format))


def masked(run: Run, source: Source, format: FormatName) -> Iterator[str]:
    """The document masked, in parts. Lines that can't be read don't come out: they are counted as bad ones."""
    format = _format(source, format)
    if format is FormatName.JSONL:
        yield from _masked_lines(run, source)
    elif format is FormatName.TEXT:
        yield from _masked_text(run, source)
    elif _by_line(source, format):
        for line in source.lines():
            yield from run.masked(line, format) if line.strip() else (line,)
    else:
        yield from run.masked(source.whole(), format)


def _format(source: Source, format: FormatName) -> FormatName:
    return guessed(source.beginning, source.name) if format is FormatName.AUTO else format


def _by_line(source: Source, format: FormatName) -> bool:
    """Whether these are resources of FHIR, one a line (ndjson)."""
    if format is not FormatName.FHIR:
        return False
    first = source.beginning.lstrip().partition("\n")[0]
    try:
        for _ in Fhir().parts(first):
            pass
    except MalformedInput:
        return False
    return True


def _detected_lines(run: Run, source: Source) -> Iterator[Mapping[str, object]]:
    looking = run.looking()
    batch: list[tuple[object, Piece]] = []
    characters = 0
    for number, line in enumerate(source.lines(), 1):
        if not line.strip():
            continue
        try:
            id_, text = _read_line(line, number)
        except MalformedInput as error:
            _bad_line(run, source, number, error)
            continue
        batch.append((id_, Piece(0, len(text), "$.text", text, record=number)))
        characters += len(text)
        if len(batch) >= _BATCH_LINES or characters >= _BATCH_CHARACTERS:
            yield from _looked(run, looking, batch)
            batch, characters = [], 0
    yield from _looked(run, looking, batch)


def _looked(run: Run, looking: Looking, batch: list[tuple[object, Piece]]) -> Iterator[Mapping[str, object]]:
    found = looking.at([piece for _, piece in batch])
    run.count(looking)
    for (id_, _), findings in zip(batch, found, strict=True):
        run.report.counts.update(f.label for f in findings)
        yield {"id": id_, "spans": [_span(f) for f in findings]}


def _masked_lines(run: Run, source: Source) -> Iterator[str]:
    looking = run.looking()
    batch: list[_Line] = []
    characters = 0
    for number, line in enumerate(source.lines(), 1):
        try:
            batch.append(_Line(line, number))
        except MalformedInput as error:
            _bad_line(run, source, number, error)
            continue
        characters += len(line)
        if len(batch) >= _BATCH_LINES or characters >= _BATCH_CHARACTERS:
            yield from _masked_batch(run, looking, batch)
            batch, characters = [], 0
    yield from _masked_batch(run, looking, batch)


class _Line:
    """A line of JSON with its pieces, which are one record's. Raises `MalformedInput` where it isn't one."""

    def __init__(self, line: str, number: int) -> None:
        if is_cut(line):
            raise MalformedInput(f"longer than {LONGEST_LINE >> 20} Mi characters")
        self.text, self.format = line, JsonLine()
        self.parts = [_of_record(part, number) for part in self.format.parts(line)] if line.strip() else []

    def rewritten(self, texts: Iterator[str | None]) -> str:
        """With the texts of its pieces, from an iterator over those of many lines."""
        return rewritten(self.text, 0, len(self.text), self.parts, texts, self.format.write)


def _of_record(part: Part, record: int) -> Part:
    if isinstance(part, Piece):
        return replace(part, record=record)
    return replace(part, pieces=tuple(replace(piece, record=record) for piece in part.pieces))


def _masked_batch(run: Run, looking: Looking, batch: list[_Line]) -> Iterator[str]:
    pieces = [piece for line in batch for piece in pieces_of(line.parts)]
    texts = PieceMasker(run, looking, apart=True).texts(pieces)
    for line in batch:
        yield line.rewritten(texts)
    run.count(looking)


def _masked_text(run: Run, source: Source) -> Iterator[str]:
    assert run.masking is not None
    looking = run.looking()
    windows, call = _windows(looking), run.masking.new_call()
    for settled in _settled(windows, source):
        done = run.masking.mask(settled.text, settled.findings, call)
        run.report.counts.update(done.counts)
        yield done.text
    run.report.undecodable += windows.undecodable
    run.count(looking)


def _windows(looking: Looking) -> Windows:
    return Windows(lambda text, seeds: looking.in_text(text, seeds))


def _settled(windows: Windows, source: Source) -> Iterator[Settled]:
    while part := source.text.read(_CHUNK):
        yield from windows.feed(part)
    yield from windows.finish()


def _read_line(line: str, number: int) -> tuple[object, str]:
    if is_cut(line):
        raise MalformedInput(f"longer than {LONGEST_LINE >> 20} Mi characters")
    return text_of_line(line, number)


def _bad_line(run: Run, source: Source, number: int, error: InterlockError) -> None:
    run.report.bad_lines += 1
    run.report.on_bad_line(f"{source.name}: line {number}: {error.sentence}")


def _span(finding: Finding, shift: int = 0) -> dict[str, object]:
    return {
        "start": finding.start + shift,
        "end": finding.end + shift,
        "label": finding.label,
        "score": round(finding.score, 3),
    }


def _shown(each: Located) -> dict[str, object]:
    return {
        "path": each.path,
        "start": each.start,
        "end": each.end,
        "label": each.label,
        "score": round(each.score, 3),
    }


def written_json(found: Mapping[str, object]) -> str:
    """One line of it. Ids may hold halves of surrogate pairs, which stay escapes."""
    text = json.dumps(found, ensure_ascii=False)
    return text if text.isprintable() else json.dumps(found)


def _known(encoding: str) -> str:
    try:
        return codecs.lookup(encoding).name
    except LookupError:
        raise InterlockError(f"no encoding {encoding!r} is known", code="encoding") from None


def _marked(error: UnicodeError) -> tuple[str, int]:
    """One lone surrogate for each byte that is no character: what `windows.undecodable` finds."""
    if isinstance(error, UnicodeDecodeError):
        return "\udc80" * (error.end - error.start), error.end
    raise error


class _Raw(io.RawIOBase):
    """Whatever can be read, as a raw stream."""

    def __init__(self, inner: IO[bytes]) -> None:
        self._inner = inner

    def readable(self) -> bool:
        return True

    def readinto(self, into: object) -> int:
        view = memoryview(into)  # type: ignore[arg-type]
        found = self._inner.read(len(view))
        view[: len(found)] = found
        return len(found)
