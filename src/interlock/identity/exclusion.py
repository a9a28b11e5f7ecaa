"""Who may not sign for an action (design, promise 3)."""

from __future__ import annotations

from interlock.model.actor import Actor, ActorKind
from interlock.model.names import PersonId


def excluded_people(actor: Actor) -> frozenset[PersonId]:
    """Everyone in the verified chain, and who owns, made or holds the credential of anyone in it.

    Administrators are no exception. The set is computed from verified identity alone; nothing the asker says adds to it
    or takes from it.
    """
    out: set[PersonId] = set()
    for link in (actor, *actor.chain):
        out |= {link.owner, link.made_by, link.held_by}
        if link.kind is ActorKind.PERSON:
            out.add(PersonId(link.id))
    return frozenset(out)
