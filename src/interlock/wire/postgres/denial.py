"""The bytes of a refusal, and of what else we say to a client in words of our own.

No sentence, detail or hint given here may hold a value. `status` is the transaction status that ReadyForQuery is to
tell: b"I" idle, b"T" in a transaction, b"E" in a failed one.
"""

from __future__ import annotations

from interlock.wire.postgres.answers import write_error, write_notice, write_ready_for_query
from interlock.wire.postgres.backend import Complaint
from interlock.wire.postgres.complaints import DEAF, Hearing, Told, told_error, told_notice
from interlock.wire.postgres.sentences import known_sqlstate, sentence_for

__all__ = [
    "known_sqlstate",
    "notice",
    "refuse_flush",
    "refuse_session",
    "refuse_simple",
    "refuse_unit",
    "sentence_for",
    "upstream_error",
    "upstream_notice",
    "write_told",
]


def refuse_simple(sqlstate: str, sentence: str, detail: str = "", hint: str = "", status: bytes = b"I") -> bytes:
    """Refuses a Query: an ErrorResponse, then ReadyForQuery; the connection stays usable."""
    return write_error("ERROR", sqlstate, sentence, detail, hint) + write_ready_for_query(status)


def refuse_unit(sqlstate: str, sentence: str, detail: str = "", hint: str = "", status: bytes = b"I") -> bytes:
    """Refuses an extended unit whose Sync has come. Nothing of it ran, so no completion goes before the error."""
    return refuse_simple(sqlstate, sentence, detail, hint, status)


def refuse_flush(sqlstate: str, sentence: str, detail: str = "", hint: str = "") -> bytes:
    """Refuses what a Flush asked for: the error alone; ReadyForQuery answers the Sync that is still to come."""
    return write_error("ERROR", sqlstate, sentence, detail, hint)


def refuse_session(sqlstate: str, sentence: str, detail: str = "", hint: str = "") -> bytes:
    """A FATAL error, after which the caller closes the connection: a failed login, a broken protocol."""
    return write_error("FATAL", sqlstate, sentence, detail, hint)


def notice(sentence: str, detail: str = "", hint: str = "", sqlstate: str = "00000") -> bytes:
    """A NOTICE, such as the link of a review that a statement waits for."""
    return write_notice("NOTICE", sqlstate, sentence, detail, hint)


def upstream_error(complaint: Complaint, hearing: Hearing = DEAF) -> bytes:
    """A server's error as a client may see it."""
    return write_told(told_error(complaint, hearing))


def upstream_notice(complaint: Complaint, hearing: Hearing = DEAF) -> bytes:
    """A server's notice as a client may see it."""
    said = told_notice(complaint, hearing)
    return write_notice(said.severity, said.sqlstate, said.message)


def write_told(said: Told) -> bytes:
    """An error that was judged already."""
    return write_error(
        said.severity, said.sqlstate, said.message, hint=said.hint, position=said.position, names=said.names
    )
