"""How much of a server's error or notice a client is told, field by field.

    C   the code, if it is PostgreSQL's own                       S V  the severity, if it is one
    M   the server's sentence if it fits a line of `templates.py` and what stands in its gaps is known; else ours
    P   if the text that failed is the client's own, unchanged    H    if it is one of a closed list
    s t c d n   names, if they are known and no code of users' has run
    D W q p F L R and all others   never

Details, contexts and internal queries quote rows and users' code. Code of users' can raise any SQLSTATE with any text
and any names, so where it may have run, only sentences without gaps are believed, and no names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from interlock.wire.postgres import templates
from interlock.wire.postgres.backend import Complaint
from interlock.wire.postgres.sentences import known_sqlstate, sentence_for

MAX_MESSAGE: Final = 2_000  # characters of a server's sentence that is looked at

_TOKEN: Final = re.compile(r'(?:"(?:[^"]|"")*"|[\w$]+)(?:\.(?:"(?:[^"]|"")*"|[\w$]+))*|[-+*/<>=~!@#%^&|`?]+')
_ERRORS: Final = frozenset({"ERROR", "FATAL", "PANIC"})
_NOTICES: Final = frozenset({"WARNING", "NOTICE", "DEBUG", "INFO", "LOG"})
_NAME_FIELDS: Final = "stcdn"


class Evaluated(IntEnum):
    """What may have been evaluated before the server complained. Less is believed more."""

    ANYTHING = 0  # code of users'
    DATA = 1  # built-ins, over stored values
    NAMES = 2  # nothing but names and the text's own constants


@dataclass(frozen=True, slots=True)
class Hearing:
    """What a complaint is judged by. `text` is the client's own (empty where another one ran); `names` are those of the
    connection's definitions; `placed`: the server counts its positions in this very text. `withheld`: whether something
    in what would be told looks like data, whoever's word it is."""

    evaluated: Evaluated
    text: str = field(default="", repr=False)
    names: Container[str] = frozenset()
    placed: bool = False
    withheld: Callable[[str], bool] = field(default=lambda _: False, repr=False, compare=False)

    def knows(self, name: str) -> bool:
        """Whether it is an identifier, perhaps qualified, of the client's text or the definitions."""
        return self._written(name) or all(part in self.names or self._written(part) for part in name.split("."))

    def _written(self, name: str) -> bool:
        return bool(name) and name.lower() in self.text.replace('""', '"').lower()


DEAF: Final = Hearing(Evaluated.ANYTHING)
"""Believes nothing but a code and a few constant sentences."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a client is told. `names`: (field, name), such as ("t", "patients"). No repr shows what the text quotes."""

    severity: str
    sqlstate: str
    message: str = field(repr=False)
    hint: str = ""
    position: int = 0
    names: tuple[tuple[str, str], ...] = ()


def told_error(complaint: Complaint, hearing: Hearing = DEAF) -> Told:
    """An error as a client may see it."""
    severity = complaint.severity if complaint.severity in _ERRORS else "ERROR"
    code = known_sqlstate(complaint.sqlstate)
    return _told(complaint, hearing, severity, code, sentence_for(code))


def told_notice(complaint: Complaint, hearing: Hearing = DEAF) -> Told:
    """A notice as a client may see it."""
    severity = complaint.severity if complaint.severity in _NOTICES else "NOTICE"
    code = known_sqlstate(complaint.sqlstate)
    sentence = "The server sent a notice; its text is withheld." if code == "00000" else sentence_for(code)
    return _told(complaint, hearing, severity, code, sentence)


def _told(complaint: Complaint, hearing: Hearing, severity: str, code: str, ours: str) -> Told:
    if code != complaint.sqlstate:
        return Told(severity, code, ours)
    place = _position(complaint, hearing)
    placed = _at_its_place(hearing, place)
    message = _message(complaint, placed, code)
    if message and hearing.withheld(message):
        message = ""
    return Told(
        severity=severity,
        sqlstate=code,
        message=message or ours,
        hint=_hint(complaint, placed) if message else "",
        position=place,
        names=tuple(_names(complaint, hearing)) if code[:2] != "P0" else (),
    )


