"""What every route of the control port works with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from interlock.ports import Clock
from interlock.provisioning import Provisioning
from interlock.registry import People
from interlock.registry.clearing import Clearing
from interlock.registry.passkeys import Passkeys
from interlock.web.access.asking import Access
from interlock.web.bounds import Guesses, Listeners, Rate
from interlock.web.labelling import Labelling
from interlock.web.needs import Bundles, Callbacks, Desk, Figures, Inbound, Leaves, Measures, Registry
from interlock.web.overviews import Overviews
from interlock.web.session import Sessions
from interlock.web.sign_on import SignOn


@dataclass(frozen=True, slots=True)
class Control:
    """The control port's parts. `origin` is that of the public URL; `stopping` ends every event stream.

    `rate` bounds requests, `refusals` the refused votes that get recorded,
    `guesses` the credentials that weren't accepted.
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
    guesses: Guesses
    listeners: Listeners
    stopping: asyncio.Event
    sign_on: SignOn
    bundles: Bundles | None = None
    people: People | None = None
    provisioning: Provisioning | None = None
    callbacks: Callbacks | None = None
    access: Access | None = None
    leaves: Leaves | None = None
    passkeys: Passkeys | None = None
    inbound: Mapping[str, Inbound] = field(default_factory=dict)
    measures: Measures | None = None
    figures: Figures | None = None
    clearing: Clearing | None = None
    labelling: Labelling | None = None
    overviews: Overviews = field(default_factory=Overviews)


def control(request: Request) -> Control:
    """The parts that `control_app` put on the application."""
    parts = request.app.state.control
    assert isinstance(parts, Control)
    return parts


Parts = Annotated[Control, Depends(control)]
