"""The card's content, read strictly: the one reading that console and CLI show it by.

A card with a field missing, of another type, or that this version doesn't know isn't whole: something that the vote
would bind couldn't be shown. Such a card can't be approved (design section 7, "The card").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, ValidationError

VERSION = 1


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class ConnectionPart(_Part):
    """The connection, its environment and tags."""

    name: str
    environment: str
    tags: list[str]


class ActorPart(_Part):
    """Who asks, who answers for them, and the verified chain, nearest first."""

    kind: str
    id: str
    owner: str
    chain: list[str]


class ResourcePart(_Part):
    """One thing touched."""

    id: str
    kind: str
    labels: list[str]


class LeafPart(_Part):
    """A literal or parameter; `shown` is None when only its label, length class and equality mark may be seen."""

    shown: str | None
    kind: str
    label: str
    length: str
    mark: str


class StatementPart(_Part):
    """`code[0] leaf[0] code[1] ... code[n]`."""

    code: list[str]
    leaves: list[LeafPart]


class ToolPart(_Part):
    """The tool that would be called, and the digest of its definition."""

    name: str
    definition: str


class RevealPart(_Part):
    """A column whose values would come back unmasked, for one of its labels."""

    column: str
    label: str


class OutputPart(_Part):
    """One output column."""

    name: str
    labels: list[str]
    masked: bool


class PolicyPart(_Part):
    """A policy that stood in the way."""

    id: str
    because: str


class RequirementPart(_Part):
    """`count` people of `group`."""

    group: str
    count: int


class NarrowedPart(_Part):
    """Who took something away from the action since it was asked for, in order."""

    by: list[str]


class CardContent(_Part):
    """All fields of a card, version 1 (docs/reference/api.md).

    Only what an earlier release of this version didn't write has a default: its cards are whole without it.
    """

    version: int
    action: str
    connection: ConnectionPart
    actor: ActorPart
    enforced_by: str
    verbs: list[str]
    resources: list[ResourcePart]
    tool: ToolPart | None
    statements: list[StatementPart]
    outputs: list[OutputPart]
    reveals: list[RevealPart]
    labels: list[str]
    filters: list[str]
    writes: list[str]
    unbounded: bool
    opaque: bool
    opaque_because: list[str]
    policies: list[PolicyPart]
    requirements: list[RequirementPart]
    any_of: list[list[RequirementPart]]
    stages: list[list[list[RequirementPart]]]
    channels: list[str]
    break_glass: list[str]
    reason_given: str
    ticket_given: str
    expires_at: str
    valid_seconds: int
    uses: int
    row_cap: int | None
    estimate: str
    votes_by_token: bool
    cappable: bool | None = None  # whether its rows are counted as it runs; None where only the desk knows
    narrowed: NarrowedPart | None = None
    impact: list[str] = []  # what it does besides what its text says
    estimate_cap: int | None = None  # the row cap that the estimate is by itself


@dataclass(frozen=True, slots=True)
class CardView:
    """A card as it can be shown. `content` is None when it isn't whole; `faults` then names the fields."""

    content: CardContent | None
    faults: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether everything that a vote would bind can be shown."""
        return self.content is not None


def read_card(content: Mapping[str, object]) -> CardView:
    """The card read strictly; never raises. `faults` hold field names only, no contents."""
    try:
        card = CardContent.model_validate(dict(content))
    except ValidationError as error:
        return CardView(None, tuple(sorted({_where(e["loc"], e["type"]) for e in error.errors(include_input=False)})))
    faults = tuple(_misfits(card))
    return CardView(None if faults else card, faults)


def _where(place: tuple[int | str, ...], kind: str) -> str:
    if kind == "extra_forbidden":
        known = ".".join(str(part) for part in place[:-1]) or "the card"
        return f"a field of {known} that this version doesn't know"
    return ".".join(str(part) for part in place)


def _misfits(card: CardContent) -> list[str]:
    faults = [] if card.version == VERSION else ["version"]
    if any(len(s.code) != len(s.leaves) + 1 for s in card.statements):
        faults.append("statements")
    if not (card.requirements or card.any_of or card.stages):
        faults.append("requirements")
    if not all(card.any_of):
        faults.append("any_of")
    if not all(staged and all(staged) for staged in card.stages):
        faults.append("stages")
    if card.uses < 1:
        faults.append("uses")
    return faults
