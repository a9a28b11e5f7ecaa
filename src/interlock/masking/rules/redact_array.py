"""Redact an array: an array of texts becomes one with a single token in it, such as `{[phi.mrn]}`.

NULL in its place would do as well for the value, but clients take an array to be one: SQLAlchemy's reflection ends in
an error where the labels of an enum are NULL.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from typing import Final

from interlock.masking.replacement import Replacement
from interlock.masking.tokens import token_of
from interlock.model.label import Label

# pg_type.oid of arrays of text-like types (name, text, bpchar, varchar), and of their members.
TEXT_ARRAYS: Final[Mapping[int, int]] = {1003: 19, 1009: 25, 1014: 1042, 1015: 1043}


def redact_array(labels: Iterable[Label], keeps_null: bool, type_oid: int, format: int) -> Replacement:
    """A mask for a column of one of `TEXT_ARRAYS` with these labels, in text (0) or binary (1) format.

    Both forms are array_out's and array_send's (PostgreSQL sources, arrayfuncs.c): dimensions, whether there are NULLs,
    the members' type; for each dimension its length and lower bound; then each member with its length.
    """
    token = token_of(labels).encode()
    if format == 0:
        return Replacement(b'{"' + token + b'"}', keeps_null)
    head = struct.pack("!iiIiii", 1, 0, TEXT_ARRAYS[type_oid], 1, 1, len(token))
    return Replacement(head + token, keeps_null)
