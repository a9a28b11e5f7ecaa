"""Values behind keys in text: JSON, XML, `key=value`, YAML, conditions of SQL. The key tells what a value is, as the
name of a column does.

    {"postalCode": "70119"}    last_name=Okafor    <PatientName>...</PatientName>    WHERE dob = '1961-04-12'
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from interlock.errors import MalformedInput
from interlock.model.label import Label
from interlock.sensitivity.formats.document import Piece
from interlock.sensitivity.formats.fhir import Fhir
from interlock.sensitivity.formats.field_names import label_of_name
from interlock.sensitivity.placed import Cell

MOST_VALUES: Final = 50_000
"""Of one text; what follows is read as any text is."""
_KEY: Final = "[A-Za-z_][A-Za-z0-9_.-]{1,40}"
_JSON: Final = re.compile(
    rf"\\?\"({_KEY})\\?\"\s{{0,8}}:\s{{0,8}}(?:\\?\"([^\"\\\n]{{1,120}})\\?\"|\[\s{{0,16}}(?=\")|([0-9]{{3,20}})(?![0-9.]))"
)
_ITEM: Final = re.compile(r"\"([^\"\\\n]{1,120})\"\s{0,16}(,?)\s{0,16}")
_XML: Final = re.compile(rf"<(?:[A-Za-z0-9]{{1,16}}:)?({_KEY})(?: [^<>\n]{{0,200}})?>([^<>\n]{{1,120}})</")
_GIVEN: Final = re.compile(
    rf"(?<![A-Za-z0-9_.$-])({_KEY})"
    r"(?: ?={1,2} ?(?:'([^'\n]{1,120})'|\"([^\"\\\n]{1,120})\")|=([^\s\"',;&|(){}\[\]<>=]{1,120})(?![(\[]))"
)
_YAML: Final = re.compile(
    rf"(?m)^[ \t]{{0,40}}(?:- )?({_KEY}):[ \t]{{1,8}}(['\"]?)([^\s'\"#{{\[&*!|>][^'\"\n#]{{0,118}})"
)
_FHIR: Final = '"resourceType"'
_PLACEHOLDER: Final = re.compile(
    r"[%$@:#{<*?]|(?:self|row|this|data|request|req|args|obj|user|patient|form|body)\.|\.\.\."
)
_OWN: Final = re.compile(r"[a-z](?:_|(?=[A-Z]))[A-Za-z]")


def may_have_keys(text: str) -> bool:
    """Whether `text` may have some; told in less than a microsecond for a short one."""
    return "=" in text or '":' in text or '" :' in text or "</" in text or (": " in text and "\n" in text)


def keyed_values(text: str) -> Iterator[Cell]:
    """The values whose keys tell what they are. Takes time proportional to the text's length."""
    for count, cell in enumerate(_all(text), 1):
        if count > MOST_VALUES:
            return
        yield cell


def _all(text: str) -> Iterator[Cell]:
    if _FHIR in text:
        yield from _resources(text)
    if '":' in text or '" :' in text:
        yield from _of_json(text)
    if "</" in text:
        for found in _XML.finditer(text):
            yield from _cell(found, 2)
    if "=" in text:
        for found in _GIVEN.finditer(text):
            number = 2 if found[2] else 3 if found[3] else 4
            if number < 4 or not _is_code(found[1], found[4]):
                yield from _cell(found, number)
    if ": " in text and "\n" in text:
        for found in _YAML.finditer(text):
            if (found[2] or _OWN.search(found[1])) and not _is_code(found[1], found[3]):
                yield from _cell(found, 3)


def _of_json(text: str) -> Iterator[Cell]:
    for found in _JSON.finditer(text):
        if found[2] is not None or found[3] is not None:
            yield from _cell(found, 2 if found[2] is not None else 3)
            continue
        label, at = _label(found[1]), found.end()
        while label is not None and (item := _ITEM.match(text, at)) is not None:
            yield Cell(*item.span(1), "", label)
            if not item[2]:
                break
            at = item.end()


def _cell(found: re.Match[str], number: int) -> Iterator[Cell]:
    label = _label(found[1])
    if label is None:
        return
    start = found.start(number)
    value = found[number]
    if _PLACEHOLDER.match(value):
        return
    yield Cell(start, start + len(value.rstrip(" \t\r,;.")), "", label)


@lru_cache(maxsize=4096)
def _label(key: str) -> Label | None:
    """What a key says; nothing for `name`, which things have too."""
    label = label_of_name(key.rpartition(".")[2] if "." in key else key)
    return None if label is None or key.casefold() == "name" or (label == "phi.name" and "_" not in key) else label


def _is_code(key: str, value: str) -> bool:
    """Whether a program hands something over by its name: `city=city`, `last_name=row.last`."""
    return not (value[0].isupper() or any(map(str.isdigit, value))) or value.casefold() in key.casefold()


def _resources(text: str) -> Iterator[Cell]:
    """What FHIR's own elements say, where the text or lines of it are resources."""
    whole = text.strip()
    if whole.startswith("{") and whole.endswith("}"):
        first = text.index("{")
        cells = _resource(text[first : first + len(whole)], first)
        if cells is not None:
            yield from cells
            return
    at = 0
    for line in text.splitlines(keepends=True):
        first, last = line.find("{"), line.rfind("}")
        if _FHIR in line and 0 <= first < last:
            yield from _resource(line[first : last + 1], at + first) or ()
        at += len(line)


def _resource(written: str, start: int) -> list[Cell] | None:
    """None where it isn't a resource, or not JSON."""
    try:
        parts = list(Fhir().parts(written))
    except MalformedInput:
        return None
    cells = []
    for piece in parts:
        if isinstance(piece, Piece) and piece.label is not None and not piece.about:
            first, last = _value(written, piece)
            if first < last:
                cells.append(Cell(start + first, start + last, "", piece.label))
    return cells


def _value(written: str, piece: Piece) -> tuple[int, int]:
    """A piece's value without its key and quotation marks."""
    first, last = piece.start, piece.end
    if piece.context and " " in piece.context:  # a primitive: with its key
        first = int(piece.context.split(" ")[0])
    if written[first : first + 1] == '"' and written[last - 1 : last] == '"':
        first, last = first + 1, last - 1
    return first, last
