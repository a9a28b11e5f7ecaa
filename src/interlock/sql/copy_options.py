"""COPY's options, both ways, as PostgreSQL's copy.c (ProcessCopyOptions) reads them.

What it would refuse is refused here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from interlock.sql.shape import CopyFormat, CopyOptions, Refusal
from interlock.sql.tree import Fields, constant, typed, words

_TRUE: Final = frozenset({"true", "on", "1"})
_FALSE: Final = frozenset({"false", "off", "0"})
_CHARACTERS: Final = ("delimiter", "null", "quote", "escape")
_NOT_DELIMITERS: Final = frozenset("\\.abcdefghijklmnopqrstuvwxyz0123456789")  # copy.c: for the text format
_CSV_ONLY: Final = frozenset({"quote", "escape", "force_quote", "force_null", "force_not_null"})
_OUT_ONLY: Final = frozenset({"force_quote"})
_IN_ONLY: Final = frozenset(
    {"default", "force_null", "force_not_null", "freeze", "log_verbosity", "on_error", "reject_limit"}
)
_BOTH: Final = frozenset({"format", "header", "encoding", *_CHARACTERS})
_BINARY: Final = frozenset({"format", "encoding", "freeze", "log_verbosity", "on_error"})

_BINARY_OPTIONS: Final = CopyOptions(CopyFormat.BINARY, False, "\t", "\\N", '"', '"', frozenset(), False)


def options(fields: Fields) -> CopyOptions | Refusal:
    """The options of a COPY, or why they are refused."""
    given: dict[str, Any] = {}
    for item in fields.get("options", ()):
        option = typed(item)[1]
        name = str(option.get("defname", ""))
        if name in given:
            return Refusal("copy", "a COPY option is given twice")
        given[name] = option.get("arg")
    inward = bool(fields.get("is_from"))
    unknown = given.keys() - (_BOTH | (_IN_ONLY if inward else _OUT_ONLY))
    if unknown:
        return Refusal("not_built", f"the COPY option {min(unknown)} isn't let through here")
    if "encoding" in given and (constant(given["encoding"]) or "").lower().replace("-", "") != "utf8":
        return Refusal("copy", "COPY is let through in UTF-8 only")
    read = _read(given, inward)
    return _inward(read, given) if inward and isinstance(read, CopyOptions) else read


def _read(given: Mapping[str, Any], inward: bool) -> CopyOptions | Refusal:
    form = (constant(given["format"]) or "") if "format" in given else "text"
    if form not in ("text", "csv", "binary"):
        return Refusal("copy", "COPY is let through in text, CSV and binary only")
    if form == "binary":
        if given.keys() - _BINARY:
            return Refusal("copy", "a COPY option can't be given in the binary format")
        return _BINARY_OPTIONS
    csv = form == "csv"
    matched = inward and (constant(given.get("header")) or "").lower() == "match"
    header = True if matched else _boolean(given["header"]) if "header" in given else False
    if header is None:
        return Refusal("not_built", "this COPY header isn't built yet")
    if not csv and _CSV_ONLY & given.keys():
        return Refusal("copy", "a COPY option needs the CSV format")
    characters = _characters(given, csv)
    if characters is None:
        return Refusal("copy", "a COPY delimiter, quote, escape or null string isn't one that PostgreSQL takes")
    every, columns = _forced(given.get("force_quote"))
    read = CopyOptions(CopyFormat(form), header, *characters, force_quote=columns, force_quote_all=every)
    return replace(read, header_match=matched) if matched else read


def _inward(read: CopyOptions, given: Mapping[str, Any]) -> CopyOptions | Refusal:
    """What only COPY FROM takes."""
    on_error = (constant(given["on_error"]) or "").lower() if "on_error" in given else "stop"
    if on_error not in ("stop", "ignore") or (on_error == "ignore" and read.format is CopyFormat.BINARY):
        return Refusal("copy", "COPY's ON_ERROR takes stop, and in text and CSV ignore")
    if "log_verbosity" in given and (constant(given["log_verbosity"]) or "").lower() not in _VERBOSITIES:
        return Refusal("copy", "COPY's LOG_VERBOSITY takes silent, default and verbose")
    if "reject_limit" in given and on_error != "ignore":
        return Refusal("copy", "COPY's REJECT_LIMIT needs ON_ERROR ignore")
    if "freeze" in given and _boolean(given["freeze"]) is None:
        return Refusal("copy", "COPY's FREEZE takes true and false")
    default = constant(given["default"]) if "default" in given else None
    if "default" in given and not _is_default(default, read):
        return Refusal("copy", "COPY's DEFAULT isn't one that PostgreSQL takes")
    nulls, not_nulls = _forced(given.get("force_null")), _forced(given.get("force_not_null"))
    return replace(
        read,
        default=default,
        force_null=None if nulls[0] else nulls[1],
        force_not_null=None if not_nulls[0] else not_nulls[1],
        skips_errors=on_error == "ignore",
    )


_VERBOSITIES: Final = ("silent", "default", "verbose")


def _is_default(default: str | None, read: CopyOptions) -> bool:
    if default is None or "\r" in default or "\n" in default or read.delimiter in default:
        return False
    return default != read.null and not (read.format is CopyFormat.CSV and read.quote in default)


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
    """(all columns, those named)."""
    if value is None:
        return False, frozenset()
    kind, fields = typed(value)
    if kind == "A_Star":
        return True, frozenset()
    return False, frozenset(words(fields.get("items")))
