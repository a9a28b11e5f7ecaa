"""docs/howto/send-votes-by-callback.md: its shell, run by bash with openssl and curl against a control port."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import uvicorn
from tests.channels.a_chat import DANA, EVERYWHERE, Chat, chat

from interlock.channels.vote_callbacks import VoteCallbacks
from interlock.model.channel_settings import VoteCallbackSettings
from interlock.model.review import ReviewState
from interlock.model.secret import Secret
from interlock.web.control import control_app

PAGE = Path(__file__).resolve().parents[2] / "docs" / "howto" / "send-votes-by-callback.md"
SECONDS = 20.0


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # the test run's signals are pytest's


def blocks() -> list[str]:
    """The page's shell: the function, a link, a vote."""
    return re.findall(r"^```bash\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


@asynccontextmanager
async def served(here: Chat, secret: Secret[str]) -> AsyncIterator[str]:
    """The control port with this callback, on a real socket; gives its address."""
    to = VoteCallbacks(VoteCallbackSettings("desk", secret), here.answering, here.refused, here.office.clock)
    bound = socket.create_server(("127.0.0.1", 0))
    url, office = f"http://127.0.0.1:{bound.getsockname()[1]}", here.office
    app = control_app(
        office.desk,
        office.registry,
        office.desk.sealer,
        office.clock,
        url,
        False,
        "test",
        lambda: None,
        inbound={"callback/desk": to},
    )
    server = _Server(uvicorn.Config(app, access_log=False, log_level="warning", lifespan="off"))
    running = asyncio.create_task(server.serve(sockets=[bound]))
    try:
        yield url
    finally:
        server.should_exit = True
        await asyncio.wait_for(running, SECONDS)
        bound.close()


async def bash(text: str, **env: str) -> str:
    """What a script prints; it has to end well."""
    child = await asyncio.create_subprocess_exec(
        "bash", "-euo", "pipefail", "-c", text, env={"PATH": os.environ["PATH"], **env}, stdout=-1, stderr=-1
    )
    out, err = await asyncio.wait_for(child.communicate(), SECONDS)
    assert child.returncode == 0, err.decode()
    return out.decode()


@pytest.mark.skipif(not all(map(shutil.which, ("bash", "openssl", "curl"))), reason="needs bash, openssl and curl")
async def test_the_pages_shell_links_an_account_and_votes(tmp_path: Path) -> None:
    send, link, vote = blocks()
    file = tmp_path / "secret"
    await bash('(printf whsec_; openssl rand -base64 32) > "$FILE"', FILE=str(file))
    secret = Secret(file.read_text().strip())
    async with chat(tmp_path, EVERYWHERE) as here, served(here, secret) as url:
        here.office.clock.at = datetime.now(UTC)  # as the shell's
        env = {"SECRET_FILE": str(file), "INTERLOCK_URL": url}
        code = here.people.begin_link(DANA, "callback/desk").reveal()
        assert (await bash(send + link, CODE=code, **env)).endswith(" 200\n")
        (pending,) = here.people.pending_links(DANA)
        assert (pending.subject, pending.shown) == ("pat", "Pat, service desk")
        await here.people.confirm_link(DANA, "callback/desk", "pat")
        review, action = await here.held()
        card = await here.card(review)
        assert (await bash(send + vote, CARD=card, **env)).endswith(" 200\n")
        assert await here.state(review) is ReviewState.APPROVED
        assert [each.reason for each in await here.votes(review)] == ["asked by phone"]
        assert (await bash(send + vote, CARD=card, **env)).endswith(" 409\n")
        file.write_text("whsec_" + "A" * 43 + "=\n")
        assert (await bash(send + vote, CARD=card, **env)).endswith(" 401\n")
        assert await here.redeemed(review, action)
