"""What is sent and answered, against schemas: small ones of our own, made from the Authorization API 1.0 (sections 5, 6
and 7) and the profile's draft 1, and AuthZEN's own files where a `shared` folder beside the repository has them."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import OKPKey
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from tests.web.access.a_guarded_pipeline import URL, Pipeline, asked, pipeline

from interlock.model import jcs

THEIRS = Path(__file__).resolve().parents[3] / ".." / "shared" / "authzen" / "schemas"
TEXT: Any = {"type": "string", "minLength": 1}
TIME: Any = {"type": "string", "format": "date-time"}
URI: Any = {"type": "string", "format": "uri", "pattern": "^https://"}


def record(required: dict[str, Any], optional: dict[str, Any] | None = None, *, more: bool = False) -> dict[str, Any]:
    known = {**required, **(optional or {})}
    return {"type": "object", "required": list(required), "properties": known, "additionalProperties": more}


ENTITY = record({"type": TEXT, "id": TEXT}, {"properties": {"type": "object"}})
ACTION = record({"name": TEXT}, {"properties": {"type": "object"}})
EVALUATION = record({"subject": ENTITY, "action": ACTION, "resource": ENTITY}, {"context": {"type": "object"}})
ACCESS_REQUEST = record(
    {"expires_at": TIME, "endpoint": URI, "binding_token": TEXT}, {"template": TEXT, "display": {"type": "object"}}
)
DECISION = record(
    {"decision": {"type": "boolean"}},
    {
        "context": record(
            {"evaluation_id": TEXT, "evaluated_at": TIME},
            {
                "access_request": ACCESS_REQUEST,
                "reason": TEXT,
                "reason_admin": {"type": "object", "additionalProperties": TEXT},
                "reason_user": {"type": "object", "additionalProperties": TEXT},
                "next_action": {"enum": ["request", "retry", "none"]},
                "retry_after": {"type": "integer"},
                "approval": record({"id": TEXT, "approved_until": TIME}),
                "enforced_by": {"const": "caller"},
                "outcome": record({"endpoint": URI, "token": TEXT}),
            },
        )
    },
)
TASK = record(
    {
        "task": record(
            {
                "id": TEXT,
                "status": {"enum": ["pending", "approved", "denied", "expired", "cancelled", "failed"]},
                "status_endpoint": URI,
                "expires_at": TIME,
                "links": {"type": "object", "additionalProperties": URI},
            }
        )
    },
    {"result": record({"mode": {"const": "reevaluate"}, "approval": record({"id": TEXT, "approved_until": TIME})})},
)


@pytest.fixture
async def line(tmp_path: Path) -> AsyncIterator[Pipeline]:
    async with pipeline(tmp_path) as opened:
        yield opened


def check(schema: dict[str, Any], value: Any) -> None:
    Draft202012Validator(schema, format_checker=FormatChecker()).validate(value)


async def decisions(line: Pipeline) -> list[dict[str, Any]]:
    """One of each kind."""
    again = await line.approved(asked())
    bodies = [asked(), {**asked(), "context": {"environment": "staging"}}, asked("other"), again, again]
    return [await line.evaluate(body) for body in bodies]


async def test_decisions_and_tasks_have_their_forms(line: Pipeline) -> None:
    check(EVALUATION, asked())
    for told in await decisions(line):
        check(DECISION, told)
    review = await line.held(asked(version="2"), key="k2")
    for _ in range(2):
        told = (await line.send("GET", f"/access/v1/requests/{review.id}")).json()
        check(TASK, told)
        assert ("result" in told) == (told["task"]["status"] == "approved")
        if "result" not in told:
            await line.office.vote(review, "dana")


async def test_the_forms_find_what_is_wrong(line: Pipeline) -> None:
    """The schemas above can fail."""
    told = await line.evaluate(asked())
    del told["context"]["access_request"]["expires_at"]
    assert not Draft202012Validator(DECISION).is_valid(told)


async def test_a_stranger_can_verify_the_token_and_make_its_hash(line: Pipeline) -> None:
    """By the published key alone, with the profile's construction (Denial Binding Claims)."""
    body = asked(version="7.2", time="2026-11-22T12:00:00Z", reason="Release")
    body["subject"]["properties"] = {"act": {"sub": "etl"}, "team": "payments"}
    token = (await line.evaluate(body))["context"]["access_request"]["binding_token"]
    (key,) = (await line.send("GET", "/access/v1/jwks")).json()["keys"]
    registry = jws.JWSRegistry(algorithms=["Ed25519"])
    found = jws.deserialize_compact(token, OKPKey.import_key(key), registry=registry)
    assert found.protected["kid"] == key["kid"]
    claims = json.loads(found.payload)
    assert (claims["iss"], claims["aud"]) == (URL, f"{URL}/access/v1/requests")
    assert claims["binding_context_members"] == ["environment", "version"]
    assert claims["exp"] - claims["iat"] <= 600
    bound = {
        "subject": {"type": "agent", "id": "etl", "properties": {"team": "payments"}},
        "resource": body["resource"],
        "action": body["action"],
        "context": {"environment": "production", "version": "7.2"},
    }
    made = base64.urlsafe_b64encode(hashlib.sha256(jcs.encode(bound)).digest()).rstrip(b"=").decode()
    assert claims["binding_hash"] == made


def theirs(name: str) -> Draft202012Validator:
    """One of AuthZEN's, as its files stand in openid/authzen, `api/schemas`, but for what contradicts its own text.

    `decision-base.json` forbids every member of a context, those of its own examples too; with `additionalProperties`
    beside `$ref`, the response forbids even `decision` (what a reference evaluates isn't seen there).
    """
    files = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in THEIRS.glob("*.json")}
    del files["decision-base.json"]["properties"]["context"]["additionalProperties"]
    del files["access-evaluation-response.json"]["additionalProperties"]
    registry: Registry[Any] = Registry().with_resources(
        (file, Resource.from_contents(document)) for file, document in files.items()
    )
    return Draft202012Validator(files[f"{name}.json"], registry=registry)


@pytest.mark.skipif(not THEIRS.is_dir(), reason="AuthZEN's schema files aren't in ../shared/authzen/schemas")
async def test_authzens_own_schemas_agree(line: Pipeline) -> None:
    theirs("access-evaluation-request").validate(asked())
    for told in await decisions(line):
        theirs("access-evaluation-response").validate(told)
    batch = {"evaluations": [asked(), asked(version="2")]}  # their items must be whole, whatever the defaults
    theirs("access-evaluations-request").validate(batch)
    answer = await line.send("POST", "/access/v1/evaluations", batch)
    assert len(answer.json()["evaluations"]) == 2
    theirs("access-evaluations-response").validate(answer.json())
