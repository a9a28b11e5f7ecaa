"""What a decision comes to, in words that people and programs read alike: for reports, never for deciding."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import assert_never

from interlock.model.decision import Allow, Decision, Deny, NeedsReview, Requirements
from interlock.model.names import PolicyId
from interlock.model.obligation import Obligations
from interlock.policy.cases import in_words


class Outcome(StrEnum):
    """The three ways to decide."""

    ALLOWED = "allowed"
    HELD = "held"
    DENIED = "denied"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A decision in short. `needs` is what people must sign (empty unless held), `under` what must hold besides masks.

    `policies` and `codes` are those of its reasons, sorted.
    """

    outcome: Outcome
    codes: tuple[str, ...]
    policies: tuple[PolicyId, ...]
    needs: str = ""
    under: tuple[str, ...] = ()

    def same(self, other: Verdict) -> bool:
        """Whether both come to the same for who asked, whichever policies say so."""
        return (self.outcome, self.needs, self.under) == (other.outcome, other.needs, other.under)


def verdict(decision: Decision) -> Verdict:
    """The decision in short."""
    codes = tuple(sorted({reason.code for reason in decision.reasons}))
    policies = tuple(sorted({reason.policy for reason in decision.reasons if reason.policy}))
    match decision:
        case Allow(obligations):
            return Verdict(Outcome.ALLOWED, codes, policies, "", under(obligations))
        case NeedsReview(requirements, obligations):
            return Verdict(Outcome.HELD, codes, policies, in_words(requirements), under(obligations))
        case Deny():
            return Verdict(Outcome.DENIED, codes, policies)
        case _:
            assert_never(decision)


def terms(requirements: Requirements) -> tuple[str, ...]:
    """The rest of what a review is: its times, how often, where votes settle it, who may break the glass."""
    reuse, channels = requirements.reuse, sorted(requirements.channels)
    found = [f"waits {length(requirements.expires)}"]
    if reuse is None:
        found.append(f"an approval is good for {length(requirements.valid)}, once")
    else:
        found.append(f"an approval is good for {reuse.times} runs within {length(reuse.within)}")
    if channels:
        found.append(f"votes also in {', '.join(channels)}")
    found += [f"{group} may break the glass" for group in sorted(requirements.break_glass)]
    return tuple(found)


def under(obligations: Obligations) -> tuple[str, ...]:
    """Obligations besides masks: `reason`, `ticket`, `row_cap 100`, `step_up webauthn`, `reveal COLUMN LABEL`; and
    what of masks can be told apart, `pseudonym LABEL`."""
    found = [word for word, asked in (("reason", obligations.reason), ("ticket", obligations.ticket)) if asked]
    if obligations.row_cap is not None:
        found.append(f"row_cap {obligations.row_cap}")
    found += [f"step_up {how}" for how in sorted(obligations.step_up)]
    found += [f"reveal {each.column} {each.label}" for each in sorted(obligations.reveal)]
    found += [f"pseudonym {label}" for label in sorted(obligations.pseudonyms)]
    return tuple(found)


def length(time: timedelta) -> str:
    """A length of time as annotations write it: `90s`, `10m`, `2h`, `1d`."""
    seconds = int(time.total_seconds())
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
