"""Cases of policies as written in TOML (docs/reference/policy-cases.md), read with every mistake at once.

[[case]]
name = "PHI isn't copied out without a privacy officer"
actor = "etl-agent"
connection = "clinic"
verb = "sql.copy_out"
resource = "public.patients"
labels = ["phi.mrn"]
expect = "review"
because = ["phi-export-needs-privacy-officer", "sensitive-export-needs-privacy-officer"]
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from interlock.errors import Mistakes
from interlock.model.action import Action
from interlock.model.label import Label
from interlock.model.recent import Recent, Window
from interlock.policy.case_action import ACTION_KEYS, read_action
from interlock.policy.case_table import CaseTable
from interlock.policy.ground import Around, Ground, read_around

NOON: Final = datetime(2026, 1, 1, 12, tzinfo=UTC)
"""When a case happens that doesn't say."""
OUTCOMES: Final = ("allow", "review", "deny")
DEFAULTS: Final = ("actor", "connection", "reason", "ticket", "enforced_by", "at", "recent")
"""What `[defaults]` may say for every case of the file."""

_EXPECTED_KEYS = ("expect", "because", "codes", "signed_by", "break_glass", "masks", "row_cap", "pseudonyms")
_ONLY_OF = {"signed_by": ("review",), "break_glass": ("review",), "masks": OUTCOMES[:2], "row_cap": OUTCOMES[:2]}
_ONLY_OF |= {"pseudonyms": OUTCOMES[:2]}
_SAID = {"allow": "allowed", "review": "held", "deny": "denied"}
_WINDOWS = ("minute", "hour", "day")
_COUNTS = ("actions", "exports", "denials", "held", "rows")


@dataclass(frozen=True, slots=True)
class Expected:
    """What should come out. None: not said, so anything will do.

    `because` are the policies in the decision's reasons, all of them; `codes` the reasons' codes; `signed_by` who must
    sign, in words; `break_glass` the groups that may do without; `masks` the labels that are masked; `row_cap` how many
    rows at most, 0 for no limit; `pseudonyms` the labels whose texts get pseudonyms.
    """

    outcome: str
    because: frozenset[str] | None = None
    codes: frozenset[str] | None = None
    signed_by: str | None = None
    break_glass: frozenset[str] | None = None
    masks: frozenset[Label] | None = None
    row_cap: int | None = None
    pseudonyms: frozenset[Label] | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One action, asked at one moment by an actor with one past, and what should come of it."""

    file: str
    name: str
    action: Action
    at: datetime
    recent: Recent
    expected: Expected


@dataclass(frozen=True, slots=True)
class CaseFile:
    """The cases of one file, and the ground they stand on when the file brings its own."""

    file: str
    around: Around | None
    cases: tuple[Case, ...]


def stands_alone(text: str) -> bool:
    """Whether a cases file brings its own `[around]`; true where it can't be read, since reading it tells."""
    try:
        return "around" in tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return True


def read_cases(file: str, text: str, ground: Ground | None, known: frozenset[Label] = frozenset()) -> CaseFile:
    """The cases of a file. `ground` gives what they may name where the file has no `[around]`; `known` every label.

    Raises `Mistakes` with every mistake, each `file: case "name": key: sentence`.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as broken:
        raise Mistakes([f"{file}: this isn't TOML: {broken}"]) from None
    mistakes: list[str] = []
    top = CaseTable(file, raw, mistakes)
    around = None
    if "around" in top:
        around = read_around(top.table("around"))
        ground = around.ground
    elif ground is None:
        top.wrong("around", "this is missing: without settings a cases file says itself what is around")
    defaults = _defaults(top.table("defaults"))
    rows = top.value("case")
    top.done()
    if not isinstance(rows, list) or not rows:
        top.wrong("case", "there must be cases, each a table [[case]]")
        rows = []
    cases = list(_cases(file, rows, defaults, ground, known, mistakes)) if ground is not None else []
    for name, count in Counter(case.name for case in cases).items():
        if name and count > 1:
            mistakes.append(f'{file}: case "{name}": {count} cases bear this name')
    if mistakes:
        raise Mistakes(list(dict.fromkeys(mistakes)))
    return CaseFile(file, around, tuple(cases))


def _defaults(table: CaseTable) -> dict[str, object]:
    found = {key: table.value(key) for key in DEFAULTS if key in table}
    table.done(*DEFAULTS)
    return found


def _cases(
    file: str,
    rows: list[object],
    defaults: dict[str, object],
    ground: Ground,
    known: frozenset[Label],
    mistakes: list[str],
) -> Iterator[Case]:
    for number, row in enumerate(rows, start=1):
        name = row.get("name") if isinstance(row, dict) else None
        where = f'{file}: case "{name}"' if isinstance(name, str) and name.strip() else f"{file}: case {number}"
        whole = {**defaults, **row} if isinstance(row, dict) else row
        yield _case(file, CaseTable(where, whole, mistakes), ground, known)


def _case(file: str, table: CaseTable, ground: Ground, known: frozenset[Label]) -> Case:
    name, action = table.text("name"), read_action(table, ground, known)
    masked = frozenset(each.column for each in action.exposure.written)  # `writes_masked` says so
    case = Case(
        file=file,
        name=name,
        action=action,
        at=table.time("at", NOON),
        recent=replace(_recent(table.table("recent"), known), masked=masked),
        expected=_expected(table, known),
    )
    table.done(*ACTION_KEYS, *_EXPECTED_KEYS)
    return case


def _recent(table: CaseTable, known: frozenset[Label]) -> Recent:
    """The windows; a longer one holds at least what a shorter one does, as it does in truth."""
    windows: dict[str, Window] = {}
    shorter = Window()
    for name in _WINDOWS:
        inner = table.table(name)
        window = Window(**{count: inner.number(count) for count in _COUNTS}, labels=inner.labels("labels", known))
        inner.done()
        shorter = windows[name] = _wider(window, shorter)
    table.done()
    return Recent(windows["minute"], windows["hour"], windows["day"])


def _wider(window: Window, shorter: Window) -> Window:
    counts = {count: max(getattr(window, count), getattr(shorter, count)) for count in _COUNTS}
    return replace(window, **counts, labels=window.labels | shorter.labels)


def _expected(table: CaseTable, known: frozenset[Label]) -> Expected:
    outcome = table.one_of("expect", OUTCOMES)
    expected = Expected(
        outcome=outcome,
        because=frozenset(table.texts("because")) if "because" in table else None,
        codes=frozenset(table.texts("codes")) if "codes" in table else None,
        signed_by=table.text("signed_by") if "signed_by" in table else None,
        break_glass=frozenset(table.texts("break_glass")) if "break_glass" in table else None,
        masks=table.labels("masks", known) if "masks" in table else None,
        row_cap=table.number("row_cap") if "row_cap" in table else None,
        pseudonyms=table.labels("pseudonyms", known) if "pseudonyms" in table else None,
    )
    for key, fits in _ONLY_OF.items():
        if key in table and outcome and outcome not in fits:
            table.wrong(key, f"this says nothing of an action that is expected to be {_SAID[outcome]}")
    return expected
