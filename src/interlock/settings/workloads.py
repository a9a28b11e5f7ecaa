"""What tells an agent or service besides Interlock keys: its tokens, SPIFFE IDs and certificates."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping

from interlock.model.names import ActorId
from interlock.model.settings import AgentSettings, JwtMatch
from interlock.policy.spelling import nearest
from interlock.settings.table import Table

# SPIFFE ID section 2: a trust domain in lower case and a path without empty or dot segments.
_SPIFFE = re.compile(r"spiffe://[a-z0-9._-]{1,255}(/(?!\.{1,2}(?:/|$))[A-Za-z0-9._-]+)+")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def read_credentials(
    table: Table, issuers: Collection[str]
) -> tuple[tuple[JwtMatch, ...], tuple[str, ...], tuple[str, ...]]:
    """`[[agents.NAME.jwt]]`, `spiffe` and `certificates` of one actor."""
    matches = tuple(_match(each, issuers) for each in table.each("jwt"))
    spiffe, certificates = table.texts("spiffe"), table.texts("certificates")
    if not all(_SPIFFE.fullmatch(each) for each in spiffe):
        table.wrong("spiffe", "each of these must be a SPIFFE ID with a path, such as spiffe://example.org/etl")
    if not all(_SHA256.fullmatch(each) for each in certificates):
        table.wrong("certificates", "each of these must be the SHA-256 (hex, lower case) of a certificate's DER")
    return matches, spiffe, certificates


def check_different(root: Table, tables: Mapping[ActorId, Table], actors: Mapping[ActorId, AgentSettings]) -> None:
    """Notes a mistake where one credential would tell two actors."""
    said = Counter(
        each
        for actor in actors.values()
        for each in (*actor.spiffe, *actor.certificates, *((m.issuer, m.subject, *m.claims.items()) for m in actor.jwt))
    )
    for name, actor in actors.items():
        for key, mine in (("spiffe", actor.spiffe), ("certificates", actor.certificates)):
            if any(said[each] > 1 for each in mine):
                tables[name].wrong(key, "another actor has the same one, and a credential tells one actor")
        if any(said[(m.issuer, m.subject, *m.claims.items())] > 1 for m in actor.jwt):
            tables[name].wrong("jwt", "another actor is told by the same tokens, and a credential tells one actor")


def _match(table: Table, issuers: Collection[str]) -> JwtMatch:
    issuer = table.text("issuer")
    if issuer and issuer not in issuers:
        table.wrong("issuer", f"there is no [issuers.{issuer}]{nearest(issuer, issuers)}")
    wanted = table.table("claims")
    claims = {name: wanted.text(name) for name in wanted.names()}
    subject = table.optional("subject") or ""
    if not subject and not claims:
        table.wrong("subject", "without a subject or claims every token of this issuer would do")
    table.done()
    return JwtMatch(issuer, subject, claims)
