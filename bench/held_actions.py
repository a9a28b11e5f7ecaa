"""Held actions: what each costs the gateway's process in memory, with its client's connection and upstream session.

Budget: 50 KB each at 5,000, without TLS (design, section 10). All 5,000 are held in one process, over a server that
takes a few hundred sessions: a held client's upstream session is given back when another needs it.

1,000 idle connections: what one costs that has worked and waits for its next statement.
"""

from __future__ import annotations

from contextlib import ExitStack

from bench.ground import Ground, Running
from bench.link import Failed, Link
from bench.progress import say
from bench.report import Result, at_most

HELD = 5_000
IDLE = 1_000
AT_ONCE = 200  # who waits for one of the server's sessions is bounded
WARM = 25  # first: what is allocated once isn't a held action's cost
BUDGET = at_most(50.0)


def run(ground: Ground) -> list[Result]:
    """KB a held action, and how much of that is the connection alone."""
    with ground.gateway("held") as gateway, ExitStack() as stack:
        _hold(_open(gateway, stack, WARM), 0)
        before = gateway.resident()
        links = _open(gateway, stack, IDLE)
        idle = gateway.resident()
        links += _open(gateway, stack, HELD - IDLE)
        connected = gateway.resident()
        _hold(links[: HELD // 2], WARM)
        half = gateway.resident()
        _hold(links[HELD // 2 :], WARM + HELD // 2)
        held = gateway.resident()
    first, second = (half - connected) / 512 / HELD, (held - half) / 512 / HELD
    say(f"holding alone: {first:.1f} KB each in the first half, {second:.1f} KB in the second")
    return [
        Result(
            "held_actions", f"{HELD} held, connection included", (held - before) / 1024 / HELD, "KB each", budget=BUDGET
        ),
        Result("held_actions", f"{HELD} connections, idle", (connected - before) / 1024 / HELD, "KB each"),
        Result("held_actions", f"{IDLE} connections, idle", (idle - before) / 1024 / IDLE, "KB each"),
    ]


def _open(gateway: Running, stack: ExitStack, count: int) -> list[Link]:
    links = [stack.enter_context(Link(gateway.conninfo)) for _ in range(count)]
    for link in links:
        link.ask("SELECT 1")  # a session that has worked, as an agent's has
    return links


def _hold(links: list[Link], first: int) -> None:
    """A statement on each, every one its own action, and all of them held; so many at once as slots let through."""
    for start in range(0, len(links), AT_ONCE):
        wave = links[start : start + AT_ONCE]
        for number, link in enumerate(wave, first + start + 1):
            link.send(f"SELECT note FROM waiting WHERE id = {number}")
        for link in wave:
            if not link.receive().startswith(b"N"):
                raise Failed("a statement that should be held wasn't")
