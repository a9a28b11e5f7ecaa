"""The first part of leaks.md, line by line, through a real door: no canary out, and what is harmless comes unchanged.

Each attack is tried in every mode of asking; every byte that comes back is searched for every canary in every form.
Each neighbour is asked through the door and of the server itself with the same bytes; the answers must be the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import pytest
from tests.leaks.a_house_of_canaries import CATALOG, again, made, sightings
from tests.leaks.a_line import Attack
from tests.leaks.a_table_of_doors import BESIDE
from tests.leaks.a_table_of_rows import ROWS
from tests.leaks.a_table_of_shapes import SHAPES
from tests.leaks.a_talk import Answer, Mode, Talk
from tests.postgres_fixture import Database
from tests.promises.a_stage import ANYTHING, Stage, stage

LINES: Final = (*ROWS, *SHAPES, *BESIDE)
ATTACKS: Final = tuple(attack for line in LINES for attack in line.attacks)
NEIGHBOURS: Final = tuple(neighbour for line in LINES for neighbour in line.neighbours)
MODES: Final = tuple(Mode)

# Neighbours that don't come back unchanged, and why nothing was done about it.
OVER_MASKED: Final[dict[tuple[str, ...], str]] = {
    (
        "SELECT nextval('counter')",
        "SELECT currval('counter')",
    ): "a sequence keeps what is put into it for everybody, and"
    " no label follows: sequences that no table numbers its rows by are refused, whatever is in them",
}

Open = Callable[[], Awaitable[Talk]]


@pytest.fixture
def house(empty_database: Database) -> Database:
    """The canaries, each in its labelled column."""
    empty_database.execute(*made())
    return empty_database


def direct(house: Database) -> Open:
    """Opens sessions with the server itself, under the login that the gateway has."""
    where = f"host={house.server.host} port={house.server.port} dbname={house.name} user={house.user}"
    return lambda: Talk.open(f"{where} password={house.password.reveal()}")


def through(running: Stage) -> Open:
    """Opens sessions with the door."""
    return lambda: Talk.open(running.gateway.conninfo())


async def tried(opened: Open, attack: Attack, mode: Mode) -> tuple[bytes, int]:
    """All that an attack was told, and how many of its statements were refused."""
    heard, refused = b"", 0
    for statements in (attack.statements, attack.then):
        if not statements:
            continue
        async with await opened() as talk:
            for text in statements:
                if not talk.broken:
                    refused += (await talk.ask(text, mode)).refused
            heard += bytes(talk.heard)
    return heard, refused


async def all_tried(opened: Open, house: Database, mode: Mode) -> tuple[dict[str, set[str]], int]:
    """The attacks that showed a canary, with what was seen; and how many were answered in full."""
    found: dict[str, set[str]] = {}
    answered = 0
    for attack in ATTACKS:
        heard, refused = await tried(opened, attack, mode)
        if seen := sightings(heard):
            found["; ".join((*attack.statements, *attack.then))] = seen
        answered += not refused
        if not attack.reads_only:
            await asyncio.to_thread(house.execute, *again())
    return found, answered


async def asked(opened: Open, statements: tuple[str, ...], mode: Mode) -> list[Answer]:
    """The answers to the statements of one session."""
    async with await opened() as talk:
        return [await talk.ask(text, mode) for text in statements]


@pytest.mark.parametrize("mode", MODES)
async def test_no_attack_gets_a_canary_out(
    tmp_path: Path, house: Database, mode: Mode, record_property: Callable[[str, object], None]
) -> None:
    async with stage(tmp_path, house, CATALOG, policy=ANYTHING) as running:
        found, answered = await all_tried(through(running), house, mode)
    record_property("leaks", (mode.value, len(ATTACKS), len(found)))
    assert not found, "\n".join(f"{text}: {sorted(seen)[:3]}" for text, seen in found.items())
    assert answered > len(ATTACKS) / 3, "so many were refused that hardly anything was tried"


@pytest.mark.parametrize("mode", MODES)
async def test_every_neighbour_comes_back_unchanged(
    tmp_path: Path, house: Database, mode: Mode, record_property: Callable[[str, object], None]
) -> None:
    over: dict[tuple[str, ...], tuple[object, object]] = {}
    async with stage(tmp_path, house, CATALOG, policy=ANYTHING) as running:
        for statements in NEIGHBOURS:
            answers = []
            for opened in (through(running), direct(house)):
                answers.append(await asked(opened, statements, mode))
                if not Attack(statements).reads_only:
                    await asyncio.to_thread(house.execute, *again())
            ours, own = ([answer.said for answer in told] for told in answers)
            several = ";" in statements[0] and mode is not Mode.SIMPLE  # which the server refuses
            assert several or not any(answer.refused for answer in answers[1]), statements
            if ours != own and not several:
                over[statements] = (ours, own)
    record_property("neighbours", (mode.value, len(NEIGHBOURS), len(over)))
    more = {statements: told for statements, told in over.items() if statements not in OVER_MASKED}
    assert not more, "\n".join(f"{statements}:\n  {ours}\n  {own}" for statements, (ours, own) in more.items())


async def test_the_same_search_finds_them_where_no_gateway_stands(house: Database) -> None:
    """The tests' own test: every attack that isn't called quiet shows a canary to whoever asks the server itself."""
    found, _ = await all_tried(direct(house), house, Mode.SIMPLE)
    shown = {"; ".join((*a.statements, *a.then)) for a in ATTACKS if not a.quiet}
    assert len(shown) > 150
    assert shown <= set(found), "\n".join(sorted(shown - set(found)))
