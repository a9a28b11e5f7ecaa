"""The two HTTP ports as servers of ours."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

import uvicorn
from starlette.types import ASGIApp

from interlock import __version__
from interlock.app.asked_by_callers import access_of
from interlock.app.assembly import Assembly
from interlock.app.leaves import ShownLeaves
from interlock.app.reaching import Reaching
from interlock.model.settings import Listen
from interlock.registry.clearing import Clearing
from interlock.revealing import Revealing
from interlock.web.control import agents_app, control_app, warm
from interlock.web.labelling import Labelling
from interlock.web.patience import HeadWithinSeconds

HTTP_CONNECTIONS = 500  # on the control port at once
AGENTS_CONNECTIONS = 5_000  # on the agents' port: a session's own stream, and a connection for each call that waits


class Server(uvicorn.Server):
    """uvicorn without its own signal handling: signals are ours, so that our clean-up runs."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Does nothing."""
        yield


def http_servers(
    assembly: Assembly,
    reached: Reaching,
    stop: asyncio.Event,
    labelling: Labelling | None = None,
    doors: Mapping[str, ASGIApp] = MappingProxyType({}),
) -> tuple[Server, Server]:
    settings = assembly.settings

    def ready() -> str | None:
        return "stopping" if stop.is_set() else None

    control = control_app(
        assembly.desk,
        assembly.registry,
        assembly.sealer,
        assembly.clock,
        settings.public_url,
        settings.unsafe_token_votes,
        __version__,
        ready,
        stop,
        bundles=assembly.adoption,
        leaves=ShownLeaves(Revealing(assembly.gate)),
        people=assembly.people,
        provisioning=assembly.provisioning,
        means=assembly.means,
        callbacks=assembly.callbacks,
        access=access_of(assembly),
        passkeys=assembly.passkeys,
        inbound=reached.inbound,
        measures=reached.meters.text,
        figures=assembly.figures,
        clearing=Clearing(assembly.registry, assembly.passkeys, settings.policy.approvers),
        labelling=labelling,
    )
    warm(control)
    agents = agents_app(__version__, ready, doors)
    return server(control, settings.control), server(agents, settings.agents, AGENTS_CONNECTIONS)


def server(app: Callable[..., object], listen: Listen, connections: int = HTTP_CONNECTIONS) -> Server:
    return Server(
        uvicorn.Config(
            app,
            host=listen.host,
            port=listen.port,
            ssl_certfile=listen.tls.certificate if listen.tls else None,
            ssl_keyfile=listen.tls.key if listen.tls else None,
            ssl_ca_certs=str(listen.client_ca) if listen.client_ca else None,
            ssl_cert_reqs=ssl.CERT_OPTIONAL if listen.client_ca else ssl.CERT_NONE,
            access_log=False,
            log_config=None,  # as everything else is logged (`app.logs`)
            log_level="warning",
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=5,
            http=HeadWithinSeconds,
            ws="none",
            limit_concurrency=connections,
            proxy_headers=False,
        )
    )
