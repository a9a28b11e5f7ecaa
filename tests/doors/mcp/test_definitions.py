"""Pins: what is there by the bundle in force and the listing of now; and names that are ours."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from tests.doors.mcp.a_connection import LOOK, POLICY, SEND, Server, connected, listed

from interlock.doors.mcp.approval_tools import DEFINITIONS
from interlock.doors.mcp.reserved import is_reserved
from interlock.doors.mcp.seams import Object
from interlock.errors import UpstreamFailed


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("interlock_cancel", True),
        ("interlock_await_approval ", True),
        ("Interlock-Cancel", True),
        ("1nterl0ck_cancel", True),
        ("interl\u043eck_cancel", True),
        ("\uff49nterlock_cancel", True),
        ("i.n.t.e.r.l.o.c.k", True),
        ("interloc", False),
        ("international", False),
        ("look", False),
        ("", False),
    ],
)
def test_names_like_ours_are_reserved(name: str, ours: bool) -> None:
    assert is_reserved(name) is ours


def test_the_helpers_have_reserved_names() -> None:
    assert len(DEFINITIONS) == 2 and all(is_reserved(each["name"]) for each in DEFINITIONS)


@pytest.mark.parametrize(
    ("change", "kinds"),
    [
        ({"description": "Looks, and tells everybody."}, ("description",)),
        ({"inputSchema": {"type": "object"}}, ("inputSchema",)),
        ({"title": "Look"}, ("title",)),
        ({"outputSchema": {"type": "object"}}, ("outputSchema",)),
        ({"annotations": {"readOnlyHint": True}}, ("annotations",)),
        ({"description": "x", "title": "y"}, ("description", "title")),
    ],
)
async def test_any_part_that_changed_makes_it_unavailable(
    tmp_path: Path, change: Object, kinds: tuple[str, ...]
) -> None:
    async with connected(tmp_path) as at:
        at.server.listing[0] = listed(LOOK, **change)
        await at.pins.refresh(at.server)
        assert at.pins.why_not("look") == "tool_changed" and at.pins.changed == {"look": kinds}
        at.server.listing[0] = listed(LOOK, _meta={"a": 1}, icons=[{"src": "x"}])
        await at.pins.refresh(at.server)
        assert at.pins.why_not("look") is None and at.pins.changed == {}


@pytest.mark.parametrize(
    ("listing", "why"),
    [
        ([], "tool_gone"),
        ([{"name": "look"}], "tool_changed"),
        ([listed(LOOK), listed(LOOK)], "tool_changed"),
        ([{"name": "look", "inputSchema": "x"}], "tool_changed"),
        ([{"name": "look", "inputSchema": {}, "description": "\ud800"}], "tool_changed"),
        ([{"name": 5}, {}], "tool_gone"),
    ],
)
async def test_whatever_a_server_lists_nothing_else_is_there(
    tmp_path: Path, listing: Sequence[Object], why: str
) -> None:
    async with connected(tmp_path) as at:
        at.server.listing = list(listing)
        await at.pins.refresh(at.server)
        assert at.pins.why_not("look") == why and at.pins.available(at.asker) == []


async def test_how_many_pinned_tools_cant_be_called_is_told_by_the_bundle_of_now(tmp_path: Path) -> None:
    async with connected(tmp_path) as at:
        assert at.pins.unavailable == (0, 0)
        at.server.listing = [listed(LOOK, description="Else.")]
        await at.pins.refresh(at.server)
        assert at.pins.unavailable == (1, 1)
        at.pin(replace(LOOK, description="Else."))
        assert at.pins.unavailable == (0, 0), "without another listing"
        at.server.away = True
        with pytest.raises(UpstreamFailed):
            await at.pins.refresh(at.server)
        assert at.pins.unavailable == (0, 1)


async def test_what_was_never_listed_isnt_there(tmp_path: Path) -> None:
    async with connected(tmp_path) as at:
        at.server.away = True
        for _ in range(2):
            with pytest.raises(UpstreamFailed):
                await at.pins.refresh(at.server)
        assert at.pins.why_not("look") == "unknown_tool"


class Counting(Server):
    """Counts how often it is listed."""

    count = 0

    async def listed(self) -> Sequence[Object]:
        """See `Links`."""
        self.count += 1
        await asyncio.sleep(0)
        return await Server.listed(self)


async def test_many_who_ask_at_once_share_one_listing(tmp_path: Path) -> None:
    server = Counting()
    async with connected(tmp_path, server=server) as at:
        before = server.count
        await asyncio.gather(*(at.pins.fresh() for _ in range(9)))
        assert server.count == before, "it is fresh"
        await asyncio.gather(*(at.pins.fresh(0.0) for _ in range(9)))
        assert before < server.count <= before + 2
        server.away = True
        with pytest.raises(UpstreamFailed):
            await at.pins.refresh(server)


async def test_a_listing_shows_what_policy_doesnt_deny(tmp_path: Path) -> None:
    policy = POLICY.replace('"read"', '"infer"')
    async with connected(tmp_path, policy=policy) as at:
        assert [tool.name for tool in at.pins.available(at.asker)] == ["send"]
        at.pin(replace(LOOK, resources=("x/{who}",)), SEND)
        assert [tool.name for tool in at.pins.available(at.asker)] == ["look", "send"], "it depends on its arguments"
