"""A control port with AuthZEN on a real gate, desk and store: agents that ask, officers who sign."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from tests.an_office import DIRECTORY, Office, OneBundle, office
from tests.promises.a_control_port import key_of
from tests.stores.a_store import ENTROPY, HandClock

from interlock.model.channel_settings import AccessSettings
from interlock.model.connection import Connection
from interlock.model.names import ConnectionName, ReviewId
from interlock.model.review import Review, Verdict
from interlock.model.secret import Secret
from interlock.model.tool import Tool
from interlock.policy.bundle import Bundle, load
from interlock.web.access.asking import Access
from interlock.web.access.binding import BindingTokens
from interlock.web.access.problems import REQUESTS
from interlock.web.control import control_app
from interlock.web.needs import Callbacks

URL = "https://control.test"
POLICY = """
@id("agents-call")
permit (principal in Interlock::Group::"ai-agents", action in Interlock::Action::"tool.call", resource);
@id("rollouts-are-signed") @review("officers:1") @expires("30m") @valid("10m")
@because("A rollout needs a second person.")
forbid (principal, action == Interlock::Action::"tool:deploy/rollout", resource)
when { context.input has context.environment && context.input.context.environment == "production" };
@id("opaque-is-signed") @review("officers:1") @expires("30m") @valid("10m") @because("Not all of it can be read.")
forbid (principal, action in Interlock::Action::"tool.call", resource) when { context.opaque };
@id("no-deletes") @because("Nothing is deleted from a pipeline.")
forbid (principal, action == Interlock::Action::"tool:deploy/delete", resource);
"""
SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "resource": {"type": "object", "properties": {"type": {"type": "string"}, "id": {"type": "string"}}},
        "context": {
            "type": "object",
            "properties": {"environment": {"enum": ["production", "staging"]}, "version": {"type": "string"}},
        },
    },
}
DEPLOY = ConnectionName("deploy")
TOOLS = [Tool(DEPLOY, "rollout", SCHEMA), Tool(DEPLOY, "delete", SCHEMA)]


def pinned(policy: str = POLICY) -> Bundle:
    return load({"policy.cedar": policy}, DIRECTORY.members(), tools=TOOLS)


@dataclass
class Pipeline:
    """The office with its control port, and one client for each agent."""

    office: Office
    app: FastAPI
    access: Access
    keys: Mapping[str, str]

    async def send(
        self, method: str, path: str, body: Any = None, *, by: str = "etl", headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        named = {"Authorization": f"Bearer {self.keys[by]}", **(headers or {})}
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=URL) as client:
            return await client.request(method, path, headers=named, content=None if body is None else encoded(body))

    async def evaluate(self, body: Any, *, by: str = "etl") -> dict[str, Any]:
        answer = await self.send("POST", "/access/v1/evaluation", body, by=by)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def submit(
        self, body: Any, denied: Mapping[str, Any], *, by: str = "etl", key: str = "k1", **more: Any
    ) -> httpx.Response:
        sent = {**body, "denial": denial_of(denied), **more}
        return await self.send("POST", REQUESTS, sent, by=by, headers={"Idempotency-Key": key})

    async def held(self, body: Any, *, by: str = "etl", key: str = "k1") -> Review:
        """The review of a denied evaluation, asked for."""
        answer = await self.submit(body, await self.evaluate(body, by=by), by=by, key=key)
        assert answer.status_code == 202, answer.text
        return await self.office.desk.review(ReviewId(answer.json()["task"]["id"]))

    async def approved(self, body: Any, *, by: str = "etl", who: str = "dana") -> dict[str, Any]:
        """The evaluation with the approval that somebody gave it."""
        review = await self.office.vote(await self.held(body, by=by), who, Verdict.APPROVE)
        return with_approval(body, review.id)

    async def entries(self) -> list[dict[str, Any]]:
        bodies = await self.office.store.entries(0, 10_000)
        found = [json.loads(body.split(b"\n")[0]) for body in bodies]
        return [e for e in found if e["type"] not in ("node.seal", "key.issued")]

    async def types(self) -> list[str]:
        return [str(entry["type"]) for entry in await self.entries()]

    def under(self, policy: str) -> Pipeline:
        """The same under other policies."""
        return self._with(replace(self.office.gate, rules=OneBundle(pinned(policy))))

    def _with(self, gate: Any) -> Pipeline:
        changed = replace(self.office, gate=gate)
        access = replace(self.access, gate=gate)
        return Pipeline(changed, application(changed, access, None), access, self.keys)


def encoded(body: Any) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def asked(subject: str = "etl", *, kind: str = "agent", resource: str = "payments", **context: Any) -> dict[str, Any]:
    """An evaluation: a rollout to production, unless said otherwise."""
    return {
        "subject": {"type": kind, "id": subject},
        "action": {"name": "rollout"},
        "resource": {"type": "deploy", "id": resource},
        "context": {"environment": "production", **context},
    }


def with_approval(body: Mapping[str, Any], id_: str) -> dict[str, Any]:
    return {**body, "context": {**body["context"], "approval": {"id": id_}}}


def denial_of(denied: Mapping[str, Any]) -> dict[str, Any]:
    context = denied["context"]
    request = context["access_request"]
    return {
        "evaluation_id": context["evaluation_id"],
        "evaluated_at": context["evaluated_at"],
        "reason": context["reason"],
        "expires_at": request["expires_at"],
        "binding_token": request["binding_token"],
        "template": request["template"],
    }


def application(o: Office, access: Access, callbacks: Callbacks | None) -> FastAPI:
    given = (o.desk, o.registry, o.desk.sealer, o.clock, URL, False, "test", lambda: None)
    return control_app(*given, access=access, callbacks=callbacks)


@asynccontextmanager
async def pipeline(
    directory: Path, *, clock: HandClock | None = None, callbacks: Callbacks | None = None, url: str = URL
) -> AsyncIterator[Pipeline]:
    """Opens it on a store in `directory`."""
    async with office(directory, clock=clock) as opened:
        o = replace(opened, gate=replace(opened.gate, rules=OneBundle(pinned())))

        def tools(name: str) -> Tool | None:
            return pinned_tools.get(name)

        pinned_tools = {tool.id: tool for tool in TOOLS}
        connection = Connection(DEPLOY, "access", "production", frozenset())
        settings = {DEPLOY: AccessSettings(connection, frozenset({"deploy", "service"}))}
        tokens = BindingTokens(Secret(b"K" * 32), url, url + REQUESTS)
        access = Access(o.gate, o.desk, settings, tools, tokens, o.clock, ENTROPY)
        keys = {name: await key_of(o, name) for name in ("etl", "other", "dana")}
        yield Pipeline(o, application(o, access, callbacks), access, keys)