def _at_its_place(hearing: Hearing, place: int) -> Hearing:
    """A simple query is parsed where it runs. Only parsing knows places in the text (what functions run themselves has
    them in `p`, and none can set this one), so with one nothing was evaluated yet. To be sure of that, of the client's
    words only the one at that place counts then."""
    if hearing.evaluated is Evaluated.NAMES or not place:
        return hearing
    found = _TOKEN.match(hearing.text, place - 1)
    return replace(hearing, evaluated=Evaluated.NAMES, text=found.group() if found is not None else "")


# -- sentences -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Line:
    """One of the server's sentences: what it looks like, the kinds of its gaps, what is told, who is believed."""

    pattern: re.Pattern[str]
    kinds: tuple[str, ...]
    said: str
    least: Evaluated


_GAPS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "name": r"([^\n]{1,200}?)",
        "word": r"([A-Za-z][A-Za-z ]{0,60}?)",
        "type": r"([^\n]{1,200}?)",
        "sign": r"([^\n]{1,400}?)",
        "op": r"([-+*/<>=~!@#%^&|`?]{1,63})",
        "number": r"([0-9]{1,10})",
        "value": r"(.*)",
    }
)


def _message(complaint: Complaint, hearing: Hearing, code: str) -> str:
    sentence = complaint.fields.get("M", "")
    if len(sentence) > MAX_MESSAGE:
        return ""
    given = frozenset(complaint.fields.get(letter, "") for letter in _NAME_FIELDS) - {""}
    for line in _lines().get(code, ()):
        found = line.pattern.fullmatch(sentence) if hearing.evaluated >= line.least else None
        if found is not None and _fits(line, found.groups(), hearing, given):
            return _filled(line, found.groups())
    return ""


def _fits(line: _Line, gaps: Sequence[str], hearing: Hearing, given: frozenset[str]) -> bool:
    """Whether each gap holds what it is for. Built-ins quote stored values where names belong (`ssn::regclass`): over
    data a name is believed only if the error has it in a field of its own, or the definitions have it."""

    def named(name: str) -> bool:
        if hearing.evaluated is Evaluated.NAMES:
            return hearing.knows(name)
        return name in given or name in hearing.names

    judges: Mapping[str, Callable[[str], bool]] = {
        "name": named,
        "word": lambda words: all(word in _WORDS for word in words.lower().split()),
        "type": lambda written: _is_type(written, named),
        "sign": lambda written: _is_signature(written, named),
        "op": lambda sign: hearing._written(sign),
    }
    return all(judges[kind](gap) for kind, gap in zip(line.kinds, gaps, strict=True) if kind in judges)


def _filled(line: _Line, gaps: Sequence[str]) -> str:
    """What is told: the gaps that it has, in order; those of values have fallen out."""
    kept = iter([gap for kind, gap in zip(line.kinds, gaps, strict=True) if kind != "value"])
    return re.sub(r"\{[a-z]+\}", lambda _: next(kept), line.said)


@lru_cache(maxsize=1)
def _lines() -> Mapping[str, tuple[_Line, ...]]:
    found: dict[str, list[_Line]] = {}
    sections = (
        (templates.ANYTHING, Evaluated.ANYTHING),
        (templates.DATA, Evaluated.DATA),
        (templates.NAMES, Evaluated.NAMES),
    )
    for section, least in sections:
        for text in section.strip().splitlines():
            code, _, rest = text.partition(" ")
            pattern, _, said = rest.partition(" -> ")
            found.setdefault(code, []).append(_line(pattern, said or pattern, least))
    return {code: tuple(lines) for code, lines in found.items()}


def _line(pattern: str, said: str, least: Evaluated) -> _Line:
    pieces = re.split(r"\{([a-z]+)\}", pattern)
    kinds = tuple(pieces[1::2])
    form = "".join(_GAPS[piece] if at % 2 else re.escape(piece) for at, piece in enumerate(pieces))
    return _Line(re.compile(form, re.DOTALL), kinds, said, least)


