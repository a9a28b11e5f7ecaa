"""From a vote to the first byte of what it lets run: what the client waits once somebody has decided.

Budget: 20 ms at the median (design, section 10). Measured from outside, so it includes more than the budget speaks of:
the vote's HTTP request, checking and recording it, waking the session, reading and describing the statement anew,
deciding anew, the release made durable, the statement itself, and the way of its first byte down to the client.
"""

from __future__ import annotations

import json
import re
from http.client import HTTPConnection
from statistics import median, quantiles
from time import perf_counter
from typing import Any

from bench.ground import Ground, Running
from bench.link import Failed, Link
from bench.report import Result, at_most
from interlock.demo.access import REVIEWER
from interlock.demo.embedded_postgres import HOST

STATEMENTS = 50
BUDGET = at_most(20.0)
SECONDS = 30.0

_REVIEW = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")


def run(ground: Ground) -> list[Result]:
    """Milliseconds from sending the vote to the client's first result byte."""
    with ground.gateway("hold") as gateway, Link(gateway.conninfo) as client:
        waits = [_once(gateway, client, number) * 1000 for number in range(1, STATEMENTS + 1)]
    mode = f"vote sent to first result byte, {STATEMENTS} statements"
    slow = quantiles(waits, n=20)[-1]
    return [
        Result("hold_to_run", f"{mode}, p50", median(waits), "ms", budget=BUDGET),
        Result("hold_to_run", f"{mode}, p95", slow, "ms"),
    ]


def _once(gateway: Running, client: Link, number: int) -> float:
    client.send(f"SELECT note FROM waiting WHERE id = {number}")
    review = held(client)
    card = _asked(gateway, "GET", f"/api/reviews/{review}")["card"]
    ballot = {"verdict": "approve", "reason": "measured"}
    ballot |= {name: card[name] for name in ("action_digest", "card_digest")}
    http = _connected(gateway)
    begun = perf_counter()
    _send(http, gateway, "POST", f"/api/reviews/{review}/votes", ballot)
    answer = client.answer(begun)
    _read(http)
    if not answer.head.startswith(b"T"):
        raise Failed(f"an approved statement was answered with a message of type {answer.head[:1]!r}")
    return answer.first


def held(client: Link) -> str:
    """The review's id, from the notice that tells the client to wait."""
    notice = client.receive()
    found = _REVIEW.search(notice)
    if not notice.startswith(b"N") or found is None:
        raise Failed("a statement that should be held wasn't")
    return found[0].decode()


def _connected(gateway: Running) -> HTTPConnection:
    http = HTTPConnection(HOST, gateway.control_port, timeout=SECONDS)
    http.connect()
    return http


def _asked(gateway: Running, method: str, path: str) -> Any:
    http = _connected(gateway)
    _send(http, gateway, method, path)
    return _read(http)


def _send(http: HTTPConnection, gateway: Running, method: str, path: str, body: object = None) -> None:
    headers = {"Authorization": f"Bearer {gateway.keys[REVIEWER].reveal()}", "Content-Type": "application/json"}
    http.request(method, path, json.dumps(body) if body is not None else None, headers)


def _read(http: HTTPConnection) -> Any:
    answer = http.getresponse()
    text = answer.read()
    http.close()
    if answer.status != 200:
        raise Failed(f"the gateway answered {answer.status} to a request about a review")
    return json.loads(text)
