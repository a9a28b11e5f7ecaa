"""Overrides: where a steward says that a mask is wrong, from one row to a whole rule, on record and for a time.

None can show anything by itself: it picks another rule that masks, or says of what content detection finds that it
isn't that. Of a credential it can say neither; of a label that the catalog gives, not the second. Whoever answers for
an agent can't: what they loosen, they would loosen for themselves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from interlock.errors import Conflict, MalformedInput, NotEntitled, NotFound
from interlock.ledger.fields import format_time
from interlock.ledger.overridden import Standing
from interlock.masking.rule import NOTHING_OF_IT, RuleName
from interlock.model.canonical import JsonValue
from interlock.model.change import Unit
from interlock.model.entry import Draft, EntryType
from interlock.model.label import Label
from interlock.model.names import ConnectionName, EntryId, PersonId
from interlock.model.override import NOT_THIS_LABEL, Override
from interlock.model.passkey import Assertion
from interlock.registry.confirming import Confirming, overriding
from interlock.registry.registry import OPERATOR, Registry
from interlock.registry.stewards import Stewards

LONGEST: Final = timedelta(days=90)  # unless the settings say less
SHORTEST: Final = timedelta(minutes=1)
MOST_STANDING: Final = 1_000  # of one connection: each is looked at for each column
RULES: Final = frozenset(rule.value for rule in RuleName if rule is not RuleName.KEEP) | {NOT_THIS_LABEL}
_SECRET: Final = ("secret", "pci.cvv")


@dataclass(frozen=True, slots=True)
class Wish:
    """What a steward wants. `column` in full or "" for all of the connection's; `row_key`: the key of the one row, as
    its text, "" for all rows."""

    connection: ConnectionName
    column: str
    label: Label
    rule: str
    lasts: timedelta
    row_key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Overrides:
    """Overriding, looking, ending. `labelled`: the labels that people gave a column, by its full name. `subject`: the
    keyed hash of a row's key (`masking.keys.MaskKeys.subject`), without which no row can be named."""

    registry: Registry
    passkeys: Confirming
    stewards: Stewards
    labelled: Callable[[ConnectionName, str], frozenset[Label]]
    subject: Callable[[ConnectionName, bytes], str]
    connections: frozenset[ConnectionName]
    longest: timedelta = LONGEST
    _writing: asyncio.Lock = field(default_factory=asyncio.Lock)  # a look before a write

    def of(self, connection: ConnectionName) -> tuple[Override, ...]:
        """Those that hold now: what doors go by. They expire by the store's clock."""
        return tuple(each.override for each in self._standing(connection))

    def version(self, connection: ConnectionName) -> int:
        """While it is the same, no override came or was ended; they may expire."""
        return self.registry.authority.overridden.version(connection)

    def listed(self) -> tuple[Standing, ...]:
        """All that hold now, with who made them."""
        return self._standing(None)

    def asked(self, person: PersonId, wish: Wish) -> bytes:
        """What a passkey of the person's confirms; raises as `override` does."""
        self._may(person)
        self._check(wish)
        return overriding(person, self._terms(wish))

    async def override(
        self, person: PersonId, wish: Wish, because: str, assertion: Assertion | None = None
    ) -> Override:
        """Puts it down; it holds from then on. Raises `MalformedInput`, `Conflict` where it can't be, `NotFound`,
        `NotEntitled`, `AuthenticationFailed`."""
        async with self._writing:
            self._may(person)
            self._check(wish)
            self.passkeys.confirm(person, assertion, overriding(person, self._terms(wish)))
            return await self._write(wish, person, because)

    async def operator_override(self, wish: Wish, because: str) -> Override:
        """The same by whoever holds the operator's token."""
        async with self._writing:
            self._check(wish)
            return await self._write(wish, OPERATOR, because)

    async def end(self, person: PersonId, override: str, because: str) -> None:
        """Ends one at once; raises `NotFound`, `NotEntitled`. One that says what isn't there hides more when it ends;
        another rule's end may hide less, and is nothing for whoever answers for agents."""
        self.stewards.admit(person)
        found = self.registry.authority.overridden.override(override)
        if found is not None and found.override.rule != NOT_THIS_LABEL:
            self._may(person)
        await self._end(override, person, because)

    async def operator_end(self, override: str, because: str) -> None:
        """The same by whoever holds the operator's token."""
        await self._end(override, OPERATOR, because)

    def _standing(self, connection: ConnectionName | None) -> tuple[Standing, ...]:
        return self.registry.authority.overridden.standing(self.registry.clock.now(), connection)

    def _may(self, person: PersonId) -> None:
        self.stewards.admit(person)
        if self.stewards.answers_for_agents(person):
            raise NotEntitled("You answer for agents, who would see what you unmask.", code="part_of_it")

    def _check(self, wish: Wish) -> None:
        if wish.connection not in self.connections:
            raise NotFound("there is no connection of that name", code="no_such_connection")
        if wish.column and not wish.column.startswith(f"{wish.connection}/"):
            raise MalformedInput("a column is named in full, such as clinic/public.patients.dob")
        if wish.row_key and not wish.column:
            raise MalformedInput("of a row, one column is overridden")
        if wish.rule not in RULES:
            raise MalformedInput(f"a rule is one of {', '.join(sorted(RULES))}")
        if not SHORTEST <= wish.lasts <= self.longest:
            raise MalformedInput(f"an override lasts from a minute to {self.longest.days} days")
        if any(_meet(wish.label, Label(secret)) for secret in _SECRET) and wish.rule not in set(NOTHING_OF_IT):
            raise Conflict("Nothing of a credential is ever shown.", code="never_shown")
        if wish.rule == NOT_THIS_LABEL and wish.column:
            given = self.labelled(wish.connection, wish.column)
            if any(_meet(wish.label, label) for label in given):
                raise Conflict("The catalog gives the column this label; no override takes it away.", code="catalogued")
        if len(self._standing(wish.connection)) >= MOST_STANDING:
            raise Conflict("Too many overrides stand on this connection. End some.", code="too_many_overrides")

    def _terms(self, wish: Wish) -> Mapping[str, str]:
        return {
            "connection": wish.connection,
            "column": wish.column,
            "label": wish.label,
            "rule": wish.rule,
            "subject": self._subject(wish),
            "seconds": str(int(wish.lasts.total_seconds())),
        }

    def _subject(self, wish: Wish) -> str:
        return self.subject(wish.connection, wish.row_key.encode()) if wish.row_key else ""

    async def _write(self, wish: Wish, person: PersonId, because: str) -> Override:
        d: Mapping[str, JsonValue] = {
            "connection": wish.connection,
            "column": wish.column,
            "label": wish.label,
            "rule": wish.rule,
            "subject": self._subject(wish),
            "expires_at": format_time(self.registry.clock.now() + wish.lasts),
            "person": person,
            "because": because,
        }
        entropy = self.registry.entropy
        draft = Draft(id=EntryId(entropy.uuid7()), type=EntryType.MASK_OVERRIDDEN, d=d, obj=entropy.uuid7())
        await self.registry.ledger.commit(Unit((draft,)))
        made = self.registry.authority.overridden.override(draft.obj)
        assert made is not None, "Authority has seen what is durable"
        return made.override

    async def _end(self, override: str, person: PersonId, because: str) -> None:
        async with self._writing:
            found = self.registry.authority.overridden.override(override)
            if found is None or found not in self._standing(ConnectionName(found.override.connection)):
                raise NotFound("no override of that id stands", code="no_such_override")
            d = {"connection": found.override.connection, "person": person, "because": because}
            draft = Draft(
                id=EntryId(self.registry.entropy.uuid7()), type=EntryType.MASK_OVERRIDE_ENDED, d=d, obj=override
            )
            await self.registry.ledger.commit(Unit((draft,)))


def _meet(one: Label, other: Label) -> bool:
    """Whether one lies under the other, or they are the same."""
    return one == other or one.startswith(f"{other}.") or other.startswith(f"{one}.")
