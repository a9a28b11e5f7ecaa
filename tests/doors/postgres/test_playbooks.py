"""Every flow of the protocol as a playbook: as PostgreSQL answers it, and however the streams are cut."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.doors.postgres.a_playbook import EACH_BYTE, UNCUT, Cut, Playbook, play, script
from tests.doors.postgres.a_playhouse import TABLES, House, directly, house
from tests.doors.postgres.playbooks_changes import CHANGES
from tests.doors.postgres.playbooks_queries import QUERIES
from tests.postgres_fixture import Database

FAMILIES: Mapping[str, tuple[Playbook, ...]] = {**QUERIES, **CHANGES}
PLAYBOOKS = [book for family in FAMILIES.values() for book in family]
GRAINS = (1, 2, 3, 7)
STRIDE = 17  # bytes; no divisor of what messages are long
FAR = 1 << 20  # bytes; more than anybody says here at once


@dataclass(frozen=True, slots=True)
class Otherwise:
    """Where the server answers something else, by design."""

    book: str
    ours: str
    theirs: str
    because: str


MASKED = "labelled values are masked"
OPAQUE = "what a function of somebody's returns may be any labelled value"
WHOLE = "a unit is decided whole, and nothing of it runs if any of it is refused"
UNREAD = "what our parser refuses is denied, and recorded as denied"
OTHERWISE = (
    Otherwise("labelled values", "[phi.ssn]", "900-11-2221", MASKED),
    Otherwise("labelled results in binary", "[phi.ssn]", "900-11-2221", MASKED),
    Otherwise("labelled values in parts", "[phi.ssn]", "900-11-2221", MASKED),
    Otherwise("a portal of a cursor, described", "[phi.ssn]", "900-11-2221", MASKED),
    Otherwise("a masked value isn't copied in", "E(42501) Z(E)", "C(COPY 1) Z(T)", "a mask is no value to be stored"),
    Otherwise("LISTEN and NOTIFY", "C(NOTIFY) A(news|[phi.ssn])", "C(NOTIFY) A(news|)", MASKED),
    Otherwise("LISTEN and NOTIFY", "A(news|[phi.ssn])", "A(news|hello)", MASKED),
    Otherwise("a notification of a transaction", "A(news|[phi.ssn])", "A(news|)", MASKED),
    Otherwise("a notice", "D(NULL)", "D(1)", OPAQUE),
    Otherwise("a notice in a pipeline", "D(NULL)", "D(1)", OPAQUE),
    Otherwise(
        "SHOW behind others",
        "E(0A000)",
        "T(a:23) D(1) C(SELECT 1) T(DateStyle:25) D(ISO, MDY) C(SHOW)",
        "what a statement before it has set isn't session traffic to show",
    ),
    Otherwise("COMMIT AND CHAIN", "E(42501) Z(E)", "C(COMMIT) Z(T)", UNREAD),
    Otherwise("a Parse that fails, and skipping to Sync", "E(42601)", "1 2 D(1) C(SELECT 1) E(42601)", WHOLE),
    Otherwise("a refused statement in a pipeline", "E(42501)", "1 2 D(1) C(SELECT 1) 1 2 E(42501)", WHOLE),
    Otherwise(
        "exactly as many rows as asked for",
        "E(0A000) Z(E)",
        "1 2 D(1) D(2) D(3) s C(SELECT 0) Z(T)",
        "whether a portal goes on isn't known before its first run, which is in the same unit",
    ),
    Otherwise("exactly as many rows as asked for", "C(ROLLBACK)", "C(COMMIT)", "the refusal failed the transaction"),
    Otherwise("a length below its own four", "E(FATAL 08P01)", "", "the server closes without a word"),
)


def test_each_playbook_has_a_name_of_its_own() -> None:
    assert len({book.name for book in PLAYBOOKS}) == len(PLAYBOOKS)


@pytest.mark.asyncio(loop_factories=["uvloop"])
@pytest.mark.parametrize("family", FAMILIES)
async def test_however_the_client_is_cut(
    family: str, tmp_path: Path, empty_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind every byte, in pieces of STRIDE, and byte by byte: the same answers."""
    async with house(tmp_path, empty_database, monkeypatch) as theatre:
        await _play(theatre, FAMILIES[family], lambda book: [*(Cut(at, STRIDE) for at in range(STRIDE)), EACH_BYTE])


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
async def test_however_the_client_is_cut_in_two(
    family: str, tmp_path: Path, empty_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In two pieces, at every byte. Everything is cut at the same place in one run, so that there are as many runs as
    the longest has bytes."""
    async with house(tmp_path, empty_database, monkeypatch) as theatre:
        await _play(theatre, FAMILIES[family], lambda book: [Cut(at, FAR) for at in range(book.longest)])


@pytest.mark.asyncio(loop_factories=["asyncio"])
@pytest.mark.parametrize("family", FAMILIES)
async def test_however_the_server_is_cut(
    family: str, tmp_path: Path, empty_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its answers in pieces of so many bytes, from its start-up on: the same answers."""
    async with house(tmp_path, empty_database, monkeypatch) as theatre:
        for theatre.link.grain in GRAINS:
            await _play(theatre, FAMILIES[family], lambda book: [UNCUT])


@pytest.mark.asyncio(loop_factories=["asyncio"])
async def test_as_the_server_itself(empty_database: Database) -> None:
    """The same bytes sent to PostgreSQL: the same answers, but for what is otherwise by design."""
    empty_database.execute(*TABLES)
    for book in PLAYBOOKS:
        if not book.alone:
            async with directly(empty_database) as wire:
                told = await play(book, wire, expected(book)), book.ends or await wire.leave()
                assert told == (expected(book), book.ends or ""), book.name


def expected(book: Playbook) -> list[str]:
    """What the server itself answers."""
    lines = script(book)
    for entry in OTHERWISE:
        if entry.book == book.name:
            assert any(entry.ours in line for line in lines), f"nothing to replace: {entry.ours}"
            lines = [line.replace(entry.ours, entry.theirs) for line in lines]
    return lines


def test_what_is_otherwise_is_said_of_playbooks_there_are() -> None:
    assert {entry.book for entry in OTHERWISE} <= {book.name for book in PLAYBOOKS if not book.alone}


async def _play(theatre: House, books: Sequence[Playbook], ways: Callable[[Playbook], Sequence[Cut]]) -> None:
    """Each of them in each of these ways, in one session where they leave one."""
    async with theatre.session() as wire:
        for book in (book for book in books if not book.ends):
            for cut in ways(book):
                assert await play(book, wire, script(book), cut) == script(book), f"{book.name}, {cut}"
            await theatre.tidy()
        assert await wire.leave() == ""
    for book in (book for book in books if book.ends):
        for cut in ways(book):
            async with theatre.session() as wire:
                assert await play(book, wire, script(book), cut) == script(book), f"{book.name}, {cut}"
