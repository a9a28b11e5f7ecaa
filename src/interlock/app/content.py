"""Content detection as a gateway has it: engines for each regime on the same lists and patterns, loaded once, off the
loop; and what is made of them for doors and for words that people type.

What looks into code comes first, in a fraction of a second: until it is there, statements are refused.

Missing the language model's extra, patterns and lists look alone. With it and a model that can't be used, every
capitalised word that isn't ordinary counts as a name. With nothing that can be loaded, everything is masked whole.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Final

import structlog

from interlock.app import recogniser
from interlock.app.detecting import fastest_matcher, found_detectors
from interlock.app.gazetteers import cache_directory, load_tables
from interlock.app.recogniser import RecogniserUnavailable
from interlock.doors.detection import ByLength, Detection
from interlock.model.finding import Finding
from interlock.sensitivity.formats.looking import TextFinder
from interlock.sensitivity.formats.stricter import Stricter
from interlock.sensitivity.formats.windows import whole
from interlock.sensitivity.matching import Matcher
from interlock.sensitivity.ner import NamesRead
from interlock.sensitivity.passage import Layer, TextDetector
from interlock.sensitivity.pattern import Pattern
from interlock.sensitivity.quiet import quiet_words
from interlock.sensitivity.regime import Regime
from interlock.sensitivity.text import ALL_LAYERS, TextEngine

FORMS: Final = frozenset({Layer.NORMALISE, Layer.STRUCTURED})
"""The layers that go by form alone: for code, names and messages, in which words are words."""

MOST_REMEMBERED: Final = 4096  # texts of code that were looked into
LONGEST_REMEMBERED: Final = 4096  # characters of one
FORMS_SECONDS: Final = 30.0  # that a start waits for what looks into code; measured: 0.3, and 2 without kept patterns

log = structlog.get_logger()


class Loading:
    """The engines of one process: loaded once, when they are first wanted, in a thread."""

    def __init__(self) -> None:
        self._task: asyncio.Task[Engines] | None = None
        self._forms: asyncio.Future[TextFinder | None] | None = None
        self._found: OrderedDict[str, tuple[tuple[int, int], ...]] = OrderedDict()

    def finds(self, text: str) -> Sequence[tuple[int, int]] | None:
        """What looks like data in code or a message, by its form alone (`actions.code_findings.Finds`); None while what
        looks isn't there. What isn't long is remembered: the same statements come again and again."""
        forms = self._forms.result() if self._forms is not None and self._forms.done() else None
        if forms is None:
            return None
        found = self._found.get(text)
        if found is None:
            found = tuple((f.start, f.end) for f in forms.find(text))
            if len(text) <= LONGEST_REMEMBERED:
                self._found[text] = found
                while len(self._found) > MOST_REMEMBERED:
                    self._found.popitem(last=False)
        return found

    async def engines(self) -> Engines:
        """Them, as soon as they are loaded. Raises nothing."""
        return await asyncio.shield(self._begun()[1])

    def begin(self) -> None:
        """They will be wanted soon: always where a door is to open, for any statement carries code."""
        self._begun()

    async def ready(self) -> bool:
        """Whether code can be looked into; waits for that, within bounds."""
        forms, _ = self._begun()
        done, _ = await asyncio.wait({forms}, timeout=FORMS_SECONDS)
        return bool(done) and forms.result() is not None

    async def close(self) -> None:
        """Nothing is looked into any more; a load that is under way comes to its end first."""
        if self._task is not None:
            (await self._task).close()

    def _begun(self) -> tuple[asyncio.Future[TextFinder | None], asyncio.Task[Engines]]:
        if self._forms is None or self._task is None:
            self._forms = asyncio.ensure_future(asyncio.to_thread(load_forms))
            self._task = asyncio.ensure_future(self._load(self._forms))
        return self._forms, self._task

    async def _load(self, first: asyncio.Future[TextFinder | None]) -> Engines:
        before = resident()
        await asyncio.wait({first})  # a door may open with them
        engines = await asyncio.to_thread(load_engines)
        report(engines, max(0, resident() - before))
        return engines


class Blind:
    """A `TextFinder` for where there is none: everything might be something."""

    failed = 0

    def find(self, text: str, *, seeds: Sequence[str] = (), telling: str = "") -> tuple[Finding, ...]:
        """All of the text."""
        self.failed += 1
        return (whole(text, why="no engine: not looked into, hidden"),) if text else ()

    def find_many(self, texts: Sequence[str], *, telling: str = "") -> list[tuple[Finding, ...]]:
        """All of each text."""
        return [self.find(text) for text in texts]


@dataclass(frozen=True, slots=True)
class Engines:
    """What was loaded. `trouble`: what is wrong, in a sentence; "" for nothing."""

    detections: Mapping[Regime, Detection]
    thread: ThreadPoolExecutor = field(repr=False)
    trouble: str = ""
    layers: tuple[str, ...] = ()

    def close(self) -> None:
        """Nothing more is looked into."""
        self.thread.shutdown(wait=False, cancel_futures=True)


def load_forms() -> TextFinder | None:
    """What goes by form alone, which the loop's thread may ask at any time; None where it can't be loaded, and no code
    can be looked into. Raises nothing."""
    try:
        return TextEngine(found_detectors()[0], fastest_matcher, (), FORMS)
    except Exception as error:
        log.error("detection.code_refused", because=f"patterns can't be loaded ({type(error).__name__})")
        return None


def load_engines() -> Engines:
    """Reads lists, patterns and the model. Takes seconds, in whatever thread. Raises nothing."""
    try:
        return _loaded()
    except Exception as error:
        trouble = f"no engine can be loaded ({type(error).__name__}): what it would look into is masked whole"
        return _with({regime: Blind() for regime in Regime}, trouble, ())


def _loaded() -> Engines:
    structured, makers = found_detectors()
    tables = load_tables()
    detectors: list[TextDetector] = [make(tables) for make in makers]
    quiet = quiet_words(tables)
    reader, trouble = _reader()
    layers = [each for each in Layer if each is not Layer.NER or reader is not None]

    @lru_cache(maxsize=4)
    def compiled(patterns: tuple[Pattern, ...]) -> Matcher:
        return fastest_matcher(patterns)

    def engine(wanted: frozenset[Layer], regime: Regime, also: Sequence[TextDetector] = ()) -> TextEngine:
        return TextEngine(structured, lambda p: compiled(tuple(p)), [*detectors, *also], wanted, regime, quiet)

    def finder(regime: Regime) -> TextFinder:
        quick = engine(ALL_LAYERS - {Layer.NER}, regime)
        if trouble:
            return Stricter(quick, tables.ordinary, regime)
        if reader is None:
            return quick
        return ByLength(quick, engine(ALL_LAYERS, regime, [NamesRead(reader, tables)]))

    return _with({regime: finder(regime) for regime in Regime}, trouble, tuple(e.name.lower() for e in layers))


def _reader() -> tuple[recogniser.Rampart | None, str]:
    """The language model, and what is wrong with it."""
    if not recogniser.installed():
        return None, ""
    try:
        return recogniser.load_recogniser(cache_directory()), ""
    except RecogniserUnavailable as error:
        return None, f"{error.sentence}; every capitalised word that isn't ordinary counts as a name"


def _with(finders: Mapping[Regime, TextFinder], trouble: str, layers: tuple[str, ...]) -> Engines:
    thread, lock = ThreadPoolExecutor(1, thread_name_prefix="detection"), Lock()
    detections = {regime: Detection(finder, regime, thread, lock) for regime, finder in finders.items()}
    return Engines(detections, thread, trouble, layers)


def report(engines: Engines, grown: int) -> None:
    """Says at start what looks, and what it takes. `grown`: bytes."""
    if engines.trouble:
        log.error("detection.impaired", because=engines.trouble)
    elif Layer.NER.name.lower() not in engines.layers:
        log.warning("detection.without_model", because="the extra ner isn't installed: names go by lists and grammar")
    log.info("detection.loaded", layers=list(engines.layers), megabytes=grown >> 20)


def resident() -> int:
    """How many bytes this process holds; 0 where the system doesn't tell."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    except (OSError, IndexError):
        return 0
    return int(pages) * 4096
