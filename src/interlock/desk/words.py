"""Words that people and agents type: reasons, comments, questions, answers. What looks like data in them is masked
before they are shown or kept anywhere; whoever typed them is told so."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from interlock.model.action import Action
from interlock.model.names import ConnectionName

MASKED: Final = "Parts of what you wrote look like personal data or a secret; they were masked."


@dataclass(frozen=True, slots=True)
class Typed:
    """A text as it is kept. `masked`: it isn't what was typed."""

    text: str = field(repr=False)
    masked: bool = False


class Words(Protocol):
    """Masks what was found in a typed text (`app/words.py`)."""

    async def typed(self, text: str, connection: ConnectionName | None) -> Typed:
        """The text as it may be kept. A text that was masked stays as it is. Raises nothing: what can't be looked into
        is masked whole. `connection`: which one it is about."""


class AsTyped:
    """`Words` that masks nothing: for installations without an engine, such as tests."""

    async def typed(self, text: str, connection: ConnectionName | None) -> Typed:
        """As it is."""
        return Typed(text)


async def with_words(words: Words, action: Action) -> Action:
    """An action with what was typed for it as it may be kept, and shown on its card."""
    name = action.connection.name
    reason, ticket = [
        (await words.typed(text, name)).text if text.strip() else text
        for text in (action.reason_given, action.ticket_given)
    ]
    return replace(action, reason_given=reason, ticket_given=ticket)
