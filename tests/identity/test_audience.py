"""For whom a token was made: each MCP connection by its own URI, character by character."""

from __future__ import annotations

from dataclasses import replace

import pytest

from interlock.identity.audience import is_meant
from interlock.model.names import ConnectionName
from interlock.model.settings import IssuerSettings

TRACKER, OTHER, OWN = ConnectionName("tracker"), ConnectionName("other"), ConnectionName("interlock")
URI = "https://gateway.acme.test/mcp/tracker"
ELSEWHERE = "https://gateway.acme.test/mcp/other"
RESOURCES = {TRACKER: URI, OTHER: ELSEWHERE, OWN: "https://gateway.acme.test/mcp/interlock"}
ISSUER = IssuerSettings("sso", "https://sso.acme.test", "interlock", "discovery", ("ES256",))
STRICT = replace(ISSUER, mcp_audience="resource")
NAMED = replace(ISSUER, audiences={TRACKER: "api://tracker"})


@pytest.mark.parametrize(
    ("audiences", "there"),
    [
        ([URI], True),
        (["interlock"], True),
        (["interlock", "https://kubernetes.default.svc"], True),
        ([URI, ELSEWHERE], True),
        (["https://somebody.test", URI], True),
        ([ELSEWHERE], False),
        (["interlock", ELSEWHERE], False),
        (["interlock", RESOURCES[OWN]], False),
        ([], False),
        ([""], False),
        (["somebody"], False),
    ],
)
def test_a_token_opens_the_connection_that_it_was_made_for(audiences: list[str], there: bool) -> None:
    assert is_meant(audiences, ISSUER, TRACKER, RESOURCES) is there


@pytest.mark.parametrize(
    "like",
    [
        URI + "/",
        URI + "?",
        URI + "#",
        URI + "%20",
        "https://GATEWAY.acme.test/mcp/tracker",
        "HTTPS://gateway.acme.test/mcp/tracker",
        "https://gateway.acme.test:443/mcp/tracker",
        "https://gateway.acme.test./mcp/tracker",
        "https://gateway.acme.test/mcp/Tracker",
        "https://gateway.acme.test/mcp/./tracker",
        "https://gateway.acme.test/mcp/%74racker",
        "https://gateway.acme.test/mcp/tracker/deeper",
        "https://gateway.acme.test/mcp/",
        "https://gateway.acme.test",
        "http://gateway.acme.test/mcp/tracker",
        " " + URI,
    ],
)
def test_what_is_only_like_its_uri_isnt_it(like: str) -> None:
    assert not is_meant([like], ISSUER, TRACKER, RESOURCES)
    assert not is_meant([like], STRICT, TRACKER, RESOURCES)


def test_where_only_the_uri_counts_the_issuers_audience_doesnt() -> None:
    assert is_meant([URI], STRICT, TRACKER, RESOURCES)
    assert not is_meant(["interlock"], STRICT, TRACKER, RESOURCES)
    assert is_meant(["interlock"], STRICT, None, RESOURCES)  # not an MCP connection


def test_a_name_of_the_issuers_own_stands_in_place_of_both() -> None:
    assert is_meant(["api://tracker"], NAMED, TRACKER, RESOURCES)
    assert not is_meant([URI], NAMED, TRACKER, RESOURCES)
    assert not is_meant(["interlock"], NAMED, TRACKER, RESOURCES)
    assert is_meant(["interlock"], NAMED, OTHER, RESOURCES)
    assert not is_meant(["interlock", "api://tracker"], NAMED, OTHER, RESOURCES)
    assert not is_meant(["interlock", URI], NAMED, OTHER, RESOURCES)  # asked for by its address all the same
    assert not is_meant(["api://tracker"], NAMED, None, RESOURCES)


def test_an_issuers_audience_that_is_one_connections_uri_opens_no_other() -> None:
    issuer = replace(ISSUER, audience=URI)
    assert is_meant([URI], issuer, TRACKER, RESOURCES)
    assert not is_meant([URI], issuer, OTHER, RESOURCES)


def test_without_an_address_in_the_settings_no_address_counts() -> None:
    nowhere = {TRACKER: "", OTHER: ""}
    assert is_meant(["interlock"], ISSUER, TRACKER, nowhere)
    for audience in (URI, "", "/mcp/tracker"):
        assert not is_meant([audience], ISSUER, TRACKER, nowhere)
        assert not is_meant([audience], STRICT, TRACKER, nowhere)


def test_a_token_for_a_connection_is_no_login_at_the_other_doors() -> None:
    assert not is_meant([URI], ISSUER, None, RESOURCES)
    assert is_meant(["interlock"], ISSUER, None, RESOURCES)
