"""The one error tree.

    InterlockError                     code, sentence, whose fault
    ├── MalformedInput                 theirs    hostile or broken bytes: what every parser of outside bytes raises
    ├── NotUnderstood                  theirs    a statement, call or value we can't read well enough to judge
    ├── AuthenticationFailed           theirs    no such credential, or not that one
    ├── NotEntitled                    theirs    known, but may not do that
    ├── NotFound                       theirs    no such review, connection, person
    ├── Conflict                       theirs    the thing has moved on: stale digest, settled review, guard that failed
    ├── Mistakes                       operator  several mistakes in one input, all listed
    │   ├── SettingsMistakes
    │   └── PolicyMistakes
    ├── UpstreamFailed                 upstream  the protected system refused, vanished or broke its protocol
    │   ├── ServiceAway                upstream  a channel's service can't be reached now, or asks us to wait
    │   ├── DestinationGone            upstream  a channel, conversation or address that takes nothing any more
    │   ├── MessageGone                upstream  a message that was deleted
    │   └── DeliveryUnsure             upstream  it isn't known whether a message arrived
    └── LedgerError                    ours
        ├── LedgerUnavailable          ours      can't write now: nothing may run
        ├── LedgerCorrupt              ours      what is stored doesn't verify
        └── EntryRefused               ours      an entry outside the ledger's profile

A refusal isn't an error: it is a `Deny` with reasons. Sentences never quote values.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum


class Fault(StrEnum):
    """Whose doing an error is."""

    THEIRS = "theirs"
    OPERATOR = "operator"
    UPSTREAM = "upstream"
    OURS = "ours"


class InterlockError(Exception):
    """Everything Interlock raises on purpose: a stable `code` and one sentence (what, where, what to do)."""

    code = "internal"
    fault = Fault.OURS

    def __init__(self, sentence: str, *, code: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        if code is not None:
            self.code = code


class MalformedInput(InterlockError):
    """Bytes that don't follow their format."""

    code = "malformed"
    fault = Fault.THEIRS


class NotUnderstood(InterlockError):
    """Well-formed perhaps, but not something we can judge; so it is refused."""

    code = "not_understood"
    fault = Fault.THEIRS


class AuthenticationFailed(InterlockError):
    """The credential is unknown, wrong, expired or revoked; the sentence never says which."""

    code = "authentication_failed"
    fault = Fault.THEIRS


class NotEntitled(InterlockError):
    """The asker is known and may not do this."""

    code = "not_entitled"
    fault = Fault.THEIRS


class NotFound(InterlockError):
    """Nothing there by that name."""

    code = "not_found"
    fault = Fault.THEIRS


class Conflict(InterlockError):
    """The thing has moved on since the asker looked: a stale digest, a settled review, a failed guard."""

    code = "conflict"
    fault = Fault.THEIRS


class Mistakes(InterlockError):
    """Every mistake found in one input, listed together."""

    code = "mistakes"
    fault = Fault.OPERATOR

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = tuple(mistakes)


class SettingsMistakes(Mistakes):
    """Mistakes in interlock.toml or a file it names."""

    code = "settings"


class PolicyMistakes(Mistakes):
    """Mistakes in a policy bundle."""

    code = "policy"


class UpstreamFailed(InterlockError):
    """The protected system refused us, vanished or broke its protocol."""

    code = "upstream"
    fault = Fault.UPSTREAM


class ServiceAway(UpstreamFailed):
    """A channel's service can't be reached now, or asks us to wait; nothing was delivered. `seconds`: how long it asked
    us to wait, None where it didn't say. `whole`: nothing can be delivered there now; False where it was this one
    message or recipient alone, and others may go on."""

    code = "service_away"

    def __init__(
        self, sentence: str, *, seconds: float | None = None, code: str | None = None, whole: bool = True
    ) -> None:
        super().__init__(sentence, code=code)
        self.seconds, self.whole = seconds, whole


class DestinationGone(UpstreamFailed):
    """A destination that takes nothing any more: an archived channel, a bot that was removed, nobody of that name.

    Nothing more is tried there."""

    code = "destination_gone"


class MessageGone(UpstreamFailed):
    """The message was deleted at the service; it can be sent anew."""

    code = "message_gone"


class DeliveryUnsure(UpstreamFailed):
    """It isn't known whether the message arrived: the answer got lost, and the service can't be asked."""

    code = "delivery_unsure"


class LedgerError(InterlockError):
    """Something about the ledger."""

    code = "ledger"


class LedgerUnavailable(LedgerError):
    """The ledger can't be written now (full disk, lock, closed); the answer to every action is no."""

    code = "ledger_unavailable"


class LedgerCorrupt(LedgerError):
    """What is stored doesn't verify: a broken hash, chain, signature or root."""

    code = "ledger_corrupt"


class EntryRefused(LedgerError):
    """An entry outside the ledger's profile (ledger.md 1.2): too long, too deep, a float, a bad key."""

    code = "entry_refused"
