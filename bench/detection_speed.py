"""How fast detection is: notes, tables by their columns, rows without columns, short fields.

CPU seconds of this process, on one core. Every text is given to an engine once and for the first time: what an engine
remembers of other texts is warm, as in use; what it remembers of these very ones can't help it.
"""

from __future__ import annotations

import gc
import re
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import count

from testkit.made_up import texts
from testkit.made_up.tables import COLUMNS, table

from bench.progress import say
from bench.report import Budget, Peer, Result, at_least, at_most, ratio_of_at_least
from interlock.app.detecting import load_engine
from interlock.sensitivity.classifier import ColumnDecisions, ColumnKey
from interlock.sensitivity.passage import Layer
from interlock.sensitivity.text import TextEngine
from interlock.sensitivity.values import Columns

SEED = 20_261_123
ROWS = 50_000
BATCH = 450  # rows of a table that are looked into at a time: 64 KiB of them, as they come from a server
FOR_PEERS = 300  # rows and texts that slower engines get
FORMS = frozenset({Layer.NORMALISE, Layer.STRUCTURED})
LISTS = frozenset(Layer) - {Layer.NER}

Engine = Callable[[Sequence[str]], object]


def speed(engines: Mapping[str, Engine]) -> list[Result]:
    """The figures of `engines["ours"]` (all layers), beside Presidio's and datafog-core's where these are there."""
    lists = load_engine(LISTS)
    forms = load_engine(FORMS)
    for engine in (*engines.values(), lists.find_many, forms.find_many):
        engine([each.text for each in (*texts.notes(SEED - 1, 5), *texts.records(SEED - 1, 50))])
    return [
        *_notes(engines),
        *_table(lists, engines.get("Presidio")),
        *_records(lists, forms, engines.get("Presidio")),
        *_fields(lists),
    ]


def _notes(engines: Mapping[str, Engine]) -> list[Result]:
    made_up = [each.text for each in (*texts.notes(SEED, 150), *texts.clean_notes(SEED, 15))]
    asked = _no_sentence_twice(made_up)
    ours = _rate(engines["ours"], asked)
    peer = _peer(engines.get("Presidio"), asked[:: max(1, len(asked) // 20)])
    made = [_told("notes, all layers", ours, "KB/s", None, at_least(150))]
    if peer is not None:
        made.append(_told("notes, all layers", ours, "KB/s", peer, ratio_of_at_least(10)))
    made.append(_told("notes, all layers, with the sentences that they share", _rate(engines["ours"], made_up), "KB/s"))
    if "datafog-core" in engines:
        made.append(_told("notes, datafog-core (patterns)", _rate(engines["datafog-core"], asked), "KB/s"))
    return made


def _no_sentence_twice(notes: Sequence[str]) -> list[str]:
    """Each sentence with a number of its own at its end: the language model remembers sentences."""
    numbers = count(1)
    return [re.sub(r"(?<=[a-z])[.;](?=\s)", lambda end: f" {next(numbers)}{end[0]}", note) for note in notes]


def _table(engine: TextEngine, presidio: Engine | None) -> list[Result]:
    """Rows of a table, through what its columns are: the way that doors and CSV files go (`sensitivity/values.py`)."""
    made = table(SEED, ROWS)
    columns = Columns(engine, ColumnDecisions())
    size = sum(len(value.encode()) for values in made.values() for value in values)
    spent: dict[str, float] = {}
    for name, type_name in COLUMNS:
        key, values = ColumnKey("bench", "public.visits", name, type_name, "1"), made[name]
        gc.collect()
        began = time.process_time()
        for at in range(0, ROWS, BATCH):
            found = columns.look(key, values[at : at + BATCH])
        spent[name] = time.process_time() - began
        say(f"detection speed: column {name}: {found.treatment.value}, {spent[name] / ROWS * 1e6:.2f} us a value")
    ours = size / sum(spent.values()) / 1000
    sample = [made[name][at] for at in range(0, ROWS, ROWS // FOR_PEERS) for name, _ in COLUMNS]
    peer = _peer(presidio, sample)
    notes = sum(len(value.encode()) for value in made["note"]) / spent["note"] / 1000
    result = [
        _told("table, patterns and gazetteer", ours / 1000, "MB/s", None, at_least(20)),
        _told("table, its notes alone", notes / 1000, "MB/s"),
    ]
    if peer is not None:
        result.append(_told("table, patterns and gazetteer", ours, "KB/s", peer, ratio_of_at_least(1000)))
    return result


def _records(lists: TextEngine, forms: TextEngine, presidio: Engine | None) -> list[Result]:
    """Lines of logs and dumps in which nearly everything is somebody's, without a column to tell."""
    asked = [each.text for each in texts.records(SEED, 10_000)]
    peer = _peer(presidio, asked[:FOR_PEERS])
    ours, by_form = _rate(lists.find_many, asked), _rate(forms.find_many, asked)
    return [
        _told("dense lines, patterns and gazetteer", ours, "KB/s", peer),
        _told("dense lines, patterns", by_form, "KB/s", peer),
    ]


def _fields(engine: TextEngine) -> list[Result]:
    fields = [f"order {at:06} shipped, and in good order." for at in range(200_000)]
    gc.collect()
    began = time.process_time()
    engine.find_many(fields)
    each = (time.process_time() - began) / len(fields) * 1e6
    return [_told("a 40-byte field, nothing found", each, "us", None, at_most(5))]


def _peer(engine: Engine | None, asked: Sequence[str]) -> Peer | None:
    return None if engine is None else Peer("Presidio", _rate(engine, asked))


def _told(mode: str, figure: float, unit: str, peer: Peer | None = None, budget: Budget | None = None) -> Result:
    return Result("detection speed", mode, figure, unit, peer, budget)


def _rate(engine: Engine, asked: Sequence[str]) -> float:
    """Thousands of bytes a CPU second."""
    size = sum(len(each.encode()) for each in asked)
    gc.collect()
    began = time.process_time()
    engine(asked)
    return size / (time.process_time() - began) / 1000
