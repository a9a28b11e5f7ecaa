"""make fuzz: `python -m tests.fuzzing --seconds 1800`. Exit code 1 when anything was found."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import faulthandler
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

from tests.fuzzing import TARGETS
from tests.fuzzing.judging import Target
from tests.fuzzing.kernels import COMPILED
from tests.fuzzing.loop import Loop, Tally
from tests.fuzzing.streams import record

from interlock.demo.embedded_postgres import EmbeddedPostgres

STUCK_SECONDS = 600  # in C code, where no signal is heard: the stack is told, and the process ends


def main(arguments: Sequence[str]) -> int:
    """0 when nothing was found."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzzing", description="Fuzzes the PostgreSQL door's parsers."
    )
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=None, help="of everything but the recorded streams")
    parser.add_argument("--target", action="append", choices=[target.name for target in TARGETS])
    parser.add_argument("--case", type=int, help="of a finding, with --hex: sees it again")
    parser.add_argument("--hex", type=bytes.fromhex)
    asked = parser.parse_args(arguments)
    targets = [target for target in TARGETS if not asked.target or target.name in asked.target]
    if asked.hex is not None:
        print(targets[0].check(asked.hex, Random(asked.case)))
        return 0
    return _fuzz(targets, asked.seconds, secrets.randbits(32) if asked.seed is None else asked.seed)


def _fuzz(targets: Sequence[Target], seconds: float, seed: int) -> int:
    with _server() as server:
        streams = asyncio.run(record(server, "postgres"))
    print(f"seed {seed}; row kernel {'compiled and as Python' if COMPILED else 'as Python alone'}", flush=True)
    loop = Loop(targets, streams, seed)
    loop.untouched()
    faulthandler.enable()
    _tell(loop.tally)
    loop.until(seconds, _tell)
    _tell(loop.tally)
    for finding in loop.tally.findings:
        print(f"\nFINDING in {finding.target}: {finding.because}\n  {finding.repro()}")
    print(f"done: {len(loop.tally.findings)} findings", flush=True)
    return 1 if loop.tally.findings else 0


def _tell(tally: Tally) -> None:
    faulthandler.dump_traceback_later(STUCK_SECONDS, exit=True)
    print("\n".join(tally.lines()), flush=True)


@contextlib.contextmanager
def _server() -> Iterator[EmbeddedPostgres]:
    directory = Path(tempfile.mkdtemp(prefix="interlock-fuzz-"))
    directory.chmod(0o711)  # root's servers run as nobody, who must be able to pass
    try:
        with EmbeddedPostgres.start(directory / "postgres", fsync=False) as server:
            yield server
    finally:
        shutil.rmtree(directory)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
