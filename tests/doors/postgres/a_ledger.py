"""What the ledger tells of how actions ended."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from tests.a_gateway import Gateway


async def endings(gate: Gateway, wanted: int) -> list[Mapping[str, Any]]:
    """What `action.ended` tells of `wanted` actions, sessions' own left out, in the order of the entries."""
    async with asyncio.timeout(10):
        while len(found := await endings_so_far(gate)) < wanted:
            await asyncio.sleep(0.01)
    return found


async def endings_so_far(gate: Gateway) -> list[Mapping[str, Any]]:
    """The same, as far as there are any."""
    told = [json.loads(body.split(b"\n")[0]) for body in await gate.bodies()]
    acts = {e["act"] for e in told if e["type"] == "action.released" and e["d"]["verbs"] != ["session.open"]}
    return [e["d"] for e in told if e["type"] == "action.ended" and e["act"] in acts]


async def outcomes(gate: Gateway, wanted: int) -> list[str]:
    """How these ended."""
    return [each["outcome"] for each in await endings(gate, wanted)]
