"""Digests of actions and cards (design section 7).

An action's digest is SHA-256(domain, 32-byte nonce, canonical cover). The nonce lives only in the sealed payload, so a
digest that is shown or logged can't be searched for a nine-digit number. `lookup` joins equal requests and is an HMAC
under a key of the installation; it never leaves the review's row.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, assert_never

from interlock.model.canonical import JsonValue, encode
from interlock.model.identity_change import IdentityChange
from interlock.model.names import Digest, GroupName, KeyId, PersonId
from interlock.model.payload import (
    BundlePayload,
    IdentityAddition,
    IdentityPayload,
    Payload,
    SessionPayload,
    SqlPayload,
    SqlStatement,
    ToolPayload,
)
from interlock.model.secret import Secret

ACTION_DOMAIN = b"interlock/action/v1\0"
NARROWED_DOMAIN = b"interlock/narrowed/v1\0"
CARD_DOMAIN = b"interlock/card/v1\0"
COMMIT_DOMAIN = b"interlock/commit/v1\0"  # ledger.md 1.3
LOOKUP_DOMAIN = b"interlock/lookup/v1\0"
NONCE_BYTES = 32


def action_digest(nonce: Secret[bytes], cover: Mapping[str, JsonValue]) -> Digest:
    """The digest that votes bind: of everything that decides what runs, blinded by `nonce`."""
    return _digest(ACTION_DOMAIN, nonce, cover)


def narrowed_digest(nonce: Secret[bytes], base: Digest, terms: Mapping[str, JsonValue]) -> Digest:
    """The digest of a narrowed action: of the digest it was opened with and the terms (`Narrowing.document`)."""
    return _digest(NARROWED_DOMAIN, nonce, {"base": base, "terms": dict(terms)})


def card_digest(nonce: Secret[bytes], card: Mapping[str, JsonValue]) -> Digest:
    """The digest of the card as shown, blinded by the same nonce."""
    return _digest(CARD_DOMAIN, nonce, card)


def lookup(key: Secret[bytes], form: Mapping[str, JsonValue]) -> bytes:
    """The 32-byte key by which equal requests of one actor find each other."""
    return hmac.new(key.reveal(), LOOKUP_DOMAIN + encode(form), hashlib.sha256).digest()


def commitment(salt: Secret[bytes], name: str, value: JsonValue) -> str:
    """SHA-256 (hex) over a fresh 32-byte salt, the field's name and its value: says nothing without the salt."""
    if len(salt.reveal()) != NONCE_BYTES:
        raise ValueError("a salt has 32 bytes")
    return hashlib.sha256(COMMIT_DOMAIN + salt.reveal() + name.encode() + b"\0" + encode(value)).hexdigest()


def _digest(domain: bytes, nonce: Secret[bytes], document: Mapping[str, JsonValue]) -> Digest:
    if len(nonce.reveal()) != NONCE_BYTES:
        raise ValueError("a nonce has 32 bytes")
    return Digest(hashlib.sha256(domain + nonce.reveal() + encode(document)).hexdigest())


def payload_document(payload: Payload) -> Mapping[str, JsonValue]:
    """The payload as canonical JSON: what is digested, and (encoded) what is sealed. Bytes are base64."""
    match payload:
        case SqlPayload(statements):
            return {"kind": "sql", "statements": [_statement_document(s) for s in statements]}
        case SessionPayload(database, user):
            return {"kind": "session", "database": database, "upstream_user": user}
        case ToolPayload(tool, definition, arguments, given):
            told: dict[str, JsonValue] = {"tool": tool, "definition": definition, "arguments": _b64(arguments)}
            return {"kind": "tool", **told, **({"given": list(given)} if given else {})}
        case BundlePayload(sources):
            return {"kind": "bundle", "sources": [{"name": name, "text": text} for name, text in sources]}
        case IdentityPayload(source, key, additions):
            added: list[JsonValue] = [_addition_document(each) for each in additions]
            return {"kind": "identity", "source": source, "key": key, "additions": added}
        case _:
            assert_never(payload)


def payload_from_document(document: Mapping[str, Any]) -> Payload:
    """The payload that `payload_document` wrote. The document comes out of a seal of ours, so it is trusted in form."""
    match document["kind"]:
        case "session":
            return SessionPayload(document["database"], document["upstream_user"])
        case "tool":
            arguments = base64.b64decode(document["arguments"])
            given = tuple(document.get("given", ()))
            return ToolPayload(document["tool"], Digest(document["definition"]), arguments, given)
        case "bundle":
            return BundlePayload(tuple((source["name"], source["text"]) for source in document["sources"]))
        case "identity":
            additions = tuple(_addition_from_document(each) for each in document["additions"])
            return IdentityPayload(document["source"], KeyId(document["key"]), additions)
        case kind:
            assert kind == "sql"
            return SqlPayload(tuple(_statement_from_document(s) for s in document["statements"]))


def _addition_document(addition: IdentityAddition) -> Mapping[str, JsonValue]:
    return {
        "what": addition.what.value,
        "person": addition.person,
        "name": addition.name,
        "group": addition.group,
        "external": addition.external,
        "groups": list(addition.groups),
    }


def _addition_from_document(d: Mapping[str, Any]) -> IdentityAddition:
    return IdentityAddition(
        what=IdentityChange(d["what"]),
        person=PersonId(d["person"]),
        name=d["name"],
        group=GroupName(d["group"]) if d["group"] is not None else None,
        external=d["external"],
        groups=tuple(GroupName(group) for group in d["groups"]),
    )


def _statement_document(s: SqlStatement) -> Mapping[str, JsonValue]:
    return {
        "text": _b64(s.text),
        "simple": s.simple,
        "parameter_types": list(s.parameter_types),
        "parameter_formats": list(s.parameter_formats),
        "parameters": [None if p is None else _b64(p) for p in s.parameters],
        "result_formats": list(s.result_formats),
        "max_rows": s.max_rows,
        **({} if s.copy_data is None else {"copy_data": _b64(s.copy_data)}),
        **({"given": given} if (given := [list(s.given_literals), list(s.given_parameters)]) != [[], []] else {}),
    }


def _statement_from_document(d: Mapping[str, object]) -> SqlStatement:
    def ints(key: str) -> tuple[int, ...]:
        numbers = d[key]
        assert isinstance(numbers, list)
        return tuple(int(n) for n in numbers)

    parameters, given = d["parameters"], d.get("given", [(), ()])
    assert isinstance(parameters, list) and isinstance(given, list)
    return SqlStatement(
        text=base64.b64decode(str(d["text"])),
        simple=bool(d["simple"]),
        parameter_types=ints("parameter_types"),
        parameter_formats=ints("parameter_formats"),
        parameters=tuple(None if p is None else base64.b64decode(p) for p in parameters),
        result_formats=ints("result_formats"),
        max_rows=int(str(d["max_rows"])),
        copy_data=base64.b64decode(str(d["copy_data"])) if "copy_data" in d else None,
        given_literals=tuple(given[0]),
        given_parameters=tuple(given[1]),
    )


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
