"""An action: one thing asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from interlock.model.actor import Actor
from interlock.model.canonical import JsonValue
from interlock.model.connection import Connection
from interlock.model.exposure import Exposure
from interlock.model.names import ActionId, Verb
from interlock.model.payload import Payload
from interlock.model.resource import Resource
from interlock.model.reveal import Reveal
from interlock.model.template import Template


class EnforcedBy(StrEnum):
    """Whether we run the action or trust the asker to obey."""

    GATEWAY = "gateway"
    CALLER = "caller"


@dataclass(frozen=True, slots=True)
class Ask:
    """One verb on one resource: one Cedar request."""

    verb: Verb
    resource: Resource


@dataclass(frozen=True, slots=True)
class Action:
    """One thing asked for: verbs on resources, exact payload, connection, actor, reason given.

    `cover` is the canonical document that the digest covers: the payload and everything that decides what it means
    (connection identity, role, search_path, settings, definitions). `form` is the coarser document by which equal
    requests join: spelling aside, it must differ wherever `cover` differs in meaning. `effect_free` must be proved
    (design, promise 1). `exposures` has one member for each statement of the payload, in order; `exposure` unites them.
    """

    id: ActionId
    actor: Actor
    connection: Connection
    asks: tuple[Ask, ...]
    payload: Payload
    cover: Mapping[str, JsonValue]
    form: Mapping[str, JsonValue]
    exposures: tuple[Exposure, ...]
    templates: tuple[Template, ...]
    effect_free: bool = False
    reason_given: str = ""
    refusal: str | None = None  # set when the action was understood to be one that is always refused; says why
    enforced_by: EnforcedBy = EnforcedBy.GATEWAY
    ticket_given: str = ""  # a reference as given, unverified
    reveals: frozenset[Reveal] = frozenset()  # what the asker wants to see unmasked, of what it would get
    input: Mapping[str, JsonValue] | None = None  # a tool call's arguments, as far as its pinned schema maps them
    cappable: bool = False  # whether the door can count its rows, and undo it when there are too many
    deferred: bool = False  # if it is held, the gateway is to run it by itself once people have signed
    idempotency_key: str = field(default="", repr=False)  # the asker's own; "" for none
    rows_estimate: int | None = None  # about how many rows it gives or changes; None where nobody was asked or can tell

    @property
    def exposure(self) -> Exposure:
        """The whole action's exposure: labels united, worst flags kept."""
        if len(self.exposures) == 1:
            return self.exposures[0]
        return Exposure(
            outputs=tuple(o for e in self.exposures for o in e.outputs),
            labels=frozenset().union(*(e.labels for e in self.exposures)),
            filters=frozenset().union(*(e.filters for e in self.exposures)),
            probes=frozenset().union(*(e.probes for e in self.exposures)),
            writes=frozenset().union(*(e.writes for e in self.exposures)),
            mentions=tuple(dict.fromkeys(m for e in self.exposures for m in e.mentions)),
            own=frozenset().union(*(e.own for e in self.exposures)),
            written=tuple(dict.fromkeys(w for e in self.exposures for w in e.written)),
            unbounded=any(e.unbounded for e in self.exposures),
            opaque=any(e.opaque for e in self.exposures),
            opaque_because=tuple(dict.fromkeys(b for e in self.exposures for b in e.opaque_because)),
        )
