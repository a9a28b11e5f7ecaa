"""Constants as the text forms in which they can be bound instead.

EXECUTE would evaluate an argument and then coerce it to the parameter's type; we send its text, which the parameter's
type reads. Both come to the same only where a cast changes nothing of the text. So a cast must be to a type whose
values print just as they are written here; what has a length, a precision or more than one spelling is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from interlock.sql.tree import constant, typed, words


class NotConstant(Exception):
    """An argument isn't a constant whose text form is sure."""


_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?")
_WHOLE = re.compile(r"-?(?:0|[1-9]\d*)")
_BOOLEANS: Final[Mapping[str, str]] = {"true": "true", "t": "true", "false": "false", "f": "false"}
_PRINTED: Final[Mapping[str, re.Pattern[str]]] = {
    "bpchar": re.compile(r"(?s)(?:.*[^ ])?"),  # whose trailing spaces are lost on the way to another type
    "text": re.compile(r"(?s).*"),
    "varchar": re.compile(r"(?s).*"),
    "json": re.compile(r"(?s).*"),
    "unknown": re.compile(r"(?s).*"),
    "int2": _WHOLE,
    "int4": _WHOLE,
    "int8": _WHOLE,
    "oid": re.compile(r"0|[1-9]\d*"),
    "numeric": _NUMBER,
    "date": re.compile(r"[1-9]\d{3}-\d\d-\d\d"),
    "uuid": re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"),
}


def text_form(value: Mapping[str, Any]) -> str | None:
    """The text of a constant, None for NULL; raises `NotConstant`."""
    kind, fields = typed(value)
    match kind:
        case "A_Const":
            return _constant(value, fields)
        case "TypeCast":
            return _cast(text_form(fields["arg"]), fields["typeName"])
        case "A_Expr":
            return _signed(fields)
        case _:
            raise NotConstant


def _constant(value: Mapping[str, Any], fields: Mapping[str, Any]) -> str | None:
    if fields.get("isnull"):
        return None
    text = constant(value)
    if text is None or "bsval" in fields or ("fval" in fields and not _NUMBER.fullmatch(text)):
        raise NotConstant
    return text


def _cast(text: str | None, type_name: Mapping[str, Any]) -> str | None:
    name = words(type_name.get("names"))
    plain = len(name) == 1 or (len(name) == 2 and name[0] == "pg_catalog")
    if not plain or type_name.keys() & {"typmods", "arrayBounds", "setof", "pct_type"}:
        raise NotConstant
    if name[-1] == "bool":
        text = None if text is None else _BOOLEANS.get(text, "")
    elif name[-1] not in _PRINTED or (text is not None and not _PRINTED[name[-1]].fullmatch(text)):
        raise NotConstant
    if text == "" and name[-1] == "bool":
        raise NotConstant
    return text


def _signed(fields: Mapping[str, Any]) -> str | None:
    """A number behind one sign. `-` of the grammar's own is in the constant already; this is one before a cast."""
    sign = words(fields.get("name"))
    if fields.get("kind") != "AEXPR_OP" or "lexpr" in fields or sign not in (("-",), ("+",)):
        raise NotConstant
    inner = typed(fields["rexpr"])
    bare = inner[1]["arg"] if inner[0] == "TypeCast" else fields["rexpr"]
    number = typed(bare)
    if number[0] != "A_Const" or not number[1].keys() & {"ival", "fval"}:
        raise NotConstant
    text = text_form(fields["rexpr"])
    if text is None or text.startswith("-") or not _NUMBER.fullmatch(text):
        raise NotConstant
    return text if sign == ("+",) or text.strip("0.") == "" else f"-{text}"
