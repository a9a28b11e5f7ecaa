"""What is logged, and how: our own lines by structlog, libraries' from warnings on.

A traceback is logged as the error's type and the calls that it went through, without its message and without what was
in variables: both may hold a token, an address or something that a label hides.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Final

import structlog

from interlock.model.mistakes import place_of_mistake

QUIET: Final = (
    "httpx2",
    "httpx",  # logs each call's whole address, and a webhook's address is its secret
    "httpcore",
    "aiohttp",
    "slack_sdk",
    "slack_bolt",
    "msal",
    "microsoft_teams",
    "aiosmtplib",
    "asyncio",
)
_STAMP: Final = "%Y-%m-%d %H:%M:%S"


def set_up_logs() -> None:
    """To be called once, before anything is logged. Changes the process's own settings of structlog and logging."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            without_message,
            structlog.processors.TimeStamper(fmt=_STAMP, utc=False),
            structlog.dev.ConsoleRenderer(
                colors=sys.stdout.isatty(), exception_formatter=structlog.dev.plain_traceback
            ),
        ]
    )
    handler = logging.StreamHandler()
    handler.setFormatter(PlacesOnly("%(asctime)s [%(levelname)s] %(name)s: %(message)s", _STAMP))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("mcp").setLevel(logging.ERROR)  # its warnings tell what clients send, as often as they send it


def without_message(_: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A processor: an error that is logged with its traceback becomes `error` and `at`."""
    given = event.pop("exc_info", None) or (method == "exception")
    event.pop("stack_info", None)
    error = given if isinstance(given, BaseException) else given[1] if isinstance(given, tuple) else None
    if error is None and given:
        error = sys.exc_info()[1]
    if error is not None:
        event["error"], event["at"] = type(error).__name__, place_of_mistake(error)
    return event


class PlacesOnly(logging.Formatter):
    """The same for what libraries log."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        error = record.exc_info[1] if record.exc_info else None
        # The loop's own lines about forgotten tasks quote the exception from their second line on.
        said = record.getMessage().partition("\n")[0] if record.name == "asyncio" else record.getMessage()
        if error is not None:
            said = f"{said} ({type(error).__name__} at {place_of_mistake(error)})"
        told = logging.LogRecord(record.name, record.levelno, record.pathname, record.lineno, said, (), None)
        told.created, told.msecs = record.created, record.msecs
        return super().format(told)
