"""What every route of the control port works with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from interlock.ports import Clock
from interlock.web.bounds import Listeners, Rate
from interlock.web.needs import Bundles, Desk, Registry
from interlock.web.session import Sessions


@dataclass(frozen=True, slots=True)
class Control:
    """The control port's parts. `origin` is that of the public URL; `stopping` ends every event stream.

    `rate` bounds requests, `refusals` the refused votes that get recorded.
    """

    desk: Desk
    registry: Registry
    sessions: Sessions
    clock: Clock
    public_url: str
    origin: str
    unsafe_token_votes: bool
    version: str
    ready: Callable[[], str | None]
    rate: Rate
    refusals: Rate
    listeners: Listeners
    stopping: asyncio.Event
    bundles: Bundles | None = None


def control(request: Request) -> Control:
    """The parts that `control_app` put on the application."""
    parts = request.app.state.control
    assert isinstance(parts, Control)
    return parts


Parts = Annotated[Control, Depends(control)]
