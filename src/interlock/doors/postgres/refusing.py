"""What a refused client is told: a stable code, a safe sentence, the review's id. The ledger tells more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from interlock.doors.postgres.holding import told
from interlock.doors.postgres.units import Misspelt, Stop
from interlock.doors.postgres.upstream import UpstreamAway
from interlock.errors import LedgerUnavailable
from interlock.model.decision import Reason
from interlock.model.names import ReviewId
from interlock.sql.unparsable import Unparsable
from interlock.wire.postgres import answers

ONLY_OBSERVED = "Policy stops nothing on this connection, but what can't be read isn't run here either."
_SQLSTATES = {"cancelled": "57014", "client_left": "57014", "statement_timeout": "57014"}


@dataclass(slots=True)
class Remembered:
    """What `SHOW interlock.review` and its like tell: the last review, the last refusal or hold, the labels of what was
    masked in the last result."""

    review: str = ""
    why: str = ""
    masked: str = ""

    def held(self, review: ReviewId, reasons: Sequence[Reason]) -> None:
        """A request was held."""
        self.review, self.why = review, f"held: {told(reasons) or 'Held for sign-off.'}"

    def refused(self, reasons: Sequence[Reason], review: ReviewId | None) -> None:
        """A request was refused."""
        self.why = f"{_code(reasons)}: {told(reasons) or _NOBODY}"
        if review is not None:
            self.review = review


def error(stop: Stop) -> bytes:
    """The ErrorResponse."""
    sentences = (stop.sentence, stop.detail, stop.hint)
    return answers.write_error("ERROR", stop.sqlstate, *sentences, stop.position, stop.names)


def unread(error: Unparsable) -> Stop:
    """A text that wasn't read for what it is: what the server would say where its grammar refuses it."""
    return Misspelt(error.sqlstate, error.told.reveal(), error.position)


def refusal(reasons: Sequence[Reason], review: ReviewId | None, public_url: str, hint: str = "") -> Stop:
    """A decision's no."""
    code = _code(reasons)
    detail = f"interlock: {code}" + (f"; review {review}" if review else "")
    hint = f"{public_url}/reviews/{review}" if review else hint
    return Stop(_SQLSTATES.get(code, "42501"), f"Refused: {told(reasons) or _NOBODY}", detail, hint)


def unrecordable(broken: LedgerUnavailable) -> Stop:
    """The ledger can't be written."""
    return Stop(
        "58030", f"Refused: {broken.sentence}, and what can't be recorded may not run.", f"interlock: {broken.code}"
    )


def away(server: UpstreamAway) -> Stop:
    """There is no session with the server now; the client's own goes on."""
    return Stop(
        server.sqlstate,
        f"No session with the protected system can be had now: {server.sentence}.",
        f"interlock: {server.code}",
    )


_NOBODY = "No policy lets it through."


def _code(reasons: Sequence[Reason]) -> str:
    return reasons[0].code if reasons else "denied"
