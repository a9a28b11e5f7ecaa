"""Redact: a text becomes a token that names its label, such as `[phi.mrn]`."""

from __future__ import annotations

from collections.abc import Iterable

from interlock.masking.replacement import Replacement
from interlock.masking.tokens import token_of
from interlock.masking.value import About, Kind, Outcome, Value
from interlock.model.label import Label

# pg_type.oid of the built-in types that any string is a value of, with the same bytes in text and in binary format:
# name, text, unknown, bpchar, varchar. A token in any other type would break the client's parser.
TEXT_LIKE = frozenset((19, 25, 705, 1042, 1043))


def redact(labels: Iterable[Label], keeps_null: bool) -> Replacement:
    """A mask for a text-like column with these labels (at least one)."""
    return Replacement(token_of(labels).encode(), keeps_null)


def redacted(value: Value, about: About) -> Outcome:
    """The token in place of any text, as a string of JSON in place of a document; NULL in place of all else."""
    return redacted_as(token_of([about.label]), about.kind)


def redacted_as(token: str, kind: Kind) -> str | None:
    """This token where one fits, else None. No token needs escaping in JSON."""
    match kind:
        case Kind.TEXT:
            return token
        case Kind.JSON:
            return f'"{token}"'
        case _:
            return None
