"""The peer of a request: its address, and the client certificate that the handshake verified; long tokens."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI, Request
from testkit.certificates import Authority, Leaf
from tests.web.conftest import By
from tests.web.in_memory import Office

from interlock.identity.certificates import sha256_of
from interlock.web.callers import peer_of
from interlock.web.patience import HeadWithinSeconds

CA = Authority()
CLIENT = CA.leaf("etl")


@asynccontextmanager
async def served(directory: Path) -> AsyncIterator[str]:
    """An application that tells who its peer is, over TLS that takes client certificates."""
    app = FastAPI()

    @app.get("/peer")
    async def peer(request: Request) -> dict[str, str]:
        found = peer_of(request)
        return {"address": found.address, "certificate": sha256_of(found.certificate) if found.certificate else ""}

    certificate, key = CA.leaf("127.0.0.1", addresses=["127.0.0.1"]).write(directory, "server")
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=0,
        ssl_certfile=certificate,
        ssl_keyfile=key,
        ssl_ca_certs=str(CA.write(directory)),
        ssl_cert_reqs=ssl.CERT_OPTIONAL,
        http=HeadWithinSeconds,
        ws="none",
        lifespan="off",
        log_level="critical",
    )
    server = uvicorn.Server(config)
    running = asyncio.ensure_future(server.serve())
    try:
        async with asyncio.timeout(10):
            while not server.started:
                await asyncio.sleep(0.01)
        yield f"https://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await running


async def ask(url: str, directory: Path, leaf: Leaf | None) -> Any:
    context = ssl.create_default_context(cafile=directory / "ca.pem")
    if leaf is not None:
        context.load_cert_chain(*leaf.write(directory, "client"))
    async with httpx.AsyncClient(verify=context) as client:
        first = json.loads((await client.get(f"{url}/peer")).content)
        assert json.loads((await client.get(f"{url}/peer")).content) == first  # of one connection, one peer
        return first


async def test_the_certificate_comes_along(tmp_path: Path) -> None:
    async with served(tmp_path) as url:
        assert await ask(url, tmp_path, CLIENT) == {"address": "127.0.0.1", "certificate": CLIENT.sha256}
        assert await ask(url, tmp_path, None) == {"address": "127.0.0.1", "certificate": ""}


async def test_a_header_makes_no_peer(office: Office, by: By) -> None:
    told = {"X-Forwarded-For": "10.2.0.1", "X-Client-Cert": "x", "Forwarded": "for=10.2.0.1"}
    assert (await by("agent-key").get("/api/whoami", headers=told)).status_code == 200
    (peer,) = set(office.registry.peers)
    assert (peer.address, peer.certificate) == ("127.0.0.1", None)


async def test_tokens_may_be_long_but_not_endless(office: Office, by: By) -> None:
    office.registry.keys["t" * 8_192] = office.registry.keys["agent-key"]
    office.registry.keys["t" * 8_193] = office.registry.keys["agent-key"]
    assert (await by("t" * 8_192).get("/api/whoami")).status_code == 200
    assert (await by("t" * 8_193).get("/api/whoami")).status_code == 401


async def test_a_key_is_made_with_what_it_is_bound_to(office: Office, by: By) -> None:
    wanted = {"holder": "etl-agent", "made_by": "owen", "certificate": "a" * 64, "networks": ["10.2.0.0/16"]}
    assert (await by("operator-token").post("/api/operator/keys", json=wanted)).status_code == 201
    assert office.registry.bound == [("a" * 64, ("10.2.0.0/16",))]
    bad = {**wanted, "certificate": "A" * 64}
    assert (await by("operator-token").post("/api/operator/keys", json=bad)).status_code == 422


async def test_what_others_issued_is_revoked_by_its_name(office: Office, by: By) -> None:
    for key in ("jwt:k8s:0123456789abcdef", "x509:0123456789abcdef"):
        answer = await by("operator-token").post(f"/api/operator/keys/{key}/revoke", json={"because": "leaked"})
        assert answer.status_code == 404  # known to nobody here; the form is right
    for key in ("ilk_0123456789abcdef_secret", "jwt:K8S:0123456789abcdef", "x509:0"):
        answer = await by("operator-token").post(f"/api/operator/keys/{key}/revoke", json={"because": "leaked"})
        assert answer.status_code == 422
