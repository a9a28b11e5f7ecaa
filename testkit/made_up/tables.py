"""A table as applications keep them: an id, names, numbers, a status, an amount, a town, and a note of free text."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from testkit.made_up.people import People

COLUMNS: Final = (
    ("id", "bigint"),
    ("first_name", "text"),
    ("last_name", "text"),
    ("ssn", "text"),
    ("dob", "date"),
    ("email", "text"),
    ("status", "text"),
    ("amount", "numeric"),
    ("city", "text"),
    ("note", "text"),
)
"""The columns and their types, in order."""
HELD: Final = 0.2
"""Of the notes, the share that holds an identifier."""

_SUBJECTS: Final = """\
the order|the second parcel|the form|the refund|the old device|the invoice|the last payment|the replacement|the claim
the transfer|the appointment|the report|the first delivery|the account change|the complaint|the subscription"""
_ACTS: Final = """\
was sent back because it came too late|arrived in good condition|is still open and waits for an answer
was paid in full after the second reminder|could not be found in the system|was cancelled by mistake
needs to be looked at again|was moved to another day|has been closed|was changed as asked
is missing two pages|was handed over at the desk|came without the right cable|was checked twice"""
_THEN: Final = """\
no further action needed|they will call again after lunch|please check before the end of the week
sent a copy by post|asked to wait for the new price list|left a message|will be done with the next batch
said it was fine as it is|told them that it may take some days|nothing else to add|closed for now|waiting for stock"""
_HELD_BY: Final = (
    "call back at {phone}|asked us to write to {email}|spoke with {name}|new address is {street}|ssn given as {ssn}"
    "|came in on {date} with the papers|card {card} was declined|ask for {given} at the desk"
)


def table(seed: int, rows: int) -> Mapping[str, Sequence[str]]:
    """The columns by name, each with a value a row. Names, towns and identifiers in notes are from lists of some
    hundred; numbers and addresses are each row's own."""
    chance, people = random.Random(seed), People(seed)  # noqa: S311  the same each time is the point
    makers = people.makers()
    given, family = [people.given() for _ in range(400)], [people.family() for _ in range(800)]
    towns = [makers["place"][1]() for _ in range(300)]
    held = {kind: [maker() for _ in range(300)] for kind, (_, maker) in makers.items() if "{" + kind + "}" in _HELD_BY}
    made: dict[str, list[str]] = {name: [] for name, _ in COLUMNS}
    for row in range(rows):
        first, last = chance.choice(given), chance.choice(family)
        values = (
            str(100_000 + row),
            first,
            last,
            f"{chance.randrange(1, 899):03}-{chance.randrange(1, 99):02}-{chance.randrange(1, 9999):04}",
            str(date(1930, 1, 1) + timedelta(chance.randrange(28_000))),
            f"{first[:1]}{last}{row}@example.org".lower().replace(" ", ""),
            chance.choice(("open", "paid", "closed", "sent")),
            f"{chance.randrange(100, 99_999) / 100:.2f}",
            chance.choice(towns),
            _note(chance, row, held),
        )
        for (name, _), value in zip(COLUMNS, values, strict=True):
            made[name].append(value)
    return made


def _note(chance: random.Random, row: int, held: Mapping[str, Sequence[str]]) -> str:
    """40 to 120 characters, no two alike: a number of something is in each."""
    subject, act, then = (chance.choice(each.replace("\n", "|").split("|")) for each in (_SUBJECTS, _ACTS, _THEN))
    if chance.random() < HELD:
        form = chance.choice(_HELD_BY.split("|"))
        then = form.format_map({kind: chance.choice(values) for kind, values in held.items()})
    return f"ticket {row}: {subject} {act}, {then}"
