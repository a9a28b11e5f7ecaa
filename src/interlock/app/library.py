"""Detection and masking as a library: `interlock.Detector` and `interlock.Masker`. No gateway, no network, no files
written but the model's own cache.

    import interlock

    interlock.Detector().find("Seen by Dr. Alice Moreno, MRN 00482913")
    interlock.Masker("safe_harbor").mask("Seen by Dr. Alice Moreno, MRN 00482913")

Loading the engine takes a moment: make one object, and use it for many texts. Neither is for several threads at once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from interlock.app.detecting import load_engine
from interlock.app.documents import FormatName, Located, Report, Run
from interlock.app.gazetteers import load_tables
from interlock.app.local_masking import LocalMasking, profile_named, read_key
from interlock.app.recogniser import RecogniserUnavailable
from interlock.errors import MalformedInput, NotFound
from interlock.masking.masker import Call
from interlock.masking.text import Masked, Span
from interlock.model.finding import Finding
from interlock.model.label import Label
from interlock.model.secret import Secret
from interlock.sensitivity.formats.looking import Looking, TextFinder
from interlock.sensitivity.formats.stricter import Stricter
from interlock.sensitivity.passage import Layer
from interlock.sensitivity.regime import Regime
from interlock.sensitivity.stream import Released, TextStream

__all__ = ["Detector", "DetectorStream", "Finding", "Label", "Located", "Masked", "Masker", "MaskerStream", "Span"]


class Detector:
    """Finds PHI, PII, payment data and secrets. Whatever goes wrong with a text makes all of it one finding, `phi`.

    `failed` and `undecodable` count the texts of which that is true: the engine raised, or they hold bytes of no
    character.
    """

    def __init__(
        self,
        layers: Iterable[Layer | str] | None = None,
        regime: Regime | str = Regime.PHI,
        *,
        engine: TextFinder | None = None,
    ) -> None:
        """`layers`: names as in `Layer`, in any case (`["structured", "dates"]`); None for all. `regime`: "phi" for
        health care, "pii" for anything else, which names findings otherwise. `engine` in place of the one that ships.
        Raises `NotFound` for a layer or regime that there isn't."""
        self.layers = frozenset(Layer) if layers is None else frozenset(_layer(each) for each in layers)
        self.regime = _regime(regime)
        self.trouble = ""
        """What of the engine couldn't be loaded, in a sentence; "" for nothing. It is then stricter."""
        self.engine = engine if engine is not None else self._loaded()
        self._run = self.new_run()
        self._looking = self._run.looking()

    def _loaded(self) -> TextFinder:
        try:
            return load_engine(self.layers, self.regime)
        except RecogniserUnavailable as error:
            self.trouble = f"{error.sentence}; every capitalised word that isn't ordinary counts as a name"
        rest = load_engine(self.layers - {Layer.NER}, self.regime)
        return Stricter(rest, load_tables().ordinary, self.regime)

    @property
    def failed(self) -> int:
        """How many values the engine failed on, so far."""
        return self._looking.failed + self._run.report.failed

    @property
    def undecodable(self) -> int:
        """How many held bytes of no character, so far."""
        return self._looking.undecodable + self._run.report.undecodable

    def find(self, text: str, *, telling: str = "", seeds: Sequence[str] = ()) -> tuple[Finding, ...]:
        """What is in `text`, of any length: sorted, none overlapping, with offsets in characters as Python slices them.

        `telling`: the name of the field that holds it (`mrn`). `seeds`: names that are known to belong to it.
        """
        return self._looking.in_text(text, seeds, telling)

    def find_many(self, texts: Sequence[str], *, telling: str = "") -> list[tuple[Finding, ...]]:
        """What is in each of the texts: quicker than one by one."""
        return self._looking.many(texts, telling)

    def find_json(self, obj: object) -> tuple[Located, ...]:
        """What is in an object of JSON's types (dict, list, str, numbers, bool, None), each with its path.

        Keys tell what their values are, and are looked into where they look like data. Raises `MalformedInput` for
        objects of other types."""
        return tuple(self.find_document(_dumped(obj), FormatName.JSON))

    def find_document(self, text: str, format: FormatName | str) -> Iterator[Located]:
        """What is in a JSON, CSV, FHIR or HL7 v2 document. What isn't of its format is taken as text."""
        return self._run.located(text, FormatName(format))

    def stream(self) -> DetectorStream:
        """For a text that comes in parts."""
        return DetectorStream(self._looking)

    def new_run(self, masking: LocalMasking | None = None) -> Run:
        """What documents are taken through, with a report of its own."""
        run = Run(self.engine, self.regime, self.layers, masking)
        if self.trouble:
            run.report.trouble = True
            run.report.note(self.trouble)
        return run


