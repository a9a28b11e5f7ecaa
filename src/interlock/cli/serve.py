"""`interlock serve`: the gateway."""

from __future__ import annotations

import errno
import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import structlog
import typer
import uvloop

from interlock import app as composition
from interlock import settings as settings_file
from interlock.errors import InterlockError
from interlock.model.mistakes import place_of_mistake

# A new text makes thousands of objects that live for long, and cycles are rare: with Python's own thresholds (700, 10,
# 10) a tenth of its time and more went into looking for them.
GARBAGE = (5_000, 10, 5)

Settings = Annotated[Path, typer.Option("--settings", help="The settings file.", dir_okay=False)]


def serve(settings: Settings = Path("interlock.toml")) -> None:
    """Runs the gateway until it is told to stop (SIGINT or SIGTERM)."""
    composition.set_up_logs()
    loaded = settings_file.load(settings)
    gc.freeze()  # modules and the like stay
    gc.set_threshold(*GARBAGE)
    try:
        uvloop.run(composition.serve(loaded))
    except InterlockError:
        raise  # a sentence of ours, told as such
    except Exception as error:
        _tell_end(error)
        raise typer.Exit(1) from None


def _tell_end(error: Exception) -> None:
    """Logs what ended the gateway as types and places: messages, and a traceback's last line, may hold a value."""
    log = structlog.get_logger("interlock.serve")
    for each in _each(error):
        told = {"code": each.code} if isinstance(each, InterlockError) else {}
        if isinstance(each, OSError) and each.errno is not None:
            told = {"code": errno.errorcode.get(each.errno, str(each.errno))}
        log.critical("gateway.ended", kind=type(each).__name__, at=place_of_mistake(each), **told)


def _each(error: BaseException) -> Iterator[BaseException]:
    """What a group of errors is made of, however deep."""
    if not isinstance(error, BaseExceptionGroup):
        yield error
        return
    for part in error.exceptions:
        yield from _each(part)
