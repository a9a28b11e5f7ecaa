"""The process that parses a text before the gateway does, so that what kills a parser kills this one.

    python -I -m interlock.doors.postgres.tasting_child

In: the text's length (four bytes, big-endian) and the text. Out: one byte when it is ready, one for each text that it
has survived. It has an empty environment, no files, no more memory than a text within our limits needs, and a stack an
eighth of the gateway's, so that it overflows first. It leaves when its input ends.
"""

from __future__ import annotations

import os
import resource
import sys
from typing import BinaryIO, Final

from interlock.errors import NotUnderstood
from interlock.sql.rehearsal import rehearse
from interlock.sql.unparsable import Unparsable

READY: Final = b"r"
SURVIVED: Final = b"s"

STACK: Final = 1 << 20  # bytes; the gateway's main thread has 8 MiB where nobody changed it
MEMORY: Final = 2 << 30  # bytes of address space; a text within our limits took 0.4 GiB at most
_MOST_FILES: Final = 1 << 20
CPU_SECONDS: Final = 20  # for one text, should the gateway be gone that would end it sooner


def main() -> None:
    """Tastes what comes until nothing more comes."""
    source, answer = sys.stdin.buffer, sys.stdout.buffer
    _confine()
    answer.write(READY)
    answer.flush()
    while (text := _next(source)) is not None:
        _lower(resource.RLIMIT_CPU, int(resource.getrusage(resource.RUSAGE_SELF).ru_utime) + CPU_SECONDS, soft=True)
        _taste(text)
        answer.write(SURVIVED)
        answer.flush()


def _next(source: BinaryIO) -> bytes | None:
    size = source.read(4)
    text = source.read(int.from_bytes(size)) if len(size) == 4 else b""
    return text if len(size) == 4 and len(text) == int.from_bytes(size) else None


def _taste(text: bytes) -> None:
    """Returns where the gateway may do the same; leaves where memory ran out, which it mightn't there."""
    try:
        rehearse(text)
    except Unparsable as refused:
        if refused.told.reveal().startswith("out of memory"):
            os._exit(1)
    except NotUnderstood:
        return
    except MemoryError:
        os._exit(1)
    except Exception:  # noqa: S110  ours, and the same in the gateway, which refuses what it can't judge
        pass


def _confine() -> None:
    os.closerange(3, _MOST_FILES)  # uvloop leaves open what was marked as inheritable
    _lower(resource.RLIMIT_STACK, STACK)
    _lower(resource.RLIMIT_AS, MEMORY)
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, 0)
    _lower(resource.RLIMIT_NOFILE, 16)


def _lower(limit: int, to: int, *, soft: bool = False) -> None:
    """Sets a limit where the system has one that is higher; `soft` leaves room to raise it again."""
    hard = resource.getrlimit(limit)[1]
    most = to if hard == resource.RLIM_INFINITY else min(to, hard)
    try:
        resource.setrlimit(limit, (most, hard if soft else most))
    except (ValueError, OSError):
        return  # a system without it


if __name__ == "__main__":
    main()