class DetectorStream:
    """Findings of a text that comes in parts; they are the same whatever the parts are. `Detector.stream` makes it."""

    def __init__(self, looking: Looking) -> None:
        self._stream = TextStream(looking.in_text)
        self._at = 0

    def feed(self, part: str) -> tuple[Finding, ...]:
        """Takes a part; gives what is certain by now, with offsets into the whole text so far."""
        return self._told(self._stream.feed(part))

    def finish(self) -> tuple[Finding, ...]:
        """Gives the rest. The stream is then at its end."""
        return self._told(self._stream.finish())

    def _told(self, released: Released) -> tuple[Finding, ...]:
        at, self._at = self._at, self._at + len(released.text)
        return tuple(replace(f, start=f.start + at, end=f.end + at) for f in released.findings)


class Masker:
    """Masks what a `Detector` finds. `report.notes` says what of the profile can't work here, and is redacted."""

    def __init__(
        self,
        profile: str = "safe_harbor",
        key: bytes | Path | None = None,
        *,
        detector: Detector | None = None,
        as_of: date | None = None,
    ) -> None:
        """`profile`: safe_harbor, limited_dataset, expert, internal, prompt_guard or secrets_only. `key`: a secret of
        32 bytes or more, or a file with one, for pseudonyms and date shifts: the same secret makes the same ones.
        `as_of`: the day that ages are counted up to, today. Raises `NotFound` for another profile, `InterlockError`
        for a key that can't be read or is too short."""
        day = as_of if as_of is not None else datetime.now(UTC).date()
        self._masking = LocalMasking(profile_named(profile), _secret(key), day)
        self.detector = detector if detector is not None else Detector()
        self._run = self.new_run()
        self._looking = self._run.looking()

    @property
    def report(self) -> Report:
        """Counts by label, notes, and what couldn't be looked into, of everything masked so far."""
        return self._run.report

    def mask(self, text: str, *, subject: str = "") -> str:
        """`text` with what was found in it masked."""
        return self.masked(text, subject=subject).text

    def masked(self, text: str, *, subject: str = "") -> Masked:
        """The same, with where in it masks stand, and counts. `subject`: whose text it is (a record number); dates of
        one subject are shifted alike, where the profile shifts them."""
        found = self._looking.in_text(text)
        self._run.count(self._looking)
        masked = self._masking.mask(text, found, self._masking.new_call(), subject)
        self.report.counts.update(masked.counts)
        return masked

    def mask_json(self, obj: object) -> object:
        """The same object with its texts masked; numbers whose key tells what they are become None, where no number can
        stand for them. Raises `MalformedInput` for what isn't JSON."""
        masked: object = json.loads("".join(self.mask_document(_dumped(obj), FormatName.JSON)))
        return masked

    def mask_document(self, text: str, format: FormatName | str) -> Iterator[str]:
        """The document masked, in parts, in the same format and layout."""
        return self._run.masked(text, FormatName(format))

    def unmask(self, text: str) -> str:
        """Masks that this key, or this very object, gave out, back into what they stand for; all else as it is. For
        texts on their way in alone: what comes out of it isn't masked."""
        return self._masking.unmask(text)

    def stream(self, *, subject: str = "") -> MaskerStream:
        """For a text that comes in parts, such as a model's answer."""
        return MaskerStream(self, TextStream(self._looking.in_text), self._masking.new_call(), subject)

    def new_run(self) -> Run:
        """What documents are taken through, with a report of its own."""
        run = self.detector.new_run(self._masking)
        run.report.notes.extend(self._masking.missing)
        return run

    def released(self, released: Released, call: Call, subject: str) -> str:
        """What a stream released, masked."""
        masked = self._masking.mask(released.text, released.findings, call, subject)
        self.report.counts.update(masked.counts)
        self._run.count(self._looking)
        return masked.text


class MaskerStream:
    """A text that comes in parts, masked: nothing is given before it is certain. `Masker.stream` makes it."""

    def __init__(self, masker: Masker, stream: TextStream, call: Call, subject: str) -> None:
        self._masker, self._stream, self._call, self._subject = masker, stream, call, subject

    def feed(self, part: str) -> str:
        """Takes a part; gives masked text, often none yet."""
        return self._masker.released(self._stream.feed(part), self._call, self._subject)

    def finish(self) -> str:
        """Gives the rest. The stream is then at its end."""
        return self._masker.released(self._stream.finish(), self._call, self._subject)


def _layer(named: Layer | str) -> Layer:
    if isinstance(named, Layer):
        return named
    try:
        return Layer[named.strip().upper()]
    except KeyError:
        raise NotFound(f"no layer {named!r}; there are {', '.join(each.name.lower() for each in Layer)}") from None


def _regime(named: Regime | str) -> Regime:
    try:
        return Regime(named)
    except ValueError:
        raise NotFound(f"no regime {named!r}; there are {', '.join(each.value for each in Regime)}") from None


def _secret(key: bytes | Path | None) -> Secret[bytes] | None:
    if isinstance(key, Path):
        return read_key(key)
    if key is not None and len(key) < 32:
        raise NotFound("a key has at least 32 bytes", code="key")
    return Secret(key) if key is not None else None


def _dumped(obj: object) -> str:
    try:
        return json.dumps(obj, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise MalformedInput("an object that JSON doesn't have: dict, list, str, int, float, bool, None") from None
