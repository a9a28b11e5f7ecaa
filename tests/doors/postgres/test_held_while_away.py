"""People sign while the server can't be asked what is there now: nothing of the client's is lost by that."""

from __future__ import annotations

import asyncio
from pathlib import Path

import psycopg
import pytest
from testkit.breakable_link import BreakableLink
from tests.a_gateway import gateway
from tests.postgres_fixture import Database
from tests.promises.a_stage import ThroughLink

HELD = "DELETE FROM log"


async def test_the_session_goes_on_and_the_approval_is_there_for_the_next_try(
    tmp_path: Path, empty_database: Database
) -> None:
    empty_database.execute("CREATE TABLE log (id int); INSERT INTO log VALUES (1); GRANT ALL ON log TO PUBLIC")
    upstream = empty_database.upstream
    async with BreakableLink(upstream.host, upstream.port) as link:
        there = ThroughLink(
            empty_database.server, empty_database.name, empty_database.user, empty_database.password, link.port
        )
        async with gateway(tmp_path, there, "") as gate, await gate.connect() as connection:
            waiting = asyncio.create_task(connection.execute(HELD.encode()))
            await gate.pending()
            link.refuse()
            await gate.sign()
            with pytest.raises(psycopg.OperationalError) as caught:
                await waiting
            assert caught.value.sqlstate == "08006" and not connection.closed
            assert str(link.port) not in str(caught.value), "where the server is, is nobody's business"
            link.accept()
            assert (await connection.execute(HELD.encode())).statusmessage == "DELETE 1"