def _hint(complaint: Complaint, hearing: Hearing) -> str:
    """Only where nothing but names was looked at: a hint guesses at what was meant."""
    hint = complaint.fields.get("H", "")
    if hearing.evaluated is not Evaluated.NAMES or not hint or len(hint) > MAX_MESSAGE:
        return ""
    for line in _hints():
        found = line.pattern.fullmatch(hint)
        if found is not None and _fits(line, found.groups(), hearing, frozenset()):
            return hint
    return ""


@lru_cache(maxsize=1)
def _hints() -> tuple[_Line, ...]:
    return tuple(_line(text, text, Evaluated.NAMES) for text in templates.HINTS.strip().splitlines())


# -- other fields ----------------------------------------------------------------------------------------------------


def _position(complaint: Complaint, hearing: Hearing) -> int:
    place = complaint.fields.get("P", "")
    if not hearing.placed or not re.fullmatch("[0-9]{1,9}", place):
        return 0
    return int(place) if int(place) <= len(hearing.text) + 1 else 0


def _names(complaint: Complaint, hearing: Hearing) -> Iterator[tuple[str, str]]:
    if hearing.evaluated is Evaluated.ANYTHING:
        return
    for letter in _NAME_FIELDS:
        name = complaint.fields.get(letter, "")
        # Built-ins take a constraint's name from the catalogs; the definitions that we keep don't list them.
        known = name in hearing.names or (letter == "d" and name in _TYPES)
        if name and (known or (letter == "n" and not hearing.withheld(name))):
            yield letter, name


# -- types -----------------------------------------------------------------------------------------------------------


def _is_type(written: str, named: Callable[[str], bool]) -> bool:
    bare = re.sub(r"\([0-9, -]{1,20}\)", "", written)
    while bare.endswith("[]"):
        bare = bare[:-2]
    return bare in _TYPES or named(bare.replace('"', ""))


def _is_signature(written: str, named: Callable[[str], bool]) -> bool:
    name, opened, rest = written.partition("(")
    if not opened or not rest.endswith(")") or not named(name.replace('"', "")):
        return False
    arguments = rest[:-1].split(", ") if rest != ")" else []
    return all(_is_type(argument.rpartition(" => ")[2], named) for argument in arguments)


def _set(text: str) -> frozenset[str]:
    return frozenset(part.strip() for part in text.replace("\n", ",").split(",") if part.strip())


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TYPES: Final = _set("""
    "any", "char", aclitem, any, anyarray, anycompatible, anycompatiblearray, anyelement, anyenum, anynonarray, anyrange
    bigint, bit, bit varying, boolean, box, bytea, char, character, character varying, cid, cidr, circle, cstring, date
    datemultirange, daterange, double precision, float4, float8, inet, int2, int2vector, int4, int4multirange, int4range
    int8, int8multirange, int8range, integer, internal, interval, json, jsonb, jsonpath, line, lseg, macaddr, macaddr8
    money, name, numeric, nummultirange, numrange, oid, oidvector, path, pg_lsn, pg_snapshot, point, polygon, real
    record, refcursor, regclass, regcollation, regconfig, regdictionary, regnamespace, regoper, regoperator, regproc
    regprocedure, regrole, regtype, smallint, text, tid, time, time with time zone, time without time zone, timestamp
    timestamp with time zone, timestamp without time zone, timestamptz, timetz, tsmultirange, tsquery, tsrange
    tstzmultirange, tstzrange, tsvector, txid_snapshot, unknown, uuid, varbit, varchar, void, xid, xid8, xml
""")

# SQL's own words, as the server sets them into its sentences.
_WORDS: Final = _words("""
    access aggregate alter analyze and array by case check class coalesce collation column columns conflict constraint
    conversion copy create cursor data database default delete dictionary distinct domain drop event except execute
    exists explain extension family filter for foreign from function functions grant greatest group grouping having in
    index insert intersect into join language large least left limit lock materialized merge method name not null
    object of offset on operator option order outer parameter parser partition policy prepared primary procedure
    publication query range recursive refresh release relation replica returning role rollback routine row rows
    rule savepoint schema search select sequence server set sort statement statistics subquery subscription table
    tablespace temporary text time to transaction trigger truncate type union unique update user using vacuum
    values view when where window with within wrapper identity key zone configuration outside its side nonnullable
    join conditions expressions aggregates
""")
