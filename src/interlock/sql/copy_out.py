"""COPY ... TO STDOUT: its options, and the query that shows the same columns.

Options as PostgreSQL's copy.c (ProcessCopyOptions) reads them, for text and CSV. What it would refuse is refused here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from interlock.errors import NotUnderstood
from interlock.model.snapshot import Relation
from interlock.sql.parse import COMMENTS, Parsed, parse, same_tree
from interlock.sql.shape import CopyFormat, CopyOptions, Refusal
from interlock.sql.tree import Fields, Node, constant, typed, words

_TRUE: Final = frozenset({"true", "on", "1"})
_FALSE: Final = frozenset({"false", "off", "0"})
_CHARACTERS: Final = ("delimiter", "null", "quote", "escape")
_NOT_DELIMITERS: Final = frozenset("\\.abcdefghijklmnopqrstuvwxyz0123456789")  # copy.c: for the text format


def refused_form(fields: Fields) -> Refusal | None:
    """Why a COPY isn't one to standard output, if it isn't."""
    if fields.get("is_program"):
        return Refusal("copy", "COPY ... PROGRAM isn't let through")
    if fields.get("filename"):
        return Refusal("copy", "COPY to or from a server file isn't let through")
    if fields.get("is_from"):
        return Refusal("not_built", "COPY ... FROM isn't built yet")
    return None


def options(fields: Fields) -> CopyOptions | Refusal:
    """The options of a COPY TO, or why they are refused."""
    given: dict[str, Any] = {}
    for item in fields.get("options", ()):
        option = typed(item)[1]
        name = str(option.get("defname", ""))
        if name in given:
            return Refusal("copy", "a COPY option is given twice")
        given[name] = option.get("arg")
    unknown = given.keys() - {"format", "header", "encoding", "force_quote", *_CHARACTERS}
    if unknown:
        return Refusal("not_built", f"the COPY option {min(unknown)} isn't built yet")
    if "encoding" in given and (constant(given["encoding"]) or "").lower().replace("-", "") != "utf8":
        return Refusal("copy", "COPY is let through in UTF-8 only")
    return _read(given)


def _read(given: Mapping[str, Any]) -> CopyOptions | Refusal:
    form = (constant(given["format"]) or "") if "format" in given else "text"
    if form not in ("text", "csv"):
        return Refusal("not_built", "COPY is let through in text and CSV only")
    csv = form == "csv"
    header = _boolean(given["header"]) if "header" in given else False
    if header is None:
        return Refusal("not_built", "this COPY header isn't built yet")
    if not csv and {"quote", "escape", "force_quote"} & given.keys():
        return Refusal("copy", "a COPY option needs the CSV format")
    characters = _characters(given, csv)
    if characters is None:
        return Refusal("copy", "a COPY delimiter, quote, escape or null string isn't one that PostgreSQL takes")
    every, columns = _forced(given.get("force_quote"))
    return CopyOptions(CopyFormat(form), header, *characters, force_quote=columns, force_quote_all=every)


def _characters(given: Mapping[str, Any], csv: bool) -> tuple[str, str, str, str] | None:
    """(delimiter, null, quote, escape); None when copy.c would refuse them."""
    values = {n: constant(given[n]) for n in _CHARACTERS if n in given}
    if None in values.values():
        return None
    text = {n: str(v) for n, v in values.items()}
    delimiter = text.get("delimiter", "," if csv else "\t")
    null = text.get("null", "" if csv else "\\N")
    quote = text.get("quote", '"')
    escape = text.get("escape", quote)
    single = all(len(c) == 1 and c.isascii() and c not in "\r\n\0" for c in (delimiter, quote, escape))
    clash = (csv and (delimiter == quote or quote in null)) or (not csv and delimiter in _NOT_DELIMITERS)
    if not single or clash or "\r" in null or "\n" in null or delimiter in null:
        return None
    return delimiter, null, quote, escape


def _boolean(value: Any) -> bool | None:
    if value is None:
        return True
    word = (constant(value) or "").lower()
    return True if word in _TRUE else False if word in _FALSE else None


def _forced(value: Any) -> tuple[bool, frozenset[str]]:
    if value is None:
        return False, frozenset()
    kind, fields = typed(value)
    if kind == "A_Star":
        return True, frozenset()
    return False, frozenset(words(fields.get("items")))


def inner_text(parsed: Parsed, query: Node) -> bytes:
    """The SELECT inside `COPY (...)`, as written; proved to be the same tree. Raises `NotUnderstood`."""
    tokens = [t for t in parsed.tokens if t.name not in COMMENTS]
    opening = next((t for t in tokens if t.text == "("), None)
    if opening is None:
        raise NotUnderstood("the query inside COPY can't be found")
    depth = 0
    for token in tokens:
        depth += (token.text == "(") - (token.text == ")")
        if depth == 0 and token.text == ")":
            text = parsed.text[opening.end : token.start].strip()
            inner = parse(text)
            if len(inner.statements) == 1 and same_tree(inner.statements[0], {query[0]: query[1]}):
                return text
            break
    raise NotUnderstood("the query inside COPY can't be found")


def table_text(relation: Relation, columns: tuple[str, ...]) -> bytes | None:
    """A SELECT of the columns that `COPY table` copies; None when a column isn't one of the table's.

    Without a list it is the server's own star: names of ours would be described in our order, and a table whose columns
    were renamed since would copy them in another.
    """
    known = {c.name for c in relation.columns}
    if not set(columns) <= known:
        return None
    listed = ", ".join(quoted(c) for c in columns) or "*"
    source = f"{quoted(relation.schema)}.{quoted(relation.name)}"
    return f"SELECT {listed} FROM {source}".encode()  # noqa: S608  every name is one of the snapshot's, and quoted


def quoted(name: str) -> str:
    """An identifier in quotes."""
    return '"' + name.replace('"', '""') + '"'
