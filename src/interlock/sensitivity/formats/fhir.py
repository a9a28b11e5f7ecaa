"""FHIR R4 and R5 in JSON: each element by its own meaning, and what is written in its place still valid.

A date that is masked to something that isn't one goes away as FHIR lets values go: `_birthDate` with the extension
data-absent-reason `masked`. Logical ids and the references to them are replaced alike, by numbers in the order in which
they come, so that a Bundle still hangs together.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from typing import Final

from interlock.errors import MalformedInput
from interlock.model.label import Label
from interlock.sensitivity.formats.document import Form, Part, Piece
from interlock.sensitivity.formats.fhir_elements import Element, Meaning, Path, Told, number_told, told
from interlock.sensitivity.formats.json_text import JsonText, piece_of, write_string
from interlock.sensitivity.formats.json_tokens import JsonToken, TokenKind, json_tokens, path_text

MOST_IDS: Final = 1_000_000  # remembered in one run; ids beyond get one constant, and no links

_ABSENT: Final = (
    '{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"masked"}]}'
)
_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}\Z")
_TAIL: Final = re.compile(r"(?:.*[/:#])?([A-Za-z0-9\-.]{1,64})\Z")
_VERSION: Final = "/_history/"
_DATE: Final = re.compile(
    r"[0-9]{4}(-[0-9]{2}(-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2}))?)?)?\Z"
)
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?\Z")
_UNUSUAL: Final = re.compile(r"[0-9]{7}|[@%\s]|[0-9]{3}[-.][0-9]{2,3}[-.][0-9]{4}|[^\x00-\x7f]|A[KS]IA|gh[pousr]_")
_VOCABULARY: Final = re.compile(
    r"(?:https?://|urn:)(?![^\s]{0,500}[0-9]{3}[-.][0-9]{2,3}[-.][0-9]{4})[^\s?@%]{1,500}\Z"
)


class LogicalIds:
    """What stands for logical ids, in one run over one or many resources."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def of(self, id_: str) -> str:
        """`masked-1` for the first id that is asked for, and the same for the same."""
        if id_ not in self._known and len(self._known) >= MOST_IDS:
            return "masked"
        return self._known.setdefault(id_, f"masked-{len(self._known) + 1}")


class Fhir(JsonText):
    """The `Format` of FHIR: a resource, or a Bundle of them. `ids` may be shared by the lines of one file."""

    __slots__ = ("_ids", "_source")

    def __init__(self, ids: LogicalIds | None = None) -> None:
        super().__init__()
        self._ids, self._source = ids or LogicalIds(), ""

    def parts(self, source: str) -> Iterator[Part]:
        """As `Format` has it. Everything is one record: a Bundle mostly is one patient's. Raises `MalformedInput` for
        JSON that isn't a resource."""
        self._source = source
        tokens = list(json_tokens(source))
        texts = {t.path: t.text for t in tokens if t.kind is TokenKind.STRING}
        keys = {t.path for t in tokens if t.kind is TokenKind.KEY}
        if ("resourceType",) not in texts:
            raise MalformedInput("JSON that isn't a FHIR resource: no resourceType")
        around = _Around(texts, keys)
        for token in tokens:
            if token.kind is TokenKind.KEY and (key := piece_of(token)) is not None:
                yield key
            elif token.text and token.kind in (TokenKind.STRING, TokenKind.NUMBER):
                piece = around.piece(token, source)
                if piece is not None:
                    yield piece

    def write(self, piece: Piece, new: str) -> str:
        """As `Format` has it, of a form that the element's type allows."""
        match piece.form:
            case Form.FHIR_PRIMITIVE:
                return self._primitive(piece, new)
            case Form.FHIR_ID:
                return new if _ID.match(new) else self._ids.of(piece.text)
            case Form.FHIR_BASE64:
                return json.dumps(base64.b64encode(new.encode("utf-8", "replace")).decode())
            case Form.OPAQUE:
                return '""' if piece.context == "empty" else json.dumps(base64.b64encode(b"masked").decode())
            case Form.XHTML if not new.lstrip().startswith("<div"):
                return write_string(piece, f'<div xmlns="http://www.w3.org/1999/xhtml">{new}</div>')
            case _:
                return super().write(piece, new)

    def _primitive(self, piece: Piece, new: str) -> str:
        """The member, or its absence. Where it has extensions already, or stands in a list, what is no value there:
        the year 1900, null."""
        value, kind, place = piece.context.split(" ")
        before = self._source[piece.start : int(value)]
        fits = (_NUMBER if kind == "number" else _DATE).match(new) is not None
        if fits:
            return before + (new if kind == "number" else json.dumps(new))
        match place:
            case "member":
                key = json.loads(before[: before.rindex('"') + 1])
                return f"{json.dumps('_' + key)}:{_ABSENT}"
            case "extended":
                return before + ("0" if kind == "number" else '"1900"')
            case _:
                return before + "null"


