"""What each statement of a released unit may send down, and what masks it."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from interlock.doors.postgres.allowance import Allowance
from interlock.doors.postgres.copying import MAX_ROW, copy_options
from interlock.doors.postgres.foresight import Foresight, foresight, new_call
from interlock.doors.postgres.portals import Open
from interlock.doors.postgres.results import Running
from interlock.doors.postgres.units import Planned, UnitPlan
from interlock.errors import UpstreamFailed
from interlock.masking.masker import Masker
from interlock.masking.plan import MaskPlan, plan
from interlock.masking.pseudonyms import ActorPseudonyms
from interlock.model.exposure import Output
from interlock.model.obligation import Obligations
from interlock.model.release import Release
from interlock.model.snapshot import DescribedColumn
from interlock.sql import effects
from interlock.sql.shape import CopyFormat, Kind
from interlock.wire.postgres.copy_data import copy_masker
from interlock.wire.postgres.rows import RowMasker

_NARROW = 64  # columns; the plans of wider results aren't remembered, so that the memory has a bound


def arranged(unit: UnitPlan, release: Release | None, part: slice, allowance: Allowance | None) -> list[Running]:
    """One a statement. `part`: which of the release's statements the unit's are; raises `UpstreamFailed` when they
    don't fit."""
    if release is None:
        return [_under_others(planned, unit) for planned in unit.statements]
    outputs = [exposure.outputs for exposure in release.action.exposures[part]]
    if len(outputs) != len(unit.statements):
        raise UpstreamFailed(
            "a release covers another number of statements than it was decided on", code="contradiction"
        )
    return [
        _under_others(planned, unit)
        if planned.goes_on is not None
        else _running(planned, out, release, allowance, unit)
        for planned, out in zip(unit.statements, outputs, strict=True)
    ]


def _under_others(planned: Planned, unit: UnitPlan) -> Running:
    """Session traffic, or what goes on under an earlier release."""
    if planned.goes_on is None:
        return Running(
            described=None,
            rows=None,
            copy=None,
            copies=False,
            free=planned.local is None and planned.statement.kind is not Kind.CURSOR,
            owed=planned.owed,
            answer=planned.local.data if planned.local is not None else None,
        )
    opened = planned.goes_on
    running = Running(
        described=None,
        rows=None,
        copy=None,
        copies=False,
        free=False,
        owed=planned.owed,
        most=planned.payload.max_rows,
        allowance=opened.tally.allowance,
    )
    effect = planned.statement.effect
    if not (isinstance(effect, effects.Fetch) and effect.move):
        running.described = opened.columns
        running.masker = _once_described(running, opened, unit)
    return running


def _once_described(
    running: Running, opened: Open, unit: UnitPlan
) -> Callable[[tuple[DescribedColumn, ...]], RowMasker | None]:
    """What masks the rows of an open cursor or portal, in the formats that the server tells this time."""

    def masker(columns: tuple[DescribedColumn, ...]) -> RowMasker | None:
        formats = tuple(c.format for c in columns)
        running.plan, running.foresight = _plan(opened.outputs, opened.release.obligations, formats, unit)
        return RowMasker(running.plan.masks) if running.plan.masks_anything else None

    return masker


def _running(
    planned: Planned,
    outputs: tuple[Output, ...],
    release: Release,
    allowance: Allowance | None,
    unit: UnitPlan,
) -> Running:
    """Rows of a COPY that is counted are looked at though nothing in them is masked: one message may hold several."""
    copy = planned.statement.copy if planned.statement.kind is Kind.COPY_OUT else None
    columns = planned.columns if planned.statement.kind is not Kind.COPY_IN else None  # those are what goes in
    plans, known = None, None
    if columns is not None:
        plans, known = _plan(outputs, release.obligations, tuple(c.format for c in columns), unit)
    masked = plans is not None and plans.masks_anything
    looked = plans is not None and (masked or allowance is not None)
    declared = isinstance(planned.statement.effect, effects.Declare)
    if known is not None and copy is not None:
        known.noting(copy_options(copy))
    return Running(
        described=None if declared else columns,
        rows=RowMasker(plans.masks) if plans is not None and masked and copy is None and not declared else None,
        copy=copy_masker(copy_options(copy), plans.masks, MAX_ROW) if plans is not None and looked and copy else None,
        copies=copy is not None,
        free=planned.statement.is_session_traffic
        and planned.local is None
        and planned.statement.kind is not Kind.CURSOR,
        owed=planned.owed,
        answer=planned.local.data if planned.local is not None else None,
        most=planned.payload.max_rows,
        allowance=allowance,
        sends=planned.statement.kind is Kind.COPY_IN,
        copy_format=int(copy is not None and copy.format is CopyFormat.BINARY),
        plan=plans if not declared else None,
        outputs=outputs,
        foresight=known if not declared else None,
    )


def _plan(
    outputs: tuple[Output, ...], obligations: Obligations, formats: tuple[int, ...], unit: UnitPlan
) -> tuple[MaskPlan, Foresight | None]:
    """The masks of one result, and what they must know beforehand."""
    made = _known_plan if len(outputs) <= _NARROW else plan
    known = unit.pseudonyms if obligations.pseudonyms else None
    masks = unit.masks
    if masks is None:
        return made(outputs, obligations, formats, known), None
    profile, (call, surrogates) = masks.masker(unit.pseudonyms), new_call()
    planned = made(outputs, obligations, formats, known, masks.looks, profile).for_one_result(call)
    version = unit.snapshot.version if unit.snapshot is not None else unit.statements[0].version
    return planned, foresight(planned, masks, masks.finds(unit.pseudonyms), call, surrogates, version)


@lru_cache(maxsize=512)
def _known_plan(
    outputs: tuple[Output, ...],
    obligations: Obligations,
    formats: tuple[int, ...],
    known: ActorPseudonyms | None,
    content: bool = False,
    profile: Masker | None = None,
) -> MaskPlan:
    """A plan is pure in what it is made of; what counts in it is made anew for each result."""
    return plan(outputs, obligations, formats, known, content, profile)
