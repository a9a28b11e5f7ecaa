"""The values of search_path that are let through: plain names of schemas, and nothing that hides one object by another.

After one, the door asks the server anew which schemas its path comes to, and judges texts by that.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

MAX_SCHEMAS: Final = 32

_PLAIN = re.compile(r"\$user|[A-Za-z_][A-Za-z0-9_$]{0,62}")
_ELEMENT = re.compile(r'\s*(?:"(?P<quoted>[^"]*)"|(?P<bare>[^\s",]+))\s*')


def plain_schemas(elements: Sequence[str]) -> bool:
    """Whether each is a schema's name (`$user` and the empty one included), and none is for temporary objects."""
    return len(elements) <= MAX_SCHEMAS and all(not e or _is_plain(e) for e in elements)


def elements_of(text: str) -> tuple[str, ...] | None:
    """The names in one text, as the server splits it (SplitIdentifierString); None when it isn't of that form."""
    if not text.strip():
        return ()
    found = []
    for part in text.split(","):
        match = _ELEMENT.fullmatch(part)
        if match is None:
            return None
        found.append(match["bare"].lower() if match["quoted"] is None else match["quoted"])
    return tuple(found)


def _is_plain(name: str) -> bool:
    return _PLAIN.fullmatch(name) is not None and not name.lower().startswith(("pg_temp", "pg_toast"))
