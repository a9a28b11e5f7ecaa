"""Where identities come from: `[oidc]`, `[issuers.NAME]`, `[provisioning]`; and `[outgoing]`, whom we may call."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from interlock.model.names import ConnectionName, GroupName
from interlock.model.person import Person
from interlock.model.settings import IssuerSettings, OidcSettings, ProvisioningSettings
from interlock.settings.addresses import is_loopback
from interlock.settings.people import WORD, WORD_SENTENCE, check_name
from interlock.settings.policy import read_approvers
from interlock.settings.table import Table

# Asymmetric only: a shared secret that verifies could also sign (RFC 8725 section 3.1).
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
_CHANNELS: Final = frozenset({"slack", "teams"})  # beside callback/NAME: whose accounts people link (`app.outside`)
_USUAL: Final = ("RS256", "ES256", "PS256", "EdDSA")


def read_issuers(root: Table) -> dict[str, IssuerSettings]:
    """`[issuers.NAME]`: who signs workloads' tokens. No two have one `issuer`, whatever their audiences: a token
    names its issuer only, and that has to tell which table it is read by."""
    issuers: dict[str, IssuerSettings] = {}
    for name, table in root.tables("issuers"):
        check_name(root, f"issuers.{name}", name)
        issuers[name] = IssuerSettings(
            name=name,
            issuer=table.text("issuer"),
            audience=table.text("audience"),
            keys=_keys(table),
            algorithms=_algorithms(table),
            ca=table.file("ca"),
            delegates=table.flag("delegates", False),
            mcp_audience=table.one_of("mcp_audience", ("either", "resource"), "either"),
            audiences=_audiences(table),
        )
        if issuers[name].keys == "discovery":
            url_of(table, "issuer", issuers[name].issuer)  # its keys are asked for there
        table.done()
        if any(one != name and issuers[one].issuer == issuers[name].issuer for one in issuers):
            root.wrong(f"issuers.{name}", "another table has this issuer already")
    return issuers


def read_oidc(root: Table) -> OidcSettings | None:
    """`[oidc]`, or None where there is none."""
    if not root.has("oidc"):
        return None
    table = root.table("oidc")
    settings = OidcSettings(
        provider=table.text("name", "sso"),
        issuer=url_of(table, "issuer", table.text("issuer")),
        client_id=table.text("client_id"),
        client_secret=table.secret("client_secret") if table.has("client_secret") else None,
        scopes=table.texts("scopes") or ("openid", "profile"),
        groups_claim=table.text("groups_claim", "groups"),
        groups=_groups(table),
        ca=table.file("ca"),
    )
    if settings.provider and not WORD.fullmatch(settings.provider):
        table.wrong("name", WORD_SENTENCE)
    if settings.provider in _CHANNELS or settings.provider.startswith("callback"):
        table.wrong("name", "a channel's accounts are known by this name: take another one")
    if "openid" not in settings.scopes:
        table.wrong("scopes", '"openid" must be among them')
    table.done()
    return settings


def read_provisioned_groups(root: Table) -> dict[str, GroupName]:
    """`[provisioning.groups]`: what SCIM calls a group, and what it is here."""
    return _groups(root.table("provisioning"))


def read_provisioning(
    root: Table, groups: Mapping[str, GroupName], people: Collection[Person], known: frozenset[GroupName]
) -> ProvisioningSettings:
    """`[provisioning]`."""
    table = root.table("provisioning")
    table.table("groups")
    approvers = read_approvers(table, people, known)
    settings = ProvisioningSettings(table.flag("scim", False), groups, approvers)
    if settings.scim and approvers is None:
        table.wrong("approvers", "this is missing: who signs for the people that SCIM adds")
    table.done()
    return settings


def read_outgoing(root: Table) -> tuple[str, ...]:
    """`[outgoing] allow`: URL prefixes, each with a path that ends in `/`."""
    table = root.table("outgoing")
    allowed = table.texts("allow")
    for each in allowed:
        url_of(table, "allow", each)
        if not urlsplit(each).path.endswith("/"):
            table.wrong("allow", "each of these must end in /, so that it names whole parts of a path")
    table.done()
    return allowed


def url_of(table: Table, key: str, text: str) -> str:
    """Notes a mistake unless `text` is an https URL without user, query or fragment; http may name this machine."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        table.wrong(key, "this isn't a URL")
        return text
    if not text:
        return text
    secure = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    if not secure or not host or parts.username or parts.query or parts.fragment:
        table.wrong(key, "this must be an https:// URL without a user, a query or a fragment")
    return text


def _keys(table: Table) -> str | Path:
    text = table.text("keys", "discovery")
    if text == "discovery":
        return text
    if text.startswith(("https://", "http://")):
        return url_of(table, "keys", text)
    return table.file("keys") or text


def _audiences(table: Table) -> dict[ConnectionName, str]:
    """What its tokens call MCP connections; `check_audiences` knows which there are."""
    named = table.table("audiences")
    found = {ConnectionName(name): named.text(name) for name in named.names()}
    if len(set(found.values())) != len(found):
        table.wrong("audiences", "two connections have one audience, so a token for the one would open the other")
    return found


def _algorithms(table: Table) -> tuple[str, ...]:
    named = table.texts("algorithms") or _USUAL
    for name in named:
        if name not in ALGORITHMS:
            table.wrong("algorithms", f'"{name}" isn\'t one of {", ".join(ALGORITHMS)}')
    return named


def _groups(table: Table) -> dict[str, GroupName]:
    mapping = table.table("groups")
    found = {theirs: GroupName(mapping.text(theirs)) for theirs in mapping.names()}
    for theirs, ours in found.items():
        if ours and not WORD.fullmatch(ours):
            mapping.wrong(theirs, WORD_SENTENCE)
    return found
