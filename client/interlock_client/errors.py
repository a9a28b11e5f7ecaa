"""The one error tree of the client. Whatever of it is raised, the guarded function didn't run.

    InterlockError           `code` is stable, the sentence isn't
    ├── Misconfigured        no address, no token, or one that can't be used
    ├── NotSendable          arguments that have no canonical JSON, or too much of it; nothing was asked
    ├── BadHandle            a text that no handle was written as
    ├── Denied               policy or people said no; `review` where there is one
    ├── Pending              people haven't signed yet; `handle` finds it again, `review_url` is for people
    │   └── NotApprovedInTime    they didn't within the wait; what they sign later still holds
    ├── NoLongerApproved     it was signed for, and the approval is used, has run out or was overtaken
    ├── ArgumentsChanged     what would run isn't what was signed for; nothing is used up
    ├── NotAuthenticated     the gateway doesn't take the token (any more)
    ├── NotTaken             the gateway doesn't take the question: unknown connection, malformed, too large
    └── Unavailable          no answer, too late, or none that makes sense; `retry_after` in seconds, None if not told

No message, repr or attribute holds a token or the value of an argument. Errors can be pickled: task queues do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from interlock_client.handles import Handle


class InterlockError(Exception):
    """Everything that the client raises on purpose."""

    code = "interlock"

    def __init__(self, sentence: str, code: str = "", review: str = "") -> None:
        super().__init__(sentence, code, review)
        self.sentence = sentence
        self.review = review
        if code:
            self.code = code

    def __str__(self) -> str:
        return f"{self.sentence} [{self.code}]"


class Misconfigured(InterlockError):
    """The address or the token can't be used."""

    code = "misconfigured"


class NotSendable(InterlockError):
    """Arguments that can't be bound: say with `describe=` what stands for them."""

    code = "not_sendable"


class BadHandle(InterlockError):
    """A text that no handle was written as."""

    code = "bad_handle"


class Denied(InterlockError):
    """Policy or people said no."""

    code = "denied"


class NoLongerApproved(InterlockError):
    """It was signed for, and that doesn't hold any more."""

    code = "no_longer_approved"


class ArgumentsChanged(InterlockError):
    """What would run isn't what was signed for."""

    code = "arguments_changed"


class NotAuthenticated(InterlockError):
    """The gateway doesn't take the token."""

    code = "not_authenticated"


class NotTaken(InterlockError):
    """The gateway doesn't take the question."""

    code = "not_taken"


class Unavailable(InterlockError):
    """No answer that could be a yes. Offline means no."""

    code = "unavailable"

    def __init__(self, sentence: str, code: str = "", review: str = "", retry_after: float | None = None) -> None:
        super().__init__(sentence, code, review)
        self.retry_after = retry_after


class Pending(InterlockError):
    """People haven't signed yet. Keep `handle.dump()` and come back with it, in this process or another."""

    code = "pending"

    def __init__(self, handle: Handle) -> None:
        super().__init__("People must sign for this first.", "", handle.id)
        self.args = (handle,)  # what it is made from again
        self.handle = handle

    @property
    def review_url(self) -> str:
        """Where people look at it and sign."""
        return self.handle.review_url

    def __str__(self) -> str:
        return f"{self.sentence} {self.review_url} [{self.code}]"


class NotApprovedInTime(Pending):
    """Nobody settled it within the wait."""

    code = "not_approved_in_time"
