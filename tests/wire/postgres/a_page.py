"""The page about messages, written from the table. `python -m tests.wire.postgres.a_page` writes it anew."""

from __future__ import annotations

from pathlib import Path

from interlock.wire.postgres import messages
from interlock.wire.postgres.messages import MessageType, Sender

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "postgres-messages.md"

_HEAD = """# Messages of the PostgreSQL door

Every message of protocol 3.2, and what the door does with it. `forward`: it goes on as it is, or masked.
`understand`: it is read and acted upon; what goes on is the gateway's own. `answer`: the gateway answers it.
`refuse`: an error, or the end of the connection. A type that isn't here closes the connection. The page is written from
`wire/postgres/messages.py`, and a test holds both to the code.
"""


def page() -> str:
    """The whole page."""
    sides = {
        "From the client": [row for row in messages.rows() if row.sender is Sender.CLIENT],
        "From the server": [row for row in messages.rows() if row.sender is Sender.SERVER],
    }
    parts = [_HEAD, *(_side(title, rows) for title, rows in sides.items())]
    kinds = [f"| {k.number} | {k.name} | {k.treatment} | {k.sentence} |" for k in messages.AUTHENTICATION]
    head = ["## Authentication, by kind", "", "| number | kind | treatment | |", "|---|---|---|---|"]
    return "\n".join((*parts, "\n".join((*head, *kinds)))) + "\n"


def _side(title: str, rows: list[MessageType]) -> str:
    lines = [f"| {_code(r)} | {r.name} | {r.treatment} | {r.sentence} |" for r in rows]
    return "\n".join((f"## {title}", "", "| type | message | treatment | |", "|---|---|---|---|", *lines)) + "\n"


def _code(row: MessageType) -> str:
    return f"`{row.code.decode('ascii')}`" if row.code else "untyped"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
