"""Whether what was decided on still carries the labels that it was decided with, at the moment at which it shows them.

A statement may wait upstream, for a lock say, while a write takes labelled data to the columns that it then reads. The
write's labels are in force before it is sent, so whoever looks once the first answer is there misses none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from interlock.actions.basis import Basis
from interlock.actions.exposing import exposure_of
from interlock.actions.prepared import PreparedStatement
from interlock.model.action import Action
from interlock.model.exposure import Carry


@dataclass(frozen=True, slots=True)
class Relabelled:
    """`holds`: no output carries more than the action was decided with. `carries`: what its writes take along besides
    what was known then."""

    holds: bool
    carries: tuple[Carry, ...]


def relabelled(action: Action, statements: Sequence[PreparedStatement], basis: Basis) -> Relabelled:
    """What the labels in `basis` make of an action that was decided with others."""
    holds, carries = True, list[Carry]()
    for was, each in zip(action.exposures, statements, strict=True):
        now = exposure_of(each.statement, each.described, basis)
        holds = holds and len(now.outputs) == len(was.outputs)
        holds = holds and all(new.labels <= old.labels for old, new in zip(was.outputs, now.outputs, strict=True))
        carries += (c for c in now.carries if c not in was.carries)
        basis = replace(basis, labels=basis.labels.carrying(now.carries))
    return Relabelled(holds, tuple(carries))
