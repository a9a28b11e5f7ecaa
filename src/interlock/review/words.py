"""What a review asks for and gives, in plain words: the same in the console, the terminal and every channel."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, Protocol

from interlock.model.names import Verb
from interlock.model.review import Presence, Review, ReviewState, Verdict, Vote
from interlock.model.verb import IDENTITY_CHANGE, POLICY_LOAD, SQL_REVEAL, VERBS
from interlock.review.card_view import CardContent

_STAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z", re.ASCII)

# What an action group does to a resource, as a title says it.
_DOING: Final[Mapping[str, str]] = {
    "read": "read",
    "write": "write",
    "export": "export",
    "schema": "change the schema of",
    "privilege": "change privileges on",
    "execute": "execute",
    "infer": "infer with",
    "session": "open a session on",
    "reveal": "reveal values of",
    POLICY_LOAD: "change the policies of",
    IDENTITY_CHANGE: "let in",
}

STATE_WORDS: Final[Mapping[ReviewState, str]] = {
    ReviewState.PENDING: "Waiting for sign-off",
    ReviewState.APPROVED: "Approved, not run yet",
    ReviewState.RELEASED: "Running",
    ReviewState.SUCCEEDED: "Ran, succeeded",
    ReviewState.FAILED: "Ran, failed",
    ReviewState.ROLLED_BACK: "Ran, rolled back",
    ReviewState.UNKNOWN: "Released, outcome unknown",
    ReviewState.DENIED: "Denied",
    ReviewState.EXPIRED: "Expired",
    ReviewState.WITHDRAWN: "Withdrawn",
    ReviewState.SUPERSEDED: "Superseded",
}


class Some(Protocol):
    """So many people of a group."""

    @property
    def group(self) -> str:
        """The group's name."""

    @property
    def count(self) -> int:
        """How many of it."""


def needs(
    quorums: Sequence[Some],
    any_of: Sequence[Sequence[Some]] = (),
    stages: Sequence[Sequence[Sequence[Some]]] = (),
) -> str:
    """Who must sign: `2 of privacy-officers, then 1 of security; and 1 of owners or 1 of stewards`."""
    asked = [_joined(quorums, " and ")] if quorums else []
    asked += [", then ".join(_joined(stage, " and ") for stage in staged) for staged in stages]
    asked += [_joined(choices, " or ") for choices in any_of]
    return "; and ".join(asked)


def runs(uses: int, seconds: int) -> str:
    """What an approval is good for: `may run 3 times within 10 minutes`."""
    return f"may run {'once' if uses == 1 else f'{uses} times'} within {period(seconds)}"


BY_ITSELF: Final = "by itself when approved: nobody waits for it"


def by_itself(state: ReviewState, *, deferred: bool) -> str:
    """What is to be said of a review that its asker doesn't wait for, while it can still run; else empty."""
    return BY_ITSELF if deferred and state in (ReviewState.PENDING, ReviewState.APPROVED) else ""


def runs_left(uses: int, left: int) -> str:
    """How much of an approval for several runs is left: `2 of 3 runs are left`; empty where there is one run only."""
    return "" if uses == 1 else f"{left} of {uses} runs {'is' if left == 1 else 'are'} left"


def comes_back(columns: int, masked: int, reveals: int) -> str:
    """What a yes lets out, of so many columns: `4 columns, 3 of them masked`; empty where no columns are known."""
    if not columns:
        return ""
    said = f"{columns} column{'' if columns == 1 else 's'}"
    hidden = "all masked" if masked == columns else f"{masked} of them masked" if masked else "none masked"
    return f"{said}, {hidden}" + (f", {reveals} revealed in clear" if reveals else "")


def period(seconds: int) -> str:
    """A stretch of time: `1 hour 30 minutes`."""
    parts: list[str] = []
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {unit}{'' if count == 1 else 's'}")
    return " ".join(parts) or "no time"


def state_words(review: Review) -> str:
    """Where a review stands; of an approval for several runs, how many there were."""
    if review.state is ReviewState.APPROVED and review.uses_left < review.uses:
        return f"Approved, ran {review.uses - review.uses_left} of {review.uses} times"
    return STATE_WORDS[review.state]


def doing(card: CardContent) -> str:
    """What is asked for, as a title says it: `read and export`."""
    verbs = [*card.verbs, *([SQL_REVEAL] if card.reveals else [])]
    kinds = dict.fromkeys(kind for verb in verbs for kind in VERBS.get(Verb(verb), (verb,)))
    return " and ".join(_DOING.get(kind, f"do {kind} on") for kind in kinds) or "act on"


def touched(card: CardContent) -> tuple[Sequence[str], str]:
    """With what, for a title: one or two names, and how many more there are (` and 3 more`, or nothing)."""
    names = [resource.id for resource in card.resources]
    if not names or POLICY_LOAD in card.verbs:  # a bundle goes by its digest, which says nothing in a title
        names = [card.connection.name]
    return names[:2], f" and {len(names) - 2} more" if len(names) > 2 else ""


def cautions(card: CardContent) -> list[str]:
    """What a reviewer must not overlook, a sentence each."""
    found = []
    if card.unbounded:
        found.append("Unbounded: it writes without a condition that limits it.")
    found += card.impact
    if card.narrowed:
        found.append(f"Narrowed by {', '.join(card.narrowed.by)}: less than was asked for.")
    if card.opaque:
        found.append(f"Opaque: not all of it could be read. {'; '.join(card.opaque_because)}".rstrip())
    found += [f"Unmasked: values of {r.column} would come back in clear ({r.label})." for r in card.reveals]
    if card.enforced_by != "gateway":
        found.append(f"Enforced by {card.enforced_by}: Interlock trusts the asker to obey.")
    if card.votes_by_token:
        found.append("Votes by token count here (unsafe_token_votes).")
    return found


def voted(vote: Vote) -> str:
    """A vote without its reason: `dana approved with a passkey`."""
    how = {Presence.WEBAUTHN: " with a passkey", Presence.CONSOLE: "", Presence.TOKEN: " by token, unsafe"}
    said = "approved" if vote.verdict is Verdict.APPROVE else "denied"
    return f"{vote.person} {said}{how.get(vote.presence, f' by {vote.presence.value}')}"


def stamp(text: str) -> str:
    """The card's RFC 3339 time to read; as it stands when it isn't one."""
    return f"{text[:10]} {text[11:19]} UTC" if _STAMP.fullmatch(text) else text


def moment(when: datetime) -> str:
    """A time to read: UTC, to the second."""
    return f"{when:%Y-%m-%d %H:%M:%S} UTC"


def _joined(quorums: Sequence[Some], between: str) -> str:
    return between.join(f"{quorum.count} of {quorum.group}" for quorum in quorums)
