"""What the scripted agent is given: addresses and credentials, and nothing of the gateway's inside."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from interlock.demo.mcp_process import RecordsServer
from interlock.model.secret import Secret

AGENT = "etl-agent"
OFFICER = "dana"  # approves in the console, or with the printed command
REVIEWER = "remy"  # votes through the API when nobody watches
OWNER = "olivia"  # answers for the agent, so never votes on what it asks
DATABASE = "clinic"


@dataclass(frozen=True, slots=True)
class DemoAccess:
    """Where everything is, and the demo identities' keys.

    `truth` is the clinic server's own connection string: by it the script knows what must not come back. `settings` and
    `log_key` are for the operator's last step, exporting and verifying the ledger.
    """

    control_url: str
    host: str
    port: int
    keys: dict[str, Secret[str]]  # by name: AGENT, OFFICER, REVIEWER, OWNER
    truth: Secret[str]
    settings: Path
    log_key: str
    node_key: str
    credentials: Path  # the directory that holds each key in a file of its holder's name
    tools: str = ""  # the MCP connection's address
    records: RecordsServer | None = None  # what stands behind it
    patience: float = 40 * 60.0  # seconds that a session with tools may take in all

    def connection_line(self) -> str:
        """What a person pastes into a shell; the key stays in its file."""
        key = f'"$(cat {shown(self.credentials / AGENT)})"'
        return (
            f'PGPASSWORD={key} psql "host={self.host} port={self.port} dbname={DATABASE} user={AGENT} sslmode=disable"'
        )

    def review_command(self, verb: str, review: str) -> str:
        """The printed command by which the privacy officer votes."""
        key = f'"$(cat {shown(self.credentials / OFFICER)})"'
        return f"INTERLOCK_URL={self.control_url} INTERLOCK_TOKEN={key} {program()} review {verb} {review}"


def program() -> str:
    """How this installation's `interlock` is called from the directory where the demo was started."""
    beside = Path(sys.executable).parent / "interlock"
    return shown(beside) if beside.exists() else "interlock"


def shown(path: Path) -> str:
    """The path as short as it can be from here."""
    path = path.absolute()
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
