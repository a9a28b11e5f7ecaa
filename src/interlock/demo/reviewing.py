"""The demo's people, over the public API and the command line: as anybody outside would do it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import httpx

from interlock.demo.access import DemoAccess
from interlock.errors import UpstreamFailed

SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Reviewer:
    """One person with their key."""

    access: DemoAccess
    name: str

    def pending(self) -> list[str]:
        """Ids of the reviews that wait."""
        listed = self._ask("GET", "/api/reviews", params={"state": "pending"})["reviews"]
        return [each["review"]["id"] for each in listed]

    def vote(self, review: str, verdict: str, reason: str) -> str:
        """Looks at the card, then votes on exactly what it showed; returns the review's state."""
        card = self._ask("GET", f"/api/reviews/{review}")["card"]
        ballot = {
            "verdict": verdict,
            "action_digest": card["action_digest"],
            "card_digest": card["card_digest"],
            "reason": reason,
        }
        return str(self._ask("POST", f"/api/reviews/{review}/votes", json=ballot)["state"])

    def card_text(self, review: str, *, colour: bool, width: int) -> str:
        """The card as `interlock review show` prints it."""
        return run_cli(self.access, ["review", "show", review], self.name, colour=colour, width=width).stdout

    def _ask(self, method: str, path: str, **rest: Any) -> Any:
        token = self.access.keys[self.name].reveal()
        try:
            answer = httpx.request(
                method,
                f"{self.access.control_url}{path}",
                headers={"Authorization": f"Bearer {token}"},
                timeout=SECONDS,
                trust_env=False,
                **rest,
            )
            answer.raise_for_status()
            return answer.json()
        except httpx.HTTPStatusError as error:
            raise UpstreamFailed(f"the gateway answered {error.response.status_code} to {method} {path}") from None
        except httpx.HTTPError as error:
            raise UpstreamFailed(f"the gateway didn't answer: {type(error).__name__}") from None


def run_cli(
    access: DemoAccess, arguments: list[str], person: str = "", *, colour: bool = False, width: int = 100
) -> subprocess.CompletedProcess[str]:
    """Runs the `interlock` command as a child, with a person's key where one is named."""
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "PYTHONPATH") if name in os.environ}
    environment |= {"COLUMNS": str(width), "PYTHONIOENCODING": "utf-8", "INTERLOCK_URL": access.control_url}
    environment |= {"FORCE_COLOR": "1"} if colour else {"NO_COLOR": "1"}
    if person:
        environment["INTERLOCK_TOKEN"] = access.keys[person].reveal()
    return subprocess.run(
        [sys.executable, "-m", "interlock.cli", *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