class _Around:
    """A document's texts by path, for elements to look around in."""

    def __init__(self, texts: Mapping[Path, str], keys: set[Path]) -> None:
        self._texts, self._keys = texts, keys
        self._resources: dict[Path, str] = {}

    def at(self, path: Path) -> str:
        return self._texts.get(path, "")

    def resource(self, path: Path) -> str:
        """The type of the nearest resource that holds this path."""
        known = self._resources.get(path)
        if known is None:
            own = self.at((*path, "resourceType"))
            known = own or (self.resource(path[:-1]) if path else "")
            self._resources[path] = known
        return known

    def piece(self, token: JsonToken, source: str) -> Piece | None:
        element = Element(token.path, token.text, self.resource(token.path[:-1]), self.at)
        number = token.kind is TokenKind.NUMBER
        found = number_told(element) if number else told(element)
        where = path_text(token.path)
        match found.meaning:
            case Meaning.CODE if not _UNUSUAL.search(token.text) or _VOCABULARY.match(token.text):
                return None
            case Meaning.MOMENT | Meaning.NUMBER:
                return self._primitive(token, element.key, "number" if number else "date", found.label)
            case _ if number:
                return self._primitive(token, element.key, "number", None)
            case Meaning.ID:
                return _id(token, where, source, "Patient" if _is_patient(element) else "")
            case Meaning.ATTACHMENT:
                return _attachment(token, where)
            case Meaning.BLOB:
                return Piece(token.start, token.end, where, token.text, "", found.label, Form.OPAQUE)
            case Meaning.NARRATIVE:
                return Piece(token.start, token.end, where, token.text, "", None, Form.XHTML)
            case _:
                return self._text(token, element, where, found)

    def _text(self, token: JsonToken, element: Element, where: str, found: Told) -> Piece:
        about = found.meaning is Meaning.ABOUT
        label = found.label if found.meaning is not Meaning.CODE else None
        return Piece(token.start, token.end, where, token.text, element.key, label, Form.STRING, about=about)

    def _primitive(self, token: JsonToken, key: str, kind: str, label: Label | None) -> Piece:
        """Key and all, since the key changes where the value goes."""
        in_object = isinstance(token.path[-1], str)
        place = "list"
        if in_object:
            place = "extended" if (*token.path[:-1], f"_{key}") in self._keys else "member"
        start = token.key_start if in_object else token.start
        context = f"{token.start} {kind} {place}"
        where = path_text(token.path)
        return Piece(start, token.end, where, token.text, key, label, Form.FHIR_PRIMITIVE, context=context)


def _is_patient(element: Element) -> bool:
    return "Patient/" in element.text or (element.key == "id" and element.resource == "Patient")


def _id(token: JsonToken, where: str, source: str, telling: str) -> Piece | None:
    """The logical id at the end of a reference; the whole of one that isn't written plainly."""
    found = _TAIL.match(token.text.partition(_VERSION)[0])
    plain = found is not None and source[token.start + 1 : token.end - 1] == token.text
    if not plain or found is None:
        return Piece(token.start, token.end, where, token.text, telling, Label("phi.id"), Form.STRING)
    start = token.start + 1 + found.start(1)
    return Piece(start, start + len(found[1]), where, found[1], telling, Label("phi.id"), Form.FHIR_ID)


def _attachment(token: JsonToken, where: str) -> Piece:
    """A text in base64 is looked into; what doesn't decode is hidden."""
    try:
        text = base64.b64decode("".join(token.text.split()), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return Piece(token.start, token.end, where, token.text, "", Label("phi"), Form.OPAQUE)
    return Piece(token.start, token.end, where, text, "data", None, Form.FHIR_BASE64)
