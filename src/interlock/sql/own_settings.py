"""`SET interlock.reason` and the like: what a client tells the gateway, never the server; and what SHOW tells it.

They hold for the session from the moment they are set, whatever becomes of the transaction; RESET, the empty text,
RESET ALL and DISCARD ALL end them. SET LOCAL is refused: what is gone at the next COMMIT is easily thought in force.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from interlock.sql.effects import (
    AskReveal,
    ChooseWait,
    ColumnName,
    GiveKey,
    GiveReason,
    GiveTicket,
    SessionEffect,
    ShowOurs,
    Wait,
)
from interlock.sql.identifiers import MAX_IDENTIFIER
from interlock.sql.shape import Refusal
from interlock.sql.tree import Fields, joined

MAX_REASON: Final = 1000  # characters
MAX_REVEALED: Final = 64  # columns

SHOWN: Final = ("review", "why", "masked", "wait", "reason", "ticket", "reveal", "idempotency_key")
"""What SHOW tells, each behind `interlock.`."""

_KEY = re.compile(r"[ -~]{0,200}")
_TICKET = re.compile(r"[A-Za-z0-9._/#-]{2,64}")
# As PostgreSQL's scanner takes them (scan.l: ident_start, ident_cont, xd), whole names with the dot or comma behind.
_NAME = re.compile(
    r'\s*(?:"(?P<quoted>(?:[^"]|"")+)"|(?P<bare>[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_$\x80-\U0010ffff]*))\s*'
    r"(?P<behind>[.,]|\Z)"
)

_WRONG: Final = {
    "interlock.reason": f"interlock.reason takes one text of at most {MAX_REASON} characters",
    "interlock.ticket": "interlock.ticket takes 2 to 64 characters: letters, digits and . _ / # -",
    "interlock.reveal": f"interlock.reveal takes up to {MAX_REVEALED} columns, each as table.column or"
    " schema.table.column, with commas between them",
    "interlock.wait": "interlock.wait takes attached or deferred",
    "interlock.idempotency_key": "interlock.idempotency_key takes up to 200 printable ASCII characters",
}


def judge(fields: Fields, kind: str, name: str) -> SessionEffect | Refusal:
    """What a SET or RESET of one of our settings does."""
    if name not in _READERS:
        return Refusal("setting", f"Interlock has no setting of that name; it has {_LISTED}")
    if fields.get("is_local"):
        return Refusal("setting", f"{name} holds for the session: use SET, and RESET when it is no longer wanted")
    if kind in ("VAR_RESET", "VAR_SET_DEFAULT"):
        value: str | None = ""
    else:
        value = joined(fields.get("args", ())) if kind == "VAR_SET_VALUE" else None
    effect = _READERS[name](value) if value is not None else None
    return effect or Refusal("setting", _WRONG[name])


def judge_show(name: str) -> ShowOurs | Refusal:
    """What `SHOW interlock.name` asks for."""
    short = name.removeprefix("interlock.")
    if short in SHOWN:
        return ShowOurs(short)
    return Refusal("setting", f"Interlock shows interlock.{', interlock.'.join(SHOWN)}")


def columns_in(text: str) -> tuple[ColumnName, ...] | None:
    """The columns named in a text such as `patients.mrn, public."Wards".title`; None when it isn't of that form."""
    found: list[ColumnName] = []
    parts: list[str] = []
    at = 0
    while at < len(text):
        match = _NAME.match(text, at)
        part = _folded(match) if match else None
        if match is None or part is None:
            return None
        parts.append(part)
        at = match.end()
        if match["behind"] == ".":
            continue
        if len(parts) not in (2, 3) or len(found) == MAX_REVEALED:
            return None
        found.append(ColumnName("" if len(parts) == 2 else parts[0], *parts[-2:]))
        parts = []
    complete = not parts and not text.rstrip().endswith(",")
    return tuple(found) if complete else None


def _folded(match: re.Match[str]) -> str | None:
    """A part as the server reads it; None for one too long to be a name."""
    quoted = match["quoted"]
    name = (
        "".join(c.lower() if c.isascii() else c for c in match["bare"]) if quoted is None else quoted.replace('""', '"')
    )
    return name if len(name.encode()) <= MAX_IDENTIFIER else None


def _reason(value: str) -> SessionEffect | None:
    return GiveReason(value) if len(value) <= MAX_REASON else None


def _ticket(value: str) -> SessionEffect | None:
    return GiveTicket(value) if not value or _TICKET.fullmatch(value) else None


def _reveal(value: str) -> SessionEffect | None:
    columns = columns_in(value) if value.strip() else ()
    return None if columns is None else AskReveal(columns)


def _wait(value: str) -> SessionEffect | None:
    word = value.lower() or Wait.ATTACHED.value  # what a session begins with
    return ChooseWait(Wait(word)) if word in (Wait.ATTACHED, Wait.DEFERRED) else None


def _key(value: str) -> SessionEffect | None:
    return GiveKey(value) if _KEY.fullmatch(value) else None


_READERS: Final[Mapping[str, Callable[[str], SessionEffect | None]]] = {
    "interlock.reason": _reason,
    "interlock.ticket": _ticket,
    "interlock.reveal": _reveal,
    "interlock.wait": _wait,
    "interlock.idempotency_key": _key,
}
_LISTED: Final = ", ".join(_READERS)
