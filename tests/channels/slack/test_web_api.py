"""Answers of Slack that are too long are given up, however they come."""

from __future__ import annotations

import gzip

import pytest
from aiohttp import web

from interlock.channels.slack.web_api import MAX_ANSWER, AnswerLost, WebApi
from interlock.model.channel_settings import SlackSettings
from interlock.model.secret import Secret

LONG = b'{"ok": true, "x": "' + b"x" * MAX_ANSWER + b'"}'
READY = b'{"ok": true}'.ljust(MAX_ANSWER)


async def answered(body: bytes, kind: str) -> object:
    """What a call comes to that is answered so."""

    async def handle(request: web.Request) -> web.StreamResponse:
        if kind == "length":
            return web.Response(body=body, content_type="application/json")
        packed = {"Content-Encoding": "gzip"} if kind == "packed" else {}
        response = web.StreamResponse(headers={"Content-Type": "application/json", **packed})
        await response.prepare(request)
        try:
            await response.write(gzip.compress(body) if kind == "packed" else body)
            await response.write_eof()
        except ConnectionError:
            pass  # we hung up
        return response

    app = web.Application()
    app.router.add_post("/api/{method}", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
    api = WebApi(SlackSettings("T01", Secret("xoxb"), None, Secret("s" * 32), url))
    try:
        return (await api.call("chat.postMessage", channel="C1"))["ok"]
    finally:
        await api.close()
        await runner.cleanup()


@pytest.mark.parametrize("kind", ["length", "chunks", "packed"])
async def test_an_answer_that_is_too_long_is_lost(kind: str) -> None:
    with pytest.raises(AnswerLost):
        await answered(LONG, kind)


@pytest.mark.parametrize("kind", ["length", "chunks"])
async def test_the_longest_answer_that_is_taken(kind: str) -> None:
    assert await answered(READY, kind) is True
