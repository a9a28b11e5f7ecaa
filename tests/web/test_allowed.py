"""Every route names who may call it, and lets in exactly those."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from tests.web.conftest import By, SignIn
from tests.web.in_memory import Office

from interlock.web.allowed import CallerKind, allowed, guard_of, is_page, named_callers, shows_secret
from interlock.web.described import operations
from interlock.web.idempotency import SECRET_MEMBERS

TOKENS = {
    CallerKind.PERSON: "priya-key",
    CallerKind.AGENT: "agent-key",
    CallerKind.SERVICE: "service-key",
    CallerKind.OPERATOR: "operator-token",
}
OPEN = {
    "/healthz",
    "/sign-in",
    "/sign-in/oidc",
    "/sign-in/oidc/callback",
    "/sign-out",
    "/static/{name}",
    "/api/device/authorize",  # the device grant (RFC 8628): who asks has nothing yet
    "/api/device/token",
    "/access/v1/jwks",  # public keys, and where what is (AuthZEN)
    "/.well-known/authzen-configuration",
    "/channels/{channel}",  # the services that people answer from: their calls prove themselves, by signature or token
    "/channels/callback/{name}",
}
GUARDS = {
    "operator_only",
    "provisioning_only",
    "console_only",
    "key_needed",
    "people_only",
    "wrong_caller",
    "asker_only",
}
REVIEW = "0192f0c1-0000-7000-8000-000000000000"
FILLED = {"{review}": REVIEW, "{bundle}": "in-force", "{key}": "key-1", "{name}": "console.css"}


def routes(app: FastAPI) -> Iterator[APIRoute]:
    """All of the application's own routes; routers are included without a prefix of their own."""
    for route in app.router.routes:
        if isinstance(route, APIRoute):
            yield route
        else:
            included = getattr(route, "original_router", None)
            yield from (each for each in getattr(included, "routes", ()) if isinstance(each, APIRoute))


def filled(path: str) -> str:
    """An address of the path: its parameters are ids that nothing has."""
    for name, value in FILLED.items():
        path = path.replace(name, value)
    while "{" in path:
        start, _, rest = path.partition("{")
        path = start + REVIEW + rest.partition("}")[2]
    return path


def test_every_route_names_its_callers_and_has_what_enforces_it(office: Office) -> None:
    found = list(routes(office.app))
    assert len(found) > 15
    for route in found:
        named = set(named_callers(route))
        assert named, f"{route.path} names nobody: **allowed(...)"
        assert named <= set(CallerKind), route.path
        guard = guard_of(route)
        assert (guard.kinds if guard else {CallerKind.ANYONE}) == named, route.path


def test_what_stands_open_is_named_here(office: Office) -> None:
    """A route without a credential is a decision, not an oversight: it is added to this list by hand."""
    open_to_all = {route.path for route in routes(office.app) if named_callers(route) == ["anyone"]}
    assert open_to_all <= OPEN, f"open to everybody: {sorted(open_to_all - OPEN)}"


@pytest.mark.parametrize("kind", [*TOKENS, CallerKind.CONSOLE])
async def test_whoever_is_not_named_is_refused_before_the_body_is_looked_at(
    office: Office, by: By, sign_in: SignIn, kind: CallerKind
) -> None:
    client = await sign_in("priya") if kind is CallerKind.CONSOLE else by(TOKENS[kind])
    csrf = (await client.get("/api/whoami")).json().get("csrf") or ""
    for route in routes(office.app):
        guard = guard_of(route)
        if guard is None or is_page(route.path) or kind in guard.kinds:
            continue
        for method in route.methods or ():
            headers = {"X-Interlock-CSRF": csrf, "Content-Type": "application/json"}
            office.clock.pass_time(timedelta(minutes=1))
            for content in (b"{not json", b"{}"):
                answer = await client.request(method, filled(route.path), headers=headers, content=content)
                assert answer.status_code == 403, (kind, method, route.path, answer.text)
                assert answer.headers["content-type"] in ("application/problem+json", "application/scim+json")


@pytest.mark.parametrize("kind", [*TOKENS, CallerKind.CONSOLE])
async def test_whoever_is_named_gets_past_the_guard(office: Office, by: By, sign_in: SignIn, kind: CallerKind) -> None:
    client = await sign_in("priya") if kind is CallerKind.CONSOLE else by(TOKENS[kind])
    csrf = (await client.get("/api/whoami")).json().get("csrf") or ""
    for route in routes(office.app):
        guard = guard_of(route)
        if guard is None or is_page(route.path) or kind not in guard.kinds or route.path == "/api/events":
            continue
        for method in route.methods or ():
            office.clock.pass_time(timedelta(minutes=1))
            headers = {"X-Interlock-CSRF": csrf, "Content-Type": "application/json"}
            answer = await client.request(method, filled(route.path), headers=headers, content=b"{not json")
            if answer.status_code == 403:
                assert answer.json()["code"] not in GUARDS, (kind, method, route.path, answer.text)


async def test_nobody_is_asked_for_a_credential_before_anything_else(
    office: Office, browser: httpx.AsyncClient
) -> None:
    for route in routes(office.app):
        if guard_of(route) is None:
            continue
        for method in route.methods or ():
            answer = await browser.request(method, filled(route.path), content=b"{not json")
            assert answer.status_code == 401, (method, route.path)


async def test_a_page_takes_no_bearer_token(office: Office, by: By) -> None:
    for token in TOKENS.values():
        assert (await by(token).get("/")).status_code == 401


def test_a_route_names_somebody_and_anyone_stands_alone() -> None:
    for kinds in ((), (CallerKind.ANYONE, CallerKind.AGENT)):
        with pytest.raises(ValueError, match="name the kinds"):
            allowed(*kinds)


async def test_the_description_names_the_callers_of_every_operation(browser: httpx.AsyncClient) -> None:
    document = (await browser.get("/api/openapi.json")).json()
    for path, method, operation in operations(document):
        assert operation["x-interlock-callers"], (method, path)
        assert bool(operation.get("security")) == (operation["x-interlock-callers"] != ["anyone"]), (method, path)


def test_what_is_shown_once_is_marked(office: Office) -> None:
    """An answer with a secret in it must never be kept for a repeat under the same Idempotency-Key."""
    for route in routes(office.app):
        fields = set(getattr(route.response_model, "model_fields", ()))
        if guard_of(route) and "POST" in (route.methods or ()) and fields & SECRET_MEMBERS:
            assert shows_secret(route), f"{route.path}: allowed(..., shown_once=True)"
