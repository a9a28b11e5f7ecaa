"""Recorded actions made into actions once more: what the log tells, with the people and connections of now."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from interlock.actions.record import recalled
from interlock.errors import NotUnderstood
from interlock.identity.directory import Directory
from interlock.ledger.entry import Entry
from interlock.ledger.recents import Recents
from interlock.model.action import EnforcedBy
from interlock.model.actor import Actor
from interlock.model.entry import EntryType
from interlock.model.label import Label
from interlock.model.names import ActionId, ActorId, ConnectionName, KeyId, PersonId, PolicyId
from interlock.model.recent import QUIET
from interlock.model.settings import Settings
from interlock.policy.outcomes import Outcome
from interlock.policy.simulate import Recorded, Skipped
from interlock.settings import connections

NOT_TOLD: Final = "the entry doesn't tell all that policy was asked (an older version's, or one too long)"
ARGUMENTS: Final = "a tool's call, whose arguments no entry holds"
NO_ACTOR: Final = "its actor is no longer in the settings"
NO_CONNECTION: Final = "its connection is no longer in the settings"
STRANGE: Final = "it speaks of something that this version doesn't know"

MOST_HELD: Final = 100_000  # held actions that are remembered until they run

_DECIDED = frozenset({EntryType.ACTION_RELEASED, EntryType.ACTION_HELD, EntryType.ACTION_DENIED})
_WOULD = {"held": Outcome.HELD, "denied": Outcome.DENIED}
_WAS = {
    EntryType.ACTION_RELEASED: Outcome.ALLOWED,
    EntryType.ACTION_HELD: Outcome.HELD,
    EntryType.ACTION_DENIED: Outcome.DENIED,
}
# The reasons that policy gives. Any other is the gate's, the desk's or a person's.
_OF_POLICY = frozenset(
    {
        "refused",
        "not_understood",
        "forbidden",
        "no_permit",
        "policy_error",
        "reveal_denied",
        "reason_required",
        "ticket_required",
        "step_up_required",
        "cap_not_enforceable",
    }
)


@dataclass(slots=True)
class Recall:
    """Goes through the entries of a log in their order.

    `with_recent`: whether any bundle asks what actors did lately; it costs, and takes the day before.
    """

    settings: Settings
    with_recent: bool
    _recents: Recents = field(default_factory=Recents)
    _actors: dict[tuple[str, tuple[str, ...]], Actor | None] = field(default_factory=dict)
    _held: OrderedDict[str, None] = field(default_factory=OrderedDict)

    def actions(self, entries: Iterable[Entry]) -> Iterator[Recorded | Skipped]:
        """The actions that were decided, each once: what runs after its review is the held one again."""
        for entry in entries:
            if entry.type in _DECIDED and not self._is_second(entry):
                yield self._recorded(entry)
            self.pass_by(entry)

    def pass_by(self, entry: Entry) -> None:
        """Counts an entry for what its actor did lately, and no more."""
        if self.with_recent and entry.actor is not None:
            self._recents.take(entry.type, ActorId(entry.actor["id"]), entry.d, entry.ts)

    def _is_second(self, entry: Entry) -> bool:
        """Whether an entry before told of the same action: run, or refused, once there was a review."""
        if entry.type is EntryType.ACTION_HELD:
            self._held[entry.act] = None
            if len(self._held) > MOST_HELD:
                self._held.popitem(last=False)
            return False
        return entry.act in self._held

    def _recorded(self, entry: Entry) -> Recorded | Skipped:
        d, told = entry.d, entry.actor
        actor = None if told is None else self._actor(told["id"], tuple(told["chain"]))
        connection = connections(self.settings).get(ConnectionName(d["connection"]))
        if actor is None:
            return Skipped(entry.id, NO_ACTOR)
        if connection is None:
            return Skipped(entry.id, NO_CONNECTION)
        masks = [Label(label) for label in d.get("masks", ())]
        enforced = EnforcedBy(entry.fields["enforced"] or EnforcedBy.GATEWAY)
        try:
            action = recalled(ActionId(entry.act), d, masks, actor, connection, enforced)
        except NotUnderstood:
            return Skipped(entry.id, ARGUMENTS if "input" in d.get("flags", ()) else NOT_TOLD)
        except (KeyError, ValueError):  # a verb or kind that another version knew
            return Skipped(entry.id, STRANGE)
        recent = self._recents.of(actor.id, entry.ts) if self.with_recent else QUIET
        return Recorded(entry.id, entry.ts, action, recent, _was(entry), _policies(entry))

    def _actor(self, name: str, chain: tuple[str, ...]) -> Actor | None:
        """The actor as the settings have it now, with everybody on whose behalf it asked; None if one is gone."""
        if (name, chain) not in self._actors:
            directory = Directory(self.settings.people, self.settings.actors)
            links = [_link(directory, each, ()) for each in chain]
            known = tuple(link for link in links if link is not None)
            self._actors[name, chain] = _link(directory, name, known) if len(known) == len(links) else None
        return self._actors[name, chain]


def _link(directory: Directory, name: str, chain: tuple[Actor, ...]) -> Actor | None:
    owner = directory.held_by(name) or PersonId("")
    found = directory.actor(name, key=KeyId(""), made_by=owner, held_by=owner)
    if found is None:
        return None
    return Actor(found.kind, found.id, found.groups, found.owner, found.key, owner, owner, chain=chain)


def _was(entry: Entry) -> Outcome | None:
    """How policy decided it then; None when something else did. What a review let run was held."""
    d = entry.d
    if entry.type is EntryType.ACTION_DENIED and not {reason["code"] for reason in d["reasons"]} <= _OF_POLICY:
        return None
    if entry.type is EntryType.ACTION_RELEASED and entry.obj:
        return Outcome.HELD
    return _WOULD.get(d.get("would", ""), _WAS[entry.type])


def _policies(entry: Entry) -> tuple[PolicyId, ...]:
    named = {reason["policy"] for reason in entry.d.get("reasons", ())} | set(entry.fields["pol"].get("ids", ()))
    return tuple(sorted(PolicyId(policy) for policy in named if policy))
