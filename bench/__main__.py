"""Runs the benchmarks and prints one table. A missed budget is a finding, not a failure: the exit code stays 0."""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bench import (
    bulk_rows,
    chat_vote,
    decisions,
    detection,
    held_actions,
    hold_to_run,
    inbox_of_10000,
    ledger_appends,
    login_to_inbox,
    mcp_calls,
    outbox,
    policy_tools,
    snapshot,
    statements,
    votes_racing,
)
from bench.ground import Ground, prepared
from bench.link import Failed
from bench.progress import say
from bench.report import Result, table
from interlock.demo.embedded_postgres import wipe
from interlock.errors import InterlockError

BENCHMARKS: dict[str, Callable[[Ground], list[Result]]] = {
    "statements": statements.run,
    "bulk_rows": bulk_rows.run,
    "decisions": decisions.run,
    "ledger_appends": ledger_appends.run,
    "hold_to_run": hold_to_run.run,
    "chat_vote": chat_vote.run,
    "held_actions": held_actions.run,
    "login_to_inbox": login_to_inbox.run,
    "inbox_of_10000": inbox_of_10000.run,
    "votes_racing": votes_racing.run,
    "outbox_10000": outbox.run,
    "policy_tools": policy_tools.run,
    "snapshot": snapshot.run,
    "detection": detection.run,
    "mcp": mcp_calls.run,
}


def main(arguments: Sequence[str]) -> int:
    """0 when every benchmark asked for ran, 1 when one didn't."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measures Interlock beside its peers.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(BENCHMARKS)}; all without any")
    parser.add_argument("--keep", action="store_true", help="leave the working directory, with the gateways' logs")
    asked = parser.parse_args(arguments)
    unknown = [name for name in asked.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"there is no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    directory = Path(tempfile.mkdtemp(prefix="interlock-bench-"))
    directory.chmod(0o711)  # root's servers run as another user, who must be able to pass
    try:
        results, failed = _run(asked.names or list(BENCHMARKS), directory)
    finally:
        if asked.keep:
            say(f"kept: {directory}")
        else:
            _clear(directory)
    print(table(results))
    print(f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores, Python {sys.version.split()[0]}")
    for name in failed:
        print(f"{name}: failed to run")
    return 1 if failed else 0


def _clear(directory: Path) -> None:
    with contextlib.suppress(InterlockError, OSError):
        wipe(directory / "postgres")  # which may lie elsewhere, where the server's account can reach it
    shutil.rmtree(directory, ignore_errors=True)


def _run(names: Sequence[str], directory: Path) -> tuple[list[Result], list[str]]:
    results: list[Result] = []
    failed: list[str] = []
    with prepared(directory) as ground:
        for name in names:
            begun = time.monotonic()
            try:
                results += BENCHMARKS[name](ground)
                say(f"{name}: {time.monotonic() - begun:.0f} s")
            except (Failed, InterlockError, OSError) as error:
                say(f"{name}: {error}")
                failed.append(name)
    return results, failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
