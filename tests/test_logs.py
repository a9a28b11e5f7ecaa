"""The logs of a gateway as it really sets them up: no value gets into them."""

from __future__ import annotations

import subprocess
import sys

CANARY = "CANARY-4711"
SAID = f"""
import asyncio, logging, httpx, structlog
from interlock.app.logs import set_up_logs

set_up_logs()
log = structlog.get_logger()

def wrong(token):
    held = {{"patient": token}}
    raise RuntimeError(f"no good: {{token}}")

for told in (log.exception, lambda event: log.error(event, exc_info=True), logging.getLogger("aiohttp").exception):
    try:
        wrong("{CANARY}")
    except RuntimeError as error:
        told("a mistake")
try:
    wrong("{CANARY}")
except RuntimeError as error:
    log.warning("given", exc_info=error)

async def main():
    answers = httpx.MockTransport(lambda request: httpx.Response(204))
    async with httpx.AsyncClient(transport=answers) as client:
        await client.post("https://hooks.example/{CANARY}")
    for name in ("httpx", "httpcore", "aiohttp", "slack_sdk.web", "slack_bolt", "msal.token", "microsoft_teams.apps"):
        logging.getLogger(name).info("https://hooks.example/{CANARY}")

    async def forgotten():
        wrong("{CANARY}")

    task = asyncio.ensure_future(forgotten())
    await asyncio.wait([task])
    del task

asyncio.run(main())
import gc; gc.collect()
log.info("serving", port=5432)
"""


def test_neither_locals_nor_messages_nor_addresses_are_logged() -> None:
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", SAID], capture_output=True, text=True, timeout=60)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert CANARY not in said and "https://" not in said
    assert said.count("RuntimeError") == 5 and said.count("__main__:wrong:") == 5, "what went wrong, and where"
    assert "never retrieved" in said and "serving" in said and "5432" in said


def test_the_gateway_begins_with_that() -> None:
    """Before anything else that could log."""
    done = subprocess.run([sys.executable, "-c", _SERVED], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == ["set_up_logs", "load"]


_SERVED = """
from pathlib import Path
from interlock.cli import serve

class Stop(Exception): pass

def load(path):
    print("load")
    raise Stop

serve.composition.set_up_logs = lambda: print("set_up_logs")
serve.settings_file.load = load
try:
    serve.serve(Path("interlock.toml"))
except Stop:
    pass
"""
