"""The two HTTP ports as servers of ours."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn

from interlock import __version__
from interlock.app.asked_by_callers import access_of
from interlock.app.core import Core
from interlock.app.leaves import ShownLeaves
from interlock.app.reaching import Reaching
from interlock.model.settings import Listen
from interlock.registry.clearing import Clearing
from interlock.web.control import agents_app, control_app, warm
from interlock.web.labelling import Labelling
from interlock.web.patience import HeadWithinSeconds

HTTP_CONNECTIONS = 500  # on each HTTP port at once


class Server(uvicorn.Server):
    """uvicorn without its own signal handling: signals are ours, so that our clean-up runs."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Does nothing."""
        yield


def http_servers(
    core: Core, reached: Reaching, stop: asyncio.Event, labelling: Labelling | None = None
) -> tuple[Server, Server]:
    settings = core.settings

    def ready() -> str | None:
        return "stopping" if stop.is_set() else None

    control = control_app(
        core.desk,
        core.registry,
        core.sealer,
        core.clock,
        settings.public_url,
        settings.unsafe_token_votes,
        __version__,
        ready,
        stop,
        bundles=core.adoption,
        leaves=ShownLeaves(core.gate),
        people=core.people,
        provisioning=core.provisioning,
        means=core.means,
        callbacks=core.callbacks,
        access=access_of(core),
        passkeys=core.passkeys,
        inbound=reached.inbound,
        measures=reached.meters.text,
        figures=core.figures,
        clearing=Clearing(core.registry, core.passkeys, settings.policy.approvers),
        labelling=labelling,
    )
    warm(control)
    return server(control, settings.control), server(agents_app(__version__, ready), settings.agents)


def server(app: Callable[..., object], listen: Listen) -> Server:
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
            limit_concurrency=HTTP_CONNECTIONS,
            proxy_headers=False,
        )
    )
