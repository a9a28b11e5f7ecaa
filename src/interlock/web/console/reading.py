"""Whose page it is: what every page of the console asks first, and what every form of it must bring along."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Form, Request

from interlock.errors import AuthenticationFailed
from interlock.web.callers import SignedIn, check_csrf, check_origin, signed_in_person
from interlock.web.console.rendering import Pages
from interlock.web.console.summaries import Summaries
from interlock.web.control_state import Parts

DIGEST = "^[0-9a-f]{64}$"
DigestField = Annotated[str, Form(pattern=DIGEST)]


async def reader_of_pages(request: Request, parts: Parts) -> SignedIn:
    """The signed-in person; raises `AuthenticationFailed`, which becomes the sign-in page."""
    me = signed_in_person(parts, request)
    if me is None:
        raise AuthenticationFailed("You are not signed in.")
    parts.rate.take(me.name)
    return me


Me = Annotated[SignedIn, Depends(reader_of_pages)]


async def sender_of_form(
    request: Request, parts: Parts, me: Me, csrf: Annotated[str, Form(max_length=128)]
) -> SignedIn:
    """The signed-in person whose own page sent this form; raises `Refused` otherwise."""
    check_origin(parts, request)
    check_csrf(me.session, csrf)
    return me


Sender = Annotated[SignedIn, Depends(sender_of_form)]


def pages_of(request: Request) -> Pages:
    """The templates."""
    pages = request.app.state.pages
    assert isinstance(pages, Pages)
    return pages


def summaries_of(request: Request) -> Summaries:
    """What is remembered of cards."""
    summaries = request.app.state.summaries
    assert isinstance(summaries, Summaries)
    return summaries
