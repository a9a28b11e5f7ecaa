"""`/metrics`: for operators and services, and nothing in it that names anybody."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import httpx
from tests.web.conftest import By, SignIn
from tests.web.in_memory import Office

from interlock.model.channels import Channel
from interlock.workers.meters import Backlog, Meters, Outcome

DOCS = Path(__file__).resolve().parents[2] / "docs"


def measured(office: Office) -> Meters:
    """The office's control port with a few figures."""
    meters = Meters()

    async def backlog() -> dict[Channel, Backlog]:
        return {Channel.SLACK: Backlog(7, 12.5, 30.0)}

    meters.watch(backlog, lambda: 3)
    meters.delivery(Channel.SLACK, Outcome.DELIVERED)
    meters.refused("callback/canary-name")
    meters.refused("canary\n# HELP x")
    meters.vote("slack", True)
    meters.count_tools(lambda: {"tracker": (2, 1)})
    meters.count_statements(lambda: {"survived": 5, "fatal": 1})
    office.app.state.control = replace(office.app.state.control, measures=meters.text)
    return meters


async def test_operators_and_services_read_it(office: Office, by: By) -> None:
    measured(office)
    for token in ("operator-token", "service-key"):
        answer = await by(token).get("/metrics")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        lines = answer.text.splitlines()
        assert 'interlock_channel_queued{channel="slack"} 7.0' in lines
        assert 'interlock_channel_lag_seconds{channel="slack"} 12.5' in lines
        assert 'interlock_channel_away_seconds{channel="slack"} 30.0' in lines
        assert 'interlock_channel_deliveries_total{channel="slack",outcome="delivered"} 1.0' in lines
        assert 'interlock_channel_refused_total{channel="callback"} 1.0' in lines
        assert 'interlock_channel_refused_total{channel="other"} 1.0' in lines
        assert 'interlock_votes_total{channel="slack",outcome="counted"} 1.0' in lines
        assert "interlock_reviews_pending 3.0" in lines
        assert 'interlock_statements_read_total{outcome="fatal"} 1.0' in lines
        assert 'interlock_mcp_tools_changed{connection="tracker"} 2.0' in lines
        assert 'interlock_mcp_tools_gone{connection="tracker"} 1.0' in lines
        assert "canary" not in answer.text


async def test_nobody_else_does(office: Office, by: By, sign_in: SignIn, browser: httpx.AsyncClient) -> None:
    measured(office)
    assert (await browser.get("/metrics")).status_code == 401
    for token in ("agent-key", "priya-key"):
        assert (await by(token).get("/metrics")).status_code == 403
    assert (await (await sign_in("priya")).get("/metrics")).status_code == 403


async def test_two_of_them_share_nothing(office: Office, by: By) -> None:
    measured(office)
    _, body = await Meters().text()
    assert b'channel="slack"' not in body


async def test_without_figures_there_is_nothing(by: By) -> None:
    assert (await by("operator-token").get("/metrics")).status_code == 404


async def test_the_pages_name_every_metric_and_no_other() -> None:
    _, body = await Meters().text()
    kinds = re.findall(r"^# TYPE (interlock_\w+) (\w+)$", body.decode(), re.M)
    there = {name for name, _ in kinds if not name.endswith("_created")}
    assert len(there) == 14
    reference = set(re.findall(r"`(interlock_[a-z_]+)", (DOCS / "reference" / "api.md").read_text()))
    assert reference == there
    howto = set(re.findall(r"interlock_[a-z_]+", (DOCS / "howto" / "measure-with-prometheus.md").read_text()))
    assert howto and howto <= there
